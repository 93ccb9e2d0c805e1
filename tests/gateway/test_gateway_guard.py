"""A request may say anything, and a room may fail: no call waits for either."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from any_values import PLAIN, made
from gateway_kit import Desk
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import loop
from gateway.desk import desk as desk_module
from gateway.desk.plans import Plan
from gateway.desk.record import Done, Due, Record, Room
from gateway.desk.rooms import ROOMS
from gateway.errors import StoreError
from protocol.decoders import decoder
from protocol.link import Connected
from protocol.messages import MAX_PAYLOAD_BYTES, ActionResult

# --- a room that fails ---


def fails(*what: object) -> Any:
    raise ZeroDivisionError("a slip")


def saved(world: Any, request: Any) -> Done:
    record = Record(kind="odd", id="it", body=None, due=Due(world.now.utc_ms + 1000))
    return Done(records=(record,))


FAILING = Room(
    kinds={"odd": type(None)},
    requests={"odd.fail": fails, "odd.save": saved},
    meet=fails,
    follow=fails,
    wrongs=fails,
    fall_due=fails,
    takes={"point": fails},
    ended={"post": fails},
)


@pytest.fixture
def desk(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A branch with one room more, in which everything fails."""
    rooms = (*ROOMS, FAILING)
    monkeypatch.setattr(loop, "Desk", partial(desk_module.Desk, rooms=rooms))
    desk = Desk(path).start()
    desk.handle(Connected(1))
    yield desk
    desk.stop()


@pytest.fixture
def expected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What is logged of rooms that fail is meant here; everywhere else it fails the test."""
    yield
    for phase in ("setup", "call"):
        caplog.get_records(phase).clear()


def a_second(desk: Desk) -> None:
    desk.clock.move(1)
    desk.handle()


def test_a_press_is_taken_told_and_answered_whatever_a_room_makes_of_it(desk, expected) -> None:
    desk.handle(desk.pressed())
    assert desk.link.sent("unit/unit-01/receipt")
    desk.handle(desk.acted("accept"), desk.acted("arrive"), desk.acted("close", outcome="helped"))
    assert desk.incident().stage == "closed"
    a_second(desk)
    [fault] = desk.reader.faults()
    assert (fault.subject, fault.name) == ("gateway", "room_failed")
    assert "test_gateway_guard.fails: ZeroDivisionError" in fault.detail


def test_a_request_that_a_room_fails_at_is_refused_and_the_next_is_granted(desk, expected) -> None:
    assert desk.ask("odd.fail").reason == "room_failed"
    assert desk.ask("post.save", id="hall", body={"name": "Hall"}).ok
    assert desk.ask("post.retire", id="hall").ok, "what follows from it failed, and that is all"


def test_a_time_that_a_room_fails_at_is_not_asked_for_each_second(desk, monkeypatch, expected):
    asked: list[object] = []
    monkeypatch.setattr(desk_module.Guard, "_note", lambda self, room, error: asked.append(room))
    assert desk.ask("odd.save").ok
    asked.clear()
    for _ in range(5):
        a_second(desk)
    assert asked.count(fails) == 1 + 1, "when it was due, and once for what is wrong"


def test_plans_that_cannot_be_followed_leave_the_team_as_it_was(desk, monkeypatch, expected):
    def broken(world: Any) -> Any:
        raise ValueError

    monkeypatch.setitem(desk_module.FOLLOWED, "roster", broken)
    before = desk.loop._desk.roster
    assert desk.ask("post.save", id="hall", body={"name": "Hall"}).ok
    desk.clock.move(61)
    desk.handle(desk.pressed())
    assert desk.loop._desk.roster is before
    assert desk.incident().told


def test_what_the_store_cannot_read_is_no_fault_of_a_room() -> None:
    def locked(*what: object) -> None:
        raise StoreError("locked")

    guard = desk_module.Guard()
    for ask in (partial(guard.ask, instead=None), guard.ask_all):
        with pytest.raises(StoreError):
            ask(locked)
    assert list(guard.wrongs()) == []


# --- a request that says anything ---

REQUESTS = {do: decide for room in ROOMS for do, decide in sorted(room.requests.items())}
WHO = st.sampled_from(["l01", "g01", "ghost"])
SOME_IDS = st.sampled_from(["", "branch", "point-1", "g01", "default", "fainted", "x" * 64, "é"])
ANYTHING = st.recursive(
    PLAIN[Any]
    | st.text(max_size=400)
    | st.sampled_from(["1２:00", "２026-01-01", "\u200b", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=300), inner),
    max_leaves=8,
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request of any name; of a plan its body as it may be, at times with a field that is not."""
    do = draw(st.sampled_from(sorted(REQUESTS)))
    plan = getattr(REQUESTS[do], "__self__", None)
    body = draw(st.dictionaries(st.text(max_size=300), ANYTHING, max_size=4))
    if isinstance(plan, Plan) and draw(st.integers(0, 4)):
        whole = msgspec.to_builtins(draw(made(plan.cls)))
        field = draw(st.sampled_from(sorted(whole) or ["none"]))
        body = whole if draw(st.integers(0, 2)) else whole | {field: draw(ANYTHING)}
    return {"do": do, "by": draw(WHO), "id": draw(SOME_IDS), "body": body}


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(asked=st.lists(requests(), min_size=1, max_size=8))
def test_whatever_is_asked_no_room_fails_and_presses_are_taken(asked: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "anling.db").start()
        desk.handle(Connected(1))
        for one in asked:
            try:
                desk.ask(one.pop("do"), **one)
            except (UnicodeEncodeError, msgspec.EncodeError):
                continue  # nobody could send that
            desk.clock.move(61)
            desk.handle()
        desk.restart()
        desk.handle(Connected(2), desk.pressed(alert_id="true", point="vault"))
        assert desk.reader.rows("SELECT 1 FROM alerts WHERE alert_id = 'true'")
        assert "room_failed" not in desk.fault_names()
        desk.stop()


