"""Every room of the desk."""

from __future__ import annotations

from typing import Any

from gateway.desk import (
    addresses,
    ambulance,
    care,
    checklist,
    complaints,
    day,
    drills,
    family,
    floors,
    followups,
    outside,
    points,
    policies,
    private,
    reviews,
    taking,
    team,
    walks,
)
from gateway.desk.record import Record, Room

# What one room makes of an incident, such as follow-ups, those below it see.
ROOMS: tuple[Room, ...] = (
    team.ROOM,
    addresses.ROOM,
    floors.ROOM,
    points.ROOM,
    policies.ROOM,
    taking.ROOM,
    care.ROOM,
    day.ROOM,
    followups.ROOM,
    reviews.ROOM,
    private.ROOM,
    drills.ROOM,
    walks.ROOM,
    checklist.ROOM,
    outside.ROOM,
    ambulance.ROOM,
    family.ROOM,
    complaints.ROOM,
)

KINDS: dict[str, type] = {kind: cls for room in ROOMS for kind, cls in room.kinds.items()}
DEFAULTS: tuple[tuple[str, str, Any], ...] = sum((room.defaults for room in ROOMS), ())
SECRET: frozenset[str] = frozenset().union(*(room.secret for room in ROOMS))


def is_for_leads(record: Record) -> bool:
    """Whether only those who write plans may see it."""
    return any(room.for_leads(record) for room in ROOMS if record.kind in room.kinds)
