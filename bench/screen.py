"""What a browser does at the board, without the browser: pages and a stream of events."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterator

from bench.branch import Branch
from bench.errors import BenchError
from bench.processes import wait_until

HTTP_S = 30


def wait_for_board(branch: Branch) -> None:
    """Returns when the board says that it and the gateway are well."""
    wait_until(lambda: _is_well(branch), within_s=HTTP_S, what="the board's /healthz says ok")


def _is_well(branch: Branch) -> bool:
    branch.check_runs()
    connection = http.client.HTTPConnection("127.0.0.1", branch.board_port, timeout=HTTP_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def get(branch: Branch, path: str) -> bytes:
    """The body at `path`, over a connection of its own. Raises: BenchError unless it is a 200."""
    connection = http.client.HTTPConnection("127.0.0.1", branch.board_port, timeout=HTTP_S)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {branch.token}"})
        reply = connection.getresponse()
        body = reply.read()
    finally:
        connection.close()
    if reply.status != 200:
        raise BenchError(f"GET {path} gave {reply.status}: {body[:300].decode(errors='replace')}")
    return body


def events(branch: Branch) -> Iterator[tuple[str, dict]]:
    """What a stream brings: (event, state), the present state first, for ever."""
    connection = http.client.HTTPConnection("127.0.0.1", branch.board_port, timeout=HTTP_S)
    try:
        connection.request("GET", "/events", headers={"Authorization": f"Bearer {branch.token}"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise BenchError(f"GET /events gave {reply.status}")
        event = ""
        while line := reply.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                yield event, json.loads(value)
    finally:
        connection.close()


class Screen:
    """One of many screens: an asyncio connection that watches the stream."""

    def __init__(self, *, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._writer: asyncio.StreamWriter | None = None

    async def watch(self) -> None:
        """Opens the stream; returns when the first event of the present state is there."""
        reader, self._writer = await self._request("/events", keep="keep-alive")
        await asyncio.wait_for(reader.readuntil(b"event: "), HTTP_S)

    async def page(self) -> None:
        """Fetches the status board's page whole."""
        reader, writer = await self._request("/", keep="close")
        await asyncio.wait_for(reader.read(), HTTP_S)
        writer.close()

    async def _request(
        self, path: str, *, keep: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nConnection: {keep}\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n".encode()
        )
        status = await asyncio.wait_for(reader.readline(), HTTP_S)
        if b" 200 " not in status:
            raise BenchError(f"GET {path} gave {status.decode(errors='replace').strip()}")
        return reader, writer

    def leave(self) -> None:
        """Ends the stream at once, as a reload does."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
