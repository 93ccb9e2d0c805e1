"""Figures: percentiles, rounds in turn, and a row of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure may be at most. of: which column is judged."""

    at_most: float
    of: Literal["ratio", "ours"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table.

    beside: the figure it is held against (the bare pipeline, or the small store), None if there
    is none. ratio: median over the rounds of ours / beside, which is not the ratio of the medians.
    limit: None where a figure is only printed.
    """

    measure: str
    unit: str
    ours: float
    beside: float | None = None
    ratio: float | None = None
    limit: Limit | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the limit is kept; None where nothing is judged."""
        if self.limit is None:
            return None
        judged = self.ratio if self.limit.of == "ratio" else self.ours
        return judged is not None and judged <= self.limit.at_most


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def in_turn(rounds: int, beside: Callable[[], T], ours: Callable[[], T]) -> tuple[list[T], list[T]]:
    """What both give, round by round: beside, ours, beside, ours … so that both meet the same
    weather on the machine."""
    pairs = [(beside(), ours()) for _ in range(rounds)]
    return [one for one, _ in pairs], [other for _, other in pairs]


def compared(
    measure: str,
    unit: str,
    *,
    beside: Sequence[float],
    ours: Sequence[float],
    limit: Limit | None = None,
) -> Row:
    """A row from one figure a round of each side, in the order of the rounds."""
    return Row(
        measure=measure,
        unit=unit,
        beside=median(beside),
        ours=median(ours),
        ratio=median(mine / other for mine, other in zip(ours, beside, strict=True)),
        limit=limit,
    )


def latencies(
    measure: str,
    *,
    ours: Sequence[Sequence[float]],
    beside: Sequence[Sequence[float]] | None = None,
    limit: Limit | None = None,
) -> list[Row]:
    """Rows p50, p95, p99 and max of times in ms, a list a round.

    p50 is the median of the rounds' medians and the only one judged; the rest is over the
    samples of all rounds together, since one round has too few for a p99.
    """
    rows = [_middle(f"{measure}: p50", ours=ours, beside=beside, limit=limit)]
    ours_all = [value for one in ours for value in one]
    beside_all = [value for one in beside or [] for value in one]
    for name, share in (("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
        mine = percentile(ours_all, share)
        other = percentile(beside_all, share) if beside_all else None
        rows.append(
            Row(
                measure=f"{measure}: {name}",
                unit="ms",
                ours=mine,
                beside=other,
                ratio=mine / other if other else None,
            )
        )
    return rows


def _middle(
    measure: str,
    *,
    ours: Sequence[Sequence[float]],
    beside: Sequence[Sequence[float]] | None,
    limit: Limit | None,
) -> Row:
    mine = [median(one) for one in ours]
    if beside is None:
        return Row(measure=measure, unit="ms", ours=median(mine), limit=limit)
    others = [median(one) for one in beside]
    return compared(measure, "ms", beside=others, ours=mine, limit=limit)
