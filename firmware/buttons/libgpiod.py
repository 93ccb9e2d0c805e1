"""A gpiozero pin factory on libgpiod 2, which sleeps in the kernel until an edge comes.

lgpio's alert thread wakes about a thousand times a second for ever; this one never for nothing.
See docs/decisions/0008-libgpiod.md for the figures.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from pathlib import Path
from typing import Any

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero.exc import (
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidFunction,
    PinInvalidPull,
    PinSetInput,
)
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

log = logging.getLogger(__name__)

PULLS = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
EDGES = {"both": Edge.BOTH, "rising": Edge.RISING, "falling": Edge.FALLING}

# The chip with the header's lines, by its label: Pi 1 to 3, Pi 4, Pi 5. Its number changes from
# one kernel to the next.
HEADER_LABELS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
FIRST_CHIP = "/dev/gpiochip0"


def header_chip() -> str:
    """Path of the chip whose line numbers are the header's BCM numbers."""
    for path in sorted(Path("/dev").glob("gpiochip*")):
        with gpiod.Chip(str(path)) as chip:
            if chip.get_info().label in HEADER_LABELS:
                return str(path)
    return FIRST_CHIP


class LibgpiodFactory(LocalPiFactory):
    """Pins of one gpiochip. chip: its path, such as /dev/gpiochip0."""

    def __init__(self, chip: str) -> None:
        super().__init__()
        self.pin_class = LibgpiodPin
        self.chip = chip
        # epoll takes lines in and out while its thread sleeps in it; select would need waking.
        self._poll = select.epoll()
        self._armed: dict[int, LibgpiodPin] = {}
        self._thread: threading.Thread | None = None

    def arm(self, pin: LibgpiodPin) -> None:
        """Reports the edges of `pin` from now on."""
        self._armed[pin.request.fd] = pin
        self._poll.register(pin.request.fd, select.EPOLLIN)
        if self._thread is None:
            self._thread = threading.Thread(target=self._hear, name="gpio-edges", daemon=True)
            self._thread.start()

    def disarm(self, pin: LibgpiodPin) -> None:
        """Reports no edge of `pin` any more."""
        if self._armed.pop(pin.request.fd, None) is not None:
            self._poll.unregister(pin.request.fd)

    def _hear(self) -> None:
        try:
            while True:
                for descriptor, _ in self._poll.poll():
                    pin = self._armed.get(descriptor)
                    if pin is not None:
                        pin.hear()
        except Exception:
            # Without this thread every button is dead while all else looks alive. The outbox is
            # on the disk; systemd starts the program again.
            log.critical("the GPIO lines can no longer be heard; ending", exc_info=True)
            os._exit(1)


class LibgpiodPin(LocalPiPin):
    """One line, held for as long as the pin lives."""

    def __init__(self, factory: LibgpiodFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._settings = gpiod.LineSettings(direction=Direction.INPUT, bias=Bias.AS_IS)
        self._edges = "both"
        self.request = gpiod.request_lines(
            factory.chip, consumer="anling", config={self._number: self._settings}
        )

    def close(self) -> None:
        self.when_changed = None
        self.request.release()

    def hear(self) -> None:
        """Hands on the edges that the kernel has kept, with its own monotonic timestamps."""
        for event in self.request.read_edge_events():
            state = int(event.event_type is event.Type.RISING_EDGE)
            self._call_when_changed(event.timestamp_ns / 1e9, state)

    def _change(self, **settings: Any) -> None:
        for name, value in settings.items():
            setattr(self._settings, name, value)
        self.request.reconfigure_lines({self._number: self._settings})

    def _get_function(self) -> str:
        return "output" if self._settings.direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value == "input":
            self._change(direction=Direction.INPUT)
        elif value == "output":
            self._change(direction=Direction.OUTPUT, bias=Bias.AS_IS, edge_detection=Edge.NONE)
        else:
            raise PinInvalidFunction(f"invalid function {value!r} for pin {self!r}")

    def _get_state(self) -> int:
        return int(self.request.get_value(self._number) is Value.ACTIVE)

    def _set_state(self, value: float) -> None:
        if self.function == "input":
            raise PinSetInput(f"cannot set state of pin {self!r}")
        self.request.set_value(self._number, Value.ACTIVE if value else Value.INACTIVE)

    def _get_pull(self) -> str:
        return {bias: name for name, bias in PULLS.items()}.get(self._settings.bias, "floating")

    def _set_pull(self, value: str) -> None:
        if self.function != "input":
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        if self.info.pull not in (value, ""):
            raise PinFixedPull(f"{self!r} has a physical pull-{self.info.pull} resistor")
        if value not in PULLS:
            raise PinInvalidPull(f"invalid pull {value!r} for pin {self!r}")
        self._change(bias=PULLS[value])

    def _get_bounce(self) -> None:
        return None

    def _set_bounce(self, value: float | None) -> None:
        if value is not None:
            raise PinInvalidBounce("the unit debounces by itself; leave the bounce time None")

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        self._edges = value
        if self.when_changed is not None:
            self._change(edge_detection=EDGES[value])

    def _enable_event_detect(self) -> None:
        self._change(edge_detection=EDGES[self._edges])
        self.factory.arm(self)

    def _disable_event_detect(self) -> None:
        self.factory.disarm(self)
        self._change(edge_detection=Edge.NONE)
