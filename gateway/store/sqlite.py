"""The one importer of sqlite-utils, without numpy and pandas.

It looks for both, to know the types of their numbers, which nobody stores here. With them a gateway
that shares its packages with the board's plots would carry 13 MiB more and start later.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Database", "Migrations"]


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """As if these were not installed; those that somebody has imported already stay."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # Python's own word for what cannot be imported
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _absent("numpy", "pandas"):
    from sqlite_utils import Database, Migrations
