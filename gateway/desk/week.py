"""PURE. What of the plan counts on each day of a week: shifts, absences and days besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from gateway.desk.record import Record, World
from gateway.duty import DAY, Span, exception_spans, spans_of, without


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that the plan says of somebody on a day. record: the shift or the exception.

    span: as planned, from its first minute on. left: what counts of it, since who is away is
    away; breaks are left in. Of being away itself nothing counts.
    """

    what: Literal["shift", "extra", "away"]
    record: Record
    span: Span
    left: tuple[Span, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.left == (self.span,)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(world: World, monday: date) -> dict[str, list[list[Line]]]:
    """{staff id: the lines of each of the seven days, the earliest first}, for all the staff.

    Whether somebody follows the plan at all is said by their duty.
    """
    week: dict[str, list[list[Line]]] = {id: [[] for _ in range(7)] for id in world.all("staff")}
    for line in _lines(world, monday):
        days = week.get(line.record.body.staff)
        if days is not None:
            days[(line.span.start.date() - monday).days].append(line)
    for days in week.values():
        for lines in days:
            lines.sort(key=lambda line: (line.span, line.record.id))
    return week


def _lines(world: World, monday: date) -> Iterator[Line]:
    days = {"first": monday, "last": monday + 6 * DAY}
    around = {"first": monday - DAY, "last": monday + 7 * DAY}  # nights go on tomorrow
    away: dict[str, list[Span]] = {}
    for record in world.all("exception").values():
        if record.body.what == "away":
            spans = away.setdefault(record.body.staff, [])
            spans += exception_spans(record.body, **around)
    for record in world.all("exception").values():
        for span in exception_spans(record.body, **days):
            left = () if record.body.what == "away" else without([span], _of(away, record))
            yield Line(what=record.body.what, record=record, span=span, left=tuple(left))
    for record in world.all("shift").values():
        for span in spans_of(record.body, **days):
            left = without([span], _of(away, record))
            yield Line(what="shift", record=record, span=span, left=tuple(left))


def _of(away: dict[str, list[Span]], record: Record) -> list[Span]:
    return away.get(record.body.staff, [])
