"""Drills: when they are due, that they take the real path, and how they are scored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from followups_kit import a_record, a_request, a_world, an_incident, local_of
from gateway_kit import UTC_MS, Desk, at
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.desk import drills
from gateway.desk.drill_calendar import (
    DrillPlan,
    Window,
    days_in,
    ended_window,
    hidden_time,
    window_faults,
    window_on,
    windows,
)
from gateway.desk.record import Record, Refused
from gateway.desk.scores import score_of
from gateway.duty import WEEKDAYS
from gateway.store import SECRET
from protocol.messages import Request
from protocol.moment import rfc3339

TODAY = local_of(at(1000)).date()  # a Wednesday
HALF_YEAR = drills.DEFAULTS["half-year"]


def plan(**changes: Any) -> DrillPlan:
    values: dict[str, Any] = {"zh": "演练", "en": "Drill", "first": "2026-01-01"}
    return DrillPlan(**(values | {"last": "2026-06-30"} | changes))


# --- the calendar ---


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2025-01-01", ("2026-01-01", "2026-06-30")),
        ("2026-01-01", ("2026-01-01", "2026-06-30")),
        ("2026-06-30", ("2026-01-01", "2026-06-30")),
        ("2026-07-01", ("2026-07-01", "2026-12-31")),
        ("2031-02-28", ("2031-01-01", "2031-06-30")),
    ],
)
def test_a_window_comes_round(today, expected) -> None:
    window = window_on(HALF_YEAR, date.fromisoformat(today))
    assert (window.first.isoformat(), window.last.isoformat()) == expected


def test_a_plan_for_once_has_one_window() -> None:
    once = plan(every_months=0)
    assert list(windows(once, TODAY)) == [Window(date(2026, 1, 1), date(2026, 6, 30))]
    assert window_on(once, date(2026, 7, 1)) is None


DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
PLANS = st.builds(
    lambda first, length, every, days, hours: plan(
        first=first.isoformat(),
        last=(first + timedelta(days=length)).isoformat(),
        every_months=every,
        days=sorted(days, key=WEEKDAYS.index),
        starts=f"{hours[0]:02d}:15",
        ends=f"{hours[0] + hours[1]:02d}:45",
        unannounced=True,
    ),
    DAYS,
    st.integers(0, 400),
    st.integers(0, 24),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    st.tuples(st.integers(0, 20), st.integers(0, 3)),
)


@given(plan=PLANS, today=DAYS)
def test_windows_come_in_order_and_the_right_one_is_found(plan, today) -> None:
    seen = []
    for window in windows(plan, today):
        seen.append(window)
        if window.first > today + timedelta(days=900):
            break
    assert seen == sorted(seen)
    assert all(window.first <= window.last for window in seen)
    found = window_on(plan, today)
    assert found is None or found.last >= today
    ended = ended_window(plan, today, since=date(2000, 1, 1))
    assert ended is None or ended.last < today


@settings(max_examples=200)
@given(plan=PLANS, salt=st.text(max_size=8), hour=st.integers(0, 23), today=DAYS)
def test_a_hidden_time_is_within_the_window_its_days_and_its_hours(plan, salt, hour, today) -> None:
    window = window_on(plan, today)
    after = datetime.combine(today, datetime.min.time()) + timedelta(hours=hour)
    if window is None:
        return
    found = hidden_time(plan, "p", window, salt=salt, after=after)
    assert found == hidden_time(plan, "p", window, salt=salt, after=after)
    if found is None:
        return
    assert window.first <= found.date() <= window.last
    assert found > after
    assert WEEKDAYS[found.weekday()] in plan.days
    assert plan.starts <= f"{found:%H:%M}" < plan.ends


def test_nobody_knows_the_time_without_the_branchs_salt() -> None:
    window, after = window_on(HALF_YEAR, TODAY), local_of(at(1000))
    times = {hidden_time(HALF_YEAR, "p", window, salt=str(n), after=after) for n in range(50)}
    assert len(times) > 25


@pytest.mark.parametrize(
    ("last", "every", "expected"),
    [
        ("2028-01-02", 0, None),
        ("2028-01-03", 0, ("too_late", "2028-01-02")),
        ("8026-12-31", 1, ("too_late", "2028-01-02")),
        ("2027-02-28", 2, None),
        ("2027-03-01", 2, ("window_overlaps", "2027-02-28")),
        ("2027-12-31", 12, None),
        ("2027-02-30", 1, None),
    ],
)
def test_a_window_is_a_year_at_most_and_over_before_the_next_begins(last, every, expected) -> None:
    odd = plan(first="2027-01-01", last=last, every_months=every)
    found = [(one.field, one.name, one.detail) for one in window_faults(odd)]
    assert found == ([("last", *expected)] if expected else [])


def test_of_a_window_of_thousands_of_years_only_the_coming_one_is_looked_through() -> None:
    window = Window(date(2026, 12, 1), date(8026, 12, 31))
    days = days_in(plan(days=list(WEEKDAYS)), window, after=TODAY)
    assert (days[0], len(days)) == (window.first, 367)


# --- overdue ---


@pytest.mark.parametrize(
    ("made_days_ago", "by", "held_on", "expected"),
    [
        (300, "", None, True),
        (300, "l01", None, True),
        (145, "", None, False),  # it had less than a month left when the branch began
        (145, "l01", None, True),
        (100, "l01", None, False),  # made after that window was over
        (300, "", "2026-03-03", False),
        (300, "", "2026-11-01", False),  # late, but held
        (300, "", "2025-12-31", True),
    ],
)
def test_a_window_without_a_drill_is_overdue(made_days_ago, by, held_on, expected) -> None:
    made = rfc3339(at(1000).utc_ms - made_days_ago * 86_400_000)
    records = [a_record("drill_plan", "p", plan(every_months=6), by=by, at=made)]
    if held_on:
        records.append(a_record("drill_held", "p", drills.DrillHeld(on=held_on, drill="d")))
    found = [one for one in drills.wrongs(a_world(*records)) if one.subject == "drill/p"]
    assert [(one.name, "2026-06-30" in one.detail) for one in found] == (
        [("overdue", True)] if expected else []
    )


# --- the score ---


class Checklist:
    """As much of one as is counted."""

    def __init__(self, steps: int, ticks: int) -> None:
        self.steps = [type("Step", (), {"id": str(n)}) for n in range(steps)]
        self.ticks = {str(n): None for n in range(ticks)}


@pytest.mark.parametrize(
    ("accept", "arrive", "missing", "checklist", "failed"),
    [
        (30_000, 120_000, (), None, []),
        (30_001, 120_000, (), None, ["accept"]),
        (30_000, 120_001, (), None, ["arrive"]),
        (None, None, ("first_aid",), None, ["accept", "arrive", "roles"]),
        (1, 2, (), Checklist(3, 3), []),
        (1, 2, (), Checklist(3, 2), ["checklist"]),
        (1, 2, (), Checklist(0, 0), []),
    ],
)
def test_a_drill_is_scored(accept, arrive, missing, checklist, failed) -> None:
    incident = an_incident(
        to_accept_ms=accept,
        to_arrive_ms=arrive,
        asked_roles=("first_aid", "security"),
        missing_roles=missing,
    )
    score = score_of(incident, accept_s=30, arrive_s=120, checklist=checklist)
    assert score.failed == failed
    assert not set(score.passed) & set(score.failed)
    assert (score.roles_covered, score.roles_asked) == (2 - len(missing), 2)


# --- through the loop ---


def last_drill(desk: Desk):
    return max(desk.reader.records("drill", closed_too=True), key=lambda one: one.at)


def live_through(desk: Desk, *, seconds: float = 10) -> None:
    for name, by in (("accept", "f01"), ("accept", "s01"), ("arrive", "f01")):
        desk.clock.move(seconds)
        desk.handle(desk.acted(name, by))
    desk.handle(desk.acted("close", "f01", outcome="helped", situation="fainted"))


def test_a_drill_from_the_start_to_its_score_on_the_real_path(desk: Desk) -> None:
    result = desk.ask("drill.start", body={"plan": "half-year", "point": "point-1"})
    assert result.ok
    incident = desk.incident()
    assert (incident.point, incident.kind, incident.drill) == ("point-1", "urgent", True)
    feedback = desk.link.sent("point/point-1/feedback")[-1]
    assert (feedback.stage, feedback.drill) == ("raised", True)
    record = last_drill(desk)
    assert (record.id, record.incident_id) == (result.id, incident.incident_id)
    desk.restart()
    live_through(desk)
    record = last_drill(desk)
    assert (record.is_open, record.body.state) == (False, "scored")
    assert record.body.score.passed == ["accept", "arrive", "roles"]
    held = desk.reader.record("drill_held", "half-year").body
    assert (held.drill, held.on) == (result.id, TODAY.isoformat())
    assert desk.reader.records("followup") == [], "a drill leaves nothing to do"
    said = desk.events()
    assert said.index("drill_started") < said.index("raised") < said.index("drill_scored")


@pytest.mark.parametrize("how", ["press", "hold", "word"])
def test_one_press_of_this_is_real_and_a_press_turn_a_drill_into_a_call(desk: Desk, how) -> None:
    desk.ask("drill.start", body={"point": "point-1", "plan": "half-year"})
    event = {
        "press": lambda: desk.pressed(),
        "hold": lambda: desk.pressed(what="held"),
        "word": lambda: desk.acted("real", "o01"),
    }[how]()
    desk.handle(event)
    assert desk.incident().drill is False
    assert desk.link.sent("point/point-1/feedback")[-1].drill is False
    record = last_drill(desk)
    assert (record.is_open, record.body.state) == (False, "real")
    live_through(desk)
    assert desk.reader.record("drill_held", "half-year") is None
    assert last_drill(desk).body.state == "real"


def practised(desk: Desk) -> str:
    """A drill in which two have come, 120 was "rung" and a step is ticked; the incident's id."""
    desk.ask("drill.start", body={"point": "point-1", "kind": "urgent"})
    incident_id = desk.incident().incident_id
    desk.clock.move(3)
    desk.handle(desk.acted("accept", "f01"), desk.acted("arrive", "f01"))
    desk.handle(desk.acted("situation", "f01", situation="fainted"))
    ticked = {"step": "check_breathing"}
    assert desk.ask("checklist.tick", "f01", id=checklist(desk).id, body=ticked).ok
    called = {"contact": "ambulance", "said": "ten minutes"}
    assert desk.ask("outside.called", "f01", id=incident_id, body=called).ok
    assert "call_120" in checklist(desk).body.ticks
    return incident_id


