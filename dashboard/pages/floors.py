"""The plan of the branch: to look at, and to draw in metres."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from wtforms import FloatField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from dashboard.board import the_board
from dashboard.pages.floor_views import branch_plan, floor_view
from dashboard.pages.forms import open_record, retire_and_say, saved, without_nothing
from dashboard.pages.points import may_edit
from dashboard.pages.rows import RowsForm
from dashboard.pages.spots import MOST_M
from gateway.store import Record

blueprint = Blueprint("floors", __name__, url_prefix="/plan")

# Areas that a new floor begins with.
NEW_ROWS = 3
SMALLEST_M = 0.5


def _name_field(*, needed: bool) -> StringField:
    validators = [InputRequired() if needed else Optional(), Length(max=100)]
    return StringField(lazy_pgettext("of a thing", "Name"), validators=validators)


class FloorForm(RowsForm):
    """A floor, with a row for each of its areas."""

    ROW = "area"
    MOST_ROWS = 40

    name = _name_field(needed=True)
    width_m = FloatField(
        _l("From left to right, metres"),
        validators=[InputRequired(), NumberRange(SMALLEST_M, MOST_M)],
    )
    depth_m = FloatField(
        _l("From top to bottom, metres"),
        validators=[InputRequired(), NumberRange(SMALLEST_M, MOST_M)],
    )

    @classmethod
    def row_fields(cls) -> dict[str, Any]:
        def metres(label: Any, low: float = 0) -> FloatField:
            return FloatField(label, validators=[Optional(), NumberRange(low, MOST_M)])

        return {
            "name": _name_field(needed=False),
            "left_m": metres(_l("From the left edge, m")),
            "top_m": metres(_l("From the top edge, m")),
            "width_m": metres(_l("Width, m"), SMALLEST_M),
            "depth_m": metres(_l("Depth, m"), SMALLEST_M),
        }

    def used_rows(self) -> list[int]:
        """The rows in which something stands."""
        return [
            row
            for row in self.row_numbers
            if any(value not in (None, "") for value in self.row(row).values())
        ]

    def place(self, path: str) -> str | None:
        """A fault of an area stands at its own row."""
        if path.startswith("areas["):
            return self.place_in_row(path, self.used_rows(), otherwise="name")
        return super().place(path)

    def body(self) -> dict[str, Any]:
        return {
            "name": (self.name.data or "").strip(),
            "width_m": self.width_m.data,
            "depth_m": self.depth_m.data,
            "areas": [self._area(row) for row in self.used_rows()],
        }

    def _area(self, row: int) -> dict[str, Any]:
        """What stands in a row; what is missing there the gateway names."""
        typed = self.row(row)
        return without_nothing(typed | {"name": (typed["name"] or "").strip()})


@blueprint.get("")
def show() -> str:
    """Every floor with its points and resources, and how each does now."""
    return render_template("plan.html", plan=branch_plan(the_board()), may_edit=may_edit())


@blueprint.route("/floors/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A page to draw one."""
    form = FloorForm.posted() if request.method == "POST" else FloorForm.filled(NEW_ROWS)
    return _page(form, "", None)


@blueprint.route("/floors/<id>", methods=["GET", "POST"])
def edit(id: str) -> str | Response:
    """A page for one that is drawn."""
    record = open_record("floor", id)
    form = FloorForm.posted() if request.method == "POST" else _filled(record)
    return _page(form, id, record)


def _filled(record: Record) -> FloorForm:
    body = record.body
    values = {
        f"area_{row}_{name}": getattr(area, name)
        for row, area in enumerate(body.areas, start=1)
        for name in FloorForm.row_fields()
    }
    return FloorForm.filled(
        max(len(body.areas), 1),
        version=str(record.version),
        name=body.name,
        width_m=body.width_m,
        depth_m=body.depth_m,
        **values,
    )


def _page(form: FloorForm, id: str, record: Record | None) -> str | Response:
    if saved(form, "floor", id):
        return redirect(url_for("floors.show"))
    return render_template(
        "floor.html",
        form=form,
        record=record,
        view=floor_view(record) if record else None,
        may_edit=may_edit(),
    )


@blueprint.post("/floors/<id>/retire")
def retire(id: str) -> Response:
    """One that is no longer there."""
    if retire_and_say("floor", id, _("Taken off the plan.")):
        return redirect(url_for("floors.show"))
    return redirect(url_for("floors.edit", id=id))
