"""Points as they are named on pages, and what their seats tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gateway_kit import RULES, Desk, alert, at, raised
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import incident as machine
from gateway.config import PointSettings
from gateway.course import Changed, Place, Unchanged, Vacated
from protocol.link import Connected
from protocol.messages import UnitStatus

LOUNGE = {"label": "Lounge 3", "place": "Lounge"}


def labels(desk: Desk) -> dict[str, str]:
    return {one.point: one.label for one in desk.reader.points()}


def faults_of(result: Any) -> dict[str, str]:
    return {fault.field: fault.name for fault in result.faults}


# --- named on a page ---


def test_a_point_that_a_lead_names_calls_under_its_name(desk: Desk) -> None:
    assert desk.ask("point.save", id="lounge-3", body=LOUNGE).ok
    assert labels(desk)["lounge-3"] == "Lounge 3"
    desk.handle(desk.pressed(point="lounge-3", unit="unit-01"))
    assert desk.incident().label == "Lounge 3"
    [point] = [one for one in desk.reader.points() if one.point == "lounge-3"]
    assert (point.unit, point.configured) == ("unit-01", True), "its unit is the one that called"
    desk.clock.move(1)
    desk.handle()
    assert [one for one in desk.reader.faults() if one.subject == "point/lounge-3"] == []


def test_a_point_that_called_before_it_had_a_name_is_a_fault_no_more(desk: Desk) -> None:
    desk.handle(desk.pressed(point="lounge-3"))
    desk.clock.move(1)
    desk.handle()
    assert "unconfigured" in desk.fault_names()
    desk.ask("point.save", id="lounge-3", body=LOUNGE)
    desk.clock.move(1)
    desk.handle()
    assert "unconfigured" not in desk.fault_names()


def test_a_point_that_its_unit_speaks_of_shows_itself_before_it_calls(desk: Desk) -> None:
    status = UnitStatus(state="online", session=1, points={"lounge-3": {}, "No id": {}})
    heartbeat = desk.message("unit_status", "unit-01", body=status)
    desk.handle(Connected(1), heartbeat)
    [found] = [one for one in desk.reader.points() if not one.configured]
    assert (found.point, found.label, found.unit) == ("lounge-3", "unit-01 lounge-3", "unit-01")
    desk.clock.move(1)
    desk.handle()
    assert ("point/lounge-3", "unconfigured") in {
        (one.subject, one.name) for one in desk.reader.faults()
    }
    assert desk.reader.incidents() == []
    desk.ask("point.save", id="lounge-3", body=LOUNGE)
    desk.handle(heartbeat)
    assert labels(desk)["lounge-3"] == "Lounge 3"


def test_a_point_of_a_unit_that_has_gone_is_none(desk: Desk) -> None:
    status = UnitStatus(state="offline", session=1, points={"lounge-3": {}})
    desk.handle(Connected(1), desk.message("unit_status", "unit-01", body=status, retained=True))
    assert "lounge-3" not in labels(desk)


def test_a_restart_keeps_what_a_page_says_and_how_the_seat_is(desk: Desk) -> None:
    desk.ask("point.save", id="point-1", version=1, body={"label": "Guide's desk"})
    desk.ask("point.save", id="lounge-3", body=LOUNGE)
    for point in ("point-1", "lounge-3"):
        desk.handle(desk.pressed(what="seat_occupied", point=point))
    before = desk.reader.points()
    desk.restart()
    assert desk.reader.points() == before
    assert {one.seat for one in before if one.point in ("point-1", "lounge-3")} == {"occupied"}
    assert labels(desk)["point-1"] == "Guide's desk"


def test_what_the_file_names_no_more_goes_at_the_next_start(desk: Desk) -> None:
    desk.ask("point.save", id="lounge-3", body=LOUNGE)
    desk.config = replace(desk.config, points=[])
    desk.restart()
    assert labels(desk) == {"lounge-3": "Lounge 3"}


def test_a_point_with_an_open_call_is_not_retired(desk: Desk) -> None:
    desk.handle(desk.pressed())
    refused = desk.ask("point.retire", id="point-1")
    assert (refused.reason, refused.faults[0].name) == ("still_needed", "incident_there")
    assert desk.ask("point.retire", id="point-2").ok
    assert "point-2" not in labels(desk)
    desk.restart()
    assert "point-2" not in labels(desk)


@pytest.mark.parametrize(
    ("id", "body", "fault"),
    [
        ("Lounge", LOUNGE, ("id", "bad_id")),
        ("lounge", LOUNGE | {"label": ""}, ("label", "unreadable")),
        ("lounge", LOUNGE | {"label": "Counter 1"}, ("label", "taken")),
        ("lounge", LOUNGE | {"seat_check_after_s": 0}, ("seat_check_after_s", "unreadable")),
    ],
)
def test_a_bad_point_is_named_at_its_field(desk: Desk, id, body, fault) -> None:
    result = desk.ask("point.save", id=id, body=body)
    assert fault in faults_of(result).items()
    assert "lounge" not in labels(desk)


def test_a_silent_point_is_silent_from_then_on(desk: Desk) -> None:
    desk.ask("point.save", id="point-1", body={"label": "Counter 1", "silent": True})
    assert desk.link.sent("point/point-1/feedback")[-1].silent is True
    desk.handle(desk.pressed())
    assert desk.incident().kind == "silent"


def test_the_seats_limit_is_the_pages(desk: Desk) -> None:
    desk.handle(desk.pressed(what="seat_occupied", point="point-1"))
    desk.ask("point.save", id="point-1", body={"label": "Counter 1", "seat_check_after_s": 60})
    desk.clock.move(59)
    desk.handle()
    assert desk.reader.incidents() == []
    desk.clock.move(1)
    desk.handle()
    assert desk.incident().kind == "seat"


# --- a possible fall ---


def vacated(course: Any, now: Any, **event: Any) -> Any:
    return machine.step(course, Vacated(**event), now, RULES)


@pytest.mark.parametrize(
    ("after_s", "is_fall"), [(-0.001, False), (0, True), (4, True), (10, True), (10.001, False)]
)
def test_an_empty_seat_within_ten_seconds_of_the_press_is_a_possible_fall(after_s, is_fall) -> None:
    course = raised(now=at(1000)).course
    outcome = vacated(course, at(1020), age_ms=round(20_000 - after_s * 1000))
    if not is_fall:
        assert outcome == Unchanged()
        return
    after = outcome.course.incident
    assert (after.kind, after.possible_fall) == ("urgent", True)
    assert after.asked_roles == RULES.policy.asked_roles("urgent")
    assert [one.event for one in outcome.entries] == ["possible_fall", "became_urgent"]
    assert outcome.tells[0].why == "urgent"


def test_a_later_press_counts_as_the_first(desk: Desk) -> None:
    course = raised(now=at(1000)).course
    outcome = vacated(course, at(1100), age_ms=1000, pressed_age_ms=5000)
    assert outcome.entries[0].detail["after_ms"] == 4000


@pytest.mark.parametrize(
    ("alert_", "place", "kind"),
    [
        ({"what": "held"}, Place(point="point-1", label="x"), "urgent"),
        ({}, Place(point="point-1", label="x", silent=True), "silent"),
    ],
)
def test_what_is_urgent_already_is_only_marked_and_what_is_silent_stays_so(
    alert_, place, kind
) -> None:
    course = raised(**alert_, place=place, now=at(1000)).course
    outcome = vacated(course, at(1005), age_ms=0)
    if kind == "silent":
        assert outcome == Unchanged()
        return
    assert isinstance(outcome, Changed)
    assert (outcome.course.incident.kind, outcome.course.incident.possible_fall) == (kind, True)
    assert outcome.tells == ()


def test_it_is_found_once_and_not_when_somebody_is_there() -> None:
    course = raised(now=at(1000)).course
    fallen = vacated(course, at(1005), age_ms=0).course
    assert vacated(fallen, at(1006), age_ms=0) == Unchanged()
    attended = machine.step(course, machine.Attended(), at(1003), RULES)
    assert vacated(attended.course, at(1005), age_ms=0) == Unchanged()


@settings(max_examples=30, deadline=None)
@given(
    press_s=st.integers(0, 60),
    empty_s=st.integers(0, 60),
    press_delay_s=st.integers(0, 30),
    empty_delay_s=st.integers(0, 30),
)
def test_the_order_of_arrival_changes_nothing(
    tmp_path_factory, press_s, empty_s, press_delay_s, empty_delay_s
) -> None:
    """Whichever alert is faster: what counts is when both happened."""
    desk = Desk(tmp_path_factory.mktemp("fall") / "anling.db").start()
    happened = {"pressed": press_s, "seat_vacated": empty_s}
    arrives = {"pressed": press_s + press_delay_s, "seat_vacated": empty_s + empty_delay_s}
    start_s = 1000.0
    for what in sorted(arrives, key=lambda one: (arrives[one], happened[one])):
        desk.clock.moment = at(start_s + arrives[what])
        age_ms = (arrives[what] - happened[what]) * 1000
        desk.handle(desk.pressed(what=what, age_ms=age_ms))
    is_fall = 0 <= empty_s - press_s <= 10
    incident = desk.incident()
    desk.stop()
    assert (incident.possible_fall, incident.kind == "urgent") == (is_fall, is_fall)


def test_old_news_of_a_seat_does_not_undo_newer(desk: Desk) -> None:
    desk.handle(desk.pressed(what="seat_occupied", age_ms=1_000, point="point-2"))
    desk.handle(desk.pressed(what="seat_vacated", age_ms=9_000, point="point-2"))
    [seat] = [one.seat for one in desk.reader.points() if one.point == "point-2"]
    assert seat == "occupied"


def test_a_seat_that_cannot_say_since_when_it_is_empty_is_no_fall(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.handle(desk.message("alert", "unit-01", body=alert("seat_vacated", age_ms=None)))
    assert desk.incident().kind == "call"


def test_the_file_gives_a_point_its_place(path) -> None:
    points = [PointSettings(id="p", label="P", unit="unit-01", place="Hall")]
    desk = Desk(path, points=points).start()
    assert desk.reader.record("point", "p").body.place == "Hall"
    desk.stop()


# --- a calm look at a seat ---


def test_a_seat_that_nobody_looks_after_reaches_the_lead_and_no_ambulance(desk: Desk) -> None:
    desk.handle(desk.pressed(what="seat_occupied", point="point-2"))
    for _ in range(30):
        desk.clock.move(60)
        desk.handle()
    incident = desk.incident()
    assert (incident.kind, incident.step, incident.outside) == ("seat", 2, False)
    assert desk.events().count("told_again") > 5, "they are told again and again"
    desk.handle(desk.acted("escalate"))
    assert desk.incident().outside, "staff may ask for it"


def test_a_press_at_a_seat_that_is_looked_after_is_a_call_like_any_other(desk: Desk) -> None:
    desk.handle(desk.pressed(what="seat_occupied", point="point-2"))
    desk.clock.move(600)
    desk.handle()
    desk.handle(desk.pressed(point="point-2"))
    assert desk.link.sent("point/point-2/feedback")[-1].stage == "raised"
    for _ in range(5):
        desk.clock.move(60)
        desk.handle()
    assert desk.incident().outside
