"""What can go wrong while a branch is written, run or pressed."""

from __future__ import annotations


class SimulatorError(Exception):
    """It cannot be done; the text is a sentence for people that says what to do."""


class UsageError(SimulatorError):
    """It was asked for wrongly."""
