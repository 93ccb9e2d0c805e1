"""`anling check`: every fault of configuration files, and of a log."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.messages import Id
from protocol.settings import ConfigError, ConfigFault, load

if TYPE_CHECKING:
    from gateway.chain import LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsPerson:
    """`[[staff]]` of credentials.toml."""

    id: Id
    name: str
    pin: str
    roles: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """credentials.toml, which no program reads; a demo's folder needs it."""

    branch: Id
    tokens: dict[str, str] = field(default_factory=dict)
    mqtt: dict[str, str] = field(default_factory=dict)
    staff: list[CredentialsPerson] = field(default_factory=list)


# Keys that only one kind of file has.
_MARKS = {
    "unit": {"unit", "gpio", "timing", "outbox"},
    "board": {"secret_key", "http", "terminal", "language", "demo", "demo_points"},
    "gateway": {"units", "policy", "channels", "name"},
}


def faults_of(paths: Iterable[str]) -> list[ConfigFault]:
    """Everything wrong with these files, and with what they say about each other."""
    found: list[ConfigFault] = []
    read: list[tuple[str, str, object]] = []
    for path in paths:
        try:
            kind = kind_of(path)
            read.append((kind, path, load(_class_of(kind), path)))
        except ConfigError as error:
            found += error.faults
    return found + _disagreements(read)


def kind_of(path: str) -> str:
    """What a file is of: unit, gateway, board or credentials; by its name, else by its keys.

    Raises: ConfigError when neither says.
    """
    name = Path(path).stem
    if name in ("gateway", "board", "credentials"):
        return name
    try:
        keys = tomllib.loads(Path(path).read_text(encoding="utf-8")).keys()
    except OSError as error:
        raise _fault(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _fault(path, f"is not TOML: {error}") from error
    scores = {kind: len(keys & marks) for kind, marks in _MARKS.items()}
    best = max(scores, key=lambda kind: scores[kind])
    if scores[best]:
        return best
    if name.startswith("unit"):
        return "unit"
    raise _fault(path, "is no file of ours: allowed are those of a unit, a gateway or a board")


def _fault(path: str, text: str) -> ConfigError:
    return ConfigError([ConfigFault(path, "", text)])


def _class_of(kind: str) -> type:
    """The dataclass of a kind of file, imported only when it is needed."""
    if kind == "unit":
        from firmware.config import UnitConfig

        return UnitConfig
    if kind == "gateway":
        from gateway.config import GatewayConfig

        return GatewayConfig
    if kind == "board":
        from dashboard.config import BoardConfig

        return BoardConfig
    return Credentials


def _disagreements(read: list[tuple[str, str, object]]) -> list[ConfigFault]:
    """Points of a unit that the gateway's file, given with it, does not know as that unit's."""
    found = []
    gateways = [config for kind, _, config in read if kind == "gateway"]
    for kind, path, unit in read:
        for gateway in gateways if kind == "unit" else ():
            if gateway.branch == unit.branch:
                found += _strangers(path, unit, gateway)
    return found


def _strangers(path: str, unit, gateway) -> list[ConfigFault]:
    owners = {point.id: point.unit for point in gateway.points}
    found = []
    for number, point in enumerate(unit.points):
        key = f"points[{number}].id"
        owner = owners.get(point.id)
        if owner is None:
            text = f"is {point.id!r}, which is not in [[points]] of gateway.toml; add it there"
            found.append(ConfigFault(path, key, text))
        elif owner != unit.unit:
            text = f"is {point.id!r}, which is of {owner} in gateway.toml, not of {unit.unit}"
            found.append(ConfigFault(path, key, text))
    return found


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """What the chain of a log says. first, last: the numbers of its entries, 0 of an empty one.
    broken: what is wrong with it, for people; None if nothing is."""

    first: int
    last: int
    broken: str | None

    @property
    def is_part(self) -> bool:
        """Whether it begins later than the log did, so that its first entry proves nothing."""
        return self.first > 1


def check_log(path: str) -> LogVerdict:
    """Follows the chain of a gateway's database or of an exported log, from its first entry.

    Raises: gateway.errors.StoreError when a database cannot be read, SimulatorError when a file
    is no log.
    """
    from gateway.store import Reader
    from simulator import exported_log

    if not exported_log.is_database(path):
        return _follow(exported_log.entries(path), may_be_part=True)
    reader = Reader(path)
    try:
        return _follow(reader.whole_log(), may_be_part=False)
    finally:
        reader.close()


def _follow(entries: Iterator[LogEntry], *, may_be_part: bool) -> LogVerdict:
    """may_be_part: whether it may begin with any entry, as the export of some days does."""
    from gateway.chain import first_broken

    numbers = [0, 0]

    def noted(found: Iterable[LogEntry]) -> Iterator[LogEntry]:
        for entry in found:
            numbers[1] = entry.seq
            yield entry

    first = next(entries, None)
    if first is None:
        return LogVerdict(0, 0, None)
    numbers[:] = first.seq, first.seq
    if may_be_part and first.seq > 1:
        broken = first_broken(noted(entries), after=first)
    else:
        broken = first_broken(noted(chain([first], entries)))
    return LogVerdict(*numbers, None if broken is None else broken.what)
