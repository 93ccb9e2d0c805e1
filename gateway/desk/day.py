"""PURE. Opening and closing the branch, by whoever answers for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated

import msgspec

from gateway.course import Entry
from gateway.desk.asking import body_of, words_of
from gateway.desk.business_day import (
    Accepted,
    BranchDay,
    Stretch,
    end_of,
    present_day,
    state_of,
    unclosed,
    wrongs,
)
from gateway.desk.hours import PLAN, OpeningHours
from gateway.desk.in_the_way import Missing, come_since, may_be_left, not_over, not_ready
from gateway.desk.plans import LEADS
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from protocol.messages import FieldFault, Request, ShortText
from protocol.moment import rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One thing that the asker takes upon them. key: of the Missing."""

    key: ShortText
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepting:
    """The body of `day.open` and `day.close`."""

    accepted: list[Acceptance] = field(default_factory=list)


# --- opening and closing --------------------------------------------------------------------


def _open(world: World, request: Request) -> Outcome:
    """`day.open`: ready, or in spite of what a lead accepts one by one, each with a reason.

    A day before that nobody closed is one such thing: it stays written as never closed.
    """
    late = unclosed(world)
    if late is None and state_of(world) == "open":
        return Refused("already_open")
    accepted = _accepted(world, request, not_ready(world), reason="not_ready")
    if isinstance(accepted, Refused):
        return accepted
    today = world.get("day", world.local.date().isoformat())
    body = BranchDay(
        opened_at=rfc3339(world.now.utc_ms),
        opened_by=request.by,
        missing=accepted,
        earlier=_stretches(today.body) if today else [],
    )
    done = _written(world, request, today, body, "day_opened", accepted)
    return done if late is None else done + Done(records=(_over(late),))


def _stretches(day: BranchDay) -> list[Stretch]:
    """Everything the day has seen so far."""
    names = Stretch.__dataclass_fields__
    return [*day.earlier, Stretch(**{name: getattr(day, name) for name in names})]


def _close(world: World, request: Request) -> Outcome:
    """`day.close`: when nobody is left behind. It closes the open day, whatever its date; one that
    is closed again for what has come since, and one that nobody opened only by a lead."""
    day, missing = present_day(world), not_over(world)
    is_again = day is not None and day.body.closed_at is not None
    if is_again and not come_since(day.body, missing):
        return Refused("already_closed_day")
    if state_of(world) == "before":
        return Refused("nothing_to_close")
    accepted = _accepted(world, request, missing, reason="still_busy")
    if isinstance(accepted, Refused):
        return accepted
    if day is None and not world.roster.has_role(request.by, *LEADS):
        return Refused("not_allowed")
    before = BranchDay(earlier=_stretches(day.body)) if is_again else None
    body = replace(
        before or (day.body if day else BranchDay()),
        closed_at=rfc3339(world.now.utc_ms),
        closed_by=request.by,
        left=accepted,
    )
    return _written(world, request, day, body, "day_closed", accepted)


def _accepted(
    world: World, request: Request, missing: list[Missing], *, reason: str
) -> list[Accepted] | Refused:
    """Everything missing as taken upon them by the asker, or what still stands in the way."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    asked = body_of(Accepting, request)
    if isinstance(asked, Refused):
        return asked
    reasons = {one.key: words_of(one.reason) for one in asked.accepted}
    may = world.roster.has_role(request.by, *LEADS)
    blocks = []
    for one in missing:
        is_fixed = reason == "still_busy" and not may_be_left(one)
        if is_fixed or not may or not reasons.get(one.key):
            name = "reason_needed" if may and not is_fixed and one.key in reasons else one.name
            blocks.append(FieldFault(field=one.key[:200], name=name[:32], detail=one.detail))
    if blocks:
        is_not_theirs = not may and bool(reasons)
        return Refused("not_allowed" if is_not_theirs else reason, tuple(blocks))
    return [
        Accepted(
            subject=one.subject,
            name=one.name,
            detail=one.detail,
            by=request.by,
            reason=reasons[one.key],
        )
        for one in missing
    ]


def _written(
    world: World,
    request: Request,
    known: Record | None,
    body: BranchDay,
    event: str,
    accepted: list[Accepted],
) -> Done:
    """known: the day as it was, None when it begins today."""
    day = known.id if known else world.local.date().isoformat()
    ahead_ms = round((end_of(world, day) - world.local).total_seconds() * 1000)
    record = Record(
        kind="day",
        id=day,
        body=body,
        version=known.version + 1 if known else 1,
        is_open=ahead_ms > 0,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        due=Due(world.now.utc_ms + ahead_ms) if ahead_ms > 0 else None,
    )
    detail: dict[str, object] = {
        "day": day,
        "accepted": [msgspec.to_builtins(one) for one in accepted],
    }
    entry = Entry(event=event, by=request.by, detail=detail)
    return Done(records=(record,), entries=((entry, None),))


def _ends(world: World, record: Record) -> Done:
    """A day is over at midnight; one that nobody closed waits for somebody who does."""
    if record.body.closed_at:
        return Done(records=(_over(record),))
    entry = Entry(event="day_not_closed", detail={"day": record.id})
    # Its version stays: nobody has written anything.
    return Done(records=(replace(record, due=None),), entries=((entry, None),))


def _over(record: Record) -> Record:
    return replace(record, version=record.version + 1, is_open=False, due=None)


ROOM = Room(
    kinds={"hours": OpeningHours, "day": BranchDay},
    requests=PLAN.requests | {"day.open": _open, "day.close": _close},
    fall_due=_ends,
    wrongs=wrongs,
)
