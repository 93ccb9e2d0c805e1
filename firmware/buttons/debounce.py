"""PURE: the edges of one contact → closed or open, as a person meant it.

A contact counts as closed once it has been closed without a break for `close_ms`, and as open
once it has been open for `open_ms`. Times are monotonic milliseconds. Edges carry the kernel's
own timestamp, so that a press is judged by when it happened and not by when we got round to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# How long an edge may be under way from the kernel to us before it is taken for lost.
IN_FLIGHT_MS = 50
# A line's noise is a bucket: each edge fills in so much, time empties it (40 edges a second are
# free). Mains hum of 50 Hz (100 edges a second) brings a line to FLOATING_MS in under 2 s; eight
# presses a second with four bounces each need more than 10 s.
EDGE_MS = 25
FLOATING_MS = 2500
# No line floats before it has been noisy for so long, however wildly one contact bounces.
NOISY_MS = 1000
# However noisy it was, a line is believed again after so long a silence.
NOISE_LIMIT_MS = 5000
# What counts on a floating line: hum never holds a level so long, a hand does.
STEADY_MS = 100


@dataclass(frozen=True, slots=True)
class Debounce:
    """How long a contact must stay closed, and open, to count."""

    close_ms: int = 10
    open_ms: int = 30


@dataclass(frozen=True, slots=True)
class Change:
    """A contact came to count as closed or open. at_ms: the edge it began with."""

    closed: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact.

    closed: what counts. level: the line's newest known level (True = closed), since since_ms.
    doubt_ms: a look at the line first contradicted `level` then, so an edge is under way or lost.
    noisy_from_ms, noise_until_ms: when the noise bucket began to fill, and will be empty.
    floating: too many edges; only a level that is steady for STEADY_MS counts, until any edge.
    """

    closed: bool = False
    level: bool = False
    since_ms: int = 0
    doubt_ms: int | None = None
    noisy_from_ms: int = 0
    noise_until_ms: int = 0
    floating: bool = False


def edge(
    contact: Contact, *, level: bool, at_ms: int, debounce: Debounce
) -> tuple[Contact, list[Change]]:
    """The contact after an edge to `level`, and what that settled."""
    at_ms = max(at_ms, contact.since_ms)
    contact = replace(_noisier(contact, at_ms), doubt_ms=None)
    if level == contact.level:
        return contact, []
    contact, changes = _settle(contact, until_ms=at_ms, debounce=debounce)
    if contact.floating and contact.closed:
        # Hum never lets go for long enough, and would keep the next hand from counting.
        contact, changes = replace(contact, closed=False), [*changes, Change(False, at_ms)]
    return replace(contact, level=level, since_ms=at_ms), changes


def look(
    contact: Contact, *, level: bool, now_ms: int, debounce: Debounce
) -> tuple[Contact, list[Change]]:
    """The contact after reading its line now, and what that settled.

    A reading that contradicts what the edges said settles nothing at first: the edge that is
    missing may be under way with its true time. When it does not come it was lost, and the change
    counts from the first look that saw it.
    """
    if contact.floating and now_ms >= contact.noise_until_ms:
        contact = replace(contact, floating=False)
    if level == contact.level:
        if contact.doubt_ms is not None:
            contact = replace(contact, doubt_ms=None)
        return _settle(contact, until_ms=now_ms, debounce=debounce)
    if contact.doubt_ms is None:
        return replace(contact, doubt_ms=now_ms), []
    if now_ms - contact.doubt_ms < IN_FLIGHT_MS:
        return contact, []
    return _take_for_lost(contact, level=level, now_ms=now_ms, debounce=debounce)


def due_ms(contact: Contact, debounce: Debounce) -> int | None:
    """When to look at the line next, without an edge before; None: never."""
    times = []
    if contact.floating:
        times.append(contact.noise_until_ms)
    if contact.doubt_ms is not None:
        times.append(contact.doubt_ms + IN_FLIGHT_MS)
    elif contact.level != contact.closed:
        times.append(contact.since_ms + _needed_ms(contact, debounce))
    return min(times, default=None)


def _take_for_lost(
    contact: Contact, *, level: bool, now_ms: int, debounce: Debounce
) -> tuple[Contact, list[Change]]:
    # How long the level before really lasted is unknown. A closing counts all the same, because
    # a false call is the smaller harm; an opening does not, so that one press stays one.
    changes: list[Change] = []
    if contact.level:
        contact, changes = _settle(contact, until_ms=contact.doubt_ms, debounce=debounce)
    contact = replace(contact, level=level, since_ms=contact.doubt_ms, doubt_ms=None)
    contact, more = _settle(contact, until_ms=now_ms, debounce=debounce)
    return contact, changes + more


def _settle(contact: Contact, *, until_ms: int, debounce: Debounce) -> tuple[Contact, list[Change]]:
    lasted_ms = until_ms - contact.since_ms
    if contact.level == contact.closed or lasted_ms < _needed_ms(contact, debounce):
        return contact, []
    return replace(contact, closed=contact.level), [Change(contact.level, contact.since_ms)]


def _needed_ms(contact: Contact, debounce: Debounce) -> int:
    needed_ms = debounce.close_ms if contact.level else debounce.open_ms
    return max(needed_ms, STEADY_MS) if contact.floating else needed_ms


def _noisier(contact: Contact, at_ms: int) -> Contact:
    is_first = contact.noise_until_ms <= at_ms
    noisy_from_ms = at_ms if is_first else contact.noisy_from_ms
    noise_until_ms = min(max(contact.noise_until_ms, at_ms) + EDGE_MS, at_ms + NOISE_LIMIT_MS)
    began = noise_until_ms - at_ms >= FLOATING_MS and at_ms - noisy_from_ms >= NOISY_MS
    return replace(
        contact,
        noisy_from_ms=noisy_from_ms,
        noise_until_ms=noise_until_ms,
        floating=began or (contact.floating and not is_first),
    )
