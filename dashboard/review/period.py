"""PURE  The figures of any window: what a month's review and the response times share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dashboard.figures import ResponseFigures
from dashboard.review import groups, notices
from dashboard.review.coverage import Coverage, coverage
from dashboard.review.digest import Digest, SlowIncident
from dashboard.review.notices import ChannelNotices
from dashboard.review.outcomes import FalseCalls, false_calls, outcome_counts
from protocol.moment import rfc3339


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
    found: Digest,
    counts: Iterable[notices.Counted],
    *,
    start_ms: int,
    end_ms: int,
    zone: ZoneInfo,
) -> Period:
    """The figures of the incidents raised, and the notices made, in [start_ms, end_ms)."""
    return Period(
        timezone=zone.key,
        starts_at=rfc3339(start_ms),
        ends_at=rfc3339(end_ms),
        real=found.real.figures,
        drills=found.drills.figures,
        by_kind=groups.figures_of(found.by_kind),
        by_point=groups.figures_of(found.by_point),
        by_first_role=groups.figures_of(found.by_first_role),
        by_role=groups.role_figures_of(found.by_role),
        by_hour=groups.figures_of_all(found.by_hour, groups.HOURS),
        by_weekday=groups.figures_of_all(found.by_weekday, groups.WEEKDAYS),
        coverage=coverage(found.covered),
        outcomes=outcome_counts(found.endings),
        false_calls=false_calls(found.endings),
        notices=notices.by_channel(counts),
        slowest=found.slowest,
    )
