"""The lines, with gpiozero's mock pins driven as a hand would."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from firmware.buttons import gpio
from firmware.buttons.gpio import Lines, edge_ms
from firmware.errors import GpioError
from firmware.events import LineChanged


def lines(**more) -> Lines:
    given = {
        "backend": "simulated",
        "pull": "up",
        "active_high": False,
        "inputs": [5, 6],
        "outputs": [19],
        "changeovers": {},
        "folder": Path("/tmp"),
    }
    return Lines(**{**given, **more})


@pytest.fixture
def heard():
    return []


@pytest.fixture
def started(heard):
    made = []

    def start(**more) -> Lines:
        one = lines(**more)
        one.start(heard.append)
        made.append(one)
        return one

    yield start
    for one in made:
        one.stop()


@pytest.mark.parametrize(
    ("pull", "active_high"), [("up", False), ("down", True), ("none", True), ("none", False)]
)
def test_a_closed_contact_reads_closed_however_it_is_wired(started, heard, pull, active_high):
    unit = started(pull=pull, active_high=active_high)
    assert unit.read() == {5: False, 6: False}
    assert heard == []
    assert unit.drive(5, closed=True)
    assert unit.read() == {5: True, 6: False}
    unit.drive(5, closed=False)
    assert [(edge.line, edge.closed) for edge in heard] == [(5, True), (5, False)]


def test_an_edge_carries_the_time_it_happened(started, heard):
    unit = started()
    before_ms = time.monotonic_ns() // 1_000_000
    unit.drive(5, closed=True)
    after_ms = time.monotonic_ns() // 1_000_000
    assert before_ms <= heard[0].at_ms <= after_ms


def test_real_levels_on_the_pins_mean_what_the_wiring_says(started, heard):
    """With the pull up, a contact to ground closed is a low pin."""
    unit = started()
    pin = unit._factory.pin(5)
    assert pin.pull == "up"
    pin.drive_low()
    assert heard[0].closed
    assert unit.read()[5]


@pytest.mark.parametrize(
    ("ticks_s", "expected_ms"),
    [(99.9995, 99_999), (100.0, 100_000), (1.8e9, 100_000), (100.2, 100_000), (1.0, 100_000)],
)
def test_a_timestamp_of_another_clock_is_not_believed(ticks_s, expected_ms):
    assert edge_ms(ticks_s, 100.0) == expected_ms


def test_one_noisy_line_cannot_fill_the_queue_for_the_others(started, heard):
    unit = started()
    for number in range(3 * gpio.MAX_WAITING):
        unit.drive(5, closed=number % 2 == 0)
    unit.drive(6, closed=True)
    assert len(heard) == gpio.MAX_WAITING + 1
    assert heard[-1].line == 6
    for _ in range(10):
        unit.took(5)
    unit.drive(5, closed=True)
    assert heard[-1].line == 5


def test_a_simulated_changeover_moves_both_contacts_and_never_shorts(started, heard):
    unit = started(inputs=[5, 12], changeovers={5: 12})
    assert unit.read() == {5: False, 12: True}
    unit.drive(5, closed=True)
    unit.drive(5, closed=False)
    assert [(edge.line, edge.closed) for edge in heard] == [
        (12, False),
        (5, True),
        (5, False),
        (12, True),
    ]


def test_a_line_the_unit_does_not_have_cannot_be_driven(started):
    assert not started().drive(7, closed=True)


def test_a_lamp_is_dark_from_the_start_and_after_the_stop(started):
    unit = started()
    pin = unit._factory.pin(19)
    assert (pin.function, pin.state) == ("output", False)
    unit.write(19, True)
    assert pin.state
    unit.stop()
    assert [state.state for state in pin.states][-1] in (0, False)


def test_a_pin_that_fails_is_our_error(started, monkeypatch):
    unit = started()

    def broken(_self):
        raise RuntimeError("the chip is gone")

    monkeypatch.setattr(type(unit._factory.pin(5)), "_get_state", broken)
    with pytest.raises(GpioError, match="the chip is gone"):
        unit.read()


def test_events_of_lines_are_line_changes(started, heard):
    started().drive(6, closed=True)
    assert isinstance(heard[0], LineChanged)
