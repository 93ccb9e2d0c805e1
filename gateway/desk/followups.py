"""PURE. Follow-ups: what is still to be done once a call is over, by whom and until when.

Rules (plans of kind `followup_rule`, in `endings`) make them when an incident closes; people add,
move, give and do them. One that is overdue is amber on the board, and the leads hear of all of them
once a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import msgspec

from gateway.course import Entry, Tell
from gateway.desk.asking import (
    asked_about,
    body_of,
    call_text,
    new_id,
    refused_field,
    utc_ms_at,
    utc_ms_of,
)
from gateway.desk.endings import DEFAULTS, RULES, FalseCall, follow
from gateway.desk.plans import LEADS
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.desk.todo import (
    DAY_MS,
    Followup,
    Text,
    Words,
    leads,
    next_version,
    over,
    overdue,
    written,
)
from gateway.duty import DAY
from gateway.supervision import Wrong
from protocol.messages import FieldFault, Id, LongId, LongText, Request, ShortText
from protocol.moment import rfc3339

REMINDER = "overdue"
# Ten years: whatever is due later is a slip of a key, and some of it no page could show.
LONGEST = timedelta(days=3653)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The leads are reminded again at its time, as long as anything is overdue."""


# --- what people ask ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Added:
    """due: a day, or a time by the branch's clock, or RFC 3339. owner: None for oneself."""

    what: Text
    due: ShortText
    owner: Id | None = None
    incident_id: LongId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Noted:
    note: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    due: ShortText
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    to: Id


