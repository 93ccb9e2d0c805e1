"""PURE. What is wrong with a day that is not as planned: away, or there besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from gateway.desk.record import World
from gateway.duty import (
    DAY,
    WEEKDAYS,
    Exception_,
    Shift,
    Span,
    exception_spans,
    parse_day,
    pauses_in,
    spans_of,
    without,
)
from protocol.messages import FieldFault

# Whoever is away for longer is planned anew.
LONGEST_EXCEPTION = timedelta(days=1100)


def check_exception(world: World, id: str, one: Exception_) -> Iterator[FieldFault]:
    """Everything wrong with a day that is not as planned, each at its field."""
    yield from check_whom(world, one.staff)
    yield from check_days(one.first, one.last)
    first, last = parse_day(one.first), parse_day(one.last)
    if last is not None and last < world.local.date():
        yield FieldFault(field="last", name="in_the_past", detail=one.last)
    if (one.starts is None) != (one.ends is None):
        yield FieldFault(field="ends" if one.ends is None else "starts", name="missing")
    elif one.starts is not None and one.starts == one.ends:
        yield FieldFault(field="ends", name="same_as_start")
    elif first and last and last > first + LONGEST_EXCEPTION:
        latest = (first + LONGEST_EXCEPTION).isoformat()
        yield FieldFault(field="last", name="too_late", detail=latest)
    elif first and last:
        others = [
            record.body
            for key, record in world.all("exception").items()
            if key != id and record.body.staff == one.staff
        ]
        days = {"first": first - DAY, "last": last + DAY}
        yield from _check_against(one, others, days)
        yield from _check_twice(one, others, days)
        if one.what == "extra":
            yield from _check_besides(world, one, days)


def _check_against(
    one: Exception_, others: list[Exception_], days: dict[str, date]
) -> Iterator[FieldFault]:
    """Who is away is away: a time besides of which nothing is left would never be worked."""
    mine = _spans_of_all(one.what, [one], days)
    away = _spans_of_all("away", [one, *others], days)
    besides = mine if one.what == "extra" else _spans_of_all("extra", others, days)
    for span in besides:
        if not without([span], away) and any(span.meets(other) for other in mine):
            yield FieldFault(field="first", name="contradicts", detail=f"{span.start:%Y-%m-%d}")
            return


def _spans_of_all(what: str, bodies: Iterable[Exception_], days: dict[str, date]) -> list[Span]:
    return [span for body in bodies if body.what == what for span in exception_spans(body, **days)]


def _check_twice(
    one: Exception_, others: list[Exception_], days: dict[str, date]
) -> Iterator[FieldFault]:
    """The same is said once: of two nobody could tell which to change. Who is to be away for an
    hour may fall ill for the week around it."""
    mine = _spans_of_all(one.what, [one], days)
    for other in others:
        theirs = _spans_of_all(one.what, [other], days)
        is_wider = not without(theirs, mine) and bool(without(mine, theirs))
        if one.what == "away" and is_wider:
            continue
        if any(span.meets(another) for span in mine for another in theirs):
            name = "overlaps" if one.what == "extra" else "away_already"
            yield FieldFault(field=_field_of_time(one), name=name, detail=_said(other))
            return


def _check_besides(world: World, one: Exception_, days: dict[str, date]) -> Iterator[FieldFault]:
    """A time besides adds something to the person's shifts; their breaks are no time worked."""
    worked = [
        (part, span.start, record.body)
        for record in world.all("shift").values()
        if record.body.staff == one.staff
        for span in spans_of(record.body, **days)
        for part in without([span], pauses_in(record.body, span))
    ]
    mine = _spans_of_all("extra", [one], days)
    if not mine or without(mine, [part for part, _, _ in worked]):
        return
    start, shift = next((start, body) for part, start, body in worked if part.meets(mine[0]))
    detail = shift_said(world, shift, WEEKDAYS[start.weekday()])
    yield FieldFault(field=_field_of_time(one), name="overlaps", detail=detail)


def _field_of_time(one: Exception_) -> str:
    return "starts" if one.starts else "first"


def _said(one: Exception_) -> str:
    """An exception as people know it: 2026-12-01 … 2026-12-05 10:00-12:00."""
    days = one.first if one.first == one.last else f"{one.first} … {one.last}"
    return f"{days} {one.starts}-{one.ends}" if one.starts else days


def check_whom(world: World, staff: str) -> Iterator[FieldFault]:
    """Whether there is such a person to plan for."""
    if world.get("staff", staff) is None:
        yield FieldFault(field="staff", name="unknown_staff", detail=staff)


def check_days(first: str | None, last: str | None) -> Iterator[FieldFault]:
    """Whether the days exist, and come in order."""
    for name, text in (("first", first), ("last", last)):
        if text is not None and parse_day(text) is None:
            yield FieldFault(field=name, name="no_such_day", detail=text)
    if first and last and parse_day(first) and parse_day(last) and last < first:
        yield FieldFault(field="last", name="before_first", detail=last)


def shift_said(world: World, shift: Shift, day: str) -> str:
    """A shift as people know it: tue 22:00-06:00, Guide's desk. The day it begins on comes first,
    for the page to say in words."""
    post = world.get("post", shift.post) if shift.post else None
    hours = f"{day} {shift.starts}-{shift.ends}"
    return f"{hours}, {post.body.name}" if post else hours
