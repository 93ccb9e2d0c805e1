"""Playbooks and checklists: what is written, what is ticked by whom and when, what runs out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gateway_kit import ROSTER, Desk, action, at
from hypothesis import given
from hypothesis import strategies as st

from gateway import shipped
from gateway.desk import checklist
from gateway.desk.playbooks import Playbook, Step, check_playbook
from gateway.desk.record import Record, World
from gateway.desk.translated import Translated
from protocol.messages import Incident, Request

PLANS = list(shipped.plans())
SITUATIONS = {id for kind, id, _ in PLANS if kind == "playbook"}


def world(*records: Record, now: Any = None) -> World:
    found: dict[str, dict[str, Record]] = {}
    for record in records:
        found.setdefault(record.kind, {})[record.id] = record
    now = now or at(1000)
    return World(records=found, incidents={}, roster=ROSTER, now=now, local=None)


CONTACTS = [Record(kind=kind, id=id, body=body) for kind, id, body in PLANS if kind == "contact"]


# --- what Anling brings along ---


def test_every_situation_of_the_product_has_a_playbook() -> None:
    assert {
        *("fainted", "sudden_illness", "fall", "lost_person", "property_loss"),
        *("complaint", "urgent_business", "other"),
    } == SITUATIONS


@pytest.mark.parametrize("id", sorted(SITUATIONS))
def test_what_is_shipped_has_no_fault(id: str) -> None:
    body = next(body for kind, one, body in PLANS if (kind, one) == ("playbook", id))
    assert list(check_playbook(world(*CONTACTS), id, body)) == []


@pytest.mark.parametrize("id", sorted(SITUATIONS))
def test_what_is_shipped_says_one_thing_in_one_breath(id: str) -> None:
    """A step is read in a hurry on a phone."""
    body = next(body for kind, one, body in PLANS if (kind, one) == ("playbook", id))
    for step in body.steps:
        assert len(step.text.zh) <= 40 and len(step.text.en) <= 130, step.id
        assert len(step.hint.zh) <= 70 and len(step.hint.en) <= 180, step.id


def test_fainting_rings_120_first_within_two_minutes_and_looks_within_one() -> None:
    steps = {step.id: step for step in fainted().steps}
    first = fainted().steps[0]
    assert (first.calls, first.within_s) == ("ambulance", 120)
    assert steps["check_breathing"].within_s == 60
    assert "不要搬动" in fainted().warning.zh


def fainted() -> Playbook:
    return next(body for kind, id, body in PLANS if (kind, id) == ("playbook", "fainted"))


# --- what is wrong with a playbook ---

GOOD_STEP = {"id": "look", "text": {"zh": "看", "en": "Look"}, "role": "first_aid"}
GOOD = {"name": {"zh": "中暑", "en": "Heat stroke"}, "steps": [GOOD_STEP]}


def step(**changes: Any) -> dict[str, Any]:
    return GOOD | {"steps": [GOOD_STEP | changes]}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (GOOD | {"name": {"zh": "中暑"}}, ("name.en", "missing_translation")),
        (GOOD | {"name": {"zh": " ", "en": "x"}}, ("name.zh", "missing_translation")),
        (GOOD | {"name": {"zh": "\u200b", "en": "\u200b"}}, ("name.en", "missing_translation")),
        (GOOD | {"warning": {"en": "no water"}}, ("warning.zh", "missing_translation")),
        (GOOD | {"steps": []}, ("steps", "empty")),
        (GOOD | {"steps": [GOOD_STEP, GOOD_STEP]}, ("steps[1].id", "twin")),
        (GOOD | {"steps": [GOOD_STEP | {"id": f"s{n}"} for n in range(41)]}, ("steps", "too_many")),
        (step(text={"zh": "看"}), ("steps[0].text.en", "missing_translation")),
        (step(text={}), ("steps[0].text.zh", "missing_translation")),
        (step(hint={"zh": "看胸口"}), ("steps[0].hint.en", "missing_translation")),
        (step(role="wizard"), ("steps[0].role", "unknown_role")),
        (step(role=""), ("steps[0].role", "unknown_role")),
        (step(within_s=4), ("steps[0].within_s", "out_of_range")),
        (step(within_s=86401), ("steps[0].within_s", "out_of_range")),
        (step(within_s="soon"), ("steps[0].within_s", "unreadable")),
        (step(calls="nobody"), ("steps[0].calls", "unknown_contact")),
        (step(id="Look!"), ("steps[0].id", "bad_id")),
        (step(colour="red"), ("steps[0].colour", "unreadable")),
    ],
)
def test_a_fault_of_a_playbook_is_named_at_its_field(desk: Desk, body, fault) -> None:
    result = desk.ask("playbook.save", id="heat", body=body)
    assert (result.ok, result.reason) == (False, "wrong_fields")
    assert fault in {(one.field, one.name) for one in result.faults}
    assert desk.reader.record("playbook", "heat") is None


def test_a_branch_adds_a_situation_of_its_own(desk: Desk) -> None:
    assert desk.ask("playbook.save", id="heat", version=0, body=GOOD).ok
    called(desk, "heat")
    assert (the_list(desk).playbook, ids(desk)) == ("heat", ["look"])


def test_what_a_lead_has_changed_stays_whatever_is_shipped(desk: Desk) -> None:
    assert desk.ask("playbook.save", id="fainted", version=1, body=GOOD).version == 2
    assert desk.ask("playbook.retire", id="fall").ok
    desk.restart()
    assert [one.id for one in desk.reader.record("playbook", "fainted").body.steps] == ["look"]
    assert desk.reader.record("playbook", "fall").is_open is False


def test_the_playbook_that_stands_in_for_others_cannot_go(desk: Desk) -> None:
    result = desk.ask("playbook.retire", id="other")
    assert (result.reason, result.faults[0].name) == ("still_needed", "stands_in")


def test_a_contact_that_a_playbook_rings_keeps_a_number(desk: Desk) -> None:
    names = {"name": {"zh": "急救", "en": "Ambulance"}}
    for contact, found in (("ambulance", ["playbook_calls"] * 3), ("hospital", [])):
        result = desk.ask("contact.save", id=contact, body=names)
        assert [one.name for one in result.faults if one.field == "number"] == found


def test_a_contact_that_a_playbook_rings_cannot_go(desk: Desk) -> None:
    result = desk.ask("contact.retire", id="ambulance")
    assert result.reason == "still_needed"
    assert {fault.detail for fault in result.faults} == {"fainted", "fall", "sudden_illness"}


# --- a checklist in an incident ---


def called(desk: Desk, situation: str, *, by: str = "g01", **press: Any) -> str:
    """Presses and sets the situation; the incident's id."""
    desk.handle(desk.pressed(**press))
    desk.handle(desk.acted("arrive", by))
    desk.handle(desk.acted("situation", by, situation=situation))
    return desk.incident().incident_id


