"""Makes the worlds that rooms look at: everything that is so at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from gateway.course import Course
from gateway.desk.coverage import Coverage
from gateway.desk.hours import BRANCH
from gateway.desk.record import Record, World
from gateway.roster import Roster
from gateway.store.records import Judged, PointRecord
from protocol.messages import Fault, Incident
from protocol.moment import Moment

Records = Mapping[str, Mapping[str, Record]]


class Memory(Protocol):
    """What the desk asks the store for."""

    def records(self) -> list[Record]: ...
    def record(self, kind: str, id: str) -> Record | None: ...
    def judged(self, action_id: str) -> Judged | None: ...
    def closed_incident(self, incident_id: str) -> Incident | None: ...
    def desk_salt(self) -> str: ...


class Worlds:
    """zone: of the branch's clock. It keeps what costs time to make and is asked for often."""

    def __init__(self, memory: Memory, *, zone: tzinfo) -> None:
        self._memory = memory
        self._zone = zone
        self._points: Mapping[str, PointRecord] = {}
        self._faults: Mapping[tuple[str, str], Fault] = {}
        self._salt = ""
        self._local_at: tuple[int, datetime] = (-1, datetime.min)
        self._coverage: tuple[datetime, Coverage] | None = None

    def load(self) -> None:
        """Takes over what the store remembers."""
        self._salt = self._memory.desk_salt()
        self.forget_week()

    def forget_week(self) -> None:
        """Who works when has changed."""
        self._coverage = None

    def look_at(
        self, points: Mapping[str, PointRecord], faults: Mapping[tuple[str, str], Fault]
    ) -> None:
        """From now on the rooms see these, as they change."""
        self._points, self._faults = points, faults

    def at(
        self, now: Moment, *, records: Records, roster: Roster, courses: Mapping[str, Course]
    ) -> World:
        """What a room may look at now."""
        local = self._local(now)
        return World(
            records=records,
            incidents=_Incidents(courses),
            roster=roster,
            now=now,
            local=local,
            points=self._points,
            faults=self._faults,
            past=_Closed(self._memory),
            salt=self._salt,
            coverage=self._week_from(local, records),
            last_version=self._last_version,
        )

    def _last_version(self, kind: str, id: str) -> int:
        record = self._memory.record(kind, id)
        return record.version if record else 0

    def _week_from(self, local: datetime, records: Records) -> Coverage:
        """Made anew each hour, and when who works when has changed."""
        hour = local.replace(minute=0, second=0, microsecond=0)
        if self._coverage is None or self._coverage[0] != hour:
            hours = records.get("hours", {}).get(BRANCH)
            self._coverage = (
                hour,
                Coverage(
                    staff={id: one.body for id, one in records.get("staff", {}).items()},
                    shifts=[one.body for one in records.get("shift", {}).values()],
                    exceptions=[one.body for one in records.get("exception", {}).values()],
                    hours=hours.body if hours else None,
                    local=local,
                ),
            )
        return self._coverage[1]

    def _local(self, now: Moment) -> datetime:
        """The branch's own time, to the second: it is asked for with each press."""
        utc_s = now.utc_ms // 1000
        if utc_s != self._local_at[0]:
            zoned = datetime.fromtimestamp(utc_s, UTC).astimezone(self._zone)
            self._local_at = (utc_s, zoned.replace(tzinfo=None))
        return self._local_at[1]


class _Incidents(Mapping[str, Incident]):
    """The open incidents of the courses, without a copy of them."""

    def __init__(self, courses: Mapping[str, Course]) -> None:
        self._courses = courses

    def __getitem__(self, incident_id: str) -> Incident:
        return self._courses[incident_id].incident

    def __iter__(self):
        return iter(self._courses)

    def __len__(self) -> int:
        return len(self._courses)


class _Closed(Mapping[str, Incident]):
    """The closed incidents, asked of the store one by one: a year of them is no list to walk."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __getitem__(self, incident_id: str) -> Incident:
        found = self._memory.closed_incident(incident_id)
        if found is None:
            raise KeyError(incident_id)
        return found

    def __iter__(self):
        return iter(())

    def __len__(self) -> int:
        return 0
