"""Stores with something in them, as the gateway writes it, for tests that run no gateway."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway.desk.record import Record
from gateway.desk.team import Pin, Staff
from gateway.store import StaffRecord, Work, Writer
from protocol.messages import Incident

_CALL = Incident(
    incident_id="i-1",
    branch="b001",
    point="point-1",
    label="Counter 1",
    kind="call",
    stage="raised",
    presses=1,
    drill=False,
    raised_at="2026-11-24T08:00:00.000Z",
)


def a_call(**changes: object) -> Incident:
    """A call from Counter 1 that nobody has answered, but for the changes."""
    return replace(_CALL, **changes)


@contextmanager
def writing(path: Path | str) -> Iterator[Writer]:
    """The writer of a store, which is open within the block."""
    writer = Writer(str(path))
    writer.open()
    try:
        yield writer
    finally:
        writer.close()


def put(path: Path | str, work: Work) -> None:
    """Writes the work into a store that nobody else writes now."""
    with writing(path) as writer:
        writer.commit(work)


def write_staff(writer: Writer, staff: Iterable[StaffRecord]) -> None:
    """Makes these the staff, and nobody else."""
    staff, work = list(staff), Work()
    for record in writer.records():
        if record.kind in ("staff", "pin"):
            gone = Record(kind=record.kind, id=record.id, body=record.body, is_open=False)
            work.records[record.kind, record.id] = gone
    for one in staff:
        body = Staff(name=one.name, roles=list(one.roles), duty="always")
        work.records["staff", one.staff] = Record(kind="staff", id=one.staff, body=body)
        if one.pin_hash:
            pin = Record(kind="pin", id=one.staff, body=Pin(hash=one.pin_hash))
            work.records["pin", one.staff] = pin
    work.facts["on_duty"] = json.dumps([one.staff for one in staff if one.on_duty])
    writer.commit(work)
