"""PURE  Months, days and hours of a branch's own calendar."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
# 1971 to 9998: what clocks and time zones can reckon with.
MONTH_PATTERN = (
    r"^(197[1-9]|19[89][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
    r"-(0[1-9]|1[0-2])(?![\s\S])"
)
_MONTH = re.compile(MONTH_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar. number: 1 to 12."""

    year: int
    number: int

    @classmethod
    def read(cls, text: str) -> Month:
        """The month of a text such as 2026-11. Raises: ValueError."""
        if not _MONTH.match(text):
            raise ValueError(text)
        return cls(int(text[:4]), int(text[5:]))

    @classmethod
    def of(cls, utc_ms: int, zone: ZoneInfo) -> Month:
        """The month that it is in `zone` at a moment."""
        day = local_day(utc_ms, zone)
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def before(self) -> Month:
        return Month(self.year - 1, 12) if self.number == 1 else Month(self.year, self.number - 1)

    @property
    def after(self) -> Month:
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)

    @property
    def days(self) -> tuple[date, date]:
        """Its first and its last day."""
        return self._first, self.after._first - timedelta(days=1)

    @property
    def _first(self) -> date:
        return date(self.year, self.number, 1)

    def window(self, zone: ZoneInfo) -> tuple[int, int]:
        """(start_ms, end_ms): from its first moment in `zone` up to, not including, the next's."""
        return day_start_ms(self._first, zone), day_start_ms(self.after._first, zone)


def day_start_ms(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day in `zone` (UTC), also where clocks change at midnight."""
    return round(datetime.combine(day, time.min, zone).timestamp() * 1000)


def local_day(utc_ms: int, zone: ZoneInfo) -> date:
    """The day that it is in `zone` at a moment."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone).date()


def parts(start_ms: int, end_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """[start_ms, end_ms) cut where months begin."""
    found = []
    while start_ms < end_ms:
        cut_ms = min(Month.of(start_ms, zone).window(zone)[1], end_ms)
        found.append((start_ms, cut_ms))
        start_ms = cut_ms
    return found


class LocalTime:
    """Hours and weekdays of moments in [start_ms, end_ms) in a zone.

    Fifty thousand moments are turned by two look-ups each, since a zone's clock changes only a few
    times in a year.
    """

    def __init__(self, zone: ZoneInfo, *, start_ms: int, end_ms: int) -> None:
        self._starts: list[int] = []
        self._offsets: list[int] = []
        for begin_ms, offset_ms in _offsets(zone, start_ms, end_ms):
            self._starts.append(begin_ms)
            self._offsets.append(offset_ms)

    def hour(self, utc_ms: int) -> int:
        """The hour of the day, 0 to 23."""
        return self._local_ms(utc_ms) // HOUR_MS % 24

    def weekday(self, utc_ms: int) -> int:
        """The day of the week, 1 (Monday) to 7."""
        return (self._local_ms(utc_ms) // DAY_MS + 3) % 7 + 1  # 1 January 1970 was a Thursday

    def _local_ms(self, utc_ms: int) -> int:
        return utc_ms + self._offsets[max(bisect_right(self._starts, utc_ms) - 1, 0)]


def _offsets(zone: ZoneInfo, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """(since when, how far local time is ahead of UTC), looked at once a day."""
    offset_ms = _offset_ms(zone, start_ms)
    yield start_ms, offset_ms
    for before_ms in range(start_ms, end_ms, DAY_MS):
        after_ms = before_ms + DAY_MS
        if _offset_ms(zone, after_ms) != offset_ms:
            begin_ms = _change_ms(zone, before_ms, after_ms)
            offset_ms = _offset_ms(zone, after_ms)
            yield begin_ms, offset_ms


def _change_ms(zone: ZoneInfo, before_ms: int, after_ms: int) -> int:
    """The first millisecond of the new offset, between two moments that differ in it."""
    old_ms = _offset_ms(zone, before_ms)
    while after_ms - before_ms > 1:
        middle_ms = (before_ms + after_ms) // 2
        if _offset_ms(zone, middle_ms) == old_ms:
            before_ms = middle_ms
        else:
            after_ms = middle_ms
    return after_ms


def _offset_ms(zone: ZoneInfo, utc_ms: int) -> int:
    there = datetime.fromtimestamp(utc_ms // 1000, UTC).astimezone(zone)
    return round(there.utcoffset().total_seconds() * 1000)
