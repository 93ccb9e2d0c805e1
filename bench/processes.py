"""Starts programs as processes of their own, and ends them by their own id."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.errors import BenchError

ROOT = Path(__file__).resolve().parent.parent
STOP_S = 10
POLL_S = 0.02


class Program:
    """One program. log: file that takes what it writes. command: what to run, from the root."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """Ends it, by force when it does not go by itself."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise BenchError(f"{self.name} does not run")
        return self._process.pid

    def check_runs(self) -> None:
        """Raises: BenchError with its last words when it has ended."""
        if self._process is None or self._process.poll() is None:
            return
        words = self._log.read_text(errors="replace").splitlines()[-10:]
        raise BenchError(
            f"{self.name} ended with exit code {self._process.returncode}:\n" + "\n".join(words)
        )


def python(*arguments: str) -> list[str]:
    """The command that runs this Python with `arguments`."""
    return [sys.executable, *arguments]


def run(command: Sequence[str]) -> None:
    """Runs a command to its end. Raises: BenchError with what it said when it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(
            f"{' '.join(command)} ended with exit code {done.returncode}:\n{done.stderr.strip()}"
        )


def wait_until(
    is_so: Callable[[], bool], *, within_s: float, what: str, program: Program | None = None
) -> None:
    """Returns as soon as it is so. Raises: BenchError when it is not `within_s`."""
    end = time.monotonic() + within_s
    while not is_so():
        if program is not None:
            program.check_runs()
        if time.monotonic() > end:
            raise BenchError(f"after {within_s:g} s still not so: {what}")
        time.sleep(POLL_S)
