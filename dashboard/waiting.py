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
        # Several may wait for the same answer: who asks again does so before the first has it.
        self._futures: dict[str, list[Future[ActionResult]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._futures.values()))

    @contextmanager
    def answer_to(self, action_id: str) -> Iterator[Future[ActionResult]]:
        """A future that the answer will fill while in the context. Raises: TooManyWaiting."""
        future: Future[ActionResult] = Future()
        with self._lock:
            if len(self) >= self._most:
                raise TooManyWaiting
            self._futures.setdefault(action_id, []).append(future)
        try:
            yield future
        finally:
            with self._lock:
                self._let_go(action_id, future)

    def _let_go(self, action_id: str, future: Future[ActionResult]) -> None:
        waiting = self._futures.get(action_id, [])
        if future in waiting:
            waiting.remove(future)
        if not waiting:
            self._futures.pop(action_id, None)

    def answer(self, result: ActionResult) -> None:
        """Hands the gateway's answer to all who wait for it; one that comes too late is let go."""
        with self._lock:
            futures = self._futures.pop(result.action_id, [])
        for future in futures:
            if future.set_running_or_notify_cancel():
                future.set_result(result)

    def cancel_all(self) -> None:
        """Nobody waits any longer."""
        with self._lock:
            waiting, self._futures = list(self._futures.values()), {}
        for futures in waiting:
            for future in futures:
                future.cancel()
