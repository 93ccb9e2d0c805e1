"""Fixtures: a loop on a real store, a real broker, real gateway processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gateway_kit import Desk
from gateway_process import Gateway, Mosquitto, Station
from gateway_web import Web

from gateway.store import Reader, Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anling.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(str(path))
    writer.open()
    yield writer
    writer.close()


@pytest.fixture
def reader(path: Path, writer: Writer) -> Iterator[Reader]:
    reader = Reader(str(path))
    yield reader
    reader.close()


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    desk = Desk(path).start()
    yield desk
    desk.stop()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A mosquitto for all tests of this folder; each test begins with nothing retained."""
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that a test may kill; not started."""
    broker = Mosquitto(tmp_path)
    yield broker
    broker.kill()


@pytest.fixture
def stations() -> Iterator[Callable[..., Station]]:
    """Makes stations at a broker and ends them."""
    made: list[Station] = []

    def make(broker: Mosquitto) -> Station:
        made.append(Station(broker.port, f"station-{len(made)}"))
        return made[-1].start()

    yield make
    for station in made:
        station.link.stop()


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Makes gateways and ends them."""
    made: list[Gateway] = []

    def make(broker: Mosquitto, *, more: str = "") -> Gateway:
        made.append(Gateway(tmp_path, broker.port, more=more))
        return made[-1]

    yield make
    for gateway in made:
        gateway.stop()


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    yield web
    web.stop()
