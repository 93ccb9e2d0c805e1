"""The gateway's configuration: `gateway.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec

from gateway.desk.team import Certificate, KnownRole, Label, Pin, Staff
from gateway.policy import DEFAULT_ROLES, DEFAULT_STEPS, LEAD, Audience, Policy, Step
from gateway.store.records import PointRecord
from protocol.link import Broker
from protocol.messages import Id, Kind, ShortText
from protocol.settings import load

Seconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3600)]
PositiveSeconds = Annotated[int, msgspec.Meta(ge=1, le=24 * 3600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """`[[units]]`: a unit that must be there; its absence is a fault."""

    id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSettings:
    """`[[points]]`: a place customers call from.

    seat_check_after_s: a seat occupied for so long raises a `seat` incident; none: never.
    """

    id: Id
    label: Label
    unit: Id
    silent: bool = False
    seat_check_after_s: PositiveSeconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSettings:
    """`[[staff]]`: who is there from the start; pages change it later.

    pin_hash: made by Werkzeug's generate_password_hash; empty: no sign-in. on_duty: always, or
    False: never; shifts are planned on the pages.
    """

    id: Id
    name: Label
    roles: list[KnownRole]
    pin_hash: str = ""
    on_duty: bool = True
    certificates: list[Certificate] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings:
    """`[[policy.steps]]`."""

    after_s: Seconds
    tell: Audience


def _default_steps() -> list[StepSettings]:
    return [StepSettings(after_s=step.after_s, tell=step.tell) for step in DEFAULT_STEPS]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """`[policy]`: the contract's defaults, each of which a branch may change."""

    steps: list[StepSettings] = field(default_factory=_default_steps)
    roles: dict[Kind, list[KnownRole]] = field(default_factory=dict)
    repeat_s: PositiveSeconds = 60
    arrival_s: PositiveSeconds = 120
    close_s: PositiveSeconds = 900

    def faults(self) -> list[tuple[str, str]]:
        found = []
        times = [step.after_s for step in self.steps]
        if not times or times[0] != 0:
            found.append(("steps", "the first step must be at after_s = 0, so that nobody waits"))
        if times != sorted(set(times)):
            found.append(("steps", f"after_s is {times}; each step must come after the one before"))
        for kind, roles in self.roles.items():
            if not roles:
                found.append((f"roles.{kind}", "is empty; a call must ask for at least one role"))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """`[[channels]]`: somewhere notices go. url: one of Apprise's. roles: for these; [] for all."""

    name: Id
    url: Annotated[str, msgspec.Meta(min_length=1)]
    roles: list[KnownRole] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """The whole of `gateway.toml`. store: path of the database. timezone: of the branch's clock."""

    branch: Id
    name: ShortText = ""
    store: str = "anling.db"
    timezone: str = "Asia/Shanghai"
    mqtt: Broker = field(default_factory=Broker)
    units: list[UnitSettings] = field(default_factory=list)
    points: list[PointSettings] = field(default_factory=list)
    staff: list[StaffSettings] = field(default_factory=list)
    policy: PolicySettings = field(default_factory=PolicySettings)
    channels: list[ChannelSettings] = field(default_factory=list)

    def faults(self) -> list[tuple[str, str]]:
        return [*self._twins(), *self._strangers(), *self._gaps()]

    def _twins(self) -> list[tuple[str, str]]:
        named = {
            "units": [one.id for one in self.units],
            "points": [one.id for one in self.points],
            "staff": [one.id for one in self.staff],
            "channels": [one.name for one in self.channels],
        }
        return [
            (key, f"{name} stands there {count} times; each id may stand once")
            for key, names in named.items()
            for name, count in Counter(names).items()
            if count > 1
        ]

    def _strangers(self) -> list[tuple[str, str]]:
        units = {one.id for one in self.units}
        return [
            (f"points[{number}].unit", f"is {one.unit!r}, which is not in [[units]]")
            for number, one in enumerate(self.points)
            if one.unit not in units
        ]

    def _gaps(self) -> list[tuple[str, str]]:
        """Roles that a call asks for and nobody has: such a call would reach nobody."""
        had = {role for one in self.staff for role in one.roles if one.on_duty}
        found = [
            (f"policy.roles.{kind}", f"asks for {role}, which nobody on duty has; add it to staff")
            for kind in DEFAULT_ROLES
            for role in self.policy.roles.get(kind, DEFAULT_ROLES[kind])
            if role not in had
        ]
        if LEAD not in had and any(step.tell == LEAD for step in self.policy.steps):
            found.append(("staff", "nobody on duty has the role lead, whom a step tells"))
        return found

    def rules_policy(self) -> Policy:
        return Policy(
            steps=tuple(Step(after_s=s.after_s, tell=s.tell) for s in self.policy.steps),
            roles={**DEFAULT_ROLES, **{k: tuple(v) for k, v in self.policy.roles.items()}},
            repeat_s=self.policy.repeat_s,
            arrival_s=self.policy.arrival_s,
            close_s=self.policy.close_s,
        )

    def point_records(self) -> list[PointRecord]:
        """The points as the store keeps them."""
        return [
            PointRecord(point=one.id, label=one.label, unit=one.unit, silent=one.silent)
            for one in self.points
        ]

    def plans(self) -> Iterator[tuple[str, str, object]]:
        """(kind, id, body) of each plan of the desk that the file writes."""
        for one in self.staff:
            yield (
                "staff",
                one.id,
                Staff(
                    name=one.name,
                    roles=list(one.roles),
                    duty="always" if one.on_duty else "never",
                    certificates=list(one.certificates),
                ),
            )
            if one.pin_hash:
                yield "pin", one.id, Pin(hash=one.pin_hash)


def read(path: str | Path) -> GatewayConfig:
    """The configuration at `path`; its store is found beside it. Raises: settings.ConfigError."""
    config = load(GatewayConfig, path)
    return replace(config, store=str(Path(path).parent / config.store))
