"""What every program owes to systemd: ready, alive, stopping; and proof that it really is alive."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

# A message to ourselves that takes longer than this is lost: the connection only looks alive.
LOOPBACK_LIMIT_MS = 20_000


def notify(state: str) -> None:
    """Tells systemd `state` (READY=1, WATCHDOG=1, STOPPING=1); silent where there is no systemd.

    Source: sd_notify(3). One datagram; an address that starts with @ is an abstract socket.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(address)
        sock.send(state.encode())


@dataclass(slots=True)
class Loopback:
    """Whether the messages a program sends to itself come back through the broker.

    The program's own retained status is the message: it is sent with each heartbeat anyway.
    Times are monotonic milliseconds.
    """

    _waiting_since_ms: int | None = None

    def sent(self, now_ms: int) -> None:
        if self._waiting_since_ms is None:
            self._waiting_since_ms = now_ms

    def heard(self) -> None:
        self._waiting_since_ms = None

    def is_overdue(self, now_ms: int) -> bool:
        """True when a message has been out for too long although the connection seems up."""
        waiting = self._waiting_since_ms
        return waiting is not None and now_ms - waiting > LOOPBACK_LIMIT_MS
