"""PURE. What a follow-up is, and the few things that everybody does with one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import msgspec

from gateway.course import Entry
from gateway.desk.record import Done, Due, Record, World
from gateway.policy import LEAD
from protocol.messages import Id, LongText, ShortText, seen_text
from protocol.moment import parse_rfc3339, rfc3339

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ADMIN = "admin"

Text = Annotated[str, seen_text(200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same in both languages; what a person wrote stands in both as it is."""

    zh: Text
    en: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """Something to be done.

    due_at: RFC 3339. rule: id of what made it, "" for a person. note: how it was done. why: of
    its last move. family: whoever does it rings the customer's family.
    """

    what: Words
    owner: Id
    due_at: str
    rule: ShortText = ""
    note: LongText = ""
    why: LongText = ""
    family: bool = False


def written(world: World, id: str, body: Followup, *, by: str, incident_id: str | None) -> Done:
    record = Record(
        kind="followup",
        id=id,
        body=body,
        by=by,
        at=rfc3339(world.now.utc_ms),
        incident_id=incident_id,
        due=Due(parse_rfc3339(body.due_at)),
    )
    detail = {"id": id, "what": msgspec.to_builtins(body.what), "owner": body.owner}
    entry = Entry(event="followup_made", by=by, detail={**detail, "due_at": body.due_at})
    return Done(records=(record,), entries=((entry, incident_id),))


def next_version(world: World, record: Record, by: str) -> Record:
    return replace(record, version=record.version + 1, by=by, at=rfc3339(world.now.utc_ms))


def over(world: World, record: Record, *, by: str, note: str) -> Record:
    """The follow-up, done."""
    after = next_version(world, record, by)
    return replace(after, body=replace(record.body, note=note), is_open=False, due=None)


def leads(world: World) -> tuple[str, ...]:
    """The leads on duty; all of them when none is."""
    return world.roster.on_duty_with((LEAD,)) or with_role(world, LEAD)


def in_charge(world: World) -> tuple[str, ...]:
    """Whoever answers for the branch: the leads on duty first, then any, then the admins."""
    found = (*leads(world), *with_role(world, LEAD), *with_role(world, ADMIN))
    return tuple(dict.fromkeys(found))


def with_role(world: World, role: str) -> tuple[str, ...]:
    return tuple(sorted(id for id in world.all("staff") if world.roster.has_role(id, role)))


def overdue(world: World) -> list[Record]:
    """The follow-ups whose time is over, the oldest first."""
    late = [
        one
        for one in world.all("followup").values()
        if parse_rfc3339(one.body.due_at) <= world.now.utc_ms
    ]
    return sorted(late, key=lambda one: (one.body.due_at, one.id))
