"""What the tests of follow-ups, reviews, drills and walk tests share: a world to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway_kit import ROSTER, STAFF, at, raised

from gateway.desk.record import Done, Record, World
from gateway.desk.rooms import DEFAULTS
from gateway.desk.team import Staff
from gateway.roster import Roster
from gateway.store import PointRecord
from protocol.messages import Incident, Request
from protocol.moment import Moment

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ZONE = timedelta(hours=8)


def a_record(kind: str, id: str, body: Any, **changes: Any) -> Record:
    return Record(kind=kind, id=id, body=body, **changes)


def local_of(now: Moment) -> datetime:
    return datetime.fromtimestamp(now.utc_ms / 1000, UTC).replace(tzinfo=None) + ZONE


def a_world(
    *records: Record,
    now: Moment | None = None,
    incidents: tuple[Incident, ...] = (),
    roster: Roster = ROSTER,
    points: tuple[str, ...] = ("point-1", "point-2"),
    **changes: Any,
) -> World:
    """The branch of gateway_kit with the default plans and these records besides."""
    now = now or at(1000)
    kept: dict[str, dict[str, Record]] = {}
    staff = [a_record("staff", id, Staff(name=id, roles=list(r))) for id, r in STAFF.items()]
    plans = [a_record(kind, id, body) for kind, id, body in DEFAULTS]
    for record in (*staff, *plans, *records):
        kept.setdefault(record.kind, {}).pop(record.id, None)
        if record.is_open:
            kept[record.kind][record.id] = record
    values: dict[str, Any] = {
        "records": kept,
        "incidents": {one.incident_id: one for one in incidents if one.is_open},
        "past": {one.incident_id: one for one in incidents if not one.is_open},
        "roster": roster,
        "now": now,
        "local": local_of(now),
        "points": {one: PointRecord(point=one, label=one, unit="unit-01") for one in points},
    }
    return World(**(values | changes))


def and_then(world: World, done: Done, **changes: Any) -> World:
    """The world with what was done, and perhaps later."""
    kept = {kind: dict(records) for kind, records in world.records.items()}
    for record in done.records:
        kept.setdefault(record.kind, {}).pop(record.id, None)
        if record.is_open:
            kept[record.kind][record.id] = record
    if "now" in changes:
        changes["local"] = local_of(changes["now"])
    return replace(world, records=kept, **changes)


def an_incident(**changes: Any) -> Incident:
    """A closed one of g01's, unless said otherwise."""
    values: dict[str, Any] = {"stage": "closed", "owner": "g01", "outcome": "helped"}
    values |= {"situation": "other", "closed_at": "2026-11-18T10:00:00.000Z"}
    return replace(raised().course.incident, **(values | changes))


def open_before(incident: Incident) -> Incident:
    """The incident just before it was closed."""
    return replace(incident, stage="arrived", outcome=None, closed_at=None)


def a_request(do: str, by: str = "l01", *, id: str = "", body: Any = None, **changes: Any):
    values: dict[str, Any] = {"request_id": "req-1", "do": do, "by": by, "terminal": "board"}
    return Request(**(values | {"id": id, "body": body or {}} | changes))
