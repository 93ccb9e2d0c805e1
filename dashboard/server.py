"""One port for both: `/events` runs in the event loop, everything else is Flask in threads.

A thread is never held by a slow visitor: bodies are collected before a thread is taken, and what
a page says is kept until the visitor has taken it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn
from a2wsgi import WSGIMiddleware
from flask import Flask, g
from flask_login import current_user

from dashboard.errors import Problem
from dashboard.security import MAX_BODY_BYTES
from dashboard.store import StoreError
from dashboard.stream import Events, Hub, Message, Receive, Send
from dashboard.transfer import Transfer, with_transfer

PAGE_THREADS = 24
ADMIT_THREADS = 4
EXPORT_THREADS = 2
EXPORT_QUEUE = 4
EXPORT_PATH = "/api/v1/export/"
BODY_LIMIT_S = 10
REPLY_LIMIT_S = 30
# Connections beyond this are told 503 by the server itself.
MAX_CONNECTIONS = 600
# Must leave time for the farewell to the broker within the 5 s a program has to stop.
GRACE_S = 1
KEEP_ALIVE_S = 15
# A peer that acknowledges nothing for this long is gone; its buffers are freed.
DEAD_PEER_MS = 10_000
BACKLOG = 512

Application = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]


class Root:
    """The ASGI application of the whole board."""

    def __init__(self, *, app: Flask, hub: Hub) -> None:
        self._app = app
        self._admitters = ThreadPoolExecutor(ADMIT_THREADS, thread_name_prefix="admit")
        self._events = Events(hub=hub, admit=self._admit)
        # A queue without a bound here is bounded by what one page says; with a bound, a slow
        # visitor would hold the page's thread.
        self._pages = WSGIMiddleware(app, workers=PAGE_THREADS, send_queue_size=0)
        # An export may be larger than memory: its thread waits for the visitor, few at a time.
        self._exports = WSGIMiddleware(app, workers=EXPORT_THREADS, send_queue_size=EXPORT_QUEUE)
        self._transfers: set[Transfer] = set()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] == "/events":
            await self._events(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    def stop(self) -> None:
        """Lets the threads end when they are done."""
        self._admitters.shutdown(wait=False, cancel_futures=True)
        self.end_transfers()
        for threads in (self._pages, self._exports):
            threads.executor.shutdown(wait=False, cancel_futures=True)

    def end_transfers(self) -> None:
        """Cuts off whatever is being exported."""
        for transfer in tuple(self._transfers):
            transfer.cut_off()

    async def _admit(self, scope: Mapping[str, Any]) -> None:
        """Asks Flask's own session machinery; the staff list is read in a thread."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._admitters, admit, self._app, scope)

    async def _page(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                body, is_whole = await _collect(receive)
        except TimeoutError:
            await _plain(send, 408, b"The request came too slowly.")
            return
        if body is None:
            return
        length = len(body) if is_whole else MAX_BODY_BYTES + 1  # which Flask answers with 413
        scope = _with_length(scope, length)
        if scope["path"].startswith(EXPORT_PATH):
            await self._export(scope, body, receive, send)
        else:
            await self._pages(scope, _once(body), _patient(send))

    async def _export(
        self, scope: Mapping[str, Any], body: bytes, receive: Receive, send: Send
    ) -> None:
        transfer = Transfer()
        self._transfers.add(transfer)
        watching = asyncio.create_task(transfer.watch(receive))
        try:
            await self._exports(
                with_transfer(scope, transfer),
                _once(body),
                transfer.send_in_time(send, REPLY_LIMIT_S),
            )
        except asyncio.CancelledError:  # the board stops; the visitor sees a connection cut short
            return
        finally:
            watching.cancel()
            transfer.end()
            self._transfers.discard(transfer)


def admit(app: Flask, scope: Mapping[str, Any]) -> None:
    """Passes who may watch. Raises: Problem 401, or 503 when nobody can be known."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/events",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": scope.get("scheme", "http"),
    }
    for name, value in scope["headers"]:
        if name in (b"cookie", b"authorization", b"user-agent", b"host"):
            environ["HTTP_" + name.decode().upper().replace("-", "_")] = value.decode("latin-1")
    if scope.get("client"):
        environ["REMOTE_ADDR"] = scope["client"][0]
    try:
        with app.request_context(environ):
            if current_user.is_authenticated:
                return
            if "store_error" in g:
                raise Problem(503, "store_unavailable", "The records cannot be read.")
    except StoreError as error:
        raise Problem(503, "store_unavailable", "The records cannot be read.") from error
    raise Problem(401, "sign_in_needed", "Sign in, or send a valid bearer token.")


async def _collect(receive: Receive) -> tuple[bytes | None, bool]:
    """(the body, whether it is whole); (None, …) when the visitor has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None, False
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return b"", False
        if not message.get("more_body", False):
            return bytes(body), True


def _with_length(scope: Mapping[str, Any], length: int) -> dict[str, Any]:
    """The scope with the true length of its body, which a chunked request does not say."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in (b"content-length", b"transfer-encoding")
    ]
    return {**scope, "headers": [*headers, (b"content-length", b"%d" % length)]}


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _patient(send: Send) -> Send:
    """Waits for a slow visitor, though not for ever."""

    async def send_in_time(message: Message) -> None:
        async with asyncio.timeout(REPLY_LIMIT_S):
            await send(message)

    return send_in_time


async def _plain(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises: OSError when it is taken or not ours."""
    family, kind, protocol, _name, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MS)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


class Server(uvicorn.Server):
    """uvicorn, which ends the streams before it waits for open connections."""

    def __init__(self, *, root: Root, hub: Hub) -> None:
        super().__init__(
            uvicorn.Config(
                root,
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
                # Only a proxy on this machine may say whom it speaks for.
                forwarded_allow_ips="127.0.0.1",
            )
        )
        self._hub = hub
        self._root = root

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams and exports, then the rest."""
        self._hub.close()
        self._root.end_transfers()
        await super().shutdown(sockets)
