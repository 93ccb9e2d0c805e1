"""The branch's desk through the gateway's loop: what is planned, by whom, and what it changes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from gateway_kit import Desk, with_channels

from gateway.channels.notice import Notice
from gateway.config import ChannelSettings
from gateway.desk.record import Record
from gateway.desk.team import Post
from gateway.errors import StoreError
from gateway.store import Work, Writer
from protocol.messages import Request

SHIFT = {"staff": "g01", "days": ["mon"], "starts": "08:00", "ends": "17:00"}
HASH = f"pbkdf2:sha256:1000$salt${'0' * 64}"
AIDER = {"what": "first_aid", "expires": "2030-01-01"}
NURSE = {"name": "Zhou Li", "roles": ["first_aid"], "duty": "always"}


def faults_of(result: Any) -> dict[str, str]:
    return {fault.field: fault.name for fault in result.faults}


# --- writing plans ---


def test_what_a_lead_saves_is_kept_logged_and_answered_with_its_version(desk: Desk) -> None:
    result = desk.ask("shift.save", body=SHIFT)
    assert (result.ok, result.version) == (True, 1)
    record = desk.reader.record("shift", result.id)
    assert (record.body.staff, record.by, record.version) == ("g01", "l01", 1)
    entry = desk.reader.log()[-1]
    assert (entry.event, entry.by, entry.detail["kind"]) == ("saved", "l01", "shift")
    assert entry.detail["body"]["days"] == ["mon"]


def test_the_second_of_two_editors_is_told_and_nothing_is_overwritten(desk: Desk) -> None:
    made = desk.ask("shift.save", body=SHIFT)
    first = desk.ask("shift.save", id=made.id, version=1, body=SHIFT | {"ends": "18:00"})
    second = desk.ask("shift.save", id=made.id, version=1, body=SHIFT | {"ends": "12:00"})
    assert (first.ok, first.version) == (True, 2)
    assert (second.ok, second.reason, second.version) == (False, "changed_meanwhile", 2)
    assert desk.reader.record("shift", made.id).body.ends == "18:00"


@pytest.mark.parametrize("do", ["shift.save", "shift.retire"])
def test_who_does_not_say_what_they_saw_replaces_nothing_of_anothers(desk: Desk, do: str) -> None:
    assert desk.ask("staff.save", id="l02", body={"name": "L", "roles": ["lead"]}).ok
    made = desk.ask("shift.save", "l02", body=SHIFT)
    before = desk.reader.record("shift", made.id)
    blind = desk.ask(do, "l01", id=made.id, version=None, body=SHIFT | {"ends": "12:00"})
    assert (blind.reason, blind.version) == ("version_needed", 1)
    assert desk.reader.record("shift", made.id) == before
    assert desk.ask(do, "l02", id=made.id, version=None, body=SHIFT).ok, "it is their own"


def test_who_saw_somebody_that_is_gone_does_not_overwrite_who_came_under_the_same_id(
    desk: Desk,
) -> None:
    """An id that is used again goes on counting, so that an old form is known as old."""
    assert desk.ask("staff.save", id="n01", body=NURSE).version == 1
    assert desk.ask("staff.retire", id="n01", version=1).ok
    other = desk.ask("staff.save", id="n01", version=0, body=NURSE | {"name": "Somebody else"})
    assert (other.ok, other.version) == (True, 3)
    desk.restart()
    old_form = desk.ask("staff.save", id="n01", version=1, body=NURSE)
    assert (old_form.reason, old_form.version) == ("changed_meanwhile", 3)
    assert desk.reader.record("staff", "n01").body.name == "Somebody else"


def test_a_request_is_taken_once_and_answered_each_time(desk: Desk) -> None:
    first = desk.ask("shift.save", request_id="same", body=SHIFT)
    desk.restart()
    second = desk.ask("shift.save", request_id="same", body=SHIFT)
    assert (second.ok, second.id, second.version) == (True, first.id, 1)
    assert len(desk.reader.records("shift")) == 1
    assert desk.events().count("saved") == 1


def test_requests_whose_ids_begin_alike_make_two_records(desk: Desk) -> None:
    ids = ["kiosk-branch-0001", "kiosk-branch-0002", "a/b ?#%"]
    body = {"what": "ring", "due": "2030-01-01"}
    made = [desk.ask("followup.add", request_id=one, body=body) for one in ids]
    assert len({one.id for one in made}) == len(desk.reader.records("followup")) == 3
    assert all(re.fullmatch("followup-[0-9a-f]{16}", one.id) for one in made)


def test_an_id_that_is_taken_is_named_to_whoever_writes_a_new_one(desk: Desk) -> None:
    again = desk.ask("staff.save", id="g01", version=0, body=NURSE)
    assert (again.reason, faults_of(again)) == ("changed_meanwhile", {"id": "taken"})


def test_what_is_retired_is_kept_and_counts_no_more(desk: Desk) -> None:
    made = desk.ask("shift.save", body=SHIFT)
    assert desk.ask("shift.retire", id=made.id, version=1).ok
    assert desk.reader.records("shift") == []
    assert desk.reader.record("shift", made.id).is_open is False
    assert desk.ask("shift.retire", id=made.id).reason == "unknown_record"


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"do": "shift.save", "by": "g01", "body": SHIFT}, "not_allowed"),
        ({"do": "shift.save", "by": "nobody", "body": SHIFT}, "unknown_staff"),
        ({"do": "shift.dance", "by": "l01"}, "unknown_request"),
        ({"do": "shift.retire", "by": "l01", "id": "none"}, "unknown_record"),
        ({"do": "duty.off", "by": "g01", "id": "s01"}, "not_allowed"),
        ({"do": "duty.off", "by": "l01", "id": "none"}, "unknown_record"),
        ({"do": "pin.save", "by": "g01", "id": "s01", "body": {"hash": "x$y$z"}}, "not_allowed"),
    ],
)
def test_a_refusal_has_a_name_and_leaves_no_trace(desk: Desk, request_, reason) -> None:
    result = desk.ask(**request_)
    assert (result.ok, result.reason) == (False, reason)
    assert desk.events() == []


def pause(starts: str, ends: str) -> dict[str, str]:
    return {"starts": starts, "ends": ends}


@pytest.mark.parametrize(
    ("do", "body", "fault"),
    [
        ("shift.save", SHIFT | {"staff": "ghost"}, ("staff", "unknown_staff")),
        ("shift.save", SHIFT | {"days": []}, ("days", "empty")),
        ("shift.save", SHIFT | {"days": ["noday"]}, ("days[0]", "unreadable")),
        ("shift.save", SHIFT | {"starts": "25:00"}, ("starts", "unreadable")),
        ("shift.save", SHIFT | {"ends": "08:00"}, ("ends", "same_as_start")),
        ("shift.save", SHIFT | {"post": "moon"}, ("post", "unknown_post")),
        ("shift.save", SHIFT | {"first": "2026-02-30"}, ("first", "no_such_day")),
        (
            "shift.save",
            SHIFT | {"first": "2026-03-02", "last": "2026-03-01"},
            ("last", "before_first"),
        ),
        (
            "shift.save",
            SHIFT | {"breaks": [{"starts": "07:00", "ends": "07:30"}]},
            ("breaks[0]", "outside_shift"),
        ),
        (
            "shift.save",
            SHIFT | {"breaks": [pause("12:00", "13:00"), pause("12:30", "13:30")]},
            ("breaks[1]", "breaks_meet"),
        ),
        (
            "shift.save",
            SHIFT | {"breaks": [pause("08:00", "12:00"), pause("12:00", "17:00")]},
            ("breaks", "nothing_left"),
        ),
        ("shift.save", SHIFT | {"every_weeks": 2}, ("first", "missing")),
        (
            "exception.save",
            {"staff": "g01", "what": "away", "first": "2020-01-01", "last": "2020-01-02"},
            ("last", "in_the_past"),
        ),
        ("staff.save", NURSE | {"phone": "12x4y"}, ("phone", "bad_phone")),
        ("staff.save", NURSE | {"roles": []}, ("roles", "empty")),
        ("staff.save", NURSE | {"roles": ["security", "security"]}, ("roles", "twice")),
        ("staff.save", NURSE | {"name": "   "}, ("name", "unreadable")),
        ("staff.save", NURSE | {"name": "\u200b"}, ("name", "unreadable")),
        (
            "staff.save",
            NURSE | {"certificates": [{"what": "first_aid", "expires": "2020-01-01"}]},
            ("certificates[0].expires", "in_the_past"),
        ),
        ("staff.save", NURSE | {"phone": "11"}, ("phone", "bad_phone")),
        (
            "staff.save",
            NURSE | {"certificates": [AIDER, AIDER | {"expires": "2030-01-02"}]},
            ("certificates[1].what", "twice"),
        ),
        ("staff.save", NURSE | {"phone": "1" * 19}, ("phone", "bad_phone")),
        ("pin.save", {"hash": ""}, ("hash", "unreadable")),
        ("pin.save", {"hash": "1234"}, ("hash", "no_hash")),
        ("pin.save", {"hash": HASH.replace("1000", "999999999")}, ("hash", "no_hash")),
    ],
)
def test_bad_input_is_named_at_its_field_and_nothing_is_half_saved(
    desk: Desk, do, body, fault
) -> None:
    result = desk.ask(do, id="x-1", body=body)
    assert (result.ok, result.reason) == (False, "wrong_fields")
    assert fault in faults_of(result).items()
    assert desk.reader.record(do.removesuffix(".save"), "x-1") is None


ILL = {"staff": "g01", "what": "away", "first": "2026-12-01", "last": "2026-12-02"}
RULE = {"zh": "送花", "en": "Flowers", "after_h": 5, "outcomes": ["helped"]}
POLICY = {"kinds": ["call"], "steps": [{"after_s": 0, "tell": "kind"}]}
PLANS = {
    "shift": SHIFT,
    "post": {"name": "Desk"},
    "exception": ILL,
    "policy": POLICY,
    "followup_rule": RULE,
    "staff": NURSE,
    "playbook": {},
}


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("id", ["x/y?z", "A b/../é", "Ab", "-a", "_a", ".", "a" * 33, "new", "a\n"])
def test_an_id_that_leads_to_no_page_is_refused(desk: Desk, kind, id) -> None:
    result = desk.ask(f"{kind}.save", id=id, body=PLANS[kind])
    assert faults_of(result)["id"] == "bad_id"
    assert desk.reader.record(kind, id) is None


@pytest.mark.parametrize(
    ("kind", "id"),
    [
        *((kind, f"{kind}-0123456789abcdef") for kind in ("shift", "exception", "followup_rule")),
        ("followup_rule", "sudden_illness"),
        ("post", "desk-1"),
        ("policy", "default"),
    ],
)
def test_an_id_as_the_gateway_and_the_house_make_them_is_taken(desk: Desk, kind, id) -> None:
    body = PLANS[kind] | ({"kinds": []} if id == "default" else {})
    assert desk.ask(f"{kind}.save", id=id, body=body).ok


def test_an_id_that_shifts_are_to_name_has_no_underscore(desk: Desk) -> None:
    result = desk.ask("post.save", id="guide_desk", body=PLANS["post"])
    assert faults_of(result) == {"id": "bad_id"}


def test_a_plan_of_before_with_an_odd_id_can_still_be_changed_and_retired(desk: Desk) -> None:
    odd = Record(kind="post", id="A b/../é", body=Post(name="Desk"), by="l01")
    desk.writer.commit(Work(records={("post", odd.id): odd}))
    desk.restart()
    assert desk.ask("post.save", id=odd.id, body={"name": "Guide"}).ok
    assert desk.ask("post.retire", id=odd.id).ok
    assert desk.reader.records("post") == []


@pytest.mark.parametrize(
    ("do", "body"),
    [("walk_rule.save", {"days": 3}), ("private_rule.save", {"max_days": 7}), ("hours.save", {})],
)
@pytest.mark.parametrize("id", ["zz", ""])
def test_what_is_read_under_one_id_is_written_under_that(desk: Desk, do, body, id) -> None:
    result = desk.ask(do, id=id, body=body)
    assert [(one.field, one.name, one.detail) for one in result.faults] == [
        ("id", "bad_id", "branch")
    ]
    assert desk.ask(do, id="branch", body=body).ok


def test_every_fault_of_a_body_is_named_at_once(desk: Desk) -> None:
    body = SHIFT | {"staff": "ghost", "days": [], "ends": "08:00"}
    found = desk.ask("shift.save", body=body)
    assert faults_of(found).keys() == {"staff", "days", "ends"}


def test_a_shift_that_is_over_or_never_comes_is_refused(desk: Desk) -> None:
    # It is 2026-11-18, a Wednesday.
    over = desk.ask("shift.save", id="x", body=SHIFT | {"last": "2026-11-17"})
    assert faults_of(over) == {"last": "in_the_past"}
    days = {"first": "2026-11-25", "last": "2026-11-29"}  # a Wednesday to a Sunday
    assert faults_of(desk.ask("shift.save", id="x", body=SHIFT | days)) == {"days": "never_comes"}
    weeks = {"first": "2026-11-25", "last": "2026-12-06", "every_weeks": 2}
    assert faults_of(desk.ask("shift.save", id="x", body=SHIFT | weeks)) == {"days": "never_comes"}
    assert desk.ask("shift.save", id="x", body=SHIFT | days | {"last": "2026-11-30"}).ok
    desk.clock.move(30 * 24 * 3600)
    body = SHIFT | days | {"last": "2026-11-30", "ends": "18:00"}
    assert desk.ask("shift.save", id="x", body=body).ok, "it was right when it was planned"


def test_a_roster_that_overlaps_is_named_with_the_day_hours_and_post_of_the_other_shift(
    desk: Desk,
) -> None:
    assert desk.ask("post.save", id="guide", body={"name": "Guide's desk"}).ok
    assert desk.ask("shift.save", body=SHIFT | {"post": "guide"}).ok
    again = desk.ask("shift.save", body=SHIFT | {"starts": "16:59", "ends": "20:00"})
    assert faults_of(again) == {"starts": "overlaps"}
    assert again.faults[0].detail == "mon 08:00-17:00, Guide's desk"
    assert desk.ask("shift.save", body=SHIFT | {"starts": "17:00", "ends": "20:00"}).ok


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_nobody_can_reckon_with_is_none(desk: Desk, day: str) -> None:
    body = SHIFT | {"first": day}
    assert faults_of(desk.ask("shift.save", id="x", body=body)) == {"first": "no_such_day"}
    body = {"staff": "g01", "what": "away", "first": day, "last": day}
    found = desk.ask("exception.save", id="x", body=body)
    assert {one.name for one in found.faults} == {"no_such_day"}


AWAY = {"staff": "g01", "what": "away", "first": "2026-11-23", "last": "2026-11-27"}
BESIDES = {"staff": "g01", "what": "extra", "first": "2026-11-25", "last": "2026-11-25"}
MORNING = {"starts": "09:00", "ends": "12:00"}


@pytest.mark.parametrize(
    ("there", "new", "day"),
    [
        (AWAY, BESIDES | MORNING, "2026-11-25"),
        (BESIDES | MORNING, AWAY, "2026-11-25"),
        (AWAY | {"starts": "08:00", "ends": "13:00"}, BESIDES | MORNING, "2026-11-25"),
        (AWAY | {"starts": "10:00", "ends": "13:00"}, BESIDES | MORNING, None),
        (AWAY | {"last": "2026-11-24"}, BESIDES | MORNING, None),
        (AWAY, BESIDES | MORNING | {"staff": "s01"}, None),
    ],
)
def test_nobody_is_away_and_there_besides_at_once(desk: Desk, there, new, day) -> None:
    assert desk.ask("exception.save", id="there", body=there).ok
    found = desk.ask("exception.save", id="fresh", body=new)
    named = [(one.field, one.name, one.detail) for one in found.faults]
    assert named == ([("first", "contradicts", day)] if day else [])
    assert desk.ask("exception.save", id="there", body=there).ok, "it is not against itself"


EXTRA = {"staff": "g01", "what": "extra", "first": "2026-12-07", "last": "2026-12-07"}
TEN_TO_TWELVE = {"starts": "10:00", "ends": "12:00"}


@pytest.mark.parametrize(
    ("there", "new", "fault"),
    [
        (EXTRA, EXTRA, ("first", "overlaps", "2026-12-07")),
        (
            EXTRA | TEN_TO_TWELVE,
            EXTRA | {"starts": "11:00", "ends": "13:00"},
            ("starts", "overlaps", "2026-12-07 10:00-12:00"),
        ),
        (EXTRA | TEN_TO_TWELVE, EXTRA | {"starts": "12:00", "ends": "13:00"}, None),
        (
            ILL | {"last": "2026-12-05"},
            ILL | {"first": "2026-12-05", "last": "2026-12-09"},
            ("first", "away_already", "2026-12-01 … 2026-12-05"),
        ),
        (ILL, ILL | {"first": "2026-12-03", "last": "2026-12-09"}, None),
        (ILL, ILL | {"staff": "s01"}, None),
    ],
)
def test_what_is_not_as_planned_is_said_once(desk: Desk, there, new, fault) -> None:
    assert desk.ask("exception.save", id="there", body=there).ok
    found = desk.ask("exception.save", id="fresh", body=new)
    assert [(one.field, one.name, one.detail) for one in found.faults] == ([fault] if fault else [])
    assert desk.ask("exception.save", id="there", body=there | {"reason": "ill"}).ok


@pytest.mark.parametrize(
    ("new", "adds"),
    [
        (TEN_TO_TWELVE, False),
        ({"starts": "16:00", "ends": "18:00"}, True),
        ({"starts": "12:00", "ends": "13:00"}, True),  # its break
        (TEN_TO_TWELVE | {"last": "2026-12-08"}, True),  # no shift on Tuesday
        ({}, True),
    ],
)
def test_a_time_besides_adds_something_to_the_shifts(desk: Desk, new, adds) -> None:
    assert desk.ask("post.save", id="guide", body={"name": "Guide's desk"}).ok
    shift = SHIFT | {"post": "guide", "breaks": [pause("12:00", "13:00")]}
    assert desk.ask("shift.save", body=shift).ok
    found = desk.ask("exception.save", body=EXTRA | new)
    fault = ("starts", "overlaps", "mon 08:00-17:00, Guide's desk")
    assert [(one.field, one.name, one.detail) for one in found.faults] == ([] if adds else [fault])


def test_an_exception_of_years_or_of_no_time_is_refused(desk: Desk) -> None:
    long = desk.ask("exception.save", body=AWAY | {"last": "2036-11-27"})
    assert faults_of(long) == {"last": "too_late"}
    never = desk.ask("exception.save", body=AWAY | {"starts": "09:00", "ends": "09:00"})
    assert faults_of(never) == {"ends": "same_as_start"}


def test_a_night_that_reaches_into_a_shift_is_named_by_the_day_it_begins_on(desk: Desk) -> None:
    night = SHIFT | {"days": ["sun"], "starts": "22:00", "ends": "08:30"}
    assert desk.ask("shift.save", body=night).ok
    again = desk.ask("shift.save", body=SHIFT)
    assert again.faults[0].detail == "sun 22:00-08:30"


def test_the_last_who_may_change_plans_stays(desk: Desk) -> None:
    for result in (
        desk.ask("staff.retire", id="l01"),
        desk.ask("staff.save", id="l01", body={"name": "l01", "roles": ["security"]}),
    ):
        assert faults_of(result) == {"roles": "last_lead"} or result.faults[0].name == "last_lead"
    assert desk.ask("staff.save", id="l02", body={"name": "Second", "roles": ["admin"]}).ok
    assert desk.ask("staff.retire", id="l01").ok


SECOND = {"name": "Second", "roles": ["lead"], "duty": "never"}


def test_the_last_lead_who_can_sign_in_stays(desk: Desk) -> None:
    assert desk.ask("pin.save", "l01", id="l01", body={"hash": HASH}).ok
    assert desk.ask("staff.save", id="l02", body=SECOND).ok, "who has no PIN"
    for result in (
        desk.ask("pin.retire", id="l01", version=None),
        desk.ask("staff.retire", id="l01"),
        desk.ask("staff.save", id="l01", body={"name": "l01", "roles": ["security"]}),
    ):
        assert [one.name for one in result.faults] == ["last_lead"]
    assert desk.ask("pin.save", id="l02", body={"hash": HASH}).ok
    assert desk.ask("pin.retire", id="l01", version=None).ok
    assert desk.ask("staff.retire", id="l01").ok


def test_a_branch_without_any_pin_of_a_lead_yet_is_set_up_freely(desk: Desk) -> None:
    assert desk.ask("pin.save", "g01", id="g01", body={"hash": HASH}).ok
    assert desk.ask("staff.save", id="l02", body=SECOND).ok
    assert desk.ask("staff.retire", id="l01").ok
    assert desk.ask("pin.retire", "l02", id="g01", version=None).ok, "no lead's"


# --- PINs ---


def test_a_pin_is_nobodys_to_read_and_ones_own_to_change(desk: Desk) -> None:
    assert desk.ask("pin.save", "g01", id="g01", body={"hash": HASH}).ok
    entry = desk.reader.log()[-1]
    assert (entry.event, entry.detail) == ("saved", {"kind": "pin", "id": "g01", "version": 1})
    [record] = [one for one in desk.reader.staff() if one.staff == "g01"]
    assert record.pin_hash == HASH


# --- what the configuration says ---


def test_the_file_speaks_until_a_person_does(desk: Desk) -> None:
    assert desk.ask("staff.save", id="g01", body={"name": "Renamed", "roles": ["security"]}).ok
    staying = [one for one in desk.config.staff if one.id != "s01"]
    desk.config = replace(desk.config, staff=staying)
    desk.restart()
    names = {one.staff: one.name for one in desk.reader.staff()}
    assert names["g01"] == "Renamed", "a person has spoken"
    assert "s01" not in names, "the file alone had named them, and names them no more"


def test_who_leaves_takes_along_what_was_theirs(desk: Desk) -> None:
    assert desk.ask("shift.save", id="theirs", body=SHIFT).ok
    assert desk.ask("shift.save", id="anothers", body=SHIFT | {"staff": "s01"}).ok
    assert desk.ask("exception.save", id="day", body=AWAY).ok
    assert desk.ask("pin.save", id="g01", body={"hash": HASH}).ok
    assert desk.ask("duty.on", "g01").ok
    assert desk.ask("staff.retire", id="g01").ok
    left = {kind: [one.id for one in desk.reader.records(kind)] for kind in ("shift", "exception")}
    assert left == {"shift": ["anothers"], "exception": []}
    assert desk.ask("staff.save", id="g01", body=NURSE).ok
    assert [desk.reader.record(kind, "g01").is_open for kind in ("pin", "duty")] == [False, False]
    assert desk.events().count("retired") == 5


def test_what_somebody_who_leaves_had_to_do_is_a_leads_and_never_a_namesakes(desk: Desk) -> None:
    todo = {"what": "Ring the family", "due": "2026-12-01", "owner": "g01"}
    id = desk.ask("followup.add", body=todo).id
    gone = desk.ask("staff.retire", id="g01")
    assert [(one.name, one.detail) for one in gone.faults] == [("followups_given", "l01: 1")]
    assert desk.ask("staff.save", id="g01", body=NURSE).ok
    record = desk.reader.record("followup", id)
    assert (record.body.owner, record.is_open, record.version) == ("l01", True, 2)
    given = [one for one in desk.reader.log() if one.event == "followup_given"]
    assert [(one.by, one.detail["id"], one.detail["to"]) for one in given] == [("l01", id, "l01")]


def test_a_lead_who_leaves_leaves_it_to_another(desk: Desk) -> None:
    assert desk.ask("staff.save", id="l02", body=NURSE | {"roles": ["lead"], "duty": "never"}).ok
    id = desk.ask("followup.add", body={"what": "Order gloves", "due": "2026-12-01"}).id
    assert desk.ask("staff.retire", id="l01").ok
    assert desk.reader.record("followup", id).body.owner == "l02"


def test_who_was_retired_on_a_page_stays_so_whatever_the_file_says(desk: Desk) -> None:
    assert desk.ask("staff.retire", id="s01").ok
    desk.restart()
    assert "s01" not in {one.staff for one in desk.reader.staff()}


def test_a_changed_file_is_taken_over_at_the_next_start(desk: Desk) -> None:
    hash_ = [one.pin_hash for one in desk.config.staff]
    assert hash_ == [""] * len(hash_)
    before = desk.reader.record("staff", "g01")
    desk.restart()
    assert desk.reader.record("staff", "g01") == before, "and an unchanged one changes nothing"


# --- what it changes ---


PHONES = with_channels(
    ChannelSettings(name="guards", url="json://127.0.0.1", roles=["security"], canary_every_s=0),
    ChannelSettings(name="aiders", url="json://127.0.0.1", roles=["first_aid"], canary_every_s=0),
)


@pytest.fixture
def phones(path) -> Any:
    desk = Desk(path, **PHONES).start()
    yield desk
    desk.stop()


def told(desk: Desk) -> dict[str, list[Notice]]:
    return {name: sender.notices for name, sender in desk.senders.items()}


def test_who_signs_out_is_not_called(phones: Desk) -> None:
    assert phones.ask("duty.off", "s01").ok
    phones.handle(phones.pressed(what="held"))
    assert told(phones)["guards"] == []
    assert told(phones)["aiders"], "the others are"


def test_who_signs_in_again_is_called(phones: Desk) -> None:
    phones.ask("duty.off", "s01")
    phones.ask("duty.on", "s01")
    phones.handle(phones.pressed(what="held"))
    assert told(phones)["guards"]


def test_who_signs_in_just_before_the_gateway_dies_is_still_told_of_the_open_call(
    phones: Desk,
) -> None:
    phones.ask("duty.off", "s01")
    phones.handle(phones.pressed(what="held"))
    phones.ask("duty.on", "s01")
    phones.restart()
    phones.handle()
    assert [one.why for one in told(phones)["guards"]] == ["needed"]
    phones.restart()
    phones.handle()
    assert phones.events().count("needed") == 1, "and only once"


def test_whoever_owns_a_call_hands_it_over_before_signing_out(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("accept", "g01"))
    for by in ("g01", "l01"):
        result = desk.ask("duty.off", by, id="g01")
        assert (result.reason, result.faults[0].name) == ("owns_incident", "owns_incident")
    desk.handle(desk.acted("handover", "g01", to="s01"))
    assert desk.ask("duty.off", "g01").ok


def test_what_the_file_says_no_more_and_then_again_is_back(path) -> None:
    """Taken out and put back as it was: somebody of the staff, a channel, the board's address."""
    chat = ChannelSettings(name="chat", url="json://x", canary_every_s=0)
    whole = Desk(path, channels=[chat], board_url="https://b.example").start()
    config = whole.config
    whole.stop()
    less = Desk(path).start()
    less.config = replace(
        config, staff=[one for one in config.staff if one.id != "g01"], channels=[], board_url=None
    )
    less.restart()
    assert less.reader.record("staff", "g01").is_open is False
    less.stop()
    again = Desk(path, channels=[chat], board_url="https://b.example").start()
    assert again.reader.record("staff", "g01").is_open
    assert [one.id for one in again.reader.records("channel")] == ["chat"]
    assert again.loop._desk.board_url == "https://b.example"
    again.stop()