def checklist(desk: Desk) -> Record:
    [found] = [one for one in desk.reader.records("checklist") if one.is_open]
    return found


@pytest.mark.parametrize("how", ["press", "word"])
def test_what_was_practised_is_still_to_be_done_once_it_is_real(desk: Desk, how: str) -> None:
    """Nobody has rung 120: its clock runs from now on, and nobody is on the way."""
    incident_id = practised(desk)
    desk.clock.move(100)
    desk.handle(desk.pressed() if how == "press" else desk.acted("real", "g01"))
    found = checklist(desk)
    assert found.body.ticks == {} and found.body.overdue == []
    assert not any(step.id.startswith("after_") for step in found.body.steps)
    assert found.body.clocks["call_120"].due_ms == desk.clock().mono_ms + 120_000
    [call] = [one for one in desk.reader.records_of(incident_id) if one.kind == "outside_call"]
    assert (call.is_open, call.body.practice, call.body.over) == (False, True, "cancelled")
    desk.clock.move(121)
    desk.handle()
    assert "call_120" in checklist(desk).body.overdue
    called = {"contact": "ambulance", "said": "five minutes"}
    assert desk.ask("outside.called", "f01", id=incident_id, body=called).ok
    assert "call_120" in checklist(desk).body.ticks
    [awaited] = [one for one in desk.reader.records("outside_call") if one.is_open]
    assert not awaited.body.practice


