"""The desk's records as rows of the table `records`, and back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.desk.record import Due, Record
from gateway.desk.rooms import KINDS
from protocol.decoders import decoder

_BODIES = {kind: decoder(cls) for kind, cls in KINDS.items()}
RECORD_COLUMNS = "kind, id, version, is_open, by, at, incident_id, due_ms, due_boot, body"


def record_row(record: Record) -> tuple:
    """The row of a record."""
    return (
        record.kind,
        record.id,
        record.version,
        record.is_open,
        record.by,
        record.at,
        record.incident_id,
        record.due.ms if record.due else None,
        record.due.boot if record.due else None,
        msgspec.json.encode(record.body).decode(),
    )


def read_records(rows: Iterable[tuple]) -> tuple[list[Record], list[str]]:
    """The records of the rows; and which of them, such as `hours/branch`, cannot be read, because
    another version of Anling took what this one does not. One record less is better than none."""
    found, unreadable = [], []
    for row in rows:
        try:
            found.append(_read(row))
        except (msgspec.MsgspecError, KeyError):
            unreadable.append(f"{row[0]}/{row[1]}")
    return found, unreadable


def _read(row: tuple) -> Record:
    """The record of a row. Raises: msgspec.MsgspecError for a body that its kind does not know,
    KeyError for a kind that nobody knows."""
    kind, id, version, is_open, by, at, incident_id, due_ms, due_boot, body = row
    return Record(
        kind=kind,
        id=id,
        version=version,
        is_open=bool(is_open),
        by=by,
        at=at,
        incident_id=incident_id,
        due=None if due_ms is None else Due(due_ms, due_boot),
        body=_BODIES[kind].decode(body),
    )
