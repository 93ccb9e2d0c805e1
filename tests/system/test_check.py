"""`anling check`: every fault at once, as `file: key: what is wrong, what is allowed`."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from running_branch import anling

from dashboard.config import BoardConfig
from firmware.config import UnitConfig
from gateway.config import GatewayConfig
from protocol.settings import ConfigError, from_table
from simulator import check, init, kinds, plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new = plan.make(
        branch="b001", units=2, points=4, simulated=True, mqtt_port=1883, board_port=8000
    )
    init.write(new, tmp_path / "b")
    return tmp_path / "b"


def _faults(*files: Path) -> list[str]:
    return [str(fault) for fault in check.faults_of(map(str, files))]


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_every_fault_of_every_file_is_named(folder: Path):
    _change(folder / "unit-01.toml", 'backend = "simulated"', 'backend = "magic"')
    _change(folder / "unit-01.toml", "call = 5", "call = 99")
    _change(folder / "gateway.toml", "[[units]]", "[[unitz]]")
    _change(folder / "board.toml", "port = 8000", 'port = "eight"')
    done = anling("check", *sorted(folder.glob("*.toml")))
    assert done.returncode == 2
    for part in ("unit-01.toml: gpio.backend: ", "unit-01.toml: points[0].call: ", "99"):
        assert part in done.stderr
    assert "gateway.toml: unitz: " in done.stderr
    assert "board.toml: http.port: " in done.stderr


def test_faults_of_single_keys_hide_none_between_keys_nor_between_files(folder: Path):
    gateway, unit = folder / "gateway.toml", folder / "unit-01.toml"
    _change(gateway, "port = 1883", 'port = "1883"\nprotocol = 5')
    _change(gateway, 'label = "1号柜台 Counter 1"', "label = 1")
    _change(gateway, 'unit = "unit-02"', 'unit = "unit-09"')
    _change(gateway, '["security"]', '["customer_service"]')
    _change(gateway, 'id = "106"', 'id = "105"')
    _change(unit, 'id = "point-3"', 'id = "point-33"\nlamb = 3')
    done = anling("check", unit, gateway)
    assert done.returncode == 2
    assert [
        line.removeprefix(f"{folder}/").split("; ")[0] for line in done.stderr.splitlines()
    ] == [
        "unit-01.toml: points[1].lamb: is not a key here",
        "gateway.toml: mqtt.protocol: is not a key here",
        "gateway.toml: mqtt.port: is '1883'",
        "gateway.toml: points[0].label: is 1",
        "gateway.toml: staff: 105 stands there 2 times",
        "gateway.toml: points[1].unit: is 'unit-09', which is not in [[units]]",
        "gateway.toml: policy.roles.urgent: asks for security, which nobody on duty has",
        "gateway.toml: policy.roles.silent: asks for security, which nobody on duty has",
        "unit-01.toml: points[1].id: is 'point-33', which is not in [[points]] of gateway.toml",
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unit-01.toml", UnitConfig),
        ("gateway.toml", GatewayConfig),
        ("board.toml", BoardConfig),
    ],
)
def test_a_broken_key_brings_no_fault_but_its_own(folder: Path, name: str, kind: type):
    table = tomllib.loads((folder / name).read_text())
    from_table(kind, table)
    for broken, key in _each_broken_once(table):
        with pytest.raises(ConfigError) as caught:
            from_table(kind, broken)
        assert {fault.key for fault in caught.value.faults} <= {key, f"{key}z"}


def _each_broken_once(table: dict[str, Any], path: str = "") -> Iterator[tuple[dict, str]]:
    """(the table with one key of an impossible type or misspelt, that key's place), for each."""
    for key, value in table.items():
        place = f"{path}{key}"
        yield table | {key: date(2026, 1, 1)}, place
        yield {f"{name}z" if name == key else name: table[name] for name in table}, place
        if isinstance(value, dict):
            for broken, inner in _each_broken_once(value, f"{place}."):
                yield table | {key: broken}, inner
        for number, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                for broken, inner in _each_broken_once(item, f"{place}[{number}]."):
                    yield table | {key: [*value[:number], broken, *value[number + 1 :]]}, inner


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unit-01.toml", "unit"),
        ("gateway.toml", "gateway"),
        ("board.toml", "board"),
        ("credentials.toml", "credentials"),
    ],
)
def test_a_files_kind_is_seen_whatever_its_name(folder: Path, name: str, kind: str):
    assert kinds.kind_of(str(folder / name)) == kind
    if kind != "credentials":
        other = (folder / name).rename(folder / "renamed.toml")
        assert kinds.kind_of(str(other)) == kind


