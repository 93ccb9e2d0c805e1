import pytest

from dashboard.window import DAY_MS, BadTime, window
from protocol.moment import parse_rfc3339

NOW = parse_rfc3339("2026-11-24T08:00:00Z")


def test_without_times_the_report_is_of_the_last_thirty_days():
    assert window(start=None, end=None, now_ms=NOW) == (NOW - 30 * DAY_MS, NOW)


def test_a_date_as_end_means_the_whole_of_that_day():
    found = window(start="2026-11-01", end="2026-11-02", now_ms=NOW)
    assert found == (parse_rfc3339("2026-11-01"), parse_rfc3339("2026-11-03"))


def test_times_may_have_an_offset_and_a_fraction():
    found = window(start="2026-11-01T08:00:00+08:00", end="2026-11-01t00:00:01.5z", now_ms=NOW)
    assert found == (parse_rfc3339("2026-11-01"), parse_rfc3339("2026-11-01") + 1500)


def test_times_in_the_wrong_order_are_turned_round():
    start, end = "2026-11-05", "2026-11-01"
    assert window(start=start, end=end, now_ms=NOW) == (
        parse_rfc3339("2026-11-01"),
        parse_rfc3339("2026-11-06"),
    )
    assert window(start=start, end=end, now_ms=NOW) == window(start=end, end=start, now_ms=NOW)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "20261101", "2026-W01", "2026-11-01T08", "2026-11-01\n", "１"],
)
def test_what_is_no_time_is_named(text):
    with pytest.raises(BadTime) as caught:
        window(start=text, end=None, now_ms=NOW)
    assert caught.value.field == "from"
    with pytest.raises(BadTime) as caught:
        window(start=None, end=text, now_ms=NOW)
    assert caught.value.field == "to"
