"""What a close leads to, by whom and until when; and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from followups_kit import (
    DAY_MS,
    HOUR_MS,
    a_record,
    a_request,
    a_world,
    an_incident,
    and_then,
    open_before,
)
from gateway_kit import STAFF, UTC_MS, Desk, at, with_channels
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import ChannelSettings
from gateway.desk import endings, followups, todo
from gateway.desk.record import Done, Record, Refused, World
from protocol.moment import parse_rfc3339, rfc3339

NOW_MS = at(1000).utc_ms
OUTCOMES = ("helped", "ambulance", "police", "family", "referred", "false_call", "left", "other")
SITUATIONS = (None, "fall", "fainted", "property_loss", "complaint", "other")


def closed(world: World, incident) -> Done:
    return endings.follow(world, open_before(incident), incident)


def made(done: Done) -> dict[str, tuple[str, int]]:
    """{rule: (owner, hours until due)} of the follow-ups."""
    return {
        one.body.rule: (
            one.body.owner,
            round((parse_rfc3339(one.body.due_at) - NOW_MS) / HOUR_MS),
        )
        for one in done.records
        if one.kind == "followup" and one.is_open
    }


# --- what a close makes ---


@pytest.mark.parametrize(
    ("outcome", "situation", "expected"),
    [
        ("helped", "other", {}),
        ("left", "complaint", {}),
        (
            "ambulance",
            "fainted",
            {
                "family-told": ("g01", 2),
                "call-back": ("g01", 24),
                "visit": ("g01", 168),
                "after-action": ("l01", 72),
            },
        ),
        (
            "police",
            "other",
            {"police-report": ("g01", 24), "insurer": ("g01", 72), "after-action": ("l01", 72)},
        ),
        ("helped", "fall", {"fall-call-back": ("g01", 24)}),
        ("helped", "fainted", {"illness-call-back": ("g01", 24)}),
        ("helped", "sudden_illness", {"illness-call-back": ("g01", 24)}),
        ("referred", "other", {"referred": ("g01", 48)}),
        ("helped", None, {"situation": ("g01", 24)}),
        ("false_call", None, {}),
        ("nixoutcome", "fall", {"fall-call-back": ("g01", 24), "outcome": ("l01", 24)}),
    ],
)
def test_an_ending_makes_its_follow_ups(outcome, situation, expected) -> None:
    assert made(closed(a_world(), an_incident(outcome=outcome, situation=situation))) == expected


def test_a_drill_leaves_nothing_to_do() -> None:
    assert closed(a_world(), an_incident(outcome="ambulance", drill=True)) == Done()


def test_what_changes_before_the_close_makes_nothing() -> None:
    before = open_before(an_incident())
    assert endings.follow(a_world(), None, before) == Done()
    assert endings.follow(a_world(), before, replace(before, situation="fall")) == Done()


def test_a_branchs_own_rule_counts_and_a_retired_one_does_not() -> None:
    rule = endings.Rule(zh="送花", en="Send flowers", after_h=5, outcomes=["helped"])
    gone = a_record("followup_rule", "family-told", endings.DEFAULTS["family-told"], is_open=False)
    world = a_world(a_record("followup_rule", "flowers", rule), gone)
    assert made(closed(world, an_incident())) == {"flowers": ("g01", 5)}
    ambulance = made(closed(world, an_incident(outcome="ambulance")))
    assert "family-told" not in ambulance


@given(
    outcome=st.sampled_from(OUTCOMES),
    situation=st.sampled_from(SITUATIONS),
    owner=st.sampled_from([*STAFF, "gone"]),
)
def test_every_follow_up_has_an_owner_a_time_to_come_and_its_own_id(
    outcome, situation, owner
) -> None:
    done = closed(a_world(), an_incident(outcome=outcome, situation=situation, owner=owner))
    left = [one for one in done.records if one.kind == "followup"]
    assert len({one.id for one in left}) == len(left)
    assert all(one.body.owner and parse_rfc3339(one.body.due_at) > NOW_MS for one in left)
    assert all(one.due and one.due.ms == parse_rfc3339(one.body.due_at) for one in left)
    asks = any(one.body.rule == "situation" for one in left)
    assert asks == (situation is None and outcome != "false_call")


def test_the_situation_said_afterwards_ends_its_asking_and_makes_its_own() -> None:
    incident = an_incident(situation=None)
    world = and_then(a_world(), closed(a_world(), incident))
    done = endings.follow(world, incident, replace(incident, situation="fall"))
    assert made(done) == {"fall-call-back": ("g01", 24)}
    assert [one.id for one in done.records if not one.is_open] == [
        f"{incident.incident_id}.situation"
    ]


# --- false calls ---


def false_call(number: int, point: str = "point-1"):
    return an_incident(incident_id=f"i-{number}", outcome="false_call", situation=None, point=point)


def test_the_third_false_call_at_a_point_in_a_week_makes_somebody_look_at_the_button() -> None:
    world, found = a_world(), []
    for number, point in enumerate(("point-1", "point-2", "point-1", "point-1", "point-1")):
        done = closed(world, false_call(number, point))
        found.append(list(made(done)))
        world = and_then(world, done)
    assert found == [[], [], [], [endings.LOOK_AT_BUTTON], []]


def test_false_calls_are_forgotten_after_a_week() -> None:
    world = a_world()
    for number in range(2):
        world = and_then(world, closed(world, false_call(number)))
    for record in list(world.all("false_call").values()):
        assert record.due.ms == UTC_MS + 1_000_000 + 7 * DAY_MS
        world = and_then(world, followups.fall_due(world, record))
    assert made(closed(world, false_call(2))) == {}


# --- what people ask ---

TODO = todo.Followup(
    what=todo.Words(zh="问候", en="Ring"), owner="g01", due_at="2026-11-30T00:00:00.000Z"
)


def with_todo(**changes: Any) -> World:
    return a_world(a_record("followup", "f-1", TODO, **changes), incidents=(an_incident(),))


REQUESTS = followups.ROOM.requests


def asked(world: World, do: str, by: str, body: dict[str, Any], **changes: Any) -> Done | Refused:
    changes = {"id": "f-1"} | changes
    return REQUESTS[f"followup.{do}"](world, a_request(do, by, body=body, **changes))


@pytest.mark.parametrize(
    ("do", "by", "body", "reason"),
    [
        ("done", "s01", {"note": "rang"}, None),
        ("done", "stranger", {}, "unknown_staff"),
        ("move", "g01", {"due": "2027-01-01", "why": "away"}, None),
        ("move", "l01", {"due": "2027-01-01", "why": "away"}, None),
        ("move", "s01", {"due": "2027-01-01", "why": "away"}, "not_allowed"),
        ("give", "g01", {"to": "s01"}, None),
        ("give", "s01", {"to": "s01"}, "not_allowed"),
    ],
)
def test_who_may_do_what_with_a_follow_up(do, by, body, reason) -> None:
    outcome = asked(with_todo(), do, by, body)
    assert (outcome.reason if isinstance(outcome, Refused) else None) == reason


@pytest.mark.parametrize(
    ("do", "body", "field", "name"),
    [
        ("add", {"what": "", "due": "2027-01-01"}, "what", "unreadable"),
        ("add", {"what": "   ", "due": "2027-01-01"}, "what", "unreadable"),
        ("add", {"what": "x", "due": "2020-01-01"}, "due", "in_the_past"),
        ("add", {"what": "\u2800\u3164", "due": "2027-01-01"}, "what", "unreadable"),
        ("move", {"due": "2027-01-01", "why": "\u200b"}, "why", "unreadable"),
        ("add", {"what": "x", "due": "9999-12-31T23:59:59Z"}, "due", "too_late"),
        ("add", {"what": "x", "due": "2099-01-01"}, "due", "too_late"),
        ("move", {"due": "2099-01-01", "why": "x"}, "due", "too_late"),
        ("add", {"what": "x", "due": "soon"}, "due", "no_such_time"),
        ("add", {"what": "x", "due": "2027-02-30"}, "due", "no_such_time"),
        ("add", {"what": "x", "due": "2027-01-01", "owner": "x9"}, "owner", "unknown_staff"),
        ("add", {"what": "x", "due": "2027-01-01", "incident_id": "i-0"}, "incident_id", None),
        ("move", {"due": "2020-01-01", "why": "x"}, "due", "in_the_past"),
        ("move", {"due": "2027-01-01", "why": ""}, "why", "unreadable"),
        ("give", {"to": "x9"}, "to", "unknown_staff"),
    ],
)
def test_bad_input_is_named_at_its_field(do, body, field, name) -> None:
    outcome = asked(with_todo(), do, "l01", body)
    assert isinstance(outcome, Refused)
    assert (field, name or "unknown_incident") in [(f.field, f.name) for f in outcome.faults]


def test_a_due_time_is_at_most_ten_years_ahead_and_the_latest_day_is_said() -> None:
    body = {"what": "x", "due": "2036-11-19T00:00"}
    refused = asked(with_todo(), "add", "l01", body)
    assert [(one.field, one.name, one.detail) for one in refused.faults] == [
        ("due", "too_late", "2036-11-18")
    ]
    assert isinstance(asked(with_todo(), "add", "l01", body | {"due": "2036-11-18"}, id=""), Done)


def test_the_second_of_two_is_told() -> None:
    world = with_todo()
    first = asked(world, "give", "l01", {"to": "s01"}, version=1)
    second = asked(and_then(world, first), "done", "g01", {}, version=1)
    assert second == Refused("changed_meanwhile")


@pytest.mark.parametrize(
    ("due", "hours"),
    [
        ("2026-11-19", 28.6),  # the last minute of that day by the branch's clock
        ("2026-11-18T23:00", 3.61),
        ("2026-11-18T15:00:00Z", 3.61),
    ],
)
def test_a_due_time_is_by_the_branchs_clock(due, hours) -> None:
    done = asked(with_todo(), "add", "g01", {"what": "x", "due": due}, id="")
    assert isinstance(done, Done)
    record = done.records[0]
    ahead_h = (parse_rfc3339(record.body.due_at) - NOW_MS) / HOUR_MS
    assert ahead_h == pytest.approx(hours, abs=0.1)
    assert (record.body.owner, record.body.what.zh, record.body.what.en) == ("g01", "x", "x")


# --- overdue ---


def late(id: str, owner: str, hours: int) -> Record:
    body = replace(TODO, owner=owner, due_at=rfc3339(NOW_MS - hours * HOUR_MS))
    return a_record("followup", id, body)


def test_what_is_overdue_is_one_amber_a_person_with_the_oldest_named() -> None:
    world = a_world(late("a", "g01", 1), late("b", "g01", 9), late("c", "s01", 1))
    world = and_then(world, Done(records=(a_record("followup", "d", TODO),)))
    assert [(one.subject, one.name, one.detail) for one in followups.wrongs(world)] == [
        ("followups/g01", "overdue", "2: 问候 Ring"),
        ("followups/s01", "overdue", "1: 问候 Ring"),
    ]
    assert [one.id for one in todo.overdue(world)] == ["b", "a", "c"]


@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_overdue_says_of_which_call_it_is(is_open) -> None:
    call = an_incident(raised_at="2026-11-18T10:05:00.000Z")
    call = open_before(call) if is_open else call
    body = todo.Followup(what=todo.Words(zh="问候", en="Ring"), owner="g01", due_at=rfc3339(NOW_MS))
    record = a_record("followup", "a", body, incident_id=call.incident_id)
    [wrong] = followups.wrongs(a_world(record, incidents=(call,)))
    assert wrong.detail == "1: 问候 Ring (Counter 1, 11-18 18:05)"


def test_leads_hear_of_it_once_a_day_until_all_is_done() -> None:
    world = a_world(late("a", "g01", 1), late("b", "s01", 2))
    told = []
    for id in ("a", "b"):
        done = followups.fall_due(world, world.get("followup", id))
        world, told = and_then(world, done), [*told, *done.tells]
    assert [(one.why, one.staff) for one, _ in told] == [("followups_overdue", ("l01",))]
    reminder = world.get("reminder", followups.REMINDER)
    again = followups.fall_due(world, reminder)
    assert len(again.tells) == 1 and again.records[0].due.ms == NOW_MS + DAY_MS
    for id in ("a", "b"):
        over = Done(records=(replace(world.get("followup", id), is_open=False),))
        world = and_then(world, over)
    last = followups.fall_due(world, reminder)
    assert (last.tells, last.records[0].is_open) == ((), False)


# --- through the loop ---


def end(desk: Desk, outcome: str = "ambulance", **changes: Any) -> str:
    """A call, lived through; its id."""
    desk.handle(desk.pressed())
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome=outcome, **changes))
    return desk.incident().incident_id


def to_do(desk: Desk) -> dict[str, Record]:
    return {one.body.rule: one for one in desk.reader.records("followup")}


def test_a_close_is_one_transaction_with_its_follow_ups(desk: Desk) -> None:
    id = end(desk, situation="fainted")
    rules = {"family-told", "call-back", "visit", "after-action", "ambulance-call"}
    assert set(to_do(desk)) == rules
    assert {one.incident_id for one in to_do(desk).values()} == {id}
    desk.restart()
    assert len(to_do(desk)) == len(rules)
    assert desk.ask("followup.done", "g01", id=f"{id}.call-back", version=1).ok
    assert "call-back" not in to_do(desk)
    entry = desk.reader.log(id)[-1]
    assert (entry.event, entry.by) == ("followup_done", "g01")


def test_a_close_with_no_known_situation_is_asked_about(desk: Desk) -> None:
    end(desk, "helped", situation="zzz")
    assert desk.incident().situation is None
    assert set(to_do(desk)) == {"situation"}


def test_an_overdue_one_is_a_fault_until_it_is_done_or_moved(desk: Desk) -> None:
    id = end(desk, situation="fainted")
    desk.clock.move(2 * 3600 + 61)
    desk.handle()
    assert "overdue" in desk.fault_names()
    assert desk.events().count("followup_overdue") == 1
    moved = {"due": "2030-01-01", "why": "the family is abroad"}
    assert desk.ask("followup.move", "g01", id=f"{id}.family-told", version=1, body=moved).ok
    desk.clock.move(2)
    desk.handle()
    assert "overdue" not in desk.fault_names()


def test_the_lead_is_told_by_message_once_a_day(path) -> None:
    channels = (
        ChannelSettings(name="leads", url="json://localhost", roles=["lead"], canary_every_s=0),
        ChannelSettings(
            name="guards", url="json://localhost", roles=["security"], canary_every_s=0
        ),
    )
    desk = Desk(path, **with_channels(*channels)).start()
    end(desk, situation="fainted")
    for sender in desk.senders.values():
        sender.notices.clear()
    for _ in range(4 * 24):
        desk.clock.move(3600)
        desk.handle()
    told = [one for one in desk.senders["leads"].notices if "Overdue" in one.title]
    assert len(told) == 4
    assert "通知家属 Tell the family" in told[0].body
    assert desk.senders["guards"].notices == []
    desk.restart()
    waiting = [one.title for one in desk.senders["leads"].notices]
    assert waiting == [one.title for one in told[-1:]] * 4
    desk.stop()


def test_a_default_rule_that_a_lead_retired_stays_retired(desk: Desk) -> None:
    assert desk.ask("followup_rule.retire", id="visit", version=1).ok
    desk.restart()
    end(desk, situation="fainted")
    assert "visit" not in to_do(desk)


HEAT = {
    "name": {"zh": "中暑", "en": "Heat stroke"},
    "steps": [{"id": "look", "text": {"zh": "看", "en": "Look"}, "role": "first_aid"}],
}


def test_a_rule_for_what_does_not_exist_is_kept_and_named(desk: Desk) -> None:
    rule = {"zh": "送花", "en": "Flowers", "after_h": 5}
    body = rule | {"outcomes": ["helped", "nonsense"], "situations": ["fall", "nowhere"]}
    result = desk.ask("followup_rule.save", id="flowers", body=body)
    assert result.ok
    assert [(one.field, one.name, one.detail) for one in result.faults] == [
        ("outcomes[1]", "unknown_outcome", "nonsense"),
        ("situations[1]", "unknown_situation", "nowhere"),
    ]


def test_who_retires_a_playbook_is_told_of_the_rules_that_go_on_naming_it(desk: Desk) -> None:
    assert desk.ask("playbook.save", id="heat", body=HEAT).ok
    rule = {"zh": "送水", "en": "Water", "after_h": 5, "situations": ["heat"]}
    assert desk.ask("followup_rule.save", id="water", body=rule).faults == ()
    result = desk.ask("playbook.retire", id="heat")
    assert result.ok
    assert [(one.name, one.detail) for one in result.faults] == [("rule_names_it", "送水 Water")]


# --- the situation, said at the close or afterwards ---


def test_a_close_that_says_only_the_outcome_is_taken_and_asked_about(desk: Desk) -> None:
    id = end(desk, "helped")
    assert desk.incident().situation is None
    asked = to_do(desk)["situation"]
    assert (asked.body.owner, asked.due.ms) == ("g01", desk.clock().utc_ms + DAY_MS)
    desk.restart()
    desk.handle(desk.acted("situation", "s01", incident_id=id, situation="fall"))
    assert desk.incident().situation == "fall"
    assert set(to_do(desk)) == {"fall-call-back"}
    entry = [one for one in desk.reader.log(id) if one.event == "situation_set"][-1]
    assert (entry.by, entry.detail["situation"]) == ("s01", "fall")


@pytest.mark.parametrize(
    ("name", "by", "changes", "reason"),
    [
        ("situation", "s01", {"situation": "fall"}, ""),
        ("situation", "s01", {"situation": " "}, "situation_needed"),
        ("situation", "s01", {"situation": "zzz"}, "unknown_situation"),
        ("situation", "ghost", {"situation": "fall"}, "unknown_staff"),
        ("note", "s01", {"text": "late thought"}, "already_closed"),
        ("close", "s01", {"outcome": "police"}, "already_closed"),
    ],
)
def test_nothing_else_of_a_closed_incident_can_change(desk, name, by, changes, reason) -> None:
    id = end(desk, "helped")
    before = desk.incident()
    desk.handle(desk.acted(name, by, incident_id=id, **changes))
    assert desk.link.sent("terminal/board/result")[-1].reason == reason
    after = desk.incident()
    assert replace(after, situation=None, version=0) == replace(before, version=0)


def test_the_situation_is_said_once(desk: Desk) -> None:
    id = end(desk, "helped")
    for situation in ("fall", "other"):
        changes = {"incident_id": id, "situation": situation}
        desk.handle(desk.acted("situation", **changes), desk.acted("situation", **changes))
    assert desk.incident().situation == "fall"
    assert desk.events().count("situation_set") == 1
