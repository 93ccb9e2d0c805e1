"""PURE. The number of a customer's family: given in need, sealed, and soon gone for good.

It is asked for only when it is needed, is sealed before it comes here, stands in a secret record
and nowhere else. It goes when the incident closes, unless that leaves somebody to ring the family:
then when they have, and after KEPT_MS whatever is still to be done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import msgspec

from gateway.course import Entry
from gateway.desk.asking import body_of, refused_field
from gateway.desk.endings import may_still_be_made
from gateway.desk.outside import not_open
from gateway.desk.private import may_look
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, Sealed, World
from gateway.desk.team import is_phone
from gateway.desk.todo import DAY_MS
from protocol.messages import FieldFault, Incident, Request
from protocol.moment import rfc3339

# No number is kept for longer after the close, by the calendar.
KEPT_MS = 7 * DAY_MS

Relation = Annotated[str, msgspec.Meta(max_length=40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyContact:
    """A telephone number of the customer's family; its id is the incident's.

    sealed: encrypted. relation: "daughter". The record is due once the incident is closed.
    """

    sealed: str
    relation: Relation = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """Body of `family_contact.save`. number: {"sealed": …} as the desk has made it; None: it is no
    telephone number."""

    number: dict[str, str] | None = None
    relation: Relation = ""


def _keep(world: World, request: Request) -> Outcome:
    """`family_contact.save` {number, relation}, of an open incident."""
    refused = not_open(world, request)
    if refused:
        return refused
    asked = body_of(_Family, request)
    if isinstance(asked, Refused):
        return asked
    if asked.number is None:
        return refused_field("number", "bad_phone")
    known = world.get("family_contact", request.id)
    record = Record(
        kind="family_contact",
        id=request.id,
        body=FamilyContact(sealed=asked.number["sealed"], relation=asked.relation.strip()),
        version=known.version + 1 if known else 1,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        incident_id=request.id,
    )
    entry = Entry(event="family_contact_kept", by=request.by, detail={})
    is_anothers = known is not None and known.by != request.by
    named = (FieldFault(field="number", name="replaced"),) if is_anothers else ()
    return Done(records=(record,), entries=((entry, request.id),), named=named)


def _forget(world: World, request: Request) -> Outcome:
    """`family_contact.forget`: at once, whatever it was kept for; by whom it concerns, since it is
    gone for good."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    record = world.get("family_contact", request.id)
    if record is None:
        return Refused("unknown_record")
    if not (may_look(world, request.by, request.id) or _is_to_ring(world, request)):
        return Refused("not_allowed")
    return _forgotten(record, by=request.by)


def _is_to_ring(world: World, request: Request) -> bool:
    """Whether the asker is the one who is to ring the family of the incident."""
    return any(
        one.body.family and one.body.owner == request.by and one.incident_id == request.id
        for one in world.all("followup").values()
    )


def _forgotten(record: Record, *, by: str = "") -> Done:
    """The log says that there was a number; the number is gone."""
    entry = Entry(event="family_contact_forgotten", by=by, detail={})
    return Done(deletes=(("family_contact", record.id),), entries=((entry, record.incident_id),))


# --- how long -------------------------------------------------------------------------------


def follow(world: World, before: Incident, after: Incident) -> Done:
    """The close, and a situation that is said afterwards: forgotten, or kept for a while. A number
    of a drill is nobody's once it is real."""
    record = world.get("family_contact", after.incident_id)
    if record is not None and before.drill and not after.drill:
        return _forgotten(record)
    if record is None or after.is_open:
        return Done()
    if not _is_needed(world, after):
        return _forgotten(record)
    return _kept(world, record) if record.due is None else Done()


def _kept(world: World, record: Record) -> Done:
    due = Due(world.now.utc_ms + KEPT_MS)
    at = rfc3339(world.now.utc_ms)
    kept = replace(record, version=record.version + 1, by="", at=at, due=due)
    entry = Entry(event="family_contact_kept_on", detail={"until": rfc3339(due.ms)})
    return Done(records=(kept,), entries=((entry, record.incident_id),))


def _is_needed(world: World, incident: Incident) -> bool:
    """Whether somebody still has to ring the family, or will once the situation is said."""
    to_do = (one for one in world.all("followup").values() if one.body.family)
    rules = may_still_be_made(world, incident)
    return any(one.incident_id == incident.incident_id for one in to_do) or any(
        one.body.family for one in rules
    )


def _followup_ended(world: World, followup: Record) -> Done:
    """The family has been rung, so that nobody needs the number any more."""
    record = world.get("family_contact", followup.incident_id or "")
    incident = world.past.get(followup.incident_id or "") if record else None
    if record is None or incident is None or _is_needed(world, incident):
        return Done()
    return _forgotten(record)


ROOM = Room(
    kinds={"family_contact": FamilyContact},
    secret=frozenset({"family_contact"}),
    sealed={"family_contact.save": Sealed(field="number", takes=is_phone)},
    requests={"family_contact.save": _keep, "family_contact.forget": _forget},
    fall_due=lambda world, record: _forgotten(record),
    follow=follow,
    ended={"followup": _followup_ended},
)
