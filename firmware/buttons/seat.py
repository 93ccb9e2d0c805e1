"""PURE: a seat's line → occupied or vacated.

A seat is a contact that people shift about on: it counts after a time both ways, by default 2 s.
"""

from __future__ import annotations

from firmware.buttons.debounce import Change, Debounce
from protocol.messages import What


def debounce(seat_ms: int) -> Debounce:
    """How a seat's contact settles."""
    return Debounce(close_ms=seat_ms, open_ms=seat_ms)


def what(change: Change) -> What:
    """What the change of a seat's contact means."""
    return "seat_occupied" if change.closed else "seat_vacated"
