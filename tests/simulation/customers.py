"""Customers' hands: waveforms of contacts, as they press, hold, press again and bounce."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from random import Random

from .timeline import Timeline
from .unit_side import UnitSide

Waveform = list[tuple[int, bool]]


class Hands:
    """Moves the contacts of units, and remembers every move as the oracle's raw material.

    moves: by unit and line, (ms, closed) as it truly was.
    """

    def __init__(self, timeline: Timeline, random: Random) -> None:
        self.moves: dict[tuple[str, int], Waveform] = defaultdict(list)
        self._timeline = timeline
        self._random = random
        self._busy_until_ms: dict[tuple[str, int], int] = defaultdict(int)

    def do(self, unit: UnitSide, line: int, gesture: str) -> None:
        """Begins a gesture now, or after the one that is under way on this line."""
        key = (unit.name, line)
        at_ms = max(self._timeline.now_ms, self._busy_until_ms[key])
        for lasts_ms, closed in GESTURES[gesture](self._random):
            self._timeline.at(at_ms, partial(self._move, unit, line, closed))
            at_ms += lasts_ms
        self._busy_until_ms[key] = at_ms

    def _move(self, unit: UnitSide, line: int, closed: bool) -> None:
        if unit.wires.levels[line] != closed:
            self.moves[unit.name, line].append((self._timeline.now_ms, closed))
            unit.move(line, closed)


def _bounce(random: Random) -> list[tuple[int, bool]]:
    """A contact on its way: closed and open for a few milliseconds each, in the end either."""
    return [(random.randint(1, 4), bool(n % 2 == 0)) for n in range(2 * random.randint(0, 3))]


def _once(random: Random, closed_ms: int) -> list[tuple[int, bool]]:
    rest_ms = random.choice((30, 35, 60, 500))
    return [*_bounce(random), (closed_ms, True), *_chatter(random), (rest_ms, False)]


def _chatter(random: Random) -> list[tuple[int, bool]]:
    """Letting go: the contact opens and closes again, never open for 30 ms."""
    return [
        part
        for _ in range(random.randint(0, 2))
        for part in ((random.randint(1, 29), False), (random.randint(1, 6), True))
    ]


def _press(random: Random) -> list[tuple[int, bool]]:
    return _once(random, random.choice((10, 20, 80, 150, 400, 1_200)))


def _twice(random: Random) -> list[tuple[int, bool]]:
    return [*_press(random), *_press(random)]


def _spike(random: Random) -> list[tuple[int, bool]]:
    return [(random.randint(1, 9), True), (40, False)]


def _hold(random: Random) -> list[tuple[int, bool]]:
    return _once(random, random.choice((2_999, 3_000, 3_400, 5_000)))


def _jam(random: Random) -> list[tuple[int, bool]]:
    return _once(random, 62_000)


def _sit(random: Random) -> list[tuple[int, bool]]:
    shifting = [(random.randint(50, 1_500), False), (random.randint(500, 3_000), True)]
    return [(random.randint(1_000, 40_000), True), *shifting, (2_500, False)]


GESTURES = {
    "press": _press,
    "twice": _twice,
    "spike": _spike,
    "hold": _hold,
    "jam": _jam,
    "sit": _sit,
}
