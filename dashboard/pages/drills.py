"""Drills: the calendar, the one that runs, and how they went beside the real calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from dashboard.board import Board, the_board
from dashboard.desk import ask_desk, fault_sentence, may_see
from dashboard.figures import ResponseFigures
from dashboard.pages import closing_words
from dashboard.pages.branch import point_labels, staff_names, viewer_id
from dashboard.pages.forms import (
    PlanForm,
    choices,
    needed_viewer,
    open_record,
    retire_and_say,
    saved,
    without_nothing,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.outlook import world_of
from dashboard.pages.shifts import time_field
from dashboard.pages.team import checks, may_edit
from dashboard.reckoning import the_reckoning
from dashboard.review.calendar import day_start_ms, local_day
from dashboard.weekdays import WEEKDAYS
from gateway.store import DeskReports, Record
from gateway.store.outlook import Window, World, overdue_window, window_on
from protocol.clock import now

blueprint = Blueprint("drills", __name__, url_prefix="/drills")

# Real calls of so long stand beside the drills; a window is mostly half a year.
PERIOD_DAYS = 182
MAX_HELD = 50
# As many checklists of real calls as show how complete they are; each is some kilobytes.
MAX_LISTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A plan on the calendar. window: the one that is open, or missed, or to come; None: no more.

    state: missed (over, and none was held), open, held, planned (to come), over.
    """

    record: Record
    window: Window | None
    state: Literal["missed", "open", "held", "planned", "over"]
    held: Record | None


@blueprint.get("")
def listing() -> str:
    """The calendar, and how the last drills went."""
    board = the_board()
    world = world_of(board, ("drill_plan", "drill_held", "drill"))
    held = _held(board)
    return render_template(
        "drills.html",
        plans=[_line(world, one) for one in world.all("drill_plan").values() if may_see(one)],
        running=[one for one in world.all("drill").values() if one.incident_id],
        held=held,
        begun={one.id: begun for one in held if (begun := _begun(board, one))},
        real=_real(board),
        period=PERIOD_DAYS,
        max_lists=MAX_LISTS,
        labels=point_labels(board),
        names=staff_names(board),
        may_edit=may_edit(),
        me=viewer_id(),
    )


def _line(world: World, plan: Record) -> PlanLine:
    today = world.local.date()
    held = world.get("drill_held", plan.id)
    missed = overdue_window(world, plan)
    window = missed or window_on(plan.body, today)
    return PlanLine(
        record=plan, window=window, state=_state(window, today, held, missed), held=held
    )


def _state(
    window: Window | None, today: date, held: Record | None, missed: Window | None
) -> Literal["missed", "open", "held", "planned", "over"]:
    if missed:
        return "missed"
    if window is None:
        return "over"
    if window.first > today:
        return "planned"
    is_held = held is not None and held.body.on >= window.first.isoformat()
    return "held" if is_held else "open"


def _held(board: Board) -> list[Record]:
    """The newest drills that are over."""
    found = [one for one in board.reader.records("drill", closed_too=True) if not one.is_open]
    return sorted(found, key=lambda one: one.at, reverse=True)[:MAX_HELD]


def _begun(board: Board, drill: Record) -> str | None:
    """When it rang; None for one that never did."""
    incident = board.reader.incident(drill.incident_id) if drill.incident_id else None
    return incident.raised_at if incident else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """What stands beside the drills. figures: of all real calls of the period; roles_covered of
    roles_asked in the closed ones; steps_done of steps on the newest checklists."""

    figures: ResponseFigures
    roles_covered: int
    roles_asked: int
    steps_done: int
    steps: int


def _real(board: Board) -> Real:
    """How the real calls of the period went."""
    reckoning = the_reckoning()
    tomorrow = local_day(now().utc_ms, reckoning.zone) + timedelta(days=1)
    window = {
        "start_ms": day_start_ms(tomorrow - timedelta(days=PERIOD_DAYS), reckoning.zone),
        "end_ms": day_start_ms(tomorrow, reckoning.zone),
    }
    found = reckoning.period(**window)
    lists = DeskReports(board.reader).checklists(**window, limit=MAX_LISTS)
    return Real(
        figures=found.real,
        roles_covered=sum(one.covered for one in found.coverage),
        roles_asked=sum(one.asked for one in found.coverage),
        steps_done=sum(one.done for one in lists),
        steps=sum(one.steps for one in lists),
    )


# --- beginning one ---


class StartForm(PlanForm):
    """A drill to begin now."""

    plan = SelectField(_l("Which drill"), validate_choice=False)
    point = SelectField(_l("Where"), validate_choice=False)
    kind = SelectField(
        _l("What it raises"), choices=choices(closing_words.DRILL_KINDS), validate_choice=False
    )


