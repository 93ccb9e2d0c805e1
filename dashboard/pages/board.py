"""GET /: the status board."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, render_template

from dashboard.board import Board, the_board
from dashboard.pages.branch import (
    cards_for_viewer,
    point_labels,
    present_fault_lines,
    present_faults,
)
from dashboard.pages.cards import Card, rank
from dashboard.pages.complaints import for_leads
from dashboard.pages.outlook import world_of
from dashboard.picture import unit_views
from gateway.store.outlook import state_of

blueprint = Blueprint("board", __name__)

# What a wall screen can show large and readable from 8 m; further calls are lines, then a number.
MAX_CARDS = 6
MAX_LINES = 24
MAX_FAULTS = 3
# Beside calls faults must be known, not read: calls need the room.
MAX_FAULTS_BESIDE_CALLS = 1


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
    faults = present_fault_lines(board)
    faults = [one for one in faults if (one.hurts_calls if incidents else not one.is_quiet)]
    return render_template(
        "board.html",
        cards=cards[:MAX_CARDS],
        lines=cards[MAX_CARDS:],
        count=len(incidents),
        unshown=max(len(incidents) - MAX_CARDS - MAX_LINES, 0),
        outside=[one for one in incidents if one.outside and one.is_open],
        faults=faults[: MAX_FAULTS_BESIDE_CALLS if incidents else MAX_FAULTS],
        fault_count=len(faults),
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


def health(board: Board) -> Health:
    """Counts of what is well."""
    records = {record.unit: record for record in board.reader.units()}
    views = unit_views(board.live.picture, records).values()
    troubled = {fault.subject for fault in present_faults(board)}
    newest = cards_for_viewer(board, board.reader.incidents(limit=1))
    return Health(
        units=len(views),
        units_well=sum(
            view.fault is None
            and view.status is not None
            and view.status.state == "online"
            and f"unit/{view.unit}" not in troubled
            for view in views
        ),
        points=len(board.reader.points()),
        last=newest[0] if newest else None,
    )
