"""The real unit on a real arm64 kernel, pressed from outside as by a wire: `make test-pi`.

Nothing here is judged by wall-clock time: waits are bounded, figures are printed.
"""

from __future__ import annotations

import re
import time
from typing import get_args

import pytest

from firmware.config import Backend

from .branch import CALL, LAMP, OTHER_CALL, OTHER_LAMP, WITNESS, Branch
from .machine import VirtualPi, wait_until
from .use import measure_at_rest

pytestmark = [pytest.mark.pi, pytest.mark.timeout(900)]

# Those of the unit's backends that drive a gpiochip; RPi.GPIO drives a Pi's own registers.
BACKENDS = [name for name in get_args(Backend) if name not in ("rpigpio", "simulated")]
STATUS = "unit/unit-01/status"
# (level, ms): a contact that bounces as it closes, is held for 0.3 s, and bounces as it opens.
# As on a real Pi, the kernel does not see every edge: where two come faster than it handles one,
# the unit hears of the same level twice.
BOUNCING_PRESS = [
    (1, 0.4), (0, 0.3), (1, 0.9), (0, 0.5), (1, 1.8), (0, 0.3), (1, 300),
    (0, 0.5), (1, 0.4), (0, 1.2), (1, 0.3), (0, 50),
]  # fmt: skip
SPIKE_MS = 3
# A contact must stay closed for 10 ms to count; times are rounded to 1 ms, and the witness looks
# at its own line a little later.
SURELY_SHORT_MS = 8
SPIKES = 20
REST_S = 30
# What the console says on the way from power on to a unit that takes calls.
SIGNS = {
    "kernel, disk and network ready": "rig: machine ready",
    "unit started": "rig: program starts",
    "unit armed": "armed: ",
}
# Longer than any lamp pattern's dark or bright part.
PATTERN_S = 2


def power_on(pi: VirtualPi, branch: Branch) -> None:
    """Puts power on and waits until the gateway's side sees the unit."""
    pi.start()
    pi.wait_for_console("rig: program starts")
    branch.wait_for(STATUS, state="online", within_s=240)


def is_steady(pi: VirtualPi, line: int, level: int) -> bool:
    return set(pi.watch_line(line, during_s=PATTERN_S)) == {level}


@pytest.mark.parametrize("backend", BACKENDS)
def test_bouncing_press_is_one_incident_and_the_lamp_tells_its_way(
    pi: VirtualPi, branch: Branch
) -> None:
    power_on(pi, branch)
    assert is_steady(pi, LAMP, 0)

    pi.play(CALL, BOUNCING_PRESS)
    wait_until("the lamp is lit", lambda: pi.read_line(LAMP), within_s=60)
    incident = branch.wait_for_incident("point-1")
    assert (incident["kind"], incident["stage"], incident["presses"]) == ("call", "raised", 1)
    assert pi.read_line(OTHER_LAMP) == 0

    branch.act("accept", incident)
    wait_until("the lamp is steady", lambda: is_steady(pi, LAMP, 1), within_s=60)
    branch.act("arrive", incident)
    branch.act("close", incident, situation="other", outcome="helped")
    wait_until("the lamp is dark", lambda: is_steady(pi, LAMP, 0), within_s=60)
    assert len(branch.incidents("point-1")) == 1


def test_press_survives_a_power_cut_right_after_the_lamp_says_saved(
    pi: VirtualPi, branch: Branch
) -> None:
    """Broker and gateway are dead too: only the unit's own disk knows of the press."""
    power_on(pi, branch)
    branch.stop()
    pi.close(CALL)
    wait_until("the lamp says saved", lambda: pi.read_line(LAMP), within_s=60)
    pi.power_cut()

    branch.listener.forget()
    branch.start()
    assert branch.incidents("point-1") == []
    power_on(pi, branch)
    incident = branch.wait_for_incident("point-1")
    branch.wait_for(STATUS, state="online", pending=0)
    assert [incident["presses"] for incident in branch.incidents("point-1")] == [1]
    assert len(branch.alert_ids("point-1", "pressed")) == 1
    assert incident["raised_uncertain_ms"] != 0, "a press of an earlier boot has no known age"


def test_button_already_held_at_power_on_is_a_call(pi: VirtualPi, branch: Branch) -> None:
    """The kernel reports no edge for it: the unit must read every line when it starts."""
    pi.start()
    pi.close(CALL)
    branch.wait_for_incident("point-1", within_s=240)


@pytest.mark.parametrize("witness", [WITNESS])
def test_interference_of_3_ms_is_no_call(pi: VirtualPi, branch: Branch) -> None:
    """An emulated kernel may see a spike longer than it was: only such a one may be a call."""
    power_on(pi, branch)
    pi.wait_for_console("rig: witness")
    lasted_ms = [send_spike(pi) for _ in range(SPIKES)]
    print(f"spikes_ms: {lasted_ms}")
    long_ones = sum(ms >= SURELY_SHORT_MS for ms in lasted_ms)
    if long_ones > SPIKES / 2:
        pytest.skip("this host is too busy: most spikes were long to the guest")

    # What the unit made of the spikes would have been said before this press of another point.
    pi.play(OTHER_CALL, BOUNCING_PRESS)
    branch.wait_for_incident("point-2")
    branch.wait_for(STATUS, state="online", pending=0)
    assert len(branch.alert_ids("point-1", "pressed")) <= long_ones
    assert len(branch.alert_ids("point-2", "pressed")) == 1


def send_spike(pi: VirtualPi) -> float:
    """Puts a spike on the call's line; returns the milliseconds it lasted to the guest's kernel.

    The witness's line rises before and falls after, so its pulse is never the shorter one.
    """
    count = len(pulses_ms(pi))
    pi.close(WITNESS)
    pi.play(CALL, [(1, SPIKE_MS), (0, 0)])
    pi.open(WITNESS)
    wait_until("the witness saw it", lambda: len(pulses_ms(pi)) > count, within_s=60)
    return pulses_ms(pi)[-1]


def pulses_ms(pi: VirtualPi) -> list[float]:
    return [float(ms) for ms in re.findall(r"rig: pulse of ([\d.]+) ms", pi.console)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_figures_of_a_unit_at_rest(
    pi: VirtualPi, branch: Branch, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints; an emulated machine on a shared host proves no figure, but a jump would show."""
    pi.start()
    figures = []
    for what, sign in SIGNS.items():
        pi.wait_for_console(sign)
        figures.append(f"power on to {what}: {time.monotonic() - pi.powered_on:.1f} s")
    branch.wait_for(STATUS, state="online")
    figures.append(f"power on to online: {time.monotonic() - pi.powered_on:.1f} s")
    figures.append(f"at rest on real lines: {measure_at_rest(pi, during_s=REST_S)}")
    with capsys.disabled():
        print(f"\n{backend}: ", f"\n{backend}: ".join(figures), sep="")
