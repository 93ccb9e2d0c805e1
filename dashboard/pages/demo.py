"""/demo: the buttons, seats and lamps of a simulated branch, to press and watch."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _

from dashboard.board import Board, the_board
from dashboard.config import DemoPoint
from dashboard.errors import Problem
from dashboard.pages.branch import point_labels
from dashboard.wire import LampView
from protocol.decoders import decoder
from protocol.messages import Id

blueprint = Blueprint("demo", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRequest:
    """A line of a simulated unit to close (pressed, occupied) or open."""

    unit: Id
    bcm: int
    closed: bool


_LINE = decoder(LineRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPanel:
    """A simulated point to press. lamp: what it shows, off when it has not told."""

    point: DemoPoint
    label: str
    lamp: LampView


@blueprint.get("/demo")
def show() -> str:
    """Every simulated point of the branch."""
    board = _demo_board()
    labels = point_labels(board)
    return render_template(
        "demo.html", panels=[_panel(board, point, labels) for point in board.config.demo_points]
    )


@blueprint.post("/demo/line")
def line() -> Response:
    """Moves one line of a point of this demo; JSON {unit, bcm, closed}."""
    board = _demo_board()
    try:
        asked = _LINE.decode(request.get_data())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        text = _("The body cannot be taken: %(why)s", why=str(error))
        raise Problem(422, "bad_body", text) from error
    if (asked.unit, asked.bcm) not in _lines(board):
        raise Problem(404, "unknown_line", _("No point of this demo has this line."))
    if not board.live.set_line(asked.unit, asked.bcm, closed=asked.closed):
        raise Problem(503, "broker_away", _("The board is cut off from the branch."))
    return jsonify(ok=True)


def _demo_board() -> Board:
    board = the_board()
    if not board.config.demo:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return board


def _panel(board: Board, point: DemoPoint, labels: dict[str, str]) -> DemoPanel:
    dark = LampView(unit=point.unit, point=point.id, lamp="off", sounder="off")
    return DemoPanel(
        point=point,
        label=labels.get(point.id, point.id),
        lamp=board.live.picture.lamps.get(point.id, dark),
    )


def _lines(board: Board) -> set[tuple[str, int]]:
    return {
        (point.unit, number)
        for point in board.config.demo_points
        for number in (point.call, point.seat, point.presence)
        if number is not None
    }