def test_who_is_taken_out_of_the_file_takes_along_what_was_theirs(desk: Desk) -> None:
    address = {"staff": "g01", "kind": "webhook", "url": "http://127.0.0.1:9/"}
    assert desk.ask("address.save", id="g01-1", body=address).ok
    due = {"what": "ring", "due": "2027-01-01"}
    made = desk.ask("followup.add", "g01", body=due)
    desk.config = replace(desk.config, staff=[one for one in desk.config.staff if one.id != "g01"])
    desk.restart()
    assert desk.reader.record("address", "g01-1").is_open is False
    assert desk.reader.record("followup", made.id).body.owner != "g01"


def test_a_hand_over_that_was_refused_is_granted_by_another_touch_and_by_no_copy(
    desk: Desk,
) -> None:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("accept", "g01"))
    hand_over = {"to": "o01", "action_id": "same"}
    desk.handle(desk.acted("handover", "g01", **hand_over))
    assert desk.ask("duty.on", "o01").ok
    desk.handle(desk.acted("handover", "g01", **hand_over))
    assert desk.link.sent("terminal/board/result")[-1].reason == "recipient_off_duty"
    desk.handle(desk.acted("handover", "g01", to="o01"))
    assert desk.incident().owner == "o01"


def test_as_planned_takes_no_owner_off_their_call_either(desk: Desk) -> None:
    body = {"name": "g01", "roles": ["customer_service"], "duty": "plan"}
    assert desk.ask("staff.save", id="g01", body=body).ok
    assert desk.ask("duty.on", "g01").ok
    desk.handle(desk.pressed())
    desk.handle(desk.acted("accept", "g01"))
    assert desk.ask("duty.plan", "g01").reason == "owns_incident", "no shift: off duty at once"
    assert desk.ask("staff.save", id="g01", body=body | {"duty": "always"}).ok
    assert desk.ask("duty.plan", "g01").ok, "as planned they are there"


