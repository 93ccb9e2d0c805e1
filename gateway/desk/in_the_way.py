"""PURE. What must be right before the branch opens, and what must be over before it closes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.desk.asking import local_text
from gateway.desk.business_day import NOT_CLOSED, BranchDay, wrongs
from gateway.desk.entered import not_entered
from gateway.desk.hours import hours_on
from gateway.desk.record import Record, World
from gateway.desk.team import roster_of
from gateway.duty import parse_day
from gateway.policy import DEFAULT_ROLES, LEAD
from protocol.moment import parse_rfc3339

SOON = timedelta(days=30)
LOOK_EVERY = timedelta(minutes=30)


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


def asked_roles(world: World) -> tuple[str, ...]:
    """Roles that any call may ask for by the policies, and the one that is told at last."""
    plans = world.all("policy")
    default = plans["default"].body.roles if "default" in plans else {}
    asked = {kind: list(default.get(kind) or roles) for kind, roles in DEFAULT_ROLES.items()}
    named = [roles for plan in plans.values() for roles in plan.body.roles.values()]
    return tuple(sorted({LEAD}.union(*asked.values(), *named)))


def _roles(world: World) -> Iterator[Missing]:
    """Roles that nobody covers now, or that nobody will at some time while the branch is
    open today."""
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
    """Each half hour to come in which the branch is open today, as far as anybody said when."""
    hours = hours_on(world, world.local.date())
    if hours is None:
        return
    start = world.local.replace(second=0, microsecond=0)
    moment = max(hours[0], start - timedelta(minutes=start.minute % 30) + LOOK_EVERY)
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


def come_since(day: BranchDay, missing: Iterable[Missing]) -> list[Missing]:
    """What of it was not there when the day was closed."""
    left = {(one.subject, one.name) for one in day.left}
    return [one for one in missing if (one.subject, one.name) not in left]


def may_be_left(missing: Missing) -> bool:
    """Whether a lead may close in spite of it: a bag lies on a seat, but nobody leaves a call."""
    return missing.name == "occupied_seat"
