"""Resources: where they are, how many, until when; taken, back, used up, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from dashboard.auth import local_target
from dashboard.board import the_board
from dashboard.pages import care_words, words
from dashboard.pages.branch import point_labels, present_faults, staff_names
from dashboard.pages.cards import FaultLine, fault_lines
from dashboard.pages.floor_views import empty_floors
from dashboard.pages.forms import (
    PlanForm,
    ask_once,
    choices,
    open_record,
    posted_number,
    retire_and_say,
    saved,
    without_nothing,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.outlook import world_of
from dashboard.pages.points import may_edit
from dashboard.pages.situation import situations
from dashboard.pages.spots import SpotFields, spot_place, spot_values
from dashboard.pages.team import checks
from gateway.store import Record
from gateway.store.outlook import World, check_due, left_of, taken_of

blueprint = Blueprint("resources", __name__, url_prefix="/resources")

DOES = {
    "take": _l("Taken. It belongs to the call until it is back or used up."),
    "back": _l("It is back."),
    "used": _l("Written down as used up."),
    "checked": _l("Checked today."),
}


class ResourceForm(SpotFields, PlanForm):
    """A resource."""

    what = SelectField(_l("Kind"), choices=choices(care_words.RESOURCES), validate_choice=False)
    name = StringField(
        lazy_pgettext("of a thing", "Name"), validators=[InputRequired(), Length(max=100)]
    )
    area = StringField(_l("Area of the branch"), validators=[Length(max=200)])
    point = SelectField(_l("Nearest call point"), validate_choice=False)
    count = WholeNumberField(_l("How many there are"), default=1, validators=[NumberRange(0, 9999)])
    minimum = WholeNumberField(
        _l("How many must be at their place"), default=1, validators=[NumberRange(0, 9999)]
    )
    expires = DateField(_l("Last day it may be used"), validators=[Optional()])
    check_every_days = WholeNumberField(
        _l("Checked every … days"), validators=[Optional(), NumberRange(1, 3660)]
    )
    last_checked = DateField(_l("Last checked on"), validators=[Optional()])
    situations = checks(_l("What it is for"), words.SITUATIONS)

    def place(self, path: str) -> str | None:
        return "area" if path == "place" else spot_place(path) or super().place(path)

    def body(self) -> dict[str, Any]:
        return without_nothing(
            {
                "what": self.what.data,
                "name": (self.name.data or "").strip(),
                "place": (self.area.data or "").strip(),
                "point": self.point.data,
                "spot": self.spot(),
                "count": self.count.data,
                "minimum": self.minimum.data,
                "expires": self.expires.data and self.expires.data.isoformat(),
                "check_every_days": self.check_every_days.data,
                "last_checked": self.last_checked.data and self.last_checked.data.isoformat(),
                "situations": self.situations.data or [],
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A resource as the list shows it. left: at its place. out: what is taken, with its call's
    name for people. due: the last day of the next check, None when nobody need, "" for at once."""

    record: Record
    left: int
    out: tuple[tuple[Record, str], ...]
    faults: list[FaultLine]
    due: str | None


@blueprint.get("")
def listing() -> str:
    """Everything there is, what somebody must see to first."""
    board = the_board()
    world, faults = world_of(board, ("resource", "taken", "point")), present_faults(board)
    labels = point_labels(board)
    rows = []
    for id, record in world.all("resource").items():
        own = [one for one in faults if one.subject == f"resource/{id}"]
        rows.append(
            Row(
                record=record,
                left=left_of(world, record),
                out=tuple((one, _where(one, labels)) for one in taken_of(world, id)),
                faults=fault_lines(own, {}),
                due=_due(record),
            )
        )
    rows.sort(key=lambda row: (not row.faults, row.record.body.what, row.record.body.name))
    return render_template(
        "resources.html",
        rows=rows,
        calls=_calls(world),
        labels=labels,
        names=staff_names(board),
        may_edit=may_edit(),
    )


def _calls(world: World) -> list[tuple[str, str]]:
    """(id, name for people) of the open calls, the newest first."""
    newest = sorted(world.incidents.values(), key=lambda one: one.raised_at, reverse=True)
    return [(one.incident_id, one.label) for one in newest]


def _where(taken: Record, labels: dict[str, str]) -> str:
    if taken.incident_id is None:
        return _("lent without a call")
    incident = the_board().reader.incident(taken.incident_id)
    return incident.label if incident else taken.incident_id


def _due(record: Record) -> str | None:
    due = check_due(record.body)
    if due is None:
        return None
    return "" if due == date.min else due.isoformat()


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A page to add one."""
    form = _form()
    return _page(form, "", None)


@blueprint.route("/<id>", methods=["GET", "POST"])
def edit(id: str) -> str | Response:
    """A page for one that there is."""
    record = open_record("resource", id)
    form = _form() if request.method == "POST" else _form(record)
    return _page(form, id, record)


def _form(record: Record | None = None) -> ResourceForm:
    if record is None:
        form = ResourceForm()
    else:
        body = record.body
        days = {name: getattr(body, name) for name in ("expires", "last_checked")}
        form = ResourceForm(
            formdata=None,
            version=str(record.version),
            what=body.what,
            name=body.name,
            area=body.place,
            point=body.point or "",
            **spot_values(record),
            count=body.count,
            minimum=body.minimum,
            check_every_days=body.check_every_days,
            situations=body.situations,
            **{name: date.fromisoformat(text) for name, text in days.items() if text},
        )
    form.situations.choices = list(situations(the_board()).items())
    form.point.choices = [("", _("None")), *point_labels(the_board()).items()]
    form.offer_floors(empty_floors(the_board()))
    return form


def _page(form: ResourceForm, id: str, record: Record | None) -> str | Response:
    if saved(form, "resource", id):
        return redirect(url_for("resources.listing"))
    return render_template(
        "resource.html",
        form=form,
        record=record,
        may_edit=may_edit(),
    )


@blueprint.post("/<id>/retire")
def retire(id: str) -> Response:
    """One that is no longer there."""
    if retire_and_say("resource", id, _("Taken off the list.")):
        return redirect(url_for("resources.listing"))
    return redirect(url_for("resources.edit", id=id))


@blueprint.post("/<id>/<any(take, back, used, checked):do>")
def move(id: str, do: str) -> Response:
    """Takes, brings back, uses up or checks it; then back to where the button was."""
    body: dict[str, Any] = {}
    if do != "checked":
        body = without_nothing(
            {"count": posted_number("count"), "incident_id": request.form.get("incident_id")}
        )
    answer = ask_once(f"resource.{do}", id=id, body=body)
    flash(str(DOES[do]) if answer.ok else " ".join([answer.message, *_counts(answer.faults)]))
    return redirect(local_target(request.form.get("next") or url_for("resources.listing")))


def _counts(faults: Any) -> list[str]:
    return [_("There: %(count)s.", count=one.detail) for one in faults if one.name == "not_enough"]
