"""PURE. The policies of a branch, and who stands in for whom: written on pages, judged whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, get_args

import msgspec

from gateway.desk.addresses import shared_channels
from gateway.desk.gaps import gaps, named
from gateway.desk.plans import Plan
from gateway.desk.points import is_point
from gateway.desk.record import Room, World
from gateway.desk.team import KnownRole
from gateway.duty import ClockTime, span_on
from gateway.policy import (
    DEFAULT_ROLES,
    NEVER_QUIET_STEPS,
    Audience,
    Policies,
    Policy,
    Scope,
    Step,
)
from protocol.messages import FieldFault, Id, Kind, ShortText, is_seen

DEFAULT = "default"
Seconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3600)]
PositiveSeconds = Annotated[int, msgspec.Meta(ge=1, le=24 * 3600)]
MAX_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step. roles: whom, for tell="roles". channels: only through these; none: all.

    ring_s: told again so often, like a telephone; none: once. rings: after the so-many-th
    unanswered ring the next step comes, even before its after_s.
    """

    after_s: Seconds
    tell: Audience
    roles: list[KnownRole] = field(default_factory=list)
    channels: list[Id] = field(default_factory=list)
    ring_s: Annotated[int, msgspec.Meta(ge=1, le=600)] | None = None
    rings: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Between these times of the branch's clock `channels` keep silent; ends before starts: past
    midnight. Never for the lead's and the outside's step, nor for urgent and silent calls."""

    starts: ClockTime
    ends: ClockTime
    channels: list[Id]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPlan:
    """Who is told of an incident, step by step.

    kinds, points: for which incidents; none: for all. The most specific counts: kind and point,
    then point, then kind, then the one whose id is `default`. roles: what a kind asks for; a kind
    that is not named asks for what the contract says. day_and_night: its roles must be there while
    the branch is closed, too. The rest: as in gateway.policy.Policy.
    """

    steps: list[StepPlan]
    name: ShortText = ""
    kinds: list[Kind] = field(default_factory=list)
    points: list[Id] = field(default_factory=list)
    roles: dict[Kind, list[KnownRole]] = field(default_factory=dict)
    repeat_s: PositiveSeconds = 60
    arrival_s: PositiveSeconds = 120
    close_s: PositiveSeconds = 900
    handover_needs_consent: bool = True
    offer_s: PositiveSeconds = 60
    day_and_night: bool = False
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """Who stands in for the role that is the record's id. instead: roles, the best first."""

    instead: list[KnownRole]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChannel:
    """A channel of the configuration file, for plans to name. roles: for these; none: for all.
    staff: the one person whose it is, None for a group."""

    roles: list[KnownRole] = field(default_factory=list)
    staff: Id | None = None


# --- as the incident machine has them -------------------------------------------------------


def policies_of(world: World) -> Policies:
    """Every policy, with what is silent at this minute."""
    plans = world.all("policy")
    made = {id: (_scope(one.body), _policy(one.body, world.local)) for id, one in plans.items()}
    default = made.pop(DEFAULT, (Scope(), Policy()))
    return Policies(default[1], [made[id] for id in sorted(made)])


def substitutes_of(world: World) -> Mapping[str, tuple[str, ...]]:
    """{role: roles that may stand in for it, in order}."""
    return {role: tuple(one.body.instead) for role, one in world.all("substitute").items()}


def _scope(plan: PolicyPlan) -> Scope:
    return Scope(kinds=tuple(plan.kinds), points=tuple(plan.points))


def _policy(plan: PolicyPlan, local: datetime) -> Policy:
    return Policy(
        steps=tuple(
            Step(
                after_s=one.after_s,
                tell=one.tell,
                roles=tuple(one.roles),
                channels=tuple(one.channels),
                ring_s=one.ring_s,
                rings=one.rings,
            )
            for one in plan.steps
        ),
        roles={**DEFAULT_ROLES, **{kind: tuple(roles) for kind, roles in plan.roles.items()}},
        repeat_s=plan.repeat_s,
        arrival_s=plan.arrival_s,
        close_s=plan.close_s,
        handover_needs_consent=plan.handover_needs_consent,
        offer_s=plan.offer_s,
        silent_now=tuple(plan.quiet.channels) if plan.quiet and is_quiet(plan.quiet, local) else (),
    )


def is_quiet(quiet: Quiet, local: datetime) -> bool:
    """Whether it is quiet at `local`, the branch's own time."""
    days = (local.date(), local.date() - timedelta(days=1))
    return any(span_on(day, quiet.starts, quiet.ends).holds(local) for day in days)


# --- what is wrong with a policy ------------------------------------------------------------