def test_what_was_seen_in_practice_is_not_said_of_the_customer(desk: Desk) -> None:
    incident_id = practised(desk)
    seen = {"age": 78, "conscious": "no", "what": "practice doll"}
    assert desk.ask("outside.report", "f01", id=incident_id, version=0, body=seen).ok
    desk.handle(desk.acted("real", "g01"))
    report = desk.reader.record("outside", incident_id)
    assert (report.body.age, report.body.conscious, report.body.what) == (None, None, "")
    body = {"age": 60}
    assert desk.ask("outside.report", "f01", id=incident_id, version=report.version, body=body).ok


def test_real_and_120_in_one_round_leave_the_call_to_120_ticked(desk: Desk) -> None:
    incident_id = practised(desk)
    request = Request(
        request_id="rung",
        do="outside.called",
        by="f01",
        terminal="board",
        id=incident_id,
        body={"contact": "ambulance", "said": "five minutes"},
    )
    desk.handle(desk.acted("real", "g01"), desk.message("request", body=request))
    found = checklist(desk)
    assert list(found.body.ticks) == ["call_120"]
    assert any(step.id == "after_ambulance" for step in found.body.steps)


def test_times_of_practice_are_no_times_of_the_call(desk: Desk) -> None:
    practised(desk)
    assert desk.incident().to_arrive_ms == 3000
    desk.clock.move(100)
    desk.handle(desk.acted("real", "g01"))
    incident = desk.incident()
    assert (incident.stage, incident.to_accept_ms, incident.to_arrive_ms) == ("arrived", None, None)
    desk.clock.move(60)
    desk.handle(desk.acted("close", "f01", outcome="helped"))
    assert desk.incident().to_close_ms == 60_000