def test_who_comes_when_nobody_was_there_is_told_of_the_open_call(phones: Desk) -> None:
    for staff in on_duty(phones):
        assert phones.ask("duty.off", staff).ok
    phones.handle(phones.pressed(what="held"))
    assert told(phones)["guards"] == []
    phones.ask("duty.on", "s01")
    phones.handle()
    assert [one.why for one in told(phones)["guards"]] == ["needed"]


def test_signing_out_lasts_until_the_next_shift_begins(desk: Desk) -> None:
    # The clock stands at a Saturday morning in Shanghai; the shift begins every day at noon.
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    body = {"staff": "g01", "days": every_day, "starts": "12:00", "ends": "20:00"}
    desk.ask("staff.save", id="g01", body={"name": "g01", "roles": ["security"], "duty": "plan"})
    assert desk.ask("shift.save", body=body).ok
    desk.ask("duty.off", "g01")
    record = desk.reader.record("duty", "g01")
    wait_s = (record.due.ms - desk.clock().utc_ms) / 1000
    assert 0 < wait_s <= 24 * 3600
    desk.clock.move(wait_s - 1)
    desk.handle()
    assert "g01" not in on_duty(desk)
    desk.clock.move(2)
    desk.handle()
    assert "g01" in on_duty(desk)
    assert desk.reader.record("duty", "g01").is_open is False


EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OPENS = {"week": [{"days": EVERY_DAY, "opens": "08:30", "closes": "17:00"}]}


@pytest.mark.parametrize(("hours", "expected"), [(None, "00:00"), (OPENS, "08:30")])
def test_whoever_is_always_on_duty_and_signs_out_is_called_again_tomorrow(
    desk: Desk, hours: dict[str, Any] | None, expected: str
) -> None:
    if hours:
        assert desk.ask("hours.save", id="branch", body=hours).ok
    today = desk.loop._desk.world({}, desk.clock()).local
    assert desk.ask("duty.off", "g01").ok
    wait_s = (desk.reader.record("duty", "g01").due.ms - desk.clock().utc_ms) / 1000
    again = today + timedelta(seconds=wait_s)
    assert (again.date() - today.date(), f"{again:%H:%M}") == (timedelta(days=1), expected)
    desk.clock.move(wait_s - 1)
    desk.handle()
    assert "g01" not in on_duty(desk)
    desk.clock.move(2)
    desk.handle()
    assert "g01" in on_duty(desk)


def test_signing_out_leaves_nobody_out_of_a_shift_that_is_planned_later(desk: Desk) -> None:
    desk.ask("staff.save", id="g01", body={"name": "g01", "roles": ["security"], "duty": "plan"})
    desk.ask("duty.off", "g01")
    shift = {"staff": "g01", "days": EVERY_DAY, "starts": "00:00", "ends": "23:59"}
    assert desk.ask("shift.save", body=shift).ok
    desk.clock.move(24 * 3600 + 1)
    desk.handle()
    assert "g01" in on_duty(desk)


