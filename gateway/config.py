"""The gateway's configuration: `gateway.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec

from gateway.desk.plans import LEADS
from gateway.desk.points import Point
from gateway.desk.team import CERTIFIED, Certificate, KnownRole, Label, Pin, Staff
from gateway.policy import DEFAULT_ROLES, DEFAULT_STEPS, LEAD, Audience, Policy, Step
from gateway.store.records import PointRecord
from protocol.link import Broker
from protocol.messages import Id, Kind, ShortText
from protocol.settings import Findings, load, readable, rule

Seconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3600)]
PositiveSeconds = Annotated[int, msgspec.Meta(ge=1, le=24 * 3600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """`[[units]]`: a unit that must be there; its absence is a fault."""

    id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSettings:
    """`[[points]]`: a place customers call from, until a page says otherwise.

    seat_check_after_s: a seat occupied for so long raises a `seat` incident; none: never. place:
    the part of the branch it is in.
    """

    id: Id
    label: Label
    unit: Id
    silent: bool = False
    seat_check_after_s: PositiveSeconds | None = None
    place: ShortText = ""


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

    def has_certificate(self, name: str) -> bool:
        return any(one.what == name for one in self.certificates)


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

    @rule
    def _late_start(self) -> Findings:
        if not self.steps or self.steps[0].after_s != 0:
            yield "steps", "the first step must be at after_s = 0, so that nobody waits"

    @rule
    def _steps_back(self) -> Findings:
        times = [step.after_s for step in self.steps]
        if times != sorted(set(times)):
            yield "steps", f"after_s is {times}; each step must come after the one before"

    @rule
    def _calls_for_nobody(self) -> Findings:
        for kind, roles in self.roles.items():
            if not roles:
                yield f"roles.{kind}", "is empty; a call must ask for at least one role"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """`[[channels]]`: somewhere notices go. url: one of Apprise's. roles: for these; [] for all."""

    name: Id
    url: Annotated[str, msgspec.Meta(min_length=1)]
    roles: list[KnownRole] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """The whole of `gateway.toml`.

    store: path of the database. private_key_file: path of the key that seals private notes, ""
    for beside the store. timezone: of the branch's clock.
    """

    branch: Id
    name: ShortText = ""
    store: str = "anling.db"
    private_key_file: str = ""
    timezone: str = "Asia/Shanghai"
    mqtt: Broker = field(default_factory=Broker)
    units: list[UnitSettings] = field(default_factory=list)
    points: list[PointSettings] = field(default_factory=list)
    staff: list[StaffSettings] = field(default_factory=list)
    policy: PolicySettings = field(default_factory=PolicySettings)
    channels: list[ChannelSettings] = field(default_factory=list)

    @rule
    def _twin_units(self) -> Findings:
        return _twins("units", readable(self.units, lambda one: one.id))

    @rule
    def _twin_points(self) -> Findings:
        return _twins("points", readable(self.points, lambda one: one.id))

    @rule
    def _twin_staff(self) -> Findings:
        return _twins("staff", readable(self.staff, lambda one: one.id))

    @rule
    def _twin_channels(self) -> Findings:
        return _twins("channels", readable(self.channels, lambda one: one.name))

    @rule
    def _strangers(self) -> Findings:
        units = {one.id for one in self.units}
        for number, unit in readable(self.points, lambda one: one.unit):
            if unit not in units:
                yield f"points[{number}].unit", f"is {unit!r}, which is not in [[units]]"

    @rule
    def _gaps(self) -> Findings:
        """Roles that a call asks for and nobody has: such a call would reach nobody.

        A file that names only leads leaves the team to the pages, which show such gaps.
        """
        if {role for one in self.staff for role in one.roles} <= set(LEADS):
            return
        had = self._roles_on_duty()
        for kind in DEFAULT_ROLES:
            for role in self.policy.roles.get(kind, DEFAULT_ROLES[kind]):
                if role not in had:
                    text = f"asks for {role}, which nobody on duty has; add it to staff"
                    if role in CERTIFIED:
                        text += f", with a certificate of {CERTIFIED[role]}"
                    yield f"policy.roles.{kind}", text

    @rule
    def _no_lead(self) -> Findings:
        told = {audience for _, audience in readable(self.policy.steps, lambda step: step.tell)}
        if LEAD in told and LEAD not in self._roles_on_duty():
            yield "staff", "nobody on duty has the role lead, whom a step tells"

    def _roles_on_duty(self) -> set[str]:
        return {
            role
            for one in self.staff
            for role in one.roles
            if one.on_duty and (role not in CERTIFIED or one.has_certificate(CERTIFIED[role]))
        }

    def rules_policy(self) -> Policy:
        return Policy(
            steps=tuple(Step(after_s=s.after_s, tell=s.tell) for s in self.policy.steps),
            roles={**DEFAULT_ROLES, **{k: tuple(v) for k, v in self.policy.roles.items()}},
            repeat_s=self.policy.repeat_s,
            arrival_s=self.policy.arrival_s,
            close_s=self.policy.close_s,
        )

    def point_records(self) -> list[PointRecord]:
        """The points as the store keeps them, in the order of the file."""
        return [
            PointRecord(point=one.id, label=one.label, unit=one.unit, silent=one.silent)
            for one in self.points
        ]

    def plans(self) -> Iterator[tuple[str, str, object]]:
        """(kind, id, body) of each plan of the desk that the file writes."""
        for point in self.points:
            yield (
                "point",
                point.id,
                Point(
                    label=point.label,
                    unit=point.unit,
                    silent=point.silent,
                    seat_check_after_s=point.seat_check_after_s,
                    place=point.place,
                ),
            )
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


def _twins(key: str, numbered: Iterator[tuple[int, str]]) -> Findings:
    for name, count in Counter(name for _, name in numbered).items():
        if count > 1:
            yield key, f"{name} stands there {count} times; each id may stand once"


def read(path: str | Path) -> GatewayConfig:
    """The configuration at `path`; its store is found beside it. Raises: settings.ConfigError."""
    config = load(GatewayConfig, path)
    folder = Path(path).parent
    named = config.private_key_file
    return replace(
        config,
        store=str(folder / config.store),
        private_key_file=str(folder / named) if named else "",
    )
