"""PURE  What was left to do after calls, and whether it was done in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from protocol.moment import parse_rfc3339

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
    groups: dict[str, list[FollowedUp]] = {}
    for one in every:
        groups.setdefault(_source(one.rule), []).append(one)
    return Followups(
        all=_figures(every, now_ms),
        by_source={name: _figures(groups[name], now_ms) for name in sorted(groups)},
    )


def _source(rule: str) -> str:
    if not rule:
        return "person"
    return "review" if rule == ACTION else "rule"


def _figures(found: Sequence[FollowedUp], now_ms: int) -> FollowupFigures:
    done = [one for one in found if one.done_at is not None]
    late = sum(parse_rfc3339(one.done_at or "") > parse_rfc3339(one.due_at) for one in done)
    return FollowupFigures(
        made=len(found),
        done_in_time=len(done) - late,
        done_late=late,
        open=len(found) - len(done),
        overdue=sum(one.done_at is None and parse_rfc3339(one.due_at) < now_ms for one in found),
        moved=sum(one.moved for one in found),
    )
