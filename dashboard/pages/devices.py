"""GET /devices: how every unit, point and program is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template

from dashboard.board import Board, the_board
from dashboard.pages.board import is_well
from dashboard.pages.branch import lines_of, present_faults, subject_labels
from dashboard.pages.cards import FaultLine, fault_lines, is_quiet
from dashboard.picture import unit_views
from dashboard.wire import UnitView
from gateway.store import PointRecord

blueprint = Blueprint("devices", __name__)

# What runs; any other fault that is not of a unit is about people and what they have planned.
PROGRAMS = ("gateway", "broker", "channel/", "terminal/", "store")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointPanel:
    """A point: what the gateway knows, and its lines as the unit last told."""

    record: PointRecord
    lines: Mapping[str, str]
    stage: str
    faults: list[FaultLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPanel:
    """A unit with its points. faults: of the unit itself."""

    view: UnitView
    faults: list[FaultLine]
    points: list[PointPanel]

    @property
    def is_well(self) -> bool:
        return is_well(self.view)


@blueprint.get("/devices")
def show() -> str:
    """Units and their points; then the gateway, channels and every other fault."""
    board = the_board()
    points = board.reader.points()
    labels = subject_labels(board)
    faults = present_faults(board)
    records = {record.unit: record for record in board.reader.units()}
    panels = [
        _panel(board, view, points, labels)
        for view in unit_views(board.live.picture, records).values()
    ]
    elsewhere = [
        fault for fault in faults if not fault.subject.startswith(("unit/", "point/", "resource/"))
    ]
    people = [fault for fault in elsewhere if not fault.subject.startswith(PROGRAMS)]
    ambers = [fault for fault in faults if fault.subject.startswith("resource/")]
    return render_template(
        "devices.html",
        panels=panels,
        orphans=_orphans(board, points, records, labels),
        gateway=board.live.picture.gateway,
        rejected=board.reader.rejected_count(),
        channels=board.reader.channels(),
        elsewhere=fault_lines([one for one in elsewhere if one not in people], labels),
        people=lines_of(board, people, labels),
        ambers=fault_lines(ambers, labels),
        fault_count=sum(not is_quiet(one) for one in faults),
        quiet_count=sum(is_quiet(one) for one in faults),
    )


def _panel(
    board: Board, view: UnitView, points: list[PointRecord], labels: Mapping[str, str]
) -> UnitPanel:
    own = [fault for fault in view.faults if fault.subject.startswith("unit/")]
    return UnitPanel(
        view=view,
        faults=fault_lines(own, labels),
        points=[_point(board, one, view, labels) for one in points if one.unit == view.unit],
    )


def _point(
    board: Board, record: PointRecord, view: UnitView | None, labels: Mapping[str, str]
) -> PointPanel:
    subject = f"point/{record.point}"
    feedback = board.live.picture.feedback.get(record.point)
    return PointPanel(
        record=record,
        lines=view.status.points.get(record.point, {}) if view and view.status else {},
        stage=feedback.stage if feedback else "",
        faults=fault_lines(
            [fault for fault in present_faults(board) if fault.subject == subject], labels
        ),
    )


def _orphans(
    board: Board,
    points: list[PointRecord],
    units: Mapping[str, object],
    labels: Mapping[str, str],
) -> list[PointPanel]:
    """Points of units that are neither configured nor heard: shown, not hidden."""
    heard = board.live.picture.heard.keys()
    return [
        _point(board, one, None, labels)
        for one in points
        if one.unit not in units and one.unit not in heard
    ]
