"""Writes the store: one transaction for all that one round of the loop decided."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec
from sqlite_utils import Database

from gateway.chain import FIRST, digest
from gateway.course import Course
from gateway.desk.record import Record
from gateway.store import channel_rows
from gateway.store.database import named_errors, open_for_writing, scrub
from gateway.store.desk_rows import RECORD_COLUMNS, read_record, record_row
from gateway.store.migrations import migrations
from gateway.store.records import ChannelRecord, LoggedEntry, PointRecord, UnitRecord, Work
from gateway.store.report_lines import line_of, row_of
from protocol.messages import Incident
from protocol.moment import parse_rfc3339, rfc3339

# The newest rejected messages that are kept for people to look at; all are counted.
REJECTED_KEPT = 1000
_NO_CLOCKS = (None, None, None, None)
# More connections than one run of the gateway will ever make.
SESSIONS_A_START = 1_000_000


class Writer:
    """The one connection that writes. `open()` first; every method raises StoreError."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._db: Database | None = None
        self._log_seq = 0
        self._log_head = FIRST
        self._scrub_owed = False

    def open(self) -> None:
        """Opens or makes the database and brings its schema up to date.

        It is not read through: with a million incidents on an SD card that takes minutes in which
        nobody could call. Damage shows when a damaged page is used.
        Raises: StoreDamaged when it is no database, StoreError when it cannot be opened.
        """
        with named_errors(self._path):
            self._db = open_for_writing(self._path)
            migrations.apply(self._db)
            self._read_log_head()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @property
    def log_head(self) -> str:
        """Hash of the newest log entry; all zeros while there is none."""
        return self._log_head

    @property
    def log_seq(self) -> int:
        """Number of the newest log entry; 0 while there is none."""
        return self._log_seq

    def _read_log_head(self) -> None:
        newest = self._db.execute("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1").fetchone()
        self._log_seq, self._log_head = newest or (0, FIRST)

    # --- what the loop needs to know ---

    def knows_alert(self, alert_id: str) -> bool:
        """Whether the alert was taken before. Begins the round's transaction, which costs less
        than a transaction of its own for each question."""
        with named_errors(self._path):
            self._begin()
            found = self._db.execute("SELECT 1 FROM alerts WHERE alert_id = ?", [alert_id])
            return found.fetchone() is not None

    def action_result(self, action_id: str) -> tuple[bool, str] | None:
        """What became of an action that was taken before: (ok, reason); None if it was not."""
        with named_errors(self._path):
            found = self._db.execute(
                "SELECT ok, reason FROM actions WHERE action_id = ?", [action_id]
            ).fetchone()
            return (bool(found[0]), found[1]) if found else None

    def closed_incident(self, incident_id: str) -> Incident | None:
        with named_errors(self._path):
            found = self._db.execute(
                "SELECT body FROM incidents WHERE incident_id = ? AND stage = 'closed'",
                [incident_id],
            ).fetchone()
        return msgspec.json.decode(found[0], type=Incident) if found else None

    def courses(self) -> list[Course]:
        """Every open incident, the oldest first."""
        with named_errors(self._path):
            found = self._db.execute(
                "SELECT body, boot, press_ms, due_ms, offer_ms FROM incidents"
                " WHERE stage != 'closed' ORDER BY raised_ms, incident_id"
            ).fetchall()
        return [read_course(*row) for row in found]

    def records(self) -> list[Record]:
        """Every record of the desk that is open."""
        with named_errors(self._path):
            found = self._db.execute(
                f"SELECT {RECORD_COLUMNS} FROM records WHERE is_open"
            ).fetchall()
        return [read_record(row) for row in found]

    def record(self, kind: str, id: str) -> Record | None:
        """One record of the desk, also when it is open no more."""
        with named_errors(self._path):
            row = self._db.execute(
                f"SELECT {RECORD_COLUMNS} FROM records WHERE kind = ? AND id = ?", [kind, id]
            ).fetchone()
        return read_record(row) if row else None

    def desk_salt(self) -> str:
        """Something random that only this branch knows."""
        with named_errors(self._path):
            found = self._db.execute("SELECT value FROM facts WHERE name = 'desk_salt'").fetchone()
        return found[0]

    def farewells(self) -> list[str]:
        """Closed incidents whose last word the broker has not confirmed."""
        with named_errors(self._path):
            return [row[0] for row in self._db.execute("SELECT incident_id FROM farewells")]

    # --- writing ---

    def configure(
        self,
        *,
        name: str,
        units: Iterable[str],
        points: list[PointRecord],
    ) -> None:
        """Takes over what the configuration says; what it says no longer goes, unless it calls
        or, for a point, was planned on a page."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES ('branch_name', ?)", [name])
            self._db.execute("UPDATE units SET configured = 0")
            for unit in units:
                self._db.execute(
                    "INSERT INTO units (unit, configured) VALUES (?, 1)"
                    " ON CONFLICT (unit) DO UPDATE SET configured = 1",
                    [unit],
                )
            self._db.execute("UPDATE points SET configured = 0, position = 1000000")
            for position, point in enumerate(points):
                self._db.execute(
                    "INSERT INTO points (point, label, unit, silent, configured, position)"
                    " VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (point) DO UPDATE SET"
                    " label = excluded.label, unit = excluded.unit, silent = excluded.silent,"
                    " configured = 1, position = excluded.position",
                    [point.point, point.label, point.unit, point.silent, position],
                )
            # Whoever is still there without a configuration comes back by itself.
            self._db.execute("DELETE FROM units WHERE NOT configured")
            self._db.execute(
                "DELETE FROM points WHERE NOT configured AND point NOT IN"
                " (SELECT point FROM incidents WHERE stage != 'closed')"
                " AND point NOT IN"
                " (SELECT id FROM records WHERE kind = 'point' AND is_open AND \"by\" != '')"
            )

    def configure_channels(self, channels: list[ChannelRecord]) -> None:
        """Takes over which channels there are, in their order; how each did so far stays."""
        with self._transaction():
            channel_rows.configure(self._db, channels)

    def call_link_key(self) -> str:
        """The key that signs links in notices; made at the first start and kept for good."""
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO facts VALUES ('call_link_key', ?)", [secrets.token_hex(32)]
            )
            found = self._db.execute("SELECT value FROM facts WHERE name = 'call_link_key'")
            return found.fetchone()[0]

    def begin_sessions(self) -> int:
        """The number of the next connection. Each start begins far beyond those of the last."""
        with self._transaction():
            found = self._db.execute("SELECT value FROM facts WHERE name = 'session'").fetchone()
            first = (int(found[0]) if found else 0) + SESSIONS_A_START
            self._db.execute("INSERT OR REPLACE INTO facts VALUES ('session', ?)", [str(first)])
            return first

    def commit(self, work: Work) -> None:
        """Writes all of it or, raising StoreError, none of it. Ends the round's transaction."""
        if not work:
            self.abandon()
            return
        seq, head = self._log_seq, self._log_head
        try:
            with self._transaction():
                self._write(work)
        except Exception:
            self._log_seq, self._log_head = seq, head
            raise
        self._scrub_owed = self._scrub_owed or bool(work.forgotten)
        if self._scrub_owed:
            with named_errors(self._path):
                self._scrub_owed = not scrub(self._db.conn, self._path)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with named_errors(self._path):
            try:
                self._begin()
                yield
                self._db.conn.execute("COMMIT")
            finally:
                self.abandon()

    def _begin(self) -> None:
        if not self._db.conn.in_transaction:
            self._db.conn.execute("BEGIN IMMEDIATE")

    def abandon(self) -> None:
        """Ends the round's transaction, if it has begun, and writes nothing."""
        if self._db.conn.in_transaction:
            self._db.conn.execute("ROLLBACK")

    def _write(self, work: Work) -> None:
        self._write_alerts(work)
        self._write_courses(work)
        self._many(
            "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)",
            [self._chained(logged) for logged in work.entries],
        )
        if work.actions:
            self._many(
                "INSERT INTO actions VALUES (?, ?, ?, ?) ON CONFLICT (action_id) DO NOTHING",
                [(action_id, *result) for action_id, result in work.actions.items()],
            )
        if work.rejected:
            self._write_rejected(work)
        self._write_notices(work)
        self._many(channel_rows.UPDATE, list(map(channel_rows.changes, work.channels.values())))
        self._write_branch(work)

    def _write_alerts(self, work: Work) -> None:
        self._many(
            "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (alert_id) DO NOTHING",
            [
                (
                    taken.alert.alert_id,
                    taken.unit,
                    taken.alert.point,
                    taken.alert.what,
                    taken.alert.boot,
                    taken.alert.seq,
                    taken.alert.age_ms,
                    taken.alert.wall,
                    taken.alert.drill,
                    taken.received_ms,
                    taken.incident_id,
                )
                for taken in work.alerts.values()
            ],
        )

    def _write_courses(self, work: Work) -> None:
        self._many(
            "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (incident_id) DO UPDATE SET kind = excluded.kind,"
            " stage = excluded.stage, drill = excluded.drill,"
            " to_accept_ms = excluded.to_accept_ms, to_arrive_ms = excluded.to_arrive_ms,"
            " to_close_ms = excluded.to_close_ms, body = excluded.body, boot = excluded.boot,"
            " press_ms = excluded.press_ms, due_ms = excluded.due_ms, offer_ms = excluded.offer_ms",
            [incident_row(course) for course in work.courses.values()],
        )
        closed = [one.incident for one in work.courses.values() if not one.incident.is_open]
        self._many(
            "INSERT OR IGNORE INTO farewells VALUES (?)", [(one.incident_id,) for one in closed]
        )
        self._many(
            "INSERT OR REPLACE INTO report_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [row_of(line_of(one)) for one in closed],
        )
        self._many(
            "DELETE FROM farewells WHERE incident_id = ?", [(i,) for i in work.farewells_said]
        )

    def _chained(self, logged: LoggedEntry) -> tuple:
        """The entry's row of the log, as the chain's new head."""
        entry, at = logged.entry, rfc3339(logged.at_ms)
        self._log_seq += 1
        self._log_head = digest(
            self._log_head,
            seq=self._log_seq,
            at=at,
            event=entry.event,
            by=entry.by,
            incident_id=logged.incident_id,
            detail=entry.detail,
        )
        detail = msgspec.json.encode(entry.detail).decode()
        head = self._log_head
        return (self._log_seq, at, entry.event, entry.by, logged.incident_id, detail, head)

    def _write_rejected(self, work: Work) -> None:
        self._many(
            "INSERT INTO rejected (at, topic, reason, payload) VALUES (?, ?, ?, ?)",
            [(one.at, one.topic, one.reason, one.payload) for one in work.rejected],
        )
        self._db.execute(
            "DELETE FROM rejected WHERE id <= (SELECT max(id) FROM rejected) - ?", [REJECTED_KEPT]
        )

    def _write_notices(self, work: Work) -> None:
        self._many(
            "INSERT OR REPLACE INTO notices (notice_id, incident_id, channel, step, why, made_ms,"
            " state, attempts, detail, staff, tried_ms, subjects)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    one.notice_id,
                    one.incident_id,
                    one.channel,
                    one.step,
                    one.why,
                    one.made_ms,
                    one.state,
                    one.attempts,
                    one.detail,
                    json.dumps(one.staff),
                    one.tried_ms,
                    json.dumps(one.subjects, ensure_ascii=False),
                )
                for one in work.notices.values()
            ],
        )

    def _write_branch(self, work: Work) -> None:
        self._many(
            "INSERT INTO units VALUES (?, ?, ?, ?) ON CONFLICT (unit) DO UPDATE SET"
            " status = excluded.status, last_seen_at = excluded.last_seen_at",
            [_unit_row(record) for record in work.units.values()],
        )
        self._many("DELETE FROM points WHERE point = ?", [(one,) for one in work.points_gone])
        self._many(
            "INSERT INTO points VALUES (?, ?, ?, ?, ?, 1000000, ?, ?, ?, ?)"
            " ON CONFLICT (point) DO UPDATE SET label = excluded.label, unit = excluded.unit,"
            " silent = excluded.silent, configured = excluded.configured, seat = excluded.seat,"
            " seat_alert_id = excluded.seat_alert_id, seat_boot = excluded.seat_boot,"
            " seat_ms = excluded.seat_ms",
            [_point_row(record) for record in work.points.values()],
        )
        self._many(
            "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [record_row(record) for record in work.records.values()],
        )
        if work.forgotten:
            self._forget(work.forgotten)
        self._many("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(work.facts.items()))
        self._many("DELETE FROM faults WHERE subject = ? AND name = ?", list(work.faults_cleared))
        self._many(
            "INSERT OR REPLACE INTO faults VALUES (?, ?, ?, ?)",
            [(f.subject, f.name, f.since, f.detail) for f in work.faults_raised.values()],
        )

    def _forget(self, keys: set[tuple[str, str]]) -> None:
        """Deletes records and overwrites where they were, their overflow pages too."""
        self._db.conn.execute("PRAGMA secure_delete = ON")
        self._many("DELETE FROM records WHERE kind = ? AND id = ?", list(keys))
        self._db.conn.execute("PRAGMA secure_delete = FAST")

    def _many(self, sql: str, rows: list[tuple]) -> None:
        if rows:
            self._db.conn.executemany(sql, rows)


def read_course(
    body: str, boot: str, press_ms: int | None, due_ms: int, offer_ms: int | None
) -> Course:
    """The course of a row. Its ring, if it rings, was not stored: it is due at once."""
    incident = msgspec.json.decode(body, type=Incident)
    rings = incident.stage == "raised" and incident.rings > 0
    return Course(
        incident=incident,
        boot=boot,
        raised_ms=press_ms,
        due_ms=due_ms,
        ring_ms=0 if rings else None,
        offer_ms=offer_ms,
    )


def incident_row(course: Course) -> tuple:
    """The row of table `incidents` for a course; a closed one needs its clocks no more."""
    incident = course.incident
    clocks = (course.boot, course.raised_ms, course.due_ms, course.offer_ms)
    return (
        incident.incident_id,
        incident.point,
        incident.kind,
        incident.stage,
        incident.drill,
        parse_rfc3339(incident.raised_at),
        incident.to_accept_ms,
        incident.to_arrive_ms,
        incident.to_close_ms,
        msgspec.json.encode(incident).decode(),
        *(clocks if incident.is_open else _NO_CLOCKS),
    )


def _unit_row(record: UnitRecord) -> tuple:
    status = msgspec.json.encode(record.status).decode() if record.status else None
    return (record.unit, record.configured, status, record.last_seen_at)


def _point_row(record: PointRecord) -> tuple:
    return (
        record.point,
        record.label,
        record.unit,
        record.silent,
        record.configured,
        record.seat,
        record.seat_alert_id,
        record.seat_boot,
        record.seat_ms,
    )
