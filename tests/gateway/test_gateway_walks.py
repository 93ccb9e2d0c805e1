"""Walk tests: a press is a test only when somebody has just said so, and a call in all doubt."""

from __future__ import annotations

from typing import Any

import pytest
from followups_kit import DAY_MS, a_record, a_request, a_world, an_incident, and_then
from gateway_kit import Desk, alert, at
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk import walks
from gateway.desk.record import Done, Due, Refused
from protocol.moment import rfc3339

NOW = at(1000)
ROUND = a_record(
    "walk",
    "walk-1",
    walks.Walk(points=["point-1", "point-2"], started_by="l01", started_at=rfc3339(NOW.utc_ms)),
)


def armed(seconds_ago: float, **due: Any):
    values = {"ms": NOW.mono_ms - round(seconds_ago * 1000) + walks.ARM_MS, "boot": NOW.boot}
    body = walks.WalkArm(round="walk-1", by="l01")
    return a_record("walk_arm", "point-1", body, due=Due(**(values | due)))


@pytest.mark.parametrize(
    ("seconds_ago", "changes", "is_test"),
    [
        (5, {}, True),
        (5, {"age_ms": 4_000}, True),
        (5, {"age_ms": 5_001}, False),  # pressed before it was armed: somebody else's
        (5, {"age_ms": None}, False),  # nobody knows when
        (5, {"what": "held"}, False),
        (59.9, {}, True),
        (60, {}, False),
    ],
)
def test_what_is_in_doubt_is_a_call(seconds_ago, changes, is_test) -> None:
    world, arm = a_world(ROUND), armed(seconds_ago)
    done = walks.take(world, arm, alert(**({"what": "pressed"} | changes)))
    assert (done is not None) == is_test


def test_an_arming_of_another_boot_or_of_a_round_that_is_over_is_none() -> None:
    assert walks.take(a_world(ROUND), armed(1, boot="boot-0"), alert()) is None
    assert walks.take(a_world(), armed(1), alert()) is None


@given(
    age_ms=st.none() | st.integers(0, 200_000),
    armed_s=st.floats(0, 120),
    what=st.sampled_from(["pressed", "held"]),
)
def test_only_a_press_between_arming_and_its_end_is_a_test(age_ms, armed_s, what) -> None:
    arm = armed(armed_s)
    done = walks.take(a_world(ROUND), arm, alert(what=what, age_ms=age_ms))
    since_ms = arm.due.ms - walks.ARM_MS
    pressed_ms = None if age_ms is None else NOW.mono_ms - age_ms
    expected = (
        what == "pressed"
        and pressed_ms is not None
        and since_ms <= pressed_ms
        and NOW.mono_ms < arm.due.ms
    )
    assert (done is not None) == expected


@pytest.mark.parametrize(
    ("by", "do", "body", "reason"),
    [
        ("l01", "start", {}, "round_open"),
        ("g01", "start", {}, "not_allowed"),
        ("x9", "start", {}, "unknown_staff"),
        ("l01", "arm", {"point": "vault"}, "wrong_fields"),
        ("l01", "arm", {}, "wrong_fields"),
        ("g01", "arm", {"point": "point-1"}, "not_allowed"),
        ("l01", "end", {"note": "x" * 2001}, "wrong_fields"),
    ],
)
def test_a_request_that_may_not_be_is_refused(by, do, body, reason) -> None:
    request = a_request(f"walk.{do}", by, id="walk-1", body=body)
    outcome = walks.ROOM.requests[request.do](a_world(ROUND), request)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("points", "name"), [([], "empty"), (["moon"], "unknown_point"), (["Moon!"], "unreadable")]
)
def test_the_points_of_a_round_are_known_ones(points, name) -> None:
    request = a_request("walk.start", "l01", body={"points": points})
    outcome = walks.ROOM.requests["walk.start"](a_world(), request)
    assert [one.name for one in outcome.faults] == [name]


# --- the ledger ---


@pytest.mark.parametrize(
    ("tested_days_ago", "days", "expected"),
    [(7.0, 7, []), (7.1, 7, ["7"]), (30, 7, ["30"]), (7.1, 30, []), (None, 7, [])],
)
def test_a_button_that_was_not_tested_for_long_is_amber(tested_days_ago, days, expected) -> None:
    records = [a_record("walk_rule", "branch", walks.WalkRule(days=days))]
    if tested_days_ago is not None:
        when = rfc3339(NOW.utc_ms - round(tested_days_ago * DAY_MS))
        records.append(a_record("walk_test", "point-1", walks.WalkTest(), at=when))
    found = list(walks.wrongs(a_world(*records)))
    found = [one for one in found if one.subject == "point/point-1"]
    assert [one.detail for one in found] == expected
    assert {one.name for one in found} <= {"untested"}


