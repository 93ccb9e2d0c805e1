"""PURE. Where people are reached besides the board, each address a channel of one person or of a
group; and where their phones reach the board."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from gateway.desk.channel_kinds import WITH_SECRET, ChannelKind, is_board_url, is_web_address
from gateway.desk.hours import BRANCH
from gateway.desk.plans import Plan
from gateway.desk.record import Record, Room, World
from gateway.desk.team import KnownRole
from protocol.messages import FieldFault, Id

__all__ = [
    "ROOM",
    "Address",
    "BoardAddress",
    "PlannedChannel",
    "planned_channels",
    "shared_channels",
]

Secret = Annotated[str, msgspec.Meta(max_length=1000)]
# So many for one person, and so many that are nobody's own.
MOST = 5
MOST_SHARED = 30
# The kind of the board's own address.
BOARD = "board"
# How often such a channel is tested when nothing else was delivered through it.
CANARY_EVERY_S = 24 * 3600
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*(?![\s\S])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where somebody is reached; the record's id is the name of the channel.

    staff: whose it is, None for a group. roles: of a group, for these; none: for all. kind, url,
    secret: as of a channel in the configuration file.
    """

    staff: Id | None = None
    roles: list[KnownRole] = field(default_factory=list)
    kind: ChannelKind = "apprise"
    url: Secret = ""
    secret: Secret = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardAddress:
    """Where phones reach the board, for links in notices; the record's id is `branch`."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChannel:
    """A channel made on a page, with what a configured one has. staff: None for a group."""

    name: str
    kind: ChannelKind
    url: str
    secret: str
    staff: str | None
    roles: tuple[str, ...] = ()
    canary_every_s: int = CANARY_EVERY_S


def planned_channels(world: World) -> tuple[PlannedChannel, ...]:
    """The channel of each address, in the order of their names; none of people who have left."""
    return channels_at(world.all("staff"), world.all("address"))


def channels_at(
    staff: Mapping[str, Record], addresses: Mapping[str, Record]
) -> tuple[PlannedChannel, ...]:
    """The channel of each address, in the order of their names; none of people who have left."""
    return tuple(
        PlannedChannel(
            name=name,
            kind=one.body.kind,
            url=one.body.url,
            secret=one.body.secret,
            staff=one.body.staff,
            roles=tuple(one.body.roles),
        )
        for name, one in sorted(addresses.items())
        if one.body.staff is None or one.body.staff in staff
    )


def shared_channels(world: World) -> set[str]:
    """The channels that a policy may name: those of the configuration file, and groups'."""
    groups = {id for id, one in world.all("address").items() if one.body.staff is None}
    return groups | set(world.all("channel"))


def is_heard_by(world: World, channel: str, roles: Collection[str]) -> bool:
    """Whether somebody with one of these roles hears a shared channel when they are told. One that
    is there no more is named for that."""
    record = world.get("channel", channel) or world.get("address", channel)
    if record is None:
        return True
    whose = world.get("staff", record.body.staff) if record.body.staff else None
    theirs = whose.body.roles if whose else record.body.roles
    return not theirs or not set(theirs).isdisjoint(roles)


def board_url(world: World) -> str:
    """Where phones reach the board; "" when nobody has said."""
    record = world.get(BOARD, BRANCH)
    return record.body.url if record else ""


def _check(world: World, id: str, address: Address) -> Iterator[FieldFault]:
    """No detail says the address: it may hold a secret."""
    if id == BOARD:  # there is its page
        yield FieldFault(field="id", name="bad_id")
    if world.get("channel", id) is not None:
        yield FieldFault(field="id", name="taken", detail=id)
    yield from _check_whose(world, id, address)
    if address.kind == "pager":
        if address.url:
            yield FieldFault(field="url", name="not_used")
    elif not _is_address(address.kind, address.url):
        yield FieldFault(field="url", name="bad_address")
    if address.secret and address.kind not in WITH_SECRET:
        yield FieldFault(field="secret", name="not_used")


def _check_whose(world: World, id: str, address: Address) -> Iterator[FieldFault]:
    whose = address.staff
    if whose is not None and world.get("staff", whose) is None:
        yield FieldFault(field="staff", name="unknown_staff", detail=whose)
    if whose is not None:  # a policy's channel does not become one person's
        yield from (replace(one, field="staff") for one in _needed(world, id))
    if whose is not None and address.roles:
        yield FieldFault(field="roles", name="not_used")
    if len(set(address.roles)) < len(address.roles):
        yield FieldFault(field="roles", name="twice")
    theirs = [key for key, one in world.all("address").items() if one.body.staff == whose]
    most = MOST_SHARED if whose is None else MOST
    if id not in theirs and len(theirs) >= most:
        yield FieldFault(field="staff", name="too_many", detail=str(most))


def _needed(world: World, id: str) -> Iterator[FieldFault]:
    """A policy that names a channel loses it only by being changed first."""
    for policy, record in world.all("policy").items():
        plan = record.body
        named = {one for step in plan.steps for one in step.channels}
        if id in named | set(plan.quiet.channels if plan.quiet else ()):
            yield FieldFault(field="", name="policy_names_it", detail=plan.name or policy)


def _check_board(world: World, id: str, board: BoardAddress) -> Iterator[FieldFault]:
    if not is_board_url(board.url):
        yield FieldFault(field="url", name="bad_board_url")


def _is_address(kind: str, url: str) -> bool:
    if kind != "apprise":
        return is_web_address(url)
    try:
        scheme, mark, rest = url.partition("://")
        return bool(_SCHEME.match(scheme) and mark and rest.strip() and urlsplit(url))
    except ValueError:
        return False


PLANS = (
    Plan(
        kind="address",
        cls=Address,
        rule=_check,
        needed_by=_needed,
        is_secret=True,
        is_an_id=True,
    ),
    Plan(kind=BOARD, cls=BoardAddress, rule=_check_board, only=BRANCH),
)

ROOM = Room(
    kinds={plan.kind: plan.cls for plan in PLANS},
    secret=frozenset({"address"}),
    requests={name: decide for plan in PLANS for name, decide in plan.requests.items()},
)
