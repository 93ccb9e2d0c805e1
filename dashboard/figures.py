"""PURE  Response times in figures: counts and percentiles."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Timed(Protocol):
    """What a report is made of; the store's ResponseTime is one. Times in milliseconds."""

    kind: str
    drill: bool
    to_accept_ms: int | None
    to_arrive_ms: int | None
    to_close_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How long something took, in milliseconds; all None where nothing was counted."""

    count: int
    p50: int | None = None
    p90: int | None = None
    p99: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFigures:
    """count: incidents; the others count only those that got so far."""

    count: int
    to_accept_ms: Figures
    to_arrive_ms: Figures
    to_close_ms: Figures


def percentile(ordered: Sequence[int], percent: float) -> int | None:
    """The nearest-rank percentile of ascending values: always one of them; None of none.

    Source: the smallest value with at least `percent` % of all values at or below it.
    """
    if not ordered:
        return None
    rank = math.ceil(percent / 100 * len(ordered))
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def percentile_of_runs(runs: Sequence[Sequence[int]], percent: float) -> int | None:
    """The same of several ascending runs together, none of which is empty; they stay as they are.

    Looked for between the least and the greatest value: to ask each run some thirty times how many
    lie at or below costs far less than to put a hundred thousand values in order.
    """
    if not runs:
        return None
    rank = max(math.ceil(percent / 100 * sum(map(len, runs))), 1)
    low, high = min(run[0] for run in runs), max(run[-1] for run in runs)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(run, middle) for run in runs) >= rank:
            high = middle
        else:
            low = middle + 1
    return low


def figures(values: Iterable[int | None]) -> Figures:
    """The figures of the values that are known."""
    return figures_of_ascending(sorted([value for value in values if value is not None]))


def figures_of_ascending(ordered: Sequence[int]) -> Figures:
    """The figures of values that are sorted already."""
    return Figures(
        count=len(ordered),
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p99=percentile(ordered, 99),
        max=ordered[-1] if ordered else None,
    )


def figures_of_runs(runs: Sequence[Sequence[int]]) -> Figures:
    """The figures of ascending runs together, none of which is empty."""
    return Figures(
        count=sum(map(len, runs)),
        p50=percentile_of_runs(runs, 50),
        p90=percentile_of_runs(runs, 90),
        p99=percentile_of_runs(runs, 99),
        max=max((run[-1] for run in runs), default=None),
    )


def response_figures(times: Sequence[Timed]) -> ResponseFigures:
    """The figures of these incidents."""
    return ResponseFigures(
        count=len(times),
        to_accept_ms=figures([time.to_accept_ms for time in times]),
        to_arrive_ms=figures([time.to_arrive_ms for time in times]),
        to_close_ms=figures([time.to_close_ms for time in times]),
    )


def split_drills(times: Iterable[Timed]) -> tuple[list[Timed], list[Timed]]:
    """(real, drills): practice must not flatter the figures."""
    real: list[Timed] = []
    drills: list[Timed] = []
    for time in times:
        (drills if time.drill else real).append(time)
    return real, drills
