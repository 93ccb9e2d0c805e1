"""PURE. Who is told, when, and what the next step is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.roster import Roster

# Whom a step tells: the roles of the incident's kind, everybody on duty, the duty lead, or every
# screen at once with "call 120 / 110 now" (the system never dials by itself).
Audience = Literal["kind", "on_duty", "lead", "outside"]

LEAD = "lead"

DEFAULT_ROLES: Mapping[str, tuple[str, ...]] = {
    "call": ("customer_service",),
    "urgent": ("first_aid", "security"),
    "silent": ("security",),
    "seat": ("customer_service",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the escalation. after_s: seconds since the press."""

    after_s: int
    tell: Audience


DEFAULT_STEPS = (
    Step(after_s=0, tell="kind"),
    Step(after_s=30, tell="on_duty"),
    Step(after_s=60, tell="lead"),
    Step(after_s=120, tell="outside"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a branch.

    repeat_s: how often people are told again after the last step while nobody accepts.
    arrival_s: accepted for so long without arrival is told again; close_s: arrived without close.
    """

    steps: tuple[Step, ...] = DEFAULT_STEPS
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(DEFAULT_ROLES))
    repeat_s: int = 60
    arrival_s: int = 120
    close_s: int = 900

    def asked_roles(self, kind: str) -> tuple[str, ...]:
        """The roles an incident of this kind needs."""
        return tuple(self.roles.get(kind) or DEFAULT_ROLES[kind])

    def is_last(self, step: int) -> bool:
        return step >= len(self.steps) - 1

    def gap_ms(self, step: int) -> int:
        """Milliseconds from `step` to the next one, or to telling again after the last."""
        if self.is_last(step):
            return self.repeat_s * 1000
        return (self.steps[step + 1].after_s - self.steps[step].after_s) * 1000


def told(policy: Policy, roster: Roster, *, step: int, kind: str) -> tuple[str, ...]:
    """The staff that `step` tells about an incident of `kind`.

    Never nobody while anybody is on duty: a step whose people are all away tells everybody.
    """
    audience = policy.steps[step].tell
    if audience == "kind":
        people = roster.on_duty_with(policy.asked_roles(kind))
    elif audience == LEAD:
        people = roster.on_duty_with((LEAD,))
    else:
        people = roster.on_duty()
    return people or roster.on_duty()