@blueprint.route("/start", methods=["GET", "POST"])
def start() -> str | Response:
    """Begins a drill, which rings as a call rings."""
    board = the_board()
    form = StartForm() if request.method == "POST" else StartForm(formdata=None)
    plans = [one for one in board.reader.records("drill_plan") if may_see(one)]
    form.plan.choices = [
        ("", _("No planned drill")),
        *((one.id, closing_words.in_words(one.body)) for one in plans),
    ]
    form.point.choices = [("", _("Any point")), *point_labels(board).items()]
    if request.method == "GET":
        _offer(form, request.args.get("plan", ""), plans)
    if request.method == "POST" and form.validate():
        body = {"plan": form.plan.data, "point": form.point.data, "kind": form.kind.data}
        answer = ask_desk("drill.start", by=needed_viewer(), body=without_nothing(body))
        if answer.ok:
            flash(_("The drill has begun."))
            return redirect(url_for("drills.listing"))
        form.form_errors.append(answer.message)
        form.form_errors.extend(map(fault_sentence, answer.faults))
    return render_template("drill_start.html", form=form, may_edit=may_edit())


def _offer(form: StartForm, plan: str, plans: list[Record]) -> None:
    """What the calendar says of the drill that is to begin."""
    form.plan.data = plan
    record = next((one for one in plans if one.id == plan), None)
    if record is not None:
        form.kind.data = record.body.kind
        form.point.data = record.body.point or ""


# --- the plans ---


class DrillPlanForm(PlanForm):
    """A drill that comes round."""

    zh = StringField(_l("In Chinese"), validators=[InputRequired(), Length(max=200)])
    en = StringField(_l("In English"), validators=[InputRequired(), Length(max=200)])
    kind = SelectField(
        _l("What it raises"), choices=choices(closing_words.DRILL_KINDS), validate_choice=False
    )
    point = SelectField(_l("Where"), validate_choice=False)
    first = DateField(_l("First day of the first window"), validators=[InputRequired()])
    last = DateField(_l("Last day of the first window"), validators=[InputRequired()])
    every_months = WholeNumberField(
        _l("Again every … months"), default=6, validators=[InputRequired(), NumberRange(0, 60)]
    )
    unannounced = BooleanField(_l("Unannounced: it begins by itself, at a time nobody knows"))
    starts = time_field(_l("Not before"))
    ends = time_field(_l("Not after"))
    days = checks(_l("On these days"), WEEKDAYS)
    accept_s = WholeNumberField(
        _l("Accepted within so many seconds"), validators=[InputRequired(), NumberRange(1, 3600)]
    )
    arrive_s = WholeNumberField(
        _l("Arrived within so many seconds"), validators=[InputRequired(), NumberRange(1, 3600)]
    )

    def body(self) -> dict[str, Any]:
        names = ("kind", "every_months", "starts", "ends", "accept_s", "arrive_s")
        return without_nothing({name: self[name].data for name in names}) | {
            "zh": (self.zh.data or "").strip(),
            "en": (self.en.data or "").strip(),
            "point": self.point.data or None,
            "first": self.first.data.isoformat(),
            "last": self.last.data.isoformat(),
            "unannounced": bool(self.unannounced.data),
            "days": self.days.data or [],
        }


NEW = {"starts": "09:30", "ends": "16:30", "accept_s": 30, "arrive_s": 120, "kind": "urgent"}


@blueprint.route("/plans/new", methods=["GET", "POST"])
def new_plan() -> str | Response:
    return _plan_page("", None)


@blueprint.route("/plans/<id>", methods=["GET", "POST"])
def edit_plan(id: str) -> str | Response:
    record = open_record("drill_plan", id)
    return _plan_page(id, record)


@blueprint.post("/plans/<id>/retire")
def retire_plan(id: str) -> Response:
    """Takes a plan off the calendar; the drills that were held stay."""
    retire_and_say("drill_plan", id, _("Taken off the calendar."))
    return redirect(url_for("drills.listing"))


def _plan_page(id: str, record: Record | None) -> str | Response:
    is_post = request.method == "POST"
    form = DrillPlanForm() if is_post else DrillPlanForm(formdata=None, **_values(record))
    form.point.choices = [("", _("Any point")), *point_labels(the_board()).items()]
    if saved(form, "drill_plan", id):
        return redirect(url_for("drills.listing"))
    return render_template("drill_plan.html", form=form, record=record, may_edit=may_edit())


def _values(record: Record | None) -> dict[str, Any]:
    if record is None:
        return {**NEW, "days": list(WEEKDAYS)[:5]}
    body = record.body
    values = {name: getattr(body, name) for name in body.__dataclass_fields__}
    days = {name: date.fromisoformat(values[name]) for name in ("first", "last")}
    return values | days | {"version": str(record.version), "point": body.point or ""}
