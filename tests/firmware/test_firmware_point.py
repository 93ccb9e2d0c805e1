"""A point's lines: press, hold, stuck, seat, presence, and faults of the wiring."""

from __future__ import annotations

import pytest
from unit_rig import CALL, CALL_NC, PRESENCE, SEAT, Rig, settings

from firmware.buttons import wiring
from firmware.buttons.wiring import Wire
from firmware.state import PointSettings

WIRED = PointSettings(id="point-1", lines={"call": CALL, "call_nc": CALL_NC})


def rig(**more) -> Rig:
    return Rig(**more).start().connect()


def test_a_press_is_told_once_and_a_release_is_not():
    unit = rig()
    unit.press(200)
    assert unit.whats == ["pressed"]


def test_a_press_is_dated_by_its_first_edge():
    unit = rig()
    unit.wait(1000)
    pressed_ms = unit.now_ms
    unit.press()
    assert unit.unit.outgoing.unsent[0].mono_ms == pressed_ms


def test_a_press_held_for_three_seconds_is_told_as_held_once():
    unit = rig()
    unit.press(9000)
    assert unit.whats == ["pressed", "held"]


def test_a_press_just_short_of_three_seconds_is_not_held():
    unit = rig()
    unit.press(2990)
    assert unit.whats == ["pressed"]


def test_a_hold_that_the_loop_slept_through_is_told_by_the_edges():
    unit = rig()
    unit.move(CALL, True)
    unit.now_ms += 4000
    unit.move(CALL, False)
    unit.wait(100)
    assert unit.whats == ["pressed", "held"]


def test_a_button_that_stays_closed_for_a_minute_is_stuck_until_released():
    unit = rig()
    unit.move(CALL, True)
    unit.wait(61_000)
    assert unit.whats == ["pressed", "held", "stuck"]
    assert unit.statuses[-1].points["point-1"]["call"] == "stuck"
    unit.move(CALL, False)
    unit.wait(100)
    assert unit.whats[-1] == "unstuck"
    assert unit.statuses[-1].points["point-1"]["call"] == "ok"
    unit.press()
    assert unit.whats[-1] == "pressed"


def test_a_seat_counts_after_two_seconds_both_ways():
    unit = rig()
    unit.move(SEAT, True)
    unit.wait(1900)
    unit.move(SEAT, False)
    unit.wait(3000)
    assert unit.whats == []
    unit.move(SEAT, True)
    unit.wait(2100)
    unit.move(SEAT, False)
    unit.wait(1900)
    assert unit.whats == ["seat_occupied"]
    unit.wait(200)
    assert unit.whats == ["seat_occupied", "seat_vacated"]


def test_a_presence_button_is_told_when_pressed():
    unit = rig()
    unit.press(line=PRESENCE)
    assert unit.whats == ["presence"]


def test_a_presence_button_that_sticks_shows_in_the_status_and_tells_nothing():
    unit = rig()
    unit.move(PRESENCE, True)
    unit.wait(70_000)
    assert unit.whats == ["presence"]
    assert unit.statuses[-1].points["point-1"]["presence"] == "stuck"


def test_a_presence_button_closed_at_start_is_nobody():
    unit = rig(levels={PRESENCE: True})
    unit.wait(1000)
    unit.move(PRESENCE, False)
    unit.wait(1000)
    assert unit.whats == []
    unit.press(line=PRESENCE)
    assert unit.whats == ["presence"]


def test_a_button_closed_at_start_is_a_press():
    unit = rig(levels={CALL: True})
    unit.wait(100)
    assert unit.whats == ["pressed"]


def test_a_line_in_order_costs_no_looks():
    unit = rig()
    before = unit.looks
    unit.wait(60_000)
    assert unit.looks - before == 12  # the heartbeats


# ---- over a restart


def test_a_press_under_way_is_not_told_again_after_a_restart():
    unit = rig()
    unit.move(CALL, True)
    unit.wait(1000)
    again = unit.restarted(now_ms=unit.now_ms + 500).connect(2)
    again.wait(400)
    assert again.whats == ["pressed"]  # the one that was kept, with its own id
    assert again.alerts[0].alert_id == unit.alerts[0].alert_id
    again.wait(1500)
    assert again.whats == ["pressed", "held"]
    again.move(CALL, False)
    again.wait(100)
    again.press()
    assert again.whats == ["pressed", "held", "pressed"]


def test_a_press_let_go_while_the_program_was_away_is_not_held():
    unit = rig()
    unit.move(CALL, True)
    unit.wait(1000)
    again = unit.restarted(now_ms=unit.now_ms + 20_000, levels={CALL: False}).connect(2)
    again.wait(5000)
    assert again.whats == ["pressed"]
    again.press()
    assert again.whats == ["pressed", "pressed"]


