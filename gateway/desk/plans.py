"""PURE. Plans: records that somebody writes whole on a page, such as a shift or a resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec

from gateway.course import Entry
from gateway.desk.asking import body_of, new_id, unseen
from gateway.desk.record import Done, Outcome, Record, Refused, World
from protocol.messages import ID_PATTERN, FieldFault, Request, seen_text
from protocol.moment import rfc3339

LEADS = ("lead", "admin")
# What people call a thing.
Label = Annotated[str, seen_text(100)]
Rule = Callable[[World, str, Any], Iterable[FieldFault]]
# What a page's address can carry, underscores too: an id may be a situation's or a role's name.
PLAN_ID = r"^[a-z0-9][a-z0-9_-]{0,31}(?![\s\S])"
# At the address with this word each kind has the page on which a new one is written.
NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A kind of plan.

    cls: the dataclass of its body. editors: roles that may write it. rule: what is wrong with a
    body, given its id, beside what each field shows alone. is_secret: the log takes no body.
    needed_by: what speaks against retiring it. named: what its writer is told of a body that is
    saved all the same. leaves: what whoever retires it is told of what goes on naming it.
    is_ones_own: everybody may write the one whose id is their own. is_an_id: other records and
    messages name it, which takes an id as messages have them. only: the one id it is read under,
    "" for whichever.
    """

    kind: str
    cls: type
    editors: tuple[str, ...] = LEADS
    rule: Rule = lambda world, id, body: ()
    needed_by: Callable[[World, str], Iterable[FieldFault]] = lambda world, id: ()
    named: Rule = lambda world, id, body: ()
    leaves: Callable[[World, str], Iterable[FieldFault]] = lambda world, id: ()
    is_secret: bool = False
    is_ones_own: bool = False
    is_an_id: bool = False
    only: str = ""

    @property
    def requests(self) -> dict[str, Callable[[World, Request], Outcome]]:
        return {f"{self.kind}.save": self.save, f"{self.kind}.retire": self.retire}

    def save(self, world: World, request: Request) -> Outcome:
        """Writes a new plan, or a new version of the one that the asker saw."""
        refused = self._may(world, request)
        if refused:
            return refused
        body = body_of(self.cls, request)
        if isinstance(body, Refused):
            return body
        id = request.id or new_id(self.kind, request)
        faults = (*self._check_id(world, id, request), *self.rule(world, id, body))
        if faults:
            return Refused("wrong_fields", faults)
        named = tuple(self.named(world, id, body))
        return replace(self._written(world, request, id, body, event="saved"), named=named)

    def _check_id(self, world: World, id: str, request: Request) -> Iterator[FieldFault]:
        """An id that somebody gives to a new plan must lead to its page, and where only one is
        read be that one. One of before that does not can still be changed and retired."""
        if self.only:
            if id != self.only:
                yield FieldFault(field="id", name="bad_id", detail=self.only)
        elif request.id and world.get(self.kind, id) is None:
            pattern = ID_PATTERN if self.is_an_id else PLAN_ID
            if not re.match(pattern, id) or id == NEW:
                yield FieldFault(field="id", name="bad_id")

    def retire(self, world: World, request: Request) -> Outcome:
        """Takes a plan out of use. It is kept, since the log and old incidents speak of it."""
        refused = self._may(world, request)
        if refused:
            return refused
        known = world.get(self.kind, request.id)
        if known is None:
            return Refused("unknown_record")
        needed = tuple(self.needed_by(world, request.id))
        if needed:
            return Refused("still_needed", needed)
        named = tuple(self.leaves(world, request.id))
        gone = self._written(world, request, request.id, known.body, event="retired")
        return replace(gone, named=named)

    def _may(self, world: World, request: Request) -> Refused | None:
        if not world.roster.knows(request.by):
            return Refused("unknown_staff")
        is_own = self.is_ones_own and request.id == request.by
        if not is_own and not world.roster.has_role(request.by, *self.editors):
            return Refused("not_allowed")
        if self.is_secret and request.version is None:
            return None  # whom nobody shows it cannot have seen it
        known = world.get(self.kind, request.id)
        if known is not None and request.version == 0:
            return Refused("changed_meanwhile", (FieldFault(field="id", name="taken"),))
        return unseen(request, known)

    def _written(self, world: World, request: Request, id: str, body: Any, *, event: str) -> Done:
        known = world.get(self.kind, id)
        # An id that was there before goes on counting: nobody has seen this one under that number.
        before = known.version if known else world.last_version(self.kind, id)
        record = Record(
            kind=self.kind,
            id=id,
            body=body,
            version=before + 1,
            is_open=event != "retired",
            by=request.by,
            at=rfc3339(world.now.utc_ms),
        )
        detail: dict[str, object] = {"kind": self.kind, "id": id, "version": record.version}
        if not self.is_secret and record.is_open:
            detail["body"] = msgspec.to_builtins(body)
        entry = Entry(event=event, by=request.by, detail=detail)
        return Done(records=(record,), entries=((entry, None),))


def seeded(known: Record | None, kind: str, id: str, body: Any, at: str) -> Record | None:
    """The plan as the configuration file has it; None when it is so already.

    The file speaks until a person does: a plan that somebody has written on a page is theirs.
    """
    if known is None:
        return Record(kind=kind, id=id, body=body, at=at)
    if known.by or (known.body == body and known.is_open):
        return None
    return replace(known, body=body, version=known.version + 1, is_open=True, at=at)
