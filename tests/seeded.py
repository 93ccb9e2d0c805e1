"""A store with staff in it, as the gateway's desk keeps them, for tests that run no gateway."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gateway.desk.record import Record
from gateway.desk.team import Pin, Staff
from gateway.store import StaffRecord, Work, Writer


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
