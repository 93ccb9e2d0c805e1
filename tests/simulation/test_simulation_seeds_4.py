"""Seeds 1500 to 1999. A file of its own, since a test process takes whole files."""

from __future__ import annotations

import pytest

from .seeds import all_is_well


@pytest.mark.parametrize("first", range(1500, 2000, 50))
def test_nothing_is_lost_late_or_untrue_whatever_fails(first: int) -> None:
    all_is_well(range(first, first + 50))
