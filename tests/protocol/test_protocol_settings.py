"""Configuration files: every fault at once, in words, with a hint."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from protocol.link import Broker
from protocol.messages import Id
from protocol.settings import ConfigError, ConfigFault, from_table, load


@dataclass(frozen=True, kw_only=True)
class Lamp:
    pin: int
    color: Literal["red", "green"] = "red"


@dataclass(frozen=True, kw_only=True)
class House:
    branch: Id
    mqtt: Broker = field(default_factory=Broker)
    lamps: list[Lamp] = field(default_factory=list)

    def faults(self) -> list[tuple[str, str]]:
        pins = [lamp.pin for lamp in self.lamps]
        return [("lamps", "two on one pin")] if len(pins) != len(set(pins)) else []


def faults(table: dict) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        from_table(House, table, file="house.toml")
    return [str(fault) for fault in caught.value.faults]


def test_defaults_fill_what_is_not_said() -> None:
    assert from_table(House, {"branch": "b"}) == House(branch="b", mqtt=Broker(), lamps=[])


def test_all_faults_come_together_each_with_its_place() -> None:
    found = faults(
        {"branch": "B", "mqtt": {"port": 99999, "hots": "x"}, "lamps": [{"pin": "5"}, {}, 7]}
    )
    assert len(found) == 6
    for start in (
        "house.toml: branch: is 'B';",
        "house.toml: mqtt.hots: is not a key here; did you mean host?",
        "house.toml: mqtt.port: is 99999;",
        "house.toml: lamps[0].pin: is '5';",
        "house.toml: lamps[1].pin: is missing",
        "house.toml: lamps[2]: is a number, must be a table",
    ):
        assert any(one.startswith(start) for one in found), (start, found)


def test_an_unknown_key_without_a_likeness_lists_what_is_allowed() -> None:
    assert faults({"branch": "b", "zzz": 1}) == [
        "house.toml: zzz: is not a key here; allowed: branch, mqtt, lamps"
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"branch": "b", "lamps": {"pin": 1}}, "must be a list of tables"),
        ({"branch": "b", "mqtt": [1]}, "is a list, must be a table"),
        ({"branch": "b", "lamps": [{"pin": 1, "color": "blue"}]}, "'blue'"),
        ({"branch": "b", "lamps": [{"pin": 1}, {"pin": 1}]}, "two on one pin"),
        ({"branch": "b", "mqtt": {"password": "x"}}, "username"),
        ({"branch": True}, "True"),
        ({"branch": 1 << 20_000}, "too long to show"),
        ({"branch": "x" * 500}, "..."),
    ],
)
def test_each_fault_is_said_in_words(table: dict, words: str) -> None:
    (only,) = faults(table)
    assert words in only


def test_a_fault_of_the_whole_file_has_no_key() -> None:
    assert str(ConfigFault("a.toml", "", "is not TOML")) == "a.toml: is not TOML"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"a = ", b"[a", b"a = " + b"[" * 9000, b"a = " + b"1" * 9000, b"\0"]
)
def test_what_is_no_toml_is_one_fault(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not TOML") as caught:
        load(House, path)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].file == str(path)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(House, tmp_path / "gone.toml")
    with pytest.raises(ConfigError, match="directory"):
        load(House, tmp_path)
