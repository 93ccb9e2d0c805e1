"""PURE  Times of some incidents, sorted and ready to be put together with those of others.

A year's figures are made of its months' samples: what each has sorted stays as it is, a run beside
those of the others, while to read fifty thousand incidents takes a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from dashboard.figures import ResponseFigures, Timed, figures_of_runs

# Ascending each, none of them empty.
Runs = tuple[list[int], ...]


class Sample(NamedTuple):
    """count: incidents. to_*_ms: the times that are known."""

    count: int
    to_accept_ms: Runs
    to_arrive_ms: Runs
    to_close_ms: Runs = ()

    @property
    def figures(self) -> ResponseFigures:
        return ResponseFigures(
            count=self.count,
            to_accept_ms=figures_of_runs(self.to_accept_ms),
            to_arrive_ms=figures_of_runs(self.to_arrive_ms),
            to_close_ms=figures_of_runs(self.to_close_ms),
        )


Samples = Mapping[str, Sample]


def sample(times: Sequence[Timed]) -> Sample:
    """The sample of these incidents."""
    return Sample(
        count=len(times),
        to_accept_ms=runs_of([time.to_accept_ms for time in times]),
        to_arrive_ms=runs_of([time.to_arrive_ms for time in times]),
        to_close_ms=runs_of([time.to_close_ms for time in times]),
    )


Times = tuple[int, str, int | None, int | None, int | None]


def by_kind(times: Iterable[Times]) -> dict[tuple[bool, str], Sample]:
    """{(is a drill, kind): sample} of incidents as (drill, kind, to_accept_ms, to_arrive_ms,
    to_close_ms)."""
    groups: dict[tuple[int, str], tuple[list[int | None], ...]] = {}
    for drill, kind, accept_ms, arrive_ms, close_ms in times:
        group = groups.get((drill, kind))
        if group is None:
            group = groups[drill, kind] = ([], [], [])
        group[0].append(accept_ms)
        group[1].append(arrive_ms)
        group[2].append(close_ms)
    return {
        (bool(drill), kind): Sample(len(group[0]), *map(runs_of, group))
        for (drill, kind), group in groups.items()
    }


def runs_of(values: Iterable[int | None]) -> Runs:
    """Those that are known, as one run; without any no run."""
    known = sorted([value for value in values if value is not None])
    return (known,) if known else ()


def merged(samples: Sequence[Sample]) -> Sample:
    """One sample of several."""
    return Sample(
        count=sum(one.count for one in samples),
        to_accept_ms=tuple(chain.from_iterable(one.to_accept_ms for one in samples)),
        to_arrive_ms=tuple(chain.from_iterable(one.to_arrive_ms for one in samples)),
        to_close_ms=tuple(chain.from_iterable(one.to_close_ms for one in samples)),
    )


def merged_by_name(all_samples: Iterable[Samples]) -> dict[str, Sample]:
    """{name: one sample of all that have this name}, in alphabetical order."""
    found: dict[str, list[Sample]] = {}
    for samples in all_samples:
        for name, one in samples.items():
            found.setdefault(name, []).append(one)
    return {name: merged(found[name]) for name in sorted(found)}