def listed(desk: Desk) -> Record:
    return desk.reader.records("checklist")[-1]


def the_list(desk: Desk) -> Any:
    return listed(desk).body


def ids(desk: Desk) -> list[str]:
    return [one.id for one in the_list(desk).steps]


def tick(desk: Desk, step: str, by: str = "g01", do: str = "tick", **body: Any) -> Any:
    return desk.ask(f"checklist.{do}", by, id=listed(desk).id, body={"step": step} | body)


def overdue(desk: Desk) -> list[str]:
    return [e.detail["step"] for e in desk.reader.log() if e.event == "step_overdue"]


def test_setting_the_situation_begins_its_list(desk: Desk) -> None:
    incident_id = called(desk, "fainted")
    record = listed(desk)
    assert record.incident_id == incident_id
    assert (record.body.playbook, record.body.playbook_version) == ("fainted", 1)
    assert record.body.steps == fainted().steps
    begun = next(e for e in desk.reader.log(incident_id) if e.event == "checklist_begun")
    assert begun.detail == {"situation": "fainted", "playbook": "fainted", "version": 1}


def test_a_text_that_is_no_situation_leaves_the_list_there_is(desk: Desk) -> None:
    incident_id = called(desk, "fainted")
    before = listed(desk), desk.incident()
    desk.handle(desk.acted("situation", situation="ghosts"))
    assert desk.link.sent("terminal/board/result")[-1].reason == "unknown_situation"
    assert (listed(desk), desk.incident()) == before
    desk.handle(desk.acted("close", outcome="helped", situation="ghosts"))
    assert desk.incident().situation == "fainted"
    closed = next(e for e in desk.reader.log(incident_id) if e.event == "closed")
    assert closed.detail["unknown_situation"] == "ghosts"


