"""PURE  What was left to do after calls, and whether it was done in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dashboard.review.tally import by_name, is_late

ACTION = "action"


class FollowedUp(Protocol):
    """One follow-up; the store's FollowupLine is one. Times: RFC 3339."""

    rule: str
    due_at: str
    done_at: str | None
    moved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupFigures:
    """Some follow-ups, as they are now. made: all of them; each is one of done_in_time, done_late
    and open. overdue: those of the open ones that are late. moved: whose time was changed; in time
    is what was done by the time that counted last."""

    made: int = 0
    done_in_time: int = 0
    done_late: int = 0
    open: int = 0
    overdue: int = 0
    moved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Followups:
    """The follow-ups made in a window. by_source: by what made them: `rule` (by itself),
    `review` (an after-action note), `person`."""

    all: FollowupFigures = field(default_factory=FollowupFigures)
    by_source: dict[str, FollowupFigures] = field(default_factory=dict)


def followups(found: Iterable[FollowedUp], *, now_ms: int) -> Followups:
    """The figures of these follow-ups."""
    every = list(found)
    groups = by_name(every, lambda one: _source(one.rule))
    return Followups(
        all=_figures(every, now_ms),
        by_source={name: _figures(group, now_ms) for name, group in groups.items()},
    )


def _source(rule: str) -> str:
    if not rule:
        return "person"
    return "review" if rule == ACTION else "rule"


def _figures(found: Sequence[FollowedUp], now_ms: int) -> FollowupFigures:
    done = [one for one in found if one.done_at is not None]
    late = [one for one in found if is_late(one.done_at, one.due_at, now_ms)]
    done_late = sum(one.done_at is not None for one in late)
    return FollowupFigures(
        made=len(found),
        done_in_time=len(done) - done_late,
        done_late=done_late,
        open=len(found) - len(done),
        overdue=len(late) - done_late,
        moved=sum(one.moved for one in found),
    )
