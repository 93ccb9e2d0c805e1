"""The unit's configuration, `unit-01.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from firmware.buttons import seat
from firmware.buttons.debounce import Debounce
from firmware.point import Role, Timing
from firmware.state import PointSettings, UnitSettings
from protocol.link import Broker
from protocol.messages import Id
from protocol.settings import Findings, readable, rule
from protocol.settings import load as load_settings

# The numbers of the 40-pin header of every Raspberry Pi.
Bcm = Annotated[int, msgspec.Meta(ge=0, le=27)]
# These carry a pull-up of 1.8 kΩ on the board itself.
PULLED_UP = (2, 3)

Backend = Literal["libgpiod", "lgpio", "rpigpio", "simulated"]
Pull = Literal["up", "down", "none"]

# The keys of a point that name lines.
INPUTS: tuple[Role, ...] = get_args(Role)
OUTPUTS = ("lamp", "sounder")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioConfig:
    """`[gpio]`. active_high: a closed contact reads high (wired to 3.3 V, not to ground)."""

    backend: Backend = "libgpiod"
    pull: Pull = "up"
    active_high: bool = False

    @rule
    def _pull_of_a_closed_contact(self) -> Findings:
        if self.pull != "none" and (self.pull == "down") != self.active_high:
            yield (
                "active_high",
                f"must be {str(self.pull == 'down').lower()} with pull {self.pull}:"
                " the pull must be the level of an open contact",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingConfig:
    """`[timing]`: how long a contact must stay to count; see the contract for the defaults."""

    debounce_ms: Annotated[int, msgspec.Meta(ge=1, le=500)] = 10
    release_ms: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 30
    held_s: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 3
    stuck_s: Annotated[float, msgspec.Meta(ge=2, le=3600)] = 60
    seat_s: Annotated[float, msgspec.Meta(ge=0.1, le=600)] = 2

    @rule
    def _stuck_before_held(self) -> Findings:
        if self.stuck_s <= self.held_s:
            yield "stuck_s", f"is {self.stuck_s}, must be more than held_s"

    @rule
    def _seat_before_release(self) -> Findings:
        if self.seat_s * 1000 < self.release_ms:
            yield "seat_s", "is shorter than release_ms, must be at least as long"


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
        lines: dict[Role, int | None] = {role: getattr(self, role) for role in INPUTS}
        return {role: line for role, line in lines.items() if line is not None}


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

    @rule
    def _no_points(self) -> Findings:
        if not self.points:
            yield "points", "has none, must have at least one"

    @rule
    def _doubled_ids(self) -> Findings:
        seen: set[str] = set()
        for number, name in readable(self.points, lambda point: point.id):
            if name in seen:
                yield f"points[{number}].id", f"is {name}, which another point has already"
            seen.add(name)

    @rule
    def _doubled_lines(self) -> Findings:
        taken: dict[int, str] = {}
        for key, line in self._wired(*INPUTS, *OUTPUTS):
            if line in taken:
                yield key, f"is {line}, which {taken[line]} uses already"
            taken.setdefault(line, key)

    @rule
    def _bad_pulls(self) -> Findings:
        if self.gpio.pull == "up":
            return
        for key, line in self._wired(*INPUTS):
            if line in PULLED_UP:
                yield key, f"is {line}, which the board pulls up; with another pull take 4 to 27"

    def _wired(self, *keys: str) -> Iterator[tuple[str, int]]:
        """(dotted key, BCM number) of what is wired there and could be read, point after point."""
        found = [
            (number, key, line)
            for key in keys
            for number, line in readable(self.points, attrgetter(key))
            if line is not None
        ]
        for number, key, line in sorted(found, key=itemgetter(0)):
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
