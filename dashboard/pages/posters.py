"""Posters for the points: what customers do there, and a code that staff read on arrival."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from dashboard.board import the_board
from gateway.store import PointRecord

blueprint = Blueprint("posters", __name__)

# A quarter of it may be worn away before a telephone can no longer read it.
ERROR_CORRECTION = "q"
# The light rim that readers need, in modules. Source: ISO/IEC 18004, 4 modules.
RIM = 4


@dataclass(frozen=True, slots=True)
class Poster:
    """A point, and the code of its address as SVG. A silent point has no sign of its own."""

    point: PointRecord
    code: Markup


@blueprint.get("/posters")
def show() -> str:
    """A sheet for every point."""
    posters = [_poster(one) for one in the_board().reader.points()]
    return render_template("posters.html", posters=posters)


@blueprint.get("/posters/<point>")
def of_point(point: str) -> str:
    """The sheet of one point."""
    return render_template("posters.html", posters=[_poster(_find(point))])


@blueprint.get("/at/<point>")
def at(point: str) -> Response:
    """Where a point's code leads to whoever stands there: to its call; without one to a page on
    which they can mark it as one to look after."""
    record = _find(point)
    for incident in the_board().reader.open_incidents():
        if incident.point == point:
            return redirect(url_for("incidents.show", incident_id=incident.incident_id))
    flash(_("No call is open there: %(place)s", place=record.label))
    return redirect(url_for("points.care", point=point))


def _find(point: str) -> PointRecord:
    found = next((one for one in the_board().reader.points() if one.point == point), None)
    return found or abort(404)


def _poster(record: PointRecord) -> Poster:
    address = url_for("posters.at", point=record.point, _external=True)
    code = segno.make_qr(address, error=ERROR_CORRECTION)
    return Poster(record, Markup(code.svg_inline(border=RIM, omitsize=True)))
