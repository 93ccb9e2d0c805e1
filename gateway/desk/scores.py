"""PURE. How well a drill went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from protocol.messages import Incident

Criterion = Literal["accept", "arrive", "roles", "checklist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """passed, failed: what was judged, by name. to_*_ms: as the incident's, None when unknown.

    roles_covered of roles_asked; steps_done of steps, None without a checklist.
    """

    passed: list[Criterion] = field(default_factory=list)
    failed: list[Criterion] = field(default_factory=list)
    to_accept_ms: int | None = None
    to_arrive_ms: int | None = None
    to_close_ms: int | None = None
    roles_covered: int = 0
    roles_asked: int = 0
    steps_done: int | None = None
    steps: int | None = None


def score_of(
    incident: Incident, *, accept_s: int, arrive_s: int, checklist: Any | None = None
) -> Score:
    """The score of a drill that is over. checklist: its body with steps and ticks, None: none."""
    asked, missing = len(incident.asked_roles), len(incident.missing_roles)
    steps = {one.id for one in checklist.steps} if checklist else set()
    done = len(steps & set(checklist.ticks)) if checklist else 0
    judged: dict[Criterion, bool] = {
        "accept": _within(incident.to_accept_ms, accept_s),
        "arrive": _within(incident.to_arrive_ms, arrive_s),
        "roles": missing == 0,
    }
    if steps:
        judged["checklist"] = done == len(steps)
    return Score(
        passed=[name for name, is_met in judged.items() if is_met],
        failed=[name for name, is_met in judged.items() if not is_met],
        to_accept_ms=incident.to_accept_ms,
        to_arrive_ms=incident.to_arrive_ms,
        to_close_ms=incident.to_close_ms,
        roles_covered=asked - missing,
        roles_asked=asked,
        steps_done=done if steps else None,
        steps=len(steps) or None,
    )


def _within(took_ms: int | None, seconds: int) -> bool:
    """A time that nobody knows was not kept."""
    return took_ms is not None and took_ms <= seconds * 1000
