"""PURE  Times of some incidents, sorted and ready to be put together with those of others.

A year's figures are made of its months' samples: to sort what is sorted already costs next to
nothing, while to read fifty thousand incidents takes a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from dashboard.figures import ResponseFigures, Timed, figures_of_ascending


class Sample(NamedTuple):
    """count: incidents. to_*_ms: the times that are known, ascending."""

    count: int
    to_accept_ms: Sequence[int]
    to_arrive_ms: Sequence[int]
    to_close_ms: Sequence[int] = ()

    @property
    def figures(self) -> ResponseFigures:
        return ResponseFigures(
            count=self.count,
            to_accept_ms=figures_of_ascending(self.to_accept_ms),
            to_arrive_ms=figures_of_ascending(self.to_arrive_ms),
            to_close_ms=figures_of_ascending(self.to_close_ms),
        )


Samples = Mapping[str, Sample]


def sample(times: Sequence[Timed]) -> Sample:
    """The sample of these incidents."""
    return Sample(
        count=len(times),
        to_accept_ms=ascending([time.to_accept_ms for time in times]),
        to_arrive_ms=ascending([time.to_arrive_ms for time in times]),
        to_close_ms=ascending([time.to_close_ms for time in times]),
    )


def ascending(values: Iterable[int | None]) -> list[int]:
    """Those that are known, in order."""
    return sorted([value for value in values if value is not None])


def merged(samples: Sequence[Sample]) -> Sample:
    """One sample of several."""
    return Sample(
        count=sum(one.count for one in samples),
        to_accept_ms=sorted(chain.from_iterable(one.to_accept_ms for one in samples)),
        to_arrive_ms=sorted(chain.from_iterable(one.to_arrive_ms for one in samples)),
        to_close_ms=sorted(chain.from_iterable(one.to_close_ms for one in samples)),
    )


def merged_by_name(all_samples: Iterable[Samples]) -> dict[str, Sample]:
    """{name: one sample of all that have this name}, in alphabetical order."""
    found: dict[str, list[Sample]] = {}
    for samples in all_samples:
        for name, one in samples.items():
            found.setdefault(name, []).append(one)
    return {name: merged(found[name]) for name in sorted(found)}
