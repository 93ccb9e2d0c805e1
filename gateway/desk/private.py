"""PURE. Private notes: the few words about a customer that must be noted at all.

A note is sealed before it comes here, is shown to few, each look is in the log, and on its day it
is deleted for good. Nobody is asked for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

import msgspec

from gateway.course import Entry
from gateway.desk.asking import asked_about, body_of, new_id, refused_field, utc_ms_at
from gateway.desk.plans import LEADS, Plan
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, Sealed, World
from gateway.duty import Day, parse_day
from protocol.messages import Id, LongId, Request, is_seen
from protocol.moment import rfc3339

RULE = "branch"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateRule:
    """max_days: a note is deleted so many days after it is written, or sooner."""

    max_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateNote:
    """sealed: the encrypted text. delete_on: the day on which it goes, at its first minute."""

    sealed: str
    delete_on: Day
    writer: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """text: {"sealed": …} as the desk has made it; None: nothing, or too much. delete_on: None
    for as late as may be."""

    incident_id: LongId
    text: dict[str, str] | None = None
    delete_on: Day | None = None


def _note(world: World, request: Request) -> Outcome:
    """`private.note`: by anybody of the staff, about any incident."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    asked = body_of(_Written, request)
    if isinstance(asked, Refused):
        return asked
    if world.incident(asked.incident_id) is None:
        return refused_field("incident_id", "unknown_incident")
    if asked.text is None:
        return refused_field("text", "bad_text")
    latest = world.local.date() + timedelta(days=_max_days(world))
    day = parse_day(asked.delete_on) if asked.delete_on else latest
    if day is None:
        return refused_field("delete_on", "no_such_day", asked.delete_on or "")
    if day <= world.local.date():
        return refused_field("delete_on", "in_the_past", day.isoformat())
    if day > latest:
        return refused_field("delete_on", "too_late", latest.isoformat())
    return _written(world, request, asked.incident_id, asked.text["sealed"], day)


def _max_days(world: World) -> int:
    rule = world.get("private_rule", RULE)
    return (rule.body if rule else PrivateRule()).max_days


def _written(world: World, request: Request, incident_id: str, sealed: str, day: date) -> Done:
    note = Record(
        kind="private",
        id=new_id("private", request),
        body=PrivateNote(sealed=sealed, delete_on=day.isoformat(), writer=request.by),
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        incident_id=incident_id,
        due=Due(utc_ms_at(world, datetime.combine(day, time()))),
    )
    detail = {"id": note.id, "delete_on": note.body.delete_on}
    entry = Entry(event="private_noted", by=request.by, detail=detail)
    return Done(records=(note,), entries=((entry, incident_id),))


def _look(world: World, request: Request) -> Outcome:
    """`private.look`: by whoever was on the incident, a lead or an admin; granted is logged."""
    record = asked_about(world, "private", request)
    if isinstance(record, Refused):
        return record
    if not may_look(world, request.by, record.incident_id or ""):
        return Refused("not_allowed")
    entry = Entry(event="private_looked", by=request.by, detail={"id": record.id})
    return Done(entries=((entry, record.incident_id),))


def may_look(world: World, staff: str, incident_id: str) -> bool:
    """Whether what is noted of the incident's customer is this person's to read: who was on it, or
    a lead's."""
    if world.roster.has_role(staff, *LEADS):
        return True
    incident = world.incident(incident_id)
    if incident is None:
        return False
    return staff == incident.owner or any(staff == one.staff for one in incident.responders)


def _delete(world: World, request: Request) -> Outcome:
    """`private.delete`: at once, by its writer, a lead or an admin."""
    record = asked_about(world, "private", request)
    if isinstance(record, Refused):
        return record
    if request.by != record.body.writer and not world.roster.has_role(request.by, *LEADS):
        return Refused("not_allowed")
    return _deleted(record, by=request.by)


def _deleted(record: Record, *, by: str = "") -> Done:
    entry = Entry(event="private_deleted", by=by, detail={"id": record.id})
    return Done(deletes=(("private", record.id),), entries=((entry, record.incident_id),))


RULES = Plan(kind="private_rule", cls=PrivateRule, only=RULE)

ROOM = Room(
    kinds={"private": PrivateNote, RULES.kind: RULES.cls},
    secret=frozenset({"private"}),
    sealed={"private.note": Sealed(field="text", takes=is_seen)},
    requests={
        **RULES.requests,
        "private.note": _note,
        "private.look": _look,
        "private.delete": _delete,
    },
    fall_due=lambda world, record: _deleted(record),
    defaults=((RULES.kind, RULE, PrivateRule()),),
)
