"""PURE. Care before the call: a point or seat is marked as one to look after, for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Annotated

import msgspec

from gateway.course import Entry
from gateway.desk.asking import body_of, is_stale, refused_field, words_of
from gateway.desk.points import is_point
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.duty import ClockTime
from protocol.messages import FieldFault, Request
from protocol.moment import rfc3339

LASTS = timedelta(hours=2)
# A mark that would last longer was meant for a time that is over already.
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What `care.mark` needs. until: by the branch's clock; None: for two hours."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    until: ClockTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """Somebody there needs to be looked after; the record's id is the point's.

    reason: why, without the person's name. until: RFC 3339; the mark ends by itself. by: who said
    so.
    """

    reason: str
    until: str
    by: str


def _mark(world: World, request: Request) -> Outcome:
    """`care.mark`: any member of staff, since whoever stands there sees it first."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    if not is_point(world, request.id):
        return Refused("unknown_point")
    known = world.get("care", request.id)
    if is_stale(request, known):
        return Refused("changed_meanwhile")
    mark = body_of(Mark, request)
    if isinstance(mark, Refused):
        return mark
    reason = words_of(mark.reason)
    if not reason:
        return refused_field("reason", "missing")
    ends = _ends(world.local, mark.until)
    if ends is None:
        return refused_field("until", "in_the_past", mark.until or "")
    ends_ms = world.now.utc_ms + round((ends - world.local).total_seconds() * 1000)
    care = Care(reason=reason, until=rfc3339(ends_ms), by=request.by)
    record = Record(
        kind="care",
        id=request.id,
        body=care,
        version=1 + (known.version if known else world.last_version("care", request.id)),
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        due=Due(ends_ms),
    )
    detail: dict[str, object] = {"point": request.id, "reason": care.reason, "until": care.until}
    entry = Entry(event="care_marked", by=request.by, detail=detail)
    return Done(records=(record,), entries=((entry, None),), named=_replaced(known, request))


def _replaced(known: Record | None, request: Request) -> tuple[FieldFault, ...]:
    """What somebody else had marked there, for whoever has marked it anew."""
    if known is None or known.by == request.by:
        return ()
    return (FieldFault(field="reason", name="replaced", detail=known.body.reason),)


def _ends(local: datetime, until: str | None) -> datetime | None:
    """When the mark ends by the branch's clock; None when that time is over."""
    if until is None:
        return local + LASTS
    ends = datetime.combine(local.date(), time.fromisoformat(until))
    if ends <= local:
        ends += timedelta(days=1)
    return ends if ends - local <= LONGEST else None


def _clear(world: World, request: Request) -> Outcome:
    """`care.clear`: nobody there needs care any more."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    known = world.get("care", request.id)
    if known is None:
        return Refused("unknown_record")
    if is_stale(request, known):
        return Refused("changed_meanwhile")
    return _over(world, known, by=request.by, event="care_cleared")


def _expires(world: World, record: Record) -> Done:
    return _over(world, record, by="", event="care_ended")


def _over(world: World, record: Record, *, by: str, event: str) -> Done:
    over = replace(
        record,
        version=record.version + 1,
        is_open=False,
        by=by,
        at=rfc3339(world.now.utc_ms),
        due=None,
    )
    entry = Entry(event=event, by=by, detail={"point": record.id, "reason": record.body.reason})
    return Done(records=(over,), entries=((entry, None),))


ROOM = Room(
    kinds={"care": Care},
    requests={"care.mark": _mark, "care.clear": _clear},
    fall_due=_expires,
)
