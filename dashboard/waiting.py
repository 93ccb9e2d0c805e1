"""Actions that wait for the gateway's answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from dashboard.errors import TooManyWaiting
from protocol.messages import ActionResult


class Waiting:
    """At most `most` actions that wait; used by the pages' threads and by the event loop."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._futures: dict[str, Future[ActionResult]] = {}

    def __len__(self) -> int:
        return len(self._futures)

    @contextmanager
    def answer_to(self, action_id: str) -> Iterator[Future[ActionResult]]:
        """A future that the answer will fill while in the context. Raises: TooManyWaiting."""
        future: Future[ActionResult] = Future()
        with self._lock:
            if len(self._futures) >= self._most:
                raise TooManyWaiting
            self._futures[action_id] = future
        try:
            yield future
        finally:
            with self._lock:
                self._futures.pop(action_id, None)

    def answer(self, result: ActionResult) -> None:
        """Hands the gateway's answer to whoever waits for it; one that comes too late is let go."""
        with self._lock:
            future = self._futures.pop(result.action_id, None)
        if future is not None and future.set_running_or_notify_cancel():
            future.set_result(result)

    def cancel_all(self) -> None:
        """Nobody waits any longer."""
        with self._lock:
            futures, self._futures = list(self._futures.values()), {}
        for future in futures:
            future.cancel()
