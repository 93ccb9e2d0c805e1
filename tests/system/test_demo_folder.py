"""`anling demo --dir DIR` looks before it touches: what it cannot run, it leaves as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import anling as front_door
from simulator import demo, folder, init, plan
from simulator.errors import UsageError

NESTED = "x = " + "[" * 3000


def _branch(path: Path, *, simulated: bool) -> Path:
    new = plan.make(
        branch="b001", units=2, points=4, simulated=simulated, mqtt_port=1883, board_port=8000
    )
    init.write(new, path)
    return path


@pytest.fixture
def simulated(tmp_path: Path) -> Path:
    return _branch(tmp_path / "simulated", simulated=True)


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return _branch(tmp_path / "real", simulated=False)


def _all_of(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def _refusal(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """What the demo says that refuses this folder, which must stay as it was to the last byte."""
    before = _all_of(path)
    assert front_door.main(["demo", "--dir", str(path), "--port", "0", *more]) == 2
    assert _all_of(path) == before
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_a_real_branch_is_left_as_it_was(real: Path, capsys):
    assert "is no simulated branch" in _refusal(real, capsys)


@pytest.mark.parametrize("backend", ["libgpiod", "lgpio"])
def test_one_real_unit_makes_a_branch_real(simulated: Path, backend: str, capsys):
    _change(simulated / "unit-02.toml", '"simulated"', f'"{backend}"')
    assert f"unit-02.toml has gpio.backend '{backend}'" in _refusal(simulated, capsys)


def test_a_real_branch_whose_units_were_carried_away_is_real(real: Path, capsys):
    for file in real.glob("unit-*.toml"):
        file.unlink()
    assert "is no simulated branch" in _refusal(real, capsys)


def test_a_broker_elsewhere_is_not_the_demos(simulated: Path, capsys):
    _change(simulated / "gateway.toml", '"127.0.0.1"', '"10.0.0.9"')
    assert "gateway.toml has its broker at 10.0.0.9" in _refusal(simulated, capsys)


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def _without_units(path: Path) -> None:
    for file in path.glob("unit-*.toml"):
        file.unlink()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gateway.toml: branch: is missing": lambda path: _change(
        path / "gateway.toml", 'branch = "b001"\n', ""
    ),
    "credentials.toml: staff[0].name: is missing": lambda path: _change(
        path / "credentials.toml", "name = ", "# "
    ),
    "unit-02.toml: points: is a number": lambda path: (path / "unit-02.toml").write_text(
        'branch = "b001"\nunit = "unit-02"\nstate = "x"\npoints = 5\n'
    ),
    "unit-02.toml: gpio: is a text": lambda path: (path / "unit-02.toml").write_text(
        'branch = "b001"\nunit = "unit-02"\nstate = "x"\ngpio = "x"\n'
    ),
    "unit-09.toml: is not TOML": lambda path: (path / "unit-09.toml").write_text(NESTED),
    "board.toml: cannot be read": lambda path: (path / "board.toml").unlink(),
    "unit-02.toml: branch: is 'b002', but gateway.toml is of 'b001'": lambda path: _change(
        path / "unit-02.toml", "b001", "b002"
    ),
    "unit-03.toml: unit: is 'unit-02', which unit-02.toml is as well": lambda path: (
        path / "unit-03.toml"
    ).write_text((path / "unit-02.toml").read_text()),
    "it has no unit-NN.toml": _without_units,
    "unit-02.toml: the demo cannot change its ports": lambda path: _change(
        path / "unit-02.toml", "[mqtt]", '["mqtt"]'
    ),
    "mosquitto.conf is no text": lambda path: (path / "mosquitto.conf").write_bytes(b"\xff"),
}


@pytest.mark.parametrize("sentence", DAMAGES)
def test_a_folder_that_is_wrong_is_a_plain_sentence_and_stays_as_it_was(
    simulated: Path, sentence: str, capsys
):
    DAMAGES[sentence](simulated)
    (simulated / ".demo.lock").touch()  # of a demo before
    assert sentence in _refusal(simulated, capsys)


@pytest.mark.parametrize("asked", [("--units", "3"), ("--points", "5")])
def test_another_size_than_that_of_the_branch_is_refused(simulated: Path, asked: tuple, capsys):
    said = _refusal(simulated, capsys, *asked)
    assert "with 2 units and 4 points" in said
    assert " ".join(asked) in said


def test_a_branch_with_named_points_is_no_empty_one(simulated: Path, capsys):
    assert "leave --empty out" in _refusal(simulated, capsys, "--empty")


def test_the_size_that_it_has_is_no_contradiction(simulated: Path):
    options = demo.Options(
        folder=simulated,
        board_port=0,
        mqtt_port=0,
        units=2,
        points=4,
        broker="auto",
        ready_file=None,
    )
    branch = demo._branch(simulated, options, mqtt_port=7001, board_port=7002)
    assert branch == folder.read(simulated)


def test_ports_that_differ_are_set_right(simulated: Path):
    """A demo that was killed while it wrote them must start the next time."""
    _change(simulated / "unit-01.toml", "port = 1883", "port = 1999")
    folder.set_ports(folder.read(simulated), mqtt=7001, board=7002)
    for name in ("unit-01", "unit-02", "gateway", "board"):
        assert "\nport = 7001\n" in (simulated / f"{name}.toml").read_text()
    assert "\nport = 7002\n" in (simulated / "board.toml").read_text()
    assert "\nlistener 7001 127.0.0.1\n" in (simulated / "mosquitto.conf").read_text()


def test_a_unit_is_found_in_its_file_whatever_its_name(simulated: Path):
    _change(simulated / "unit-02.toml", 'unit = "unit-02"', 'unit = "north"')
    _change(simulated / "gateway.toml", '"unit-02"', '"north"')
    assert folder.read(simulated).file("north") == simulated / "unit-02.toml"


def test_one_port_for_two_programs_is_refused(capsys):
    assert front_door.main(["demo", "--port", "8123", "--mqtt-port", "8123"]) == 2
    assert "are both 8123" in capsys.readouterr().err


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        init.make_empty(tmp_path / "file")
