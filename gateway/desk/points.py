"""PURE. The points of a branch: what people call them, where they are, and what their seats ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.desk.floors import EDITORS, Spot, check_spot
from gateway.desk.plans import Label, Plan
from gateway.desk.record import Record, Room, World
from protocol.messages import FieldFault, Id, ShortText

if TYPE_CHECKING:
    from gateway.store.records import PointRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place customers call from; its id is what its unit calls it.

    unit: where it is wired; None: the unit that its first alert comes from. place: the part of the
    branch it is in, in words; what is kept in the same place is near. spot: where on the plan, None
    if nobody put it there. seat_check_after_s: somebody who sits there for so long is looked after;
    None: never.
    """

    label: Label
    unit: Id | None = None
    silent: bool = False
    seat_check_after_s: Annotated[int, msgspec.Meta(ge=1, le=24 * 3600)] | None = None
    place: ShortText = ""
    spot: Spot | None = None


def known_as(plan: Record, known: PointRecord) -> PointRecord:
    """The point with what its plan says; its seat stays as it is."""
    body: Point = plan.body
    return replace(
        known,
        label=body.label,
        unit=body.unit or known.unit,
        silent=body.silent,
        configured=True,
    )


def seat_limits_ms(plans: Mapping[str, Record]) -> dict[str, int]:
    """After how long somebody is looked after, for each point whose seat asks for that."""
    return {
        id: plan.body.seat_check_after_s * 1000
        for id, plan in plans.items()
        if plan.body.seat_check_after_s is not None
    }


def place_of(plans: Mapping[str, Record], point: str) -> str:
    """The part of the branch that a point is in; "" when nobody said."""
    plan = plans.get(point)
    return plan.body.place.strip() if plan else ""


def is_point(world: World, id: str) -> bool:
    """Whether there is such a point, planned or at least heard of."""
    return world.get("point", id) is not None or id in world.points


def _check(world: World, id: str, point: Point) -> Iterator[FieldFault]:
    for other, plan in world.all("point").items():
        if other != id and plan.body.label == point.label:
            yield FieldFault(field="label", name="taken", detail=other)
    yield from check_spot(world, point.spot)


def _needed(world: World, id: str) -> Iterator[FieldFault]:
    for key, incident in world.incidents.items():
        if incident.point == id:
            yield FieldFault(field="", name="incident_there", detail=key)
    for record in world.all("resource").values():
        if record.body.point == id:
            yield FieldFault(field="", name="resource_there", detail=record.body.name)


PLAN = Plan(kind="point", cls=Point, editors=EDITORS, rule=_check, needed_by=_needed, is_an_id=True)

ROOM = Room(kinds={"point": Point}, requests=PLAN.requests)
