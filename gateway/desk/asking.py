"""PURE. What requests about living records share: their bodies, times and versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TypeVar

import msgspec

from gateway.desk.record import Record, Refused, World
from protocol.messages import FieldFault, Incident, Request, is_seen
from protocol.moment import MAX_UTC_MS, parse_rfc3339
from protocol.settings import ConfigError, from_table

T = TypeVar("T")

# Of an answer of at most 64 KiB.
FAULTS_BYTES = 48 * 1024


def new_id(kind: str, request: Request) -> str:
    """An id of the request's own, so that a repeat would not make a second record, and that no
    other request's can be, however alike programs make theirs."""
    digest = hashlib.sha256(request.request_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:16]}"


def body_of(kind: type[T], request: Request) -> T | Refused:
    """The request's body as a `kind`, or every fault of it by field."""
    try:
        return from_table(kind, request.body)
    except ConfigError as error:
        return Refused(
            "wrong_fields",
            tuple(
                FieldFault(field=one.key, name="unreadable", detail=one.text)
                for one in error.faults
            ),
        )


def fitting(faults: Iterable[FieldFault]) -> tuple[FieldFault, ...]:
    """The first of the faults, as many as fit into an answer; what a request says may be long."""
    found, room_bytes = [], FAULTS_BYTES
    for one in faults:
        cut = replace(one, field=one.field[:200], name=one.name[:32], detail=one.detail[:500])
        room_bytes -= len(msgspec.json.encode(cut))
        if room_bytes < 0:
            break
        found.append(cut)
    return tuple(found)


def refused_field(field: str, name: str, detail: str = "") -> Refused:
    """A refusal for one field."""
    return Refused("wrong_fields", (FieldFault(field=field, name=name, detail=detail),))


def words_of(text: str) -> str:
    """The text as it is kept: without blanks around it; "" when nothing of it can be seen."""
    return text.strip() if is_seen(text) else ""


def is_stale(request: Request, known: Record | None) -> bool:
    """Whether the asker has seen another version than the one that there is."""
    return request.version is not None and request.version != (known.version if known else 0)


def unseen(request: Request, known: Record | None) -> Refused | None:
    """Nobody replaces what somebody else wrote without having seen it."""
    if request.version is not None:
        return Refused("changed_meanwhile") if is_stale(request, known) else None
    is_anybodys = known is None or known.by in ("", request.by)
    return None if is_anybodys else Refused("version_needed")


def asked_about(world: World, kind: str, request: Request) -> Record | Refused:
    """The open record that the request is about, as its asker saw it."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    record = world.get(kind, request.id)
    if record is None:
        return Refused("unknown_record")
    if is_stale(request, record):
        return Refused("changed_meanwhile")
    return record


def utc_ms_of(world: World, text: str) -> int | None:
    """When `text` is, in UTC milliseconds; None for no time.

    With a zone it says so itself; without one it is by the branch's clock; a day alone is its last
    minute, since who promises something for Friday has all of Friday.
    """
    try:
        told = datetime.fromisoformat(text)
        if told.tzinfo is not None:
            utc_ms = parse_rfc3339(text)
            return utc_ms if 0 <= utc_ms <= MAX_UTC_MS else None
        if len(text) <= len("2026-12-31"):
            told = datetime.combine(told.date(), time(23, 59))
        return utc_ms_at(world, told)
    except (ValueError, OverflowError):
        return None


def utc_ms_at(world: World, local: datetime) -> int:
    """UTC milliseconds of a moment of the branch's clock, by its offset of now."""
    return world.now.utc_ms + round((local - world.local).total_seconds() * 1000)


def local_text(world: World, utc_ms: int) -> str:
    """A moment by the branch's clock, such as `11-24 14:03`."""
    local = world.local + timedelta(milliseconds=utc_ms - world.now.utc_ms)
    return local.strftime("%m-%d %H:%M")


def call_text(world: World, incident: Incident) -> str:
    """An incident as people speak of it: where it was, and when."""
    return f"{incident.label}, {local_text(world, parse_rfc3339(incident.raised_at))}"
