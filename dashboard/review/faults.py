"""PURE  What did not work and for how long, from the comings and goings in the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from protocol.moment import parse_rfc3339, rfc3339

RAISED, CLEARED = "fault_raised", "fault_cleared"


class FaultEvent(Protocol):
    """A fault came or went; the store's FaultEvent is one. at: RFC 3339."""

    at: str
    event: str
    subject: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpan:
    """A fault from when it came until it went.

    since_ms: None when the log does not say any more. until_ms: None while it lasts.
    """

    subject: str
    name: str
    since_ms: int | None
    until_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSummary:
    """One fault of one thing in a window. count: how often it was there; lasted_ms: together,
    within the window; longest_ms: the longest, within it; until: RFC 3339, None while it lasts."""

    subject: str
    name: str
    count: int
    lasted_ms: int
    longest_ms: int
    since: str | None
    until: str | None


def spans(events: Iterable[FaultEvent]) -> list[FaultSpan]:
    """Every fault in the order in which they began. events: the oldest first.

    A fault that is raised twice without going in between, as after a restart, is one. One that
    only goes began before the first event.
    """
    found: list[FaultSpan] = []
    present: dict[tuple[str, str], int] = {}
    known: set[tuple[str, str]] = set()
    for event in events:
        key = (event.subject, event.name)
        if event.event == RAISED:
            present.setdefault(key, parse_rfc3339(event.at))
        elif key in present or key not in known:
            found.append(_span(key, present.pop(key, None), parse_rfc3339(event.at)))
        known.add(key)
    found += [_span(key, since_ms, None) for key, since_ms in present.items()]
    return sorted(found, key=lambda one: (one.since_ms or 0, one.subject, one.name))


def _span(key: tuple[str, str], since_ms: int | None, until_ms: int | None) -> FaultSpan:
    return FaultSpan(subject=key[0], name=key[1], since_ms=since_ms, until_ms=until_ms)


def summaries(
    found: Iterable[FaultSpan], *, start_ms: int, end_ms: int, now_ms: int
) -> tuple[FaultSummary, ...]:
    """The faults of [start_ms, end_ms), what lasted longest first. What lasts, lasts until now."""
    groups: dict[tuple[str, str], list[FaultSpan]] = {}
    last_ms = max(start_ms, min(end_ms, now_ms))
    for span in found:
        ended_ms = last_ms if span.until_ms is None else span.until_ms
        if (span.since_ms or 0) < last_ms and ended_ms >= start_ms:
            groups.setdefault((span.subject, span.name), []).append(span)
    rows = [_summary(key, group, start_ms, last_ms) for key, group in groups.items()]
    return tuple(sorted(rows, key=lambda one: (-one.lasted_ms, one.subject, one.name)))


def _summary(
    key: tuple[str, str], group: list[FaultSpan], start_ms: int, last_ms: int
) -> FaultSummary:
    lasted = [
        max(0, min(_or(span.until_ms, last_ms), last_ms) - max(_or(span.since_ms, 0), start_ms))
        for span in group
    ]
    newest, oldest = group[-1], group[0]
    return FaultSummary(
        subject=key[0],
        name=key[1],
        count=len(group),
        lasted_ms=sum(lasted),
        longest_ms=max(lasted),
        since=None if oldest.since_ms is None else rfc3339(oldest.since_ms),
        until=None if newest.until_ms is None else rfc3339(newest.until_ms),
    )


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
