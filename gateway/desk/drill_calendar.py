"""PURE. When drills are due: windows that come round, and a time in each that nobody can know."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

import msgspec

from gateway.desk.todo import Text
from gateway.duty import WEEKDAYS, ClockTime, Day, Weekday, parse_day
from protocol.messages import FieldFault, Id

DAY = timedelta(days=1)
WORKDAYS: tuple[Weekday, ...] = WEEKDAYS[:5]
LAST_YEAR = 9000
# A year, and the day that a leap year has more: a longer window is a slip of a key.
LONGEST = timedelta(days=366)
DrillKind = Literal["call", "urgent"]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=3600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPlan:
    """A drill that comes round.

    kind: what it raises. point: where; None: at one that the calendar picks. first, last: the days
    of its first window; every_months: how often that comes round, 0 for once. unannounced: it
    begins by itself at a time nobody knows, between starts and ends on one of the days; else a
    lead begins it within the window. accept_s, arrive_s: how fast is fast enough.
    """

    zh: Text
    en: Text
    first: Day
    last: Day
    kind: DrillKind = "urgent"
    point: Id | None = None
    every_months: Annotated[int, msgspec.Meta(ge=0, le=60)] = 6
    unannounced: bool = False
    starts: ClockTime = "09:30"
    ends: ClockTime = "16:30"
    days: list[Weekday] = field(default_factory=lambda: list(WORKDAYS))
    accept_s: Seconds = 30
    arrive_s: Seconds = 120


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Days in which a drill is to be held, both included."""

    first: date
    last: date


def windows(plan: DrillPlan, today: date) -> Iterator[Window]:
    """The plan's windows one after the other, from some before today on."""
    first, last = parse_day(plan.first), parse_day(plan.last)
    if first is None or last is None:
        return
    if not plan.every_months:
        yield Window(first, last)
        return
    lasts = _months_between(first, last) + 2
    number = max(0, (_months_between(first, today) - lasts) // plan.every_months - 1)
    while first.year + number * plan.every_months // 12 < LAST_YEAR:
        months = number * plan.every_months
        yield Window(_later(first, months), _later(last, months))
        number += 1


def window_faults(plan: DrillPlan) -> Iterator[FieldFault]:
    """What is wrong with how long the plan's window is: a year at most, and over before the next
    begins. One that does not exist, or ends before it begins, is for others to name."""
    first, last = parse_day(plan.first), parse_day(plan.last)
    if first is None or last is None:
        return
    if last > first + LONGEST:
        latest = (first + LONGEST).isoformat()
        yield FieldFault(field="last", name="too_late", detail=latest)
    elif plan.every_months and last >= (following := _later(first, plan.every_months)):
        latest = (following - DAY).isoformat()
        yield FieldFault(field="last", name="window_overlaps", detail=latest)


def _months_between(one: date, other: date) -> int:
    return (other.year - one.year) * 12 + other.month - one.month


def _later(day: date, months: int) -> date:
    """The same day so many months later; the month's last when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    is_last = (day + DAY).day == 1
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    if is_last or day.day > (following - DAY).day:
        return following - DAY
    return date(year, month + 1, day.day)


def window_on(plan: DrillPlan, today: date) -> Window | None:
    """The window that is open, or else the next to come; None after the last."""
    return next((one for one in windows(plan, today) if one.last >= today), None)


def ended_window(plan: DrillPlan, today: date, *, since: date) -> Window | None:
    """The newest window that is over and ended after `since`, when the plan was made."""
    found = None
    for one in windows(plan, today):
        if one.last >= today:
            break
        found = one
    return found if found and found.last >= since else None


def hidden_time(
    plan: DrillPlan, id: str, window: Window, *, salt: str, after: datetime
) -> datetime | None:
    """When an unannounced drill begins: the same however often it is asked, and nobody's to know
    without the branch's salt. None when no day after `after`'s is left in the window."""
    days = days_in(plan, window, after=after.date())
    if not days:
        return None
    text = f"{salt}|{id}|{window.first.isoformat()}|{days[0].isoformat()}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    start, end = (_minute_of(text) for text in (plan.starts, plan.ends))
    number, which = divmod(number, len(days))
    minute = start + number % max(1, end - start)
    return datetime.combine(days[which], time(minute // 60, minute % 60))


def days_in(plan: DrillPlan, window: Window, *, after: date) -> list[date]:
    """The days after `after` on which an unannounced drill may begin within the window; of one that
    is longer than any may be, as once was taken, those of the coming LONGEST."""
    day = max(window.first, after + DAY)
    last = min(window.last, day + LONGEST)
    dates = [day + number * DAY for number in range((last - day).days + 1)]
    return [day for day in dates if WEEKDAYS[day.weekday()] in plan.days]


def _minute_of(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute


def pick(points: list[str], secret: str) -> str:
    """One of the points, which nobody foresees who does not know the secret."""
    number = int.from_bytes(hashlib.sha256(secret.encode()).digest(), "big")
    return sorted(points)[number % len(points)]
