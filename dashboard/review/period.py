"""PURE  The figures of any window: what a month's review and the response times share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dashboard.figures import ResponseFigures, figures_by_kind, response_figures, split_drills
from dashboard.review import groups, notices
from dashboard.review.calendar import LocalTime
from dashboard.review.coverage import Coverage, coverage
from dashboard.review.lines import Line
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
class Period:
    """A window in figures. starts_at, ends_at: RFC 3339, the end not in it. timezone: of hours and
    weekdays. All figures but `drills` are of real calls."""

    timezone: str
    starts_at: str
    ends_at: str
    real: ResponseFigures
    drills: ResponseFigures
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
    slowest: tuple[SlowIncident, ...]


def period(
    lines: Sequence[Line],
    counts: Iterable[notices.Counted],
    *,
    start_ms: int,
    end_ms: int,
    zone: ZoneInfo,
) -> Period:
    """The figures of the incidents raised, and the notices made, in [start_ms, end_ms)."""
    real, drills = split_drills(lines)
    local = LocalTime(zone, start_ms=start_ms, end_ms=end_ms)
    return Period(
        timezone=zone.key,
        starts_at=rfc3339(start_ms),
        ends_at=rfc3339(end_ms),
        real=response_figures(real),
        drills=response_figures(drills),
        by_kind=figures_by_kind(real),
        by_point=groups.by_point(real),
        by_first_role=groups.by_first_role(real),
        by_role=groups.by_role(real),
        by_hour=groups.by_hour(real, local),
        by_weekday=groups.by_weekday(real, local),
        coverage=coverage(real),
        outcomes=outcome_counts(real),
        false_calls=false_calls(real),
        notices=notices.by_channel(counts),
        slowest=slowest(real),
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
