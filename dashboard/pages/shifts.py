"""The week's plan: shifts, breaks, exceptions and posts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.pages import words
from dashboard.pages.forms import (
    PlanForm,
    choices,
    open_record,
    retire_and_say,
    saved,
    without_nothing,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.outlook import world_of
from dashboard.pages.rows import RowsForm
from dashboard.pages.team import DUTY_MODES, checks, may_edit
from dashboard.pages.times import today
from dashboard.weekdays import WEEKDAYS
from gateway.store import Record
from gateway.store.outlook import monday_of, week_of

blueprint = Blueprint("shifts", __name__, url_prefix="/shifts")

ABSENCES = {"away": _l("Away"), "extra": _l("Extra shift")}
WEEK = timedelta(days=7)
FIRST_YEAR, LAST_YEAR = 2000, 2200
_TIME = Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", message=_l("A time is written as 08:30."))


def time_field(label: Any, *, needed: bool = True) -> StringField:
    """A time of day; browsers offer a clock for it."""
    return StringField(label, validators=[InputRequired() if needed else Optional(), _TIME])


class ShiftForm(RowsForm):
    """When somebody works, week after week, with a row for each break."""

    ROW = "break"
    MOST_ROWS = 48  # one each half hour

    staff = SelectField(_l("Who"), validate_choice=False)
    post = SelectField(_l("Post"), validate_choice=False)
    days = checks(_l("Days"), WEEKDAYS)
    starts = time_field(lazy_pgettext("shift", "From"))
    ends = time_field(_l("Until"))
    first = DateField(_l("First day"), validators=[Optional()])
    last = DateField(_l("Last day"), validators=[Optional()])
    every_weeks = WholeNumberField(
        _l("Every … weeks"), default=1, validators=[InputRequired(), NumberRange(1, 8)]
    )

    @classmethod
    def row_fields(cls) -> dict[str, Any]:
        return {
            "starts": time_field(_l("Break from"), needed=False),
            "ends": time_field(_l("until"), needed=False),
        }

    def breaks(self) -> list[tuple[int, dict[str, str]]]:
        """(row on the page, break) of each row of which something was filled in."""
        typed = [(row, self.row(row)) for row in self.row_numbers]
        return [
            (row, {name: text or "" for name, text in one.items()})
            for row, one in typed
            if any(one.values())
        ]

    def place(self, path: str) -> str | None:
        """A break's fault stands at its own row."""
        if path.startswith("breaks["):
            rows = [row for row, _ in self.breaks()]
            return self.place_in_row(path, rows, otherwise="starts")
        return super().place(path)

    def body(self) -> dict[str, Any]:
        return without_nothing(
            {
                "staff": self.staff.data,
                "post": self.post.data,
                "days": self.days.data or [],
                "starts": self.starts.data,
                "ends": self.ends.data,
                "first": self.first.data and self.first.data.isoformat(),
                "last": self.last.data and self.last.data.isoformat(),
                "every_weeks": self.every_weeks.data,
                "breaks": [one for _, one in self.breaks()],
            }
        )


class ExceptionForm(PlanForm):
    """Days that are not as planned."""

    staff = SelectField(_l("Who"), validate_choice=False)
    what = SelectField(_l("Kind"), choices=choices(ABSENCES), validate_choice=False)
    first = DateField(_l("First day"), validators=[InputRequired()])
    last = DateField(_l("Last day"), validators=[InputRequired()])
    starts = time_field(lazy_pgettext("shift", "From"), needed=False)
    ends = time_field(_l("Until"), needed=False)
    reason = StringField(_l("Reason"), validators=[Length(max=200)])

    def body(self) -> dict[str, Any]:
        return without_nothing(
            {
                "staff": self.staff.data,
                "what": self.what.data,
                "first": self.first.data.isoformat(),
                "last": self.last.data.isoformat(),
                "starts": self.starts.data,
                "ends": self.ends.data,
                "reason": (self.reason.data or "").strip(),
            }
        )


class PostForm(PlanForm):
    """A place to work at."""

    name = StringField(
        lazy_pgettext("of a thing", "Name"), validators=[InputRequired(), Length(max=100)]
    )
    roles = checks(_l("Roles that its holder should cover"), words.ROLES)

    def body(self) -> dict[str, Any]:
        return {"name": (self.name.data or "").strip(), "roles": self.roles.data or []}