PLANS = {
    do: plan
    for do, decide in REQUESTS.items()
    if do.endswith(".save") and isinstance(plan := getattr(decide, "__self__", None), Plan)
}


@pytest.mark.parametrize("do", PLANS)
def test_a_plan_of_which_each_field_is_right_by_itself_fails_nobody(path: Path, do: str) -> None:
    """What two fields say together may be nonsense, and a digit is not always one of ours."""
    desk = Desk(path).start()
    desk.handle(Connected(1))

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(body=made(PLANS[do].cls), id=st.sampled_from(["branch", "place", "fainted", "g01"]))
    def saved(body: Any, id: str) -> None:
        desk.ask(do, id=id, body=body)
        desk.clock.move(61)
        desk.handle()
        assert "room_failed" not in desk.fault_names()

    saved()
    desk.stop()


@pytest.mark.parametrize(
    ("do", "body"),
    [
        ("followup.add", {f"k{number}": 0 for number in range(2500)}),
        ("policy.save", {"steps": [], "points": [f"p{number}" for number in range(3000)]}),
        ("followup.add", {"k" * 201: 0}),
        ("followup.add", {"\x01" * 4000: 0, "what": "\x01" * 4000}),
    ],
)
def test_an_answer_fits_into_a_message_however_much_is_wrong(path: Path, do: str, body) -> None:
    desk = Desk(path).start()
    desk.handle(Connected(1))
    result = desk.ask(do, id="p-1" if do == "policy.save" else "", body=body)
    payload = msgspec.json.encode(result)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    assert decoder(ActionResult).decode(payload) == result
    assert result.reason == "wrong_fields" and result.faults
    desk.stop()


def test_what_was_refused_is_judged_anew_with_all_that_is_wrong(path: Path) -> None:
    desk = Desk(path).start()
    desk.handle(Connected(1))
    bad = desk.ask("post.save", id="hall", request_id="same", body={"name": ""})
    again = desk.ask("post.save", id="hall", request_id="same", body={"name": ""})
    assert bad.faults and replace(again, action_id="") == replace(bad, action_id="")
    assert desk.ask("post.save", id="hall", request_id="same", body={"name": "Hall"}).ok
    desk.stop()
