"""The number of a customer's family: sealed, shown to few, kept no longer than it is needed."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_kit import Desk

from gateway.desk.family import KEPT_MS, ROOM
from gateway.desk.rooms import SECRET
from gateway.store import Vault, key_path

NUMBER = "139 1234 5678"
DAY_S = 24 * 3600
KEPT_S = KEPT_MS // 1000


def faults(result: Any) -> set[tuple[str, str]]:
    return {(one.field, one.name) for one in result.faults}


def incident(desk: Desk, situation: str | None = "fainted", **press: Any) -> str:
    desk.handle(desk.pressed(**press))
    desk.handle(desk.acted("arrive"))
    if situation:
        desk.handle(desk.acted("situation", situation=situation))
    return desk.incident().incident_id


def keep(desk: Desk, id: str, **body: Any) -> Any:
    body = {"number": NUMBER, "relation": "daughter"} | body
    return desk.ask("family_contact.save", "g01", id=id, body=body)


def test_a_family_number_is_sealed_in_its_record_and_nowhere_else(desk: Desk) -> None:
    id = incident(desk)
    assert keep(desk, id).ok
    called = {"contact": "family", "number": NUMBER, "said": "she comes"}
    assert desk.ask("outside.called", "g01", id=id, body=called).ok
    sealed = desk.reader.record("family_contact", id).body.sealed
    assert "5678" not in sealed
    assert Vault(key_path(desk.path)).unseal(sealed) == NUMBER
    everything = [str(entry.detail) for entry in desk.reader.log()]
    everything += [str(one.body) for one in desk.reader.records("outside_call", closed_too=True)]
    assert not any("5678" in text for text in everything)
    assert not any("5678" in repr(answer) for answer in desk.link.sent("terminal/board/result"))


def test_the_close_deletes_the_family_number_for_good(desk: Desk) -> None:
    id = incident(desk)
    keep(desk, id)
    desk.handle(desk.acted("close", outcome="family"))
    assert desk.reader.record("family_contact", id) is None
    assert "family_contact_forgotten" in desk.events()


def test_whose_number_takes_the_place_of_anothers_is_told(desk: Desk) -> None:
    id = incident(desk)
    assert keep(desk, id).faults == ()
    again = desk.ask("family_contact.save", "s01", id=id, body={"number": NUMBER}, version=None)
    assert [one.name for one in again.faults] == ["replaced"]


def test_it_is_forgotten_at_once_when_asked_to(desk: Desk) -> None:
    id = incident(desk)
    keep(desk, id)
    assert desk.ask("family_contact.forget", "g01", id=id).ok
    assert desk.reader.record("family_contact", id) is None
    assert desk.ask("family_contact.forget", "g01", id=id).reason == "unknown_record"


def test_only_who_was_on_the_call_is_to_ring_or_leads_destroys_it(desk: Desk) -> None:
    id = closed(desk)
    assert desk.ask("family_contact.forget", "s01", id=id).reason == "not_allowed"
    assert is_kept(desk, id)
    given = desk.ask("followup.give", "g01", id=f"{id}.family-told", body={"to": "s01"}, version=1)
    assert given.ok
    assert desk.ask("family_contact.forget", "s01", id=id).ok


@pytest.mark.parametrize(("by", "is_theirs"), [("g01", True), ("l01", True), ("f01", False)])
def test_the_number_of_an_open_call_is_for_those_on_it_and_leads_to_forget(
    desk: Desk, by, is_theirs
) -> None:
    id = incident(desk)
    keep(desk, id)
    assert desk.ask("family_contact.forget", by, id=id).ok == is_theirs
    assert is_kept(desk, id) != is_theirs


@pytest.mark.parametrize("number", ["", "  ", ["5678"], "5678" * 600, "call 5678"])
def test_what_is_no_number_is_refused_and_not_said_back(desk: Desk, number) -> None:
    result = keep(desk, incident(desk), number=number)
    assert (result.reason, faults(result)) == ("wrong_fields", {("number", "bad_phone")})
    assert "5678" not in repr(result)


def test_the_familys_number_is_a_secret_kind() -> None:
    assert "family_contact" in ROOM.secret and "family_contact" in SECRET


# --- while somebody still has to ring the family ---


def closed(desk: Desk, outcome: str = "ambulance", situation: str | None = "fainted", **press: Any):
    """A call that has closed so, with a number noted; the incident's id."""
    id = incident(desk, situation, **press)
    keep(desk, id)
    desk.handle(desk.acted("close", outcome=outcome))
    return id


def is_kept(desk: Desk, id: str) -> bool:
    return desk.reader.record("family_contact", id) is not None


def a_rule(desk: Desk, id: str, **more: Any) -> None:
    rule = {"zh": "致电", "en": "Ring", "after_h": 2, "family": True}
    assert desk.ask("followup_rule.save", id=id, body=rule | more).ok


