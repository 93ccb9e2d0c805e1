"""Reports as the board reckons them: what the store says, turned into figures, kept for a while."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import current_app

from dashboard.board import Board
from dashboard.remembered import Remembered
from dashboard.review.calendar import DAY_MS, LocalTime, Month, parts
from dashboard.review.digest import Digest, digest, together
from dashboard.review.month import MonthReview, Read, review
from dashboard.review.period import Period, period
from gateway.store import DeskReports, Reports
from protocol.clock import now

# A fault that began longer ago than this is taken to have begun then.
FAULTS_BEFORE_MS = 400 * DAY_MS
# Notices are counted when their channel answers, and faults that last go on lasting, both without
# a word in the log.
FRESH_MS = 60_000
# The months of a year, pieces of months where a range begins and ends, and all of them together; a
# busy month takes a megabyte.
PARTS = 20


class Reckoning:
    """Asks the board's reader. Raises: StoreError."""

    def __init__(self, board: Board) -> None:
        self._reports = Reports(board.reader)
        self._desk = DeskReports(board.reader)
        self._remembered = Remembered()
        self._parts = Remembered(PARTS)
        self.zone = ZoneInfo(board.config.timezone)

    def period(self, *, start_ms: int, end_ms: int) -> Period:
        """The figures of the incidents raised in [start_ms, end_ms), UTC."""
        return self._remembered.answer(
            ("period", start_ms, end_ms),
            self._stamp(),
            lambda: period(
                self._digest(parts(start_ms, end_ms, self.zone)),
                self._reports.notice_counts(start_ms=start_ms, end_ms=end_ms),
                start_ms=start_ms,
                end_ms=end_ms,
                zone=self.zone,
            ),
        )

    def _digest(self, windows: list[tuple[int, int]]) -> Digest:
        """The digest of months that follow each other. What is new is nearly always in the last:
        all before it are put together once, and kept while none of them changes."""
        if not windows:
            return together([])
        *past, last = windows
        stamps = tuple(self._part_stamp(*window) for window in past)
        before = self._parts.answer(
            ("past", *past), stamps, lambda: together([self._part(*window) for window in past])
        )
        return together([before, self._part(*last)])

    def _part(self, start_ms: int, end_ms: int) -> Digest:
        """The digest of a month or less, kept until it has another incident, or one more closes."""
        window = {"start_ms": start_ms, "end_ms": end_ms}
        return self._parts.answer(
            (start_ms, end_ms),
            self._part_stamp(start_ms, end_ms),
            lambda: digest(self._reports.lines(**window), LocalTime(self.zone, **window)),
        )

    def _part_stamp(self, start_ms: int, end_ms: int) -> object:
        closed, still_open = self._reports.counts(start_ms=start_ms, end_ms=end_ms)
        # What is open may change in any way: it is read anew each time.
        return object() if still_open else closed

    def read_ahead(self, month: Month) -> None:
        """Reads a month that is over, so that whoever asks for a year need not wait for it."""
        self._part(*month.window(self.zone))

    def month(self, month: Month) -> MonthReview:
        """The review of a month of the branch's calendar."""
        return self._remembered.answer(("month", month), self._stamp(), lambda: self._month(month))

    def _month(self, month: Month) -> MonthReview:
        start_ms, end_ms = month.window(self.zone)
        before_ms, _start_ms = month.before.window(self.zone)
        read = Read(
            found=self._part(start_ms, end_ms),
            before=self._part(before_ms, start_ms),
            notices=self._reports.notice_counts(start_ms=start_ms, end_ms=end_ms),
            fault_events=self._reports.fault_events(
                start_ms=start_ms - FAULTS_BEFORE_MS, end_ms=end_ms
            ),
            complaints=self._desk.complaints(start_ms=start_ms, end_ms=end_ms),
            followups=self._desk.followups(start_ms=start_ms, end_ms=end_ms),
            walks=self._desk.walks(start_ms=start_ms, end_ms=end_ms),
        )
        return review(read, month=month, zone=self.zone, now_ms=now().utc_ms)

    def _stamp(self) -> tuple[int, int]:
        return self._reports.stamp(), now().utc_ms // FRESH_MS


def the_reckoning() -> Reckoning:
    """The reckoning of the board that this request belongs to."""
    return current_app.extensions["anling_reckoning"]
