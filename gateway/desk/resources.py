"""PURE. What helps in an emergency: where it is, how many, until when, and who has taken it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Annotated, Literal, NamedTuple

import msgspec

from gateway.desk.floors import EDITORS, Spot, check_spot, distance_m, spot_of
from gateway.desk.plans import Label, Plan
from gateway.desk.playbooks import unknown_situations
from gateway.desk.points import is_point, place_of
from gateway.desk.record import Record, World
from gateway.duty import Day, parse_day
from gateway.supervision import Wrong
from protocol.messages import FieldFault, Id, Incident, ShortText
from protocol.moment import parse_rfc3339

What = Literal[
    "first_aid_kit", "medicine", "aed", "wheelchair", "stretcher", "reading_glasses", "other"
]
Where = Literal["point", "place", "branch"]
Number = Annotated[int, msgspec.Meta(ge=0, le=9999)]

EXPIRES_SOON = timedelta(days=30)
# How far off something in the same area is taken to be, where the plan shows nothing nearer.
AREA_M = 10
# What nobody took to an incident, such as a pair of glasses, is back after a working day.
LENT_HOURS = 12

# What each thing is for, unless its own plan says so.
_MEDICAL = ("fainted", "sudden_illness", "fall")
FITS: Mapping[What, tuple[str, ...]] = {
    "first_aid_kit": _MEDICAL,
    "medicine": ("sudden_illness",),
    "aed": ("fainted", "sudden_illness"),
    "wheelchair": _MEDICAL,
    "stretcher": ("fainted", "fall"),
    "reading_glasses": ("urgent_business",),
    "other": (),
}
# Of these it is known what helps, or that nothing does. A branch's own situations and `other` are
# as good as unsaid.
_KNOWN = frozenset((*_MEDICAL, "lost_person", "property_loss", "complaint", "urgent_business"))
# While nobody knows yet what is wrong, what helps first in the worst case.
_AT_FIRST: Mapping[str, tuple[What, ...]] = {
    "urgent": ("aed", "first_aid_kit"),
    "call": ("first_aid_kit", "wheelchair"),
    "seat": (),
    "silent": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that helps, perhaps several of a kind at one place.

    place, point, spot: where, in words, as the point nearest to it, and on the plan (None: where
    that point is). count: all there are, those taken among them. minimum: fewer at their place are
    too few. expires: its last day. check_every_days, last_checked: when somebody looks whether it
    is whole; None: nobody need. situations: what it is for; empty: what such things are for.
    """

    what: What
    name: Label
    count: Number = 1
    minimum: Number = 1
    place: ShortText = ""
    point: Id | None = None
    spot: Spot | None = None
    expires: Day | None = None
    check_every_days: Annotated[int, msgspec.Meta(ge=1, le=3660)] | None = None
    last_checked: Day | None = None
    situations: list[ShortText] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Some of a resource that are not at their place; the record belongs to their incident.

    by: who took them.
    """

    resource: str
    count: Number
    by: Id


class Nearest(NamedTuple):
    """A resource that fits an incident. where: how near; left: how many are at their place;
    away_m: how far on the plan, None when that does not show both on one floor."""

    record: Record
    where: Where
    left: int
    away_m: int | None


# --- how many -------------------------------------------------------------------------------


def taken_of(world: World, id: str) -> list[Record]:
    """What is taken of a resource, each with its incident."""
    return [one for one in world.all("taken").values() if one.body.resource == id]


def left_of(world: World, record: Record) -> int:
    """How many are at their place."""
    return record.body.count - sum(one.body.count for one in taken_of(world, record.id))


# --- what is amber --------------------------------------------------------------------------


def amber(world: World) -> Iterator[Wrong]:
    """Everything about the resources that somebody must see to: before it is needed."""
    for id, record in world.all("resource").items():
        subject = f"resource/{id}"
        for name, detail in _ambers(world, record):
            yield Wrong(subject, name, detail)


def _ambers(world: World, record: Record) -> Iterator[tuple[str, str]]:
    body, today = record.body, world.local.date()
    expires = parse_day(body.expires) if body.expires else None
    if expires is not None and body.count:
        if expires < today:
            yield "expired", body.expires
        elif expires <= today + EXPIRES_SOON:
            yield "expires_soon", body.expires
    due = check_due(body)
    if due is not None and due < today:
        yield "check_overdue", due.isoformat() if body.last_checked else ""
    left = left_of(world, record)
    if left < body.minimum:
        yield "too_few", f"{left} / {body.minimum}"
    out = [one for one in taken_of(world, record.id) if _is_still_out(world, one)]
    if out:
        yield "still_out", str(sum(one.body.count for one in out))


def check_due(resource: Resource) -> date | None:
    """The last day on which it is to be looked at; None when nobody need.

    One that was never looked at is due since the first day there is.
    """
    if resource.check_every_days is None:
        return None
    last = parse_day(resource.last_checked) if resource.last_checked else None
    return last + timedelta(days=resource.check_every_days) if last else date.min


def _is_still_out(world: World, taken: Record) -> bool:
    """Whether it should be back: its incident is closed, or it was only lent, and long ago."""
    if taken.incident_id is not None:
        return taken.incident_id not in world.incidents
    return world.now.utc_ms - parse_rfc3339(taken.at) > LENT_HOURS * 3600 * 1000


# --- which is near --------------------------------------------------------------------------


def nearest(world: World, incident: Incident) -> list[Nearest]:
    """What fits the incident, the nearest of each sort of thing, the nearest first.

    Only what is at its place and has not expired.
    """
    found: dict[tuple[str, str], tuple[tuple[int, float], Nearest]] = {}
    for record in sorted(world.all("resource").values(), key=lambda one: one.body.name):
        left = left_of(world, record)
        if left <= 0 or not _fits(record.body, incident) or _has_expired(world, record.body):
            continue
        where, away_m = _how_near(world, record, incident)
        rank = _rank(where, away_m)
        # Things called "other" are as unlike as their names.
        sort = (record.body.what, record.body.name if record.body.what == "other" else "")
        if sort not in found or rank < found[sort][0]:
            away = None if away_m is None else round(away_m)
            found[sort] = (rank, Nearest(record, where, left, away))
    return [one for _, one in sorted(found.values(), key=lambda pair: pair[0])]


def _fits(resource: Resource, incident: Incident) -> bool:
    fits = resource.situations or FITS[resource.what]
    if incident.situation in fits:
        return True
    if incident.situation in _KNOWN:
        return False
    if resource.what in _AT_FIRST.get(incident.kind, ()):
        return True
    return incident.possible_fall and "fall" in fits


def _has_expired(world: World, resource: Resource) -> bool:
    expires = parse_day(resource.expires) if resource.expires else None
    return expires is not None and expires < world.local.date()


def _rank(where: Where, away_m: float | None) -> tuple[int, float]:
    """The smaller, the nearer: what is right there; what the plan or the area's name shows to be
    near, by its distance; then what could be anywhere."""
    if where == "point":
        return 0, 0
    if away_m is not None:
        return 1, away_m
    return (1, AREA_M) if where == "place" else (2, 0)


def _how_near(world: World, record: Record, incident: Incident) -> tuple[Where, float | None]:
    """Where it is as seen from the call, and how many metres away, None if the plan does not say.

    What the plan shows on another floor is elsewhere, whatever its area is called.
    """
    there, here = spot_of(world, record), spot_of(world, world.get("point", incident.point))
    away_m = distance_m(here, there)
    if record.body.point == incident.point:
        return "point", away_m
    points, resource = world.all("point"), record.body
    area, near_by = place_of(points, incident.point), place_of(points, resource.point)
    is_apart = here is not None and there is not None and away_m is None
    if area and not is_apart and area in (resource.place.strip(), near_by):
        return "place", away_m
    return "branch", away_m


# --- what is wrong with a plan --------------------------------------------------------------


def _check(world: World, id: str, resource: Resource) -> Iterator[FieldFault]:
    if resource.point is not None and not is_point(world, resource.point):
        yield FieldFault(field="point", name="unknown_point", detail=resource.point)
    yield from _check_days(world, id, resource)
    yield from _check_situations(world, id, resource)
    yield from check_spot(world, resource.spot)
    out = sum(one.body.count for one in taken_of(world, id))
    if resource.count < out:
        yield FieldFault(field="count", name="less_than_out", detail=str(out))


def _check_days(world: World, id: str, resource: Resource) -> Iterator[FieldFault]:
    known, today = world.get("resource", id), world.local.date()
    for name in ("expires", "last_checked"):
        text = getattr(resource, name)
        if text is not None and parse_day(text) is None:
            yield FieldFault(field=name, name="no_such_day", detail=text)
    expires = parse_day(resource.expires) if resource.expires else None
    is_new = known is None or known.body.expires != resource.expires
    if is_new and expires is not None and expires < today:
        yield FieldFault(field="expires", name="in_the_past", detail=expires.isoformat())
    checked = parse_day(resource.last_checked) if resource.last_checked else None
    if checked is not None and checked > today:
        yield FieldFault(field="last_checked", name="in_the_future", detail=checked.isoformat())


def _check_situations(world: World, id: str, resource: Resource) -> Iterator[FieldFault]:
    """Those that no playbook is for; one whose playbook went meanwhile may stay."""
    known = world.get("resource", id)
    had = known.body.situations if known else []
    for fault in unknown_situations(world, resource.situations):
        if fault.detail not in had:
            yield fault


def _needed(world: World, id: str) -> Iterable[FieldFault]:
    for one in taken_of(world, id):
        yield FieldFault(field="", name="out_there", detail=one.incident_id or one.body.by)


PLAN = Plan(
    kind="resource",
    cls=Resource,
    editors=EDITORS,
    rule=_check,
    needed_by=_needed,
    is_an_id=True,
)


def without(resource: Resource, count: int) -> Resource:
    """The resource after `count` of it were used up."""
    return replace(resource, count=resource.count - count)
