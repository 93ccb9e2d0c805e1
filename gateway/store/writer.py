"""Writes the store: one transaction for all that one round of the loop decided."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from gateway.chain import FIRST, digest
from gateway.course import Course
from gateway.desk.record import Record
from gateway.store import channel_rows
from gateway.store.database import named_errors, open_for_writing, scrub
from gateway.store.desk_rows import RECORD_COLUMNS, read_records
from gateway.store.migrations import migrations
from gateway.store.records import ChannelRecord, Judged, LoggedEntry, PointRecord, Work
from gateway.store.sqlite import Database
from gateway.store.work_rows import JUDGED, read_course, read_judged, write_work
from protocol.decoders import decoder
from protocol.messages import Incident
from protocol.moment import rfc3339

# More connections than one run of the gateway will ever make.
SESSIONS_A_START = 1_000_000
# The fact that says who has come on duty.
HEARD_ON_DUTY = "heard_on_duty"


class Writer:
    """The one connection that writes. `open()` first; every method raises StoreError."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._db: Database | None = None
        self._log_seq = 0
        self._log_head = FIRST
        self._scrub_owed = False
        self.unreadable: list[str] = []

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

    def judged(self, action_id: str) -> Judged | None:
        """What became of an action or a request that was taken before; None if it was not."""
        with named_errors(self._path):
            found = self._db.execute(JUDGED, [action_id]).fetchone()
        return read_judged(found) if found else None

    def closed_incident(self, incident_id: str) -> Incident | None:
        with named_errors(self._path):
            found = self._db.execute(
                "SELECT body FROM incidents WHERE incident_id = ? AND stage = 'closed'",
                [incident_id],
            ).fetchone()
        return decoder(Incident).decode(found[0]) if found else None

    def courses(self) -> list[Course]:
        """Every open incident, the oldest first."""
        with named_errors(self._path):
            found = self._db.execute(
                "SELECT body, boot, press_ms, due_ms, offer_ms FROM incidents"
                " WHERE stage != 'closed' ORDER BY raised_ms, incident_id"
            ).fetchall()
        return [read_course(*row) for row in found]

    def records(self) -> list[Record]:
        """Every record of the desk that is open; `unreadable` says which could not be read."""
        with named_errors(self._path):
            found = self._db.execute(
                f"SELECT {RECORD_COLUMNS} FROM records WHERE is_open"
            ).fetchall()
        records, self.unreadable = read_records(found)
        return records

    def record(self, kind: str, id: str) -> Record | None:
        """One record of the desk, also when it is open no more."""
        with named_errors(self._path):
            found = self._db.execute(
                f"SELECT {RECORD_COLUMNS} FROM records WHERE kind = ? AND id = ?", [kind, id]
            ).fetchall()
        return next(iter(read_records(found)[0]), None)

    def desk_salt(self) -> str:
        """Something random that only this branch knows."""
        salt = self._fact("desk_salt")
        assert salt is not None, "a migration has made it"
        return salt

    def heard_on_duty(self) -> frozenset[str] | None:
        """Who was on duty when the calls last heard of it; None: they never have."""
        known = self._fact(HEARD_ON_DUTY)
        return None if known is None else frozenset(json.loads(known))

    def _fact(self, name: str) -> str | None:
        with named_errors(self._path):
            found = self._db.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        return found[0] if found else None

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
                log = [self._chained(logged) for logged in work.entries]
                write_work(self._db.conn, work, log)
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
