"""`anling check`: every fault of configuration files, and of a log."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocol.messages import Id
from protocol.settings import ConfigError, ConfigFault, Findings, as_far_as_read, load, readable


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
    read: list[tuple[str, str, Any]] = []
    for path in paths:
        try:
            kind = kind_of(path)
            read.append((kind, path, load(_class_of(kind), path)))
        except ConfigError as error:
            found += error.faults
            if error.read is not None:
                read.append((kind, path, error.read))
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


def _disagreements(read: list[tuple[str, str, Any]]) -> list[ConfigFault]:
    """Points of a unit that the gateway's file, given with it, does not know as that unit's."""
    gateways = [config for kind, _, config in read if kind == "gateway"]
    return [
        ConfigFault(path, key, text)
        for kind, path, unit in read
        for gateway in (gateways if kind == "unit" else ())
        for key, text in as_far_as_read(_strangers, unit, gateway)
    ]


def _strangers(unit: Any, gateway: Any) -> Findings:
    if gateway.branch == unit.branch:
        yield from as_far_as_read(_unknown_points, unit, gateway)
        yield from as_far_as_read(_points_of_others, unit, gateway)


def _unknown_points(unit: Any, gateway: Any) -> Findings:
    known = {point.id for point in gateway.points}
    for number, name in readable(unit.points, lambda point: point.id):
        if name not in known:
            text = f"is {name!r}, which is not in [[points]] of gateway.toml; add it there"
            yield f"points[{number}].id", text


def _points_of_others(unit: Any, gateway: Any) -> Findings:
    # A point that stands there twice, as another unit's too, is a fault of the gateway's file.
    pairs = [pair for _, pair in readable(gateway.points, lambda one: (one.id, one.unit))]
    owners = dict(pairs)
    for number, name in readable(unit.points, lambda point: point.id):
        if name in owners and (name, unit.unit) not in pairs:
            text = f"is {name!r}, which is of {owners[name]} in gateway.toml, not of {unit.unit}"
            yield f"points[{number}].id", text


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
