"""Virtual time: what is to happen, in order; nothing ever waits."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random

from protocol.moment import Moment

UTC_MS = 1_795_478_400_000  # 2026-11-24T00:00:00Z
# So much happens in no millisecond of a small branch: a program that never rests would.
MOST_AT_ONCE = 20_000


class Timeline:
    """now_ms: milliseconds since the simulation began; the one true time."""

    def __init__(self) -> None:
        self.now_ms = 0
        self._number = 0
        self._waiting: list[tuple[int, int, Callable[[], object]]] = []

    def at(self, ms: int, action: Callable[[], object]) -> None:
        """Lets `action` happen then; what is asked for first happens first."""
        self._number += 1
        heapq.heappush(self._waiting, (max(ms, self.now_ms), self._number, action))

    def after(self, ms: int, action: Callable[[], object]) -> None:
        self.at(self.now_ms + ms, action)

    def run(self, until_ms: int) -> None:
        """Lets happen what is due until then. Raises: RuntimeError when time stands still."""
        at_once = 0
        while self._waiting and self._waiting[0][0] <= until_ms:
            ms, _, action = heapq.heappop(self._waiting)
            at_once = at_once + 1 if ms == self.now_ms else 0
            if at_once > MOST_AT_ONCE:
                raise RuntimeError(f"time stands still at {ms} ms: a program never rests")
            self.now_ms = ms
            action()
        self.now_ms = until_ms


class Machine:
    """The clocks of one computer: monotonic since its boot, and a wall clock that may be wrong."""

    def __init__(self, name: str, timeline: Timeline, random: Random) -> None:
        self.name = name
        self.boot = ""
        self.wall_ms = 0
        self._said = Moment(mono_ms=0, utc_ms=0, boot="")
        self._timeline = timeline
        self._random = random
        self._zeros: dict[str, int] = {}
        self.reboot()

    def reboot(self) -> None:
        """Another boot: the monotonic clock begins anew, from anywhere."""
        self.boot = f"{self.name}-boot-{len(self._zeros) + 1}"
        self._zeros[self.boot] = self._timeline.now_ms - self._random.randint(3_000, 400_000)

    def now(self) -> Moment:
        """What the clocks say now; asked often, so the same object within a millisecond."""
        said, now_ms = self._said, self._timeline.now_ms
        mono_ms, utc_ms = now_ms - self._zeros[self.boot], UTC_MS + now_ms + self.wall_ms
        if (said.utc_ms, said.mono_ms, said.boot) != (utc_ms, mono_ms, self.boot):
            self._said = Moment(mono_ms=mono_ms, utc_ms=utc_ms, boot=self.boot)
        return self._said

    def true_ms(self, mono_ms: int, boot: str) -> int:
        """The simulation's time of a monotonic time of this machine."""
        return mono_ms + self._zeros[boot]
