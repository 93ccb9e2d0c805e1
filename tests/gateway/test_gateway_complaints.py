"""Complaints: with and without a button, in time or late, answered, counted."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_kit import Desk
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk.complaint_days import is_rise

DAY_S = 24 * 3600
ABOUT = {"category": "service", "channel": "telephone", "group": "Lobby", "what": "waited long"}


def opened(desk: Desk, by: str = "g01", **body: Any) -> str:
    result = desk.ask("complaint.open", by, body=ABOUT | body)
    assert result.ok, result
    return result.id


def ask(desk: Desk, what: str, id: str, by: str = "g01", **values: Any) -> Any:
    return desk.ask(f"complaint.{what}", by, id=id, **values)


def complaint(desk: Desk, id: str) -> Any:
    return desk.reader.record("complaint", id).body


def press(desk: Desk, situation: str = "complaint", **changes: Any) -> str:
    desk.handle(desk.pressed(**changes))
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("situation", situation=situation))
    return desk.incident().incident_id


def test_a_complaint_without_a_button_is_recorded_and_due_in_a_day(desk: Desk) -> None:
    id = opened(desk)
    body, record = complaint(desk, id), desk.reader.record("complaint", id)
    assert (body.category, body.channel, body.group) == ("service", "telephone", "Lobby")
    assert (body.state, body.opened_by, record.incident_id) == ("open", "g01", None)
    assert record.due.ms - desk.clock().utc_ms == DAY_S * 1000
    assert record.due.boot == "", "a date that people live by"


def test_the_situation_complaint_opens_one_for_the_incident(desk: Desk) -> None:
    incident_id = press(desk)
    (record,) = desk.reader.records("complaint")
    assert (record.incident_id, record.body.channel) == (incident_id, "counter")
    desk.handle(desk.acted("close", outcome="helped"))
    assert desk.reader.records("complaint"), "the close of the call does not end the complaint"


def test_a_situation_set_by_mistake_withdraws_the_complaint(desk: Desk) -> None:
    press(desk)
    desk.handle(desk.acted("situation", situation="fall"))
    assert desk.reader.records("complaint") == []
    assert desk.reader.records("complaint_day")[0].body.count == 0
    desk.handle(desk.acted("situation", situation="complaint"))
    assert len(desk.reader.records("complaint")) == 1


def test_a_complaint_that_somebody_works_on_outlives_the_situation(desk: Desk) -> None:
    press(desk)
    (record,) = desk.reader.records("complaint")
    assert ask(desk, "change", record.id, version=1, body=ABOUT).ok
    desk.handle(desk.acted("situation", situation="other"))
    assert desk.reader.records("complaint")
    desk.handle(desk.acted("situation", situation="complaint"))
    assert len(desk.reader.records("complaint")) == 1


def test_a_drill_opens_no_complaint(desk: Desk) -> None:
    press(desk, drill=True)
    assert desk.reader.records("complaint") == []
    desk.handle(desk.pressed())
    assert len(desk.reader.records("complaint")) == 1, "but a drill that became real does"


def test_from_the_opening_to_the_customers_word(desk: Desk) -> None:
    id = opened(desk)
    desk.clock.move(3600)
    assert ask(desk, "answer", id, body={"text": "sorry"}).reason == "look_into_first"
    assert ask(desk, "look_into", id, body={"text": "two counters were closed"}).ok
    assert ask(desk, "satisfaction", id, body={"score": 4}).reason == "answer_first"
    assert ask(desk, "answer", id, "l01", body={"text": "a third counter from Monday"}).ok
    assert ask(desk, "satisfaction", id, body={}).reason == "wrong_fields"
    assert ask(desk, "satisfaction", id, body={"score": 4, "text": "fine"}).ok
    body = complaint(desk, id)
    assert (body.state, body.answered_by, body.satisfaction) == ("done", "l01", 4)
    assert desk.reader.record("complaint", id).is_open is False
    events = [e.event for e in desk.reader.log() if e.event.startswith("complaint_")]
    assert events == [
        *("complaint_opened", "complaint_looked_into", "complaint_answered", "complaint_done")
    ]
    desk.clock.move(30 * DAY_S)
    desk.handle()
    assert "complaint_overdue" not in desk.events()


def test_what_is_late_comes_back_every_day_until_it_is_done(desk: Desk) -> None:
    id = opened(desk)
    desk.clock.move(DAY_S - 1)
    desk.handle()
    assert complaint(desk, id).overdue is None
    for _ in range(3):
        desk.clock.move(DAY_S)
        desk.handle()
    assert complaint(desk, id).overdue == "first_look"
    assert desk.events().count("complaint_overdue") == 3
    ask(desk, "look_into", id, body={"text": "found it"})
    assert complaint(desk, id).overdue is None


def late_ones(desk: Desk) -> dict[str, str]:
    """{rule: owner} of the follow-ups that are open."""
    return {one.body.rule: one.body.owner for one in desk.reader.records("followup")}


def test_a_late_complaint_is_a_follow_up_of_a_leads_until_it_is_done(desk: Desk) -> None:
    id = opened(desk)
    desk.clock.move(DAY_S + 1)
    desk.handle()
    desk.clock.move(1)
    desk.handle()
    desk.clock.move(1)
    desk.handle()
    assert late_ones(desk) == {"complaint-first_look": "l01"}
    assert "overdue" in desk.fault_names() and desk.reader.records("reminder")
    for _ in range(2):
        desk.clock.move(DAY_S)
        desk.handle()
    assert desk.events().count("followup_made") == 1, "the leads are told once"
    assert ask(desk, "look_into", id, body={"text": "found it"}).ok
    assert late_ones(desk) == {}
    desk.clock.move(15 * DAY_S)
    desk.handle()
    assert late_ones(desk) == {"complaint-answer": "l01"}
    assert ask(desk, "answer", id, body={"text": "sorry"}).ok
    assert late_ones(desk) == {}


def test_after_the_answer_the_customers_word_is_due_in_three_days(desk: Desk) -> None:
    id = answered(desk)
    desk.clock.move(3 * DAY_S - 1)
    desk.handle()
    assert complaint(desk, id).overdue is None
    desk.clock.move(2)
    desk.handle()
    assert (complaint(desk, id).state, complaint(desk, id).overdue) == ("answered", "word")
    assert late_ones(desk) == {"complaint-word": "l01"}
    assert ask(desk, "satisfaction", id, body={"score": 4}).ok
    assert (complaint(desk, id).state, complaint(desk, id).overdue) == ("done", None)
    assert late_ones(desk) == {}


def test_whoever_types_while_it_becomes_late_is_not_told_that_somebody_was_faster(
    desk: Desk,
) -> None:
    id = opened(desk)
    seen = desk.reader.record("complaint", id).version
    desk.clock.move(DAY_S + 1)
    desk.handle()
    assert complaint(desk, id).overdue == "first_look"
    assert ask(desk, "look_into", id, version=seen, body={"text": "found it"}).ok


def test_who_closes_a_late_complaint_has_done_what_was_owed_for_it(desk: Desk) -> None:
    id = opened(desk)
    desk.clock.move(DAY_S + 1)
    desk.handle()
    assert ask(desk, "close", id, "l01", body={"text": "the customer took it back"}).ok
    assert late_ones(desk) == {}


def test_by_how_much_the_first_look_was_late_is_kept(desk: Desk) -> None:
    id = opened(desk)
    desk.clock.move(DAY_S + 600)
    desk.handle()
    ask(desk, "look_into", id, body={"text": "found it"})
    assert desk.reader.log()[-1].detail["late_ms"] == 600_000


def test_an_answer_is_due_in_fifteen_days(desk: Desk) -> None:
    id = opened(desk)
    ask(desk, "look_into", id, body={"text": "found it"})
    desk.clock.move(15 * DAY_S - 1)
    desk.handle()
    assert complaint(desk, id).overdue is None
    desk.clock.move(2)
    desk.handle()
    assert complaint(desk, id).overdue == "answer"


def test_changing_an_overdue_complaint_does_not_hide_that_it_is(desk: Desk) -> None:
    id = opened(desk)
    desk.clock.move(DAY_S + 1)
    desk.handle()
    assert ask(desk, "change", id, body=ABOUT | {"group": "Claims"}).ok
    assert complaint(desk, id).overdue == "first_look"
    assert desk.reader.record("complaint", id).due is not None


def test_the_second_of_two_who_change_it_is_told(desk: Desk) -> None:
    id = opened(desk)
    assert ask(desk, "change", id, version=1, body=ABOUT | {"group": "Claims"}).ok
    assert ask(desk, "change", id, version=1, body=ABOUT).reason == "changed_meanwhile"
    assert complaint(desk, id).group == "Claims"
    assert ask(desk, "change", id, by="s01", body=ABOUT).reason == "version_needed"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"what": " "}, ("what", "nothing_said")),
        ({"what": "\u200b"}, ("what", "nothing_said")),
        ({"category": None}, ("category", "missing")),
    ],
)
def test_what_is_written_of_a_complaint_is_corrected_and_not_taken_away(
    desk: Desk, changes, fault
) -> None:
    id = opened(desk)
    result = ask(desk, "change", id, body=ABOUT | changes)
    assert [(one.field, one.name) for one in result.faults] == [fault]
    assert (complaint(desk, id).what, complaint(desk, id).category) == (
        ABOUT["what"],
        ABOUT["category"],
    )
    assert ask(desk, "change", id, body=ABOUT | {"what": "Waited an hour"}).ok


@pytest.mark.parametrize(
    ("do", "values", "reason"),
    [
        ("open", {"by": "nobody", "body": ABOUT}, "unknown_staff"),
        ("open", {"by": "g01", "body": ABOUT | {"what": " "}}, "wrong_fields"),
        ("open", {"by": "g01", "body": ABOUT | {"what": "\u200b"}}, "wrong_fields"),
        ("look_into", {"by": "g01", "id": "it", "body": {"text": "\u200b"}}, "wrong_fields"),
        ("open", {"by": "g01", "body": ABOUT | {"channel": "pigeon"}}, "wrong_fields"),
        ("open", {"by": "g01", "body": ABOUT | {"category": "mood"}}, "wrong_fields"),
        ("change", {"by": "g01", "id": "none", "body": ABOUT}, "unknown_record"),
        ("close", {"by": "g01", "id": "it", "body": {"text": "enough"}}, "not_allowed"),
        ("look_into", {"by": "g01", "id": "it", "body": {"text": " "}}, "wrong_fields"),
        ("look_into", {"by": "g01", "id": "it", "body": {}}, "wrong_fields"),
        ("answer", {"by": "nobody", "id": "it", "body": {"text": "x"}}, "unknown_staff"),
    ],
)
def test_a_refusal_has_a_name(desk: Desk, do, values, reason) -> None:
    if values.get("id") == "it":
        values = values | {"id": opened(desk)}
    assert desk.ask(f"complaint.{do}", **values).reason == reason


def test_a_lead_closes_one_for_a_reason(desk: Desk) -> None:
    id = opened(desk)
    assert ask(desk, "close", id, "l01", body={"text": "the customer took it back"}).ok
    assert complaint(desk, id).state == "withdrawn"


# --- the customer's mark ---


def answered(desk: Desk, **about: Any) -> str:
    id = opened(desk, **about)
    assert ask(desk, "look_into", id, body={"text": "found it"}).ok
    assert ask(desk, "answer", id, body={"text": "sorry"}).ok
    return id


@pytest.mark.parametrize(
    ("score", "category", "state"),
    [
        *((1, "service", "marked"), (2, "service", "marked"), (3, "service", "done")),
        *((5, "service", "done"), (5, None, "marked"), (None, "service", "done")),
    ],
)
def test_only_a_mark_that_is_not_low_ends_a_complaint_of_which_all_is_known(
    desk: Desk, score, category, state
) -> None:
    id = answered(desk, category=category)
    assert ask(desk, "satisfaction", id, body={"score": score, "text": "so"}).ok
    assert complaint(desk, id).state == state
    assert complaint(desk, id).satisfaction == score
    assert desk.reader.record("complaint", id).is_open == (state != "done")


def test_a_low_mark_is_a_leads_to_follow_up_until_the_complaint_is_closed(desk: Desk) -> None:
    id = answered(desk)
    ask(desk, "satisfaction", id, body={"score": 2, "text": "meh"})
    [owed] = desk.reader.records("followup")
    assert (owed.body.owner, owed.body.rule) == ("l01", "complaint-mark")
    assert "2 of 5" in owed.body.what.en and "Lobby" in owed.body.what.en
    assert ask(desk, "satisfaction", id, body={"score": 5}).reason == "marked_already"
    assert ask(desk, "close", id, "g01", body={"text": "spoke again"}).reason == "not_allowed"
    assert ask(desk, "close", id, "l01", body={"text": "spoke again: content now"}).ok
    assert (complaint(desk, id).state, complaint(desk, id).satisfaction) == ("done", 2)
    assert desk.reader.records("followup") == []


def test_the_class_is_known_before_an_answered_complaint_is_closed(desk: Desk) -> None:
    id = answered(desk, category=None)
    assert ask(desk, "close", id, "l01", body={"text": "done"}).reason == "category_needed"
    assert ask(desk, "satisfaction", id, body={"score": 1}).ok
    assert ask(desk, "close", id, "l01", body={"text": "done"}).reason == "category_needed"
    assert ask(desk, "change", id, body=ABOUT).ok
    assert complaint(desk, id).state == "marked", "a low mark waits for a lead"
    assert ask(desk, "close", id, "l01", body={"text": "done"}).ok


def test_a_good_mark_ends_it_once_its_class_is_written(desk: Desk) -> None:
    id = answered(desk, category=None)
    ask(desk, "satisfaction", id, body={"score": 4})
    assert ask(desk, "change", id, body=ABOUT).ok
    assert complaint(desk, id).state == "done"
    assert desk.events()[-2:] == ["complaint_changed", "complaint_done"]


# --- more than usual ---


@pytest.mark.parametrize(
    ("today", "before", "rises"),
    [
        (2, [0] * 8, False),
        (3, [0] * 8, True),
        (3, [1] * 8, False),
        (4, [1] * 8, True),
        (8, [4] * 8, False),
        (9, [4] * 8, True),
        (3, [], True),
    ],
)
def test_a_rise_is_more_than_chance_and_at_least_three(today, before, rises) -> None:
    assert is_rise(today, before) is rises


@given(today=st.integers(0, 50), before=st.lists(st.integers(0, 20), min_size=8, max_size=8))
def test_more_today_never_makes_less_of_a_rise(today, before) -> None:
    assert is_rise(today, before) <= is_rise(today + 1, before)
    assert is_rise(today, [one + 1 for one in before]) <= is_rise(today, before)


def test_a_rise_against_the_same_weekday_is_said_once(desk: Desk) -> None:
    for _ in range(3):
        opened(desk)
    assert desk.events().count("complaints_rose") == 1
    opened(desk)
    assert desk.events().count("complaints_rose") == 1
    (day,) = desk.reader.records("complaint_day")
    assert (day.body.count, day.body.is_rise) == (4, True)


def test_last_weeks_same_day_is_what_it_is_compared_with(desk: Desk) -> None:
    for _ in range(8):
        opened(desk)
        opened(desk)
        desk.clock.move(7 * DAY_S)
        desk.handle()
    for _ in range(4):
        opened(desk)
    today = desk.reader.records("complaint_day")[-1].body
    assert (today.count, today.usual, today.is_rise) == (4, 2.0, False)
    opened(desk)
    assert desk.reader.records("complaint_day")[-1].body.is_rise


def test_one_that_is_withdrawn_later_is_taken_off_the_day_it_was_opened(desk: Desk) -> None:
    press(desk)
    [yesterday] = desk.reader.records("complaint_day")
    desk.clock.move(DAY_S)
    desk.handle()
    opened(desk)
    desk.handle(desk.acted("situation", situation="fall"))
    counts = {one.id: one.body.count for one in desk.reader.records("complaint_day")}
    assert counts.pop(yesterday.id) == 0
    assert list(counts.values()) == [1]


def test_days_too_long_ago_are_let_go(desk: Desk) -> None:
    opened(desk)
    desk.clock.move(58 * DAY_S)
    desk.handle()
    assert desk.reader.records("complaint_day") == []
