"""Complaints: the list, what is overdue, and each from its opening to the customer's word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from dashboard.board import Board, the_board
from dashboard.desk import answer_sentences, ask_desk, explain_desk
from dashboard.errors import Problem
from dashboard.pages.branch import staff_names, viewer_id
from dashboard.pages.forms import (
    PlanForm,
    choices,
    mark,
    needed_viewer,
    posted_number,
    without_nothing,
)
from dashboard.pages.situation_words import CATEGORIES, CHANNELS
from dashboard.pages.team import may_edit
from dashboard.pages.times import today
from gateway.store import Record

blueprint = Blueprint("complaints", __name__, url_prefix="/complaints")

DOINGS = ("look_into", "answer", "satisfaction", "close")
# Of the closed ones only the newest are listed; all are in the interface and the export.
MAX_CLOSED = 100


class ComplaintForm(PlanForm):
    """What a complaint is about."""

    category = SelectField(
        _l("Class"), choices=choices(CATEGORIES, none=_l("not known yet")), validate_choice=False
    )
    channel = SelectField(_l("How it came"), choices=choices(CHANNELS), validate_choice=False)
    group = StringField(_l("Group in charge"), validators=[Length(max=200)])
    what = TextAreaField(
        _l("What happened and what is asked for"), validators=[InputRequired(), Length(max=2000)]
    )

    def body(self) -> dict[str, Any]:
        return without_nothing(
            {
                "category": self.category.data,
                "channel": self.channel.data,
                "group": (self.group.data or "").strip(),
                "what": (self.what.data or "").strip(),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForLeads:
    """What the board shows a lead of complaints. day: today's count if it is a rise, or None."""

    overdue: tuple[Record, ...]
    day: Record | None

    def __bool__(self) -> bool:
        return bool(self.overdue or self.day)


def for_leads(board: Board) -> ForLeads | None:
    """Overdue ones and a rise, for a lead who looks; None for anybody else."""
    if not current_user.is_authenticated or current_user.is_machine or not may_edit():
        return None
    overdue = tuple(one for one in board.reader.records("complaint") if one.body.overdue)
    return ForLeads(overdue=overdue, day=rise_today(board))


def rise_today(board: Board) -> Record | None:
    day = board.reader.record("complaint_day", today().isoformat())
    return day if day and day.body.is_rise else None


@blueprint.get("")
def listing() -> str:
    """Those to be dealt with, what is overdue first; or those that are done."""
    board = the_board()
    is_closed = request.args.get("state") == "closed"
    records = board.reader.records("complaint", closed_too=is_closed)
    found = [one for one in records if one.is_open != is_closed]
    found.sort(key=lambda one: one.body.opened_at, reverse=is_closed)
    found.sort(key=lambda one: one.body.overdue is None)
    return render_template(
        "complaints.html",
        records=found[:MAX_CLOSED] if is_closed else found,
        is_closed=is_closed,
        rise=rise_today(board),
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A complaint that no button has begun."""
    form = ComplaintForm()
    if request.method == "POST" and form.validate():
        answer = form.ask("complaint.open", body=form.body())
        mark(form, answer)
        if answer.ok:
            flash(_("Recorded. The first look is due within 24 hours."))
            return redirect(url_for("complaints.show", id=answer.id))
    return render_template(
        "complaint.html", form=form, record=None, names={}, may_close=False, me=viewer_id()
    )


@blueprint.route("/<id>", methods=["GET", "POST"])
def show(id: str) -> str | Response:
    """One complaint: what it is about, what was found, what was answered, how it was taken."""
    board, record = the_board(), _found(id)
    form = ComplaintForm() if request.method == "POST" else _filled(record)
    if request.method == "POST" and form.validate():
        answer = form.ask("complaint.change", id=id, version=form.seen_version, body=form.body())
        mark(form, answer)
        if answer.ok:
            flash(_("Saved."))
            return redirect(url_for("complaints.show", id=id))
    return render_template(
        "complaint.html",
        form=form,
        record=record,
        names=staff_names(board),
        may_close=may_edit(),
        me=viewer_id(),
    )


def _filled(record: Record) -> ComplaintForm:
    body = record.body
    return ComplaintForm(
        formdata=None,
        version=str(record.version),
        category=body.category or "",
        channel=body.channel,
        group=body.group,
        what=body.what,
    )


@blueprint.post("/<id>/<doing>")
def do(id: str, doing: str) -> Response:
    """The next thing about it."""
    if doing not in DOINGS:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    body: dict[str, Any] = {"text": request.form.get("text", "").strip()}
    if doing == "satisfaction":
        score = request.form.get("score", "")
        body |= {"score": int(score) if score in ("1", "2", "3", "4", "5") else None}
    answer = ask_desk(
        f"complaint.{doing}",
        by=needed_viewer(),
        id=_found(id).id,
        version=posted_number("version"),
        body=body,
    )
    flash(_("Saved.") if answer.ok else answer_sentences(answer))
    return redirect(url_for("complaints.show", id=id))


def _found(id: str) -> Record:
    record = the_board().reader.record("complaint", id)
    if record is None:
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    return record
