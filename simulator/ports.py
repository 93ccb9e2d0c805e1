"""Finds and tests ports of this machine."""

from __future__ import annotations

import errno
import socket

from simulator.errors import SimulatorError

LOOPBACK = "127.0.0.1"


def choose(wanted: int, *, option: str, free_but: int) -> int:
    """The port to use: `wanted` if it is free, any free one but `free_but` for 0.

    Raises: SimulatorError.
    """
    port = _try(wanted, option)
    while not wanted and port == free_but:
        port = _try(wanted, option)
    return port


def _try(wanted: int, option: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that the remains of a connection do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
            probe.listen(1)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
            raise SimulatorError(
                f"Port {wanted} {why}; choose another one with {option}, or any free one with "
                f"{option} 0."
            ) from error
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    """Whether something on this machine takes connections at the port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
