"""Twenty thousand more seeds, for a night: make test-slow."""

from __future__ import annotations

import pytest

from .seeds import all_is_well


@pytest.mark.slow
@pytest.mark.parametrize("first", range(2_000, 22_000, 500))
def test_nothing_is_lost_late_or_untrue_whatever_fails(first: int) -> None:
    all_is_well(range(first, first + 500))
