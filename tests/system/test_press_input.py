"""`anling press` with files that cannot be right: one plain sentence each, exit 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import anling as front_door
from simulator import init, plan, press

HUGE = {"nested": "x = " + "[" * 3000, "digits": "x = " + "9" * 6000}


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    new = plan.make(
        branch="b001", units=2, points=4, simulated=True, mqtt_port=1883, board_port=8000
    )
    init.write(new, tmp_path / "b")
    return tmp_path / "b"


def _refusal(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert front_door.main(["press", "point-1", *map(str, words)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_file_that_toml_cannot_hold_is_refused(tmp_path: Path, text: str, capsys):
    (tmp_path / "unit.toml").write_text(text)
    assert "unit.toml: is not TOML" in _refusal(capsys, "--config", tmp_path / "unit.toml")


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_broken_unit_beside_the_named_file_is_named(branch: Path, text: str, capsys):
    (branch / "unit-07.toml").write_text(text)
    assert "unit-07.toml: is not TOML" in _refusal(capsys, "--config", branch / "gateway.toml")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("port = 1883", 'port = "1883"', "mqtt.port: is '1883'"),
        ("[gpio]", "[[gpio]]", "gpio: is a list, must be a table"),
        ('unit = "unit-01"', 'unit = "unit-01"\ngpio = "x"\n[rest]', "gpio: is a text"),
        ('unit = "unit-01"', "unit = 1", "unit: is 1"),
        ('backend = "simulated"', 'backend = "lgpio"', "is of real buttons"),
    ],
)
def test_what_a_unit_would_refuse_is_refused(branch: Path, old: str, new: str, sentence, capsys):
    file = branch / "unit-01.toml"
    text = file.read_text()
    if "[rest]" in new:  # a table cannot follow a text of the same name
        text = text.replace("[gpio]", "[other]")
    assert old in text
    file.write_text(text.replace(old, new))
    assert sentence in _refusal(capsys, "--config", file)


def test_the_points_of_all_units_beside_a_gateways_file_can_be_pressed(branch: Path):
    target = press.target_of_config(branch / "gateway.toml")
    assert [(point.id, point.unit) for point in target.points] == [
        ("point-1", "unit-01"),
        ("point-3", "unit-01"),
        ("point-2", "unit-02"),
        ("point-4", "unit-02"),
    ]
    assert target.points[0].lines == {"call": 5, "seat": 6, "presence": 13}


MQTT = {"host": "127.0.0.1", "port": 1, "username": None, "password": None}
POINT = {"id": "point-1", "unit": "unit-01", "lines": {"call": 5}}
READY = {"mqtt": MQTT, "branch": "b001", "points": [POINT]}


@pytest.mark.parametrize(
    "content",
    [
        READY | {"mqtt": MQTT | {"port": "x"}},
        READY | {"mqtt": MQTT | {"port": 70_000}},
        READY | {"mqtt": []},
        READY | {"branch": "a/b"},
        READY | {"points": [POINT | {"lines": {"seat": 5}}]},
        READY | {"points": [POINT | {"lines": {"call": "5"}}]},
        READY | {"points": {}},
        {},
        [],
    ],
)
def test_a_ready_file_that_no_demo_wrote_is_refused(tmp_path: Path, content: object, capsys):
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(content))
    assert "is no ready file" in _refusal(capsys, "--ready-file", file)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"mqtt": ' * 100_000, b"\xff", b"9" * 6000])
def test_a_ready_file_that_is_no_json_is_refused(tmp_path: Path, text: bytes, capsys):
    (tmp_path / "ready.json").write_bytes(text)
    assert "is no ready file" in _refusal(capsys, "--ready-file", tmp_path / "ready.json")


def test_a_certificate_of_a_ready_file_is_not_asked_for(tmp_path: Path):
    (tmp_path / "r.json").write_text(json.dumps(READY | {"mqtt": MQTT | {"tls_ca_file": "/none"}}))
    assert press.target_of_ready_file(tmp_path / "r.json").broker.tls_ca_file is None
