"""PURE. Who is told, when, and what the next step is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.roster import Roster

# Whom a step tells: the roles of the incident's kind, everybody on duty, the duty lead, the roles
# that the step names, or every screen at once with "call 120 / 110 now" (the system never dials
# by itself).
Audience = Literal["kind", "on_duty", "lead", "roles", "outside"]

LEAD = "lead"
# No quiet hour keeps these from anybody.
NEVER_QUIET_KINDS = ("urgent", "silent")
NEVER_QUIET_STEPS = (LEAD, "outside")

DEFAULT_ROLES: Mapping[str, tuple[str, ...]] = {
    "call": ("customer_service",),
    "urgent": ("first_aid", "security"),
    "silent": ("security",),
    "seat": ("customer_service",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the escalation.

    after_s: seconds since the press. roles: for tell="roles". channels: only through these; ()
    for all. ring_s: told again like a telephone so often, None for once. rings: after the
    so-many-th unanswered ring the next step comes, even before its after_s.
    """

    after_s: int
    tell: Audience
    roles: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    ring_s: int | None = None
    rings: int = 3


DEFAULT_STEPS = (
    Step(after_s=0, tell="kind"),
    Step(after_s=30, tell="on_duty"),
    Step(after_s=60, tell="lead"),
    Step(after_s=120, tell="outside"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules for some incidents of a branch.

    repeat_s: how often people are told again after the last step while nobody accepts.
    arrival_s: accepted for so long without arrival is told again; close_s: arrived without close.
    handover_needs_consent: an owner who is no lead offers, and stays until the other takes it.
    offer_s: an offer that nobody answers for so long has lapsed.
    silent_now: channels that are silent at this minute.
    """

    steps: tuple[Step, ...] = DEFAULT_STEPS
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(DEFAULT_ROLES))
    repeat_s: int = 60
    arrival_s: int = 120
    close_s: int = 900
    handover_needs_consent: bool = False
    offer_s: int = 60
    silent_now: tuple[str, ...] = ()

    def asked_roles(self, kind: str) -> tuple[str, ...]:
        """The roles an incident of this kind needs."""
        return tuple(self.roles.get(kind) or DEFAULT_ROLES[kind])

    def is_last(self, step: int) -> bool:
        return step >= len(self.steps) - 1

    def step(self, number: int) -> Step:
        """The step of that number; the last for an incident that came further under another
        policy."""
        return self.steps[min(number, len(self.steps) - 1)]

    def gap_ms(self, step: int) -> int:
        """Milliseconds from `step` to the next one, or to telling again after the last."""
        if self.is_last(step):
            return self.repeat_s * 1000
        here = self.steps[step]
        gap_s = self.steps[step + 1].after_s - here.after_s
        if here.ring_s is not None:
            gap_s = min(gap_s, here.ring_s * here.rings)
        return gap_s * 1000

    def silent_channels(self, step: int, kind: str) -> tuple[str, ...]:
        """The channels that keep silent now about `step` of an incident of `kind`."""
        if kind in NEVER_QUIET_KINDS or self.step(step).tell in NEVER_QUIET_STEPS:
            return ()
        return self.silent_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The incidents that a policy is for. kinds, points: () for all."""

    kinds: tuple[str, ...] = ()
    points: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """Of several that hold the highest counts: kind and point, point, kind, none."""
        return 2 * bool(self.points) + bool(self.kinds)

    def holds(self, kind: str, point: str) -> bool:
        return (not self.kinds or kind in self.kinds) and (not self.points or point in self.points)


class Policies:
    """The policies of a branch.

    special: those for some incidents. Which one counts is looked for once: each press asks anew.
    """

    def __init__(
        self, default: Policy | None = None, special: Iterable[tuple[Scope, Policy]] = ()
    ) -> None:
        self.default = default or Policy()
        # The order of ids decides between equals, which saving refuses to make.
        self._special = sorted(special, key=lambda one: one[0].rank, reverse=True)
        self._found: dict[tuple[str, str], Policy] = {}
        self.most_steps = max(
            len(one.steps) for one in (self.default, *(policy for _, policy in self._special))
        )

    def of(self, kind: str, point: str) -> Policy:
        """The most specific policy for an incident of `kind` at `point`."""
        found = self._found.get((kind, point))
        if found is None:
            holding = (policy for scope, policy in self._special if scope.holds(kind, point))
            found = self._found[kind, point] = next(holding, self.default)
        return found


def told(
    policy: Policy, roster: Roster, *, step: int, kind: str, stand_ins: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The staff that `step` tells about an incident of `kind`.

    stand_ins: roles that stand in for asked ones. Never nobody while anybody is on duty: a step
    whose people are all away tells everybody.
    """
    here = policy.step(step)
    if here.tell == "kind":
        people = roster.on_duty_with((*policy.asked_roles(kind), *stand_ins))
    elif here.tell == LEAD:
        people = roster.on_duty_with((LEAD,))
    elif here.tell == "roles":
        people = roster.on_duty_with(here.roles)
    else:
        people = roster.on_duty()
    return people or roster.on_duty()
