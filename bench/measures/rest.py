"""Memory and processor time of each program at rest.

A branch with one simulated unit, board and gateway, nobody calling, after a short while to settle.
Memory is PSS (`smaps_rollup`): what is shared with other processes is divided among them; since
several programs share one Python here, RSS is printed too. Processor time is what the kernel
booked to the process over the time of watching, in per cent of one core.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from bench.branch import UNIT, running
from bench.figures import Limit, Row
from bench.screen import wait_for_board
from bench.settings import Settings

WATCH_S, QUICK_WATCH_S = 30, 3
SETTLE_S, QUICK_SETTLE_S = 5, 1
NAMES = {"unit": UNIT, "gateway": "gateway", "board": "board", "broker": "broker"}
MEMORY_LIMITS = {"unit": Limit(40, of="ours"), "gateway": Limit(60, of="ours")}
CPU_LIMITS = {"unit": Limit(1, of="ours")}


def measure(settings: Settings) -> list[Row]:
    with running(settings.folder, "gateway", "board", UNIT) as branch:
        wait_for_board(branch)
        time.sleep(settings.pick(SETTLE_S, QUICK_SETTLE_S))
        pids = {name: branch.pid(program) for name, program in NAMES.items()}
        before, begin = {name: _cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
        time.sleep(settings.pick(WATCH_S, QUICK_WATCH_S))
        passed_s = time.monotonic() - begin
        rows = []
        for name, pid in pids.items():
            used = 100 * (_cpu_s(pid) - before[name]) / passed_s
            pss, rss = _memory_mib(pid)
            rows += [
                Row(
                    measure=f"{name} at rest: memory, PSS",
                    unit="MiB",
                    ours=pss,
                    limit=MEMORY_LIMITS.get(name),
                ),
                Row(measure=f"{name} at rest: memory, RSS", unit="MiB", ours=rss),
                Row(
                    measure=f"{name} at rest: processor, of one core",
                    unit="%",
                    ours=used,
                    limit=CPU_LIMITS.get(name),
                ),
            ]
    return rows


def _cpu_s(pid: int) -> float:
    """Processor time so far, user and system. Source: proc(5), fields 14 and 15 of stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mib(pid: int) -> tuple[float, float]:
    """(PSS, RSS) in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith("kB")}
    return int(found["Pss"]) / 1024, int(found["Rss"]) / 1024
