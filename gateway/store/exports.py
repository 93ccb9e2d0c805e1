"""Everything that is kept, row by row in bounded memory, for whoever takes it away.

Each table is read in pages by its key, so that no reader is in anybody's way for long. Hashes of
PINs and keys are not given away.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from gateway.desk.rooms import SECRET
from gateway.store.reader import Reader
from protocol.messages import Incident
from protocol.moment import rfc3339

PAGE = 1000
_LOWEST = -(2**63)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """[start_ms, end_ms), UTC; None: without a beginning, without an end."""

    start_ms: int | None = None
    end_ms: int | None = None

    @property
    def lowest_ms(self) -> int:
        return _LOWEST if self.start_ms is None else self.start_ms

    @property
    def end_or_never_ms(self) -> int:
        return 2**63 - 1 if self.end_ms is None else self.end_ms

    def has(self, utc_ms: int) -> bool:
        return self.lowest_ms <= utc_ms < self.end_or_never_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One thing that can be taken away.

    columns: of its rows. json: columns that hold JSON as text; flags: those that hold 0 or 1.
    """

    columns: tuple[str, ...]
    rows: Callable[[Reader, Window], Iterator[Row]]
    json: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


# --- rows ---


def _incidents(reader: Reader, window: Window) -> Iterator[Row]:
    """Each field of each incident, the oldest first, open and closed."""
    found = heapq.merge(
        _stage(reader, window, "stage = 'closed'"), _stage(reader, window, "stage != 'closed'")
    )
    for _raised_ms, _incident_id, body in found:
        values = json.loads(body)
        yield tuple(values.get(name) for name in _INCIDENT)


def _stage(reader: Reader, window: Window, stage: str) -> Iterator[Row]:
    key: tuple[int, str] = (window.lowest_ms, "")
    while True:
        found = reader.rows(
            "SELECT raised_ms, incident_id, body FROM incidents"
            f" WHERE (raised_ms, incident_id) > (?, ?) AND raised_ms < ? AND {stage}"
            " ORDER BY raised_ms, incident_id LIMIT ?",
            [*key, window.end_or_never_ms, PAGE],
        )
        yield from found
        if len(found) < PAGE:
            return
        key = found[-1][:2]


def log_rows(reader: Reader, window: Window) -> Iterator[Row]:
    """Every entry from the first to the last of the window, without a gap between them, so that
    the chain of hashes can be followed. detail: the very text whose hash it is."""
    seq, last = _log_bounds(reader, window)
    while True:
        found = reader.rows(
            "SELECT seq, at, event, by, incident_id, detail, hash FROM log"
            " WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?",
            [seq, last, PAGE],
        )
        yield from found
        if len(found) < PAGE:
            return
        seq = found[-1][0] + 1


def _log_bounds(reader: Reader, window: Window) -> tuple[int, int]:
    """The first and the last sequence number of a window, found by halving: entries are in order
    of time, but for a clock that was set back."""
    # Asked for together they would cost a walk through the whole log.
    (first,), (last,) = reader.rows("SELECT min(seq) FROM log UNION ALL SELECT max(seq) FROM log")
    if first is None:
        return 1, 0
    begin = first if window.start_ms is None else _first_since(reader, window.start_ms, first, last)
    if window.end_ms is not None:
        last = _first_since(reader, window.end_ms, first, last) - 1
    return begin, last


def _first_since(reader: Reader, utc_ms: int, first: int, last: int) -> int:
    """The sequence number of the first entry at or after a moment; one beyond the last if none."""
    at, low, high = rfc3339(utc_ms), first, last + 1
    while low < high:
        middle = (low + high) // 2
        found = reader.rows("SELECT at FROM log WHERE seq >= ? ORDER BY seq LIMIT 1", [middle])
        if found[0][0] < at:
            low = middle + 1
        else:
            high = middle
    return low


def _by_key(
    table: str, key: str, columns: Sequence[str], at: str | None = None
) -> Callable[[Reader, Window], Iterator[Row]]:
    """Reads a table in the order of its one-column key. at: its column of UTC milliseconds, or
    None for what has no time and is given whole."""

    def rows(reader: Reader, window: Window) -> Iterator[Row]:
        shown = ", ".join(columns)
        where, parameters = f"{key} > ?", [""]
        while True:
            found = reader.rows(
                f"SELECT {key}, {at or 0}, {shown} FROM {table} WHERE {where}"
                f" ORDER BY {key} LIMIT ?",
                [*parameters, PAGE],
            )
            for _key, utc_ms, *row in found:
                if at is None or window.has(utc_ms):
                    yield tuple(row)
            if len(found) < PAGE:
                return
            parameters = [found[-1][0]]

    return rows


