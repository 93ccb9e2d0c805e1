"""Points: what they are called, where they are, and which of them need care now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from flask_login import current_user
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from dashboard.board import the_board
from dashboard.desk import answer_sentences, ask_desk
from dashboard.pages.branch import point_labels, staff_names
from dashboard.pages.floor_views import empty_floors
from dashboard.pages.forms import (
    PlanForm,
    mark,
    needed_viewer,
    open_record,
    posted_number,
    retire_and_say,
    saved,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.outlook import world_of
from dashboard.pages.spots import SpotFields, spot_place, spot_values
from gateway.store import Record

blueprint = Blueprint("points", __name__)

EDITORS = frozenset({"lead", "admin", "maintenance"})


class PointForm(SpotFields, PlanForm):
    """A place customers call from."""

    id = StringField(_l("Point id"), validators=[InputRequired(), Length(max=32)])
    label = StringField(
        lazy_pgettext("of a thing", "Name"), validators=[InputRequired(), Length(max=100)]
    )
    area = StringField(_l("Area of the branch"), validators=[Length(max=200)])
    unit = SelectField(_l("Unit it is wired to"), validate_choice=False)
    silent = BooleanField(_l("Silent: calls from here show and sound nothing there"))
    seat_minutes = WholeNumberField(
        _l("Look after whoever sits for … minutes"),
        validators=[Optional(), NumberRange(1, 24 * 60)],
    )

    def place(self, path: str) -> str | None:
        renamed = {"place": "area", "seat_check_after_s": "seat_minutes"}
        return renamed.get(path) or spot_place(path) or super().place(path)

    def body(self) -> dict[str, Any]:
        minutes = self.seat_minutes.data
        return {
            "label": (self.label.data or "").strip(),
            "place": (self.area.data or "").strip(),
            "spot": self.spot(),
            "unit": self.unit.data or None,
            "silent": bool(self.silent.data),
            "seat_check_after_s": minutes * 60 if minutes else None,
        }


class CareForm(PlanForm):
    """A mark: somebody there needs to be looked after."""

    point = SelectField(_l("Where"), validate_choice=False)
    reason = StringField(_l("Why"), validators=[InputRequired(), Length(max=200)])
    until = StringField(
        lazy_pgettext("care", "Until"),
        validators=[
            Optional(),
            Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", message=_l("A time is written as 08:30.")),
        ],
    )


def may_edit() -> bool:
    """Whether whoever looks may change points and resources; the gateway judges it all the same."""
    return not EDITORS.isdisjoint(current_user.roles)


# --- points ---------------------------------------------------------------------------------


@blueprint.get("/points")
def listing() -> str:
    """Every point: those with a name, and those that have called without one."""
    board = the_board()
    return render_template(
        "points.html",
        points=board.reader.points(),
        plans={one.id: one.body for one in board.reader.records("point")},
        cares={one.id: one for one in board.reader.records("care")},
        may_edit=may_edit(),
    )


@blueprint.route("/points/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A page to name one."""
    form = _point_form({"id": request.args.get("id")} if request.method == "GET" else None)
    id = (form.id.data or "").strip().lower()
    return _page(form, id, None)


@blueprint.route("/points/<id>", methods=["GET", "POST"])
def edit(id: str) -> str | Response:
    """A page for one that has a name."""
    record = open_record("point", id)
    form = _point_form(_values(record) if request.method == "GET" else None)
    form.id.data = id
    return _page(form, id, record)


def _values(record: Record) -> dict[str, Any]:
    body = record.body
    limit_s = body.seat_check_after_s
    return {
        "version": str(record.version),
        "label": body.label,
        "area": body.place,
        **spot_values(record),
        "unit": body.unit or "",
        "silent": body.silent,
        "seat_minutes": max(1, round(limit_s / 60)) if limit_s else None,
    }


def _point_form(values: dict[str, Any] | None) -> PointForm:
    form = PointForm() if values is None else PointForm(formdata=None, **values)
    units = [one.unit for one in the_board().reader.units()]
    form.unit.choices = [("", _("The one its first call comes from")), *((u, u) for u in units)]
    form.offer_floors(empty_floors(the_board()))
    return form


def _page(form: PointForm, id: str, record: Record | None) -> str | Response:
    if saved(form, "point", id):
        return redirect(url_for("points.listing"))
    return render_template(
        "point.html",
        form=form,
        record=record,
        may_edit=may_edit(),
    )


@blueprint.post("/points/<id>/retire")
def retire(id: str) -> Response:
    """One that is no longer there."""
    if retire_and_say("point", id, _("Taken off the list.")):
        return redirect(url_for("points.listing"))
    return redirect(url_for("points.edit", id=id))


# --- care -----------------------------------------------------------------------------------


@blueprint.route("/care", methods=["GET", "POST"])
def care() -> str | Response:
    """What needs care now, and a form to mark one more."""
    board = the_board()
    form = CareForm() if request.method == "POST" else CareForm(formdata=None, **_suggested())
    form.point.choices = list(point_labels(board).items())
    if request.method == "POST" and form.validate():
        body = {"reason": (form.reason.data or "").strip(), "until": form.until.data or None}
        answer = ask_desk("care.mark", by=needed_viewer(), id=form.point.data or "", body=body)
        mark(form, answer)
        if answer.ok:
            marked = _("Marked. The mark ends by itself.")
            flash(f"{marked} {answer_sentences(answer)}".strip())
            return redirect(url_for("points.care"))
    return render_template(
        "care.html",
        form=form,
        cares=board.reader.records("care"),
        labels=point_labels(board),
        names=staff_names(board),
    )


def _suggested() -> dict[str, str]:
    """An hour from now, and the point that the link before named."""
    local = world_of(the_board(), ()).local
    until = (local + timedelta(hours=1)).strftime("%H:%M")
    return {"until": until, "point": request.args.get("point", "")}


@blueprint.post("/care/<point>/clear")
def clear(point: str) -> Response:
    """Nobody there needs care any more."""
    answer = ask_desk("care.clear", by=needed_viewer(), id=point, version=posted_number("version"))
    flash(_("The mark is taken away.") if answer.ok else answer.message)
    return redirect(url_for("points.care"))
