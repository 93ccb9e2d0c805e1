"""The outside: whom one can ring, what was said, who stands at the door."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_kit import Desk

WARD = {"name": {"zh": "市一医院", "en": "First Hospital"}, "number": "010-8888 6666"}
PLACE = {
    "name": {"zh": "测试支行", "en": "Test branch"},
    "address": {"zh": "人民路1号", "en": "1 Renmin Road"},
}


def faults(result: Any) -> set[tuple[str, str]]:
    return {(one.field, one.name) for one in result.faults}


def incident(desk: Desk, situation: str | None = "fainted") -> str:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("arrive"))
    if situation:
        desk.handle(desk.acted("situation", situation=situation))
    return desk.incident().incident_id


def the_list(desk: Desk) -> Any:
    return desk.reader.records("checklist")[-1].body


# --- the directory and the place ---


def test_the_three_numbers_of_the_country_are_there_from_the_start(desk: Desk) -> None:
    numbers = {one.id: one.body.number for one in desk.reader.records("contact")}
    assert (numbers["ambulance"], numbers["police"], numbers["fire"]) == ("120", "110", "119")


@pytest.mark.parametrize(
    ("do", "id", "body", "fault"),
    [
        ("contact", "ward", WARD | {"number": "12O"}, ("number", "bad_phone")),
        ("contact", "ward", WARD | {"number": "call me"}, ("number", "bad_phone")),
        ("contact", "ward", WARD | {"name": {"zh": "医院"}}, ("name.en", "missing_translation")),
        ("contact", "family", WARD, ("id", "bad_id")),
        (
            "contact",
            "ward",
            WARD | {"after": {"text": {"zh": "迎接", "en": "Meet"}, "role": "king"}},
            ("after.role", "unknown_role"),
        ),
        ("branch", "elsewhere", PLACE, ("id", "bad_id")),
        ("branch", "place", PLACE | {"address": {}}, ("address.zh", "missing_translation")),
        ("branch", "place", PLACE | {"floor": {"en": "1st"}}, ("floor.zh", "missing_translation")),
    ],
)
def test_bad_input_is_named_at_its_field(desk: Desk, do, id, body, fault) -> None:
    result = desk.ask(f"{do}.save", id=id, body=body)
    assert result.reason == "wrong_fields" and fault in faults(result)
    assert desk.reader.record(do, id) is None


def test_a_lead_writes_the_place_and_an_own_number(desk: Desk) -> None:
    assert desk.ask("branch.save", id="place", version=0, body=PLACE).ok
    assert desk.ask("contact.save", id="hospital", version=1, body=WARD).ok
    assert desk.ask("contact.save", "g01", id="hospital", body=WARD).reason == "not_allowed"
    desk.restart()
    assert desk.reader.record("contact", "hospital").body.number == WARD["number"]


# --- what staff see ---


def test_what_staff_see_is_kept_and_logged(desk: Desk) -> None:
    id = incident(desk)
    facts = {"age": 78, "conscious": "no", "breathing": "unclear", "what": "lies at the counter"}
    assert desk.ask("outside.report", "g01", id=id, version=0, body=facts).ok
    record = desk.reader.record("outside", id)
    assert (record.body.age, record.body.conscious, record.incident_id) == (78, "no", id)
    entry = desk.reader.log(id)[-1]
    assert (entry.event, entry.by, entry.detail) == ("outside_reported", "g01", facts)


def test_the_second_of_two_reporters_is_told(desk: Desk) -> None:
    id = incident(desk)
    assert desk.ask("outside.report", "g01", id=id, version=0, body={"age": 78}).ok
    second = desk.ask("outside.report", "s01", id=id, version=0, body={"age": 60})
    assert (second.reason, second.version) == ("changed_meanwhile", 1)
    blind = desk.ask("outside.report", "s01", id=id, body={"age": 60})
    assert (blind.reason, blind.version) == ("version_needed", 1)
    assert desk.reader.record("outside", id).body.age == 78


@pytest.mark.parametrize(
    ("body", "field"), [({"age": 131}, "age"), ({"conscious": "maybe"}, "conscious")]
)
def test_a_report_that_cannot_be_is_named(desk: Desk, body, field) -> None:
    result = desk.ask("outside.report", "g01", id=incident(desk), body=body)
    assert (field, "unreadable") in faults(result)


def test_only_open_incidents_are_reported(desk: Desk) -> None:
    assert desk.ask("outside.report", "g01", id="none").reason == "unknown_incident"


# --- calls ---


def call(desk: Desk, id: str, contact: str = "ambulance", by: str = "g01", **body: Any) -> Any:
    return desk.ask("outside.called", by, id=id, body={"contact": contact} | body)


def test_a_call_is_kept_with_number_words_name_and_time(desk: Desk) -> None:
    id = incident(desk)
    assert call(desk, id, said="they come in 8 minutes").ok
    (record,) = desk.reader.records("outside_call")
    body = record.body
    assert (body.contact, body.number, body.called_by) == ("ambulance", "120", "g01")
    entry = next(e for e in desk.reader.log(id) if e.event == "outside_called")
    assert (entry.by, entry.detail["number"]) == ("g01", "120")
    assert entry.detail["said"] == "they come in 8 minutes"


def test_calling_the_ambulance_ticks_its_step_and_sends_a_guard_to_the_door(desk: Desk) -> None:
    id = incident(desk)
    desk.clock.move(30)
    call(desk, id)
    body = the_list(desk)
    assert (body.ticks["call_120"].by, body.ticks["call_120"].how) == ("g01", "called")
    guard = body.steps[-1]
    assert (guard.id, guard.role, guard.within_s) == ("after_ambulance", "security", 120)
    desk.clock.move(119)
    desk.handle()
    assert "after_ambulance" not in the_list(desk).overdue
    desk.clock.move(2)
    desk.handle()
    assert "after_ambulance" in the_list(desk).overdue


def test_without_a_situation_the_call_makes_a_list_of_its_own(desk: Desk) -> None:
    id = incident(desk, None)
    call(desk, id)
    assert [step.id for step in the_list(desk).steps] == ["after_ambulance"]
    tick = {"step": "after_ambulance"}
    made = desk.reader.records("checklist")[-1].id
    assert desk.ask("checklist.tick", "s01", id=made, body=tick).ok
    desk.handle(desk.acted("situation", situation="fall"))
    body = the_list(desk)
    assert body.playbook == "fall"
    assert body.ticks["after_ambulance"].by == "s01", "the guard stands there already"


def test_a_second_call_to_the_same_sends_no_second_guard(desk: Desk) -> None:
    id = incident(desk)
    call(desk, id)
    assert call(desk, id, by="l01").ok
    assert [step.id for step in the_list(desk).steps].count("after_ambulance") == 1
    assert len(desk.reader.records("outside_call")) == 2


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"contact": "nobody"}, ("contact", "unknown_contact")),
        ({"contact": "hospital"}, ("number", "missing")),
        ({"contact": "hospital", "number": "12x"}, ("number", "bad_phone")),
        ({}, ("contact", "unreadable")),
    ],
)
def test_a_call_that_cannot_be_is_named(desk: Desk, body, fault) -> None:
    id = incident(desk)
    result = desk.ask("outside.called", "g01", id=id, body=body)
    assert fault in faults(result)
    assert desk.reader.records("outside_call") == []


def test_a_call_is_open_until_they_have_come_even_after_the_close(desk: Desk) -> None:
    id = incident(desk)
    call(desk, id)
    desk.handle(desk.acted("close", outcome="ambulance"))
    (record,) = desk.reader.records("outside_call")
    assert desk.ask("outside.over", "s01", id=record.id, body={"how": "arrived"}).ok
    assert desk.reader.records("outside_call") == []
    after = desk.reader.record("outside_call", record.id).body
    assert (after.over, after.over_by) == ("arrived", "s01")
    assert desk.ask("outside.over", "s01", id=record.id).reason == "unknown_record"


def test_nobody_is_on_their_way_after_a_call_for_advice(desk: Desk) -> None:
    call(desk, incident(desk), "hospital", number="010-6666")
    assert desk.reader.records("outside_call") == []


def test_a_call_after_the_close_is_written_down_too(desk: Desk) -> None:
    id = incident(desk, "fall")
    desk.handle(desk.acted("close", outcome="helped"))
    assert call(desk, id, "insurer", "l01", number="95518").ok
    assert the_list(desk).ticks["insurer"].how == "called"
