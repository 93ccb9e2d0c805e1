"""PURE  The review of a month: all its figures beside those of the month before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

from dashboard.figures import ResponseFigures, response_figures, split_drills
from dashboard.review import faults, notices
from dashboard.review.calendar import Month
from dashboard.review.findings import Facts, Finding, findings
from dashboard.review.lines import Line
from dashboard.review.months import MonthAgainstMonth, against
from dashboard.review.period import Period, period


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReview(Period):
    """A month of the branch's calendar. month, before: such as 2026-11. against: real calls of the
    month beside those of the month before. faults: what lasted longest first."""

    month: str
    before: str
    real_before: ResponseFigures
    drills_before: ResponseFigures
    against: MonthAgainstMonth
    faults: tuple[faults.FaultSummary, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the store says of a month. lines, lines_before: its incidents and the month's before.
    fault_events: up to the end of the month, from as long before as faults are looked for."""

    lines: Sequence[Line]
    lines_before: Sequence[Line]
    notices: Iterable[notices.Counted]
    fault_events: Iterable[faults.FaultEvent]


def review(read: Read, *, month: Month, zone: ZoneInfo, now_ms: int) -> MonthReview:
    """The review of `month` in the branch's own time zone."""
    start_ms, end_ms = month.window(zone)
    now = period(read.lines, read.notices, start_ms=start_ms, end_ms=end_ms, zone=zone)
    real_before, drills_before = map(response_figures, split_drills(read.lines_before))
    facts = Facts(
        real=split_drills(read.lines)[0],
        drills=now.drills.count,
        against=against(now.real, real_before),
        coverage=now.coverage,
        notices=now.notices,
        false_calls=now.false_calls,
        faults=faults.summaries(
            faults.spans(read.fault_events), start_ms=start_ms, end_ms=end_ms, now_ms=now_ms
        ),
    )
    return MonthReview(
        **{field.name: getattr(now, field.name) for field in fields(Period)},
        month=str(month),
        before=str(month.before),
        real_before=real_before,
        drills_before=drills_before,
        against=facts.against,
        faults=facts.faults,
        findings=findings(facts),
    )
