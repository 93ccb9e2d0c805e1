"""Who works when: shifts, breaks, nights, weeks, exceptions, against the branch's clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.duty import (
    WEEKDAYS,
    Exception_,
    Pause,
    Shift,
    Span,
    begins_on,
    exception_spans,
    is_planned,
    next_start,
    overlap,
    parse_day,
    spans_of,
)

MONDAY = date(2026, 11, 23)
SETTINGS = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def at(text: str) -> datetime:
    """`Tue 08:30` in the week of MONDAY."""
    day, clock = text.split()
    shift = WEEKDAYS.index(day.lower())
    return datetime.combine(MONDAY + timedelta(days=shift), time.fromisoformat(clock))


def shift(days: str = "mon tue wed thu fri", hours: str = "08:30-17:30", **changes) -> Shift:
    starts, ends = hours.split("-")
    return Shift(staff="g01", days=days.split(), starts=starts, ends=ends, **changes)


def away(first: str, last: str, **changes) -> Exception_:
    return Exception_(staff="g01", what="away", first=first, last=last, **changes)


def extra(day: str) -> Exception_:
    return Exception_(staff="g01", what="extra", first=day, last=day)


DAY_SHIFT = shift(breaks=[Pause(starts="12:00", ends="13:00")])
NIGHT = shift("fri", "22:00-06:00", breaks=[Pause(starts="01:00", ends="01:30")])


@pytest.mark.parametrize(
    ("shifts", "moment", "works"),
    [
        ([DAY_SHIFT], "Mon 08:29", False),
        ([DAY_SHIFT], "Mon 08:30", True),
        ([DAY_SHIFT], "Mon 17:29", True),
        ([DAY_SHIFT], "Mon 17:30", False),
        ([DAY_SHIFT], "Mon 12:00", False),
        ([DAY_SHIFT], "Mon 13:00", True),
        ([DAY_SHIFT], "Sat 10:00", False),
        ([NIGHT], "Fri 23:59", True),
        ([NIGHT], "Sat 05:59", True),
        ([NIGHT], "Sat 01:15", False),
        ([NIGHT], "Sat 06:00", False),
        ([NIGHT], "Fri 05:00", False),
        ([DAY_SHIFT, NIGHT], "Sat 02:00", True),
        ([], "Mon 10:00", False),
    ],
)
def test_somebody_works_while_a_shift_holds_and_no_break_does(shifts, moment, works) -> None:
    assert is_planned(shifts, [], at(moment)) is works


@pytest.mark.parametrize(
    ("exceptions", "moment", "works"),
    [
        ([away("2026-11-23", "2026-11-24")], "Mon 10:00", False),
        ([away("2026-11-23", "2026-11-24")], "Wed 10:00", True),
        ([away("2026-11-23", "2026-11-23", starts="08:00", ends="11:00")], "Mon 10:00", False),
        ([away("2026-11-23", "2026-11-23", starts="08:00", ends="11:00")], "Mon 11:00", True),
        ([extra("2026-11-28")], "Sat 03:00", True),
    ],
)
def test_an_exception_goes_before_the_shifts(exceptions, moment, works) -> None:
    assert is_planned([DAY_SHIFT], exceptions, at(moment)) is works


def test_who_is_away_is_away_whatever_else_is_planned() -> None:
    assert not is_planned(
        [], [extra("2026-11-23"), away("2026-11-23", "2026-11-23")], at("Mon 10:00")
    )


def test_every_other_week_is_counted_from_the_first_day() -> None:
    every_other = shift("mon", every_weeks=2, first="2026-11-25")
    days = [MONDAY + timedelta(weeks=week) for week in range(5)]
    assert [begins_on(every_other, day) for day in days] == [False, False, True, False, True]


def test_a_shift_ends_with_its_last_day() -> None:
    assert not begins_on(shift(last="2026-11-23"), MONDAY + timedelta(days=1))
    assert begins_on(shift(last="2026-11-23"), MONDAY)


def test_the_next_start_is_after_now_also_over_the_weekend() -> None:
    assert next_start([DAY_SHIFT], at("Fri 08:30")) == at("Mon 08:30") + timedelta(weeks=1)
    assert next_start([], at("Fri 08:30")) is None


@pytest.mark.parametrize(
    ("one", "other", "day"),
    [
        (shift("mon"), shift("mon", "17:30-20:00"), None),
        (shift("mon"), shift("mon", "17:29-20:00"), date(2024, 1, 1)),
        (shift("mon"), shift("tue"), None),
        (shift("mon", "22:00-06:00"), shift("tue", "05:00-09:00"), date(2024, 1, 1)),
        (shift("mon", last="2026-11-16"), shift("mon", first="2026-11-23"), None),
        (
            shift("mon", every_weeks=2, first="2026-11-23"),
            shift("mon", every_weeks=2, first="2026-11-30"),
            None,
        ),
        (
            shift("mon", every_weeks=2, first="2026-11-23"),
            shift("mon", every_weeks=3, first="2026-11-30"),
            date(2026, 12, 21),
        ),
    ],
)
def test_two_shifts_overlap_on_the_first_day_that_both_are_worked(one, other, day) -> None:
    assert overlap(one, other) == day
    assert (overlap(other, one) is None) == (day is None)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "26-01-01", "2026-01-01 ", ""])
def test_a_day_that_does_not_exist_is_none(text: str) -> None:
    assert parse_day(text) is None


CLOCK = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
SHIFTS = st.builds(
    Shift,
    staff=st.just("g01"),
    days=st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True),
    starts=CLOCK,
    ends=CLOCK,
    every_weeks=st.integers(1, 3),
    first=st.sampled_from((None, "2026-11-25", "2026-12-07")),
)


@SETTINGS
@given(SHIFTS, SHIFTS)
def test_where_no_overlap_is_named_no_minute_of_a_season_has_both(one: Shift, other: Shift) -> None:
    window = {"first": date(2026, 11, 1), "last": date(2027, 2, 28)}
    met = [
        (mine, theirs)
        for mine in spans_of(one, **window)
        for theirs in spans_of(other, **window)
        if mine.meets(theirs)
    ]
    assert bool(met) == (overlap(one, other) is not None)


@SETTINGS
@given(SHIFTS, st.integers(0, 60 * 24 * 20))
def test_somebody_is_planned_just_where_a_span_of_the_shift_holds(one: Shift, minute: int) -> None:
    local = datetime.combine(MONDAY, datetime.min.time()) + timedelta(minutes=minute)
    spans = spans_of(one, first=date(2026, 11, 1), last=date(2026, 12, 31))
    assert is_planned([one], [], local) == any(span.holds(local) for span in spans)


def test_an_exception_of_some_hours_is_one_on_each_of_its_days() -> None:
    found = exception_spans(
        away("2026-11-23", "2026-11-24", starts="22:00", ends="02:00"),
        first=MONDAY,
        last=MONDAY + timedelta(days=6),
    )
    assert list(found) == [
        Span(at("Mon 22:00"), at("Tue 02:00")),
        Span(at("Tue 22:00"), at("Wed 02:00")),
    ]
