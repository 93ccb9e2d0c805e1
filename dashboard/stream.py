"""GET /events: server-sent events to every screen, none of which costs a thread or can wait.

All of it runs in the event loop; a hub has no lock because nobody else touches it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

import msgspec

from dashboard.errors import Problem, TooManyStreams

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A screen that is this many events behind is cut: it reconnects to the present state, which is
# shorter than what it has missed.
MAX_WAITING = 1_000
MAX_STREAMS = 200
# A screen that takes nothing for this long is dead or too slow to trust.
SLOW_READER_S = 10
# How long a session that has ended may go on watching.
RECHECK_S = 60
# Told to the browser: how soon to come back after a cut.
RETRY_MS = 1_000

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy must not collect events
    (b"x-content-type-options", b"nosniff"),
]


class Stream:
    """What one screen has still to be told."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self.is_open = True

    def put(self, chunk: bytes) -> None:
        """Adds a chunk; a stream that is too far behind is closed instead."""
        if not self.is_open:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.close()
            return
        self._waiting.append(chunk)
        self._wake.set()

    def close(self) -> None:
        """Ends the stream; what still waits is not sent."""
        self.is_open = False
        self._waiting.clear()
        self._wake.set()

    async def take(self) -> bytes:
        """Everything that waits, at once; empty when the stream has been closed."""
        while self.is_open and not self._waiting:
            self._wake.clear()
            await self._wake.wait()
        chunk = b"".join(self._waiting)
        self._waiting.clear()
        return chunk


class Hub:
    """Every open stream. present: gives [(event, state)] for a screen that has just connected.

    Event numbers start at the milliseconds since 1970, so that they count up over restarts too.
    """

    def __init__(
        self,
        *,
        present: Callable[[], Iterable[tuple[str, object]]],
        max_streams: int = MAX_STREAMS,
        first_id: int | None = None,
    ) -> None:
        self._present = present
        self._max_streams = max_streams
        self._next_id = time.time_ns() // 1_000_000 if first_id is None else first_id
        self._streams: set[Stream] = set()
        self._is_open = True

    def __len__(self) -> int:
        return len(self._streams)

    def join(self) -> Stream:
        """A new stream that begins with the present state. Raises: TooManyStreams."""
        if len(self._streams) >= self._max_streams or not self._is_open:
            raise TooManyStreams
        stream = Stream()
        chunks = [self._chunk(event, state) for event, state in self._present()]
        stream.put(b"retry: %d\n\n" % RETRY_MS + b"".join(chunks))
        self._streams.add(stream)
        return stream

    def leave(self, stream: Stream) -> None:
        """Forgets a stream."""
        stream.close()
        self._streams.discard(stream)

    def publish(self, event: str, state: object) -> None:
        """Tells every screen; the state is encoded once."""
        if not self._streams:
            return
        chunk = self._chunk(event, state)
        for stream in self._streams:
            stream.put(chunk)

    def restart(self) -> None:
        """Ends every stream; the screens come back to the present state."""
        for stream in self._streams:
            stream.close()

    def close(self) -> None:
        """Ends every stream and takes no new one."""
        self._is_open = False
        self.restart()

    def _chunk(self, event: str, state: object) -> bytes:
        self._next_id += 1
        data = msgspec.json.encode(state)  # JSON has no bare line feed, so it is one line
        return b"event: %s\nid: %d\ndata: %s\n\n" % (event.encode(), self._next_id, data)


class Events:
    """The ASGI application of `GET /events`.

    admit: raises Problem for a request (its ASGI scope) that may not watch; runs in a thread.
    """

    def __init__(
        self,
        *,
        hub: Hub,
        admit: Callable[[Mapping[str, Any]], Awaitable[None]],
        recheck_s: float = RECHECK_S,
    ) -> None:
        self._hub = hub
        self._admit = admit
        self._recheck_s = recheck_s

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            if scope["method"] != "GET":
                raise Problem(405, "method_not_allowed", "Only GET is allowed here.")
            await self._admit(scope)
            stream = self._hub.join()
        except TooManyStreams:
            text = "As many screens are connected as the board has room for. Close one."
            await _refuse(send, Problem(503, "too_many_screens", text, retry_after_s=5))
            return
        except Problem as problem:
            await _refuse(send, problem)
            return
        watcher = asyncio.create_task(_close_when_gone(stream, receive))
        guard = asyncio.create_task(self._close_when_not_admitted(stream, scope))
        try:
            await _pump(stream, send)
        finally:
            watcher.cancel()
            guard.cancel()
            self._hub.leave(stream)

    async def _close_when_not_admitted(self, stream: Stream, scope: Mapping[str, Any]) -> None:
        """A signed-out screen stops watching; one that may, goes on."""
        while True:
            await asyncio.sleep(self._recheck_s)
            try:
                await self._admit(scope)
            except Problem as problem:
                if problem.status == 401:
                    stream.close()
                    return


async def _close_when_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()


async def _pump(stream: Stream, send: Send) -> None:
    """Sends what waits until the stream ends; a reader that is too slow ends it."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    with contextlib.suppress(TimeoutError):
        while chunk := await stream.take():
            async with asyncio.timeout(SLOW_READER_S):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        async with asyncio.timeout(1):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refuse(send: Send, problem: Problem) -> None:
    body = msgspec.json.encode({"reason": problem.reason, "message": problem.message})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if problem.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % problem.retry_after_s))
    if problem.status == 405:
        headers.append((b"allow", b"GET"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