def test_a_new_point_has_its_days_too() -> None:
    point = a_record("point", "point-2", object(), at=rfc3339(NOW.utc_ms - 8 * DAY_MS))
    assert [one.subject for one in walks.wrongs(a_world(point))] == ["point/point-2"]


def test_a_button_that_came_after_the_others_were_tested_is_amber_at_once() -> None:
    """Not in a branch that is new, nor while the round that has it is on, nor twice."""
    tested = a_record("walk_test", "point-1", walks.WalkTest(), at=rfc3339(NOW.utc_ms))
    assert list(walks.wrongs(a_world())) == []
    found = list(walks.wrongs(a_world(tested)))
    assert {one.name for one in found} == {"not_tested_yet"}
    assert "point/point-1" not in {one.subject for one in found}
    first = found[0].subject.removeprefix("point/")
    left = a_record("walk_left", first, walks.WalkLeft(round="walk-0"))
    again = list(walks.wrongs(a_world(tested, left)))
    assert [one.name for one in again if one.subject == f"point/{first}"] == ["left_untested"]
    on = {one.subject for one in walks.wrongs(a_world(tested, ROUND))}
    assert on.isdisjoint({f"point/{id}" for id in ROUND.body.left})


def test_a_call_in_the_round_ticks_its_button_and_disarms_it() -> None:
    world = a_world(ROUND, armed(1))
    incident = an_incident(point="point-1", stage="raised")
    world = and_then(world, walks.meet(world, incident))
    assert world.get("walk", "walk-1").body.done["point-1"].how == "call"
    assert world.get("walk_arm", "point-1") is None
    assert walks.meet(a_world(ROUND), an_incident(drill=True)) == Done()


# --- through the loop ---


def started(desk: Desk, **body: Any) -> str:
    result = desk.ask("walk.start", "l01", body=body)
    assert result.ok, result
    return result.id


def arm(desk: Desk, id: str, point: str = "point-1"):
    return desk.ask("walk.arm", "l01", id=id, body={"point": point})


def test_a_round_from_start_to_end_ticks_itself_off_without_a_call(desk: Desk) -> None:
    id = started(desk)
    for point in ("point-1", "point-2", "vault"):
        assert arm(desk, id, point).ok
        desk.clock.move(5)
        before = len(desk.link.sent(f"point/{point}/feedback"))
        pressed = desk.pressed(point=point)
        desk.handle(pressed)
        receipts = [
            one for sent in desk.link.sent("unit/unit-01/receipt") for one in sent.alert_ids
        ]
        assert len(receipts) == len(set(receipts)) > 0, "the lamp blinks by the receipt"
        assert len(desk.link.sent(f"point/{point}/feedback")) == before, "and nothing puts it out"
    assert desk.reader.incidents() == []
    walk = desk.reader.record("walk", id)
    assert (walk.is_open, walk.body.left, len(walk.body.done)) == (False, [], 3)
    assert {one.by for one in walk.body.done.values()} == {"l01"}
    assert desk.reader.record("walk_test", "vault").by == "l01"
    entry = desk.reader.log()[-1]
    assert (entry.event, entry.detail["untested"]) == ("walk_ended", [])
    assert desk.reader.records("walk_arm") == []


def test_a_press_that_nobody_announced_is_a_call(desk: Desk) -> None:
    id = started(desk)
    arm(desk, id, "point-2")
    desk.handle(desk.pressed(point="point-1"))
    assert [one.point for one in desk.reader.incidents()] == ["point-1"]
    assert desk.reader.record("walk", id).body.done["point-1"].how == "call"


def test_the_second_press_is_a_call_and_so_is_one_that_is_held_on(desk: Desk) -> None:
    id = started(desk)
    arm(desk, id)
    desk.handle(desk.pressed(), desk.pressed())
    assert desk.incident().presses == 1
    desk.handle(desk.acted("arrive"), desk.acted("close", outcome="false_call"))
    desk.clock.move(1)
    arm(desk, id)
    desk.handle(desk.pressed())
    desk.handle(desk.pressed(what="held"))
    assert (desk.incident().kind, len(desk.reader.incidents())) == ("urgent", 2)


