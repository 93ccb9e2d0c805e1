"""PURE  How calls ended, and where they were false."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.review.lines import Line

FALSE_CALL = "false_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseCalls:
    """One point. calls: closed real ones; false_calls: those closed as such."""

    point: str
    calls: int
    false_calls: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.false_calls / self.calls if self.calls else 0.0


def false_calls(lines: Iterable[Line]) -> tuple[FalseCalls, ...]:
    """Each point with a false call, the one with most of them first."""
    calls: dict[str, int] = {}
    false: dict[str, int] = {}
    for line in lines:
        if line.outcome is not None:
            calls[line.point] = calls.get(line.point, 0) + 1
            if line.outcome == FALSE_CALL:
                false[line.point] = false.get(line.point, 0) + 1
    found = [
        FalseCalls(point=point, calls=calls[point], false_calls=count)
        for point, count in false.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.false_calls, one.point)))


def outcome_counts(lines: Iterable[Line]) -> dict[str, int]:
    """{outcome: closed incidents}, the most frequent first."""
    counts: dict[str, int] = {}
    for line in lines:
        if line.outcome is not None:
            counts[line.outcome] = counts.get(line.outcome, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
