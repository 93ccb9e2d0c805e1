"""PURE  The review of a month: all its figures beside those of the month before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

from dashboard.figures import ResponseFigures
from dashboard.review import faults, notices
from dashboard.review.calendar import Month
from dashboard.review.complaints import Complained, Complaints, complaints
from dashboard.review.digest import Digest
from dashboard.review.findings import Facts, Finding, findings
from dashboard.review.followups import FollowedUp, Followups, followups
from dashboard.review.months import MonthAgainstMonth, against
from dashboard.review.period import Period, period
from dashboard.review.walks import Walked, Walks, walks


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReview(Period):
    """A month of the branch's calendar. month, before: such as 2026-11. against: real calls of the
    month beside those of the month before. faults: what lasted longest first. complaints,
    followups, walks: those of the month, as they are now."""

    month: str
    before: str
    real_before: ResponseFigures
    drills_before: ResponseFigures
    against: MonthAgainstMonth
    faults: tuple[faults.FaultSummary, ...]
    complaints: Complaints
    followups: Followups
    walks: Walks
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the store says of a month. found, before: its incidents and those of the month before.
    fault_events: up to the end of the month, from as long before as faults are looked for.
    complaints, followups, walks: those recorded, made and begun in the month."""

    found: Digest
    before: Digest
    notices: Iterable[notices.Counted]
    fault_events: Iterable[faults.FaultEvent]
    complaints: Iterable[Complained] = ()
    followups: Iterable[FollowedUp] = ()
    walks: Iterable[Walked] = ()


def review(read: Read, *, month: Month, zone: ZoneInfo, now_ms: int) -> MonthReview:
    """The review of `month` in the branch's own time zone."""
    start_ms, end_ms = month.window(zone)
    now = period(read.found, read.notices, start_ms=start_ms, end_ms=end_ms, zone=zone)
    real_before = read.before.real.figures
    window = {"start_ms": start_ms, "end_ms": end_ms, "now_ms": now_ms}
    spans = faults.spans(read.fault_events)
    facts = Facts(
        found=read.found,
        against=against(now.real, real_before),
        coverage=now.coverage,
        notices=now.notices,
        false_calls=now.false_calls,
        faults=faults.summaries(spans, **window),
        complaints=complaints(read.complaints, now_ms=now_ms),
        followups=followups(read.followups, now_ms=now_ms),
        walks=walks(read.walks, spans, **window),
    )
    return MonthReview(
        **{field.name: getattr(now, field.name) for field in fields(Period)},
        month=str(month),
        before=str(month.before),
        real_before=real_before,
        drills_before=read.before.drills.figures,
        against=facts.against,
        faults=facts.faults,
        complaints=facts.complaints,
        followups=facts.followups,
        walks=facts.walks,
        findings=findings(facts),
    )
