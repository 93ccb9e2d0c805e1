"""GET /: the status board."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, render_template

from dashboard.board import Board, the_board
from dashboard.pages.branch import (
    cards_for_viewer,
    point_labels,
    present_fault_lines,
)
from dashboard.pages.cards import Card, is_quiet, rank
from dashboard.pages.complaints import for_leads
from dashboard.pages.outlook import world_of
from dashboard.picture import unit_views
from dashboard.wire import UnitView
from gateway.store.outlook import state_of

blueprint = Blueprint("board", __name__)

# What a wall screen can show large and readable from 8 m; further calls are lines, then a number.
MAX_CARDS = 6
MAX_LINES = 24
MAX_FAULTS = 3
# Beside calls faults must be known, not read: calls need the room.
MAX_FAULTS_BESIDE_CALLS = 1
# What a person has left undone is no fault of the system, and has a strip of its own.
TO_DO = "followups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the branch is when nobody calls. last: the newest incident, None if there was none."""

    units: int
    units_well: int
    points: int
    last: Card | None


@blueprint.get("/")
def show() -> str:
    """Every open incident, what needs somebody most first; and every fault."""
    board = the_board()
    incidents = sorted(board.reader.open_incidents(), key=rank)
    cards = _none_larger_than_the_first(cards_for_viewer(board, incidents[: MAX_CARDS + MAX_LINES]))
    lines = [one for one in present_fault_lines(board) if not one.is_quiet]
    faults = [one for one in lines if one.kind != TO_DO]
    worst = [one for one in faults if one.hurts_calls][:MAX_FAULTS_BESIDE_CALLS]
    return render_template(
        "board.html",
        cards=cards[:MAX_CARDS],
        lines=cards[MAX_CARDS:],
        count=len(incidents),
        unshown=max(len(incidents) - MAX_CARDS - MAX_LINES, 0),
        outside=[one for one in incidents if one.outside and one.is_open],
        faults=worst if incidents else faults[:MAX_FAULTS],
        fault_count=len(faults),
        todos=[one for one in lines if one.kind == TO_DO],
        complaints=for_leads(board),
        health=health(board) if not incidents else None,
        day=state_of(world_of(board, ("day", "hours"))),
        cares=board.reader.records("care"),
        labels=point_labels(board),
    )


def _none_larger_than_the_first(cards: list[Card]) -> list[Card]:
    """The cards, with no name in larger letters than that of the call which needs somebody most: a
    long name is no reason to be seen less."""
    return [
        replace(one, size=max(one.size, cards[0].size), wide=max(one.wide, cards[0].wide))
        for one in cards
    ]


def is_well(view: UnitView) -> bool:
    """Whether a unit works: it is there, and nothing of it or its points is out of order. A button
    that has not been tested for long may still be."""
    is_there = view.status is not None and view.status.state == "online"
    return is_there and all(is_quiet(fault) for fault in view.faults)


def health(board: Board) -> Health:
    """Counts of what is well."""
    records = {record.unit: record for record in board.reader.units()}
    views = unit_views(board.live.picture, records).values()
    newest = cards_for_viewer(board, board.reader.incidents(limit=1))
    return Health(
        units=len(views),
        units_well=sum(is_well(view) for view in views),
        points=len(board.reader.points()),
        last=newest[0] if newest else None,
    )
