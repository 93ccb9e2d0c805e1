"""PURE  What figures are made of, for a part of a window, and parts put together.

Digests of a window's parts, merged, are the digest of the window. So a month that is over is read
once, however often a year is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from dashboard.figures import split_drills
from dashboard.review import coverage, groups, outcomes
from dashboard.review.calendar import LocalTime
from dashboard.review.lines import Line
from dashboard.review.sample import Sample, Samples, merged, merged_by_name, sample
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
class Digest:
    """The incidents of a part of a window; all but `drills` are real calls.

    still_open: not closed yet; untimed: closed, but nobody knows how long they waited.
    """

    still_open: int
    untimed: int
    real: Sample
    drills: Sample
    by_kind: Samples
    by_point: Samples
    by_first_role: Samples
    by_role: Samples
    by_hour: Samples
    by_weekday: Samples
    covered: Mapping[str, coverage.Covered]
    endings: outcomes.Endings
    slowest: tuple[SlowIncident, ...]


def digest(lines: Sequence[Line], local: LocalTime) -> Digest:
    """The digest of these incidents. local: must know their times."""
    real, drills = split_drills(lines)
    return Digest(
        still_open=sum(line.outcome is None for line in real),
        untimed=sum(line.outcome is not None and line.to_accept_ms is None for line in real),
        real=sample(real),
        drills=sample(drills),
        by_kind=groups.by_kind(real),
        by_point=groups.by_point(real),
        by_first_role=groups.by_first_role(real),
        by_role=groups.by_role(real),
        by_hour=groups.by_hour(real, local),
        by_weekday=groups.by_weekday(real, local),
        covered=coverage.covered(real),
        endings=outcomes.endings(real),
        slowest=slowest(real),
    )


def together(parts: Sequence[Digest]) -> Digest:
    """One digest of several that share no incident."""

    def each(name: str) -> Iterable[Samples]:
        return (getattr(part, name) for part in parts)

    return Digest(
        still_open=sum(part.still_open for part in parts),
        untimed=sum(part.untimed for part in parts),
        real=merged([part.real for part in parts]),
        drills=merged([part.drills for part in parts]),
        by_kind=merged_by_name(each("by_kind")),
        by_point=merged_by_name(each("by_point")),
        by_first_role=merged_by_name(each("by_first_role")),
        by_role=merged_by_name(each("by_role")),
        by_hour=merged_by_name(each("by_hour")),
        by_weekday=merged_by_name(each("by_weekday")),
        covered=coverage.merged(part.covered for part in parts),
        endings=outcomes.merged(part.endings for part in parts),
        slowest=_longest(chain.from_iterable(part.slowest for part in parts)),
    )


def slowest(lines: Iterable[Line]) -> tuple[SlowIncident, ...]:
    """The calls that waited longest until somebody accepted, the longest first."""
    timed = [line for line in lines if line.to_accept_ms is not None]
    timed.sort(key=lambda line: (-line.to_accept_ms, line.raised_ms, line.incident_id))
    return tuple(
        SlowIncident(
            incident_id=line.incident_id,
            point=line.point,
            kind=line.kind,
            raised_at=rfc3339(line.raised_ms),
            to_accept_ms=line.to_accept_ms,
            to_arrive_ms=line.to_arrive_ms,
        )
        for line in timed[:SLOWEST]
    )


def _longest(found: Iterable[SlowIncident]) -> tuple[SlowIncident, ...]:
    ordered = sorted(found, key=lambda one: (-one.to_accept_ms, one.raised_at, one.incident_id))
    return tuple(ordered[:SLOWEST])