def _check_policy(world: World, id: str, plan: PolicyPlan) -> Iterator[FieldFault]:
    yield from _check_scope(world, id, plan)
    if plan.name and not is_seen(plan.name):
        yield FieldFault(field="name", name="bad_text")
    yield from check_steps(plan.steps)
    for kind, roles in plan.roles.items():
        if not roles:
            yield FieldFault(field=f"roles.{kind}", name="empty")
        elif plan.kinds and kind not in plan.kinds:
            yield FieldFault(field=f"roles.{kind}", name="another_kind")
    yield from _check_channels(world, plan)


def _check_scope(world: World, id: str, plan: PolicyPlan) -> Iterator[FieldFault]:
    """For what it is: the default for everything, any other for something, none for another's."""
    if id == DEFAULT:
        for name in ("kinds", "points"):
            if getattr(plan, name):
                yield FieldFault(field=name, name="must_be_all")
        return
    if not plan.kinds and not plan.points:
        yield FieldFault(field="kinds", name="is_for_all")
        return
    for point in plan.points:
        if not is_point(world, point):
            yield FieldFault(field="points", name="unknown_point", detail=point)
    for other, record in world.all("policy").items():
        if other not in (id, DEFAULT) and _same_scope(plan, record.body):
            name = "points" if plan.points else "kinds"
            yield FieldFault(field=name, name="policy_there", detail=record.body.name or other)


def _same_scope(one: PolicyPlan, other: PolicyPlan) -> bool:
    """Whether nobody could tell which of the two counts, for some incident."""
    pairs = ((one.kinds, other.kinds), (one.points, other.points))
    return all(bool(a) == bool(b) and (not a or set(a) & set(b)) for a, b in pairs)


def check_steps(steps: list[StepPlan]) -> Iterator[FieldFault]:
    """What could leave a call unanswered, whoever is there."""
    if not steps:
        yield FieldFault(field="steps", name="empty")
        return
    if len(steps) > MAX_STEPS:
        yield FieldFault(field="steps", name="too_many", detail=str(MAX_STEPS))
    if steps[0].after_s != 0:
        yield FieldFault(field="steps[0].after_s", name="late_start")
    for number, step in enumerate(steps):
        if number and step.after_s <= steps[number - 1].after_s:
            yield FieldFault(field=f"steps[{number}].after_s", name="goes_back")
        if any(before.tell == "outside" for before in steps[:number]):
            yield FieldFault(field=f"steps[{number}].tell", name="after_outside")
        if step.tell == "roles" and not step.roles:
            yield FieldFault(field=f"steps[{number}].roles", name="empty")


def _check_channels(world: World, plan: PolicyPlan) -> Iterator[FieldFault]:
    known = shared_channels(world)
    for number, step in enumerate(plan.steps):
        for one in step.channels:
            if one not in known:
                yield FieldFault(
                    field=f"steps[{number}].channels", name="unknown_channel", detail=one
                )
    if plan.quiet is None:
        return
    if plan.quiet.starts == plan.quiet.ends:
        yield FieldFault(field="quiet.ends", name="same_as_start")
    if not plan.quiet.channels:
        yield FieldFault(field="quiet.channels", name="empty")
    for one in plan.quiet.channels:
        if one not in known:
            yield FieldFault(field="quiet.channels", name="unknown_channel", detail=one)
    for number, step in enumerate(plan.steps):
        heard = set(step.channels or known)
        if step.tell not in NEVER_QUIET_STEPS and heard <= set(plan.quiet.channels):
            yield FieldFault(field="quiet.channels", name="silences_step", detail=str(number + 1))


def _needed_policy(world: World, id: str) -> Iterator[FieldFault]:
    if id == DEFAULT:
        yield FieldFault(field="", name="default_policy")


def _check_substitute(world: World, id: str, one: Substitute) -> Iterator[FieldFault]:
    if id not in get_args(KnownRole):
        yield FieldFault(field="id", name="unknown_role", detail=id)
    if not one.instead:
        yield FieldFault(field="instead", name="empty")
    if id in one.instead:
        yield FieldFault(field="instead", name="itself", detail=id)
    if len(set(one.instead)) < len(one.instead):
        yield FieldFault(field="instead", name="twice")


PLANS = (
    Plan(kind="policy", cls=PolicyPlan, rule=_check_policy, needed_by=_needed_policy, named=named),
    Plan(kind="substitute", cls=Substitute, rule=_check_substitute),
)

ROOM = Room(
    kinds={plan.kind: plan.cls for plan in PLANS} | {"channel": KnownChannel},
    requests={name: decide for plan in PLANS for name, decide in plan.requests.items()},
    wrongs=gaps,
)
