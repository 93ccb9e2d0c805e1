"""PURE  Complaints against their due dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dashboard.review.tally import by_name, is_late

UNCLASSED = "unclassed"


class Complained(Protocol):
    """One complaint; the store's ComplaintLine is one. Times: RFC 3339."""

    category: str | None
    channel: str
    state: str
    looked_into_due_at: str
    looked_into_at: str | None
    answer_due_at: str
    answered_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFigures:
    """Some complaints, as they are now. opened: all of them; each is one of answered_in_time,
    answered_late, open (still to be answered) and withdrawn. overdue: those of the open ones whose
    answer is late. first_look_late: looked into too late, or not yet although it is due."""

    opened: int = 0
    first_look_late: int = 0
    answered_in_time: int = 0
    answered_late: int = 0
    open: int = 0
    overdue: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """The complaints of a window. by_category: by class, `unclassed` for those nobody has classed;
    by_channel: by how they came."""

    all: ComplaintFigures = field(default_factory=ComplaintFigures)
    by_category: dict[str, ComplaintFigures] = field(default_factory=dict)
    by_channel: dict[str, ComplaintFigures] = field(default_factory=dict)


def complaints(found: Iterable[Complained], *, now_ms: int) -> Complaints:
    """The figures of these complaints."""
    every = list(found)

    def by(name: Callable[[Complained], str]) -> dict[str, ComplaintFigures]:
        return {key: _figures(group, now_ms) for key, group in by_name(every, name).items()}

    return Complaints(
        all=_figures(every, now_ms),
        by_category=by(lambda one: one.category or UNCLASSED),
        by_channel=by(lambda one: one.channel),
    )


def _figures(found: Sequence[Complained], now_ms: int) -> ComplaintFigures:
    answered = [one for one in found if one.answered_at is not None]
    late = sum(is_late(one.answered_at, one.answer_due_at, now_ms) for one in answered)
    unanswered = [one for one in found if one.answered_at is None]
    still_open = [one for one in unanswered if one.state != "withdrawn"]
    return ComplaintFigures(
        opened=len(found),
        first_look_late=sum(
            is_late(one.looked_into_at, one.looked_into_due_at, now_ms)
            for one in (*answered, *still_open)
        ),
        answered_in_time=len(answered) - late,
        answered_late=late,
        open=len(still_open),
        overdue=sum(is_late(None, one.answer_due_at, now_ms) for one in still_open),
        withdrawn=len(unanswered) - len(still_open),
    )