def test_a_playbook_changed_meanwhile_changes_no_list_in_hand(desk: Desk) -> None:
    called(desk, "fainted")
    assert desk.ask("playbook.save", id="fainted", body=GOOD).ok
    assert the_list(desk).steps == fainted().steps


def test_a_tick_is_kept_and_logged_with_name_and_time(desk: Desk) -> None:
    incident_id = called(desk, "fainted")
    desk.clock.move(10)
    assert tick(desk, "check_breathing", "f01").ok
    kept = the_list(desk).ticks["check_breathing"]
    assert (kept.by, kept.how, kept.late_ms) == ("f01", "done", 0)
    entry = desk.reader.log(incident_id)[-1]
    assert (entry.event, entry.by, entry.at) == ("step_ticked", "f01", kept.at)
    assert entry.detail["en"].startswith("Tap both shoulders")


def test_two_people_tick_two_steps_and_both_count(desk: Desk) -> None:
    called(desk, "fainted")
    version = listed(desk).version
    for step, by in (("check_breathing", "f01"), ("fetch_aed", "s01")):
        result = desk.ask(
            "checklist.tick", by, id=listed(desk).id, version=version, body={"step": step}
        )
        assert result.ok
    assert set(the_list(desk).ticks) == {"check_breathing", "fetch_aed"}


def test_the_second_to_tick_the_same_step_is_told(desk: Desk) -> None:
    called(desk, "fainted")
    assert tick(desk, "stay", "f01").ok
    assert tick(desk, "stay", "s01").reason == "already_ticked"
    assert tick(desk, "stay", "f01").ok, "the same person's second touch is no fault"
    assert desk.events().count("step_ticked") == 1


def test_a_tick_is_taken_back_and_both_are_in_the_log(desk: Desk) -> None:
    called(desk, "fainted")
    tick(desk, "stay")
    assert tick(desk, "stay", do="untick").ok
    assert the_list(desk).ticks == {}
    assert desk.events()[-2:] == ["step_ticked", "step_unticked"]
    assert tick(desk, "stay", do="untick").reason == "not_ticked"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"by": "nobody"}, "unknown_staff"),
        ({"id": "none"}, "unknown_record"),
        ({"body": {"step": "dance"}}, "wrong_fields"),
        ({"body": {}}, "wrong_fields"),
        ({"body": {"step": "stay", "how": "badly"}}, "wrong_fields"),
    ],
)
def test_a_refused_tick_has_a_name(desk: Desk, changes, reason) -> None:
    called(desk, "fainted")
    values = {"by": "g01", "id": listed(desk).id, "body": {"step": "stay"}} | changes
    assert desk.ask("checklist.tick", **values).reason == reason
    assert the_list(desk).ticks == {}


# --- clocks ---


def test_a_step_whose_clock_runs_out_is_said_once(desk: Desk) -> None:
    called(desk, "fainted")
    desk.clock.move(59)
    desk.handle()
    assert overdue(desk) == []
    desk.clock.move(2)
    desk.handle()
    assert overdue(desk) == ["check_breathing"]
    assert the_list(desk).overdue == ["check_breathing"]
    desk.clock.move(5)
    desk.handle()
    assert overdue(desk) == ["check_breathing"]


def test_a_late_tick_keeps_by_how_much(desk: Desk) -> None:
    called(desk, "fainted")
    desk.clock.move(75)
    desk.handle()
    tick(desk, "check_breathing", "f01")
    assert the_list(desk).ticks["check_breathing"].late_ms == 15_000
    assert desk.reader.log()[-1].detail["late_ms"] == 15_000


