"""PURE. After-action notes: what went well, what to change, and who changes it until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.course import Entry
from gateway.desk.asking import body_of, new_id, refused_field, unseen, words_of
from gateway.desk.followups import new_faults, new_followup
from gateway.desk.record import Done, Outcome, Record, Refused, Room, World
from gateway.desk.todo import Text, over
from protocol.messages import FieldFault, Id, LongId, LongText, Request, ShortText
from protocol.moment import rfc3339

MAX_ACTIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The note of one incident, whose id is its own. actions: ids of its follow-ups."""

    well: LongText = ""
    change: LongText = ""
    actions: list[LongId] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Action:
    """Something to be changed. due: as of `followup.add`. owner: None for whoever writes it."""

    what: Text
    due: ShortText
    owner: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """actions: those that are new; the ones before stay."""

    well: LongText = ""
    change: LongText = ""
    actions: list[_Action] = field(default_factory=list)


def _save(world: World, request: Request) -> Outcome:
    """`review.save`: anybody who was there, or reads about it, may write; each version is kept in
    the log by its writer's name. Its new actions become follow-ups."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    if world.incident(request.id) is None:
        return Refused("unknown_incident")
    known = world.get("review", request.id)
    refused = unseen(request, known)
    if refused:
        return refused
    asked = body_of(_Written, request)
    if isinstance(asked, Refused):
        return asked
    if not (words_of(asked.well) or words_of(asked.change) or asked.actions):
        return refused_field("well", "nothing_said")
    faults = tuple(_faults(world, asked, request.by))
    if faults:
        return Refused("wrong_fields", faults)
    return _saved(world, request, known, asked)


def _faults(world: World, asked: _Written, by: str) -> Iterator[FieldFault]:
    if len(asked.actions) > MAX_ACTIONS:
        yield FieldFault(field="actions", name="too_many", detail=str(MAX_ACTIONS))
    for number, one in enumerate(asked.actions):
        yield from new_faults(world, f"actions[{number}].", one.owner or by, one.due)


def _saved(world: World, request: Request, known: Record | None, asked: _Written) -> Done:
    made = Done()
    for number, one in enumerate(asked.actions):
        made += new_followup(
            world,
            id=f"{new_id('action', request)}-{number}",
            what=one.what,
            owner=one.owner or request.by,
            due=one.due,
            by=request.by,
            incident_id=request.id,
            rule="action",
        )
    before = list(known.body.actions) if known else []
    review = Record(
        kind="review",
        id=request.id,
        body=Review(
            well=words_of(asked.well),
            change=words_of(asked.change),
            actions=before + [one.id for one in made.records],
        ),
        version=known.version + 1 if known else 1,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        incident_id=request.id,
    )
    detail = {"well": review.body.well, "change": review.body.change, "version": review.version}
    entry = Entry(event="review_saved", by=request.by, detail=detail)
    done = Done(records=(review,), entries=((entry, request.id),)) + made
    owed = world.get("followup", f"{request.id}.after-action")
    if owed is None:
        return done
    return done + Done(records=(over(world, owed, by=request.by, note=""),))


ROOM = Room(kinds={"review": Review}, requests={"review.save": _save})
