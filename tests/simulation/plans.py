"""What a lead writes on the pages of a branch: policies for some incidents, and substitutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

# Whom the steps tell, in order.
LADDERS = (
    ("kind", "lead"),
    ("kind", "outside"),
    ("on_duty", "outside"),
    ("lead", "on_duty", "outside"),
    ("roles", "kind", "on_duty", "lead"),
    ("kind", "roles", "lead", "on_duty", "outside"),
)
AFTER_S = (10, 25, 40)
RING_S = (None, None, 4, 7)
SOME_ROLES = (["security"], ["first_aid", "lead"], ["customer_service"])
SUBSTITUTES = {
    "first_aid": ["security", "customer_service"],
    "customer_service": ["first_aid", "lead"],
    "security": ["lead", "customer_service"],
}
# Those who alone have a role: without them somebody has to stand in.
ALONE = ("s01", "f01")
# Most of it is there before the first calls.
SOON_MS = 1_500


class Writing(NamedTuple):
    """A lead writes a plan. do, id, body: as in the request."""

    at_ms: int
    do: str
    id: str
    body: dict[str, Any]


def drawn(random: Random, points: Sequence[str], *, pace: float, until_ms: int) -> list[Writing]:
    """The plans of one branch: none in some, else one or more, at first or while calls are open."""
    if random.random() < 0.4:
        return []
    plans = [*_policies(random, points, pace), *_substitutes(random)]
    return [
        Writing(random.randint(0, SOON_MS if random.random() < 0.7 else until_ms), *plan)
        for plan in plans
    ]


def _policies(
    random: Random, points: Sequence[str], pace: float
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """No two for the same incidents: those are refused."""
    kinds = random.sample(("call", "urgent", "silent", "seat"), k=4)
    scopes = {
        "some-kind": {"kinds": kinds[:1]},
        "two-kinds": {"kinds": kinds[1:3]},
        "some-point": {"points": [random.choice(points)]},
        "kind-there": {"kinds": [random.choice(kinds)], "points": [random.choice(points)]},
    }
    for id, scope in scopes.items():
        if random.random() < 0.6:
            asked = {kind: random.choice(SOME_ROLES) for kind in scope.get("kinds", ())}
            roles = asked if random.random() < 0.5 else {}
            yield "policy.save", id, {**scope, "roles": roles, **_ladder(random, pace)}


def _ladder(random: Random, pace: float) -> dict[str, Any]:
    steps, after_s = [], 0
    for tell in random.choice(LADDERS):
        ring_s = random.choice(RING_S)
        step = {"after_s": after_s, "tell": tell, "ring_s": ring_s and _paced(ring_s, pace)}
        steps.append(step | ({"roles": random.choice(SOME_ROLES)} if tell == "roles" else {}))
        after_s += _paced(random.choice(AFTER_S), pace)
    return {
        "steps": steps,
        "repeat_s": _paced(random.choice((20, 60)), pace),
        "arrival_s": _paced(random.choice((25, 60)), pace),
        "close_s": _paced(random.choice((30, 90)), pace),
        "offer_s": _paced(random.choice((10, 40)), pace),
        "handover_needs_consent": random.random() < 0.5,
    }


def _paced(seconds: int, pace: float) -> int:
    return max(1, round(seconds * pace))


def _substitutes(random: Random) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for role, instead in SUBSTITUTES.items():
        if random.random() < 0.6:
            yield "substitute.save", role, {"instead": instead}
