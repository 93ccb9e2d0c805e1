"""PURE. Opening and closing the branch: what must be right before, and what must be over after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

import msgspec

from gateway.course import Entry
from gateway.desk.asking import body_of, local_text
from gateway.desk.entered import not_entered
from gateway.desk.hours import PLAN, OpeningHours, hours_on
from gateway.desk.plans import LEADS
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.desk.team import roster_of
from gateway.duty import parse_day
from gateway.policy import DEFAULT_ROLES, LEAD
from gateway.supervision import Wrong
from protocol.messages import FieldFault, Request, ShortText
from protocol.moment import parse_rfc3339, rfc3339

SOON = timedelta(days=30)
LOOK_EVERY = timedelta(minutes=30)
NOT_CLOSED = "not_closed"
State = Literal["unknown", "before", "unopened", "open", "closed", "unclosed"]


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
class Stretch:
    """From an opening to the closing after it. at, by: when and by whom, or None.

    missing: what was not right at the opening. left: what was not over at the closing.
    """

    opened_at: str | None = None
    opened_by: str | None = None
    missing: list[Accepted] = field(default_factory=list)
    closed_at: str | None = None
    closed_by: str | None = None
    left: list[Accepted] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDay(Stretch):
    """One day of business; the record's id is its date, even if it is closed after midnight.

    earlier: its stretches before the present one, when it was closed and opened again.
    """

    earlier: list[Stretch] = field(default_factory=list)


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
    """How the branch stands; "unknown" without opening hours and without an opening.

    "unclosed": a day that is over was opened, and nobody has closed it.
    """
    if unclosed(world) is not None:
        return "unclosed"
    day = present_day(world)
    if day is not None:
        return "closed" if day.body.closed_at else "open"
    hours = hours_on(world, world.local.date())
    if hours is None:
        return "unknown"
    opens, closes = hours
    if world.local < opens:
        return "before"
    return "unopened" if world.local < closes else "unknown"


def present_day(world: World) -> Record | None:
    """The day that is open, of whichever date; else today's, if it was opened or closed."""
    opened = [one for one in world.all("day").values() if not one.body.closed_at]
    today = world.get("day", world.local.date().isoformat())
    return max(opened, key=lambda one: one.id, default=today)


def unclosed(world: World) -> Record | None:
    """The day that is still open although its date and its opening hours are over."""
    day = present_day(world)
    if day is None or day.body.closed_at:
        return None
    return day if _end_of(world, day.id) <= world.local else None


def _end_of(world: World, day: str) -> datetime:
    """When a day of business is over: at midnight, or when the branch closes after that."""
    date_ = date.fromisoformat(day)
    midnight = datetime.combine(date_ + timedelta(days=1), time())
    hours = hours_on(world, date_)
    return max(midnight, hours[1]) if hours else midnight


# --- what must be right ---------------------------------------------------------------------


def not_ready(world: World) -> list[Missing]:
    """What is not right for opening: faults of everything, roles nobody covers, certificates, and
    what nobody has entered yet."""
    found = [
        Missing(subject=fault.subject, name=fault.name, detail=fault.detail)
        for fault in sorted(world.faults.values(), key=lambda one: (one.subject, one.name))
        if fault.name != NOT_CLOSED
    ]
    unsaid = [Missing(subject=one.subject, name=one.name) for one in not_entered(world)]
    every = [*_not_closed(world), *_roles(world), *found, *_certificates(world), *unsaid]
    return list({one.key: one for one in reversed(every)}.values())[::-1]  # each thing once


def _not_closed(world: World) -> Iterator[Missing]:
    """Asked of the records, since the fault of it stays a second after the closing."""
    for wrong in wrongs(world):
        yield Missing(subject=wrong.subject, name=wrong.name)


def wrongs(world: World) -> Iterator[Wrong]:
    """A day that is over and that nobody has closed."""
    day = unclosed(world)
    if day is not None:
        yield Wrong(f"day/{day.id}", NOT_CLOSED)


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
    found += [_outside_call(world, record) for record in _outside_calls(world)]
    for id, point in world.points.items():
        if point.seat == "occupied":
            found.append(Missing(subject=f"seat/{id}", name="occupied_seat", detail=point.label))
    return found


def _outside_calls(world: World) -> list[Record]:
    """The open ones that are not of a drill: nobody comes because of those."""
    calls = [
        (one, world.incident(one.incident_id or "")) for one in world.all("outside_call").values()
    ]
    return [one for one, incident in calls if incident is None or not incident.drill]


def _outside_call(world: World, record: Record) -> Missing:
    """It says whom, for which point, and since when."""
    call, incident = record.body, world.incident(record.incident_id or "")
    since = local_text(world, parse_rfc3339(call.called_at))
    parts = (call.number or call.contact, incident.label if incident else "", since)
    return Missing(
        subject=f"outside_call/{record.id}",
        name="open_outside_call",
        detail=", ".join(one for one in parts if one),
    )


def may_be_left(missing: Missing) -> bool:
    """Whether a lead may close in spite of it: a bag lies on a seat, but nobody leaves a call."""
    return missing.name == "occupied_seat"


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
    """`day.close`: when nobody is left behind. It closes the open day, whatever its date."""
    day = present_day(world)
    if day is not None and day.body.closed_at:
        return Refused("already_closed_day")
    if state_of(world) == "before":
        return Refused("nothing_to_close")
    accepted = _accepted(world, request, not_over(world), reason="still_busy")
    if isinstance(accepted, Refused):
        return accepted
    body = replace(
        day.body if day else BranchDay(),
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
    known: Record | None,
    body: BranchDay,
    event: str,
    accepted: list[Accepted],
) -> Done:
    """known: the day as it was, None when it begins today."""
    day = known.id if known else world.local.date().isoformat()
    ahead_ms = round((_end_of(world, day) - world.local).total_seconds() * 1000)
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
