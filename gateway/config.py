"""The gateway's configuration: `gateway.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec

from gateway.desk.addresses import BoardAddress
from gateway.desk.channel_kinds import WITH_SECRET, ChannelKind, is_board_url, is_web_address
from gateway.desk.hours import BRANCH
from gateway.desk.plans import LEADS
from gateway.desk.points import Point
from gateway.desk.policies import DEFAULT as DEFAULT_POLICY
from gateway.desk.policies import KnownChannel, PolicyPlan, PositiveSeconds
from gateway.desk.policies import StepPlan as StepSettings
from gateway.desk.team import Certificate, KnownRole, Label, Pin, Staff
from gateway.policy import DEFAULT_ROLES, DEFAULT_STEPS, LEAD
from gateway.roster import CERTIFIED
from gateway.store.records import PointRecord
from protocol.link import Broker
from protocol.messages import Id, Kind, ShortText
from protocol.settings import Findings, load, readable, rule

# Up to a month: a channel tested less often is as good as not tested.
CanarySeconds = Annotated[int, msgspec.Meta(ge=0, le=31 * 24 * 3600)]


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
    handover_needs_consent: bool = False
    offer_s: PositiveSeconds = 60

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
    def _whole_steps(self) -> Findings:
        for number, step in enumerate(self.steps):
            if step.tell == "roles" and not step.roles:
                yield f"steps[{number}].roles", 'is empty; tell = "roles" needs at least one'
            if step.tell == "outside" and number < len(self.steps) - 1:
                yield f"steps[{number + 1}]", 'comes after tell = "outside", which must be the last'

    @rule
    def _calls_for_nobody(self) -> Findings:
        for kind, roles in self.roles.items():
            if not roles:
                yield f"roles.{kind}", "is empty; a call must ask for at least one role"


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

    @rule
    def _address(self) -> Findings:
        """Never repeats the address, which may be a secret; nor does any other rule here."""
        if self.kind == "pager":
            if self.url:
                yield "url", "is not used by kind pager, which is reached by its name; take it out"
        elif not self.url:
            yield "url", f"is missing; kind {self.kind} needs one"
        elif self.kind != "apprise" and not is_web_address(self.url):
            yield "url", f"must begin with https:// or http:// and name a host for {self.kind}"

    @rule
    def _needless_secret(self) -> Findings:
        if self.secret and self.kind not in WITH_SECRET:
            used_by = ", ".join(WITH_SECRET)
            yield "secret", f"is not used by kind {self.kind}; only by {used_by}; take it out"

    @rule
    def _two_audiences(self) -> Findings:
        if self.staff is not None and self.roles:
            yield "roles", "must be left out when staff says whose channel it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """The whole of `gateway.toml`.

    store: path of the database. private_key_file: path of the key that seals private notes, ""
    for beside the store. timezone: of the branch's clock. board_url: where phones reach the board,
    for links in notices; None: notices have none.
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
    board_url: str | None = None

    @rule
    def _channels_of_nobody(self) -> Findings:
        """A file that names only leads leaves the team to the pages, as in `_gaps`."""
        if self._leaves_team_to_pages():
            return
        staff = {one.id for one in self.staff}
        for number, owner in readable(self.channels, lambda one: one.staff):
            if owner is not None and owner not in staff:
                yield f"channels[{number}].staff", f"is {owner!r}, who is not in [[staff]]"

    @rule
    def _no_board(self) -> Findings:
        url = self.board_url
        if url is not None and not is_board_url(url):
            yield "board_url", "must be the board's address, such as https://board.branch.example"

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
        if self._leaves_team_to_pages():
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

    def _leaves_team_to_pages(self) -> bool:
        return {role for one in self.staff for role in one.roles} <= set(LEADS)

    def _roles_on_duty(self) -> set[str]:
        return {
            role
            for one in self.staff
            for role in one.roles
            if one.on_duty and (role not in CERTIFIED or one.has_certificate(CERTIFIED[role]))
        }

    def policy_plan(self) -> PolicyPlan:
        """The policy that counts where no other does."""
        return PolicyPlan(
            steps=list(self.policy.steps),
            roles={kind: list(roles) for kind, roles in self.policy.roles.items()},
            repeat_s=self.policy.repeat_s,
            arrival_s=self.policy.arrival_s,
            close_s=self.policy.close_s,
            handover_needs_consent=self.policy.handover_needs_consent,
            offer_s=self.policy.offer_s,
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
        for channel in self.channels:
            known = KnownChannel(roles=list(channel.roles), staff=channel.staff)
            yield "channel", channel.name, known
        if self.board_url is not None:
            yield "board", BRANCH, BoardAddress(url=self.board_url)
        yield "policy", DEFAULT_POLICY, self.policy_plan()


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
