import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import (
    figures,
    figures_by_kind,
    percentile,
    response_figures,
    split_drills,
)


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


def test_figures_by_kind_are_in_alphabetical_order():
    assert list(figures_by_kind([_time("urgent"), _time("call")])) == ["call", "urgent"]
