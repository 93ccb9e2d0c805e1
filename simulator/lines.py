"""Which BCM lines of a Raspberry Pi each point of a unit gets. PURE."""

from __future__ import annotations

from simulator.errors import UsageError

PARTS = ("call", "seat", "presence", "lamp", "sounder")
FIRST_POINT = (5, 6, 13, 19, 26)
# What the first point leaves of the header. Not used: 0 and 1 (the EEPROM of add-on boards), 2 and
# 3 (they have pull-ups of their own), 14 and 15 (the serial console).
OTHERS = (17, 27, 22, 23, 24, 4, 18, 25, 12, 16, 20, 21, 7, 8, 9, 10, 11)
# What a point goes without first, where lines are short: nobody can call without a button, and a
# button without a lamp leaves the caller in the dark.
BY_NEED = ("call", "lamp", "seat", "presence", "sounder")
MAX_POINTS = 1 + len(OTHERS)


def share(count: int) -> list[dict[str, int]]:
    """The lines of each of a unit's `count` points: {part: BCM number}.

    The first point always has all five parts; up to four do. Raises: UsageError over MAX_POINTS.
    """
    if count > MAX_POINTS:
        raise UsageError(
            f"{count} points on one unit are too many: a Raspberry Pi has lines for {MAX_POINTS}. "
            "Ask for more units."
        )
    first = dict(zip(PARTS, FIRST_POINT, strict=True))
    if count == 1:
        return [first]
    each = min(len(PARTS), len(OTHERS) // (count - 1))
    parts = [part for part in PARTS if part in BY_NEED[:each]]
    return [first, *(_lines_of(parts, number) for number in range(count - 1))]


def _lines_of(parts: list[str], number: int) -> dict[str, int]:
    start = number * len(parts)
    return dict(zip(parts, OTHERS[start : start + len(parts)], strict=True))
