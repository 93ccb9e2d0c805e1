"""Private notes: sealed at rest, shown to few, each look logged, gone for good on their day."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from followups_kit import a_record, a_request, a_world, an_incident, local_of
from gateway_kit import UTC_MS, Desk, at
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk import private
from gateway.desk.asking import new_id
from gateway.desk.record import Done, Refused
from gateway.errors import VaultError
from gateway.store import Vault, key_path
from protocol.messages import Request, Responder

SECRET = "Mr Zhao, 82, daughter 138 0013 8000"
TODAY = local_of(at(1000)).date()


def day(ahead: int) -> str:
    return (TODAY + timedelta(days=ahead)).isoformat()


# --- what is decided ---

INCIDENT = replace(an_incident(), responders=(Responder(staff="s01"),))
NOTE = a_record(
    "private",
    "private-1",
    private.PrivateNote(sealed="xyz", delete_on=day(5), writer="f01"),
    incident_id=INCIDENT.incident_id,
)


def decide(do: str, by: str, body: dict[str, Any] | None = None, **changes: Any) -> Done | Refused:
    world = a_world(NOTE, incidents=(INCIDENT,))
    request = a_request(f"private.{do}", by, id="private-1", body=body, **changes)
    return private.ROOM.requests[f"private.{do}"](world, request)


@pytest.mark.parametrize(
    ("do", "by", "reason"),
    [
        ("look", "g01", None),  # the owner
        ("look", "s01", None),  # who responded
        ("look", "l01", None),
        ("look", "f01", "not_allowed"),  # who wrote it, but was not there
        ("look", "x9", "unknown_staff"),
        ("delete", "f01", None),
        ("delete", "l01", None),
        ("delete", "s01", "not_allowed"),
    ],
)
def test_who_may_look_and_who_may_delete(do, by, reason) -> None:
    outcome = decide(do, by)
    assert (outcome.reason if isinstance(outcome, Refused) else None) == reason
    if reason is None:
        [(entry, incident_id)] = outcome.entries
        assert (entry.by, incident_id) == (by, INCIDENT.incident_id)


@pytest.mark.parametrize(
    ("delete_on", "expected"),
    [
        (None, day(90)),
        (day(1), day(1)),
        (day(90), day(90)),
        (day(91), "too_late"),
        (day(0), "in_the_past"),
        (day(-1), "in_the_past"),
        ("2027-02-30", "no_such_day"),
        ("soon", "unreadable"),
    ],
)
def test_a_note_goes_on_its_day_and_in_ninety_at_the_latest(delete_on, expected) -> None:
    body = {"incident_id": INCIDENT.incident_id, "text": {"sealed": "abc"}}
    outcome = decide("note", "g01", body | ({"delete_on": delete_on} if delete_on else {}))
    if isinstance(outcome, Refused):
        assert [(one.field, one.name) for one in outcome.faults] == [("delete_on", expected)]
    else:
        record = outcome.records[0]
        assert record.body.delete_on == expected
        assert local_of(replace(at(1000), utc_ms=record.due.ms)).isoformat() == (
            f"{expected}T00:00:00"
        )


# --- sealed ---


@given(text=st.text(max_size=300))
def test_only_the_key_opens_what_it_sealed(tmp_path_factory, text) -> None:
    folder = tmp_path_factory.mktemp("keys")
    mine, other = Vault(folder / "a"), Vault(folder / "b")
    mine.make_key()
    other.make_key()
    sealed = mine.seal(text)
    assert Vault(folder / "a").unseal(sealed) == text
    with pytest.raises(VaultError):
        other.unseal(sealed)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = key_path(tmp_path / "anling.db")
    Vault(path).make_key()
    made = path.read_bytes()
    Vault(path).make_key()
    assert path.read_bytes() == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"no key")
    with pytest.raises(VaultError):
        Vault(path).make_key()


# --- through the loop ---


def ended(desk: Desk) -> str:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="helped", situation="other"))
    return desk.incident().incident_id


def noted(desk: Desk, text: Any = SECRET, **changes: Any):
    body = {"incident_id": desk.incident().incident_id, "text": text} | changes
    return desk.ask("private.note", "g01", body=body)


def on_disk(desk: Desk) -> bytes:
    files = sorted(desk.path.parent.glob(f"{desk.path.name}*"))
    return b"".join(one.read_bytes() for one in files if not one.name.endswith("-shm"))


def vault_of(desk: Desk) -> Vault:
    return Vault(key_path(desk.path))


@pytest.mark.parametrize("length", [40, 2000])
def test_a_note_is_nowhere_in_plain_and_on_its_day_nowhere_at_all(desk: Desk, length) -> None:
    """The longest one has pages of its own in the database."""
    ended(desk)
    text = "赵先生" * (length // 3)
    result = noted(desk, text)
    assert result.ok
    sealed = desk.reader.record("private", result.id).body.sealed
    assert vault_of(desk).unseal(sealed) == text
    middle = sealed[len(sealed) // 3 : len(sealed) // 3 + 40].encode()
    assert middle in on_disk(desk)
    assert text[:5].encode() not in on_disk(desk)
    desk.clock.move(91 * 24 * 3600)
    desk.handle()
    assert desk.reader.record("private", result.id) is None
    assert middle not in on_disk(desk)
    entry = desk.reader.log()[-1] if desk.events()[-1] == "private_deleted" else None
    deleted = entry or next(e for e in desk.reader.log() if e.event == "private_deleted")
    assert deleted.detail == {"id": result.id}


def test_screens_hear_that_a_note_is_gone(desk: Desk) -> None:
    ended(desk)
    note = noted(desk).id
    counts = []
    for do in ("private.look", "private.delete"):
        desk.ask(do, id=note)
        desk.clock.move(1)
        desk.handle()
        counts.append(desk.link.sent("gateway/status")[-1].desk)
    assert counts[0] != counts[1]


def test_a_reader_in_the_way_only_delays_the_scrubbing(desk: Desk) -> None:
    ended(desk)
    result = noted(desk)
    piece = desk.reader.record("private", result.id).body.sealed[20:60].encode()
    reading = desk.reader._db.conn
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM log").fetchone()
    assert desk.ask("private.delete", "l01", id=result.id).ok
    assert piece in on_disk(desk), "the reader still sees the past"
    reading.execute("ROLLBACK")
    desk.handle(desk.pressed())
    assert piece not in on_disk(desk)


def test_no_log_entry_and_no_answer_holds_the_text(desk: Desk) -> None:
    ended(desk)
    result = noted(desk)
    assert desk.ask("private.look", "g01", id=result.id).ok
    assert desk.ask("private.look", "f01", id=result.id).reason == "not_allowed"
    assert desk.ask("private.delete", "l01", id=result.id).ok
    said = str(desk.reader.log()) + str(desk.link.calls)
    assert "Zhao" not in said
    events = [(one.event, one.by) for one in desk.reader.log() if "private" in one.event]
    assert events == [
        ("private_noted", "g01"),
        ("private_looked", "g01"),
        ("private_deleted", "l01"),
    ]
    desk.restart()
    assert desk.reader.record("private", result.id) is None


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b\u3164", "x" * 2001, None, 5, {"sealed": SECRET}]
)
def test_what_is_no_text_is_refused_and_never_kept(desk: Desk, text) -> None:
    ended(desk)
    result = noted(desk, text)
    assert [(one.field, one.name) for one in result.faults] == [("text", "bad_text")]
    assert SECRET.encode() not in on_disk(desk)


def test_without_a_key_a_note_is_refused_and_the_rest_works(path: Path) -> None:
    key_path(path).write_bytes(b"damaged")
    desk = Desk(path).start()
    ended(desk)
    assert noted(desk).reason == "private_key_missing"
    desk.clock.move(2)
    desk.handle()
    assert "private_key_unreadable" in desk.fault_names()
    desk.stop()


def test_a_note_made_and_deleted_in_one_round_leaves_nothing(desk: Desk) -> None:
    id = ended(desk)
    common = {"by": "l01", "terminal": "board"}
    made = Request(
        request_id="abc", do="private.note", body={"incident_id": id, "text": SECRET}, **common
    )
    note = new_id("private", made)
    gone = Request(request_id="def", do="private.delete", id=note, **common)
    desk.handle(desk.message("request", body=made), desk.message("request", body=gone))
    assert [one.ok for one in desk.link.sent("terminal/board/result")[-2:]] == [True, True]
    assert desk.reader.records("private", closed_too=True) == []


def test_how_long_notes_may_stay_is_the_branchs_own(desk: Desk) -> None:
    ended(desk)
    assert desk.ask("private_rule.save", id="branch", version=1, body={"max_days": 7}).ok
    result = noted(desk)
    record = desk.reader.record("private", result.id)
    assert 6 * 86_400_000 < record.due.ms - UTC_MS <= 8 * 86_400_000
