"""The programs' disks: memory of this machine. What makes a real one safe only costs time here.

No power is ever cut from this memory, so nothing waits for it to be on a disk; and a new store or
outbox is a copy of an empty one, which the program's own code has made once.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from gateway.store.database import WAL_BYTES

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@functools.cache
def empty(make: Callable[[Path], None]) -> bytes:
    """The file that `make` leaves at the path it is given."""
    with tempfile.TemporaryDirectory(prefix="anling-", dir=MEMORY) as folder:
        path = Path(folder) / "empty.db"
        make(path)
        return path.read_bytes()


def lay_out(path: Path, make: Callable[[Path], None]) -> None:
    """Puts an empty database where none is, as `make` would."""
    if not path.exists():
        path.write_bytes(empty(make))


def lay_out_wal(path: Path) -> None:
    """Gives a store's write-ahead log its whole length, so that the store need not write it."""
    wal = Path(f"{path}-wal")
    if not wal.exists():
        wal.touch()
        os.truncate(wal, WAL_BYTES)


def wait_for_no_disk(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = OFF")
