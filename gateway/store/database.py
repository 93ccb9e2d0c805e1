"""Opens the database and gives its errors plain names."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.errors import StoreDamaged, StoreError
from gateway.store.sqlite import Database

BUSY_TIMEOUT_MS = 2000

# As long as SQLite lets its write-ahead log grow before it starts again at the beginning: 1,000
# pages with their heads.
WAL_BYTES = 32 + 1000 * (24 + 4096)

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def named_errors(path: str) -> Iterator[None]:
    """Turns what SQLite raises into StoreError or StoreDamaged, with a sentence for people."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            raise StoreDamaged(f"the store {path} is damaged ({error})") from error
        text = f"the store {path} cannot be used now ({error})"
        raise StoreError(text, may_heal=_code(error) != sqlite3.SQLITE_CANTOPEN) from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite, or Python reading a text that is none, found what nobody has written."""
    return _code(error) in _DAMAGED or "Could not decode to UTF-8" in str(error)


def _code(error: sqlite3.DatabaseError) -> int:
    """SQLite's primary code; 0 for an error of Python's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def open_for_writing(path: str) -> Database:
    """The one writer's connection. Every commit is on the disk when it returns.

    Raises: sqlite3.Error.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with _closed_on_failure(connection):
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL may lose the last commits when the power goes; a receipt promises more than that.
        connection.execute("PRAGMA synchronous = FULL")
        # What is deleted or moved within a page leaves no copy there; it costs no more writing.
        connection.execute("PRAGMA secure_delete = FAST")
        _lay_out_wal(Path(f"{path}-wal"))
    return Database(connection, execute_plugins=False, strict=True)


def scrub(connection: sqlite3.Connection, path: str) -> bool:
    """Takes what was deleted out of the write-ahead log too. False: a reader still needs it."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    if not busy:
        _lay_out_wal(Path(f"{path}-wal"))
    return not busy


def _lay_out_wal(wal: Path) -> None:
    """Gives the write-ahead log its whole length at once.

    A commit that lengthens a file waits for the file system's own journal too, an SD card's worth
    of which is many milliseconds. SQLite takes the zeros for what they are: no frames.
    """
    with suppress(OSError), wal.open("ab") as file:  # a full disk: the commits will say so
        file.write(bytes(max(0, WAL_BYTES - file.tell())))
        file.flush()
        os.fsync(file.fileno())


def open_for_reading(path: str) -> Database:
    """A connection that cannot write. Raises: sqlite3.Error, also when there is no such file."""
    address = f"{Path(path).resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    with _closed_on_failure(connection):
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return Database(connection, execute_plugins=False)


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error:
        connection.close()
        raise