def test_a_day_besides_ends_signing_out(desk: Desk) -> None:
    desk.ask("staff.save", id="g01", body={"name": "g01", "roles": ["security"], "duty": "plan"})
    day = (desk.loop._desk.world({}, desk.clock()).local + timedelta(days=1)).date().isoformat()
    body = {"staff": "g01", "what": "extra", "first": day, "last": day}
    assert desk.ask("exception.save", body=body | {"starts": "05:00", "ends": "09:00"}).ok
    desk.ask("duty.off", "g01")
    wait_s = (desk.reader.record("duty", "g01").due.ms - desk.clock().utc_ms) / 1000
    desk.clock.move(wait_s + 1)
    desk.handle()
    assert wait_s < 24 * 3600 and "g01" in on_duty(desk)


@pytest.mark.parametrize("duty", ["plan", "sign_in", "always", "never"])
def test_a_shift_that_changes_nothing_is_planned_and_named(desk: Desk, duty: str) -> None:
    body = {"name": "Guard", "roles": ["security"], "duty": duty}
    assert desk.ask("staff.save", id="g01", body=body).ok
    made = desk.ask("shift.save", body=SHIFT)
    named = [(one.field, one.name, one.detail) for one in made.faults]
    assert made.ok
    assert named == ([] if duty == "plan" else [("staff", "shift_not_followed", "Guard")])


