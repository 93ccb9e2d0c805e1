"""Which kind a configuration file is of, and what it says as far as it can be read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocol.messages import Id
from protocol.settings import ConfigError, ConfigFault, load


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


@dataclass(frozen=True, slots=True)
class File:
    """A configuration file. config: whole, or to be asked within `as_far_as_read` only."""

    kind: str
    path: str
    config: Any

    @property
    def name(self) -> str:
        return Path(self.path).name


# Keys that only one kind of file has.
_MARKS = {
    "unit": {"unit", "gpio", "timing", "outbox"},
    "board": {"secret_key", "http", "terminal", "language", "demo", "demo_points"},
    "gateway": {"units", "policy", "channels", "name"},
}


def kind_of(path: str) -> str:
    """What a file is of: unit, gateway, board or credentials; by its name, else by its keys.

    Raises: ConfigError when neither says.
    """
    name = Path(path).stem
    if name in ("gateway", "board", "credentials"):
        return name
    keys = _keys_of(path)
    scores = {kind: len(keys & marks) for kind, marks in _MARKS.items()}
    best = max(scores, key=lambda kind: scores[kind])
    if scores[best]:
        return best
    if name.startswith("unit"):
        return "unit"
    raise _fault(path, "is no file of ours: allowed are those of a unit, a gateway or a board")


def _keys_of(path: str) -> Iterable[str]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8")).keys()
    except OSError as error:
        raise _fault(path, f"cannot be read: {error.strerror}") from error
    # A number of thousands of digits is a plain ValueError; deep nesting a RecursionError.
    except (ValueError, RecursionError) as error:
        raise _fault(path, f"is not TOML: {error}") from error


def _fault(path: str, text: str) -> ConfigError:
    return ConfigError([ConfigFault(path, "", text)])


def class_of(kind: str) -> type:
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


def read(paths: Iterable[tuple[str | None, str]]) -> tuple[list[ConfigFault], list[File]]:
    """(every fault of each file alone, the files). paths: (kind, path); kind None: see `kind_of`.

    A file that is no TOML, or of no kind, is among the faults only.
    """
    faults: list[ConfigFault] = []
    files: list[File] = []
    for kind, path in paths:
        try:
            kind = kind or kind_of(path)
            files.append(File(kind, path, load(class_of(kind), path)))
        except ConfigError as error:
            faults += error.faults
            if error.read is not None:
                files.append(File(str(kind), path, error.read))
    return faults, files
