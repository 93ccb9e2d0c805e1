"""PURE. When the branch is open for customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gateway.desk.plans import Plan
from gateway.desk.record import World
from gateway.duty import WEEKDAYS, ClockTime, Weekday, span_on
from protocol.messages import FieldFault

BRANCH = "branch"
# Whoever closes before they open means the next day; beyond this it is a slip of the pen.
LONGEST_NIGHT = timedelta(hours=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When customers come, on each of these days, by the branch's clock. closes before opens: past
    midnight."""

    days: list[Weekday]
    opens: ClockTime
    closes: ClockTime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """The week of the branch; the record's id is `branch`. A day that no row names is no day of
    business."""

    week: list[Hours] = field(default_factory=list)


def _check_hours(world: World, id: str, hours: OpeningHours) -> Iterator[FieldFault]:
    named: set[str] = set()
    for number, row in enumerate(hours.week):
        if not row.days:
            yield FieldFault(field=f"week[{number}].days", name="empty")
        if row.opens == row.closes:
            yield FieldFault(field=f"week[{number}].closes", name="same_as_start")
        elif row.closes < row.opens and (open_for := _length(row)) > LONGEST_NIGHT:
            said = f"{open_for / timedelta(hours=1):g} h"
            yield FieldFault(field=f"week[{number}].closes", name="too_long", detail=said)
        for day in row.days:
            if day in named:
                yield FieldFault(field=f"week[{number}].days", name="day_twice", detail=day)
            named.add(day)
    yield from _check_nights(hours)


def _check_nights(hours: OpeningHours) -> Iterator[FieldFault]:
    """A day that opens before the one before has closed."""
    closes = {day: row for row in hours.week for day in row.days if row.closes < row.opens}
    for number, row in enumerate(hours.week):
        for day in row.days:
            before = WEEKDAYS[WEEKDAYS.index(day) - 1]
            if before in closes and row.opens < closes[before].closes:
                yield FieldFault(field=f"week[{number}].opens", name="opens_twice", detail=day)


def _length(row: Hours) -> timedelta:
    span = span_on(date(2026, 1, 5), row.opens, row.closes)
    return span.end - span.start


PLAN = Plan(kind="hours", cls=OpeningHours, rule=_check_hours, only=BRANCH)


def hours_on(world: World, day: date) -> tuple[datetime, datetime] | None:
    """When the branch opens and closes on `day`; None when it does not, or nobody has said."""
    plan = world.get("hours", BRANCH)
    weekday = WEEKDAYS[day.weekday()]
    for row in plan.body.week if plan else ():
        if weekday in row.days:
            span = span_on(day, row.opens, row.closes)
            return span.start, span.end
    return None
