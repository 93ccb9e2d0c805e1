"""What a program in the guest uses, from the lines that /init prints about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import RigError
from .machine import VirtualPi, wait_until

LINE = re.compile(
    r"rig: use pid=(?P<pid>\d+) at_s=(?P<at_s>[\d.]+) user=(?P<user>\d+) system=(?P<system>\d+)"
    r" rss_kb=(?P<rss_kb>\d+) threads=(?P<threads>\d+)\s"
)
TICKS_IN_S = 100
# How often /init prints is 5 s of guest time, which may run late on a busy host.
PATIENCE = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading. at_s: the guest's uptime; user, system: ticks of 10 ms since it started."""

    pid: int
    at_s: float
    user: int
    system: int
    rss_kb: int
    threads: int


@dataclass(frozen=True, slots=True)
class Use:
    """What one program used in a time of rest."""

    during_s: float
    user: int
    system: int
    rss_kb: int
    threads: int

    @property
    def cpu_percent(self) -> float:
        """Of one core of the guest."""
        return 100 * (self.user + self.system) / TICKS_IN_S / self.during_s

    def __str__(self) -> str:
        return (
            f"rest_s={self.during_s:.1f} user_ticks={self.user} system_ticks={self.system}"
            f" cpu_percent={self.cpu_percent:.2f} rss_mib={self.rss_kb / 1024:.1f}"
            f" threads={self.threads}"
        )


def samples(pi: VirtualPi) -> list[Sample]:
    """All readings of this boot."""
    return [
        Sample(
            pid=int(found["pid"]),
            at_s=float(found["at_s"]),
            user=int(found["user"]),
            system=int(found["system"]),
            rss_kb=int(found["rss_kb"]),
            threads=int(found["threads"]),
        )
        for found in LINE.finditer(pi.console)
    ]


def measure_at_rest(pi: VirtualPi, *, during_s: float) -> Use:
    """What the program uses from the next reading on, for at least `during_s`.

    Raises: RigError if the program was started anew in between.
    """
    before = len(samples(pi))
    patience_s = PATIENCE * (during_s + 10)
    wait_until("a first reading", lambda: len(samples(pi)) > before, within_s=patience_s)
    first = samples(pi)[before]
    wait_until(
        "the last reading",
        lambda: samples(pi)[-1].at_s >= first.at_s + during_s,
        within_s=patience_s,
    )
    last = samples(pi)[-1]
    if last.pid != first.pid:
        raise RigError("the program ended and was started anew while it was measured")
    return Use(
        during_s=last.at_s - first.at_s,
        user=last.user - first.user,
        system=last.system - first.system,
        rss_kb=last.rss_kb,
        threads=last.threads,
    )
