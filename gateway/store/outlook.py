"""What the desk's rooms see, read from the store: for pages that show what a room would say.

The gateway judges by what it has in memory; this is the same world as it was last written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from gateway.desk.business_day import present_day, state_of, unclosed
from gateway.desk.drill_calendar import Window, window_on
from gateway.desk.drills import overdue_window
from gateway.desk.floors import spot_of
from gateway.desk.hours import hours_on
from gateway.desk.in_the_way import Missing, come_since, may_be_left, not_over, not_ready
from gateway.desk.record import Record, World
from gateway.desk.resources import Nearest, check_due, left_of, nearest, taken_of
from gateway.desk.rooms import KINDS, SECRET
from gateway.desk.team import roster_of
from gateway.desk.walks import last_test_ms
from gateway.desk.week import Line, monday_of, week_of
from gateway.roster import Roster
from gateway.store.reader import Reader
from protocol.messages import Incident
from protocol.moment import Moment

__all__ = [
    "Line",
    "Missing",
    "Nearest",
    "Window",
    "World",
    "check_due",
    "come_since",
    "hours_on",
    "last_test_ms",
    "left_of",
    "may_be_left",
    "monday_of",
    "nearest",
    "not_over",
    "not_ready",
    "overdue_window",
    "present_day",
    "spot_of",
    "state_of",
    "taken_of",
    "unclosed",
    "week_of",
    "window_on",
    "world",
]


def world(
    reader: Reader, *, utc_ms: int, zone: tzinfo, kinds: Iterable[str] | None = None
) -> World:
    """The branch at the present moment. zone: of the branch's clock. kinds: only these kinds of
    records, None for all that are nobody's secret. Raises: StoreError."""
    records: dict[str, dict[str, Record]] = {
        kind: {one.id: one for one in reader.records(kind)}
        for kind in (KINDS.keys() - SECRET if kinds is None else kinds)
    }
    local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone).replace(tzinfo=None)
    seen = World(
        records=records,
        incidents={one.incident_id: one for one in reader.open_incidents()},
        roster=Roster(),
        now=Moment(mono_ms=0, utc_ms=utc_ms, boot=""),
        local=local,
        points={one.point: one for one in reader.points()},
        faults={(one.subject, one.name): one for one in reader.faults()},
        past=_Past(reader),
    )
    return replace(seen, roster=roster_of(seen))


class _Past(Mapping[str, Incident]):
    """The closed incidents, read one by one as they are asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, incident_id: str) -> Incident:
        found = self._reader.incident(incident_id)
        if found is None:
            raise KeyError(incident_id)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
