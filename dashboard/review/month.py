"""PURE  The review of a month: all its figures beside those of the month before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dashboard.figures import ResponseFigures, figures_by_kind, response_figures, split_drills
from dashboard.review import faults, groups, notices
from dashboard.review.calendar import LocalTime, Month
from dashboard.review.coverage import Coverage, coverage
from dashboard.review.faults import FaultSummary
from dashboard.review.findings import Facts, Finding, findings
from dashboard.review.lines import Line
from dashboard.review.months import MonthAgainstMonth, against
from dashboard.review.notices import ChannelNotices
from dashboard.review.outcomes import FalseCalls, false_calls, outcome_counts
from protocol.moment import rfc3339

SLOWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowIncident:
    """One of those that waited longest. raised_at: RFC 3339; to_*: milliseconds or None."""

    incident_id: str
    point: str
    kind: str
    raised_at: str
    to_accept_ms: int
    to_arrive_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A month in figures. month, before: such as 2026-11. starts_at, ends_at: RFC 3339, by the
    branch's calendar, the end not in it. All figures but `drills` are of real calls."""

    month: str
    before: str
    timezone: str
    starts_at: str
    ends_at: str
    real: ResponseFigures
    real_before: ResponseFigures
    drills: ResponseFigures
    drills_before: ResponseFigures
    against: MonthAgainstMonth
    by_kind: dict[str, ResponseFigures]
    by_point: dict[str, ResponseFigures]
    by_first_role: dict[str, ResponseFigures]
    by_role: dict[str, groups.RoleFigures]
    by_hour: dict[str, ResponseFigures]
    by_weekday: dict[str, ResponseFigures]
    coverage: tuple[Coverage, ...]
    outcomes: dict[str, int]
    false_calls: tuple[FalseCalls, ...]
    notices: tuple[ChannelNotices, ...]
    faults: tuple[FaultSummary, ...]
    slowest: tuple[SlowIncident, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the store says of a month. lines, lines_before: its incidents and the month's before.
    fault_events: up to the end of the month, from as long before as faults are looked for."""

    lines: Sequence[Line]
    lines_before: Sequence[Line]
    notices: Iterable[notices.Counted]
    fault_events: Iterable[faults.FaultEvent]


def review(read: Read, *, month: Month, zone: ZoneInfo, now_ms: int) -> Review:
    """The review of `month` in the branch's own time zone."""
    start_ms, end_ms = month.window(zone)
    local = LocalTime(zone, start_ms=start_ms, end_ms=end_ms)
    real, drills = split_drills(read.lines)
    real_before, drills_before = split_drills(read.lines_before)
    found = response_figures(real), response_figures(real_before)
    facts = Facts(
        real=real,
        drills=len(drills),
        against=against(*found),
        coverage=coverage(real),
        notices=notices.by_channel(read.notices),
        false_calls=false_calls(real),
        faults=faults.summaries(
            faults.spans(read.fault_events), start_ms=start_ms, end_ms=end_ms, now_ms=now_ms
        ),
    )
    return Review(
        month=str(month),
        before=str(month.before),
        timezone=zone.key,
        starts_at=rfc3339(start_ms),
        ends_at=rfc3339(end_ms),
        real=found[0],
        real_before=found[1],
        drills=response_figures(drills),
        drills_before=response_figures(drills_before),
        against=facts.against,
        by_kind=figures_by_kind(real),
        by_point=groups.by_point(real),
        by_first_role=groups.by_first_role(real),
        by_role=groups.by_role(real),
        by_hour=groups.by_hour(real, local),
        by_weekday=groups.by_weekday(real, local),
        coverage=facts.coverage,
        outcomes=outcome_counts(real),
        false_calls=facts.false_calls,
        notices=facts.notices,
        faults=facts.faults,
        slowest=slowest(real),
        findings=findings(facts),
    )


def slowest(lines: Iterable[Line], most: int = SLOWEST) -> tuple[SlowIncident, ...]:
    """The calls that waited longest until somebody accepted, the longest first."""
    timed = [line for line in lines if line.to_accept_ms is not None]
    timed.sort(key=lambda line: (-line.to_accept_ms, line.raised_ms))
    return tuple(
        SlowIncident(
            incident_id=line.incident_id,
            point=line.point,
            kind=line.kind,
            raised_at=rfc3339(line.raised_ms),
            to_accept_ms=line.to_accept_ms,
            to_arrive_ms=line.to_arrive_ms,
        )
        for line in timed[:most]
    )
