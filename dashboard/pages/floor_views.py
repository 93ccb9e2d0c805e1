"""The plan of the branch as it is drawn: each floor with what is on it, and how it does now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from flask import url_for
from flask_babel import gettext as _

from dashboard.board import Board
from dashboard.pages import words
from dashboard.pages.branch import point_labels, present_faults
from dashboard.pages.outlook import world_of
from gateway.store import Record
from gateway.store.outlook import Nearest, World, spot_of
from protocol.messages import Incident

SEEN = ("floor", "point", "resource", "care")

# What a mark tells, the loudest last.
State = Literal["calm", "amber", "care", "seat", "call", "silent", "urgent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point or resource on a floor.

    sign: the number or letter that stands for it there and in the list below. left, top: where, in
    per cent of the floor's width and depth; beside: how many others stand on the same spot before
    it. note: how it does, in words; "" when there is nothing to say. stage: of its call, or "".
    """

    kind: Literal["point", "resource"]
    id: str
    sign: str
    name: str
    state: State = "calm"
    note: str = ""
    stage: str = ""
    url: str
    left: float = 0
    top: float = 0
    beside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorView:
    """A floor and what is on it. areas: (left, top, width, depth in per cent; name)."""

    id: str
    name: str
    width_m: float
    depth_m: float
    areas: tuple[tuple[float, float, float, float, str], ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPlan:
    """Every floor. nowhere: what nobody has put on it yet."""

    floors: tuple[FloorView, ...]
    nowhere: tuple[Mark, ...]


def branch_plan(board: Board) -> BranchPlan:
    """The whole plan, with every point and every resource."""
    world = world_of(board, SEEN)
    marks = [*_points(board, world), *_resources(board, world)]
    floors, placed = [], set()
    for record in _by_name(world.all("floor").values()):
        view = floor_view(record, _on_floor(world, record, marks))
        placed |= {(mark.kind, mark.id) for mark in view.marks}
        floors.append(view)
    nowhere = tuple(mark for mark in marks if (mark.kind, mark.id) not in placed)
    return BranchPlan(floors=tuple(floors), nowhere=nowhere)


def where_is(board: Board, point: str, near: Iterable[Nearest] = ()) -> FloorView | None:
    """The floor of a call, with its point and what helps there; None when it is not drawn."""
    world = world_of(board, SEEN)
    spot = spot_of(world, world.get("point", point))
    floor = world.get("floor", spot.floor) if spot else None
    if floor is None:
        return None
    helps = {one.record.id for one in near}
    marks = [mark for mark in _points(board, world) if mark.id == point]
    marks += [mark for mark in _resources(board, world) if mark.id in helps]
    return floor_view(floor, _on_floor(world, floor, marks))


def empty_floors(board: Board) -> tuple[FloorView, ...]:
    """Every floor without what is on it: to put something there."""
    return tuple(floor_view(record) for record in _by_name(board.reader.records("floor")))


def floor_view(record: Record, marks: Iterable[Mark] = ()) -> FloorView:
    body = record.body

    def share(metres: float, of: float) -> float:
        return round(100 * metres / of, 2)

    return FloorView(
        id=record.id,
        name=body.name,
        width_m=body.width_m,
        depth_m=body.depth_m,
        areas=tuple(
            (
                share(area.left_m, body.width_m),
                share(area.top_m, body.depth_m),
                share(area.width_m, body.width_m),
                share(area.depth_m, body.depth_m),
                area.name,
            )
            for area in body.areas
        ),
        marks=tuple(marks),
    )


def _by_name(records: Iterable[Record]) -> list[Record]:
    """In the order in which people look for them: 1F before 2F."""
    return sorted(records, key=lambda one: one.body.name)


def _on_floor(world: World, floor: Record, marks: Iterable[Mark]) -> Iterator[Mark]:
    """Those of the marks that are on the floor, each where it is."""
    taken: dict[tuple[float, float], int] = {}
    for mark in marks:
        spot = spot_of(world, world.get(mark.kind, mark.id))
        if spot is None or spot.floor != floor.id:
            continue
        at = (spot.x_m, spot.y_m)
        yield replace(
            mark,
            left=round(100 * spot.x_m / floor.body.width_m, 2),
            top=round(100 * spot.y_m / floor.body.depth_m, 2),
            beside=taken.get(at, 0),
        )
        taken[at] = taken.get(at, 0) + 1


def _points(board: Board, world: World) -> Iterator[Mark]:
    calls = {one.point: one for one in world.incidents.values()}
    cares = world.all("care")
    for number, (id, label) in enumerate(point_labels(board).items(), start=1):
        mark = Mark(
            kind="point",
            id=id,
            sign=str(number),
            name=label,
            url=url_for("points.edit", id=id)
            if world.get("point", id)
            else url_for("points.listing"),
        )
        if id in calls:
            mark = replace(
                mark,
                state=calls[id].kind,
                stage=calls[id].stage,
                note=_said_of(calls[id]),
                url=url_for("incidents.show", incident_id=calls[id].incident_id),
            )
        elif id in cares:
            mark = replace(mark, state="care", note=cares[id].body.reason)
        yield mark


def _said_of(call: Incident) -> str:
    said = [_("Drill")] if call.drill else []
    return " · ".join([*said, str(words.KINDS[call.kind]), str(words.STAGES[call.stage])])


def _resources(board: Board, world: World) -> Iterator[Mark]:
    wrong = {one.subject for one in present_faults(board)}
    for number, record in enumerate(_by_name(world.all("resource").values())):
        is_wrong = f"resource/{record.id}" in wrong
        yield Mark(
            kind="resource",
            id=record.id,
            sign=_letters(number),
            name=record.body.name,
            state="amber" if is_wrong else "calm",
            note=_("Somebody must see to it") if is_wrong else "",
            url=url_for("resources.listing", _anchor=record.id),
        )


def _letters(number: int) -> str:
    """0 is A, 25 is Z, 26 is AA: as columns of a spreadsheet are called."""
    rest, letter = divmod(number, 26)
    return (_letters(rest - 1) if rest else "") + chr(ord("A") + letter)
