"""The incident machine by tables: what each event makes of each stage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gateway_kit import ON_DUTY, ROSTER, RULES, action, alert, at, raised

from gateway.incident import (
    UNKNOWN_AGE_MS,
    Acted,
    Attended,
    Changed,
    Course,
    Due,
    Event,
    Joined,
    Place,
    Refused,
    Rules,
    Unchanged,
    step,
)
from gateway.policy import Policy
from gateway.policy import Step as PolicyStep
from protocol.moment import MAX_AGE_MS, Moment, rfc3339

T0 = 1000


def after(course: Course, event: Event, now: Moment, rules: Rules = RULES) -> Course:
    """The course after an event that must change it."""
    outcome = step(course, event, now, rules)
    assert isinstance(outcome, Changed), outcome
    return outcome.course


def acted(name: str, by: str = "g01", **changes: object) -> Acted:
    return Acted(action(name, by, **changes))


def in_stage(stage: str) -> Course:
    """An incident raised at T0, accepted by g01 after 10 s, with g01 there after 20 s."""
    course = raised(now=at(T0)).course
    path = [("accept", 10), ("arrive", 20), ("close", 30)]
    for name, seconds in path[: ["raised", "accepted", "arrived", "closed"].index(stage)]:
        course = after(course, acted(name, outcome="helped"), at(T0 + seconds))
    assert course.incident.stage == stage
    return course


# --- stages ---

STAGES = ["raised", "accepted", "arrived", "closed"]

# event → the stage (or the reason of refusal, or "same") that it makes of each stage.
TRANSITIONS = {
    "accept by another": ("accepted", "accepted", "arrived", "already_closed"),
    "accept by owner": ("accepted", "same", "same", "already_closed"),
    "arrive by owner": ("arrived", "arrived", "same", "already_closed"),
    "arrive by another": ("arrived", "arrived", "arrived", "already_closed"),
    "presence": ("arrived", "arrived", "same", "already_closed"),
    "close": ("arrival_needed", "arrival_needed", "closed", "already_closed"),
    "press": ("raised", "accepted", "arrived", "already_closed"),
    "hold": ("raised", "accepted", "arrived", "already_closed"),
    "escalate": ("raised", "accepted", "arrived", "already_closed"),
    "note": ("raised", "accepted", "arrived", "already_closed"),
    "situation": ("raised", "accepted", "arrived", "already_closed"),
    "hand over": ("accepted", "accepted", "arrived", "already_closed"),
    "not yet due": ("same", "same", "same", "already_closed"),
    "due": ("raised", "accepted", "arrived", "already_closed"),
    "stranger": ("unknown_staff", "unknown_staff", "unknown_staff", "already_closed"),
}
EVENTS: dict[str, Event] = {
    "accept by another": acted("accept", "s01"),
    "accept by owner": acted("accept"),
    "arrive by owner": acted("arrive"),
    "arrive by another": acted("arrive", "s01"),
    "presence": Attended(),
    "close": acted("close", outcome="helped"),
    "press": Joined(alert()),
    "hold": Joined(alert("held")),
    "escalate": acted("escalate"),
    "note": acted("note", text="she is sitting up"),
    "situation": acted("situation", situation="fainted"),
    "hand over": acted("handover", "l01", to="s01"),
    "not yet due": Due(),
    "due": Due(),
    "stranger": acted("accept", "nobody"),
}


@pytest.mark.parametrize("event", TRANSITIONS)
@pytest.mark.parametrize("stage", STAGES)
def test_each_event_in_each_stage(stage: str, event: str) -> None:
    course, now = in_stage(stage), at(T0 + 25 + (10_000 if event == "due" else 0))
    outcome = step(course, EVENTS[event], now, RULES)
    expected = TRANSITIONS[event][STAGES.index(stage)]
    match outcome:
        case Refused(reason):
            assert reason == expected
        case Unchanged():
            assert expected == "same"
        case Changed():
            assert outcome.course.incident.stage == expected
            assert outcome.course.incident.version == course.incident.version + 1
            assert outcome.entries, "every change is in the log"


# --- raising ---


@pytest.mark.parametrize(
    ("what", "silent", "kind", "roles"),
    [
        ("pressed", False, "call", ("customer_service",)),
        ("held", False, "urgent", ("first_aid", "security")),
        ("pressed", True, "silent", ("security",)),
        ("held", True, "silent", ("security",)),
    ],
)
def test_the_kind_follows_from_the_press_and_the_place(what, silent, kind, roles) -> None:
    place = Place(point="p", label="P", silent=silent)
    changed = raised(what, place=place)
    incident = changed.course.incident
    assert (incident.kind, incident.asked_roles, incident.missing_roles) == (kind, roles, roles)
    assert changed.tells[0].staff == ROSTER.on_duty_with(roles)
    assert (incident.stage, incident.step, incident.version, incident.presses) == (
        "raised",
        0,
        1,
        1,
    )


def test_a_seat_check_has_no_press_until_somebody_presses() -> None:
    course = raised("seat_occupied", kind="seat").course
    assert (course.incident.kind, course.incident.presses) == ("seat", 0)
    outcome = step(course, Joined(alert()), at(T0 + 1), RULES)
    assert isinstance(outcome, Changed)
    assert (outcome.course.incident.kind, outcome.course.incident.presses) == ("call", 1)
    assert [tell.why for tell in outcome.tells] == ["step"], "a call is not called urgent"


def test_the_age_of_an_alert_is_taken_off() -> None:
    course = raised(now=at(T0), age_ms=12_000).course
    incident = course.incident
    assert incident.raised_at == rfc3339(at(T0 - 12).utc_ms)
    assert (incident.late_ms, incident.raised_uncertain_ms) == (12_000, 0)
    assert (course.raised_ms, course.due_ms) == (at(T0 - 12).mono_ms, at(T0 + 18).mono_ms)


HOUR_AGO = rfc3339(at(T0 - 3600).utc_ms)


@pytest.mark.parametrize(
    ("age_ms", "wall", "late_ms", "uncertain_ms"),
    [
        (None, HOUR_AGO, 3_600_000, 3_600_000),
        (None, rfc3339(at(T0).utc_ms), 0, 1),
        (None, None, 0, UNKNOWN_AGE_MS),
        (None, "", 0, UNKNOWN_AGE_MS),
        (None, "yesterday", 0, UNKNOWN_AGE_MS),
        (None, "1970-01-01T00:00:05.000Z", 0, UNKNOWN_AGE_MS),
        (None, rfc3339(at(T0 + 3600).utc_ms), 0, UNKNOWN_AGE_MS),
        (None, "0001-01-01T00:00:00+23:59", 0, UNKNOWN_AGE_MS),
        (None, "9999-12-31T23:59:59-23:59", 0, UNKNOWN_AGE_MS),
        (MAX_AGE_MS, None, MAX_AGE_MS, 0),
        (MAX_AGE_MS + 1, None, 0, UNKNOWN_AGE_MS),
        (2**53, HOUR_AGO, 3_600_000, 3_600_000),
    ],
)
def test_an_unknown_age_says_how_uncertain_it_is(age_ms, wall, late_ms, uncertain_ms) -> None:
    course = raised(now=at(T0), age_ms=age_ms, wall=wall).course
    assert course.incident.late_ms == late_ms
    assert course.incident.raised_uncertain_ms == uncertain_ms
    assert (course.raised_ms is None) == (uncertain_ms > 0), "an uncertain press is not measured"


def test_an_uncertain_press_has_no_durations() -> None:
    course = raised(now=at(T0), age_ms=None).course
    for name in ("accept", "arrive", "close"):
        course = after(course, acted(name, outcome="helped"), at(T0 + 5))
    incident = course.incident
    assert (incident.to_accept_ms, incident.to_arrive_ms, incident.to_close_ms) == (None,) * 3
    assert None not in (incident.accepted_at, incident.arrived_at, incident.closed_at)


# --- joining ---


def test_a_second_press_is_counted_and_a_hold_is_the_same_press() -> None:
    course = after(raised().course, Joined(alert()), at(T0 + 1))
    course = after(course, Joined(alert("held")), at(T0 + 4))
    assert (course.incident.presses, course.incident.kind) == (2, "urgent")


@pytest.mark.parametrize(
    ("stage", "what", "whys"),
    [
        ("raised", "pressed", []),
        ("raised", "held", ["urgent"]),
        ("accepted", "pressed", ["again"]),
        ("accepted", "held", ["urgent"]),
        ("arrived", "pressed", ["again"]),
    ],
)
def test_who_pressed_again_is_told_of_when_somebody_had_it(stage, what, whys) -> None:
    outcome = step(in_stage(stage), Joined(alert(what)), at(T0 + 25), RULES)
    assert isinstance(outcome, Changed)
    assert [tell.why for tell in outcome.tells] == whys


def test_an_urgent_call_asks_for_other_roles() -> None:
    course = after(in_stage("accepted"), Joined(alert("held")), at(T0 + 12))
    assert course.incident.asked_roles == ("first_aid", "security")
    assert course.incident.missing_roles == ("first_aid", "security"), "g01 is neither"
    course = after(course, acted("accept", "f01"), at(T0 + 13))
    assert course.incident.missing_roles == ("security",)


def test_silent_stays_silent_however_it_is_pressed() -> None:
    course = raised(place=Place(point="p", label="P", silent=True)).course
    for what in ("pressed", "held", "pressed"):
        course = after(course, Joined(alert(what)), at(T0 + 1))
        assert course.incident.kind == "silent"


@pytest.mark.parametrize(
    ("first", "second", "is_drill"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_a_drill_becomes_real_by_a_real_press_and_nothing_becomes_a_drill(
    first, second, is_drill
) -> None:
    course = raised(drill=first).course
    outcome = step(course, Joined(alert(drill=second)), at(T0 + 1), RULES)
    assert isinstance(outcome, Changed)
    assert outcome.course.incident.drill is is_drill
    became_real = first and not is_drill
    assert [tell.why for tell in outcome.tells] == (["real"] if became_real else [])
    assert ("became_real" in [entry.event for entry in outcome.entries]) == became_real


# --- accepting, arriving ---


def test_the_first_to_accept_owns_it_and_the_second_is_a_responder() -> None:
    course = after(in_stage("accepted"), acted("accept", "s01"), at(T0 + 15))
    incident = course.incident
    assert incident.owner == "g01"
    assert [one.staff for one in incident.responders] == ["g01", "s01"]
    assert incident.to_accept_ms == 10_000, "the first acceptance counts"


def test_accepting_twice_changes_nothing() -> None:
    assert step(in_stage("accepted"), acted("accept"), at(T0 + 15), RULES) == Unchanged()


def test_presence_is_arrival_of_the_owner() -> None:
    incident = after(in_stage("accepted"), Attended(), at(T0 + 18)).incident
    assert incident.to_arrive_ms == 18_000
    assert incident.responders[0].arrived_at == incident.arrived_at


def test_presence_before_anybody_accepted_counts_as_both() -> None:
    course = after(raised(now=at(T0)).course, Attended(), at(T0 + 8))
    incident = course.incident
    assert (incident.to_accept_ms, incident.to_arrive_ms) == (8_000, 8_000)
    assert incident.owner is None
    closed = after(course, acted("close", "s01", outcome="helped"), at(T0 + 9)).incident
    assert closed.owner == "s01", "whoever closes what nobody owned owns it"


def test_arriving_without_having_accepted_accepts_too() -> None:
    incident = after(raised(now=at(T0)).course, acted("arrive", "s01"), at(T0 + 7)).incident
    assert (incident.stage, incident.owner) == ("arrived", "s01")
    assert (incident.to_accept_ms, incident.to_arrive_ms) == (7_000, 7_000)
    assert incident.responders[0].accepted_at == incident.responders[0].arrived_at


def test_the_second_to_arrive_is_noted_and_the_first_arrival_stays() -> None:
    course = after(in_stage("arrived"), acted("arrive", "s01"), at(T0 + 29))
    assert course.incident.to_arrive_ms == 20_000
    assert all(one.arrived_at for one in course.incident.responders)
    assert course.due_ms == in_stage("arrived").due_ms


# --- handing over ---


@pytest.mark.parametrize(
    ("by", "to", "expected"),
    [
        ("g01", "s01", "s01"),
        ("l01", "s01", "s01"),
        ("g01", "o01", "recipient_off_duty"),
        ("l01", "o01", "recipient_off_duty"),
        ("s01", "s01", "not_allowed"),
        ("g01", "nobody", "recipient_unknown"),
        ("g01", None, "recipient_unknown"),
        ("g01", "g01", "same"),
    ],
)
def test_the_owner_or_a_lead_hands_over(by, to, expected) -> None:
    outcome = step(in_stage("accepted"), acted("handover", by, to=to), at(T0 + 12), RULES)
    match outcome:
        case Refused(reason):
            assert reason == expected
        case Unchanged():
            assert expected == "same"
        case Changed(course=course, tells=tells):
            assert course.incident.owner == expected
            assert expected in [one.staff for one in course.incident.responders]
            assert [(tell.why, tell.staff) for tell in tells] == [("handover", (expected,))]


# --- closing ---


@pytest.mark.parametrize(
    ("by", "outcome", "expected"),
    [
        ("g01", "helped", "closed"),
        ("l01", "helped", "closed"),
        ("s01", "helped", "not_allowed"),
        ("g01", None, "outcome_needed"),
        ("g01", "  ", "outcome_needed"),
    ],
)
def test_closing_needs_the_right_person_and_an_outcome(by, outcome, expected) -> None:
    result = step(in_stage("arrived"), acted("close", by, outcome=outcome), at(T0 + 60), RULES)
    if isinstance(result, Refused):
        assert result.reason == expected
    else:
        assert isinstance(result, Changed)
        incident = result.course.incident
        assert (incident.stage, incident.outcome) == (expected, outcome)
        assert (incident.to_close_ms, incident.owner) == (60_000, "g01")


def test_a_responder_who_is_not_the_owner_may_close() -> None:
    course = after(in_stage("arrived"), acted("accept", "s01"), at(T0 + 25))
    assert (
        after(course, acted("close", "s01", outcome="helped"), at(T0 + 26)).incident.owner == "g01"
    )


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("note", {"text": " "}, "text_needed"),
        ("note", {}, "text_needed"),
        ("situation", {}, "situation_needed"),
        ("situation", {"situation": ""}, "situation_needed"),
    ],
)
def test_a_note_needs_text_and_a_situation_a_name(name, changes, expected) -> None:
    assert step(in_stage("raised"), acted(name, **changes), at(T0 + 1), RULES) == Refused(expected)


# --- time ---


def climb(course: Course, now: Moment) -> list[tuple[int, str, tuple[str, ...]]]:
    """(step, why, told) of everything that is due now, in order."""
    found = []
    while isinstance(outcome := step(course, Due(), now, RULES), Changed):
        course = outcome.course
        found += [(tell.step, tell.why, tell.staff) for tell in outcome.tells]
    return found


def test_the_steps_come_at_30_60_and_120_seconds_and_then_every_60() -> None:
    course, told = raised(now=at(T0)).course, []
    for tenth in range(1, 3100):
        now = at(T0 + tenth / 10)
        outcome = step(course, Due(), now, RULES)
        if isinstance(outcome, Changed):
            course = outcome.course
            told += [(tenth / 10, tell.step, tell.why, tell.staff) for tell in outcome.tells]
            assert course.incident.outside is (course.incident.step == 3)
    assert told == [
        (30.0, 1, "step", ON_DUTY),
        (60.0, 2, "step", ("l01",)),
        (120.0, 3, "step", ON_DUTY),
        (180.0, 3, "again", ON_DUTY),
        (240.0, 3, "again", ON_DUTY),
        (300.0, 3, "again", ON_DUTY),
    ]


@pytest.mark.parametrize(
    ("age_s", "steps"),
    [(0, []), (29, []), (30, [1]), (75, [1, 2]), (120, [1, 2, 3]), (9e4, [1, 2, 3])],
)
def test_a_late_alert_climbs_at_once_through_what_is_overdue(age_s, steps) -> None:
    now = at(T0)
    course = raised(now=now, age_ms=round(age_s * 1000)).course
    assert [number for number, _, _ in climb(course, now)] == steps


def test_a_gateway_that_slept_keeps_the_schedule_of_the_press() -> None:
    course = raised(now=at(T0)).course
    course = after(course, Due(), at(T0 + 50))
    assert course.due_ms == at(T0 + 60).mono_ms


def test_the_last_step_reaches_every_screen() -> None:
    course = raised(now=at(T0), age_ms=60_000).course
    outcome = step(after(after(course, Due(), at(T0)), Due(), at(T0)), Due(), at(T0 + 60), RULES)
    assert isinstance(outcome, Changed)
    assert outcome.tells[0].everywhere


def test_escalating_by_hand_climbs_one_step_at_once_and_the_next_follows_its_gap() -> None:
    outcome = step(raised(now=at(T0)).course, acted("escalate", "s01"), at(T0 + 5), RULES)
    assert isinstance(outcome, Changed)
    assert outcome.course.incident.step == 1
    assert outcome.tells[0].staff == ON_DUTY
    assert outcome.course.due_ms == at(T0 + 35).mono_ms


def test_escalating_an_accepted_incident_leaves_its_deadline() -> None:
    course = in_stage("accepted")
    assert after(course, acted("escalate"), at(T0 + 12)).due_ms == course.due_ms


@pytest.mark.parametrize(
    ("stage", "limit_s", "why", "overdue"),
    [("accepted", 120, "overdue_arrival", "arrival"), ("arrived", 900, "overdue_close", "close")],
)
def test_what_is_accepted_or_attended_but_goes_no_further_is_told_again(
    stage, limit_s, why, overdue
) -> None:
    course = in_stage(stage)
    since = {"accepted": 10, "arrived": 20}[stage]
    assert step(course, Due(), at(T0 + since + limit_s - 0.001), RULES) == Unchanged()
    for repeat in (1, 2):
        now = at(T0 + since + repeat * limit_s)
        outcome = step(course, Due(), now, RULES)
        assert isinstance(outcome, Changed)
        assert [(tell.why, tell.staff) for tell in outcome.tells] == [(why, ON_DUTY)]
        assert outcome.course.incident.overdue == overdue
        course = outcome.course


def test_arrival_ends_the_arrival_that_was_overdue() -> None:
    course = after(in_stage("accepted"), Due(), at(T0 + 130))
    assert after(course, acted("arrive"), at(T0 + 140)).incident.overdue is None


def test_acceptance_stops_the_steps() -> None:
    assert step(in_stage("accepted"), Due(), at(T0 + 121), RULES) == Unchanged()


# --- another boot ---


@pytest.mark.parametrize("stage", STAGES[:3])
def test_a_deadline_of_another_boot_is_due_now(stage) -> None:
    course, now = in_stage(stage), at(3, boot="boot-2")
    assert course.is_due(now)
    later = after(course, Due(), now)
    assert (later.boot, later.raised_ms) == ("boot-2", None)
    assert not later.is_due(now), "once, not for ever"


@pytest.mark.parametrize("stage", STAGES[:3])
def test_durations_across_a_reboot_are_not_known(stage) -> None:
    course, now = in_stage(stage), at(3, boot="boot-2")
    known = course.incident
    for name in ("accept", "arrive", "close"):
        outcome = step(course, acted(name, outcome="helped"), now, RULES)
        course = outcome.course if isinstance(outcome, Changed) else course
    incident = course.incident
    assert incident.to_accept_ms == known.to_accept_ms, "what was measured before stays"
    assert incident.to_arrive_ms == known.to_arrive_ms
    assert incident.to_close_ms is None


def test_a_policy_of_one_step_repeats_it() -> None:
    rules = Rules(policy=Policy(steps=(PolicyStep(after_s=0, tell="on_duty"),)), roster=ROSTER)
    course = replace(raised(now=at(T0)).course, due_ms=at(T0 + 60).mono_ms)
    outcome = step(course, Due(), at(T0 + 60), rules)
    assert isinstance(outcome, Changed)
    assert (outcome.tells[0].why, outcome.course.due_ms) == ("again", at(T0 + 120).mono_ms)