def test_a_ticked_step_never_runs_out(desk: Desk) -> None:
    called(desk, "fainted")
    for one in ("call_120", "check_breathing", "compress", "fetch_aed", "tell_lead"):
        tick(desk, one)
    desk.clock.move(3600)
    desk.handle()
    assert overdue(desk) == []


def test_a_list_without_a_running_clock_is_written_no_more(desk: Desk) -> None:
    called(desk, "fainted")
    for one in ("call_120", "check_breathing", "compress", "fetch_aed", "tell_lead"):
        tick(desk, one)
    version = listed(desk).version
    for _ in range(5):
        desk.clock.move(120)
        desk.handle()
    assert (listed(desk).version, listed(desk).due) == (version, None)


def test_nobody_measures_how_late_a_step_is_done_after_the_close(desk: Desk) -> None:
    called(desk, "fainted")
    desk.clock.move(65)
    desk.handle()
    desk.handle(desk.acted("close", outcome="helped"))
    tick(desk, "check_breathing", "f01")
    assert the_list(desk).ticks["check_breathing"].late_ms is None


def test_a_step_that_is_not_needed_is_said_to_be_so(desk: Desk) -> None:
    called(desk, "fainted")
    assert tick(desk, "compress", how="not_needed").ok
    assert the_list(desk).ticks["compress"].how == "not_needed"


def test_a_clock_of_an_earlier_boot_is_due_and_nobody_knows_how_late(desk: Desk) -> None:
    called(desk, "fainted")
    desk.clock.reboot()
    desk.restart()
    desk.handle()
    assert set(overdue(desk)) == {s.id for s in fainted().steps if s.within_s}
    tick(desk, "check_breathing", "f01")
    assert the_list(desk).ticks["check_breathing"].late_ms is None


def test_a_changed_wall_clock_makes_nothing_late(desk: Desk) -> None:
    called(desk, "fainted")
    desk.clock.moment = replace(desk.clock.moment, utc_ms=desk.clock.moment.utc_ms + 86_400_000)
    desk.clock.move(1.5)
    desk.handle()
    assert overdue(desk) == []


# --- another situation, and the close ---


def test_another_situation_begins_another_list_and_keeps_the_old_one(desk: Desk) -> None:
    incident_id = called(desk, "sudden_illness")
    first = listed(desk).id
    desk.handle(desk.acted("situation", situation="fainted"))
    assert (the_list(desk).situation, len(desk.reader.records("checklist"))) == ("fainted", 1)
    old = desk.reader.record("checklist", first)
    assert (old.is_open, old.body.situation) == (False, "sudden_illness")
    assert "checklist_replaced" in [e.event for e in desk.reader.log(incident_id)]
    assert desk.ask("checklist.tick", "g01", id=first, body={"step": "rest"}).reason == (
        "unknown_record"
    )


def test_what_is_done_already_stays_done_in_the_next_list(desk: Desk) -> None:
    called(desk, "sudden_illness")
    tick(desk, "call_120", "g01")
    tick(desk, "check_breathing", "f01")
    desk.handle(desk.acted("situation", situation="fainted"))
    kept = the_list(desk).ticks
    assert kept["call_120"].by == "g01", "whoever has rung 120 need not ring again"
    assert "check_breathing" not in kept, "another check than the first one"


def test_after_the_close_nothing_runs_out_but_can_be_ticked(desk: Desk) -> None:
    called(desk, "fainted")
    desk.handle(desk.acted("close", outcome="ambulance"))
    desk.clock.move(600)
    desk.handle()
    assert overdue(desk) == []
    assert tick(desk, "keep_video", "s01").ok
    assert the_list(desk).ticks["keep_video"].late_ms == 0


def test_a_situation_said_at_the_close_begins_a_list_without_clocks(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="helped", situation="fall"))
    assert (the_list(desk).playbook, the_list(desk).clocks) == ("fall", {})


