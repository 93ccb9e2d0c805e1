"""Every room of the desk."""

from __future__ import annotations

from gateway.desk import checklist, complaints, outside, team
from gateway.desk.record import Room

ROOMS: tuple[Room, ...] = (team.ROOM, checklist.ROOM, outside.ROOM, complaints.ROOM)

KINDS: dict[str, type] = {kind: cls for room in ROOMS for kind, cls in room.kinds.items()}
SECRET: frozenset[str] = frozenset().union(*(room.secret for room in ROOMS))
