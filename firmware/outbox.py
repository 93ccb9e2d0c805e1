"""The outbox: what must outlive the program and the power, in SQLite, safe before it is told.

Every write is one transaction in WAL mode with `synchronous=FULL`: what a write has returned from
is on the disk, also when the power fails the next moment.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from firmware.errors import OutboxDamaged, OutboxError
from firmware.events import Remembered, Save
from firmware.outgoing import Unsent
from firmware.point import Memory
from protocol.messages import Alert

log = logging.getLogger(__name__)

VERSION = 1
BUSY_S = 1.0

SCHEMA = """
CREATE TABLE alerts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL UNIQUE,
    point TEXT NOT NULL,
    what TEXT NOT NULL,
    boot TEXT NOT NULL,
    seq INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    wall TEXT,
    drill INTEGER NOT NULL
) STRICT;
CREATE TABLE points (
    point TEXT PRIMARY KEY,
    press TEXT NOT NULL CHECK (press IN ('idle', 'pressed', 'held', 'stuck')),
    since_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    occupied INTEGER NOT NULL,
    faulty INTEGER NOT NULL
) STRICT;
CREATE TABLE unit (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    session INTEGER NOT NULL,
    boot TEXT NOT NULL,
    seq INTEGER NOT NULL,
    dropped INTEGER NOT NULL
) STRICT;
INSERT INTO unit VALUES (1, 0, '', 0, 0);
"""


class Outbox:
    """The unit's unsent alerts and what it must remember of its points."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._db is not None

    def open(self) -> Remembered:
        """What it holds. Raises: OutboxError while it cannot be written, OutboxDamaged for good."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            db = _connect(f"{self._path.as_uri()}?mode=rwc")
            try:
                _prepare(db)
                remembered = _read(db)
            except BaseException:
                db.close()
                raise
        except (sqlite3.Error, OSError, OutboxError) as error:
            raise _named(error, self._path) from error
        self._db = db
        return remembered

    def peek(self) -> Remembered:
        """What it holds, for a disk that can only be read; nothing if even that fails."""
        try:
            with closing(_connect(f"{self._path.as_uri()}?mode=ro")) as db:
                return _read(db)
        except (sqlite3.Error, OSError, OutboxError):
            return Remembered()

    def write(self, save: Save) -> None:
        """Puts all of it in, in one transaction. Raises: OutboxError, OutboxDamaged."""
        if self._db is None:
            raise OutboxError(f"{self._path} is not open")
        try:
            self._db.execute("BEGIN IMMEDIATE")
            _write(self._db, save)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            # Closing takes back what was begun; whoever writes next opens it anew.
            self.close()
            raise _named(error, self._path) from error

    def move_aside(self, moment_utc_ms: int) -> Path | None:
        """Closes a damaged outbox and renames it; its new path. Raises: OutboxError."""
        self.close()
        stamp = datetime.fromtimestamp(moment_utc_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S%fZ")
        aside = self._path.with_name(f"{self._path.name}.damaged-{stamp}")
        try:
            for suffix in ("-wal", "-shm", ""):
                part = self._path.with_name(self._path.name + suffix)
                if part.exists():
                    part.rename(aside.with_name(aside.name + suffix))
        except OSError as error:
            raise OutboxError(f"{self._path} cannot be moved aside: {error.strerror}") from error
        return aside

    def close(self) -> None:
        if self._db is not None:
            try:
                self._db.close()
            except sqlite3.Error as error:
                log.warning("the outbox %s did not close well: %s", self._path, error)
            self._db = None


def _connect(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)
    try:
        db.execute("PRAGMA cache_size = -512")
    except sqlite3.Error:  # what is no database is found out here
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    """Makes the tables of a new database; finds out whether an old one is whole."""
    if db.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise OutboxError("the outbox's disk does not take write-ahead logging")
    db.execute("PRAGMA synchronous = FULL")
    if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise OutboxDamaged("it is not whole any more")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and not db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION or not _has_tables(db):
        raise OutboxDamaged("it was made by another program or a newer one")


def _has_tables(db: sqlite3.Connection) -> bool:
    tables = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {"alerts", "points", "unit"} <= {name for (name,) in tables}


def _read(db: sqlite3.Connection) -> Remembered:
    alerts = db.execute(
        "SELECT alert_id, point, what, boot, seq, wall, drill, mono_ms FROM alerts ORDER BY number"
    )
    unsent = tuple(
        Unsent(
            Alert(
                alert_id=alert_id,
                point=point,
                what=what,
                boot=boot,
                seq=seq,
                wall=wall,
                drill=bool(drill),
            ),
            mono_ms,
            storage="kept",
        )
        for alert_id, point, what, boot, seq, wall, drill, mono_ms in alerts
    )
    points = db.execute("SELECT point, press, since_ms, boot, occupied, faulty FROM points")
    memories = {
        point: Memory(
            point=point,
            press=press,
            since_ms=since_ms,
            boot=boot,
            occupied=bool(occupied),
            faulty=bool(faulty),
        )
        for point, press, since_ms, boot, occupied, faulty in points
    }
    row = db.execute("SELECT session, boot, seq, dropped FROM unit").fetchone()
    if row is None:
        raise OutboxDamaged("the row of the unit is gone")
    session, boot, seq, dropped = row
    return Remembered(
        unsent=unsent, memories=memories, session=session, boot=boot, seq=seq, dropped=dropped
    )


def _write(db: sqlite3.Connection, save: Save) -> None:
    db.executemany(
        "INSERT INTO alerts (alert_id, point, what, boot, seq, mono_ms, wall, drill)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (alert_id) DO NOTHING",
        [
            (
                one.alert.alert_id,
                one.alert.point,
                one.alert.what,
                one.alert.boot,
                one.alert.seq,
                one.mono_ms,
                one.alert.wall,
                int(one.alert.drill),
            )
            for one in save.add
        ],
    )
    db.executemany("DELETE FROM alerts WHERE alert_id = ?", [(one,) for one in save.forget])
    db.executemany(
        "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?)",
        [
            (one.point, one.press, one.since_ms, one.boot, int(one.occupied), int(one.faulty))
            for one in save.memories
        ],
    )
    db.execute(
        "UPDATE unit SET session = ?, boot = ?, seq = ?, dropped = ?",
        (save.session, save.boot, save.seq, save.dropped),
    )


def _named(error: Exception, path: Path) -> OutboxError:
    """The error as ours: damaged for good, or only away for now."""
    if isinstance(error, OutboxError):
        return type(error)(f"{path}: {error}")
    # What sqlite3 gives a name of its own (locked, full, read-only, no such file) can heal; a file
    # that is malformed or no database at all is a bare DatabaseError.
    kind = OutboxDamaged if type(error) is sqlite3.DatabaseError else OutboxError
    return kind(f"{path} cannot be used: {error}")