@pytest.mark.parametrize(
    ("roles", "lacking"),
    [
        (["security"], "customer_service, first_aid"),
        (["security", "customer_service", "first_aid"], "first_aid"),
    ],
)
def test_a_post_whose_holder_does_not_cover_it_is_planned_and_named(
    desk: Desk, roles: list[str], lacking: str
) -> None:
    """Whose certificate has expired, or was never there, covers no first aid."""
    assert desk.ask("staff.save", id="g01", body={"name": "Guard", "roles": roles}).ok
    post = {"name": "Guide", "roles": ["customer_service", "first_aid"]}
    assert desk.ask("post.save", id="guide", body=post).ok
    made = desk.ask("shift.save", body=SHIFT | {"post": "guide"})
    assert made.ok
    named = [(one.field, one.name, one.detail) for one in made.faults]
    assert named == [("post", "role_lacking", lacking)]


def on_duty(desk: Desk) -> set[str]:
    return {one.staff for one in desk.reader.staff() if one.on_duty}


def test_the_plan_puts_people_on_duty_by_the_branchs_clock(desk: Desk) -> None:
    desk.ask("staff.save", id="g01", body={"name": "g01", "roles": ["security"], "duty": "plan"})
    assert "g01" not in on_duty(desk)
    local = desk.loop._desk.world({}, desk.clock()).local
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()]
    body = {"staff": "g01", "days": [day], "starts": f"{local.hour:02d}:00", "ends": "23:59"}
    assert desk.ask("shift.save", body=body).ok
    assert "g01" in on_duty(desk)


