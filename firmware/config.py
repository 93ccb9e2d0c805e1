"""The unit's configuration, `unit-01.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from firmware.buttons import seat
from firmware.buttons.debounce import Debounce
from firmware.point import Role, Timing
from firmware.state import PointSettings, UnitSettings
from protocol.link import Broker
from protocol.messages import Id
from protocol.settings import load as load_settings

# The numbers of the 40-pin header of every Raspberry Pi.
Bcm = Annotated[int, msgspec.Meta(ge=0, le=27)]
# These carry a pull-up of 1.8 kΩ on the board itself.
PULLED_UP = (2, 3)

Backend = Literal["libgpiod", "lgpio", "rpigpio", "simulated"]
Pull = Literal["up", "down", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioConfig:
    """`[gpio]`. active_high: a closed contact reads high (wired to 3.3 V, not to ground)."""

    backend: Backend = "libgpiod"
    pull: Pull = "up"
    active_high: bool = False

    def faults(self) -> list[tuple[str, str]]:
        if self.pull == "none" or (self.pull == "down") == self.active_high:
            return []
        return [
            (
                "active_high",
                f"must be {str(self.pull == 'down').lower()} with pull {self.pull}:"
                " the pull must be the level of an open contact",
            )
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingConfig:
    """`[timing]`: how long a contact must stay to count; see the contract for the defaults."""

    debounce_ms: Annotated[int, msgspec.Meta(ge=1, le=500)] = 10
    release_ms: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 30
    held_s: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 3
    stuck_s: Annotated[float, msgspec.Meta(ge=2, le=3600)] = 60
    seat_s: Annotated[float, msgspec.Meta(ge=0.1, le=600)] = 2

    def faults(self) -> list[tuple[str, str]]:
        found = []
        if self.stuck_s <= self.held_s:
            found.append(("stuck_s", f"is {self.stuck_s}, must be more than held_s"))
        if self.seat_s * 1000 < self.release_ms:
            found.append(("seat_s", "is shorter than release_ms, must be at least as long"))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxConfig:
    """`[outbox]`. max_alerts: so many unsent alerts are kept; calls are let go last."""

    max_alerts: Annotated[int, msgspec.Meta(ge=200, le=100_000)] = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PointConfig:
    """`[[points]]`: BCM numbers of a point's lines; call_nc is the button's second contact."""

    id: Id
    call: Bcm
    call_nc: Bcm | None = None
    seat: Bcm | None = None
    presence: Bcm | None = None
    lamp: Bcm | None = None
    sounder: Bcm | None = None
    silent: bool = False

    def inputs(self) -> dict[Role, int]:
        """BCM number of each contact that is wired, by its role."""
        lines: dict[Role, int | None] = {
            "call": self.call,
            "call_nc": self.call_nc,
            "seat": self.seat,
            "presence": self.presence,
        }
        return {role: line for role, line in lines.items() if line is not None}

    def lines(self) -> dict[str, int]:
        """BCM number of everything that is wired, by its key."""
        outputs = {"lamp": self.lamp, "sounder": self.sounder}
        wired = {key: line for key, line in outputs.items() if line is not None}
        return {**self.inputs(), **wired}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitConfig:
    """The whole file. state: the outbox's database, beside the file unless absolute."""

    branch: Id
    unit: Id
    state: Annotated[str, msgspec.Meta(min_length=1)]
    drill: bool = False
    mqtt: Broker = field(default_factory=Broker)
    gpio: GpioConfig = field(default_factory=GpioConfig)
    timing: TimingConfig = field(default_factory=TimingConfig)
    outbox: OutboxConfig = field(default_factory=OutboxConfig)
    points: list[PointConfig]

    def faults(self) -> list[tuple[str, str]]:
        """What is wrong that one key alone does not show."""
        missing = [] if self.points else [("points", "has none, must have at least one")]
        return [*missing, *self._doubled_ids(), *self._doubled_lines(), *self._bad_pulls()]

    def _doubled_ids(self) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for number, point in enumerate(self.points):
            if point.id in seen:
                yield f"points[{number}].id", f"is {point.id}, which another point has already"
            seen.add(point.id)

    def _doubled_lines(self) -> Iterator[tuple[str, str]]:
        taken: dict[int, str] = {}
        for key, line in self._keyed_lines():
            if line in taken:
                yield key, f"is {line}, which {taken[line]} uses already"
            taken.setdefault(line, key)

    def _bad_pulls(self) -> Iterator[tuple[str, str]]:
        if self.gpio.pull == "up":
            return
        inputs = {line for point in self.points for line in point.inputs().values()}
        for key, line in self._keyed_lines():
            if line in PULLED_UP and line in inputs:
                yield key, f"is {line}, which the board pulls up; with another pull take 4 to 27"

    def _keyed_lines(self) -> Iterator[tuple[str, int]]:
        for number, point in enumerate(self.points):
            for key, line in point.lines().items():
                yield f"points[{number}].{key}", line


def load(path: Path) -> UnitConfig:
    """The configuration in a file. Raises: protocol.settings.ConfigError with all its faults."""
    return load_settings(UnitConfig, path)


def settings(config: UnitConfig, version: str) -> UnitSettings:
    """What the pure unit wants to know of it."""
    return UnitSettings(
        id=config.unit,
        points=tuple(
            PointSettings(id=point.id, lines=point.inputs(), silent=point.silent)
            for point in config.points
        ),
        timing=_timing(config.timing),
        drill=config.drill,
        max_alerts=config.outbox.max_alerts,
        version=version,
    )


def _timing(config: TimingConfig) -> Timing:
    return Timing(
        call=Debounce(close_ms=config.debounce_ms, open_ms=config.release_ms),
        seat=seat.debounce(round(config.seat_s * 1000)),
        held_ms=round(config.held_s * 1000),
        stuck_ms=round(config.stuck_s * 1000),
    )
