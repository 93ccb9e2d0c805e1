"""A child process that is started again whenever it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEASH = Path(__file__).with_name("leash.py")

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
# Whoever has lived so long may start again at once.
SETTLED_S = 10.0
# Two files of this size at most for each program.
MAX_LOG_BYTES = 2_000_000


class Program:
    """One program of the branch. command: absolute path and arguments. log: takes what it writes.

    Times are seconds of time.monotonic().
    """

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self.starts = 0
        self.exit_code: int | None = None
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._wait_s = FIRST_WAIT_S

    @property
    def pid(self) -> int | None:
        """Of the running process; None while there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Starts it, in a process group of its own: Ctrl-C is for the demo alone to answer."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
                process_group=0,
            )
        self.starts += 1
        self._started_at = time.monotonic()

    def look(self) -> bool:
        """Starts it again when it has ended and its turn has come. True if the pid changed."""
        if self._process is None:
            if time.monotonic() < self._start_at:
                return False
            self.start()
            return True
        self.exit_code = self._process.poll()
        if self.exit_code is None:
            return False
        self._process = None
        now = time.monotonic()
        if now - self._started_at > SETTLED_S:
            self._wait_s = FIRST_WAIT_S
        self._start_at = now + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        return True

    def tell(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, until: float) -> None:
        """Waits for its end until that time, then ends it by force."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def last_words(self, *, lines: int = 1) -> str:
        """The end of its log."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])

    def bound_log(self) -> None:
        """Sets the log aside when it is long; the program goes on writing at its new beginning."""
        try:
            if self.log.stat().st_size > MAX_LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)
        except OSError:
            return  # a full disk: the program's own words matter less than that it runs


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
