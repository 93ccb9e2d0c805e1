"""Reads the store, and can do nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from gateway.chain import LogEntry
from gateway.desk.record import Record
from gateway.errors import StoreError
from gateway.store import channel_rows
from gateway.store.database import named_errors, open_for_reading
from gateway.store.desk_rows import RECORD_COLUMNS, read_records
from gateway.store.records import (
    ChannelRecord,
    Judged,
    NoticeRecord,
    PointRecord,
    ResponseTime,
    StaffRecord,
    UnitRecord,
)
from gateway.store.sqlite import Database
from gateway.store.work_rows import JUDGED, read_judged
from protocol.decoders import decoder
from protocol.messages import Fault, Incident, UnitStatus

_LOG_COLUMNS = "seq, at, event, by, incident_id, detail, hash"
_NOTICE_COLUMNS = (
    "notice_id, incident_id, channel, step, why, made_ms, state, attempts, detail, staff,"
    " tried_ms, subjects"
)
_NOTICE_NAMES = _NOTICE_COLUMNS.split(", ")
_POINT_COLUMNS = "point, label, unit, silent, configured, seat, seat_alert_id, seat_boot, seat_ms"


class Reader:
    """A read-only view of the store at `path`, for any thread.

    Raises: StoreError from every method when the store is missing, locked or damaged. A reader
    opens itself at the first question, so it may be made before the store exists; and anew when
    another file has taken the store's place, since an open one would tell old news for ever.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._place = Path(path)
        self._lock = threading.Lock()
        self._db: Database | None = None
        self._file: tuple[int, int] | None = None

    def open(self) -> None:
        with self._lock:
            self._connection()

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _connection(self) -> Database:
        file = self._present_file()
        if file != self._file:
            self._let_go()
        if self._db is None:
            with named_errors(self._path):
                self._db = open_for_reading(self._path)
            self._file = file
        return self._db

    def _present_file(self) -> tuple[int, int]:
        try:
            stat = self._place.stat()
        except OSError as error:
            self._let_go()
            raise StoreError(f"the store {self._path} is not there; start the gateway") from error
        return stat.st_dev, stat.st_ino

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows that a SELECT finds."""
        with self._lock:
            try:
                with named_errors(self._path):
                    return self._connection().execute(sql, parameters).fetchall()
            except StoreError:
                # What is wrong with a connection may be right with the next.
                self._let_go()
                raise

    # --- incidents ---

    def open_incidents(self) -> list[Incident]:
        """Those not closed, the oldest first."""
        return [
            _incident(body)
            for (body,) in self.rows(
                "SELECT body FROM incidents WHERE stage != 'closed' ORDER BY raised_ms, incident_id"
            )
        ]

    def incident(self, incident_id: str) -> Incident | None:
        found = self.rows("SELECT body FROM incidents WHERE incident_id = ?", [incident_id])
        return _incident(found[0][0]) if found else None

    def incidents(
        self,
        *,
        stage: Literal["open", "closed", "all"] = "all",
        limit: int = 50,
        before: str | None = None,
    ) -> list[Incident]:
        """The newest first. before: only those raised before the incident of that id."""
        # Each stage has an index of its own, so "all" asks twice and merges.
        found = []
        if stage != "closed":
            found += self._newest("stage != 'closed'", limit=limit, before=before)
        if stage != "open":
            found += self._newest("stage = 'closed'", limit=limit, before=before)
        found.sort(reverse=True)
        return [_incident(body) for _, _, body in found[:limit]]

    def _newest(
        self, condition: str, *, limit: int, before: str | None
    ) -> list[tuple[int, str, str]]:
        """(raised_ms, incident_id, body) of the newest that fit."""
        parameters: list[object] = [limit]
        if before is not None:
            condition += (
                " AND (raised_ms, incident_id) <"
                " (SELECT raised_ms, incident_id FROM incidents WHERE incident_id = ?)"
            )
            parameters.insert(0, before)
        return self.rows(
            f"SELECT raised_ms, incident_id, body FROM incidents WHERE {condition}"
            " ORDER BY raised_ms DESC, incident_id DESC LIMIT ?",
            parameters,
        )

    def response_times(self, *, start_ms: int, end_ms: int) -> list[ResponseTime]:
        """One for each incident raised from start_ms up to, not including, end_ms (UTC)."""
        found = self.rows(
            " UNION ALL ".join(
                "SELECT incident_id, raised_ms, kind, point, drill,"
                " to_accept_ms, to_arrive_ms, to_close_ms"
                f" FROM incidents WHERE raised_ms >= ? AND raised_ms < ? AND {stage}"
                for stage in ("stage = 'closed'", "stage != 'closed'")
            )
            + " ORDER BY raised_ms",
            2 * [start_ms, end_ms],
        )
        return [
            ResponseTime(
                incident_id=incident_id,
                raised_ms=raised_ms,
                kind=kind,
                point=point,
                drill=bool(drill),
                to_accept_ms=accept,
                to_arrive_ms=arrive,
                to_close_ms=close,
            )
            for incident_id, raised_ms, kind, point, drill, accept, arrive, close in found
        ]

    # --- log and notices ---

    def log(self, incident_id: str | None = None, *, limit: int = 1000) -> list[LogEntry]:
        """An incident's entries; without an id the newest of all. The oldest comes first."""
        if incident_id is not None:
            found = self.rows(
                f"SELECT {_LOG_COLUMNS} FROM log WHERE incident_id = ? ORDER BY seq LIMIT ?",
                [incident_id, limit],
            )
            return [_log_entry(row) for row in found]
        newest = self.rows(f"SELECT {_LOG_COLUMNS} FROM log ORDER BY seq DESC LIMIT ?", [limit])
        return [_log_entry(row) for row in reversed(newest)]

    def whole_log(self) -> Iterator[LogEntry]:
        """Every entry from the first, in bounded memory."""
        # From the lowest number there can be: somebody may have put an entry before the first.
        first, page = -(2**63), 10_000
        while True:
            found = self.rows(
                f"SELECT {_LOG_COLUMNS} FROM log WHERE seq >= ? ORDER BY seq LIMIT ?", [first, page]
            )
            yield from map(_log_entry, found)
            if len(found) < page:
                return
            first = found[-1][0] + 1

    def notices(self, incident_id: str) -> list[NoticeRecord]:
        found = self.rows(
            f"SELECT {_NOTICE_COLUMNS} FROM notices WHERE incident_id = ? ORDER BY made_ms",
            [incident_id],
        )
        return [_notice(row) for row in found]

    def notice(self, notice_id: str) -> NoticeRecord | None:
        found = self.rows(f"SELECT {_NOTICE_COLUMNS} FROM notices WHERE notice_id = ?", [notice_id])
        return _notice(found[0]) if found else None

    def waiting_notices(self) -> list[NoticeRecord]:
        """Those not yet delivered or given up, the oldest first."""
        found = self.rows(
            f"SELECT {_NOTICE_COLUMNS} FROM notices WHERE state = 'waiting' ORDER BY made_ms"
        )
        return [_notice(row) for row in found]

    def channels(self) -> list[ChannelRecord]:
        """How each channel does, in the order of the configuration."""
        found = self.rows(f"SELECT {channel_rows.COLUMNS} FROM channels ORDER BY position, channel")
        return list(map(channel_rows.record, found))

    def call_link_key(self) -> str | None:
        """The key that signs links in notices; None before the gateway has made it."""
        found = self.rows("SELECT value FROM facts WHERE name = 'call_link_key'")
        return found[0][0] if found else None

    def judged(self, action_id: str) -> Judged | None:
        """What became of an action or a request; None when it was not taken so far."""
        found = self.rows(JUDGED, [action_id])
        return read_judged(found[0]) if found else None

    # --- the branch ---

    def units(self) -> list[UnitRecord]:
        return [
            UnitRecord(
                unit=unit,
                configured=bool(configured),
                status=decoder(UnitStatus).decode(status) if status else None,
                last_seen_at=last_seen_at,
            )
            for unit, configured, status, last_seen_at in self.rows(
                "SELECT unit, configured, status, last_seen_at FROM units ORDER BY unit"
            )
        ]

    def points(self) -> list[PointRecord]:
        columns = [name.strip() for name in _POINT_COLUMNS.split(",")]
        records = []
        for row in self.rows(f"SELECT {_POINT_COLUMNS} FROM points ORDER BY position, point"):
            values = dict(zip(columns, row, strict=True))
            values |= {key: bool(values[key]) for key in ("silent", "configured")}
            records.append(PointRecord(**values))
        return records

    def faults(self) -> list[Fault]:
        """Everything that does not work now, the oldest first."""
        return [
            Fault(subject=subject, name=name, since=since, detail=detail)
            for subject, name, since, detail in self.rows(
                "SELECT subject, name, since, detail FROM faults ORDER BY since, subject, name"
            )
        ]

    def staff(self) -> list[StaffRecord]:
        """Everybody, in order of their ids. on_duty: as the gateway last saw it."""
        on_duty = set(json.loads(self.fact("on_duty") or "[]"))
        pins = {one.id: one.body.hash for one in self.records("pin")}
        return [
            StaffRecord(
                staff=one.id,
                name=one.body.name,
                roles=tuple(one.body.roles),
                pin_hash=pins.get(one.id, ""),
                on_duty=one.id in on_duty,
                phone=one.body.phone,
                languages=tuple(one.body.languages),
            )
            for one in self.records("staff")
        ]

    # --- the desk ---

    def records(self, kind: str, *, closed_too: bool = False) -> list[Record]:
        """The desk's records of a kind, in order of their ids."""
        where = "kind = ?" if closed_too else "kind = ? AND is_open"
        found = self.rows(f"SELECT {RECORD_COLUMNS} FROM records WHERE {where} ORDER BY id", [kind])
        return read_records(found)[0]

    def record(self, kind: str, id: str) -> Record | None:
        """One record, also when it is open no more."""
        found = self.rows(
            f"SELECT {RECORD_COLUMNS} FROM records WHERE kind = ? AND id = ?", [kind, id]
        )
        return next(iter(read_records(found)[0]), None)

    def records_of(self, incident_id: str) -> list[Record]:
        """Every record that belongs to an incident, by kind and id."""
        found = self.rows(
            f"SELECT {RECORD_COLUMNS} FROM records WHERE incident_id = ? ORDER BY kind, id",
            [incident_id],
        )
        return read_records(found)[0]

    def fact(self, name: str) -> str | None:
        """A single value that the gateway keeps under a name."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", [name])
        return found[0][0] if found else None

    def branch_name(self) -> str:
        return self.fact("branch_name") or ""

    def rejected_count(self) -> int:
        """Messages that could not be taken, since the store was made."""
        return self.rows("SELECT coalesce(max(id), 0) FROM rejected")[0][0]


def _incident(body: str) -> Incident:
    return decoder(Incident).decode(body)


def _log_entry(row: tuple[Any, ...]) -> LogEntry:
    seq, at, event, by, incident_id, detail, digest = row
    return LogEntry(
        seq=seq,
        at=at,
        event=event,
        by=by,
        incident_id=incident_id,
        detail=_detail(detail),
        hash=digest,
    )


def _detail(text: str) -> dict[str, Any]:
    """The detail of an entry; what somebody has made unreadable is shown, and fits no hash."""
    try:
        return json.loads(text)
    except ValueError:
        return {"unreadable": text}


def _notice(row: tuple[Any, ...]) -> NoticeRecord:
    values = dict(zip(_NOTICE_NAMES, row, strict=True))
    lists = {name: tuple(json.loads(values[name])) for name in ("staff", "subjects")}
    return NoticeRecord(**{**values, **lists})