def test_after_a_reboot_a_press_still_down_is_held_now_and_not_pressed_again():
    """What was to come in an earlier boot is due now: err towards alerting."""
    unit = rig()
    unit.move(CALL, True)
    unit.wait(1000)
    again = unit.restarted(now_ms=20_000, boot="boot-2").connect(2)
    again.wait(100)
    assert again.whats == ["pressed", "held"]


@pytest.mark.parametrize("boot", ["boot-1", "boot-2"])
def test_a_stuck_button_stays_known_over_restarts_until_released(boot):
    unit = rig()
    unit.move(CALL, True)
    unit.wait(70_000)
    unit.receipt(*unit.alerts)
    again = unit.restarted(now_ms=unit.now_ms + 1000, boot=boot).connect(2)
    again.wait(100_000)
    assert again.whats == []
    assert again.statuses[-1].points["point-1"]["call"] == "stuck"
    again.move(CALL, False)
    again.wait(100)
    assert again.whats == ["unstuck"]


def test_an_occupied_seat_is_not_told_again_after_a_restart():
    unit = rig()
    unit.move(SEAT, True)
    unit.wait(5000)
    unit.receipt(*unit.alerts)
    again = unit.restarted().connect(2)
    again.wait(10_000)
    assert again.whats == []
    again.move(SEAT, False)
    again.wait(3000)
    assert again.whats == ["seat_vacated"]


# ---- wiring


def wired(**more) -> Rig:
    return rig(settings=settings(WIRED), levels={CALL_NC: True}, **more)


@pytest.mark.parametrize(
    ("line", "level", "name"), [(CALL_NC, False, "cut"), (CALL, True, "short")]
)
def test_a_broken_line_is_told_within_a_second_and_once(line, level, name):
    unit = wired()
    unit.move(line, level)
    unit.wait(1000)
    assert [what for what in unit.whats if what.startswith("line")] == ["line_fault"]
    assert unit.statuses[-1].points["point-1"]["call"] == name
    unit.wait(100_000)
    assert [what for what in unit.whats if what != "pressed"] == ["line_fault"]
    unit.move(line, not level)
    unit.wait(5000)
    assert unit.whats[-1] == "line_restored"
    assert unit.statuses[-1].points["point-1"]["call"] == "ok"


def test_a_changeover_that_travels_slowly_is_a_press_and_no_fault():
    unit = wired()
    unit.move(CALL_NC, False)
    unit.wait(250)
    unit.move(CALL, True)
    unit.wait(200)
    unit.move(CALL, False)
    unit.wait(250)
    unit.move(CALL_NC, True)
    unit.wait(5000)
    assert unit.whats == ["pressed"]


def test_a_press_gets_through_although_the_second_wire_is_broken():
    unit = wired()
    unit.move(CALL_NC, False)
    unit.wait(1000)
    unit.press()
    assert unit.whats == ["line_fault", "pressed"]


def test_a_loose_wire_is_one_fault_and_not_one_a_second():
    unit = wired()
    for _ in range(10):
        unit.move(CALL_NC, False)
        unit.wait(500)
        unit.move(CALL_NC, True)
        unit.wait(500)
    assert unit.whats == ["line_fault"]
    unit.wait(5000)
    assert unit.whats == ["line_fault", "line_restored"]


def test_a_fault_that_is_known_is_not_told_again_after_a_restart():
    unit = wired()
    unit.move(CALL_NC, False)
    unit.wait(1000)
    unit.receipt(*unit.alerts)
    again = unit.restarted().connect(2)
    again.wait(10_000)
    assert again.whats == []


def test_a_floating_line_is_a_fault_and_is_never_held():
    unit = rig()
    for number in range(3000):
        unit.move(CALL, number % 2 == 0)
        unit.wait(10)
    assert unit.whats.count("line_fault") == 1
    assert unit.whats.count("pressed") <= 1
    assert "held" not in unit.whats
    assert unit.statuses[-1].points["point-1"]["call"] == "floating"
    unit.wait(20_000)
    assert unit.whats[-1] == "line_restored"


@pytest.mark.parametrize(
    ("call", "call_nc", "reading"),
    [
        (False, True, None),
        (True, False, None),
        (False, False, "cut"),
        (True, True, "short"),
    ],
)
def test_two_contacts_say_whether_the_line_is_whole(call, call_nc, reading):
    wire = wiring.read(Wire(since_ms=0), call=call, call_nc=call_nc, at_ms=1000)
    wire = wiring.read(wire, call=call, call_nc=call_nc, at_ms=1000 + wiring.TRAVEL_MS)
    assert wire.fault == reading
