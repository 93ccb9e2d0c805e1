"""PURE. Opening and closing the branch: what must be right before, and what must be over after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Annotated, Literal

import msgspec

from gateway.course import Entry
from gateway.desk.asking import body_of
from gateway.desk.hours import PLAN, OpeningHours, hours_on
from gateway.desk.plans import LEADS
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.desk.team import roster_of
from gateway.duty import parse_day
from gateway.policy import DEFAULT_ROLES, LEAD
from protocol.messages import FieldFault, Request, ShortText
from protocol.moment import rfc3339

SOON = timedelta(days=30)
LOOK_EVERY = timedelta(minutes=30)
State = Literal["unknown", "before", "unopened", "open", "closed"]


# --- one day --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that is not right. subject, name: as of a fault. detail: what they do not say."""

    subject: str
    name: str
    detail: str = ""

    @property
    def key(self) -> str:
        """Names it in a request: whoever accepts it accepts this and nothing else."""
        return f"{self.subject}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Something that was not right and that somebody took upon them, with the reason."""

    subject: str
    name: str
    detail: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDay:
    """One day of business; the record's id is its date. at, by: when and by whom, or None.

    missing: what was not right at the opening. left: what was not over at the closing.
    """

    opened_at: str | None = None
    opened_by: str | None = None
    missing: list[Accepted] = field(default_factory=list)
    closed_at: str | None = None
    closed_by: str | None = None
    left: list[Accepted] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One thing that the asker takes upon them. key: of the Missing."""

    key: ShortText
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepting:
    """The body of `day.open` and `day.close`."""

    accepted: list[Acceptance] = field(default_factory=list)


def state_of(world: World) -> State:
    """How the branch stands today; "unknown" without opening hours and without an opening."""
    today = world.get("day", world.local.date().isoformat())
    if today is not None and today.body.closed_at:
        return "closed"
    if today is not None and today.body.opened_at:
        return "open"
    hours = hours_on(world, world.local.date())
    if hours is None:
        return "unknown"
    opens, closes = hours
    if world.local < opens:
        return "before"
    return "unopened" if world.local < closes else "unknown"


# --- what must be right ---------------------------------------------------------------------


def not_ready(world: World) -> list[Missing]:
    """What is not right for opening: faults of everything, roles nobody covers, certificates."""
    found = [
        Missing(subject=fault.subject, name=fault.name, detail=fault.detail)
        for fault in sorted(world.faults.values(), key=lambda one: (one.subject, one.name))
    ]
    every = [*_roles(world), *found, *_certificates(world)]
    return list({one.key: one for one in reversed(every)}.values())[::-1]  # each thing once


def asked_roles(world: World) -> tuple[str, ...]:
    """Roles that any call may ask for by the policies, and the one that is told at last."""
    plans = world.all("policy")
    default = plans["default"].body.roles if "default" in plans else {}
    asked = {kind: list(default.get(kind) or roles) for kind, roles in DEFAULT_ROLES.items()}
    named = [roles for plan in plans.values() for roles in plan.body.roles.values()]
    return tuple(sorted({LEAD}.union(*asked.values(), *named)))


def _roles(world: World) -> Iterator[Missing]:
    """Roles that nobody covers now, or that nobody will at some time until the branch closes."""
    asked = asked_roles(world)
    uncovered = [role for role in asked if not world.roster.on_duty_with((role,))]
    for role in uncovered:
        yield Missing(subject=f"role/{role}", name="uncovered")
    open_roles = [role for role in asked if role not in uncovered]
    for moment in _later_today(world):
        roster = roster_of(replace(world, local=moment))
        for role in [one for one in open_roles if not roster.on_duty_with((one,))]:
            open_roles.remove(role)
            yield Missing(
                subject=f"role/{role}", name="uncovered_later", detail=moment.strftime("%H:%M")
            )


def _later_today(world: World) -> Iterator[datetime]:
    """Each half hour from now until the branch closes, as far as anybody said when it does."""
    hours = hours_on(world, world.local.date())
    if hours is None:
        return
    start = world.local.replace(second=0, microsecond=0)
    moment = start - timedelta(minutes=start.minute % 30) + LOOK_EVERY
    while moment < hours[1]:
        yield moment
        moment += LOOK_EVERY


def _certificates(world: World) -> Iterator[Missing]:
    today = world.local.date()
    for id, record in sorted(world.all("staff").items()):
        for one in record.body.certificates:
            expires = parse_day(one.expires)
            if expires is None or expires > today + SOON:
                continue
            yield Missing(
                subject=f"certificate/{id}.{one.what}",
                name="expired" if expires < today else "expires_soon",
                detail=f"{record.body.name}, {one.expires}",
            )


# --- what must be over ----------------------------------------------------------------------


def not_over(world: World) -> list[Missing]:
    """What blocks closing: open incidents, calls outside that have not ended, occupied seats."""
    found = [
        Missing(subject=f"incident/{id}", name="open_incident", detail=incident.label)
        for id, incident in world.incidents.items()
    ]
    for id, record in world.all("outside_call").items():
        whom = record.body.number or record.body.contact
        found.append(Missing(subject=f"outside_call/{id}", name="open_outside_call", detail=whom))
    for id, point in world.points.items():
        if point.seat == "occupied":
            found.append(Missing(subject=f"seat/{id}", name="occupied_seat", detail=point.label))
    return found


def may_be_left(missing: Missing) -> bool:
    """Whether a lead may close in spite of it: a bag lies on a seat, but nobody leaves a call."""
    return missing.name == "occupied_seat"


# --- opening and closing --------------------------------------------------------------------


def _open(world: World, request: Request) -> Outcome:
    """`day.open`: ready, or in spite of what a lead accepts one by one, each with a reason."""
    today = world.get("day", world.local.date().isoformat())
    if today is not None and today.body.opened_at and not today.body.closed_at:
        return Refused("already_open")
    accepted = _accepted(world, request, not_ready(world), reason="not_ready")
    if isinstance(accepted, Refused):
        return accepted
    body = BranchDay(opened_at=rfc3339(world.now.utc_ms), opened_by=request.by, missing=accepted)
    return _written(world, request, today, body, "day_opened", accepted)


def _close(world: World, request: Request) -> Outcome:
    """`day.close`: when nobody is left behind."""
    today = world.get("day", world.local.date().isoformat())
    if today is not None and today.body.closed_at:
        return Refused("already_closed_day")
    accepted = _accepted(world, request, not_over(world), reason="still_busy")
    if isinstance(accepted, Refused):
        return accepted
    body = replace(
        today.body if today else BranchDay(),
        closed_at=rfc3339(world.now.utc_ms),
        closed_by=request.by,
        left=accepted,
    )
    return _written(world, request, today, body, "day_closed", accepted)


def _accepted(
    world: World, request: Request, missing: list[Missing], *, reason: str
) -> list[Accepted] | Refused:
    """Everything missing as taken upon them by the asker, or what still stands in the way."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    asked = body_of(Accepting, request)
    if isinstance(asked, Refused):
        return asked
    reasons = {one.key: one.reason.strip() for one in asked.accepted}
    may = world.roster.has_role(request.by, *LEADS)
    blocks = []
    for one in missing:
        is_fixed = reason == "still_busy" and not may_be_left(one)
        if is_fixed or not may or not reasons.get(one.key):
            name = one.name if is_fixed or one.key not in reasons else "reason_needed"
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
    today: Record | None,
    body: BranchDay,
    event: str,
    accepted: list[Accepted],
) -> Done:
    day = world.local.date()
    midnight = datetime.combine(day + timedelta(days=1), time())
    ahead_ms = round((midnight - world.local).total_seconds() * 1000)
    record = Record(
        kind="day",
        id=day.isoformat(),
        body=body,
        version=today.version + 1 if today else 1,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        due=Due(world.now.utc_ms + ahead_ms),
    )
    detail: dict[str, object] = {
        "day": day.isoformat(),
        "accepted": [msgspec.to_builtins(one) for one in accepted],
    }
    entry = Entry(event=event, by=request.by, detail=detail)
    return Done(records=(record,), entries=((entry, None),))


def _ends(world: World, record: Record) -> Done:
    """A day is over at midnight; one that nobody closed stays written as such."""
    over = replace(record, version=record.version + 1, is_open=False, due=None)
    if record.body.closed_at:
        return Done(records=(over,))
    entry = Entry(event="day_not_closed", detail={"day": record.id})
    return Done(records=(over,), entries=((entry, None),))


ROOM = Room(
    kinds={"hours": OpeningHours, "day": BranchDay},
    requests=PLAN.requests | {"day.open": _open, "day.close": _close},
    fall_due=_ends,
)
