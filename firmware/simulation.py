"""The hands of a simulated unit: `sim/…/line/…` messages move its contacts."""

from __future__ import annotations

from collections.abc import Callable

from firmware.buttons.gpio import Lines
from protocol.link import LinkEvent, Received

LEVELS = {b"0": False, b"1": True}


class Hands:
    """Stands between the link and the loop's queue, and takes out what moves a contact.

    That happens in the link's thread, as a real edge happens whether the loop is busy or not: a
    press and its release that wait in the queue together would be a press of no length.
    """

    def __init__(self, *, lines: Lines, deliver: Callable[[LinkEvent], None]) -> None:
        self._lines = lines
        self._deliver = deliver

    def hear(self, event: LinkEvent) -> None:
        """Moves the contact a message names; hands on everything else. Never raises."""
        if not self._moves(event):
            self._deliver(event)

    def _moves(self, event: LinkEvent) -> bool:
        if not isinstance(event, Received) or event.where is None or event.where.name != "line":
            return False
        number, closed = event.where.part, LEVELS.get(event.payload)
        if closed is None or not number.isdecimal():
            return False
        return self._lines.drive(int(number), closed=closed)