@pytest.mark.parametrize("text", ["x = " + "[" * 3000, "x = " + "9" * 6000])
def test_what_toml_cannot_hold_is_a_fault_of_the_file(tmp_path: Path, text: str):
    (tmp_path / "some.toml").write_text(text)
    (found,) = check.faults_of([str(tmp_path / "some.toml")])
    assert found.text.startswith("is not TOML")


def test_a_point_the_gateway_does_not_know_is_named(folder: Path):
    _change(folder / "unit-01.toml", 'id = "point-3"', 'id = "point-33"')
    faults = _faults(folder / "unit-01.toml", folder / "gateway.toml")
    assert len(faults) == 1
    assert "unit-01.toml: points[1].id: is 'point-33'" in faults[0]


def test_a_point_of_another_unit_is_named(folder: Path):
    _change(folder / "unit-01.toml", 'id = "point-3"', 'id = "point-4"')
    faults = _faults(folder / "unit-01.toml", folder / "gateway.toml")
    assert len(faults) == 1
    assert "which is of unit-02 in gateway.toml" in faults[0]


def test_a_unit_alone_is_not_held_against_a_gateway(folder: Path):
    _change(folder / "unit-01.toml", 'id = "point-3"', 'id = "point-33"')
    assert _faults(folder / "unit-01.toml") == []


def test_a_changed_log_is_named_with_its_first_broken_entry(tmp_path: Path):
    database = _log(tmp_path)
    assert anling("check", "--log", database).returncode == 0
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE log SET by = 'nobody' WHERE seq = 2")
    connection.close()
    done = anling("check", "--log", database)
    assert done.returncode == 1
    assert "entry 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hash_that_was_written_down_shows_a_log_that_was_cut_off(tmp_path: Path):
    database = _log(tmp_path)
    with sqlite3.connect(database) as connection:
        (head,) = connection.execute("SELECT hash FROM log WHERE seq = 3").fetchone()
        first = connection.execute("SELECT hash FROM log WHERE seq = 1").fetchone()[0]
    connection.close()
    for kept, number in ((head.upper(), 3), (first, 1)):
        done = anling("check", "--log", database, "--head", kept)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"that of entry {number}" in done.stdout
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM log WHERE seq = 3")
    connection.close()
    assert anling("check", "--log", database).returncode == 0, "alone it looks whole"
    done = anling("check", "--log", database, "--head", head)
    assert done.returncode == 1 and "cut off" in done.stderr
    assert anling("check", "--head", head).returncode == 2
    assert anling("check", "--log", database, "--head", "zzz").returncode == 2


def test_an_empty_log_is_not_called_whole(tmp_path: Path):
    file = tmp_path / "log.json"
    file.write_text("[]")
    done = anling("check", "--log", file)
    assert (done.returncode, done.stdout) == (0, f"{file}: there is no entry in this log\n")


def _log(folder: Path, count: int = 3) -> Path:
    """A database with some entries, written by the gateway's own words."""
    from gateway.chain import FIRST, digest
    from gateway.store import Writer

    path = folder / "anling.db"
    writer = Writer(str(path))
    writer.open()
    writer.close()
    connection = sqlite3.connect(path)
    before = FIRST
    for seq in range(1, count + 1):
        entry = {
            "seq": seq, "at": "2026-01-01T00:00:00.000Z", "event": "noted", "by": "101",
            "incident_id": None,
        }  # fmt: skip
        before = digest(before, **entry, detail={})
        connection.execute(
            "INSERT INTO log (seq, at, event, by, incident_id, detail, hash)"
            " VALUES (:seq, :at, :event, :by, :incident_id, '{}', :hash)",
            {**entry, "hash": before},
        )
    connection.commit()
    connection.close()
    return path


