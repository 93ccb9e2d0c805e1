"""For programs: what helps near an incident, and what stands in the way of opening and closing."""

from __future__ import annotations

from flask import Response

from dashboard.actions import explain
from dashboard.api import as_json
from dashboard.board import the_board
from dashboard.desk_api import blueprint
from dashboard.errors import Problem
from dashboard.pages.outlook import world_of
from dashboard.wire import DayView, InTheWay, NearResource
from gateway.store.outlook import (
    Missing,
    hours_on,
    may_be_left,
    nearest,
    not_over,
    not_ready,
    state_of,
    unclosed,
)


@blueprint.get("/api/v1/incidents/<incident_id>/resources")
def near(incident_id: str) -> Response:
    """What fits the incident, the nearest of each sort, the nearest first."""
    board = the_board()
    incident = board.reader.incident(incident_id)
    if incident is None:
        raise Problem(404, "unknown_incident", explain("unknown_incident"))
    world = world_of(board, ("resource", "taken", "point"))
    return as_json(
        [
            NearResource(
                id=one.record.id,
                what=one.record.body.what,
                name=one.record.body.name,
                place=one.record.body.place,
                where=one.where,
                left=one.left,
                away_m=one.away_m,
            )
            for one in nearest(world, incident)
        ]
    )


@blueprint.get("/api/v1/day")
def day() -> Response:
    """How the branch stands today, and what is not right for opening or closing it."""
    world = world_of(the_board())
    hours, late = hours_on(world, world.local.date()), unclosed(world)
    return as_json(
        DayView(
            date=world.local.date().isoformat(),
            state=state_of(world),
            unclosed=late.id if late else None,
            opens_at=hours[0].isoformat() if hours else None,
            closes_at=hours[1].isoformat() if hours else None,
            not_ready=tuple(_in_the_way(one, may_accept=True) for one in not_ready(world)),
            not_over=tuple(
                _in_the_way(one, may_accept=may_be_left(one)) for one in not_over(world)
            ),
        )
    )


def _in_the_way(one: Missing, *, may_accept: bool) -> InTheWay:
    return InTheWay(
        key=one.key,
        subject=one.subject,
        name=one.name,
        detail=one.detail,
        may_accept=may_accept,
    )
