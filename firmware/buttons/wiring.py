"""PURE: the two complementary contacts of a button → a whole line, or one that is cut or short.

A changeover contact has `call` (closed while pressed) and `call_nc` (closed while not). One of
them is closed at any time, but for the moment in which the contact travels. A press is `call`
alone: a broken second wire must not keep a call from getting through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

# A slow finger may keep a contact between its ends for so long; a cut is told within a second.
TRAVEL_MS = 300

WireFault = Literal["cut", "short"]


@dataclass(frozen=True, slots=True)
class Wire:
    """fault: what counts. reading: what the contacts have shown since since_ms."""

    fault: WireFault | None = None
    reading: WireFault | None = None
    since_ms: int = 0


def read(wire: Wire, *, call: bool, call_nc: bool, at_ms: int) -> Wire:
    """The wire after its contacts were found closed (True) or open at at_ms."""
    if at_ms - wire.since_ms >= TRAVEL_MS:
        wire = replace(wire, fault=wire.reading)
    reading = _reading(call, call_nc)
    if reading == wire.reading:
        return wire
    return replace(wire, reading=reading, since_ms=at_ms)


def due_ms(wire: Wire) -> int | None:
    """When to read the contacts next, without an edge before; None: never."""
    return None if wire.reading == wire.fault else wire.since_ms + TRAVEL_MS


def _reading(call: bool, call_nc: bool) -> WireFault | None:
    if call != call_nc:
        return None
    return "short" if call else "cut"
