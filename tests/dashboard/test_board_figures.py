import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import (
    figures,
    figures_of_runs,
    percentile,
    response_figures,
    split_drills,
)
from dashboard.review.sample import by_kind, merged


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([7], 50, 7),
        ([7], 99, 7),
        ([1, 2], 50, 1),
        ([1, 2, 3], 50, 2),
        (list(range(1, 101)), 50, 50),
        (list(range(1, 101)), 90, 90),
        (list(range(1, 101)), 99, 99),
        (list(range(1, 101)), 100, 100),
        (list(range(1, 11)), 99, 10),
    ],
)
def test_percentile_is_the_nearest_rank(values, percent, expected):
    assert percentile(values, percent) == expected


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 100))
def test_percentile_is_the_smallest_value_that_enough_lie_at_or_below(values, percent):
    found = percentile(sorted(values), percent)
    needed = math.ceil(percent / 100 * len(values))
    assert sum(value <= found for value in values) >= needed
    assert sum(value < found for value in values) < needed


def test_figures_leave_out_what_is_not_known():
    found = figures([None, 5, 3, None])
    assert (found.count, found.p50, found.max) == (2, 3, 5)


def test_figures_of_nothing_are_none():
    assert figures([]) == figures([None])
    assert figures([]).max is None


def _time(kind="call", drill=False, accept=1000):
    return SimpleNamespace(
        kind=kind, drill=drill, to_accept_ms=accept, to_arrive_ms=None, to_close_ms=None
    )


def test_drills_are_kept_apart():
    real, drills = split_drills([_time(), _time(drill=True), _time()])
    assert (len(real), len(drills)) == (2, 1)


def test_an_incident_nobody_accepted_is_counted_but_has_no_time():
    found = response_figures([_time(accept=None), _time(accept=4)])
    assert (found.count, found.to_accept_ms.count, found.to_accept_ms.max) == (2, 1, 4)


@given(st.lists(st.lists(st.integers(-5, 50) | st.integers(0, 10**12), min_size=1), max_size=14))
def test_figures_of_runs_are_those_of_all_their_values(runs):
    runs = [sorted(run) for run in runs]
    assert figures_of_runs(runs) == figures([value for run in runs for value in run])


MAYBE_MS = st.none() | st.integers(0, 10**7)
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["call", "urgent"]), *[MAYBE_MS] * 3), max_size=40
)


@given(ROWS)
def test_figures_of_columns_are_those_of_the_incidents_one_by_one(rows):
    found = by_kind(iter(rows))
    named = [
        SimpleNamespace(
            drill=bool(drill), kind=kind, to_accept_ms=one, to_arrive_ms=two, to_close_ms=three
        )
        for drill, kind, one, two, three in rows
    ]
    assert found.keys() == {(one.drill, one.kind) for one in named}
    for (drill, kind), sample in found.items():
        of_it = [one for one in named if (one.drill, one.kind) == (drill, kind)]
        assert sample.figures == response_figures(of_it)
    real, _drills = split_drills(named)
    together = merged([one for (drill, _kind), one in found.items() if not drill])
    assert together.figures == response_figures(real)
