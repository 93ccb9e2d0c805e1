"""A long reply on its way: between the thread that reads the store and the visitor who takes it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

from dashboard.stream import Message, Receive, Send

_KEY = "anling.transfer"


class Transfer:
    """Whether a reply still has a taker (any thread may ask), and whether it is whole."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._is_cut_off = False

    @property
    def has_ended(self) -> bool:
        """Nobody takes any more; to go on reading would be for nothing."""
        return self._ended.is_set()

    @property
    def is_cut_off(self) -> bool:
        return self._is_cut_off

    def end(self) -> None:
        self._ended.set()

    def cut_off(self) -> None:
        """It cannot be completed; the connection is closed in the middle of it."""
        self._is_cut_off = True
        self._ended.set()

    def send_in_time(self, send: Send, limit_s: float) -> Send:
        """Waits for a slow visitor, though not for ever; without one every message is dropped.

        It never raises: the thread that fills the queue would wait in it for good.
        """

        async def send_or_drop(message: Message) -> None:
            if self.has_ended:
                return
            try:
                async with asyncio.timeout(limit_s):
                    await send(message)
            except TimeoutError:
                self.end()

        return send_or_drop

    async def watch(self, receive: Receive) -> None:
        """Ends it when the visitor goes."""
        while (await receive())["type"] != "http.disconnect":
            continue
        self.end()


def with_transfer(scope: Mapping[str, Any], transfer: Transfer) -> dict[str, Any]:
    """The scope that hands `transfer` to the page."""
    return {**scope, _KEY: transfer}


def transfer_of(environ: Mapping[str, Any]) -> Transfer:
    """The transfer of a request; a new one that nobody ends where there is no server."""
    return environ.get("asgi.scope", {}).get(_KEY) or Transfer()
