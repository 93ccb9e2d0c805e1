"""`anling demo`: a whole simulated branch on this machine."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator import broker_files, folder, init, plan, ports, ready, sample
from simulator.errors import SimulatorError, UsageError
from simulator.folder import BranchFolder
from simulator.health import Health
from simulator.programs import Program, python

# Of a new branch.
UNITS, POINTS = 3, 6
BROKER_WITHIN_S = 20.0
# The main loop turns so often.
TURN_S = 0.05
LOGS_EVERY_S = 10.0
# Whoever ends so often before the branch has ever been ready will not get well by itself.
MAX_STARTS = 4
STOP_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `anling demo` was asked for. Ports: 0 is any free one. None: not said.

    empty: a new branch leaves its points and its team to the pages.
    """

    folder: Path | None
    board_port: int
    mqtt_port: int
    units: int | None
    points: int | None
    broker: str
    ready_file: Path | None
    empty: bool = False


def run(options: Options) -> int:
    """Runs the demo until SIGTERM or SIGINT; 0 then. Raises: SimulatorError."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    if options.ready_file is not None and not options.ready_file.parent.is_dir():
        raise UsageError(f"{options.ready_file.parent} is no folder; name another --ready-file.")
    broker = _find_broker(options.broker)
    mqtt_port, board_port = _ports(options)
    with _folder(options) as path:
        is_new = not folder.is_branch(path)
        branch = _branch(path, options, mqtt_port=mqtt_port, board_port=board_port)
        demo = Demo(
            branch=branch,
            broker=broker,
            mqtt_port=mqtt_port,
            board_port=board_port,
            ready_file=options.ready_file,
            unfurnished=is_new and not branch.empty,
        )
        try:
            demo.start(stopping)
            demo.watch(stopping)
        finally:
            demo.stop()
    return 0


def _find_broker(wanted: str) -> str | None:
    """The path of mosquitto, or None for the embedded broker. Raises: SimulatorError."""
    found = None if wanted == "embedded" else broker_files.find_mosquitto()
    if wanted == "mosquitto" and found is None:
        raise SimulatorError(
            "mosquitto is not installed: apt-get install mosquitto, or use --broker embedded."
        )
    return found


def _ports(options: Options) -> tuple[int, int]:
    """(the broker's, the board's). Raises: SimulatorError."""
    if options.mqtt_port and options.mqtt_port == options.board_port:
        raise UsageError(
            f"--port and --mqtt-port are both {options.board_port}; board and broker each need "
            "their own, or 0 for any free one."
        )
    mqtt = ports.choose(options.mqtt_port, option="--mqtt-port", free_but=options.board_port)
    return mqtt, ports.choose(options.board_port, option="--port", free_but=mqtt)


@contextmanager
def _folder(options: Options) -> Iterator[Path]:
    """The branch's folder, ours alone; a temporary one is gone afterwards."""
    if options.folder is None:
        path = Path(tempfile.mkdtemp(prefix="anling-demo-"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
        return
    path = options.folder.resolve()
    if folder.is_branch(path):
        _existing(path, options)  # nothing of what is refused may be touched, not even by a lock
    else:
        init.make_empty(path)
    with _lock(path):
        yield path


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Raises: SimulatorError when another demo has it."""
    try:
        lock = (path / ".demo.lock").open("w")
    except OSError as error:
        raise SimulatorError(f"{error.filename} cannot be written: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SimulatorError(f"Another demo runs in {path}: stop that one first.") from error
        yield


def _existing(path: Path, options: Options) -> BranchFolder:
    """The branch that is there. Raises: UsageError when it is not of the size that was asked for,
    or is none that can be run; ConfigError.
    """
    branch = folder.read(path)
    asked = {"--units": options.units, "--points": options.points}
    there = {"--units": len(branch.units), "--points": len(branch.points)}
    for option, number in asked.items():
        if number not in (None, there[option]):
            raise UsageError(
                f"{path} has a branch already, with {there['--units']} units and "
                f"{there['--points']} points: leave {option} {number} out, or name another --dir."
            )
    if options.empty and not branch.empty:
        raise UsageError(
            f"{path} has a branch already, whose points are named: leave --empty out, "
            "or name another --dir."
        )
    return branch


def _branch(path: Path, options: Options, *, mqtt_port: int, board_port: int) -> BranchFolder:
    """The branch in the folder: the one that is there, on these ports, or a new one."""
    if folder.is_branch(path):
        branch = _existing(path, options)
        folder.set_ports(branch, mqtt=mqtt_port, board=board_port)
        return branch
    new = plan.make(
        branch="b001",
        units=UNITS if options.units is None else options.units,
        points=POINTS if options.points is None else options.points,
        simulated=True,
        mqtt_port=mqtt_port,
        board_port=board_port,
        empty=options.empty,
    )
    init.write_into(new, path)
    return folder.read(path)


class Demo:
    """The programs of one branch.

    broker: path of mosquitto, None for the embedded one. unfurnished: it still lacks its sample.
    """

    def __init__(
        self,
        *,
        branch: BranchFolder,
        broker: str | None,
        mqtt_port: int,
        board_port: int,
        ready_file: Path | None,
        unfurnished: bool,
    ) -> None:
        self._branch = branch
        self._mqtt_port = mqtt_port
        self._board_port = board_port
        self._ready_file = ready_file or ready.default_path(os.environ)
        self._ready_file_was_asked_for = ready_file is not None
        self._is_ready = False
        self._is_unfurnished = unfurnished
        self._logs_bound_at = 0.0
        self._broker = self._program("broker", self._broker_command(broker))
        self._others = [
            self._program(name, self._command(name)) for name in ("gateway", *branch.units, "board")
        ]
        self._health = Health(
            branch=branch, mqtt_port=mqtt_port, board_port=board_port, name=f"demo-{os.getpid()}"
        )

    @property
    def _programs(self) -> list[Program]:
        return [self._broker, *self._others]

    def _program(self, name: str, command: list[str]) -> Program:
        return Program(name, command, self._branch.path / "logs" / f"{name}.log")

    def _command(self, name: str) -> list[str]:
        kind = "unit" if name in self._branch.units else name
        return python("-m", "anling", kind, "--config", str(self._branch.file(name)))

    def _broker_command(self, mosquitto: str | None) -> list[str]:
        if mosquitto is not None:
            return [mosquitto, "-c", str(self._branch.path / broker_files.CONFIG)]
        return python("-m", "simulator.embedded_broker", ports.LOOPBACK, str(self._mqtt_port))

    def start(self, stopping: threading.Event) -> None:
        """Starts the broker, then all who would otherwise have to try it again."""
        (self._branch.path / "logs").mkdir(exist_ok=True)
        self._broker.start()
        give_up_at = time.monotonic() + BROKER_WITHIN_S
        while not ports.answers(self._mqtt_port) and not stopping.is_set():
            if time.monotonic() > give_up_at:
                raise SimulatorError(f"The broker does not answer. {self._broker.last_words()}")
            self._look_after(self._broker)
            time.sleep(TURN_S)
        for program in self._others:
            program.start()
        self._health.start()

    def watch(self, stopping: threading.Event) -> None:
        """Starts again whatever ends, and says so in the ready file, until told to stop."""
        while not stopping.is_set():
            self._health.listen(wait_s=TURN_S)
            changed = [self._look_after(program) for program in self._programs]
            if not self._is_ready and not self._health.missing():
                self._is_ready = True
                if self._is_unfurnished:
                    self._furnish()
                self._write_ready_file()
                print(self._welcome(), flush=True)
            elif self._is_ready and any(changed):
                self._write_ready_file()
            self._bound_logs()

    def _furnish(self) -> None:
        """A demo goes on without its sample, and says so."""
        by = next(one["id"] for one in self._branch.staff if "admin" in one["roles"])
        try:
            sample.furnish(board_port=self._board_port, token=self._branch.token, by=by)
        except SimulatorError as error:
            print(error, file=sys.stderr)

    def _write_ready_file(self) -> None:
        """Raises: SimulatorError, when somebody waits for the file."""
        try:
            ready.write(self._ready_file, self._content())
        except SimulatorError as error:
            if self._ready_file_was_asked_for:
                raise
            print(error, file=sys.stderr)

    def _look_after(self, program: Program) -> bool:
        """True when its pid changed. Raises: SimulatorError when it will never be well."""
        changed = program.look()
        hopeless = program.exit_code == 2 or program.starts >= MAX_STARTS
        if changed and program.pid is None and hopeless and not self._is_ready:
            raise SimulatorError(
                f"{program.name} does not start; its last words are:\n{program.last_words(lines=8)}"
            )
        return changed

    def _bound_logs(self) -> None:
        if time.monotonic() - self._logs_bound_at > LOGS_EVERY_S:
            self._logs_bound_at = time.monotonic()
            for program in self._programs:
                program.bound_log()

    def stop(self) -> None:
        """Stops everybody, the broker last, since the others say goodbye through it."""
        ready.remove(self._ready_file, demo_pid=os.getpid())
        self._health.stop()
        for group in (self._others, [self._broker]):
            for program in group:
                program.tell(signal.SIGTERM)
            until = time.monotonic() + STOP_WITHIN_S
            for program in group:
                program.wait(until)

    def _content(self) -> dict:
        """The contract's ready file."""
        return {
            "board_url": f"http://{ports.LOOPBACK}:{self._board_port}",
            "mqtt": {
                "host": ports.LOOPBACK,
                "port": self._mqtt_port,
                "username": None,
                "password": None,
            },
            "branch": self._branch.branch,
            "token": self._branch.token,
            "staff": list(self._branch.staff),
            "units": list(self._branch.units),
            "points": [
                {"id": point.id, "unit": point.unit, "lines": point.lines}
                for point in self._branch.points
            ],
            "pids": {program.name: program.pid for program in self._programs if program.pid},
            "dir": str(self._branch.path),
            "demo_pid": os.getpid(),
        }

    def _press_command(self) -> str:
        press = f"anling press {self._branch.points[0].id}"
        if self._ready_file_was_asked_for:
            return f"{press} --ready-file {shlex.quote(str(self._ready_file))}"
        return press

    def _welcome(self) -> str:
        url = f"http://{ports.LOOPBACK}:{self._board_port}"
        people = "\n".join(
            f"    {one['id']}  PIN {one['pin']}  {one['name']}  ({', '.join(one['roles'])})"
            for one in self._branch.staff
        )
        return f"""
安铃演示网点已就绪 · The Anling demo branch is ready

  大屏 Board            {url}/
  按钮与灯 Buttons       {url}/demo
  命令行 Command line    {self._press_command()}

  登录 Sign in (工号 id, PIN):
{people}

  日志 Logs  {self._branch.path}/logs
  按 Ctrl-C 结束 · Ctrl-C ends it
"""
