"""The after-action note: written by people, and what it asks for is followed up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from followups_kit import a_request, a_world, an_incident, and_then
from gateway_kit import Desk

from gateway.desk import reviews
from gateway.desk.record import Refused

NOTE = {"well": "Two came at once", "change": "The chair was locked away"}
KEY = {"what": "Hang the key at the desk", "due": "2027-01-01", "owner": "s01"}
INCIDENT = an_incident()


def saved(world, body, by="g01", **changes):
    request = a_request("review.save", by, id=INCIDENT.incident_id, body=body, **changes)
    return reviews.ROOM.requests["review.save"](world, request)


def test_actions_become_follow_ups_and_those_before_stay() -> None:
    world = a_world(incidents=(INCIDENT,))
    first = saved(world, NOTE | {"actions": [KEY]}, version=0)
    world = and_then(world, first)
    second = saved(world, NOTE | {"actions": [KEY]}, version=1, request_id="another")
    review = second.records[0]
    assert (review.version, len(review.body.actions)) == (2, 2)
    todo = and_then(world, second).all("followup")
    assert [(one.body.owner, one.body.what.en) for one in todo.values()] == [
        ("s01", KEY["what"])
    ] * 2
    assert set(review.body.actions) == set(todo)


@pytest.mark.parametrize(
    ("body", "field", "name"),
    [
        ({}, "well", "nothing_said"),
        ({"well": "  "}, "well", "nothing_said"),
        ({"well": "\u200b", "change": "\u2800"}, "well", "nothing_said"),
        ({"actions": [KEY | {"due": "2020-01-01"}]}, "actions[0].due", "in_the_past"),
        ({"actions": [KEY | {"due": "2099-01-01"}]}, "actions[0].due", "too_late"),
        ({"actions": [KEY, KEY | {"owner": "x9"}]}, "actions[1].owner", "unknown_staff"),
        ({"actions": [KEY | {"what": ""}]}, "actions[0].what", "unreadable"),
        ({"actions": [KEY] * 21}, "actions", "too_many"),
        ({"well": "x" * 2001}, "well", "unreadable"),
    ],
)
def test_bad_input_is_named_and_nothing_is_half_saved(body, field, name) -> None:
    outcome = saved(a_world(incidents=(INCIDENT,)), body)
    assert isinstance(outcome, Refused)
    assert (field, name) in [(one.field, one.name) for one in outcome.faults]


def test_who_and_what_is_known_is_asked_first() -> None:
    assert saved(a_world(), NOTE) == Refused("unknown_incident")
    assert saved(a_world(incidents=(INCIDENT,)), NOTE, "x9") == Refused("unknown_staff")
    world = a_world(incidents=(INCIDENT,))
    world = and_then(world, saved(world, NOTE, version=0))
    assert saved(world, NOTE, version=0) == Refused("changed_meanwhile")


@pytest.mark.parametrize(
    ("author", "by", "version", "reason"),
    [
        ("l01", "g01", None, "version_needed"),
        ("l01", "g01", 1, None),
        ("l01", "g01", 0, "changed_meanwhile"),
        ("g01", "g01", None, None),
        ("g01", "l01", None, "version_needed"),
        ("g01", "s01", None, "version_needed"),
    ],
)
def test_nobody_replaces_anothers_note_unseen(author, by, version, reason) -> None:
    world = a_world(incidents=(INCIDENT,))
    world = and_then(world, saved(world, NOTE, author))
    outcome = saved(world, {"well": "anew"}, by, version=version)
    assert (outcome.reason if isinstance(outcome, Refused) else None) == reason


def test_an_open_incident_may_have_one_too() -> None:
    incident = replace(INCIDENT, stage="arrived", closed_at=None)
    assert not isinstance(saved(a_world(incidents=(incident,)), NOTE), Refused)


def test_writing_it_ends_the_follow_up_that_asked_for_it(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="ambulance", situation="fainted"))
    id = desk.incident().incident_id
    result = desk.ask("review.save", "l01", id=id, version=0, body=NOTE | {"actions": [KEY]})
    assert (result.ok, result.id, result.version) == (True, id, 1)
    rules = {one.body.rule for one in desk.reader.records("followup")}
    assert rules == {"family-told", "call-back", "visit", "action", "ambulance-call"}
    assert desk.reader.record("review", id).body.well == NOTE["well"]
    desk.restart()
    assert desk.ask("review.save", "l01", id=id, version=0, body=NOTE).reason == (
        "changed_meanwhile"
    )
