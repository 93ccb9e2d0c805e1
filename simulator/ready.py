"""The ready file: how whoever started a demo finds its parts."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from simulator.errors import SimulatorError, UsageError


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


def read(path: Path) -> dict:
    """What the file says. Raises: UsageError when there is none that can be trusted."""
    try:
        with path.open(encoding="utf-8") as file:
            owner = os.fstat(file.fileno()).st_uid
            content = json.load(file)
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no {path}: start `anling demo`, or name a unit's file with --config."
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as a ready file: {error}.") from error
    if owner not in (os.getuid(), 0):
        raise UsageError(f"{path} belongs to somebody else; name yours with --ready-file.")
    if not isinstance(content, dict) or not {"mqtt", "branch", "points"} <= content.keys():
        raise UsageError(f"{path} is no ready file of `anling demo`.")
    return content


def remove(path: Path, *, demo_pid: int) -> None:
    """Takes the file away, unless a later demo has put its own there."""
    try:
        if json.loads(path.read_text(encoding="utf-8")).get("demo_pid") == demo_pid:
            path.unlink()
    except (OSError, ValueError):
        return
