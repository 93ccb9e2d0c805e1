"""Which policy was in force for which incident, and who stood in for whom, by what the log says.

As the oracle it asks nothing of the programs' own code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from .journal import Stored
from .staff import OFF_DUTY, ROLES
from .world import World

DEFAULT = "default"
# What each kind asks for where no policy says otherwise: the contract's words.
ASKED = {
    "call": ("customer_service",),
    "urgent": ("first_aid", "security"),
    "silent": ("security",),
    "seat": ("customer_service",),
}


class Step(NamedTuple):
    """after_ms: since the press. ring_ms: told again so often; None: once, however many rings."""

    after_ms: int
    tell: str
    roles: tuple[str, ...]
    ring_ms: int | None
    rings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One policy.

    repeat_ms: how often the last step is told again; arrival_ms: accepted without arrival;
    close_ms: arrived without close; offer_ms: offered without an answer. asked: roles by kind.
    kinds, points: for which incidents; none: for all.
    """

    steps: tuple[Step, ...]
    repeat_ms: int
    arrival_ms: int
    close_ms: int
    offer_ms: int
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()

    def step(self, number: int) -> Step:
        """An incident may have come further under another policy: then the last."""
        return self.steps[min(number, len(self.steps) - 1)]

    def is_last(self, number: int) -> bool:
        return number >= len(self.steps) - 1

    def is_end(self, number: int, kind: str) -> bool:
        """How far the clock climbs: for a seat that is only looked after, not to the outside."""
        is_calm = kind == "seat" and self.step(number + 1).tell == "outside"
        return is_calm or self.is_last(number)

    def gap_ms(self, number: int, kind: str) -> int:
        """From this step to what comes next if nobody acts."""
        if self.is_end(number, kind):
            return self.repeat_ms
        here, after = self.steps[number : number + 2]
        gap_ms = after.after_ms - here.after_ms
        return gap_ms if here.ring_ms is None else min(gap_ms, here.ring_ms * here.rings)

    def holds(self, kind: str, point: str) -> bool:
        return (not self.kinds or kind in self.kinds) and (not self.points or point in self.points)


def limits_of(plan: Mapping[str, Any]) -> Limits:
    """A policy as it is written in a plan."""
    return Limits(
        steps=tuple(
            Step(
                after_ms=one["after_s"] * 1000,
                tell=one["tell"],
                roles=tuple(one.get("roles", ())),
                ring_ms=one["ring_s"] and one["ring_s"] * 1000,
                rings=one["rings"],
            )
            for one in plan["steps"]
        ),
        repeat_ms=plan["repeat_s"] * 1000,
        arrival_ms=plan["arrival_s"] * 1000,
        close_ms=plan["close_s"] * 1000,
        offer_ms=plan["offer_s"] * 1000,
        asked={kind: tuple(roles) for kind, roles in plan.get("roles", {}).items()},
        kinds=frozenset(plan.get("kinds", ())),
        points=frozenset(plan.get("points", ())),
    )


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules of one moment. instead: roles that may stand in for a role, the best first."""

    default: Limits
    special: Mapping[str, Limits] = field(default_factory=dict)
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def limits(self, kind: str, point: str) -> Limits:
        """Kind and point, then point, then kind, then the default."""
        found = [one for one in self.special.values() if one.holds(kind, point)]
        ranks = [(bool(one.points), bool(one.kinds)) for one in found]
        return found[ranks.index(max(ranks))] if found else self.default

    def asked(self, kind: str, point: str) -> tuple[str, ...]:
        return self.limits(kind, point).asked.get(kind) or ASKED[kind]


def audience(step: Step, roles: Iterable[str], there: frozenset[str]) -> frozenset[str]:
    """Whom a step tells of those who are there. roles: what is asked for, with who stands in."""
    wanted = {"kind": set(roles), "lead": {"lead"}, "roles": set(step.roles)}.get(step.tell)
    if wanted is None:
        return there
    return frozenset(one for one in there if wanted & set(ROLES[one])) or there


# --- as the log says ------------------------------------------------------------------------


class Rules:
    """What was in force in each round: what a round changes counts from the next one on."""

    def __init__(self, world: World) -> None:
        default = limits_of(msgspec.to_builtins(world.config.policy))
        self._changes: list[tuple[int, InForce]] = [(0, InForce(default))]
        for stored in world.journal.entries:
            if stored.entry.event == "saved":
                self._changes.append((stored.round, _after(self._changes[-1][1], stored)))

    def at(self, round: int) -> InForce:
        return next(rules for since, rules in reversed(self._changes) if since < round)


def _after(before: InForce, stored: Stored) -> InForce:
    detail = stored.entry.detail
    id, body = detail["id"], detail.get("body")
    if detail["kind"] == "policy":
        special = {**before.special, id: limits_of(body)}
        return InForce(before.default, special, before.instead)
    if detail["kind"] == "substitute":
        instead = {**before.instead, id: tuple(body["instead"])}
        return InForce(before.default, before.special, instead)
    return before


class Duty:
    """Who was on duty in which round, by what the log says of signing in and out."""

    def __init__(self, entries: Iterable[Stored]) -> None:
        planned = set(ROLES) - set(OFF_DUTY)
        self._states: list[tuple[int, frozenset[str]]] = [(0, frozenset(planned))]
        for stored in entries:
            if not stored.entry.event.startswith("duty_"):
                continue
            staff, event = stored.entry.detail["staff"], stored.entry.event
            is_on = staff in planned if event == "duty_plan" else event == "duty_on"
            before = self._states[-1][1]
            after = before | {staff} if is_on else before - {staff}
            self._states.append((stored.round, after))

    def around(self, round: int) -> list[frozenset[str]]:
        """Who was there when the round began, and after each change in it."""
        before = next(state for since, state in reversed(self._states) if since < round)
        return [before, *(state for since, state in self._states if since == round)]

    def perhaps(self, round: int) -> frozenset[str]:
        """Those who may count as on duty then: within one round things come one by one."""
        return frozenset().union(*self.around(round))

    def surely(self, round: int) -> frozenset[str]:
        """Those who were on duty whatever came first."""
        return frozenset(ROLES).intersection(*self.around(round))


def kind_after(before: str, stored: Stored) -> str:
    """The kind of an incident after an entry, which may have made it another."""
    if stored.entry.event == "raised":
        return stored.entry.detail["kind"]
    became = {"became_call": "call", "became_urgent": "urgent", "became_silent": "silent"}
    return became.get(stored.entry.event, before)


def plans_were_kept(world: World) -> Iterator[str]:
    """What a lead has written is in the log as it was written, once."""
    journal = world.journal
    saved = [one.entry.detail for one in journal.entries if one.entry.event == "saved"]
    for id, request in journal.requests.items():
        if not request.do.endswith(".save"):
            continue
        name = f"{request.do} of {request.id} ({id})"
        if not all(one.ok for one in journal.results[id]):
            yield f"{name} was refused: {journal.results[id][0]}"
        kind = request.do.removesuffix(".save")
        kept = [one["body"] for one in saved if (one["kind"], one["id"]) == (kind, request.id)]
        if len(kept) != 1 or not _says(kept[0], request.body):
            yield f"{name} is in the log as {kept}"


def _says(kept: object, written: object) -> bool:
    """Whether all that was written is there; what was left out has got its usual value."""
    if isinstance(written, dict):
        return all(_says(kept.get(key), one) for key, one in written.items())
    if isinstance(written, list):
        return len(kept) == len(written) and all(map(_says, kept, written))
    return kept == written
