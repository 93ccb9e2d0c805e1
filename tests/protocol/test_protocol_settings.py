"""Configuration files: every fault at once, in words, with a hint."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from protocol.link import Broker
from protocol.messages import Id
from protocol.settings import ConfigError, ConfigFault, Findings, from_table, load, readable, rule


@dataclass(frozen=True, kw_only=True)
class Lamp:
    pin: int
    color: Literal["red", "green"] = "red"

    def shown(self) -> str:
        return self.color.upper()


@dataclass(frozen=True, kw_only=True)
class House:
    branch: Id
    mqtt: Broker = field(default_factory=Broker)
    lamps: list[Lamp] = field(default_factory=list)

    @rule
    def _shared_pins(self) -> Findings:
        pins = [pin for _, pin in readable(self.lamps, lambda lamp: lamp.pin)]
        if len(pins) != len(set(pins)):
            yield "lamps", "two on one pin"

    @rule
    def _unwatched(self) -> Findings:
        if self.mqtt.port == 1 and "GREEN" not in [lamp.shown() for lamp in self.lamps]:
            yield "mqtt.port", "shows nobody a green lamp"


def faults(table: dict, kind: type = House) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        from_table(kind, table, file="house.toml")
    return [str(fault) for fault in caught.value.faults]


def keys(table: dict) -> list[str]:
    return [one.split(": ")[1] for one in faults(table)]


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


TWINS = [{"pin": 1}, {"pin": 1}]
DARK = {"port": 1}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"branch": "b", "mqtt": DARK, "lamps": TWINS}, ["lamps", "mqtt.port"]),
        ({"branch": 5, "mqtt": DARK, "lamps": TWINS}, ["branch", "lamps", "mqtt.port"]),
        ({"mqtt": DARK, "lamps": TWINS}, ["branch", "lamps", "mqtt.port"]),
        ({"branch": "b", "zzz": 1, "lamps": TWINS}, ["zzz", "lamps"]),
        ({"branch": "b", "mqtt": {"port": 0}, "lamps": TWINS}, ["mqtt.port", "lamps"]),
        ({"branch": "b", "mqtt": 7, "lamps": TWINS}, ["mqtt", "lamps"]),
        (
            {"branch": "b", "mqtt": {"port": 0, "password": "x"}, "lamps": TWINS},
            ["mqtt.port", "mqtt.username", "lamps"],
        ),
        (
            {"branch": "b", "mqtt": DARK | {"host": 5}, "lamps": TWINS},
            ["mqtt.host", "lamps", "mqtt.port"],
        ),
        (
            {"branch": "b", "mqtt": DARK, "lamps": [{"pin": "x"}, *TWINS]},
            ["lamps[0].pin", "lamps", "mqtt.port"],
        ),
        ({"branch": "b", "lamps": [7, {}, *TWINS]}, ["lamps[0]", "lamps[1].pin", "lamps"]),
    ],
)
def test_what_can_be_read_is_held_against_every_rule(table: dict, expected: list[str]) -> None:
    assert keys(table) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"branch": "b", "mqtt": DARK, "lamps": 3}, ["lamps"]),
        ({"branch": "b", "mqtt": DARK, "lamps": [3]}, ["lamps[0]"]),
        ({"branch": "b", "mqtt": DARK, "lamps": [{"pin": 1, "color": 3}]}, ["lamps[0].color"]),
        ({"branch": "b", "mqtt": DARK, "lampz": [{"pin": 1, "color": "green"}]}, ["lampz"]),
        ({"branch": "b", "mqtt": DARK, "lamps": [{"pin": 1, "colr": "green"}]}, ["lamps[0].colr"]),
        ({"branch": "b", "mqtt": {"password": "x", "user_name": "y"}}, ["mqtt.user_name"]),
        ({"branch": "b", "mqtt": {"password": "x", "username": 5}}, ["mqtt.username"]),
    ],
)
def test_what_cannot_be_read_brings_no_further_fault(table: dict, expected: list[str]) -> None:
    assert keys(table) == expected


def test_a_rule_holds_for_what_is_derived_and_can_be_replaced_there() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Shed(House):
        @rule
        def _unwatched(self) -> Findings:
            yield "mqtt", "nobody watches a shed"

    assert faults({"branch": 5, "lamps": TWINS}, Shed)[1:] == [
        "house.toml: lamps: two on one pin",
        "house.toml: mqtt: nobody watches a shed",
    ]


def test_a_mistake_in_a_rule_is_not_taken_for_a_key_that_could_not_be_read() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Shed(House):
        @rule
        def _mistaken(self) -> Findings:
            yield "branch", self.brunch  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match="brunch"):
        from_table(Shed, {"branch": 5})


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


def test_each_entry_of_a_list_or_a_table_is_named_with_what_is_allowed() -> None:
    table = {"colours": ["red", "rot", "grün"], "sizes": {"a b": 1, "ok": "big"}}
    with pytest.raises(ConfigError) as caught:
        from_table(Wardrobe, table)
    assert {fault.key: fault.text for fault in caught.value.faults} == {
        "colours[1]": "is 'rot'; must be one of red, blue",
        "colours[2]": "is 'grün'; must be one of red, blue",
        "sizes": "is 'a b'; must be a short word",
        "sizes.ok": "is 'big'; must be a whole number, at least 1, at most 9",
        "owner": "is missing; must be a text",
    }


@dataclass(frozen=True, kw_only=True)
class Wardrobe:
    owner: str
    colours: list[Literal["red", "blue"]]
    sizes: dict[
        Annotated[str, msgspec.Meta(pattern="^[a-z]+$", description="a short word")],
        Annotated[int, msgspec.Meta(ge=1, le=9)],
    ]
