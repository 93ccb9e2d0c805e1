"""PURE. Leaving the team: who must stay; what was theirs alone goes, and what they still had to do
is a lead's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from gateway.course import Entry
from gateway.desk.plans import LEADS
from gateway.desk.record import Done, Record, World
from gateway.desk.todo import in_charge, next_version
from protocol.messages import FieldFault

# --- who must stay --------------------------------------------------------------------------


def is_lead(roles: Iterable[str]) -> bool:
    """Whether somebody with these roles may change the plans."""
    return not set(roles).isdisjoint(LEADS)


def last_lead(world: World, id: str, field: str) -> Iterator[FieldFault]:
    """What speaks against this person being a lead no more: a branch without anybody who may
    change its plans, or without any such who can sign in, could never change them again.

    While no lead has a PIN, as in a branch that a program sets up, none can be lost.
    """
    leads_now = {key for key, one in world.all("staff").items() if is_lead(one.body.roles)}
    others = leads_now - {id}
    if not others or (id in leads_now and _locks_out(world, id, others)):
        yield FieldFault(field=field, name="last_lead")


def last_pin(world: World, id: str) -> Iterator[FieldFault]:
    """What speaks against this person signing in no more: nobody else could change the plans."""
    staff = world.get("staff", id)
    others = {key for key, one in world.all("staff").items() if is_lead(one.body.roles)} - {id}
    if staff is not None and is_lead(staff.body.roles) and _locks_out(world, id, others):
        yield FieldFault(field="", name="last_lead")


def _locks_out(world: World, id: str, others: Iterable[str]) -> bool:
    """Whether this lead can sign in and none of the others can."""
    pins = world.all("pin")
    return id in pins and not any(one in pins for one in others)


# --- what is left ---------------------------------------------------------------------------


def leave(world: World, gone: Record) -> Done:
    """Who is taken off the team takes along what was theirs alone, and leaves to a lead what they
    still had to do: nobody who comes later with the same id finds either."""
    theirs = [
        one
        for kind in ("shift", "exception", "address")
        for one in world.all(kind).values()
        if one.body.staff == gone.id
    ]
    theirs += [one for kind in ("pin", "duty") if (one := world.get(kind, gone.id))]
    retired = Done(
        records=tuple(
            replace(next_version(world, one, gone.by), is_open=False, due=None) for one in theirs
        ),
        entries=tuple(
            (Entry(event="retired", by=gone.by, detail={"kind": one.kind, "id": one.id}), None)
            for one in theirs
        ),
    )
    return retired + _given(world, gone)


def leaves_to(world: World, id: str) -> Iterator[FieldFault]:
    """Who has this person's follow-ups once they have left, for whoever takes them off the team."""
    found, to = _to_do(world, id), _heir(world, id)
    if found and to:
        name = world.roster.name_of(to)
        yield FieldFault(field="", name="followups_given", detail=f"{name}: {len(found)}")


def _given(world: World, gone: Record) -> Done:
    to, done = _heir(world, gone.id), Done()
    for one in _to_do(world, gone.id) if to else ():
        after = next_version(world, one, gone.by)
        detail = {"id": one.id, "what": msgspec.to_builtins(one.body.what), "to": to}
        entry = Entry(event="followup_given", by=gone.by, detail=detail)
        done += Done(
            records=(replace(after, body=replace(one.body, owner=to)),),
            entries=((entry, one.incident_id),),
        )
    return done


def _to_do(world: World, staff: str) -> list[Record]:
    return [one for one in world.all("followup").values() if one.body.owner == staff]


def _heir(world: World, staff: str) -> str:
    """Who answers for the branch; never the one who leaves."""
    return next((one for one in in_charge(world) if one != staff), "")
