"""The unit's configuration: every fault is named, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware import config as configuration
from firmware import main
from protocol.settings import ConfigError

GOOD = """
branch = "b001"
unit = "unit-01"
state = "unit-01.db"
[gpio]
backend = "simulated"
[timing]
held_s = 4
[[points]]
id = "point-1"
call = 5
call_nc = 12
seat = 6
presence = 13
lamp = 19
sounder = 26
[[points]]
id = "point-2"
call = 17
silent = true
"""


def faults(text: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "unit.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        configuration.load(path)
    return sorted(fault.key for fault in caught.value.faults)


def test_a_good_file_becomes_settings(tmp_path):
    path = tmp_path / "unit.toml"
    path.write_text(GOOD)
    unit = configuration.settings(configuration.load(path), "1.0")
    assert unit.timing.held_ms == 4000
    assert (unit.timing.call.close_ms, unit.timing.call.open_ms) == (10, 30)
    assert unit.points[0].lines == {"call": 5, "call_nc": 12, "seat": 6, "presence": 13}
    assert unit.points[1].lines == {"call": 17}
    assert unit.points[1].silent
    assert unit.max_alerts == 10_000


def test_every_fault_of_single_keys_is_listed_at_once(tmp_path):
    text = """
    branch = "B 1"
    unti = "unit-01"
    [gpio]
    backend = "pigpio"
    [timing]
    held_s = "long"
    [outbox]
    max_alerts = 1
    [[points]]
    id = "point-1"
    call = 28
    """
    assert faults(text, tmp_path) == [
        "branch",
        "gpio.backend",
        "outbox.max_alerts",
        "points[0].call",
        "state",
        "timing.held_s",
        "unit",
        "unti",
    ]


def test_every_fault_between_keys_is_listed_at_once(tmp_path):
    text = """
    branch = "b001"
    unit = "unit-01"
    state = "unit-01.db"
    [gpio]
    pull = "none"
    [[points]]
    id = "point-1"
    call = 5
    lamp = 5
    [[points]]
    id = "point-1"
    call = 3
    seat = 5
    """
    assert faults(text, tmp_path) == [
        "points[0].lamp",
        "points[1].call",
        "points[1].id",
        "points[1].seat",
    ]


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ('[gpio]\npull = "up"\nactive_high = true', "gpio.active_high"),
        ('[gpio]\npull = "down"', "gpio.active_high"),
        ("[timing]\nheld_s = 60\nstuck_s = 60", "timing.stuck_s"),
        ("[timing]\nrelease_ms = 900\nseat_s = 0.5", "timing.seat_s"),
    ],
)
def test_settings_that_contradict_each_other_are_named(tmp_path, extra, key):
    text = f"""
    branch = "b001"
    unit = "unit-01"
    state = "unit-01.db"
    {extra}
    [[points]]
    id = "point-1"
    call = 5
    """
    assert faults(text, tmp_path) == [key]


def test_a_unit_needs_a_point(tmp_path):
    text = 'branch = "b001"\nunit = "unit-01"\nstate = "u.db"\npoints = []'
    assert faults(text, tmp_path) == ["points"]


def test_a_wrong_configuration_ends_with_2_and_plain_sentences(tmp_path, capsys):
    path = tmp_path / "unit.toml"
    path.write_text("branch = 1")
    assert main.run(str(path)) == 2
    assert "unit.toml: unit: is missing" in capsys.readouterr().err
