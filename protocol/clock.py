"""Reads the machine's clocks; the pure files are handed the `Moment` instead."""

from __future__ import annotations

import time
import uuid
from functools import cache
from pathlib import Path

from protocol.moment import Moment

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def boot_id() -> str:
    """The id of this boot of the machine, 32 hexadecimal digits.

    Where the kernel names none, this process is a boot of its own: then a restart makes every
    deadline due at once, which errs towards alerting.
    """
    try:
        return BOOT_ID.read_text().strip().replace("-", "")
    except OSError:
        return uuid.uuid4().hex


def now() -> Moment:
    """This moment by the machine's own clocks."""
    return Moment(
        mono_ms=time.monotonic_ns() // 1_000_000,
        utc_ms=time.time_ns() // 1_000_000,
        boot=boot_id(),
    )