def _faults(reader: Reader, window: Window) -> Iterator[Row]:
    """Each fault that came or went in the window, by the log, the oldest first."""
    low = "" if window.start_ms is None else rfc3339(window.start_ms)
    high = "~" if window.end_ms is None else rfc3339(window.end_ms)
    seq = _LOWEST
    while True:
        found = reader.rows(
            "SELECT at, seq, event, json_extract(detail, '$.subject'),"
            " json_extract(detail, '$.name') FROM log"
            " WHERE event IN ('fault_raised', 'fault_cleared') AND (at, seq) > (?, ?) AND at < ?"
            " AND json_valid(detail) ORDER BY at, seq LIMIT ?",
            [low, seq, high, PAGE],
        )
        yield from found
        if len(found) < PAGE:
            return
        low, seq = found[-1][:2]


def _rejected(reader: Reader, window: Window) -> Iterator[Row]:
    """What could not be taken; its first 4 KiB in hexadecimal. There are at most 1,000."""
    for number, at, topic, reason, payload in reader.rows(
        "SELECT id, at, topic, reason, hex(payload) FROM rejected ORDER BY id"
    ):
        if (window.start_ms is None or at >= rfc3339(window.start_ms)) and (
            window.end_ms is None or at < rfc3339(window.end_ms)
        ):
            yield number, at, topic, reason, payload


def _records(reader: Reader, window: Window) -> Iterator[Row]:
    """What the desk keeps, also what counts no more; of secret kinds nothing. Given whole."""
    kind, id = "", ""
    due_at = f"CASE WHEN due_boot = '' THEN {_utc('due_ms')} END"
    while True:
        found = reader.rows(
            f"SELECT kind, id, version, is_open, by, at, incident_id, {due_at}, body FROM records"
            " WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?",
            [kind, id, PAGE],
        )
        yield from (row for row in found if row[0] not in SECRET)
        if len(found) < PAGE:
            return
        kind, id = found[-1][:2]


def _utc(column: str) -> str:
    """SQL for a column of UTC milliseconds as RFC 3339."""
    return (
        f"strftime('%Y-%m-%dT%H:%M:%S', {column} / 1000, 'unixepoch')"
        f" || printf('.%03dZ', {column} % 1000)"
    )


_INCIDENT = tuple(field.name for field in fields(Incident))
_ALERTS = (
    *("alert_id", "unit", "point", "what", "boot", "seq", "age_ms", "wall", "drill"),
    *(_utc("received_ms"), "incident_id"),
)
_NOTICES = (
    *("notice_id", "incident_id", "channel", "step", "why", _utc("made_ms"), "state"),
    *("attempts", "detail", "staff", "subjects"),
)

EXPORTS: Mapping[str, Export] = {
    "incidents": Export(columns=_INCIDENT, rows=_incidents),
    "log": Export(
        columns=("seq", "at", "event", "by", "incident_id", "detail", "hash"),
        rows=log_rows,
        json=frozenset({"detail"}),
    ),
    "alerts": Export(
        columns=(*_ALERTS[:9], "received_at", "incident_id"),
        rows=_by_key("alerts", "alert_id", _ALERTS, "received_ms"),
        flags=frozenset({"drill"}),
    ),
    "notices": Export(
        columns=(*_NOTICES[:5], "made_at", *_NOTICES[6:]),
        rows=_by_key("notices", "notice_id", _NOTICES, "made_ms"),
        json=frozenset({"staff", "subjects"}),
    ),
    "faults": Export(columns=("at", "seq", "event", "subject", "name"), rows=_faults),
    "actions": Export(
        columns=("action_id", "ok", "reason", "taken_at", "record"),
        rows=_by_key(
            "actions",
            "action_id",
            ("action_id", "ok", "reason", _utc("taken_ms"), "record"),
            "taken_ms",
        ),
        flags=frozenset({"ok"}),
    ),
    "rejected": Export(columns=("id", "at", "topic", "reason", "payload_hex"), rows=_rejected),
    "units": Export(
        columns=("unit", "configured", "status", "last_seen_at"),
        rows=_by_key("units", "unit", ("unit", "configured", "status", "last_seen_at")),
        json=frozenset({"status"}),
        flags=frozenset({"configured"}),
    ),
    "points": Export(
        columns=("point", "label", "unit", "silent", "configured", "seat"),
        rows=_by_key("points", "point", ("point", "label", "unit", "silent", "configured", "seat")),
        flags=frozenset({"silent", "configured"}),
    ),
    "records": Export(
        columns=("kind", "id", "version", "is_open", "by", "at", "incident_id", "due_at", "body"),
        rows=_records,
        json=frozenset({"body"}),
        flags=frozenset({"is_open"}),
    ),
}
