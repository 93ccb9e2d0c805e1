"""Reads a TOML configuration into a dataclass and lists every fault of it at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

S = TypeVar("S")
T = TypeVar("T")

# What rules find: (key, text) each; the key as seen from the rule's own table.
Findings = Iterator[tuple[str, str]]
Rule = TypeVar("Rule", bound=Callable[[Any], Findings])


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One thing wrong with a file. key: dotted path in it, such as points[2].call; "" = whole."""

    file: str
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.text) if part)


class ConfigError(Exception):
    """A configuration that cannot be used; `faults` names everything wrong with it.

    read: what could be read all the same, to be asked within `as_far_as_read` only; None: nothing.
    """

    def __init__(self, faults: list[ConfigFault], read: Any = None) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
        self.read = read


class _Unread(Exception):
    """A key was asked for that could not be read; its own fault is named already."""


class _Partly:
    """Stands for a dataclass of which some keys could not be read: to ask for one raises _Unread.

    Methods and properties of the dataclass work as long as they ask for what was read.
    """

    def __init__(self, kind: type, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        if name in {field.name for field in fields(self._kind)}:
            raise _Unread
        return getattr(self._kind, name).__get__(self)


def rule(method: Rule) -> Rule:
    """Marks a method of a dataclass that yields what one key alone cannot show.

    It is run with what could be read, and ends where it asks for a key that could not. So a rule
    is about one thing, and takes values out of lists of tables by `readable`.
    """
    method.is_rule = True  # type: ignore[attr-defined]
    return method


def as_far_as_read(check: Callable[..., Findings], *tables: Any) -> Findings:
    """What a check of these tables finds until it asks for a key that could not be read."""
    with suppress(_Unread):
        yield from check(*tables)


def readable(tables: Iterable[S], ask: Callable[[S], T]) -> Iterator[tuple[int, T]]:
    """(number, answer) of each table in a list that can answer; a rule about all asks directly."""
    for number, table in enumerate(tables):
        with suppress(_Unread):
            yield number, ask(table)


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
    checks. Methods marked with `rule` add what one key alone cannot show.
    """
    reader = _Reader(file)
    value = reader.read_table(kind, table, "")
    if reader.faults:
        raise ConfigError(reader.faults, value)
    return value


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self.faults: list[ConfigFault] = []

    def _fault(self, key: str, text: str) -> None:
        self.faults.append(ConfigFault(self._file, key, text))

    def read_table(self, kind: type, table: object, path: str) -> Any:
        """The dataclass, or what stands for it as far as it could be read."""
        if not isinstance(table, dict):
            self._fault(path, f"is {_kind_of(table)}, must be a table")
            return _Partly(kind, {})
        hints = get_type_hints(kind, include_extras=True)
        meant = self._name_unknown_keys(table, hints, path)
        values = {}
        for field in fields(kind):
            with suppress(_Unread):
                values[field.name] = self._read_key(field, hints[field.name], table, path)
        # Whoever misspelt a key did not want its default, which would bring faults that are none.
        values = {key: value for key, value in values.items() if key not in meant}
        whole = len(values) == len(fields(kind))
        value = kind(**values) if whole else _Partly(kind, values)
        self._follow_rules(kind, value, path)
        return value

    def _follow_rules(self, kind: type, value: Any, path: str) -> None:
        # Of the class, not of the value: what stands for it has the same rules; in written order.
        members = {name: one for base in reversed(kind.__mro__) for name, one in vars(base).items()}
        for member in members.values():
            if getattr(member, "is_rule", False):
                for key, text in as_far_as_read(member, value):
                    self._fault(_join(path, key), text)

    def _name_unknown_keys(self, table: dict, hints: dict, path: str) -> set[str]:
        """The keys that are not there and that the unknown ones seem to mean."""
        meant = set()
        for key in sorted(table.keys() - hints.keys()):
            close = difflib.get_close_matches(key, hints, n=1)
            hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(hints)}"
            self._fault(_join(path, key), f"is not a key here; {hint}")
            meant.update(close)
        return meant - table.keys()

    def _read_key(self, field: Field, hint: Any, table: dict, path: str) -> Any:
        if field.name in table:
            return self._read_value(hint, table[field.name], _join(path, field.name))
        if field.default is not MISSING:
            return field.default
        if field.default_factory is not MISSING:
            return field.default_factory()
        self._fault(_join(path, field.name), f"is missing; must be {allowed(hint)}")
        raise _Unread

    def _read_value(self, hint: Any, value: object, path: str) -> Any:
        if is_dataclass(hint):
            return self.read_table(hint, value, path)
        inner = get_args(hint)
        if get_origin(hint) in (Union, UnionType) and value is not None:
            meant = [one for one in inner if one is not NoneType]
            if len(meant) == 1:  # that or nothing: what is wrong with it is wrong with that
                return self._read_value(meant[0], value, path)
        if get_origin(hint) is list and is_dataclass(inner[0]):
            return self._read_list(inner[0], value, path)
        if get_origin(hint) is list and isinstance(value, list):
            return self._read_all(
                [(inner[0], one, f"{path}[{number}]") for number, one in enumerate(value)]
            )
        if get_origin(hint) is dict and isinstance(value, dict):
            keys = [(inner[0], key, path) for key in value]
            read = self._read_all(
                [*keys, *((inner[1], one, _join(path, key)) for key, one in value.items())]
            )
            return dict(zip(read[: len(keys)], read[len(keys) :], strict=True))
        try:
            return msgspec.convert(value, hint)
        except msgspec.ValidationError:
            self._fault(path, f"is {_shown(value)}; must be {allowed(hint)}")
            raise _Unread from None

    def _read_all(self, items: list[tuple[Any, object, str]]) -> list[Any]:
        """Each (hint, value, path) of the items, so that none hides what is wrong with the next."""
        read = []
        for item in items:
            with suppress(_Unread):
                read.append(self._read_value(*item))
        if len(read) < len(items):
            raise _Unread
        return read

    def _read_list(self, kind: type, value: object, path: str) -> list:
        if not isinstance(value, list):
            self._fault(path, f"is {_kind_of(value)}, must be a list of tables")
            raise _Unread
        return [
            self.read_table(kind, item, f"{path}[{number}]") for number, item in enumerate(value)
        ]


def allowed(hint: Any) -> str:
    """What a key of this type may be, in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if origin in (Union, UnionType):
        return " or ".join(allowed(one) for one in inner if one is not NoneType)
    if origin is Annotated:
        return _within(inner[0], inner[1])
    if origin is list:
        return f"a list, each of it {allowed(inner[0])}"
    if origin is dict or is_dataclass(hint):
        return "a table"
    return {str: "a text", int: "a whole number", bool: "true or false"}.get(hint, "a number")


def _within(kind: type, bounds: msgspec.Meta) -> str:
    """A text or a number within its bounds."""
    if bounds.description is not None:
        return bounds.description
    if kind is str:
        most = "" if bounds.max_length is None else f", at most {bounds.max_length}"
        return f"a text of at least {bounds.min_length or 0} characters{most}"
    most = "" if bounds.le is None else f", at most {bounds.le}"
    number = "a whole number" if kind is int else "a number"
    return f"{number}, at least {bounds.ge or 0}{most}"


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
