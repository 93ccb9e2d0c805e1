"""PURE. Playbooks: what to do in a situation, step by step, as data that a branch can change.

A playbook's id is its situation. Those that Anling brings along are in `gateway/playbooks/`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, get_args

import msgspec

from gateway.desk.plans import PLAN_ID, Plan
from gateway.desk.record import World
from gateway.desk.team import KnownRole
from gateway.desk.translated import Translated, untranslated
from protocol.messages import FieldFault

SituationId = Annotated[str, msgspec.Meta(max_length=64)]
# A step's clock: shorter nobody can be, longer is a follow-up with a date.
WITHIN_S = range(5, 24 * 3600 + 1)
# Whose step has so short a clock is wanted at the place, and not only later.
NOW_S = 300
# What one screen of a phone can carry, scrolled, in a hurry.
MAX_STEPS = 40
# The playbook for a situation that has none of its own.
FALLBACK = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do. Its id is the playbook's own.

    role: who does it. within_s: seconds since the list began, None: no clock. calls: id of the
    contact that this step rings, "" for none. hint: how to do it, or nothing.
    """

    id: SituationId
    text: Translated = field(default_factory=Translated)
    role: SituationId = ""
    within_s: int | None = None
    calls: SituationId = ""
    hint: Translated = field(default_factory=Translated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The steps of a situation, in order.

    name: of the situation. tell: what happened, as it is said on the telephone. warning: what
    nobody may do, or nothing.
    """

    name: Translated = field(default_factory=Translated)
    tell: Translated = field(default_factory=Translated)
    warning: Translated = field(default_factory=Translated)
    steps: list[Step] = field(default_factory=list)


def check_playbook(world: World, id: str, playbook: Playbook) -> Iterator[FieldFault]:
    """Everything wrong with a playbook, each at its field."""
    yield from untranslated(playbook.name, "name", needed=True)
    yield from untranslated(playbook.tell, "tell")
    yield from untranslated(playbook.warning, "warning")
    if not playbook.steps:
        yield FieldFault(field="steps", name="empty")
    if len(playbook.steps) > MAX_STEPS:
        yield FieldFault(field="steps", name="too_many", detail=str(MAX_STEPS))
    counts = Counter(step.id for step in playbook.steps)
    for number, step in enumerate(playbook.steps):
        if counts[step.id] > 1:
            yield FieldFault(field=f"steps[{number}].id", name="twin", detail=step.id)
        yield from _check_step(world, f"steps[{number}]", step)


def roles_of_situations(world: World) -> dict[str, tuple[str, ...]]:
    """{situation: the roles that have a step of its playbook to do within NOW_S}: they are asked
    to come at once."""
    return {
        situation: tuple(dict.fromkeys(one.role for one in record.body.steps if _is_for_now(one)))
        for situation, record in world.all("playbook").items()
    }


def _is_for_now(step: Step) -> bool:
    return bool(step.role) and step.within_s is not None and step.within_s <= NOW_S


def _check_step(world: World, path: str, step: Step) -> Iterator[FieldFault]:
    if not re.match(PLAN_ID, step.id):
        yield FieldFault(field=f"{path}.id", name="bad_id", detail=step.id)
    yield from untranslated(step.text, f"{path}.text", needed=True)
    yield from untranslated(step.hint, f"{path}.hint")
    yield from check_role(f"{path}.role", step.role)
    yield from check_within(f"{path}.within_s", step.within_s)
    if step.calls and world.get("contact", step.calls) is None:
        yield FieldFault(field=f"{path}.calls", name="unknown_contact", detail=step.calls)


def check_role(path: str, role: str) -> Iterator[FieldFault]:
    if role not in get_args(KnownRole):
        yield FieldFault(field=path, name="unknown_role", detail=role)


def check_within(path: str, within_s: int | None) -> Iterator[FieldFault]:
    if within_s is not None and within_s not in WITHIN_S:
        detail = f"{WITHIN_S[0]} … {WITHIN_S[-1]}"
        yield FieldFault(field=path, name="out_of_range", detail=detail)


def unknown_situations(world: World, situations: Iterable[str]) -> Iterator[FieldFault]:
    """The situations that no playbook is for, each at its place in the field `situations`."""
    for number, one in enumerate(situations):
        if world.get("playbook", one) is None:
            yield FieldFault(field=f"situations[{number}]", name="unknown_situation", detail=one)


def _needed(world: World, id: str) -> Iterator[FieldFault]:
    """The one that stands in for all others must stay."""
    if id == FALLBACK:
        yield FieldFault(field="", name="stands_in")


def _leaves(world: World, id: str) -> Iterator[FieldFault]:
    """What is for the situation counts no more, and would be looked for in vain."""
    for _, record in sorted(world.all("followup_rule").items()):
        if id in record.body.situations:
            said = f"{record.body.zh} {record.body.en}"
            yield FieldFault(field="", name="rule_names_it", detail=said)
    for _, record in sorted(world.all("resource").items()):
        if id in record.body.situations:
            yield FieldFault(field="", name="resource_names_it", detail=record.body.name)


PLAN = Plan(kind="playbook", cls=Playbook, rule=check_playbook, needed_by=_needed, leaves=_leaves)