def test_it_is_kept_until_the_family_has_been_told_and_is_then_gone_for_good(desk: Desk) -> None:
    id = closed(desk)
    sealed = desk.reader.record("family_contact", id).body.sealed
    desk.clock.move(2 * 3600)
    desk.handle()
    assert Vault(key_path(desk.path)).unseal(sealed) == NUMBER
    assert desk.ask("followup.done", "g01", id=f"{id}.call-back").ok
    assert is_kept(desk, id), "another follow-up says nothing of it"
    assert desk.ask("followup.done", "g01", id=f"{id}.family-told").ok
    assert not is_kept(desk, id)
    assert desk.events()[-2:] == ["followup_done", "family_contact_forgotten"]
    desk.stop()
    files = [desk.path, *desk.path.parent.glob(f"{desk.path.name}-*")]
    assert not any(sealed.encode() in file.read_bytes() for file in files)
    desk.start()


def test_the_log_says_until_when_it_is_kept_and_not_what(desk: Desk) -> None:
    id = closed(desk)
    (entry,) = [one for one in desk.reader.log(id) if one.event == "family_contact_kept_on"]
    assert entry.detail == {"until": "2026-11-25T11:23:20.000Z"}
    assert desk.reader.record("family_contact", id).due.ms == desk.clock().utc_ms + KEPT_MS


@pytest.mark.parametrize("is_started_anew", [False, True])
def test_after_seven_days_it_goes_whatever_is_still_to_be_done(
    desk: Desk, is_started_anew: bool
) -> None:
    id = closed(desk)
    moved = {"due": "2030-01-01", "why": "the family is abroad"}
    assert desk.ask("followup.move", "g01", id=f"{id}.family-told", body=moved).ok
    desk.clock.move(KEPT_S - 1)
    if is_started_anew:
        desk.restart()
    desk.handle()
    assert is_kept(desk, id)
    desk.clock.move(2)
    if is_started_anew:
        desk.clock.reboot()
        desk.restart()
    desk.handle()
    assert not is_kept(desk, id)
    assert desk.reader.record("followup", f"{id}.family-told").is_open


@pytest.mark.parametrize(
    ("outcome", "situation"), [("helped", "fainted"), ("family", "fall"), ("helped", None)]
)
def test_an_ending_that_leaves_nobody_to_ring_them_deletes_it_at_the_close(
    desk: Desk, outcome: str, situation: str | None
) -> None:
    assert not is_kept(desk, closed(desk, outcome, situation))


def test_a_drill_keeps_no_number(desk: Desk) -> None:
    assert not is_kept(desk, closed(desk, drill=True))


def test_a_rule_that_asks_for_no_family_keeps_none(desk: Desk) -> None:
    a_rule(desk, "family-told", family=False, outcomes=["ambulance"])
    assert not is_kept(desk, closed(desk))


def test_of_two_who_are_to_ring_the_second_still_has_it(desk: Desk) -> None:
    a_rule(desk, "again", outcomes=["ambulance"])
    id = closed(desk)
    for rule, still in (("family-told", True), ("again", False)):
        assert desk.ask("followup.done", "g01", id=f"{id}.{rule}").ok
        assert is_kept(desk, id) == still


def test_it_waits_for_a_situation_that_may_make_somebody_ring(desk: Desk) -> None:
    a_rule(desk, "fell", outcomes=["helped"], situations=["fall"])
    for said, still in (("fall", True), ("fainted", False)):
        id = closed(desk, "helped", None)
        assert is_kept(desk, id), "nobody has said yet what it was"
        desk.handle(desk.acted("situation", situation=said))
        assert is_kept(desk, id) == still
        desk.clock.move(60)  # so that the next one is the newest
    first = desk.reader.incidents(limit=2)[1].incident_id
    assert desk.ask("followup.done", "g01", id=f"{first}.fell").ok
    assert not is_kept(desk, first)


def test_a_situation_that_nobody_will_say_keeps_nothing(desk: Desk) -> None:
    a_rule(desk, "fell", outcomes=["helped"], situations=["fall"])
    id = closed(desk, "helped", None)
    assert desk.ask("followup.done", "g01", id=f"{id}.situation").ok
    assert not is_kept(desk, id)


def test_a_rule_of_another_outcome_keeps_nothing_for_it(desk: Desk) -> None:
    a_rule(desk, "fell", outcomes=["police"], situations=["fall"])
    assert not is_kept(desk, closed(desk, "helped", None))


def test_what_is_kept_after_the_close_can_be_forgotten_at_once(desk: Desk) -> None:
    id = closed(desk)
    assert desk.ask("family_contact.forget", "l01", id=id).ok
    assert not is_kept(desk, id)
    assert desk.ask("followup.done", "g01", id=f"{id}.family-told").ok
    assert desk.events().count("family_contact_forgotten") == 1


def test_no_number_is_added_after_the_close(desk: Desk) -> None:
    id = closed(desk)
    assert keep(desk, id).reason == "unknown_incident"
