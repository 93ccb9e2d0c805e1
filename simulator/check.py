"""`anling check`: every fault of configuration files, and of a log."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.settings import ConfigFault
from simulator import agreement, foreign, kinds


def faults_of(paths: Iterable[str]) -> list[ConfigFault]:
    """Everything wrong with these files, and with what they say about each other."""
    found, files = kinds.read((None, path) for path in paths)
    for file in files:
        if file.kind == "gateway":
            found += foreign.faults_of(file)
    return [*found, *agreement.of_branch(files), *agreement.of_ports(files)]


def broken_log(path: str) -> str | None:
    """What is wrong with the log in a gateway's database, for people; None if nothing is.

    Raises: gateway.errors.StoreError when it cannot be read.
    """
    from gateway.chain import first_broken
    from gateway.store import Reader

    reader = Reader(path)
    try:
        broken = first_broken(reader.whole_log())
    finally:
        reader.close()
    return None if broken is None else broken.what
