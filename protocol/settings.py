"""Reads a TOML configuration into a dataclass and lists every fault of it at once."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One thing wrong with a file. key: dotted path in it, such as points[2].call; "" = whole."""

    file: str
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.text) if part)


class ConfigError(Exception):
    """A configuration that cannot be used; `faults` names everything wrong with it."""

    def __init__(self, faults: list[ConfigFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load(kind: type[T], path: str | Path) -> T:
    """The configuration in the file at `path`. Raises: ConfigError with all of its faults."""
    file = str(path)
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([ConfigFault(file, "", f"cannot be read: {error.strerror}")]) from error
    # A number of thousands of digits is a plain ValueError; deep nesting a RecursionError.
    except (ValueError, RecursionError) as error:
        raise ConfigError([ConfigFault(file, "", f"is not TOML: {error}")]) from error
    return from_table(kind, table, file=file)


def from_table(kind: type[T], table: dict[str, Any], *, file: str = "") -> T:
    """The configuration in a parsed table. Raises: ConfigError with all of its faults.

    `kind` is a dataclass; its fields may be dataclasses, lists of them, or anything msgspec
    checks. A dataclass with a method `faults()` adds [(key, text)] that one key alone cannot show.
    """
    reader = _Reader(file)
    value = reader.read_table(kind, table, "")
    if reader.faults:
        raise ConfigError(reader.faults)
    return value


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self.faults: list[ConfigFault] = []

    def _fault(self, key: str, text: str) -> None:
        self.faults.append(ConfigFault(self._file, key, text))

    def read_table(self, kind: type, table: object, path: str) -> Any:
        if not isinstance(table, dict):
            self._fault(path, f"is {_kind_of(table)}, must be a table")
            return None
        faults_before = len(self.faults)
        hints = get_type_hints(kind, include_extras=True)
        self._name_unknown_keys(table, hints, path)
        values = {
            field.name: self._read_value(
                hints[field.name], table[field.name], _join(path, field.name)
            )
            for field in fields(kind)
            if field.name in table
        }
        for field in fields(kind):
            required = field.default is MISSING and field.default_factory is MISSING
            if required and field.name not in table:
                self._fault(_join(path, field.name), "is missing")
        if len(self.faults) > faults_before:
            return None
        return self._checked(kind(**values), path)

    def _checked(self, value: Any, path: str) -> Any:
        for key, text in getattr(value, "faults", list)():
            self._fault(_join(path, key), text)
        return value

    def _name_unknown_keys(self, table: dict, hints: dict, path: str) -> None:
        for key in sorted(table.keys() - hints.keys()):
            close = difflib.get_close_matches(key, hints, n=1)
            hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(hints)}"
            self._fault(_join(path, key), f"is not a key here; {hint}")

    def _read_value(self, hint: Any, value: object, path: str) -> Any:
        if is_dataclass(hint):
            return self.read_table(hint, value, path)
        inner = get_args(hint)
        if get_origin(hint) is list and is_dataclass(inner[0]):
            return self._read_list(inner[0], value, path)
        try:
            return msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            self._fault(path, f"is {_shown(value)}; {error}")
            return None

    def _read_list(self, kind: type, value: object, path: str) -> list:
        if not isinstance(value, list):
            self._fault(path, f"is {_kind_of(value)}, must be a list of tables")
            return []
        return [
            self.read_table(kind, item, f"{path}[{number}]") for number, item in enumerate(value)
        ]


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes out no number of more than 4,300 digits
        return "a number too long to show"
    return text if len(text) <= 60 else text[:57] + "..."


def _kind_of(value: object) -> str:
    return {str: "a text", int: "a number", list: "a list", bool: "true or false"}.get(
        type(value), f"a {type(value).__name__}"
    )
