"""Opens the database and gives its errors plain names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from gateway.errors import StoreDamaged, StoreError

BUSY_TIMEOUT_MS = 2000

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def named_errors(path: str) -> Iterator[None]:
    """Turns what SQLite raises into StoreError or StoreDamaged, with a sentence for people."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            raise StoreDamaged(f"the store {path} is damaged ({error})") from error
        raise StoreError(f"the store {path} cannot be used now ({error})") from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite, or Python reading a text that is none, found what nobody has written."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGED or "Could not decode to UTF-8" in str(error)


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
    return Database(connection, execute_plugins=False, strict=True)


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
