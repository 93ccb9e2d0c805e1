"""Reads the past year for reports before anybody asks: a month at a time, after the board's start.

A month that is over is read once (see reckoning.py), so whoever is the first to look at a year
would wait for twelve of them. One at a time, with a pause, they are in nobody's way.
"""

from __future__ import annotations

import threading

from dashboard.reckoning import Reckoning
from dashboard.review.calendar import Month
from dashboard.store import StoreError

MONTHS = 12
# After a start screens come back first; then a month takes a quarter of a second of a large branch.
FIRST_S, PAUSE_S = 10.0, 3.0


class ReadAhead:
    """A thread that ends when all is read. present: the month that it is."""

    def __init__(
        self,
        reckoning: Reckoning,
        *,
        present: Month,
        first_s: float = FIRST_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._reckoning = reckoning
        self._present = present
        self._first_s, self._pause_s = first_s, pause_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)

    def start(self) -> None:
        """Begins after a while."""
        self._thread.start()

    def stop(self) -> None:
        """Reads no further month."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Waits for the end; whether it has come."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        waiting, pause_s = _months_before(self._present), self._first_s
        while waiting and not self._stopping.wait(pause_s):
            pause_s = self._pause_s
            try:
                self._reckoning.read_ahead(waiting[0])
            except StoreError:
                # Not made yet, or away for a moment; `Live` says so where it matters. Once more.
                continue
            del waiting[0]


def _months_before(present: Month) -> list[Month]:
    """Those of the past year that are over, the newest first."""
    found = [present.before]
    while len(found) < MONTHS:
        found.append(found[-1].before)
    return found
