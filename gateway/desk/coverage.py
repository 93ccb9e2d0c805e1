"""PURE. Which role is on duty when in the coming week, by the shifts as they are planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from gateway.desk.hours import OpeningHours
from gateway.desk.team import Staff
from gateway.duty import (
    DAY,
    WEEKDAYS,
    Exception_,
    Shift,
    Span,
    by_staff,
    exception_spans,
    parse_day,
    pauses_in,
    span_on,
    spans_of,
    within,
    without,
)
from gateway.roster import CERTIFIED

WEEK = 7 * DAY


class Coverage:
    """The coming week from `local`, looked at only as far as somebody asks, and then once.

    staff: {id: Staff}. shifts, exceptions: all of them. hours: when the branch is open, None when
    nobody has said.
    """

    def __init__(
        self,
        *,
        staff: Mapping[str, Staff],
        shifts: Iterable[Shift],
        exceptions: Iterable[Exception_],
        hours: OpeningHours | None,
        local: datetime,
    ) -> None:
        self._staff = staff
        self._shifts = tuple(shifts)
        self._exceptions = tuple(exceptions)
        self._hours = hours
        self._local = local
        self._week = Span(local, local + WEEK)
        self._by_staff: dict[str, list[Span]] | None = None
        self._gaps: dict[tuple[tuple[str, ...], bool], Span | None] = {}

    def has(self, role: str) -> bool:
        """Whether anybody of the staff covers the role at all."""
        return any(
            one.duty != "never" and self._until(one, role) > self._local
            for one in self._staff.values()
        )

    def gap(self, roles: tuple[str, ...], *, day_and_night: bool) -> Span | None:
        """The first time in the week when nobody with one of the roles is on duty; None: never.

        day_and_night: also while the branch is closed. Who does not know when it is open asks for
        all of the week.
        """
        key = (roles, day_and_night)
        if key not in self._gaps:
            is_all = day_and_night or self._hours is None
            wanted = [self._week] if is_all else self._open()
            there = [span for role in roles for span in self._spans_of(role)]
            self._gaps[key] = next(iter(without(wanted, there)), None)
        return self._gaps[key]

    def is_open(self, local: datetime) -> bool:
        """Whether customers may come now; True when nobody has said when they do."""
        return self._hours is None or any(span.holds(local) for span in self._open())

    # --- the week ---

    def _open(self) -> list[Span]:
        found = []
        for number in range(-1, 8):
            day = self._local.date() + number * DAY
            for row in self._hours.week if self._hours else ():
                if WEEKDAYS[day.weekday()] in row.days:
                    found += within([span_on(day, row.opens, row.closes)], self._week)
        return found

    def _spans_of(self, role: str) -> list[Span]:
        if self._by_staff is None:
            self._by_staff = self._look()
        found = []
        for id, one in self._staff.items():
            until = self._until(one, role)
            if until > self._local:
                found += within(self._by_staff[id], Span(self._local, until))
        return found

    def _until(self, staff: Staff, role: str) -> datetime:
        """Until when this person covers the role; a time that is over when never."""
        if role not in staff.roles:
            return datetime.min
        if role not in CERTIFIED:
            return datetime.max
        days = (parse_day(one.expires) for one in staff.certificates if one.what == CERTIFIED[role])
        last = max((day for day in days if day), default=None)
        return datetime.combine(last, time()) + DAY if last else datetime.min

    def _look(self) -> dict[str, list[Span]]:
        shifts, exceptions = by_staff(self._shifts), by_staff(self._exceptions)
        return {
            id: self._on_duty(one, shifts.get(id, []), exceptions.get(id, []))
            for id, one in self._staff.items()
        }

    def _on_duty(
        self, staff: Staff, shifts: list[Shift], exceptions: list[Exception_]
    ) -> list[Span]:
        """When this person is on duty. Who signs in at the board is planned by nobody: they may
        always come, and the board says so when they have not."""
        if staff.duty == "never":
            return []
        if staff.duty != "plan":
            return [self._week]
        days = {"first": self._local.date() - DAY, "last": (self._local + WEEK).date()}
        found: list[Span] = []
        for shift in shifts:
            for worked in spans_of(shift, **days):
                found += without([worked], pauses_in(shift, worked))
        away: list[Span] = []
        for one in exceptions:
            (away if one.what == "away" else found).extend(exception_spans(one, **days))
        return without(found, away)


def said(span: Span) -> str:
    """The span in figures: 2026-11-24 12:00-13:00."""
    minute = timedelta(minutes=1)
    same_day = (span.end - minute).date() == span.start.date()
    end = span.end.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M")
    return f"{span.start:%Y-%m-%d %H:%M}-{end}"