def _add(world: World, request: Request) -> Outcome:
    """`followup.add`: anybody may give themselves or somebody else something to do."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    asked = body_of(_Added, request)
    if isinstance(asked, Refused):
        return asked
    owner = asked.owner or request.by
    faults = [*_owner_faults(world, "owner", owner), *_due_faults(world, "due", asked.due)]
    if asked.incident_id is not None and world.incident(asked.incident_id) is None:
        faults.append(FieldFault(field="incident_id", name="unknown_incident"))
    if faults:
        return Refused("wrong_fields", tuple(faults))
    return new_followup(
        world,
        id=new_id("followup", request),
        what=asked.what,
        owner=owner,
        due=asked.due,
        by=request.by,
        incident_id=asked.incident_id,
    )


def new_followup(
    world: World,
    *,
    id: str,
    what: str,
    owner: str,
    due: str,
    by: str,
    incident_id: str | None,
    rule: str = "",
) -> Done:
    """A follow-up that a person wrote; owner and due must be faultless."""
    due_at = rfc3339(utc_ms_of(world, due) or world.now.utc_ms)
    body = Followup(what=Words(zh=what, en=what), owner=owner, due_at=due_at, rule=rule)
    return written(world, id, body, by=by, incident_id=incident_id)


def new_faults(world: World, path: str, owner: str, due: str) -> Iterator[FieldFault]:
    """What is wrong with the owner and the due time of a new follow-up; path: before the fields."""
    yield from _owner_faults(world, f"{path}owner", owner)
    yield from _due_faults(world, f"{path}due", due)


def _owner_faults(world: World, field: str, owner: str) -> Iterator[FieldFault]:
    if not world.roster.knows(owner):
        yield FieldFault(field=field, name="unknown_staff", detail=owner)


def _due_faults(world: World, field: str, due: str) -> Iterator[FieldFault]:
    due_ms = utc_ms_of(world, due)
    latest = world.local.date() + LONGEST
    if due_ms is None:
        yield FieldFault(field=field, name="no_such_time", detail=due)
    elif due_ms <= world.now.utc_ms:
        yield FieldFault(field=field, name="in_the_past", detail=due)
    elif due_ms >= utc_ms_at(world, datetime.combine(latest, time()) + DAY):
        yield FieldFault(field=field, name="too_late", detail=latest.isoformat())


def _do(world: World, request: Request) -> Outcome:
    """`followup.done`: by whoever did it; the log says who."""
    record = asked_about(world, "followup", request)
    asked = body_of(_Noted, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    after = over(world, record, by=request.by, note=asked.note.strip())
    return _changed(after, "followup_done", request, note=after.body.note)


def _move(world: World, request: Request) -> Outcome:
    """`followup.move`: by its owner or a lead, with a reason."""
    record = _own(world, request)
    asked = body_of(_Moved, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    faults = tuple(_due_faults(world, "due", asked.due))
    if faults:
        return Refused("wrong_fields", faults)
    due_ms = utc_ms_of(world, asked.due) or 0
    body = replace(record.body, due_at=rfc3339(due_ms), why=asked.why)
    after = replace(next_version(world, record, request.by), body=body, due=Due(due_ms))
    return _changed(after, "followup_moved", request, due_at=body.due_at, why=asked.why)


def _give(world: World, request: Request) -> Outcome:
    """`followup.give`: by its owner or a lead, to somebody of the staff."""
    record = _own(world, request)
    asked = body_of(_Given, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    if not world.roster.knows(asked.to):
        return refused_field("to", "unknown_staff", asked.to)
    after = replace(
        next_version(world, record, request.by), body=replace(record.body, owner=asked.to)
    )
    return _changed(after, "followup_given", request, to=asked.to)


def _own(world: World, request: Request) -> Record | Refused:
    """The record, if the asker is its owner or a lead."""
    record = asked_about(world, "followup", request)
    if isinstance(record, Refused):
        return record
    if request.by != record.body.owner and not world.roster.has_role(request.by, *LEADS):
        return Refused("not_allowed")
    return record


def _changed(after: Record, event: str, request: Request, **detail: object) -> Done:
    what = msgspec.to_builtins(after.body.what)
    entry = Entry(event=event, by=request.by, detail={"id": after.id, "what": what, **detail})
    return Done(records=(after,), entries=((entry, after.incident_id),))


# --- time -----------------------------------------------------------------------------------


def fall_due(world: World, record: Record) -> Done:
    """A follow-up becomes overdue; a false call is forgotten; the leads are reminded."""
    match record.kind:
        case "followup":
            return _become_overdue(world, record)
        case "reminder":
            return _remind_again(world, record)
    return Done(records=(replace(record, is_open=False, due=None),))


def _become_overdue(world: World, record: Record) -> Done:
    # Its version stays: nobody has written anything, and whoever does it now shall not be told
    # that somebody was faster.
    late = replace(record, due=None)
    detail = {"what": msgspec.to_builtins(record.body.what), "owner": record.body.owner}
    entry = Entry(event="followup_overdue", detail={"id": record.id, **detail})
    done = Done(records=(late,), entries=((entry, record.incident_id),))
    if world.get("reminder", REMINDER) is not None:
        return done
    return done + _remind(world)


def _remind_again(world: World, record: Record) -> Done:
    if not overdue(world):
        return Done(records=(replace(record, is_open=False, due=None),))
    return _remind(world)


def _remind(world: World) -> Done:
    """The leads hear of it now, and in a day again."""
    record = Record(
        kind="reminder",
        id=REMINDER,
        body=Reminder(),
        at=rfc3339(world.now.utc_ms),
        due=Due(world.now.utc_ms + DAY_MS),
    )
    tell = Tell(why="followups_overdue", step=0, staff=leads(world))
    return Done(records=(record,), tells=((tell, None),))


def wrongs(world: World) -> Iterator[Wrong]:
    """One a person who has something overdue, since a long list would hide the units beside it; it
    says what has waited longest and of which call."""
    by_owner: dict[str, list[Record]] = {}
    for record in overdue(world):
        by_owner.setdefault(record.body.owner, []).append(record)
    for owner, records in sorted(by_owner.items()):
        what = records[0].body.what
        words = what.zh if what.zh == what.en else f"{what.zh} {what.en}"
        incident = world.incident(records[0].incident_id or "")
        call = f" ({call_text(world, incident)})" if incident else ""
        yield Wrong(f"followups/{owner}", "overdue", f"{len(records)}: {words}{call}")


ROOM = Room(
    kinds={
        RULES.kind: RULES.cls,
        "followup": Followup,
        "false_call": FalseCall,
        "reminder": Reminder,
    },
    requests=RULES.requests
    | {
        "followup.add": _add,
        "followup.done": _do,
        "followup.move": _move,
        "followup.give": _give,
    },
    fall_due=fall_due,
    follow=follow,
    wrongs=wrongs,
    defaults=tuple((RULES.kind, id, body) for id, body in DEFAULTS.items()),
)
