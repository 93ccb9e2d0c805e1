"""What can go wrong while measuring."""

from __future__ import annotations


class BenchError(Exception):
    """Something that had to work in order to be measured did not; the text says what."""
