"""The ready file: how whoever started a demo finds its parts."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from protocol.messages import Id
from simulator.errors import SimulatorError, UsageError
from simulator.folder import PressPoint

T = TypeVar("T")
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How a demo's broker is reached: on the same machine, never encrypted."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    port: Port
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyFile:
    """What of the file is needed to press a button."""

    mqtt: Door
    branch: Id
    points: tuple[PressPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Whose file it is."""

    demo_pid: int | None = None


def default_path(environment: dict[str, str] | os._Environ) -> Path:
    """Where a demo without --ready-file writes it, and where `anling press` looks."""
    folder = environment.get("XDG_RUNTIME_DIR")
    if folder and Path(folder).is_dir():
        return Path(folder) / "anling-demo.json"
    return Path(tempfile.gettempdir()) / f"anling-demo-{os.getuid()}.json"


def write(path: Path, content: dict) -> None:
    """Puts the file there whole, readable by its owner only: it holds a token and PINs.

    Raises: SimulatorError.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, indent=1)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SimulatorError(f"{path} cannot be written: {error.strerror}.") from error


def read(path: Path) -> ReadyFile:
    """What the file says. Raises: UsageError when there is none that can be trusted."""
    try:
        with path.open("rb") as file:
            owner = os.fstat(file.fileno()).st_uid
            text = file.read()
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no {path}: start `anling demo`, or name a unit's file with --config."
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read as a ready file: {error.strerror}.") from error
    if owner not in (os.getuid(), 0):
        raise UsageError(f"{path} belongs to somebody else; name yours with --ready-file.")
    content = _decoded(text, ReadyFile)
    if content is None or any("call" not in point.lines for point in content.points):
        raise UsageError(f"{path} is no ready file of `anling demo`.")
    return content


def _decoded(text: bytes, kind: type[T]) -> T | None:
    """None for what is no JSON of that kind."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def remove(path: Path, *, demo_pid: int) -> None:
    """Takes the file away, unless a later demo has put its own there."""
    try:
        written = _decoded(path.read_bytes(), _Writer)
        if written is not None and written.demo_pid == demo_pid:
            path.unlink()
    except OSError:
        return