def test_a_press_after_the_minute_is_a_call(desk: Desk) -> None:
    arm(desk, started(desk))
    desk.clock.move(60)
    desk.handle(desk.pressed())
    assert len(desk.reader.incidents()) == 1


def test_a_press_that_was_long_under_way_is_a_call(desk: Desk) -> None:
    desk.clock.move(30)
    arm(desk, started(desk))
    desk.clock.move(5)
    desk.handle(desk.pressed(age_ms=20_000))
    assert desk.incident().late_ms == 20_000


def test_the_same_alert_again_is_no_call(desk: Desk) -> None:
    arm(desk, started(desk))
    same = {"alert_id": "the-same"}
    desk.handle(desk.pressed(**same))
    desk.handle(desk.pressed(**same))
    desk.restart()
    desk.handle(desk.pressed(**same))
    assert desk.reader.incidents() == []
    assert desk.events().count("walk_tested") == 1


def test_where_a_call_is_open_nothing_is_armed_and_a_press_joins_it(desk: Desk) -> None:
    id = started(desk)
    desk.handle(desk.pressed())
    assert arm(desk, id).reason == "point_busy"
    desk.handle(desk.pressed())
    assert desk.incident().presses == 2


def test_a_press_said_by_another_unit_is_a_call(desk: Desk) -> None:
    arm(desk, started(desk))
    desk.handle(desk.pressed(unit="unit-99"))
    assert len(desk.reader.incidents()) == 1


def test_a_restart_disarms_nothing_within_the_minute_and_a_reboot_everything(desk: Desk) -> None:
    id = started(desk)
    arm(desk, id)
    desk.restart()
    desk.handle(desk.pressed())
    assert desk.reader.incidents() == []
    arm(desk, id, "point-2")
    desk.clock.reboot()
    desk.restart()
    desk.handle(desk.pressed(point="point-2"))
    assert len(desk.reader.incidents()) == 1


def test_a_round_that_is_ended_or_forgotten_names_what_is_left(desk: Desk) -> None:
    id = started(desk, points=["point-1", "point-2"])
    arm(desk, id)
    desk.handle(desk.pressed())
    assert desk.ask("walk.end", "l01", id=id, body={"note": "the seat is taken"}).ok
    assert desk.reader.log()[-1].detail["untested"] == ["point-2"]
    again = started(desk)
    desk.clock.move(24 * 3600 + 1)
    desk.handle()
    assert desk.reader.record("walk", again).is_open is False
    assert desk.ask("walk.end", "l01", id=again).reason == "unknown_record"


def left(desk: Desk) -> set[str]:
    desk.clock.move(1)
    desk.handle()
    return {one.subject for one in desk.reader.faults() if one.name == "left_untested"}


@pytest.mark.parametrize("ending", ["ended", "forgotten"])
def test_a_point_that_a_round_left_out_is_amber_at_once_until_it_is_tested(
    desk: Desk, ending
) -> None:
    id = started(desk, points=["point-1", "point-2"])
    arm(desk, id)
    desk.handle(desk.pressed())
    assert left(desk) == set()
    if ending == "ended":
        assert desk.ask("walk.end", "l01", id=id).ok
    else:
        desk.clock.move(24 * 3600 + 1)
        desk.handle()
    assert left(desk) == {"point/point-2"}
    id = started(desk)
    assert left(desk) == {"point/point-2"}, "a round that has only begun proves nothing"
    arm(desk, id, "point-2")
    desk.handle(desk.pressed(point="point-2"))
    assert left(desk) == set()
    assert desk.ask("walk.end", "l01", id=id).ok
    assert left(desk) == {"point/point-1", "point/vault"}


def test_a_button_that_a_customer_proved_is_tested_by_nobody_of_the_staff(desk: Desk) -> None:
    id = started(desk)
    desk.handle(desk.pressed())
    ledger, walk = desk.reader.record("walk_test", "point-1"), desk.reader.record("walk", id)
    tested = walk.body.done["point-1"]
    assert (ledger.by, ledger.body.how) == (tested.by, tested.how) == ("", "call")


def test_the_amber_of_a_button_goes_with_its_test(desk: Desk) -> None:
    desk.clock.move(7 * 24 * 3600 + 3600)
    desk.handle()
    assert "untested" in desk.fault_names()
    id = started(desk)
    for point in ("point-1", "point-2", "vault"):
        arm(desk, id, point)
        desk.handle(desk.pressed(point=point))
    desk.clock.move(2)
    desk.handle()
    assert "untested" not in desk.fault_names()
