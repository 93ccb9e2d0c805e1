"""`anling check`: what files given together must say alike, and what only libraries can tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from running_branch import anling
from werkzeug.security import generate_password_hash

import anling as front_door
from simulator import check, init, plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _branch(tmp_path / "b", "b001")


def _branch(path: Path, branch: str) -> Path:
    new = plan.make(
        branch=branch, units=2, points=4, simulated=True, mqtt_port=1883, board_port=8000
    )
    init.write(new, path)
    return path


def _faults(*files: Path) -> list[str]:
    faults = check.faults_of(map(str, files))
    return [str(fault).removeprefix(f"{Path(fault.file).parent}/") for fault in faults]


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


# --- together ---


@pytest.mark.parametrize("name", ["board.toml", "unit-02.toml", "credentials.toml"])
def test_a_file_of_another_branch_than_the_gateways_is_named(folder: Path, name: str):
    _change(folder / name, 'branch = "b001"', 'branch = "b002"')
    assert _faults(*_all(folder)) == [f"{name}: branch: is 'b002', but gateway.toml is of 'b001'"]


def test_a_unit_is_held_against_the_board_where_there_is_no_gateway(folder: Path):
    _change(folder / "unit-01.toml", 'branch = "b001"', 'branch = "b002"')
    found = _faults(folder / "unit-01.toml", folder / "unit-02.toml", folder / "board.toml")
    assert found == ["unit-01.toml: branch: is 'b002', but board.toml is of 'b001'"]


def test_files_of_two_whole_branches_are_not_held_against_each_other(folder: Path, tmp_path: Path):
    other = _branch(tmp_path / "other", "b002")
    assert _faults(*_all(folder), *_all(other)) == []
    _change(other / "unit-01.toml", "port = 1883", "port = 1884")
    found = _faults(*_all(folder), *_all(other))
    assert found == ["unit-01.toml: mqtt.port: is 1884, but gateway.toml has 1883; a branch has "
                     "one broker"]  # fmt: skip


@pytest.mark.parametrize("name", ["board.toml", "unit-01.toml"])
def test_another_port_of_the_broker_is_named(folder: Path, name: str):
    _change(folder / name, "port = 1883", "port = 1884")
    (found,) = _faults(*_all(folder))
    assert found.startswith(f"{name}: mqtt.port: is 1884, but gateway.toml has 1883")


def test_another_address_of_the_broker_is_right(folder: Path):
    _change(folder / "unit-01.toml", 'host = "127.0.0.1"', 'host = "10.0.0.9"')
    assert _faults(*_all(folder)) == []


def test_an_encrypted_connection_has_a_port_of_its_own(folder: Path, tmp_path: Path):
    (tmp_path / "ca.pem").write_text("")
    _change(
        folder / "unit-01.toml", "port = 1883", f'port = 8883\ntls_ca_file = "{tmp_path}/ca.pem"'
    )
    assert _faults(*_all(folder)) == []


def test_a_board_must_read_the_gateways_database(folder: Path):
    _change(folder / "board.toml", 'store = "anling.db"', 'store = "old/anling.db"')
    (found,) = check.faults_of(map(str, _all(folder)))
    assert found.key == "store"
    assert str(folder / "old/anling.db") in found.text
    _change(folder / "board.toml", "old/anling.db", f"{folder}/../b/anling.db")
    assert _faults(*_all(folder)) == []


def test_one_port_for_broker_and_board_is_named(folder: Path):
    _change(folder / "board.toml", "port = 8000", "port = 1883")
    (found,) = _faults(folder / "board.toml")
    assert found.startswith("board.toml: http.port: is 1883, which is the broker's as well")
    _change(folder / "board.toml", 'host = "127.0.0.1"', 'host = "10.0.0.9"')
    assert _faults(folder / "board.toml") == []


def test_one_unit_in_two_files_is_named(folder: Path):
    (folder / "unit-09.toml").write_text((folder / "unit-01.toml").read_text())
    (found,) = _faults(*_all(folder))
    assert found.startswith("unit-09.toml: unit: is 'unit-01', which unit-01.toml is as well")


def test_a_broken_key_hides_no_disagreement_about_others(folder: Path):
    _change(folder / "board.toml", 'branch = "b001"', "branch = 1")
    _change(folder / "unit-02.toml", "port = 1883", "port = 1884")
    _change(folder / "gateway.toml", 'label = "1号柜台 Counter 1"', "label = 1")
    found = [fault.split(" ")[1] for fault in _faults(*_all(folder))]
    assert found == ["branch:", "points[0].label:", "mqtt.port:"]


# --- what only libraries can tell ---


def _with_channel(folder: Path, url: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(f'{file.read_text()}\n[[channels]]\nname = "duty"\nurl = "{url}"\n')
    return file


@pytest.mark.parametrize("url", ["nosuch://hunter2", "hunter2", "json://", "mailto://hunter2"])
def test_an_address_that_apprise_cannot_use_is_named_and_not_repeated(folder: Path, url: str):
    done = anling("check", _with_channel(folder, url))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "gateway.toml: channels[0].url: is no address that Apprise can use" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("url", ["dingtalk://abcdef0123456789/", "json://127.0.0.1:9/x"])
def test_an_address_that_apprise_can_use_is_right(folder: Path, url: str):
    done = anling("check", _with_channel(folder, url))
    assert (done.returncode, done.stderr) == (0, "")


PIN_HASH = generate_password_hash("1", method="pbkdf2:sha256:1000")
SHA512 = generate_password_hash("1", method="pbkdf2:sha512:10")
SCRYPT = generate_password_hash("1", method="scrypt:1024:8:1")


NO_HASHES = {
    "a word": "garbage",
    "a PIN": "123456",
    "an unknown method": "a$b$c",
    "an unknown digest": PIN_HASH.replace("sha256", "sha999"),
    "no salt": PIN_HASH.replace("$", ""),
    "cut off": PIN_HASH[:-1],
    "scrypt, cut off": SCRYPT[:-2],
    "scrypt, impossible": SCRYPT.replace("1024", "1023"),
}


@pytest.mark.parametrize("text", NO_HASHES.values(), ids=NO_HASHES)
def test_what_is_no_hash_of_a_pin_is_named_and_not_repeated(folder: Path, text: str, capsys):
    _staff_with(folder, text)
    assert front_door.main(["check", str(folder / "gateway.toml")]) == 2
    said = capsys.readouterr().err
    assert "gateway.toml: staff[0].pin_hash: is no hash of Werkzeug's" in said
    assert text not in said


@pytest.mark.parametrize("text", ["", PIN_HASH, SCRYPT, SHA512], ids=["none", "a", "b", "c"])
def test_a_hash_of_werkzeugs_or_none_is_right(folder: Path, text: str):
    _staff_with(folder, text)
    assert _faults(folder / "gateway.toml") == []


def _staff_with(folder: Path, pin_hash: str) -> None:
    file = folder / "gateway.toml"
    lines = file.read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("pin_hash"))
    lines[first] = f'pin_hash = "{pin_hash}"'
    file.write_text("\n".join(lines))
