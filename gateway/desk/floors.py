"""PURE. The plan of a branch: its floors, drawn in metres, and where on them a thing is.

Distances are as the crow flies: which of two kits is nearer, not how long the way is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from gateway.desk.plans import Label, Plan
from gateway.desk.record import Record, Room, World
from protocol.messages import FieldFault, Id

EDITORS = ("lead", "admin", "maintenance")
MOST_AREAS = 40
# Kinds of records that may have a spot.
_PLACED = ("point", "resource")
_LONGEST_M = 500
Metres = Annotated[float, msgspec.Meta(ge=0, le=_LONGEST_M)]
Length = Annotated[float, msgspec.Meta(ge=0.5, le=_LONGEST_M)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of a floor that people call by a name, such as the hall.

    left_m, top_m: from the floor's left and top edge to the area's. width_m, depth_m: how large.
    """

    name: Label
    left_m: Metres
    top_m: Metres
    width_m: Length
    depth_m: Length


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One floor, seen from above. width_m: from left to right; depth_m: from top to bottom."""

    name: Label
    width_m: Length
    depth_m: Length
    areas: list[Area] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place on a floor. x_m: from its left edge; y_m: from its top edge."""

    floor: Id
    x_m: Metres
    y_m: Metres


def distance_m(one: Spot | None, other: Spot | None) -> float | None:
    """How far apart; None on different floors, or when one of them is nowhere on the plan."""
    if one is None or other is None or one.floor != other.floor:
        return None
    return math.hypot(one.x_m - other.x_m, one.y_m - other.y_m)


def spot_of(world: World, record: Record | None) -> Spot | None:
    """Where a point or resource is: what is kept at a call point is where that is."""
    if record is None:
        return None
    if record.body.spot is None and record.kind == "resource" and record.body.point is not None:
        return spot_of(world, world.get("point", record.body.point))
    return record.body.spot


def check_spot(world: World, spot: Spot | None) -> Iterator[FieldFault]:
    """What is wrong with where somebody puts a thing."""
    if spot is None:
        return
    floor = world.get("floor", spot.floor)
    if floor is None:
        yield FieldFault(field="spot.floor", name="unknown_floor", detail=spot.floor)
        return
    for name, at_m, size_m in (
        ("x_m", spot.x_m, floor.body.width_m),
        ("y_m", spot.y_m, floor.body.depth_m),
    ):
        if at_m > size_m:
            yield _off(f"spot.{name}", size_m)


def _check(world: World, id: str, floor: Floor) -> Iterator[FieldFault]:
    if len(floor.areas) > MOST_AREAS:
        yield FieldFault(field="areas", name="too_many", detail=str(MOST_AREAS))
    names = set()
    for number, area in enumerate(floor.areas):
        if area.name in names:
            yield FieldFault(field=f"areas[{number}].name", name="twice")
        names.add(area.name)
        if area.left_m + area.width_m > floor.width_m:
            yield _off(f"areas[{number}].width_m", floor.width_m)
        if area.top_m + area.depth_m > floor.depth_m:
            yield _off(f"areas[{number}].depth_m", floor.depth_m)
    for record in _placed_on(world, id):
        spot = record.body.spot
        if spot.x_m > floor.width_m or spot.y_m > floor.depth_m:
            side = "width_m" if spot.x_m > floor.width_m else "depth_m"
            yield FieldFault(field=side, name="left_outside", detail=_name_of(record))


def _off(place: str, size_m: float) -> FieldFault:
    return FieldFault(field=place, name="off_the_floor", detail=f"{size_m:g}")


def _needed(world: World, id: str) -> Iterator[FieldFault]:
    for record in _placed_on(world, id):
        yield FieldFault(field="", name="on_this_floor", detail=_name_of(record))


def _placed_on(world: World, floor: str) -> Iterator[Record]:
    for kind in _PLACED:
        for record in world.all(kind).values():
            if record.body.spot is not None and record.body.spot.floor == floor:
                yield record


def _name_of(record: Record) -> str:
    return record.body.label if record.kind == "point" else record.body.name


PLAN = Plan(kind="floor", cls=Floor, editors=EDITORS, rule=_check, needed_by=_needed, is_an_id=True)

ROOM = Room(kinds={"floor": Floor}, requests=PLAN.requests)
