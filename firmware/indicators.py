"""PURE: what a point's lamp and sounder show, and how that looks over time.

The lamp is honest: it never shows what has not happened. Blinking stays under three flashes a
second, above which it can trigger seizures. Source: WCAG 2.2, 2.3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firmware.outgoing import Waiting
from protocol.messages import FeedbackStage, Lamp, Sounder

UNDELIVERED_MS = 5000

# Milliseconds on, off, on, off …, again and again, counted from 0 of the clock so that all lamps
# blink together. An empty pattern is dark; one that is never off is steady.
DARK: tuple[int, ...] = ()
STEADY: tuple[int, ...] = (1,)
LAMPS: Mapping[Lamp, tuple[int, ...]] = {
    "off": DARK,
    "saved": (200, 200),
    "recorded": (800, 800),
    "coming": STEADY,
    "undelivered": (150, 200, 150, 1000),
}
# The same in a drill: what it says is as true, and a short gap says what it is about.
DRILL_LAMPS: Mapping[Lamp, tuple[int, ...]] = {
    **LAMPS,
    "recorded": (800, 300, 100, 400),
    "coming": (2800, 200),
}
SOUNDERS: Mapping[Sounder, tuple[int, ...]] = {"off": DARK, "on": (500, 1000)}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a point shows. drill: marked as practice."""

    lamp: Lamp = "off"
    sounder: Sounder = "off"
    drill: bool = False


def shown(
    *,
    silent: bool,
    stage: FeedbackStage,
    calls: Waiting | None,
    is_received: bool,
    now_ms: int,
    drill: bool = False,
) -> Shown:
    """What a point shows.

    stage: the gateway's newest feedback. calls: the point's calls without a receipt. is_received:
    the gateway's receipt for a call has just come, its feedback has not. drill: the feedback is
    about one; a receipt alone does not say so, and nothing is marked that may be real.
    """
    if silent:
        return Shown()
    if calls is not None and is_undelivered(calls, now_ms):
        return Shown("undelivered", "on")
    if stage in ("accepted", "arrived"):
        return Shown("coming", drill=drill)
    if stage == "raised" or is_received:
        return Shown("recorded", drill=drill and stage == "raised")
    return Shown("saved" if calls is not None and calls.is_kept else "off")


def is_undelivered(calls: Waiting, now_ms: int) -> bool:
    """Whether a call has waited too long. One of an earlier boot has, whatever its age."""
    return calls.since_ms is None or now_ms - calls.since_ms >= UNDELIVERED_MS


def light(pattern: tuple[int, ...], at_ms: int) -> tuple[bool, int | None]:
    """Whether the pattern is lit at a time; and when that changes next, None: never."""
    if pattern in (DARK, STEADY):
        return pattern == STEADY, None
    passed_ms = at_ms % sum(pattern)
    end_ms = at_ms - passed_ms
    is_lit = False
    for lasts_ms in pattern:
        is_lit = not is_lit
        end_ms += lasts_ms
        if at_ms < end_ms:
            break
    return is_lit, end_ms


class Indicators:
    """Which outputs must move, and when, for every point to show what it should.

    lamps, sounders: the line of each point that has one.
    """

    def __init__(self, *, lamps: Mapping[str, int], sounders: Mapping[str, int]) -> None:
        self._lamps = lamps
        self._sounders = sounders
        self._patterns: dict[int, tuple[int, ...]] = {}
        self._lit: dict[int, bool] = {}

    def show(self, point: str, shown: Shown) -> None:
        """Lets a point show this from the next `moves` on."""
        if point in self._lamps:
            patterns = DRILL_LAMPS if shown.drill else LAMPS
            self._patterns[self._lamps[point]] = patterns[shown.lamp]
        if point in self._sounders:
            self._patterns[self._sounders[point]] = SOUNDERS[shown.sounder]

    def moves(self, now_ms: int) -> tuple[dict[int, bool], int | None]:
        """The lines that must move now, lit or not; and when the next must, None: never."""
        wanted = {line: light(pattern, now_ms) for line, pattern in self._patterns.items()}
        moves = {line: lit for line, (lit, _) in wanted.items() if self._lit.get(line) != lit}
        self._lit.update(moves)
        times = (next_ms for _, next_ms in wanted.values() if next_ms is not None)
        return moves, min(times, default=None)

    def forget(self) -> None:
        """Forgets where the lines are: the next `moves` has all of them."""
        self._lit.clear()