def test_only_a_valid_certificate_covers_first_aid(phones: Desk) -> None:
    body = {"name": "f01", "roles": ["first_aid"], "duty": "always"}
    assert phones.ask("staff.save", id="f01", body=body).ok
    phones.handle(phones.pressed(what="held"))
    assert told(phones)["aiders"] == []
    assert told(phones)["guards"]
    phones.handle(phones.acted("accept", "f01"))
    assert "first_aid" in phones.incident().missing_roles


def test_a_restart_forgets_neither_plans_nor_who_signed_out(desk: Desk) -> None:
    desk.ask("duty.off", "g01")
    desk.ask("shift.save", body=SHIFT)
    desk.restart()
    assert "g01" not in on_duty(desk)
    assert len(desk.reader.records("shift")) == 1


def test_a_round_that_cannot_be_written_plans_nothing(desk: Desk, monkeypatch) -> None:
    def fails(work: object) -> None:
        raise StoreError("full")

    monkeypatch.setattr(desk.writer, "commit", fails)
    request = Request(request_id="r", do="duty.off", by="g01", terminal="board")
    desk.handle(desk.message("request", body=request))
    monkeypatch.undo()
    assert "g01" in on_duty(desk)
    assert desk.link.sent("terminal/board/result") == []
    desk.clock.move(2)
    desk.handle()
    assert "g01" not in on_duty(desk), "as soon as it can be written"
    assert desk.link.sent("terminal/board/result")[-1].ok


def test_a_gateway_that_starts_on_a_full_disk_serves_and_takes_the_file_over_later(
    desk: Desk, monkeypatch
) -> None:
    def fails(self: Writer, work: object) -> None:
        raise StoreError("full")

    monkeypatch.setattr(Writer, "commit", fails)
    desk.restart()
    assert "store_unwritable" in {one.name for one in desk.loop._health.present_faults()}
    assert "g01" in desk.loop._desk.roster.on_duty()
    monkeypatch.undo()
    for _ in range(2):
        desk.clock.move(2)
        desk.handle()
    assert desk.fault_names() == set()
    assert "g01" in on_duty(desk)


def test_a_body_that_is_no_json_object_is_rejected(desk: Desk) -> None:
    desk.handle(desk.message("request", body=b'{"request_id": "a", "do": 5}'))
    assert desk.reader.rejected_count() == 1