def test_the_list_goes_a_day_after_the_close_when_nothing_else_is_open(desk: Desk) -> None:
    called(desk, "lost_person")
    desk.handle(desk.acted("close", outcome="helped"))
    desk.clock.move(24 * 3600 - 2)
    desk.handle()
    assert listed(desk).is_open
    desk.clock.move(3)
    desk.handle()
    assert desk.reader.records("checklist") == []


def test_the_list_stays_while_anything_of_its_incident_is_open(desk: Desk) -> None:
    incident_id = called(desk, "complaint")
    desk.handle(desk.acted("close", outcome="helped"))
    for _ in range(3):
        desk.clock.move(24 * 3600 + 1)
        desk.handle()
    assert tick(desk, "assign", "l01").ok, "its complaint is still open"
    found = [r for r in desk.reader.records("complaint") if r.incident_id == incident_id]
    assert desk.ask("complaint.close", id=found[0].id, body={"text": "taken back"}).ok
    desk.clock.move(24 * 3600 + 1)
    desk.handle()
    assert desk.reader.records("checklist") == []


def test_two_incidents_have_two_lists(desk: Desk) -> None:
    called(desk, "fainted")
    desk.clock.move(1)
    called(desk, "fall", point="point-2")
    assert {one.body.playbook for one in desk.reader.records("checklist")} == {"fainted", "fall"}


def test_a_restart_forgets_no_tick(desk: Desk) -> None:
    called(desk, "fainted")
    tick(desk, "stay")
    desk.restart()
    assert "stay" in the_list(desk).ticks
    desk.clock.move(61)
    desk.handle()
    assert overdue(desk) == ["check_breathing"]


# --- properties ---

STEPS = [
    Step(id=f"s{n}", text=Translated(zh="一", en=str(n)), role="security", within_s=10 * (n + 1))
    for n in range(4)
]
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(0, 3)),
        st.tuples(st.just("untick"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(1, 30)),
    ),
    max_size=25,
)


@given(moves=MOVES)
def test_whatever_happens_a_step_is_overdue_exactly_when_it_was_open_at_its_time(moves) -> None:
    """The list against the plainest book-keeping of it."""
    playbook = Record(kind="playbook", id="x", body=Playbook(name=Translated(zh="x"), steps=STEPS))
    incident = Incident(
        incident_id="i",
        branch="b",
        point="p",
        label="p",
        kind="call",
        stage="arrived",
        presses=1,
        drill=False,
        raised_at="",
        situation="x",
    )
    now_s, record = 0, None
    ticked: set[int] = set()
    missed: set[int] = set()

    def look() -> World:
        found = world(playbook, *([record] if record else ()), now=at(1000 + now_s))
        found.incidents["i"] = incident
        return found

    nothing_said = replace(incident, situation=None)
    (record,) = checklist.follow(look(), nothing_said, incident).records
    requests = checklist.ROOM.requests
    for do, number in moves:
        if do == "wait":
            for _ in range(number):
                now_s += 1
                if record.due and record.due.has_come(at(1000 + now_s)):
                    record = checklist.fall_due(look(), record).records[0]
                missed |= {n for n in range(4) if n not in ticked and now_s >= 10 * (n + 1)}
        else:
            request = asked(do, record.id, f"s{number}")
            done = requests[f"checklist.{do}"](look(), request)
            record = (getattr(done, "records", ()) or (record,))[0]
            (ticked.add if do == "tick" else ticked.discard)(number)
            late = [n for n in range(4) if n not in ticked and now_s >= 10 * (n + 1)]
            if record.due and record.due.has_come(at(1000 + now_s)):
                record = checklist.fall_due(look(), record).records[0]
            missed |= set(late)
        assert {int(one[1:]) for one in record.body.overdue} == missed
        assert {int(one[1:]) for one in record.body.ticks} == ticked


def asked(do: str, id: str, step: str) -> Any:
    request_id = action("note").action_id
    return Request(
        request_id=request_id,
        do=f"checklist.{do}",
        by="g01",
        terminal="t",
        id=id,
        body={"step": step},
    )
