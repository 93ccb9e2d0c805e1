"""Runs in the guest: gpiozero on lgpio with three lines and callbacks, as a unit arms them."""

import time

START_S = time.monotonic()


def report(pin):
    """A callback that prints how long after the kernel's timestamp it was called."""

    def changed(ticks_s, state):
        after_ms = (time.monotonic() - ticks_s) * 1e3
        print(f"probe: edge line={pin} level={state} after_ms={after_ms:.3f}")

    return changed


from gpiozero import DigitalInputDevice  # noqa: E402 (its cost is what is measured)
from gpiozero.pins.lgpio import LGPIOFactory  # noqa: E402

IMPORTED_S = time.monotonic()
factory = LGPIOFactory(chip=0)
devices = []
for line in (1, 2, 3):
    device = DigitalInputDevice(
        line, pull_up=None, active_state=True, bounce_time=None, pin_factory=factory
    )
    callback = report(line)
    device.pin.when_changed = callback
    devices.append((device, callback))  # what nobody refers to is collected and goes silent
ARMED_S = time.monotonic()
print(f"probe: armed import_s={IMPORTED_S - START_S:.3f} arm_s={ARMED_S - IMPORTED_S:.3f}")
while True:
    time.sleep(3600)
