"""PURE. Taking a resource to an incident, bringing it back, using it up, looking after it.

Any member of staff may: in an emergency nobody asks for leave, and the log has the name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import msgspec

from gateway.course import Entry
from gateway.desk.asking import asked_about, body_of
from gateway.desk.record import Done, Outcome, Record, Refused, Room, World
from gateway.desk.resources import PLAN, Resource, Taken, amber, left_of, taken_of, without
from protocol.messages import FieldFault, LongId, Request
from protocol.moment import rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """count: how many. incident_id: where they go; None: lent to somebody without a call."""

    count: Annotated[int, msgspec.Meta(ge=1, le=9999)] = 1
    incident_id: LongId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """count: how many, None for all that are out. incident_id: those taken to this one."""

    count: Annotated[int, msgspec.Meta(ge=1, le=9999)] | None = None
    incident_id: LongId | None = None


def _take(world: World, request: Request) -> Outcome:
    """`resource.take`: from its place to an incident. The second taker of the last one is told."""
    found = asked_about(world, "resource", request)
    asked = body_of(Take, request)
    if isinstance(found, Refused) or isinstance(asked, Refused):
        return found if isinstance(found, Refused) else asked
    if asked.incident_id is not None and asked.incident_id not in world.incidents:
        return _refused("unknown_incident", "incident_id", asked.incident_id)
    left = left_of(world, found)
    if asked.count > left:
        return _refused("not_enough", "count", str(left))
    out = _out(world, found.id, asked.incident_id)
    taken = Record(
        kind="taken",
        id=f"{found.id}.{asked.incident_id or 'lent'}",
        body=Taken(
            resource=found.id,
            count=asked.count + (out.body.count if out else 0),
            by=request.by,
        ),
        version=out.version + 1 if out else 1,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        incident_id=asked.incident_id,
    )
    return _done(request, found, asked.count, asked.incident_id, taken)


def _back(world: World, request: Request) -> Outcome:
    """`resource.back`: at its place again."""
    found = asked_about(world, "resource", request)
    asked = body_of(Return, request)
    if isinstance(found, Refused) or isinstance(asked, Refused):
        return found if isinstance(found, Refused) else asked
    out = _which(world, found.id, asked.incident_id)
    if out is None:
        return Refused("none_out")
    count = out.body.count if asked.count is None else asked.count
    if count > out.body.count:
        return _refused("not_enough", "count", str(out.body.count))
    return _done(request, found, count, out.incident_id, _less(world, request, out, count))


def _used(world: World, request: Request) -> Outcome:
    """`resource.used`: there is so much less of it, whether it was out or still at its place."""
    found = asked_about(world, "resource", request)
    asked = body_of(Return, request)
    if isinstance(found, Refused) or isinstance(asked, Refused):
        return found if isinstance(found, Refused) else asked
    out = _which(world, found.id, asked.incident_id)
    if out is None and asked.incident_id not in (None, *world.incidents):
        return _refused("unknown_incident", "incident_id", asked.incident_id or "")
    there = out.body.count if out else left_of(world, found)
    count = asked.count if asked.count is not None else (out.body.count if out else 1)
    if count > there:
        return _refused("not_enough", "count", str(there))
    fewer = _written(world, request, found, without(found.body, count))
    if out is None:
        return _done(request, found, count, asked.incident_id, fewer)
    rest = _less(world, request, out, count)
    return _done(request, found, count, out.incident_id, fewer, rest)


def _checked(world: World, request: Request) -> Outcome:
    """`resource.checked`: somebody looked today, and it is whole."""
    found = asked_about(world, "resource", request)
    if isinstance(found, Refused):
        return found
    today = world.local.date().isoformat()
    body = replace(found.body, last_checked=today)
    return _done(request, found, None, None, _written(world, request, found, body))


# --- small words ----------------------------------------------------------------------------


def _out(world: World, resource: str, incident_id: str | None) -> Record | None:
    """What is out for this incident, or lent without one."""
    found = [one for one in taken_of(world, resource) if one.incident_id == incident_id]
    return found[0] if found else None


def _which(world: World, resource: str, incident_id: str | None) -> Record | None:
    """What is meant by "it": that of the incident; without one the only thing that is out."""
    found = _out(world, resource, incident_id)
    everything = taken_of(world, resource)
    if found is None and incident_id is None and len(everything) == 1:
        return everything[0]
    return found


def _less(world: World, request: Request, out: Record, count: int) -> Record:
    """What is out after `count` of it came back or were used up."""
    left = out.body.count - count
    return replace(
        out,
        body=replace(out.body, count=left),
        version=out.version + 1,
        is_open=left > 0,
        by=request.by,
        at=out.at if left else rfc3339(world.now.utc_ms),
    )


def _written(world: World, request: Request, record: Record, body: Resource) -> Record:
    return replace(
        record,
        body=body,
        version=record.version + 1,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
    )


def _done(
    request: Request, found: Record, count: int | None, incident_id: str | None, *records: Record
) -> Done:
    detail: dict[str, object] = {"resource": found.id, "name": found.body.name}
    if count is not None:
        detail["count"] = count
    event = {"take": "taken"}.get(done := request.do.removeprefix("resource."), done)
    entry = Entry(event=f"resource_{event}", by=request.by, detail=detail)
    return Done(records=records, entries=((entry, incident_id),))


def _refused(reason: str, field: str, detail: str) -> Refused:
    return Refused(reason, (FieldFault(field=field, name=reason, detail=detail),))


ROOM = Room(
    kinds={"resource": Resource, "taken": Taken},
    requests=PLAN.requests
    | {
        "resource.take": _take,
        "resource.back": _back,
        "resource.used": _used,
        "resource.checked": _checked,
    },
    wrongs=amber,
)
