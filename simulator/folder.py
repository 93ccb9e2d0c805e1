"""Reads a branch's folder back: what runs there, which lines its points have, who may sign in."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from simulator import broker_files
from simulator.errors import UsageError

_PORT = re.compile(r"^(\s*port\s*=\s*)\d+", re.MULTILINE)
_LISTENER = re.compile(r"^(\s*listener\s+)\d+", re.MULTILINE)
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressPoint:
    """A point that can be pressed. lines: {"call": BCM, "seat": BCM, "presence": BCM}."""

    id: str
    unit: str
    lines: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchFolder:
    """What a folder written by `anling init --simulated` holds."""

    path: Path
    branch: str
    units: tuple[str, ...]
    points: tuple[PressPoint, ...]
    staff: tuple[dict, ...]
    token: str

    def file(self, program: str) -> Path:
        return self.path / f"{program}.toml"


def is_branch(path: Path) -> bool:
    return (path / "gateway.toml").is_file() and (path / "credentials.toml").is_file()


def read(path: Path) -> BranchFolder:
    """The branch in a folder. Raises: UsageError when it is none, or no simulated one."""
    gateway = read_toml(path / "gateway.toml")
    secrets = read_toml(path / "credentials.toml")
    files = [read_toml(file) for file in sorted(path.glob("unit-*.toml"))]
    if any(file.get("gpio", {}).get("backend") != "simulated" for file in files):
        raise UsageError(
            f"{path} is a real branch; the demo runs simulated ones: anling init DIR --simulated."
        )
    return BranchFolder(
        path=path,
        branch=gateway["branch"],
        units=tuple(file["unit"] for file in files),
        points=tuple(sorted((p for f in files for p in points_of(f)), key=_order)),
        staff=tuple(
            {"id": one["id"], "name": one["name"], "pin": one["pin"], "roles": one["roles"]}
            for one in secrets.get("staff", [])
        ),
        token=next(iter(secrets.get("tokens", {}).values()), ""),
    )


def points_of(unit_table: dict) -> list[PressPoint]:
    """The points of a parsed unit file, with the lines a hand could touch."""
    return [
        PressPoint(
            id=point["id"],
            unit=unit_table["unit"],
            lines={part: point[part] for part in ("call", "seat", "presence") if part in point},
        )
        for point in unit_table.get("points", [])
    ]


def _order(point: PressPoint) -> tuple[str, int]:
    """point-2 before point-10."""
    name, _, number = point.id.rpartition("-")
    return (name, int(number)) if number.isdigit() else (point.id, 0)


def read_toml(path: Path) -> dict:
    """A file's table. Raises: UsageError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}.") from error


def set_ports(path: Path, *, mqtt: int, board: int) -> None:
    """Changes the ports in every file of a branch and nothing else, not even a comment."""
    for file in [*path.glob("unit-*.toml"), path / "gateway.toml", path / "board.toml"]:
        text = with_port(file.read_text(encoding="utf-8"), table="mqtt", port=mqtt)
        if file.name == "board.toml":
            text = with_port(text, table="http", port=board)
        file.write_text(text, encoding="utf-8")
    _set_broker_port(path, mqtt)


def _set_broker_port(path: Path, port: int) -> None:
    """The same for mosquitto.conf; a branch made for the embedded broker gets one."""
    file = path / broker_files.CONFIG
    if file.is_file():
        text = _LISTENER.sub(rf"\g<1>{port}", file.read_text(encoding="utf-8"), count=1)
    else:
        branch = read_toml(path / "gateway.toml")["branch"]
        text = broker_files.config_file(branch=branch, port=port, guarded_in=None)
    file.write_text(text, encoding="utf-8")


def with_port(text: str, *, table: str, port: int) -> str:
    """The TOML text with `port` of one table changed, or added where the table has none."""
    head = re.search(rf"^\s*\[{table}\][^\n]*\n", text, re.MULTILINE)
    if head is None:
        return f"{text}\n[{table}]\nport = {port}\n"
    following = _TABLE.search(text, head.end())
    end = following.start() if following else len(text)
    body, count = _PORT.subn(rf"\g<1>{port}", text[head.end() : end], count=1)
    if not count:
        body = f"port = {port}\n{body}"
    return text[: head.end()] + body + text[end:]
