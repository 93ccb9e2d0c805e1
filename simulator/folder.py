"""Reads a branch's folder back: what runs there, which lines its points have, who may sign in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware.config import Bcm, PointConfig, UnitConfig
from protocol.link import Broker
from protocol.messages import Id
from protocol.settings import ConfigError
from simulator import agreement, broker_files, kinds
from simulator.errors import SimulatorError, UsageError
from simulator.kinds import File

_PORT = re.compile(r"^(\s*port\s*=\s*)\d+", re.MULTILINE)
_LISTENER = re.compile(r"^(\s*listener\s+)\d+", re.MULTILINE)
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)
# What a hand can touch.
_PARTS = ("call", "seat", "presence")


@dataclass(frozen=True, slots=True, kw_only=True)
class PressPoint:
    """A point that can be pressed. lines: {"call": BCM, "seat": BCM, "presence": BCM}."""

    id: Id
    unit: Id
    lines: dict[str, Bcm]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchFolder:
    """What a folder written by `anling init --simulated` holds. units: {unit: its file}.

    empty: the points are left to the pages.
    """

    path: Path
    branch: str
    units: dict[str, Path]
    points: tuple[PressPoint, ...]
    staff: tuple[dict, ...]
    token: str
    empty: bool = False

    def file(self, program: str) -> Path:
        return self.units.get(program, self.path / f"{program}.toml")


def is_branch(path: Path) -> bool:
    """Raises: SimulatorError when that cannot be seen."""
    try:
        return (path / "gateway.toml").is_file() and (path / "credentials.toml").is_file()
    except OSError as error:
        raise SimulatorError(f"{path} cannot be used: {error.strerror}.") from error


def read(path: Path) -> BranchFolder:
    """The branch in a folder. Raises: ConfigError; UsageError when it is no simulated one."""
    gateway, credentials, _board, *units = _files(path)
    secrets = credentials.config
    return BranchFolder(
        path=path,
        branch=gateway.config.branch,
        units={unit.config.unit: Path(unit.path) for unit in units},
        points=tuple(sorted((p for unit in units for p in points_of(unit.config)), key=_order)),
        staff=tuple(
            {"id": one.id, "name": one.name, "pin": one.pin, "roles": one.roles}
            for one in secrets.staff
        ),
        token=next(iter(secrets.tokens.values()), ""),
        empty=not gateway.config.points,
    )


def _files(path: Path) -> list[File]:
    """Gateway, credentials, board and the units of a simulated branch, which agree.

    Their ports may differ: whoever runs the branch sets them.
    """
    named = [(kind, str(path / f"{kind}.toml")) for kind in ("gateway", "credentials", "board")]
    units = [("unit", str(file)) for file in sorted(path.glob("unit-*.toml"))]
    faults, files = kinds.read([*named, *units])
    if not faults:
        _refuse_a_real_branch(path, files)
        faults = agreement.of_branch(files)
    if faults:
        raise ConfigError(faults)
    return files


def _refuse_a_real_branch(path: Path, files: Iterable[File]) -> None:
    """Raises: UsageError that names the first sign of one."""
    signs = [sign for file in files if (sign := _sign_of_a_real_branch(file))]
    if not any(file.kind == "unit" for file in files):
        signs.append("it has no unit-NN.toml")
    if signs:
        raise UsageError(
            f"{path} is no simulated branch: {signs[0]}. Nothing was changed. "
            "A simulated one is made with: anling init DIR --simulated."
        )


def _sign_of_a_real_branch(file: File) -> str | None:
    """What in a file belongs to real pins, or to a broker other than the demo's own."""
    if file.kind == "credentials":
        return None
    if file.kind == "unit" and file.config.gpio.backend != "simulated":
        return f"{file.name} has gpio.backend {file.config.gpio.backend!r}"
    mqtt: Broker = file.config.mqtt
    if mqtt.username is not None or mqtt.tls_ca_file is not None:
        return f"{file.name} signs in at its broker"
    if mqtt.host not in agreement.LOOPBACK:
        return f"{file.name} has its broker at {mqtt.host}"
    return None


def points_of(unit: UnitConfig) -> list[PressPoint]:
    """The points of a unit, with the lines a hand could touch."""
    return [PressPoint(id=one.id, unit=unit.unit, lines=_lines_of(one)) for one in unit.points]


def _lines_of(point: PointConfig) -> dict[str, int]:
    lines = {part: getattr(point, part) for part in _PARTS}
    return {part: line for part, line in lines.items() if line is not None}


def _order(point: PressPoint) -> tuple[str, int]:
    """point-2 before point-10."""
    name, _, number = point.id.rpartition("-")
    return (name, int(number)) if number.isdigit() else (point.id, 0)


# --- its ports ---


def set_ports(branch: BranchFolder, *, mqtt: int, board: int) -> None:
    """Changes the ports in every file of a branch and nothing else, not even a comment.

    Raises: SimulatorError; when a file is not as it should be, before any has been changed.
    """
    try:
        texts = _with_ports(branch, mqtt=mqtt, board=board)
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SimulatorError(f"{error.filename} cannot be changed: {error.strerror}.") from error


def _with_ports(branch: BranchFolder, *, mqtt: int, board: int) -> dict[Path, str]:
    """{file: its text with these ports}."""
    texts = {
        file: _checked(file, {"mqtt": mqtt})
        for file in (*branch.units.values(), branch.file("gateway"))
    }
    texts[branch.file("board")] = _checked(branch.file("board"), {"mqtt": mqtt, "http": board})
    broker = branch.path / broker_files.CONFIG
    texts[broker] = _broker_text(broker, branch.branch, mqtt)
    return texts


def _checked(file: Path, ports: dict[str, int]) -> str:
    """The file's text with the port of each table. Raises: UsageError when that would harm it."""
    text = file.read_text(encoding="utf-8")
    wanted = tomllib.loads(text)
    for table, port in ports.items():
        text = with_port(text, table=table, port=port)
        wanted[table] = {**wanted.get(table, {}), "port": port}
    try:
        is_right = tomllib.loads(text) == wanted
    except ValueError:
        is_right = False
    if not is_right:
        raise UsageError(
            f"{file}: the demo cannot change its ports; write them as `port = 1883` on a line "
            f"below {' or '.join(f'[{table}]' for table in ports)}."
        )
    return text


def _broker_text(file: Path, branch: str, port: int) -> str:
    """The same for mosquitto.conf; a branch made for the embedded broker gets one."""
    if not file.is_file():
        return broker_files.config_file(branch=branch, port=port, guarded_in=None)
    try:
        return _LISTENER.sub(rf"\g<1>{port}", file.read_text(encoding="utf-8"), count=1)
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text: {error}.") from error


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
