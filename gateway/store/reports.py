"""What reports ask of the store."""

from __future__ import annotations

import json
from typing import NamedTuple

from gateway.store.reader import Reader
from gateway.store.report_lines import ReportLine, line_of, lines_of_rows
from protocol.decoders import decoder
from protocol.messages import Incident
from protocol.moment import rfc3339

_COLUMNS = (
    "raised_ms, incident_id, kind, point, drill, to_accept_ms, to_arrive_ms, to_close_ms,"
    " outcome, asked, crew"
)
# Far more comings and goings of faults than a branch sees in a year. A line that flickers for
# weeks has the newest ones counted.
FAULT_EVENTS = 20_000


# Plain tuples: to make a hundred thousand of anything else takes longer than to read them.
Times = tuple[int, str, int | None, int | None, int | None]


class NoticeCount(NamedTuple):
    """Notices of one channel in one state. tries: of all of them together."""

    channel: str
    state: str
    count: int
    tries: int


class FaultEvent(NamedTuple):
    """A fault came (`fault_raised`) or went (`fault_cleared`). at: RFC 3339."""

    seq: int
    at: str
    event: str
    subject: str
    name: str


class Reports:
    """Asks a reader; raises StoreError as it does. Windows are [start_ms, end_ms), UTC."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def stamp(self) -> int:
        """A number that changes with every change of an incident or a fault: the log's last."""
        found = self._reader.rows("SELECT max(seq) FROM log")
        return found[0][0] or 0

    def counts(self, *, start_ms: int, end_ms: int) -> tuple[int, int]:
        """(closed, open) incidents raised in the window. Closed ones never change and never go, so
        while the first is the same and the second 0, `lines` are the same too."""
        found = self._reader.rows(
            "SELECT count(*) FROM report_lines WHERE raised_ms >= ? AND raised_ms < ?"
            " UNION ALL SELECT count(*) FROM incidents WHERE stage != 'closed'"
            " AND raised_ms >= ? AND raised_ms < ?",
            2 * [start_ms, end_ms],
        )
        return found[0][0], found[1][0]

    def times(self, *, start_ms: int, end_ms: int) -> list[Times]:
        """(drill 0 or 1, kind, to_accept_ms, to_arrive_ms, to_close_ms) of each incident raised in
        the window, in no order; None where that is not known, or not so far."""
        return self._reader.rows(
            " UNION ALL ".join(
                "SELECT drill, kind, to_accept_ms, to_arrive_ms, to_close_ms FROM incidents"
                f" WHERE raised_ms >= ? AND raised_ms < ? AND {stage}"
                for stage in ("stage = 'closed'", "stage != 'closed'")
            ),
            2 * [start_ms, end_ms],
        )

    def lines(self, *, start_ms: int, end_ms: int) -> list[ReportLine]:
        """One for each incident raised in the window, the oldest first; the open ones last."""
        closed = self._reader.rows(
            f"SELECT {_COLUMNS} FROM report_lines WHERE raised_ms >= ? AND raised_ms < ?"
            " ORDER BY raised_ms, incident_id",
            [start_ms, end_ms],
        )
        opened = self._reader.rows(
            "SELECT body FROM incidents WHERE stage != 'closed'"
            " AND raised_ms >= ? AND raised_ms < ? ORDER BY raised_ms, incident_id",
            [start_ms, end_ms],
        )
        incidents = [decoder(Incident).decode(body) for (body,) in opened]
        return [*lines_of_rows(closed), *map(line_of, incidents)]

    def notice_counts(self, *, start_ms: int, end_ms: int) -> list[NoticeCount]:
        """The notices made in the window, without test messages, by channel and state."""
        found = self._reader.rows(
            " UNION ALL ".join(
                "SELECT channel, state, count(*), sum(attempts) FROM notices"
                f" WHERE made_ms >= ? AND made_ms < ? AND {state} AND why != 'canary'"
                " GROUP BY channel, state"
                for state in ("state != 'waiting'", "state = 'waiting'")
            ),
            2 * [start_ms, end_ms],
        )
        return sorted(NoticeCount(*row) for row in found)

    def fault_events(self, *, start_ms: int, end_ms: int) -> list[FaultEvent]:
        """The comings and goings of faults in the window, the oldest first."""
        found = self._reader.rows(
            "SELECT seq, at, event, detail FROM log"
            " WHERE event IN ('fault_raised', 'fault_cleared') AND at >= ? AND at < ?"
            " ORDER BY at DESC, seq DESC LIMIT ?",
            [rfc3339(start_ms), rfc3339(end_ms), FAULT_EVENTS],
        )
        events = [_fault_event(*row) for row in found]
        return sorted(event for event in events if event is not None)


def _fault_event(seq: int, at: str, event: str, detail: str) -> FaultEvent | None:
    """The event of a log entry; None of one that somebody has made unreadable."""
    try:
        values = json.loads(detail)
        return FaultEvent(seq, at, event, str(values["subject"]), str(values["name"]))
    except (ValueError, KeyError, TypeError):
        return None