FORMS: dict[str, type[PlanForm]] = {
    "shift": ShiftForm,
    "exception": ExceptionForm,
    "post": PostForm,
}


@blueprint.get("")
def week() -> str:
    """What counts in a week, a row for each of the team and a column for each day."""
    board, monday = the_board(), asked_monday()
    world = world_of(board, ("staff", "shift", "exception", "post", "duty"))
    now, this_monday = today(), monday_of(today())
    staff = sorted(world.all("staff").values(), key=lambda one: one.id)
    return render_template(
        "shifts.html",
        staff=staff,
        days=[monday + timedelta(days=number) for number in range(7)],
        today=now,
        is_this_week=monday == this_monday,
        before=monday - WEEK,
        after=monday + WEEK,
        plan=week_of(world, monday),
        posts={one.id: one.body for one in world.all("post").values()},
        exceptions=[
            one
            for one in world.all("exception").values()
            if one.body.last >= min(now, monday).isoformat()
        ],
        names={one.id: one.body.name for one in staff},
        ABSENCES=ABSENCES,
        DUTY_MODES=DUTY_MODES,
        may_edit=may_edit(),
    )


def asked_monday() -> date:
    """The Monday of the week that was asked for by any of its days; this week's by default.

    Raises: Problem 422.
    """
    text = request.args.get("week")
    if text is None:
        return monday_of(today())
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Problem(422, "bad_week", _("Type a date such as 2026-11-24."))
    return monday_of(day)


@blueprint.route("/<any(shift, exception, post):kind>/new", methods=["GET", "POST"])
def new(kind: str) -> str | Response:
    """A page for a new one."""
    form = _form(kind, {"staff": request.args.get("staff")} if request.method == "GET" else None)
    return _page(form, kind, "", None)


@blueprint.route("/<any(shift, exception, post):kind>/<id>", methods=["GET", "POST"])
def edit(kind: str, id: str) -> str | Response:
    """A page for one that there is."""
    record = open_record(kind, id)
    form = _form(kind, _values(record) if request.method == "GET" else None)
    return _page(form, kind, id, record)


@blueprint.post("/<any(shift, exception, post):kind>/<id>/retire")
def retire(kind: str, id: str) -> Response:
    """Takes one out of the plan."""
    retire_and_say(kind, id, _("Taken out of the plan."))
    return redirect(url_for("shifts.week"))


def _where_it_shows(form: PlanForm) -> str:
    """The week in which what was saved begins, if that is still to come."""
    first = form.first.data if "first" in form else None
    if first is None or first <= today() or not FIRST_YEAR <= first.year <= LAST_YEAR:
        return url_for("shifts.week")
    return url_for("shifts.week", week=first.isoformat())


def _page(form: PlanForm, kind: str, id: str, record: Record | None) -> str | Response:
    if saved(form, kind, id):
        return redirect(_where_it_shows(form))
    return render_template("shift.html", form=form, kind=kind, record=record, may_edit=may_edit())


def _form(kind: str, values: dict[str, Any] | None) -> PlanForm:
    form = _made(FORMS[kind], values)
    reader = the_board().reader
    if "staff" in form:
        form.staff.choices = [
            ("", _("Choose a person")),
            *((one.id, one.body.name) for one in reader.records("staff")),
        ]
    if "post" in form:
        form.post.choices = [
            ("", _("No fixed place")),
            *((one.id, one.body.name) for one in reader.records("post")),
        ]
    return form


def _made(form: type[PlanForm], values: dict[str, Any] | None) -> PlanForm:
    """The form with these values, or as posted. break_rows: how many breaks there are."""
    if not issubclass(form, ShiftForm):
        return form() if values is None else form(formdata=None, **values)
    if values is None:
        return form.posted()
    return form.filled(max(values.pop("break_rows", 0), 1), **values)


def _values(record: Record) -> dict[str, Any]:
    """What the form shows of a plan."""
    body, values = record.body, {"version": str(record.version)}
    for name in body.__dataclass_fields__:
        values[name] = getattr(body, name)
    for name in ("first", "last"):
        if values.get(name):
            values[name] = date.fromisoformat(values[name])
    breaks = values.pop("breaks", ())
    if breaks:
        values["break_rows"] = len(breaks)
    for row, pause in enumerate(breaks, start=1):
        values[f"break_{row}_starts"], values[f"break_{row}_ends"] = pause.starts, pause.ends
    return values
