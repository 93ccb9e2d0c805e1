"""PURE  The rounds of the walk test, and the buttons that nobody has tested for too long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from dashboard.review.faults import FaultSpan

# The last test is too long ago; the last round left it out.
UNTESTED, POINT = frozenset({"untested", "left_untested"}), "point/"


class Walked(Protocol):
    """One round; the store's WalkLine is one. started_at: RFC 3339."""

    id: str
    started_at: str
    started_by: str
    points: tuple[str, ...]
    tested: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkRound:
    """One round. points: how many were to be tested; tested: how many were; left: the others."""

    id: str
    started_at: str
    started_by: str
    points: int
    tested: int
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walks:
    """The rounds of a window. tested: points that at least one of them tested; left: points that
    were to be tested and were not in any. overdue: points that wait for a test at the end of the
    window, or now; were_overdue: those at any time of it."""

    rounds: tuple[WalkRound, ...] = ()
    tested: int = 0
    left: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    were_overdue: tuple[str, ...] = ()


def walks(
    found: Iterable[Walked], spans: Iterable[FaultSpan], *, start_ms: int, end_ms: int, now_ms: int
) -> Walks:
    """The rounds, and what the comings and goings of faults say of the buttons between them."""
    every = list(found)
    asked = {point for one in every for point in one.points}
    tested = {point for one in every for point in one.tested}
    last_ms = max(start_ms, min(end_ms, now_ms))
    late = [
        span
        for span in spans
        if span.name in UNTESTED
        and span.subject.startswith(POINT)
        and (span.since_ms or 0) < last_ms
        and (span.until_ms is None or span.until_ms >= start_ms)
    ]
    return Walks(
        rounds=tuple(map(_round, every)),
        tested=len(tested),
        left=tuple(sorted(asked - tested)),
        overdue=_points(one for one in late if one.until_ms is None or one.until_ms > last_ms),
        were_overdue=_points(late),
    )


def _round(one: Walked) -> WalkRound:
    left = tuple(point for point in one.points if point not in one.tested)
    return WalkRound(
        id=one.id,
        started_at=one.started_at,
        started_by=one.started_by,
        points=len(one.points),
        tested=len(one.points) - len(left),
        left=left,
    )


def _points(spans: Iterable[FaultSpan]) -> tuple[str, ...]:
    return tuple(sorted({span.subject.removeprefix(POINT) for span in spans}))
