"""PURE  A month beside the one before."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.figures import Figures, ResponseFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of a month and of the month before. change: this month's less the one's before;
    None where one of them has none. Times in milliseconds."""

    now: int | None
    before: int | None
    change: int | None

    @property
    def percent(self) -> int | None:
        """The change in whole percent of the month before; None where that cannot be said."""
        return (
            round(100 * self.change / self.before)
            if self.change is not None and self.before
            else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How often, and how fast half and 90 % of them were."""

    count: Change
    p50: Change
    p90: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAgainstMonth:
    """count: incidents; the others count only those that got so far."""

    count: Change
    to_accept_ms: Changes
    to_arrive_ms: Changes
    to_close_ms: Changes


def against(now: ResponseFigures, before: ResponseFigures) -> MonthAgainstMonth:
    """This month's figures beside those of the month before."""
    return MonthAgainstMonth(
        count=_change(now.count, before.count),
        to_accept_ms=_changes(now.to_accept_ms, before.to_accept_ms),
        to_arrive_ms=_changes(now.to_arrive_ms, before.to_arrive_ms),
        to_close_ms=_changes(now.to_close_ms, before.to_close_ms),
    )


def _changes(now: Figures, before: Figures) -> Changes:
    return Changes(
        count=_change(now.count, before.count),
        p50=_change(now.p50, before.p50),
        p90=_change(now.p90, before.p90),
    )


def _change(now: int | None, before: int | None) -> Change:
    change = None if now is None or before is None else now - before
    return Change(now=now, before=before, change=change)
