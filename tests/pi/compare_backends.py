"""Compares lgpio with libgpiod 2 on the same real lines: `python3 -m tests.pi.compare_backends`.

Prints, for rounds taken in turn, the time to import and arm, the CPU at rest and how long after
the kernel's timestamp the program hears of an edge. Emulated figures: read the ratios.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
from pathlib import Path

from .build import build
from .errors import RigError
from .machine import VirtualPi, wait_until
from .use import measure_at_rest

ROUNDS = 3
REST_S = 30
PRESSES = 20
BACKENDS = ("lgpio", "gpiod")


def measure(backend: str, folder: Path) -> str:
    """One line of figures of one backend, on a machine of its own."""
    name = f"{backend}_at_rest.py"
    source = (Path(__file__).parent / "guest" / name).read_text()
    pi = VirtualPi(build(), folder, state={name: source}, program=f"python3 /state/{name}")
    pi.start()
    try:
        armed = pi.wait_for_console(r"probe: armed (.*)").group(1).strip()
        use = measure_at_rest(pi, during_s=REST_S)
        heard_ms = _press_often(pi)
    finally:
        pi.power_cut()
    heard = f"p50_ms={statistics.median(heard_ms):.2f} max_ms={max(heard_ms):.2f}"
    return f"{backend} {armed} {use} edges={len(heard_ms)} {heard}"


def _press_often(pi: VirtualPi) -> list[float]:
    """Milliseconds from the kernel's timestamp to the program, of each edge of the presses."""
    for press in range(1, PRESSES + 1):
        for level in (1, 0):
            pi.wires.set_level(1, level)
            wanted = 2 * press - (1 if level else 0)
            wait_until(f"edge {wanted} heard", lambda n=wanted: len(_heard(pi)) >= n, within_s=30)
    return _heard(pi)


def _heard(pi: VirtualPi) -> list[float]:
    return [float(ms) for ms in re.findall(r"after_ms=([\d.]+)\s", pi.console)]


def main() -> None:
    for round_number in range(1, ROUNDS + 1):
        for backend in BACKENDS:
            with tempfile.TemporaryDirectory() as folder:
                print(f"round {round_number}: {measure(backend, Path(folder))}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except RigError as error:
        sys.exit(f"error: {error}")
