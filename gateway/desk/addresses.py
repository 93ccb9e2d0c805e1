"""PURE. Where people are reached besides the board: each address is a channel of one person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from gateway.desk.channel_kinds import WITH_SECRET, ChannelKind, is_web_address
from gateway.desk.plans import Plan
from gateway.desk.record import Record, Room, World
from protocol.messages import ID_PATTERN, FieldFault, Id

__all__ = ["ROOM", "Address", "OwnChannel", "own_channels"]

Secret = Annotated[str, msgspec.Meta(max_length=1000)]
# So many for one person.
MOST = 5
# How often such a channel is tested when nothing else was delivered through it.
CANARY_EVERY_S = 24 * 3600
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*(?![\s\S])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where one person is reached; the record's id is the name of the channel.

    kind, url, secret: as of a channel in the configuration file.
    """

    staff: Id
    kind: ChannelKind = "apprise"
    url: Secret = ""
    secret: Secret = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChannel:
    """A channel of one person, with what a configured one has."""

    name: str
    kind: ChannelKind
    url: str
    secret: str
    staff: str
    roles: tuple[str, ...] = ()
    canary_every_s: int = CANARY_EVERY_S


def own_channels(
    staff: Mapping[str, Record], addresses: Mapping[str, Record]
) -> tuple[OwnChannel, ...]:
    """The channel of each address, in the order of their names; none of people who have left."""
    return tuple(
        OwnChannel(
            name=name,
            kind=one.body.kind,
            url=one.body.url,
            secret=one.body.secret,
            staff=one.body.staff,
        )
        for name, one in sorted(addresses.items())
        if one.body.staff in staff
    )


def _check(world: World, id: str, address: Address) -> Iterator[FieldFault]:
    """No detail says the address: it may hold a secret."""
    if not re.match(ID_PATTERN, id):
        yield FieldFault(field="id", name="bad_id")
    if world.get("channel", id) is not None:
        yield FieldFault(field="id", name="taken", detail=id)
    if world.get("staff", address.staff) is None:
        yield FieldFault(field="staff", name="unknown_staff", detail=address.staff)
    theirs = [key for key, one in world.all("address").items() if one.body.staff == address.staff]
    if id not in theirs and len(theirs) >= MOST:
        yield FieldFault(field="staff", name="too_many", detail=str(MOST))
    if address.kind == "pager":
        if address.url:
            yield FieldFault(field="url", name="not_used")
    elif not _is_address(address.kind, address.url):
        yield FieldFault(field="url", name="bad_address")
    if address.secret and address.kind not in WITH_SECRET:
        yield FieldFault(field="secret", name="not_used")


def _is_address(kind: str, url: str) -> bool:
    if kind != "apprise":
        return is_web_address(url)
    try:
        scheme, mark, rest = url.partition("://")
        return bool(_SCHEME.match(scheme) and mark and rest.strip() and urlsplit(url))
    except ValueError:
        return False


PLAN = Plan(kind="address", cls=Address, rule=_check, is_secret=True)

ROOM = Room(kinds={"address": Address}, secret=frozenset({"address"}), requests=PLAN.requests)
