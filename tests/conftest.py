"""Fixtures for everybody: a real mosquitto, and a whole branch run by the real command line."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from running_branch import RunningBranch, wait_until

from simulator.broker_files import find_mosquitto

# How long an example takes says something of the machine, nothing of the rule.
settings.register_profile("anling", deadline=None)
settings.load_profile("anling")

# The files that take long, the longest first: when several run at a time, short ones fill the end.
LONG = (
    "test_browser_story",
    "tests/browser/",
    "tests/simulation/",
    "tests/system/",
    "test_gateway_processes",
    "test_gateway_trouble",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    path = item.path.as_posix()
    return next((turn for turn, part in enumerate(LONG) if part in path), len(LONG))


CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 100000
max_inflight_messages 0
"""


class Mosquitto:
    """A real broker on a free port of the loopback. Whoever kills it may `start` it again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.host = "127.0.0.1"
        self.port = _free_port()

    def start(self, config: Path | None = None) -> None:
        """config: another mosquitto.conf, which must listen on `port`."""
        program = find_mosquitto()
        if program is None:
            pytest.skip("mosquitto is not installed: apt-get install mosquitto")
        if config is None:
            config = self._folder / "mosquitto.conf"
            config.write_text(CONFIG.format(port=self.port))
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(f"mosquitto listens: {self.log}", self._listens, within_s=20)

    @property
    def log(self) -> str:
        return (self._folder / "mosquitto.log").read_text(errors="replace")

    def kill(self) -> None:
        self._end(self._process.kill if self._process else None)

    def stop(self) -> None:
        self._end(self._process.terminate if self._process else None)

    def _end(self, how) -> None:
        if how is not None:
            how()
            self._process.wait(20)
            self._process = None

    def _listens(self) -> bool:
        assert self._process.poll() is None, self.log
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(autouse=True)
def no_room_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A gateway goes on without a part of its desk that fails; a test of it does not."""
    yield
    said = [*caplog.get_records("setup"), *caplog.get_records("call")]
    failed = [one for one in said if one.name == "gateway.desk.guard"]
    assert not failed, [one.getMessage() for one in failed]


@pytest.fixture
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker that lets anybody in."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def idle_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker that does not run yet, to be started with a configuration of one's own."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBranch]:
    """A demo that runs for all tests of a file; who breaks it uses `own_branch`."""
    yield from _running(RunningBranch(tmp_path_factory.mktemp("branch")))


@pytest.fixture
def own_branch(tmp_path: Path) -> Iterator[RunningBranch]:
    """A demo that a test may break."""
    yield from _running(RunningBranch(tmp_path))


def _running(branch: RunningBranch) -> Iterator[RunningBranch]:
    try:
        branch.start()
        yield branch
    finally:
        code = branch.stop()
    assert code == 0, branch.output
    for log in (branch.folder / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(errors="replace"), log.read_text(errors="replace")