def test_a_refusal_of_practice_is_none_of_the_real_call(desk: Desk) -> None:
    desk.ask("drill.start", body={"point": "point-1", "kind": "urgent"})
    desk.handle(desk.acted("busy", "f01"), desk.acted("accept", "s01"), desk.acted("real", "g01"))
    assert desk.incident().refused == ()
    step = desk.incident().step
    desk.handle(desk.acted("busy", "f01"))
    assert [one.staff for one in desk.incident().refused] == ["f01"]
    assert desk.incident().step == step + 1, "nobody is left for first aid"


def test_whoever_a_real_call_needs_hears_that_it_is_real(desk: Desk) -> None:
    """Also who was told of the drill and has not come, and who has a role that is missing."""
    desk.ask("drill.start", body={"point": "point-1"})
    desk.clock.move(31)
    desk.handle()  # everybody on duty has been told
    desk.handle(desk.acted("accept", "g01"), desk.pressed(what="held"))
    [entry] = [one for one in desk.reader.log() if one.event == "became_real"]
    assert set(entry.detail["told"]) == {"f01", "g01", "l01", "s01"}


def test_this_is_real_is_said_once_and_of_a_drill_only(desk: Desk) -> None:
    desk.handle(desk.pressed())
    version = desk.incident().version
    desk.handle(desk.acted("real", "g01"))
    assert desk.link.sent("terminal/board/result")[-1].ok
    assert desk.incident().version == version


@pytest.mark.parametrize(
    ("by", "body", "reason"),
    [
        ("g01", {"point": "point-1"}, "not_allowed"),
        ("x9", {"point": "point-1"}, "unknown_staff"),
        ("l01", {"point": "moon"}, "wrong_fields"),
        ("l01", {"plan": "none"}, "wrong_fields"),
        ("l01", {"point": "point-2"}, "point_busy"),
    ],
)
def test_a_drill_that_may_not_be_is_refused(desk: Desk, by, body, reason) -> None:
    desk.handle(desk.pressed(point="point-2"))
    assert desk.ask("drill.start", by, body=body).reason == reason
    assert len(desk.reader.incidents()) == 1


def test_one_drill_at_a_time(desk: Desk) -> None:
    assert desk.ask("drill.start", body={"point": "point-1"}).ok
    assert desk.ask("drill.start", body={"point": "point-2"}).reason == "drill_running"


def test_a_drill_at_any_point_rings_where_nobody_calls(desk: Desk) -> None:
    desk.handle(desk.pressed(point="point-1"))
    assert desk.ask("drill.start").ok
    desk.handle()
    [drill] = [one for one in desk.reader.open_incidents() if one.drill]
    assert drill.point not in ("point-1", "vault"), "nor at a silent one"