# --- exported logs ---

FIELDS = ("seq", "at", "event", "by", "incident_id", "detail", "hash")


def _exported(database: Path, kind: str, *, since: int = 1) -> Path:
    """The log as the board would export it, by the board's own writer."""
    from dashboard.export_text import WRITERS
    from gateway.store import Reader
    from gateway.store.exports import EXPORTS, Window

    reader = Reader(str(database))
    rows = [row for row in EXPORTS["log"].rows(reader, Window()) if row[0] >= since]
    reader.close()
    file = database.with_name(f"log.{kind}")
    file.write_bytes(b"".join(WRITERS[kind][1](EXPORTS["log"], rows)))
    return file


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_exported_log_is_checked_without_the_gateway(tmp_path: Path, kind: str):
    file = _exported(_log(tmp_path), kind)
    done = anling("check", "--log", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the log is whole" in done.stdout
    _change(file, "2026-01-01T00:00:00.000Z,noted,101" if kind == "csv" else '"by":"101"', "x")
    done = anling("check", "--log", file)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_was_changed_in_an_exported_log_is_named(tmp_path: Path, kind: str):
    file = _exported(_log(tmp_path), kind)
    lines = file.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    third = next(
        number for number, line in enumerate(lines) if line.strip('{"seq:').startswith("3")
    )
    lines[third] = lines[third].replace("noted", "Noted")
    file.write_text("".join(lines))
    verdict = check.check_log(str(file))
    assert verdict.broken == "entry 3 or its hash was changed"
    file.write_text("".join(lines[: third - 1] + lines[third:]))
    assert check.check_log(str(file)).broken == "entry 2 is missing; entry 3 follows"


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_part_of_a_log_is_checked_as_a_part(tmp_path: Path, kind: str):
    done = anling("check", "--log", _exported(_log(tmp_path), kind, since=2))
    assert done.returncode == 0
    assert "entries 2 to 3 follow each other" in done.stdout
    assert "before entry 2 is not in this file" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "neither a gateway's database nor an exported log"),
        ("this is no database", "neither a gateway's database nor an exported log"),
        ('{"seq": 1}', "a JSON array of entries is expected"),
        ('[{"seq": 1}]', "entry 1 of the file is no entry"),
        ("[3]", "entry 1 of the file is no entry"),
        ('[{"seq": 1,', "ends or is damaged after entry 0"),
        ("[" * 100_000, "ends or is damaged after entry 0"),
        (",".join(FIELDS) + "\none,at,e,b,,{},h\n", "line 2 is no entry"),
        (",".join(FIELDS) + '\n1,at,e,b,,"{"x",h\n', "is no CSV"),
    ],
)
def test_a_file_that_is_no_log_is_named_in_a_sentence(tmp_path: Path, text: str, said: str):
    file = tmp_path / "some.file"
    file.write_text(text)
    done = anling("check", "--log", file)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_bytes_that_are_no_text_are_named(tmp_path: Path):
    file = tmp_path / "some.csv"
    file.write_bytes(b"seq,at\xff\xfe\n" * 100)
    done = anling("check", "--log", file)
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_a_log_that_somebody_has_laid_out_anew_is_read_too(tmp_path: Path):
    """A tool that reads and writes JSON may put each value on a line of its own."""
    file = _exported(_log(tmp_path), "json")
    file.write_text(json.dumps(json.loads(file.read_text()), indent=4))
    assert check.check_log(str(file)) == check.LogVerdict(1, 3, None)


def test_a_log_longer_than_a_piece_is_read_whole(tmp_path: Path):
    database = _log(tmp_path, count=2_000)
    for kind in ("csv", "json"):
        file = _exported(database, kind)
        assert file.stat().st_size > 200_000
        assert check.check_log(str(file)) == check.LogVerdict(1, 2_000, None)
