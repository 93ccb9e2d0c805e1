"""PURE  What a month's figures say, one finding a line, by name and with its numbers.

The words for each are in `pages/finding_words.py`. A finding is worth a line when somebody should
do something about it, or when it says that nobody has to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dashboard.review.complaints import Complaints
from dashboard.review.coverage import Coverage
from dashboard.review.digest import Digest
from dashboard.review.faults import FaultSummary
from dashboard.review.followups import Followups
from dashboard.review.months import MonthAgainstMonth
from dashboard.review.notices import ChannelNotices
from dashboard.review.outcomes import FalseCalls
from dashboard.review.walks import UNTESTED, Walks

# A call that waited longer has reached the step of the duty lead.
SLOW_MS = 60_000
# Medians of two months differ by a few percent without any reason.
WORTH_PERCENT = 10
# As long as a branch can do without a point or a channel before somebody should have come.
LONG_FAULT_MS = 3600 * 1000
# Fewer false calls than this are chance.
FALSE_CALLS = 3
MOST_FAULTS = 3

Weight = Literal["good", "plain", "look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. weight: good, plain, or look (somebody should look into it). values: its
    numbers, in the unit of their name; subject: what it is about (role, point, channel, fault)."""

    name: str
    weight: Weight = "plain"
    subject: str = ""
    values: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What findings are drawn from: the month's digest and what was made of it."""

    found: Digest
    against: MonthAgainstMonth
    coverage: Sequence[Coverage]
    notices: Sequence[ChannelNotices]
    false_calls: Sequence[FalseCalls]
    faults: Sequence[FaultSummary]
    complaints: Complaints = field(default_factory=Complaints)
    followups: Followups = field(default_factory=Followups)
    walks: Walks = field(default_factory=Walks)


def findings(facts: Facts) -> tuple[Finding, ...]:
    """The findings of a month, what needs somebody first."""
    found = [
        *_calls(facts),
        *_speed(facts),
        *_uncovered(facts.coverage),
        *_false_calls(facts.false_calls),
        *_notices(facts.notices),
        *_faults(facts.faults),
        *_late(facts),
        *_drills(facts),
    ]
    order = {"look": 0, "plain": 1, "good": 2}
    return tuple(sorted(found, key=lambda one: order[one.weight]))


def _calls(facts: Facts) -> Iterator[Finding]:
    count = facts.against.count
    if not count.now and not count.before:
        yield Finding(name="no_calls")
        return
    yield Finding(name="calls", values={"count": count.now or 0, "before": count.before or 0})
    if facts.found.still_open:
        values = {"count": facts.found.still_open}
        yield Finding(name="still_open", weight="look", values=values)
    if facts.found.untimed:
        yield Finding(name="untimed", values={"count": facts.found.untimed})


def _speed(facts: Facts) -> Iterator[Finding]:
    accepted = facts.found.real.to_accept_ms
    slow = sum(len(run) - bisect_right(run, SLOW_MS) for run in accepted)
    if slow:
        values = {"count": slow, "seconds": SLOW_MS // 1000}
        yield Finding(name="slow", weight="look", values=values)
    elif accepted:
        yield Finding(name="none_slow", weight="good", values={"seconds": SLOW_MS // 1000})
    half = facts.against.to_accept_ms.p50
    if half.percent is not None and abs(half.percent) >= WORTH_PERCENT:
        name, weight = ("slower", "look") if half.percent > 0 else ("faster", "good")
        values = {"now_ms": half.now, "before_ms": half.before, "percent": abs(half.percent)}
        yield Finding(name=name, weight=weight, values=values)


def _uncovered(roles: Iterable[Coverage]) -> Iterator[Finding]:
    found = list(roles)
    for one in found:
        if one.missed:
            values = {"count": one.missed, "asked": one.asked}
            yield Finding(name="uncovered", weight="look", subject=one.role, values=values)
    if found and not any(one.missed for one in found):
        yield Finding(name="all_covered", weight="good")


def _false_calls(points: Iterable[FalseCalls]) -> Iterator[Finding]:
    for one in points:
        if one.false_calls >= FALSE_CALLS:
            values = {"count": one.false_calls, "calls": one.calls}
            yield Finding(name="false_calls", weight="look", subject=one.point, values=values)


def _notices(channels: Iterable[ChannelNotices]) -> Iterator[Finding]:
    for one in channels:
        if one.failed:
            values = {"count": one.failed, "sent": one.sent}
            yield Finding(name="notices_failed", weight="look", subject=one.channel, values=values)


def _faults(faults: Iterable[FaultSummary]) -> Iterator[Finding]:
    # Buttons that wait for their test have a finding of their own.
    long = [one for one in faults if one.lasted_ms >= LONG_FAULT_MS and one.name not in UNTESTED]
    for one in long[:MOST_FAULTS]:
        values = {"count": one.count, "lasted_ms": one.lasted_ms}
        subject = f"{one.subject} {one.name}"
        yield Finding(name="long_fault", weight="look", subject=subject, values=values)
    if len(long) > MOST_FAULTS:
        rest = len(long) - MOST_FAULTS
        yield Finding(name="more_long_faults", weight="look", values={"count": rest})


def _late(facts: Facts) -> Iterator[Finding]:
    complained, owed = facts.complaints.all, facts.followups.all
    counts = {
        "complaints_late": complained.answered_late + complained.overdue,
        "first_looks_late": complained.first_look_late,
        "followups_overdue": owed.overdue,
        "buttons_untested": len(facts.walks.overdue),
    }
    for name, count in counts.items():
        if count:
            yield Finding(name=name, weight="look", values={"count": count})


def _drills(facts: Facts) -> Iterator[Finding]:
    if facts.found.drills.count:
        yield Finding(name="drills", values={"count": facts.found.drills.count})
    else:
        yield Finding(name="no_drills")
