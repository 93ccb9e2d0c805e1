"""PURE. How many complaints a day brings, and whether that is more than usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import sqrt

from gateway.course import Entry
from gateway.desk.record import Done, Due, Record, World
from protocol.moment import parse_rfc3339, rfc3339

WEEKS = 8
# Below this many nobody calls it a rise, however quiet the weeks before were.
FEWEST = 3
_KEPT_MS = (WEEKS * 7 + 1) * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDay:
    """The complaints opened on a day; its id is the date, by the branch's calendar.

    usual: the mean of the same weekday in the weeks before. is_rise: it is more than chance.
    """

    count: int
    usual: float = 0.0
    is_rise: bool = False


def is_rise(today: int, before: Sequence[int]) -> bool:
    """Whether `today` is more than two standard deviations above the days in `before`.

    Counts of rare things vary with the root of their mean (Poisson).
    """
    mean = usual(before)
    return today >= FEWEST and today > mean + 2 * sqrt(mean)


def usual(before: Sequence[int]) -> float:
    return sum(before) / len(before) if before else 0.0


def counted(world: World) -> Done:
    """One more today; said in the log when it becomes a rise."""
    known = world.get("complaint_day", world.local.date().isoformat())
    record = _recounted(world, world.local.date(), known, +1)
    body: ComplaintDay = record.body
    rises_now = body.is_rise and not (known and known.body.is_rise)
    entry = Entry(event="complaints_rose", detail={"count": body.count, "usual": body.usual})
    return Done(records=(record,), entries=((entry, None),) if rises_now else ())


def uncounted(world: World, opened_at: str) -> Done:
    """One less on the day it was opened, whatever day it is now, as far as that is still kept."""
    ago = timedelta(milliseconds=world.now.utc_ms - parse_rfc3339(opened_at))
    day = (world.local - ago).date()
    known = world.get("complaint_day", day.isoformat())
    return Done(records=(_recounted(world, day, known, -1),)) if known else Done()


def _recounted(world: World, day: date, known: Record | None, more: int) -> Record:
    before = [_count_on(world, day - timedelta(weeks=week)) for week in range(1, WEEKS + 1)]
    count = max(0, (known.body.count if known else 0) + more)
    return Record(
        kind="complaint_day",
        id=day.isoformat(),
        body=ComplaintDay(
            count=count, usual=round(usual(before), 2), is_rise=is_rise(count, before)
        ),
        version=known.version + 1 if known else 1,
        at=rfc3339(world.now.utc_ms),
        due=known.due if known else Due(world.now.utc_ms + _KEPT_MS),
    )


def _count_on(world: World, day: date) -> int:
    record = world.get("complaint_day", day.isoformat())
    return record.body.count if record else 0


def forgotten(world: World, record: Record) -> Done:
    """A day too long ago to compare with."""
    at = rfc3339(world.now.utc_ms)
    closed = replace(record, version=record.version + 1, is_open=False, at=at, due=None)
    return Done(records=(closed,))
