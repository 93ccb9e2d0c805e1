"""A branch to measure: made by `anling init --simulated`, run as the processes it really has."""

from __future__ import annotations

import shutil
import socket
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.caller import Caller, Place
from bench.errors import BenchError
from bench.processes import Program, python, run, wait_until

BARE = "bare"
UNIT = "unit-01"
START_S = 60


class Branch:
    """The files of a branch in `folder` and the programs that run there.

    crowd: units and points that are configured besides the one unit `anling init` makes; they are
    spoken for by a `Caller`. Ports are free ones of this machine.
    """

    def __init__(self, folder: Path, *, crowd: Sequence[Place] = ()) -> None:
        self.folder = folder
        self.name = "b001"
        self.port, self.board_port = free_port(), free_port()
        self.crowd = list(crowd)
        self._programs: dict[str, Program] = {}

    def write(self) -> None:
        """Has `anling init` write the branch and adds the crowd to its gateway's configuration."""
        options = f"--simulated --units 1 --points 1 --mqtt-port {self.port}"
        options += f" --board-port {self.board_port} --broker mosquitto"
        run(python("-m", "anling", "init", str(self.folder), *options.split()))
        with (self.folder / "gateway.toml").open("a") as file:
            file.writelines(f'[[units]]\nid = "{unit}"\n' for unit in self.units)
            file.writelines(
                f'[[points]]\nid = "{point}"\nlabel = "{point}"\nunit = "{unit}"\n'
                for unit, point in self.crowd
            )

    @property
    def units(self) -> list[str]:
        """The crowd's units."""
        return list(dict.fromkeys(unit for unit, _ in self.crowd))

    @property
    def store(self) -> Path:
        return self.folder / "anling.db"

    @property
    def staff(self) -> str:
        """A member of staff, by id."""
        return self._table("gateway.toml")["staff"][0]["id"]

    @property
    def token(self) -> str:
        """A bearer token that the board takes."""
        return self._table("credentials.toml")["tokens"]["api"]

    @property
    def first_point(self) -> dict:
        """The unit's point as its configuration has it: `id`, `call` (line) and so on."""
        return self._table(f"{UNIT}.toml")["points"][0]

    def _table(self, name: str) -> dict:
        return tomllib.loads((self.folder / name).read_text(encoding="utf-8"))

    # --- programs ---

    def start(self, name: str) -> Program:
        """Starts "broker", "bare", "bare-group", "gateway", "board" or the unit."""
        program = Program(name, self._command(name), self.folder / f"{name}.log")
        program.start()
        self._programs[name] = program
        if name == "broker":
            wait_until(
                lambda: _answers(self.port),
                within_s=START_S,
                what="broker answers",
                program=program,
            )
        return program

    def _command(self, name: str) -> list[str]:
        match name:
            case "broker":
                return [mosquitto(), "-c", str(self.folder / "mosquitto.conf")]
            case "bare" | "bare-group":
                store = str(self.folder / f"{name}.db")
                options = ["--port", str(self.port), "--branch", BARE, "--store", store]
                group = ["--group"] if name == "bare-group" else []
                return python("-m", "bench.bare", *options, *group)
            case "gateway" | "board":
                return python("-m", "anling", name, "--config", str(self.folder / f"{name}.toml"))
            case _:
                return python("-m", "anling", "unit", "--config", str(self.folder / f"{name}.toml"))

    def stop(self, name: str) -> None:
        self._programs.pop(name).stop()

    def stop_all(self) -> None:
        """Ends everything, the broker last."""
        for name in reversed(list(self._programs)):
            self.stop(name)

    def check_runs(self) -> None:
        """Raises: BenchError with the last words of a program that has ended."""
        for program in self._programs.values():
            program.check_runs()

    def pid(self, name: str) -> int:
        return self._programs[name].pid

    def forget(self, database: str) -> None:
        """Removes a database of a program that does not run."""
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"{database}{suffix}").unlink(missing_ok=True)


@contextmanager
def running(folder: Path, *names: str, crowd: Sequence[Place] = ()) -> Iterator[Branch]:
    """A new branch in `folder` with its broker and the programs `names` started."""
    branch = Branch(folder, crowd=crowd)
    branch.write()
    try:
        for name in ("broker", *names):
            branch.start(name)
        yield branch
    finally:
        branch.stop_all()


@contextmanager
def calling(branch: Branch, of: str) -> Iterator[Caller]:
    """A caller to whom somebody answers. of: the branch's own name, or BARE."""
    caller = Caller(port=branch.port, branch=of)
    caller.start()
    try:
        caller.wait_for_taker(branch.crowd[0], check=branch.check_runs)
        yield caller
    finally:
        caller.stop()


def crowd(*, units: int, points: int) -> list[Place]:
    """Places of `points` points on each of `units` units, the units in turn."""
    return [
        (f"crowd-{unit:04d}", f"crowd-{unit:04d}-{point:02d}")
        for point in range(points)
        for unit in range(units)
    ]


def mosquitto() -> str:
    """The broker's program. Raises: BenchError when it is not installed."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if found is None:
        raise BenchError("mosquitto is not installed: sudo apt install mosquitto")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
