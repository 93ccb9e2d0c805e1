"""A link without a thread of its own: the program's loop turns it.

For the gateway, where every hop between threads stands between a press and its receipt: reading,
deciding, committing and answering happen one after the other in one thread. What it costs: while
the broker cannot be reached an attempt to connect may hold the loop for CONNECT_TIMEOUT_S.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any

from protocol.link import FAREWELL_S, RECONNECT_MAX_S, RECONNECT_MIN_S, Link

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessageInfo


class PolledLink(Link):
    """As Link; but nothing happens except in `poll` and `stop`, in the caller's thread."""

    _retry_at_s: float = 0.0
    _retry_wait_s: float = RECONNECT_MIN_S

    def start(self) -> None:
        """Gets ready; the first `poll` connects."""
        self._prepare()

    @property
    def alive(self) -> bool:
        return True

    @property
    def has_waiting(self) -> bool:
        """Whether something has come that `poll` has not read yet."""
        sock = self._client.socket()
        if sock is None:
            return False
        return _is_decrypted(sock) or bool(select.select([sock], [], [], 0)[0])

    def poll(self, *, wait_s: float, most: int) -> None:
        """Waits up to wait_s for something to come, then delivers up to `most` packets."""
        if self._client.socket() is None and not self._reconnect(wait_s):
            return
        sock = self._client.socket()
        wanting = [sock] if self._client.want_write() else []
        patience_s = 0.0 if _is_decrypted(sock) else max(0.0, wait_s)
        readable, _, _ = select.select([sock], wanting, [], patience_s)
        if readable or _is_decrypted(sock):
            self._read(most)
        if self._client.want_write():  # what a callback said, or what did not fit before
            self._client.loop_write()
        self._client.loop_misc()
        if self.connected:
            self._retry_wait_s = RECONNECT_MIN_S

    def _read(self, most: int) -> None:
        for _ in range(most):
            self._client.loop_read()
            if not self.has_waiting:
                return

    def _reconnect(self, wait_s: float) -> bool:
        """Tries to connect when it is time to; otherwise waits. True when there is a connection."""
        until_s = self._retry_at_s - time.monotonic()
        if until_s > 0:
            time.sleep(min(wait_s, until_s))
            return False
        self._retry_at_s = time.monotonic() + self._retry_wait_s
        self._retry_wait_s = min(2 * self._retry_wait_s, RECONNECT_MAX_S)
        try:
            self._client.reconnect()
        except OSError:
            self._on_connect_fail(self._client, None)
            return False
        return True

    def _wait_for(self, info: MQTTMessageInfo) -> None:
        end_s = time.monotonic() + FAREWELL_S
        while not info.is_published() and time.monotonic() < end_s:
            self.poll(wait_s=0.05, most=100)


def _is_decrypted(sock: Any) -> bool:
    """Whether TLS has read a packet from the wire already, so that select would not see it."""
    return bool(getattr(sock, "pending", int)())