def test_a_customer_who_was_faster_goes_first_and_the_drill_is_let_go(desk: Desk) -> None:
    request = Request(
        request_id="r-1", do="drill.start", by="l01", terminal="board", body={"point": "point-1"}
    )
    desk.handle(desk.message("request", body=request), desk.pressed())
    assert [one.drill for one in desk.reader.incidents()] == [False]
    desk.clock.move(61)
    desk.handle()
    assert last_drill(desk).body.state == "lost"


def test_a_unit_in_practice_makes_a_drill_that_is_scored(desk: Desk) -> None:
    desk.handle(desk.pressed(drill=True, what="held"))
    live_through(desk, seconds=50)
    record = last_drill(desk)
    assert (record.body.plan, record.body.score.failed) == ("", ["accept", "arrive"])


# --- unannounced ---

TOMORROW = TODAY + timedelta(days=1)
SURPRISE = {
    "zh": "突击演练",
    "en": "Surprise",
    "first": TOMORROW.isoformat(),
    "last": (TODAY + timedelta(days=60)).isoformat(),
    "every_months": 6,
    "unannounced": True,
    "kind": "call",
    "point": "point-1",
}


# The coming Wednesday and Thursday.
WEDNESDAY = TODAY + timedelta(days=(2 - TODAY.weekday()) % 7 or 7)
WED_TO_THU = {
    "first": WEDNESDAY.isoformat(),
    "last": (WEDNESDAY + timedelta(days=1)).isoformat(),
}


def time_of(desk: Desk, id: str = "surprise") -> int:
    return desk.reader.record("drill_time", id).due.ms


def go_to(desk: Desk, utc_ms: int) -> None:
    desk.clock.move((utc_ms - desk.clock().utc_ms) / 1000)
    desk.handle()


def test_an_unannounced_drill_begins_by_itself_at_its_hidden_time(desk: Desk) -> None:
    assert desk.ask("drill_plan.save", id="surprise", body=SURPRISE).ok
    due_ms = time_of(desk)
    desk.restart()
    assert time_of(desk) == due_ms
    go_to(desk, due_ms - 1000)
    assert desk.reader.incidents() == []
    go_to(desk, due_ms + 1000)
    incident = desk.incident()
    assert (incident.drill, incident.kind, incident.point) == (True, "call", "point-1")
    live_through(desk)
    record = last_drill(desk)
    assert (record.body.plan, record.body.by, record.body.state) == ("surprise", "", "scored")
    next_time = local_of(replace(at(0), utc_ms=time_of(desk)))
    assert next_time.date() > TODAY + timedelta(days=150), "not twice in one window"


def test_neither_pages_nor_log_tell_the_hidden_time(desk: Desk) -> None:
    desk.ask("drill_plan.save", id="surprise", body=SURPRISE)
    assert "drill_time" in SECRET
    assert desk.reader.record("drill_plan", "surprise").due is None
    assert rfc3339(time_of(desk))[:16] not in str(desk.reader.log())


def test_a_real_call_or_an_empty_branch_puts_it_off(desk: Desk) -> None:
    desk.ask("drill_plan.save", id="surprise", body=SURPRISE)
    due_ms = time_of(desk)
    desk.handle(desk.pressed(point="point-2"))
    go_to(desk, due_ms + 1000)
    assert [one.drill for one in desk.reader.incidents()] == [False]
    assert time_of(desk) > due_ms
    desk.handle(desk.acted("arrive"), desk.acted("close", outcome="helped", situation="other"))
    for staff in ("g01", "s01", "f01", "l01"):
        desk.ask("duty.off", staff)
    go_to(desk, time_of(desk) + 1000)
    assert len(desk.reader.incidents()) == 1


def test_one_that_became_real_is_held_another_day(desk: Desk) -> None:
    desk.ask("drill_plan.save", id="surprise", body=SURPRISE)
    go_to(desk, time_of(desk) + 1000)
    began = local_of(desk.clock()).date()
    desk.handle(desk.acted("real", "g01"))
    again = local_of(replace(at(0), utc_ms=time_of(desk))).date()
    assert began < again <= TODAY + timedelta(days=60)


