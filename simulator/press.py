"""`anling press`: a customer's finger on a simulated button."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from protocol.link import Broker, Disconnected, LinkEvent, Received
from protocol.messages import Lamp, MessageError, SimulatedLamp, UnitStatus, decode
from protocol.polled_link import PolledLink
from protocol.settings import ConfigError
from protocol.topics import Topics
from simulator import folder, kinds, ready
from simulator.errors import SimulatorError, UsageError
from simulator.folder import PressPoint
from simulator.kinds import File

# Well above the 10 ms that a contact must stay closed to count.
SHORTEST_S = 0.15
# A button held longer than this is stuck, not held.
LONGEST_S = 600.0
ANSWER_S = 5.0
LAMP_S = 3.0
MOST_AT_ONCE = 100
LAMP_WORDS: dict[Lamp, str] = {
    "off": "off",
    "saved": "fast blink (saved in the unit)",
    "recorded": "slow blink (the gateway has it)",
    "coming": "steady (a person is coming)",
    "undelivered": "double blink (not delivered yet)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A branch with buttons to press."""

    broker: Broker
    branch: str
    points: tuple[PressPoint, ...]

    def point(self, point_id: str) -> PressPoint:
        """Raises: UsageError that names those there are."""
        for point in self.points:
            if point.id == point_id:
                return point
        known = ", ".join(point.id for point in self.points) or "none"
        raise UsageError(f"There is no simulated point {point_id}. There are: {known}.")


def target_of_ready_file(path: Path) -> Target:
    """The running demo that wrote the file. Raises: UsageError."""
    content = ready.read(path)
    door = content.mqtt
    broker = Broker(host=door.host, port=door.port, username=door.username, password=door.password)
    return Target(broker=broker, branch=content.branch, points=content.points)


def target_of_config(path: Path) -> Target:
    """The simulated unit with this configuration; for a gateway's or board's file, all units
    beside it. Raises: ConfigError, UsageError.
    """
    files = _units(path)
    if not files:
        raise UsageError(f"{path} is no unit's file and none stands beside it: unit-NN.toml.")
    for file in files:
        if file.config.gpio.backend != "simulated":
            raise UsageError(
                f"{file.path} is of real buttons; only simulated ones are pressed from here."
            )
    return Target(
        broker=files[0].config.mqtt,
        branch=files[0].config.branch,
        points=tuple(point for file in files for point in folder.points_of(file.config)),
    )


def _units(path: Path) -> list[File]:
    """Raises: ConfigError that names every fault of them."""
    is_unit = kinds.kind_of(str(path)) == "unit"
    paths = [path] if is_unit else sorted(path.parent.glob("unit-*.toml"))
    faults, files = kinds.read(("unit", str(one)) for one in paths)
    if faults:
        raise ConfigError(faults)
    return files


def run(target: Target, point_id: str, *, hold_s: float | None) -> str:
    """Presses and releases; returns what happened, for people. Raises: SimulatorError."""
    point = target.point(point_id)
    held_s = SHORTEST_S if hold_s is None else max(SHORTEST_S, hold_s)
    if held_s > LONGEST_S:
        raise UsageError(f"--hold {hold_s:g} is too long: {LONGEST_S:g} s at most.")
    finger = Finger(target, point)
    finger.start()
    try:
        finger.press(held_s)
        lamp = finger.lamp_after()
    finally:
        finger.stop()
    shown = f"Its lamp: {LAMP_WORDS[lamp]}." if lamp else "It has no lamp."
    return f"Pressed {point.id} of {point.unit} for {held_s:g} s. {shown}"


class Finger:
    """A connection that can close and open one contact, and sees the lamp beside it."""

    def __init__(self, target: Target, point: PressPoint) -> None:
        self._broker = target.broker
        self._point = point
        self._unit_is_online = False
        self._lamp: Lamp | None = None
        self._trouble = ""
        topics = Topics(target.branch)
        self._link = PolledLink(
            broker=target.broker,
            topics=topics,
            client_id=f"anling-press-{secrets.token_hex(4)}",
            deliver=self._take,
            subscriptions=[
                topics.build("unit_status", point.unit),
                topics.build("lamp", point.unit, point.id),
            ],
        )

    def start(self) -> None:
        """Connects and makes sure that the unit listens. Raises: SimulatorError."""
        self._link.start()
        self._wait(lambda: self._unit_is_online or self._trouble, ANSWER_S)
        if self._trouble:
            raise SimulatorError(f"{self._trouble.capitalize()}: does the branch run?")
        if not self._unit_is_online:
            raise SimulatorError(
                f"{self._point.unit} is not online, so nothing would feel the press: start it."
            )

    def stop(self) -> None:
        self._link.stop()

    def press(self, held_s: float) -> None:
        """Closes the contact, waits, opens it. Raises: SimulatorError if the broker goes away."""
        self._set_contact(1)
        try:
            self._wait(lambda: self._trouble, held_s)
        finally:
            self._set_contact(0)

    def _set_contact(self, level: int) -> None:
        line = str(self._point.lines["call"])
        if self._link.send("line", self._point.unit, line, message=level) is None:
            raise SimulatorError(f"The broker went away ({self._trouble}): does it still run?")

    def lamp_after(self) -> Lamp | None:
        """What the lamp shows once the press has been answered, or after LAMP_S."""
        self._wait(lambda: self._lamp in ("recorded", "coming"), LAMP_S)
        return self._lamp

    def _wait(self, is_so: Callable[[], object], within_s: float) -> None:
        end_s = time.monotonic() + within_s
        while not is_so() and (left_s := end_s - time.monotonic()) > 0:
            self._link.poll(wait_s=left_s, most=MOST_AT_ONCE)

    def _take(self, event: LinkEvent) -> None:
        if isinstance(event, Disconnected):
            self._trouble = event.reason
        elif isinstance(event, Received) and event.where is not None:
            self._take_message(event.where.name, event.payload)

    def _take_message(self, name: str, payload: bytes) -> None:
        try:
            if name == "unit_status":
                self._unit_is_online = decode(UnitStatus, payload).state == "online"
            elif name == "lamp":
                self._lamp = decode(SimulatedLamp, payload).lamp
        except MessageError:
            return  # on a simulated branch anybody may say anything
