"""Fixtures: a store written by the gateway's own Writer, and a whole real branch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import board_branch
import pytest
from board_branch import PINS, TOKEN, Branch
from jinja2.bccache import Bucket, BytecodeCache
from seeded import write_staff, writing

from dashboard.app import create_app
from dashboard.board import Board
from dashboard.config import BoardConfig, Token
from dashboard.live import Live
from gateway.store import PointRecord, Reader, StaffRecord, Vault, key_path


@pytest.fixture(scope="session")
def pin_hashes() -> dict[str, str]:
    return {staff: board_branch.pin_hash(pin) for staff, pin in PINS.items()}


@pytest.fixture
def store(tmp_path: Path, pin_hashes: dict[str, str]) -> Path:
    """A store as the gateway makes it, with a unit, a point and two members of staff."""
    path = tmp_path / "anling.db"
    with writing(path) as writer:
        writer.configure(
            name="Test branch",
            units=["unit-01"],
            points=[PointRecord(point="point-1", label="Counter 1", unit="unit-01")],
        )
        write_staff(
            writer,
            [
                StaffRecord(
                    staff="g01",
                    name="Li Na",
                    roles=("customer_service",),
                    pin_hash=pin_hashes["g01"],
                ),
                StaffRecord(
                    staff="l01",
                    name="Wang Wei",
                    roles=("lead",),
                    pin_hash=pin_hashes["l01"],
                ),
            ],
        )
    return path


@pytest.fixture
def board(store: Path) -> Iterator[Board]:
    """A board that is not connected to a broker."""
    config = BoardConfig(
        branch="b001",
        secret_key="only-for-tests-only-for-tests-only-for-tests",
        language="en",
        tokens=[Token(name="tests", sha256=hashlib.sha256(TOKEN.encode()).hexdigest())],
    )
    reader = Reader(str(store))
    vault = Vault(key_path(store))
    yield Board(config=config, reader=reader, live=Live(config=config, reader=reader), vault=vault)
    reader.close()


class Compiled(BytecodeCache):
    """Templates as the first test that needs one compiles it; each test has an app of its own."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


@pytest.fixture
def app(board: Board):
    app = create_app(board)
    app.jinja_env.bytecode_cache = COMPILED
    app.testing = False  # errors must reach the visitor as they would
    return app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Branch]:
    """A branch that runs; tests that stop parts of it use `own_branch`."""
    yield from _running(tmp_path_factory.mktemp("branch"))


@pytest.fixture
def own_branch(tmp_path: Path) -> Iterator[Branch]:
    """A branch that a test may break."""
    yield from _running(tmp_path)


@pytest.fixture
def dark_branch(tmp_path: Path) -> Iterator[Branch]:
    """A branch in which nothing runs yet."""
    branch = Branch(tmp_path)
    yield branch
    branch.stop_all()


def _running(folder: Path) -> Iterator[Branch]:
    branch = Branch(folder)
    try:
        branch.start()
        yield branch
    finally:
        branch.stop_all()
        for name in ("board", "gateway"):
            assert "Traceback" not in branch.log_of(name), branch.log_of(name)
