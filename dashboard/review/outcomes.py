"""PURE  How calls ended, and where they were false."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.review.lines import Line

FALSE_CALL = "false_call"

# {(point, outcome): closed incidents}
Endings = Mapping[tuple[str, str], int]


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


def endings(lines: Iterable[Line]) -> Endings:
    """How many closed incidents of each point ended in each way."""
    return merged({(line.point, line.outcome): 1} for line in lines if line.outcome is not None)


def merged(all_endings: Iterable[Endings]) -> Endings:
    """The same of several parts together."""
    together: dict[tuple[str, str], int] = {}
    for one in all_endings:
        for ending, count in one.items():
            together[ending] = together.get(ending, 0) + count
    return together


def false_calls(found: Endings) -> tuple[FalseCalls, ...]:
    """Each point with a false call, the one with most of them first."""
    calls: dict[str, int] = {}
    for (point, _outcome), count in found.items():
        calls[point] = calls.get(point, 0) + count
    listed = [
        FalseCalls(point=point, calls=calls[point], false_calls=count)
        for (point, outcome), count in found.items()
        if outcome == FALSE_CALL
    ]
    return tuple(sorted(listed, key=lambda one: (-one.false_calls, one.point)))


def outcome_counts(found: Endings) -> dict[str, int]:
    """{outcome: closed incidents}, the most frequent first."""
    counts: dict[str, int] = {}
    for (_point, outcome), count in found.items():
        counts[outcome] = counts.get(outcome, 0) + count
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
