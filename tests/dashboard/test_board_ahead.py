"""The past year is read before anybody asks for it, and says the same as when it is asked first."""

from __future__ import annotations

import threading

from test_board_reports import END_MS, incident, write

from dashboard.ahead import ReadAhead
from dashboard.reckoning import Reckoning
from dashboard.review.calendar import Month
from dashboard.store import StoreError
from gateway.store import Reports

PRESENT = Month(2026, 12)
DAY_MS = 24 * 3_600_000


class Shelf:
    """Takes down which months are read; the first `troubles` attempts fail."""

    def __init__(self, troubles: int = 0) -> None:
        self.asked: list[str] = []
        self._troubles = troubles

    def read_ahead(self, month: Month) -> None:
        self.asked.append(str(month))
        if len(self.asked) <= self._troubles:
            raise StoreError("not there yet")


def ahead(reckoning, **pauses: float) -> ReadAhead:
    return ReadAhead(reckoning, present=PRESENT, **({"first_s": 0.0, "pause_s": 0.0} | pauses))


def test_the_twelve_months_that_are_over_are_read_once_the_newest_first():
    shelf = Shelf()
    reading = ahead(shelf)
    reading.start()
    assert reading.join(5), "it ends when all is read"
    assert (shelf.asked[0], shelf.asked[-1], len(shelf.asked)) == ("2026-11", "2025-12", 12)


def test_a_store_that_is_not_there_yet_is_asked_again():
    shelf = Shelf(troubles=3)
    reading = ahead(shelf)
    reading.start()
    assert reading.join(5)
    assert shelf.asked[:5] == ["2026-11"] * 4 + ["2026-10"]
    assert len(set(shelf.asked)) == 12


def test_a_board_that_stops_waits_for_no_month():
    shelf = Shelf()
    reading = ahead(shelf, first_s=3600.0)
    reading.start()
    reading.stop()
    assert reading.join(5)
    assert shelf.asked == []
    assert all(one.daemon for one in threading.enumerate() if one.name == "read-ahead")


def test_whoever_asks_for_a_year_then_waits_for_its_two_broken_months_alone(
    board, store, monkeypatch
):
    year = [incident(f"i-{day}", END_MS - day * DAY_MS, to_accept_ms=day) for day in range(1, 400)]
    write(store, *year)
    first = Reckoning(board).period(start_ms=END_MS - 350 * DAY_MS, end_ms=END_MS + DAY_MS)
    reckoning, read = Reckoning(board), []
    reading = ahead(reckoning)
    reading.start()
    assert reading.join(10)
    real = Reports.lines
    monkeypatch.setattr(Reports, "lines", lambda self, **of: read.append(of) or real(self, **of))
    again = reckoning.period(start_ms=END_MS - 350 * DAY_MS, end_ms=END_MS + DAY_MS)
    assert again == first and again.real.count == 350
    assert len(read) == 2
    # A month's review rests on the same.
    assert reckoning.month(Month(2026, 11)).real.count == 30
    assert len(read) == 2
