"""`anling check`: every fault of configuration files, and of a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from protocol.settings import ConfigFault
from simulator import agreement, foreign, kinds

if TYPE_CHECKING:
    from gateway.chain import LogEntry


def faults_of(paths: Iterable[str]) -> list[ConfigFault]:
    """Everything wrong with these files, and with what they say about each other."""
    found, files = kinds.read((None, path) for path in paths)
    for file in files:
        if file.kind == "gateway":
            found += foreign.faults_of(file)
    return [*found, *agreement.of_branch(files), *agreement.of_ports(files)]


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """What the chain of a log says. first, last: the numbers of its entries, 0 of an empty one.
    broken: what is wrong with it, for people; None if nothing is. head_seq: the number of the entry
    with the hash that was written down, None when it is none of them."""

    first: int
    last: int
    broken: str | None
    head_seq: int | None = None

    @property
    def is_part(self) -> bool:
        """Whether it begins later than the log did, so that its first entry proves nothing."""
        return self.first > 1


def check_log(path: str, *, head: str | None = None) -> LogVerdict:
    """Follows the chain of a gateway's database or of an exported log, from its first entry.

    head: a hash that somebody wrote down, to be looked for: a log that was cut off before it has
    no such entry.

    Raises: gateway.errors.StoreError when a database cannot be read, SimulatorError when a file
    is no log.
    """
    from gateway.store import Reader
    from simulator import exported_log

    if not exported_log.is_database(path):
        return _follow(exported_log.entries(path), head, may_be_part=True)
    reader = Reader(path)
    try:
        return _follow(reader.whole_log(), head, may_be_part=False)
    finally:
        reader.close()


def _follow(entries: Iterator[LogEntry], head: str | None, *, may_be_part: bool) -> LogVerdict:
    """may_be_part: whether it may begin with any entry, as the export of some days does."""
    from gateway.chain import first_broken

    last = 0
    head_seq: int | None = None

    def noted(found: Iterable[LogEntry]) -> Iterator[LogEntry]:
        nonlocal last, head_seq
        for entry in found:
            last = entry.seq
            head_seq = entry.seq if entry.hash == head else head_seq
            yield entry

    noted_entries = noted(entries)
    first = next(noted_entries, None)
    if first is None:
        return LogVerdict(0, 0, None)
    if may_be_part and first.seq > 1:
        broken = first_broken(noted_entries, after=first)
    else:
        broken = first_broken(chain([first], noted_entries))
    return LogVerdict(first.seq, last, None if broken is None else broken.what, head_seq)
