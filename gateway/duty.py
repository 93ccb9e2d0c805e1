"""PURE. Who works when: shifts, exceptions, breaks and signing in, against the branch's clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, TypeVar

import msgspec

from protocol.messages import Id, ShortText

S = TypeVar("S", "Shift", "Exception_")

DAY = timedelta(days=1)
# Not `\d`, which takes the digits of every script.
TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9](?![\s\S])"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\s\S])"
ClockTime = Annotated[str, msgspec.Meta(pattern=TIME_PATTERN, description="a time such as 08:30")]
Day = Annotated[str, msgspec.Meta(pattern=DATE_PATTERN, description="a day such as 2026-11-24")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = re.compile(DATE_PATTERN)
FIRST_YEAR, LAST_YEAR = 1900, 8999

# A Monday, from which weeks are counted where a shift names no first day.
_FIRST_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """From starts until ends, by the clock on the wall; ends before starts is past midnight."""

    starts: ClockTime
    ends: ClockTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """When somebody works, week after week.

    post: where; None: no fixed place. days: those it begins on. ends before starts: past midnight.
    every_weeks: 2 is every other week, counted from the week of `first`. first, last: the first
    and the last day it may begin on; None: no bound.
    """

    staff: Id
    days: list[Weekday]
    starts: ClockTime
    ends: ClockTime
    post: Id | None = None
    breaks: list[Pause] = field(default_factory=list)
    every_weeks: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    first: Day | None = None
    last: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exception_:
    """A day or more that is not as planned: away, or there besides.

    starts, ends: only between these on each of the days; None: all day.
    """

    staff: Id
    what: Literal["away", "extra"]
    first: Day
    last: Day
    starts: ClockTime | None = None
    ends: ClockTime | None = None
    reason: ShortText = ""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A time from start up to, not including, end; the branch's own clock, without a zone."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def meets(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def by_staff(plans: Iterable[S]) -> dict[str, list[S]]:
    """The shifts, or the exceptions, of each member of staff."""
    found: dict[str, list[S]] = {}
    for one in plans:
        found.setdefault(one.staff, []).append(one)
    return found


def parse_day(text: str) -> date | None:
    """The date `text` writes; None for one that does not exist, such as 2026-02-30, or that lies
    so far off that it cannot be reckoned with."""
    try:
        day = date.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        return None
    return day if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None


def span_on(day: date, starts: str, ends: str) -> Span:
    """The span that begins on `day`; through midnight when it ends no later than it starts."""
    start = datetime.combine(day, time.fromisoformat(starts))
    end = datetime.combine(day, time.fromisoformat(ends))
    return Span(start, end if end > start else end + DAY)


def begins_on(shift: Shift, day: date) -> bool:
    """Whether the shift begins on `day`."""
    if WEEKDAYS[day.weekday()] not in shift.days:
        return False
    first = parse_day(shift.first) if shift.first else None
    last = parse_day(shift.last) if shift.last else None
    if (first and day < first) or (last and day > last):
        return False
    anchor = first or _FIRST_MONDAY
    weeks = ((day - timedelta(days=day.weekday())) - _monday_of(anchor)).days // 7
    return weeks % shift.every_weeks == 0


def comes_between(shift: Shift, first: date, last: date) -> bool:
    """Whether the shift begins on any day from first to last; after 8 weeks all repeats."""
    days = min((last - first).days + 1, 8 * 7 + 1)
    return any(begins_on(shift, first + number * DAY) for number in range(days))


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def spans_of(shift: Shift, *, first: date, last: date) -> Iterator[Span]:
    """When the shift is worked, for every day from first to last that it begins on."""
    day = first
    while day <= last:
        if begins_on(shift, day):
            yield span_on(day, shift.starts, shift.ends)
        day += DAY


def pauses_in(shift: Shift, worked: Span) -> list[Span]:
    """The breaks of one working of the shift."""
    found = []
    for pause in shift.breaks:
        span = span_on(worked.start.date(), pause.starts, pause.ends)
        if span.start < worked.start:  # after midnight, of a night shift
            span = Span(span.start + DAY, span.end + DAY)
        found.append(span)
    return found


def exception_spans(exception: Exception_, *, first: date, last: date) -> Iterator[Span]:
    """When the exception holds, for its days that lie from first to last."""
    begin, end = parse_day(exception.first), parse_day(exception.last)
    if begin is None or end is None:
        return
    day = max(begin, first)
    while day <= min(end, last):
        if exception.starts and exception.ends:
            yield span_on(day, exception.starts, exception.ends)
        else:
            yield Span(datetime.combine(day, time()), datetime.combine(day + DAY, time()))
        day += DAY


def is_planned(shifts: Iterable[Shift], exceptions: Iterable[Exception_], local: datetime) -> bool:
    """Whether the plan has this person at work at `local`: exceptions go before shifts, and who
    is away is away."""
    day = local.date()
    window = {"first": day - DAY, "last": day}
    holding = {
        one.what
        for one in exceptions
        if any(span.holds(local) for span in exception_spans(one, **window))
    }
    if "away" in holding:
        return False
    if "extra" in holding:
        return True
    return any(
        worked.holds(local) and not any(one.holds(local) for one in pauses_in(shift, worked))
        for shift in shifts
        for worked in spans_of(shift, **window)
    )


def next_start(shifts: Iterable[Shift], local: datetime) -> datetime | None:
    """When the next working of any of the shifts begins after `local`, within eight weeks."""
    starts = (
        span.start
        for shift in shifts
        for span in spans_of(shift, first=local.date(), last=local.date() + 57 * DAY)
        if span.start > local
    )
    return min(starts, default=None)


def next_extra(exceptions: Iterable[Exception_], local: datetime) -> datetime | None:
    """When somebody is next there besides after `local`, within eight weeks."""
    starts = (
        span.start
        for one in exceptions
        if one.what == "extra"
        for span in exception_spans(one, first=local.date(), last=local.date() + 57 * DAY)
        if span.start > local
    )
    return min(starts, default=None)


def overlap(one: Shift, other: Shift) -> date | None:
    """The first day on which `one` begins while both are worked; None if that never happens.

    Looked for over the weeks after which both repeat, from the later of their first days.
    """
    firsts = [parse_day(shift.first) if shift.first else _FIRST_MONDAY for shift in (one, other)]
    begin = max(day or _FIRST_MONDAY for day in firsts)
    window = {"first": begin - DAY, "last": begin + 7 * one.every_weeks * other.every_weeks * DAY}
    mine = list(spans_of(one, **window))
    theirs = list(spans_of(other, **window))
    met = [span for span in mine if any(span.meets(another) for another in theirs)]
    return min(met).start.date() if met else None


def within(spans: Iterable[Span], frame: Span) -> list[Span]:
    """What of the spans lies in the frame."""
    return [
        Span(max(one.start, frame.start), min(one.end, frame.end))
        for one in spans
        if one.meets(frame)
    ]


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of the spans where no hole is, the earliest first."""
    left = []
    sorted_holes = sorted(holes)
    for span in sorted(spans):
        start = span.start
        for hole in sorted_holes:
            if hole.start >= span.end:
                break
            if hole.end <= start:
                continue
            if hole.start > start:
                left.append(Span(start, hole.start))
            start = max(start, hole.end)
        if start < span.end:
            left.append(Span(start, span.end))
    return left
