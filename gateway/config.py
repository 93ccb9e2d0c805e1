"""The gateway's configuration: `gateway.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from gateway.policy import DEFAULT_ROLES, DEFAULT_STEPS, LEAD, Audience, Policy, Step
from gateway.roster import Member, Roster
from gateway.store.records import ChannelRecord, PointRecord, StaffRecord
from protocol.link import Broker
from protocol.messages import Id, Kind, ShortText
from protocol.settings import load

Seconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3600)]
PositiveSeconds = Annotated[int, msgspec.Meta(ge=1, le=24 * 3600)]
KnownRole = Literal["customer_service", "security", "first_aid", "lead", "maintenance", "admin"]
ChannelKind = Literal["apprise", "dingtalk", "wecom", "feishu", "webhook", "pager"]
# The kinds that sign with a secret.
WITH_SECRET = ("dingtalk", "feishu", "webhook")
# Up to a month: a channel tested less often is as good as not tested.
CanarySeconds = Annotated[int, msgspec.Meta(ge=0, le=31 * 24 * 3600)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


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
    """`[[staff]]`. pin_hash: made by Werkzeug's generate_password_hash; empty: no sign-in."""

    id: Id
    name: Label
    roles: list[KnownRole]
    pin_hash: str = ""
    on_duty: bool = True


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
    """`[[channels]]`: somewhere notices go.

    url: where to; for a pager the name says it. secret: signs messages. roles: for these; [] for
    all. staff: the one person whose channel it is, None for a group. canary_every_s: how often it
    is tested when nothing else was delivered; 0 = never.
    """

    name: Id
    kind: ChannelKind = "apprise"
    url: str = ""
    secret: str = ""
    roles: list[KnownRole] = field(default_factory=list)
    staff: Id | None = None
    canary_every_s: CanarySeconds = 24 * 3600

    def faults(self) -> list[tuple[str, str]]:
        """What the keys together show; never repeats an address or a secret."""
        return [*self._address(), *self._needless_secret(), *self._two_audiences()]

    def _address(self) -> Iterator[tuple[str, str]]:
        if self.kind == "pager":
            if self.url:
                yield "url", "is not used by kind pager, which is reached by its name; take it out"
        elif not self.url:
            yield "url", f"is missing; kind {self.kind} needs one"
        elif self.kind != "apprise" and not _is_web_address(self.url):
            yield "url", f"must begin with https:// or http:// and name a host for {self.kind}"

    def _needless_secret(self) -> Iterator[tuple[str, str]]:
        if self.secret and self.kind not in WITH_SECRET:
            used_by = ", ".join(WITH_SECRET)
            yield "secret", f"is not used by kind {self.kind}; only by {used_by}; take it out"

    def _two_audiences(self) -> Iterator[tuple[str, str]]:
        if self.staff is not None and self.roles:
            yield "roles", "must be left out when staff says whose channel it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """The whole of `gateway.toml`.

    store: path of the database. board_url: where phones reach the board, for links in notices;
    None: notices have none.
    """

    branch: Id
    name: ShortText = ""
    store: str = "anling.db"
    mqtt: Broker = field(default_factory=Broker)
    units: list[UnitSettings] = field(default_factory=list)
    points: list[PointSettings] = field(default_factory=list)
    staff: list[StaffSettings] = field(default_factory=list)
    policy: PolicySettings = field(default_factory=PolicySettings)
    channels: list[ChannelSettings] = field(default_factory=list)
    board_url: str | None = None

    def faults(self) -> list[tuple[str, str]]:
        return [
            *self._twins(),
            *self._strangers(),
            *self._gaps(),
            *self._channels_of_nobody(),
            *self._no_board(),
        ]

    def _channels_of_nobody(self) -> Iterator[tuple[str, str]]:
        staff = {one.id for one in self.staff}
        for number, one in enumerate(self.channels):
            if one.staff is not None and one.staff not in staff:
                yield f"channels[{number}].staff", f"is {one.staff!r}, who is not in [[staff]]"

    def _no_board(self) -> Iterator[tuple[str, str]]:
        url = self.board_url
        if url is not None and (not _is_web_address(url) or "?" in url or "#" in url):
            yield "board_url", "must be the board's address, such as https://board.branch.example"

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

    def roster(self) -> Roster:
        return Roster(
            Member(staff=one.id, name=one.name, roles=tuple(one.roles), on_duty=one.on_duty)
            for one in self.staff
        )

    def point_records(self) -> list[PointRecord]:
        """The points as the store keeps them."""
        return [
            PointRecord(point=one.id, label=one.label, unit=one.unit, silent=one.silent)
            for one in self.points
        ]

    def channel_records(self) -> list[ChannelRecord]:
        """The channels as the store keeps them."""
        return [
            ChannelRecord(channel=one.name, kind=one.kind, canary_every_s=one.canary_every_s)
            for one in self.channels
        ]

    def channel_owners(self) -> dict[str, str]:
        """{channel: staff id} of those that are one person's."""
        return {one.name: one.staff for one in self.channels if one.staff is not None}

    def staff_records(self) -> list[StaffRecord]:
        """The staff as the store keeps them."""
        return [
            StaffRecord(
                staff=one.id,
                name=one.name,
                roles=tuple(one.roles),
                pin_hash=one.pin_hash,
                on_duty=one.on_duty,
            )
            for one in self.staff
        ]


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        return False


def read(path: str | Path) -> GatewayConfig:
    """The configuration at `path`; its store is found beside it. Raises: settings.ConfigError."""
    config = load(GatewayConfig, path)
    return replace(config, store=str(Path(path).parent / config.store))
