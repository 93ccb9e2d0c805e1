"""Months and hours of a branch's own calendar, in zones whose clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.review.calendar import DAY_MS, HOUR_MS, LocalTime, Month, local_day
from protocol.moment import parse_rfc3339

# No change; a change at 2 and 3 o'clock; one at midnight; one of half an hour.
ZONES = [
    ZoneInfo(name)
    for name in ("Asia/Shanghai", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe")
]
zones = st.sampled_from(ZONES)
months = st.builds(Month, st.integers(1972, 2100), st.integers(1, 12))
moments = st.integers(parse_rfc3339("1972-01-01"), parse_rfc3339("2100-12-31"))


@given(months, zones)
def test_months_follow_each_other_without_a_gap(month, zone):
    assert month.window(zone)[1] == month.after.window(zone)[0]
    assert month.after.before == month
    assert Month.read(str(month)) == month


@given(moments, zones)
def test_a_moment_is_in_the_month_that_the_wall_calendar_shows(utc_ms, zone):
    there = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)
    month = Month.of(utc_ms, zone)
    assert (month.year, month.number) == (there.year, there.month)
    start_ms, end_ms = month.window(zone)
    assert start_ms <= utc_ms < end_ms


@given(months, zones)
def test_a_month_begins_with_its_first_moment(month, zone):
    start_ms, _end_ms = month.window(zone)
    assert local_day(start_ms, zone) == month.days[0]
    assert local_day(start_ms - 1, zone) == month.before.days[1]
    assert month.days[1] + timedelta(days=1) == month.after.days[0]


@given(moments, st.lists(st.integers(0, 400 * DAY_MS - 1), max_size=30), zones)
def test_hours_and_weekdays_are_those_of_the_wall_clock(start_ms, after_ms, zone):
    local = LocalTime(zone, start_ms=start_ms, end_ms=start_ms + 400 * DAY_MS)
    for utc_ms in (start_ms + one for one in after_ms):
        there = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)
        assert local.hour(utc_ms) == there.hour
        assert local.weekday(utc_ms) == there.isoweekday()


def test_the_hour_that_comes_twice_is_counted_twice_and_the_lost_one_never():
    berlin = ZoneInfo("Europe/Berlin")
    start_ms, end_ms = Month(2026, 10).window(berlin)
    local = LocalTime(berlin, start_ms=start_ms, end_ms=end_ms)
    two = [local.hour(at_ms) for at_ms in range(start_ms, end_ms, HOUR_MS)].count(2)
    assert two == 31 + 1
    start_ms, end_ms = Month(2026, 3).window(berlin)
    local = LocalTime(berlin, start_ms=start_ms, end_ms=end_ms)
    assert [local.hour(at_ms) for at_ms in range(start_ms, end_ms, HOUR_MS)].count(2) == 31 - 1


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-1", "26-01", "1970-12", "9999-01", "2026-11\n"]
)
def test_what_is_no_month_is_not_taken(text):
    with pytest.raises(ValueError):
        Month.read(text)