def test_a_retired_plan_begins_nothing(desk: Desk) -> None:
    desk.ask("drill_plan.save", id="surprise", body=SURPRISE)
    due_ms = time_of(desk)
    assert desk.ask("drill_plan.retire", id="surprise", version=1).ok
    go_to(desk, due_ms + 1000)
    assert desk.reader.incidents() == []


def test_a_plan_that_comes_round_keeps_its_first_window_though_it_is_over(desk: Desk) -> None:
    kept = {"zh": "演练", "en": "Drill", "first": "2026-01-01", "last": "2026-06-30"}
    assert desk.ask("drill_plan.save", id="half-year", body=kept | {"every_months": 6}).ok
    moved = desk.ask(
        "drill_plan.save", id="half-year", body=kept | {"every_months": 6, "last": "2026-05-31"}
    )
    assert [(one.field, one.name) for one in moved.faults] == [("last", "in_the_past")]


@pytest.mark.parametrize(
    ("changes", "field", "name"),
    [
        ({"first": "2026-02-30"}, "first", "no_such_day"),
        ({"last": "2020-01-01"}, "last", "before_first"),
        ({"first": "2020-01-01", "last": "2020-02-01", "every_months": 0}, "last", "in_the_past"),
        ({"first": "2020-01-01", "last": "2020-02-01"}, "last", "in_the_past"),
        ({"last": "8026-12-31"}, "last", "too_late"),  # 8026 for 2026: one slip of a key
        ({"first": "2027-01-01", "last": "2027-12-31"}, "last", "window_overlaps"),
        ({"days": []}, "days", "empty"),
        ({**WED_TO_THU, "days": ["sun"]}, "days", "never_begins"),
        ({**WED_TO_THU, "days": ["sun"], "every_months": 0}, "days", "never_begins"),
        (
            {"first": TODAY.isoformat(), "last": TODAY.isoformat(), "every_months": 0},
            "days",
            "never_begins",  # nothing would be left to chance: it begins tomorrow at the earliest
        ),
        ({"starts": "17:00"}, "ends", "before_start"),
        ({"point": "moon"}, "point", "unknown_point"),
        ({"zh": ""}, "zh", "unreadable"),
    ],
)
def test_a_bad_plan_is_named_at_its_field(desk: Desk, changes, field, name) -> None:
    result = desk.ask("drill_plan.save", id="surprise", body=SURPRISE | changes)
    assert (field, name) in [(one.field, one.name) for one in result.faults]
    assert desk.reader.record("drill_time", "surprise") is None


def test_an_unannounced_plan_with_a_day_left_in_its_window_is_taken(desk: Desk) -> None:
    body = SURPRISE | WED_TO_THU | {"days": ["sun", "thu"], "every_months": 0}
    assert desk.ask("drill_plan.save", id="surprise", body=body).ok
    assert local_of(replace(at(0), utc_ms=time_of(desk))).weekday() == 3
    announced = body | {"days": ["sun"], "unannounced": False}
    assert desk.ask("drill_plan.save", id="told", body=announced).ok, "a lead begins it"


def test_a_plan_that_was_missed_is_a_fault_until_a_drill_is_held(desk: Desk) -> None:
    days = {"first": TODAY.isoformat(), "last": TODAY.isoformat()}
    body = {"zh": "演练", "en": "Drill", "every_months": 0} | days
    assert desk.ask("drill_plan.save", id="once", body=body).ok
    desk.clock.move(30 * 3600)
    desk.handle()
    assert "overdue" in desk.fault_names()
    desk.ask("drill.start", body={"plan": "once", "point": "point-1"})
    live_through(desk)
    desk.clock.move(2)
    desk.handle()
    assert "overdue" not in desk.fault_names()
    assert desk.clock().utc_ms > UTC_MS


def test_a_refused_plan_is_refused_as_it_was() -> None:
    outcome = drills.ROOM.requests["drill_plan.save"](
        a_world(), a_request("drill_plan.save", "g01", id="p", body=SURPRISE)
    )
    assert outcome == Refused("not_allowed")
