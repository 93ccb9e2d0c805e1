"""A process in virtual time: an inbox, a turn when something came or is due, and a sudden end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from protocol.link import LinkEvent

from .journal import Journal
from .timeline import Machine, Timeline

NEVER_MS = 10**12


class Crash(BaseException):
    """The process ends here and now. Not an Exception, so that no program can catch it."""


@dataclass(slots=True)
class Fuse:
    """Ends a program at one of the places it passes: around each commit, before each message."""

    left: int | None = None

    def arm(self, places: int) -> None:
        self.left = places

    def pass_by(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise Crash


class Program:
    """Subclasses say what to do: `begin`, `turn` → ms until the next one, and `end`."""

    def __init__(self, name: str, *, timeline: Timeline, journal: Journal, random: Random) -> None:
        self.name = name
        self.timeline = timeline
        self.journal = journal
        self.random = random
        self.machine = Machine(name, timeline, random)
        self.fuse = Fuse()
        self.is_running = False
        # How it comes back after its fuse has blown.
        self.down_ms = 1_000
        self.is_power_cut = False
        self._inbox: list[tuple[object, int | None]] = []
        self._wake_ms = NEVER_MS
        self._run = 0
        self._needs_boot = False

    def begin(self) -> None: ...

    def turn(self, events: list[tuple[object, int | None]]) -> int:
        raise NotImplementedError

    def end(self, *, power_cut: bool) -> None: ...

    # --- its life ---

    def start(self) -> None:
        if self.is_running:
            return
        self._run += 1
        self.is_running = True
        self._inbox, self._wake_ms = [], NEVER_MS
        self.journal.began(self.name, self.machine.boot)
        self._guarded(self._begin)

    def _begin(self) -> None:
        self.begin()
        self._wake_in(0)

    def kill(self, *, power_cut: bool, down_ms: int) -> None:
        """It ends without a word, and comes back later; after a power cut in another boot."""
        if not self.is_running:
            return
        self.is_running = False
        self.fuse.left = None
        self.journal.ended(self.name, power_cut=power_cut)
        self.end(power_cut=power_cut)
        if power_cut:
            self.timeline.after(down_ms, self._boot)
        else:
            self.timeline.after(down_ms, self.start)
        self._needs_boot = power_cut

    def _boot(self) -> None:
        if not self.is_running:
            self.machine.reboot()
            self.start()

    def come_back(self) -> None:
        """Starts at once what is still down."""
        if not self.is_running:
            (self._boot if self._needs_boot else self.start)()

    def put(self, event: LinkEvent | object, origin_ms: int | None = None) -> None:
        if self.is_running:
            self._inbox.append((event, origin_ms))
            self._wake_in(self.random.randint(0, 2))

    def _wake_in(self, ms: int) -> None:
        wake_ms = self.timeline.now_ms + ms
        if wake_ms < self._wake_ms:
            self._wake_ms = wake_ms
            self.timeline.at(wake_ms, partial(self._woken, self._run, wake_ms))

    def _woken(self, run: int, wake_ms: int) -> None:
        if self.is_running and run == self._run and wake_ms == self._wake_ms:
            self._wake_ms = NEVER_MS
            self._guarded(self._turn)

    def _turn(self) -> None:
        # A few at a time, so that sometimes more wait while a round is under way.
        most = self.random.randint(1, 4)
        events, self._inbox = self._inbox[:most], self._inbox[most:]
        wait_ms = self.turn(events)
        self._wake_in(0 if self._inbox else wait_ms)

    @property
    def has_more(self) -> bool:
        return bool(self._inbox)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Crash:
            self.kill(power_cut=self.is_power_cut, down_ms=self.down_ms)
