"""What the desk's rooms see, read from the store: for pages that show what a room would say.

The gateway judges by what it has in memory; this is the same world as it was last written.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from gateway.desk.record import World
from gateway.desk.rooms import SECRET
from gateway.desk.team import roster_of
from gateway.roster import Roster
from gateway.store.reader import Reader
from protocol.moment import Moment


def world(reader: Reader, *, utc_ms: int, zone: tzinfo) -> World:
    """The branch at the present moment. zone: of the branch's clock. Raises: StoreError."""
    records: dict[str, dict] = {}
    for record in reader.open_records():
        if record.kind not in SECRET:
            records.setdefault(record.kind, {})[record.id] = record
    local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone).replace(tzinfo=None)
    seen = World(
        records=records,
        incidents={one.incident_id: one for one in reader.open_incidents()},
        roster=Roster(),
        now=Moment(mono_ms=0, utc_ms=utc_ms, boot=""),
        local=local,
        points={one.point: one for one in reader.points()},
        faults={(one.subject, one.name): one for one in reader.faults()},
    )
    return replace(seen, roster=roster_of(seen))
