"""What pages answer when something is wrong. Flask's own client; no browser."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from seeded import writing

from dashboard.app import create_app
from dashboard.board import Board
from dashboard.config import BoardConfig, DemoPoint, Token
from dashboard.live import Live
from dashboard.store import Reader
from gateway.store import Vault, key_path

TOKEN = "a-token-for-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "anling.db"
    with writing(path) as writer:
        writer.configure(name="Test branch", units=[], points=[])
    return path


@pytest.fixture
def board_of() -> Iterator[Callable[..., FlaskClient]]:
    """Clients of boards that are connected to nothing, each with a store."""
    readers: list[Reader] = []

    def client(store: Path, *, demo: bool = False) -> FlaskClient:
        config = BoardConfig(
            branch="b001",
            secret_key="only-for-tests-only-for-tests-only-for-tests",
            language="en",
            demo=demo,
            demo_points=[DemoPoint(id="point-1", unit="unit-01", call=5)],
            tokens=[Token(name="tests", sha256=hashlib.sha256(TOKEN.encode()).hexdigest())],
        )
        reader = Reader(str(store))
        readers.append(reader)
        live = Live(config=config, reader=reader)
        board = Board(config=config, reader=reader, live=live, vault=Vault(key_path(store)))
        return create_app(board).test_client()

    yield client
    for reader in readers:
        reader.close()


@pytest.mark.parametrize("path", ["/", "/incidents", "/devices", "/reports/response-times"])
def test_without_records_every_page_says_so_and_tries_again(tmp_path: Path, path: str, board_of):
    client = board_of(tmp_path / "none.db")
    reply = client.get(path, headers=BEARER)
    assert reply.status_code == 503
    assert "Go and look at each point" in reply.text
    assert 'http-equiv="refresh"' in reply.text


@pytest.mark.parametrize("path", ["/", "/incidents", "/devices", "/reports/response-times"])
def test_an_empty_branch_has_all_its_pages(store: Path, path: str, board_of):
    reply = board_of(store).get(path, headers=BEARER)
    assert reply.status_code == 200
    assert "Test branch" in reply.text


def test_only_a_demo_has_buttons_to_press(store: Path, board_of):
    client = board_of(store)
    assert client.get("/demo", headers=BEARER).status_code == 404
    body = {"unit": "unit-01", "bcm": 5, "closed": True}
    assert client.post("/demo/line", headers=BEARER, json=body).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"unit": "unit-01", "bcm": 26, "closed": True}, 404),  # a line of no point
        ({"unit": "unit-02", "bcm": 5, "closed": True}, 404),
        ({"unit": "#", "bcm": 5, "closed": True}, 422),
        ({"unit": "unit-01", "bcm": 5, "closed": "yes"}, 422),
        (["no", "object"], 422),
        ({"unit": "unit-01", "bcm": 5, "closed": True}, 503),  # right, but there is no broker
    ],
)
def test_the_demo_moves_no_line_but_its_own(store: Path, body: object, status: int, board_of):
    client = board_of(store, demo=True)
    assert client.post("/demo/line", headers=BEARER, json=body).status_code == status


def test_programs_act_through_the_interface_not_through_pages(store: Path, board_of):
    client = board_of(store)
    assert client.post("/incidents/some/accept", headers=BEARER).status_code == 403
    assert client.post("/incidents/some/destroy", headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["from=soon", "to=2026-13-01", "from=0001-01-01", "from=1980-01-01&to=2026-01-01"],
)
def test_a_report_of_impossible_days_is_refused_in_words(store: Path, query: str, board_of):
    client = board_of(store)
    reply = client.get(f"/reports/response-times?{query}", headers=BEARER)
    assert reply.status_code == 422
    assert "date such as" in reply.text or "ten years" in reply.text


def test_days_in_the_wrong_order_are_turned_round(store: Path, board_of):
    client = board_of(store)
    query = "from=2026-11-24&to=2026-11-01"
    reply = client.get(f"/reports/response-times?{query}", headers=BEARER)
    assert "1 Nov 2026 – 24 Nov 2026" in reply.text
