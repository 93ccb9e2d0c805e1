"""The bounded queue between a program's threads and its one loop."""

from __future__ import annotations

import queue
from typing import Generic, TypeVar

E = TypeVar("E")

# Far above any storm of a branch; beyond it a program is not keeping up and says so.
MAX_WAITING = 20_000


class Inbox(Generic[E]):
    """Events for a loop. `put` never blocks or raises, so any callback may use it.

    overflowed: events let go because MAX_WAITING were waiting. Nothing is lost by that: what
    matters is sent again until it is answered.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[E] = queue.SimpleQueue()
        self.overflowed = 0

    def put(self, event: E) -> None:
        if self._queue.qsize() >= MAX_WAITING:
            self.overflowed += 1
        else:
            self._queue.put(event)

    def take(self, *, wait_s: float, most: int) -> list[E]:
        """Up to `most` events in their order, after waiting up to wait_s for the first."""
        try:
            events = [self._queue.get(timeout=max(0.0, wait_s))]
        except queue.Empty:
            return []
        while len(events) < most:
            try:
                events.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return events
