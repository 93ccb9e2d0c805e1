"""One program to a database: a lock that the kernel lets go of when the program ends, however."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another program holds the lock; the text says which file it guards and what to do."""


class ProgramLock:
    """Holds `<path>.lock` while it is entered.

    On a disk that cannot be written there is no lock, and the program works all the same.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.lock")
        self._file: int | None = None

    def __enter__(self) -> ProgramLock:
        """Raises: AlreadyRunning."""
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.__exit__()
            raise AlreadyRunning(
                f"another program already runs with this one's data ({self._path} is locked);"
                " stop it first"
            ) from error
        except OSError as error:
            log.warning("no lock at %s (%s); going on without", self._path, error.strerror)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
