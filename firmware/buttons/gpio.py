"""The lines of a unit: edges into a queue, levels on request, lamps out. The one user of gpiozero.

gpiozero's pins are used and not its devices: `Button` polls in a thread of its own, and
`DigitalInputDevice` hides the kernel's timestamps. The backend is always the configured one; a
backend that does not work is an error and never a silent other one.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from firmware.errors import GpioError
from firmware.events import LineChanged

# One line may have so many edges waiting for the loop. Beyond that it floats, and more edges of it
# would only keep the other lines waiting; the next look at its level makes up for them.
MAX_WAITING = 500
# An edge's time must lie in the last minute of the monotonic clock. lgpio hands on what the kernel
# says, and kernels before 5.7 said the time of day.
BELIEVED_S = 60

PULLS = {"up": "up", "down": "down", "none": "floating"}


class Lines:
    """The inputs and outputs of a unit, by BCM number.

    backend: "libgpiod", "lgpio", "rpigpio" or "simulated". folder: where lgpio may put its pipe.
    changeovers: the line of the second contact for each button that has one.
    """

    def __init__(
        self,
        *,
        backend: str,
        pull: str,
        active_high: bool,
        inputs: Iterable[int],
        outputs: Iterable[int],
        changeovers: Mapping[int, int],
        folder: Path,
    ) -> None:
        self._backend = backend
        self._pull = PULLS[pull]
        self._active_high = active_high
        self._inputs = tuple(inputs)
        self._output_numbers = tuple(outputs)
        self._changeovers = changeovers
        self._folder = folder
        self._factory: Any = None
        # gpiozero keeps only weak references to callbacks: what nobody holds goes silent.
        self._contacts: dict[int, _Contact] = {}
        self._outputs: dict[int, Any] = {}

    @property
    def is_simulated(self) -> bool:
        return self._backend == "simulated"

    def start(self, deliver: Callable[[LineChanged], None]) -> None:
        """Opens every line; edges go to `deliver` from another thread. Raises: GpioError."""
        try:
            self._factory = _factory(self._backend, self._folder)
            for number in self._output_numbers:
                pin = self._factory.pin(number)
                pin.output_with_state(False)
                self._outputs[number] = pin
            for number in self._inputs:
                self._contacts[number] = self._open(number, deliver)
        # Every backend has errors of its own, from ImportError to lgpio.error.
        except Exception as error:
            raise GpioError(_advice(self._backend, error)) from error

    def stop(self) -> None:
        """Lets go of every line; the lamps go dark."""
        for pin in self._outputs.values():
            pin.state = False
        for contact in self._contacts.values():
            contact.stop()
        self._contacts.clear()
        self._outputs.clear()
        if self._factory is not None:
            self._factory.close()

    def read(self) -> dict[int, bool]:
        """Whether each contact is closed now. Raises: GpioError."""
        try:
            return {number: contact.is_closed() for number, contact in self._contacts.items()}
        except Exception as error:
            raise GpioError(f"the lines cannot be read: {error}") from error

    def write(self, number: int, lit: bool) -> None:
        """Puts an output high or low. Raises: GpioError."""
        try:
            self._outputs[number].state = lit
        except Exception as error:
            raise GpioError(f"line {number} cannot be switched: {error}") from error

    def took(self, number: int) -> None:
        """The loop has taken an edge of this line from the queue."""
        self._contacts[number].taken += 1

    def drive(self, number: int, *, closed: bool) -> bool:
        """Moves a simulated contact; False if there is none. A changeover moves both its contacts:
        the one lets go before the other closes."""
        if not self.is_simulated or number not in self._contacts:
            return False
        other = self._changeovers.get(number)
        moves = [(number, closed)] if other is None else [(number, closed), (other, not closed)]
        for line, to_closed in sorted(moves, key=lambda move: move[1]):
            self._contacts[line].drive(to_closed)
        return True

    def _open(self, number: int, deliver: Callable[[LineChanged], None]) -> _Contact:
        pin = self._factory.pin(number)
        pin.input_with_pull(self._pull)
        contact = _Contact(number, pin, active_high=self._active_high, deliver=deliver)
        if self.is_simulated:
            # Nothing pulls a simulated line that has no pull; at rest call_nc is closed.
            contact.drive(number in self._changeovers.values())
        contact.start()
        return contact


class _Contact:
    """One contact's line. seen, taken: edges put into the queue and taken out; each is written by
    one thread only."""

    def __init__(
        self,
        number: int,
        pin: Any,
        *,
        active_high: bool,
        deliver: Callable[[LineChanged], None],
    ) -> None:
        self._number = number
        self._pin = pin
        self._active_high = active_high
        self._deliver = deliver
        self.seen = 0
        self.taken = 0

    def start(self) -> None:
        # A pin comes without a bounce time, which every backend would understand differently.
        self._pin.when_changed = self._hear

    def stop(self) -> None:
        self._pin.when_changed = None

    def is_closed(self) -> bool:
        return bool(self._pin.state) == self._active_high

    def drive(self, closed: bool) -> None:
        if closed == self._active_high:
            self._pin.drive_high()
        else:
            self._pin.drive_low()

    def _hear(self, ticks: float, state: int) -> None:
        """Runs in the backend's one thread, which an exception would end for every button."""
        if self.seen - self.taken >= MAX_WAITING:
            return
        self.seen += 1
        self._deliver(
            LineChanged(
                self._number, bool(state) == self._active_high, edge_ms(ticks, time.monotonic())
            )
        )


def edge_ms(ticks_s: float, now_s: float) -> int:
    """Monotonic milliseconds of an edge; now, if its timestamp is of some other clock."""
    is_believed = 0 <= now_s - ticks_s <= BELIEVED_S
    return int((ticks_s if is_believed else now_s) * 1000)


def _factory(backend: str, folder: Path) -> Any:
    # Each import is heavy or absent where another backend is used.
    if backend == "simulated":
        from gpiozero.pins.mock import MockFactory

        return MockFactory()
    if backend == "rpigpio":
        from gpiozero.pins.rpigpio import RPiGPIOFactory

        return RPiGPIOFactory()
    if backend == "libgpiod":
        from firmware.buttons.libgpiod import LibgpiodFactory, header_chip

        return LibgpiodFactory(header_chip())
    _give_lgpio_a_folder(folder)
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _give_lgpio_a_folder(folder: Path) -> None:
    """Importing lgpio makes a pipe in $LG_WD and moves the whole process there, or fails."""
    writable = os.access(folder, os.W_OK)
    os.environ.setdefault("LG_WD", str(folder) if writable else tempfile.gettempdir())


def _advice(backend: str, error: Exception) -> str:
    by_chip = (
        "is this a Raspberry Pi, may this user use /dev/gpiochip*, and does no other program hold"
        " these lines?"
    )
    advice = {
        "libgpiod": by_chip,
        "lgpio": by_chip,
        "rpigpio": "on kernels from 6.6 on, set backend to libgpiod",
    }.get(backend, "see the lines in the configuration")
    reason = str(error) or type(error).__name__
    return f"the GPIO lines cannot be opened with {backend}: {reason}; {advice}"
