"""Follow-ups: one's own, all, those that are overdue; and the rules that make them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from dashboard.auth import local_target
from dashboard.board import Board, the_board
from dashboard.desk import explain_desk
from dashboard.errors import Problem
from dashboard.pages import closing_words, words
from dashboard.pages.branch import staff_names, viewer_id
from dashboard.pages.forms import (
    PlanForm,
    choices,
    mark,
    open_record,
    retire_and_say,
    saved,
    without_nothing,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.situation import family_of, situations
from dashboard.pages.team import checks, may_edit
from gateway.store import Record
from protocol.clock import now
from protocol.messages import Incident
from protocol.moment import rfc3339

blueprint = Blueprint("followups", __name__, url_prefix="/follow-ups")

SHOWN = ("mine", "all", "overdue", "done")
# Of those that are done only the newest are listed; all are in the interface and the export.
MAX_DONE = 100


class NewForm(PlanForm):
    """Something to be done. due: as browsers write a time of day, by the branch's clock."""

    what = StringField(_l("What is to be done"), validators=[InputRequired(), Length(max=200)])
    owner = SelectField(_l("By whom"), validate_choice=False)
    due = StringField(
        lazy_pgettext("follow-up", "Until"), validators=[InputRequired(), Length(max=40)]
    )

    def body(self, incident_id: str | None) -> dict[str, Any]:
        return without_nothing(
            {
                "what": (self.what.data or "").strip(),
                "owner": self.owner.data,
                "due": self.due.data,
                "incident_id": incident_id,
            }
        )


class DoneForm(PlanForm):
    note = TextAreaField(_l("What came of it"), validators=[Length(max=2000)])


class MoveForm(PlanForm):
    due = StringField(
        lazy_pgettext("follow-up", "Until"), validators=[InputRequired(), Length(max=40)]
    )
    why = StringField(_l("Why"), validators=[InputRequired(), Length(max=200)])


class GiveForm(PlanForm):
    to = SelectField(_l("To whom"), validate_choice=False)


DOINGS: dict[str, tuple[type[PlanForm], tuple[str, ...]]] = {
    "done": (DoneForm, ("note",)),
    "move": (MoveForm, ("due", "why")),
    "give": (GiveForm, ("to",)),
}


@blueprint.get("")
def listing() -> str:
    """Those to be done, what is due first; or those that are done."""
    board, me = the_board(), viewer_id()
    show = request.args.get("show") or ("mine" if me else "all")
    if show not in SHOWN:
        raise Problem(422, "bad_show", _("Choose mine, all, overdue or done."))
    records = _listed(board, show, me)
    return render_template(
        "followups.html",
        records=records,
        calls=_calls(board, records),
        show=show,
        late=_late(board.reader.records("followup")),
        names=staff_names(board),
        me=me,
        may_edit=may_edit(),
    )


def _listed(board: Board, show: str, me: str | None) -> list[Record]:
    if show == "done":
        found = board.reader.records("followup", closed_too=True)
        closed = [one for one in found if not one.is_open]
        return sorted(closed, key=lambda one: one.at, reverse=True)[:MAX_DONE]
    found = sorted(board.reader.records("followup"), key=lambda one: one.body.due_at)
    if show == "mine":
        return [one for one in found if one.body.owner == me]
    return _late(found) if show == "overdue" else found


def _calls(board: Board, records: list[Record]) -> dict[str, Incident]:
    """{incident id: the call} of everything that is to be done because of one."""
    found = ((id, board.reader.incident(id)) for id in {one.incident_id for one in records} if id)
    return {id: incident for id, incident in found if incident is not None}


def _late(records: list[Record]) -> list[Record]:
    """Those whose time is over."""
    present = rfc3339(now().utc_ms)
    return [one for one in records if one.is_open and one.body.due_at <= present]


def of_incident(board: Board, incident_id: str) -> list[Record]:
    """Every follow-up of an incident, those to be done first, then by their time."""
    found = [one for one in board.reader.records_of(incident_id) if one.kind == "followup"]
    return sorted(found, key=lambda one: (not one.is_open, one.body.due_at))


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A page to write one down, perhaps for an incident."""
    board, incident_id = the_board(), request.args.get("incident") or None
    form = NewForm()
    form.owner.choices = _people(board)
    if request.method == "GET":
        form.owner.data = viewer_id()
    if request.method == "POST" and form.validate():
        answer = form.ask("followup.add", body=form.body(incident_id))
        mark(form, answer)
        if answer.ok:
            flash(_("Written down."))
            if incident_id:
                return redirect(url_for("incidents.show", incident_id=incident_id))
            return redirect(url_for("followups.listing"))
    incident = board.reader.incident(incident_id) if incident_id else None
    return render_template("followup_new.html", form=form, incident=incident)


@blueprint.get("/<id>")
def show(id: str) -> str:
    """One follow-up, and what can be done with it."""
    return _page(_found(id), {})


@blueprint.post("/<id>/<any(done, move, give):do>")
def do(id: str, do: str) -> str | Response:
    """Does it, moves it or gives it; what is wrong comes back to its field."""
    record = _found(id)
    form_class, fields = DOINGS[do]
    form = form_class()
    _fill_people(form)
    if form.validate():
        body = without_nothing({name: (form[name].data or "").strip() for name in fields})
        answer = form.ask(f"followup.{do}", id=id, version=form.seen_version, body=body)
        if answer.ok:
            flash(_("Done.") if do == "done" else _("Saved."))
            return redirect(local_target(request.form.get("next") or url_for(".listing")))
        mark(form, answer)
    return _page(record, {do: form})


def _page(record: Record, forms: dict[str, PlanForm]) -> str:
    board = the_board()
    for name, (form_class, _fields) in DOINGS.items():
        if name not in forms:
            forms[name] = form_class(formdata=None, version=str(record.version))
            _fill_people(forms[name])
    incident = board.reader.incident(record.incident_id) if record.incident_id else None
    me = viewer_id()
    is_to_ring = record.is_open and record.body.family
    return render_template(
        "followup.html",
        record=record,
        forms=forms,
        incident=incident,
        complaint=closing_words.complaint_of(record),
        family=family_of(board, incident) if incident and is_to_ring else None,
        names=staff_names(board),
        is_late=bool(_late([record])),
        me=me,
        is_own=me == record.body.owner or may_edit(),
    )


def _fill_people(form: PlanForm) -> None:
    if "to" in form:
        form.to.choices = [("", _("Choose a person")), *_people(the_board())]


def _people(board: Board) -> list[tuple[str, str]]:
    return [(one.id, one.body.name) for one in board.reader.records("staff")]


def _found(id: str) -> Record:
    record = the_board().reader.record("followup", id)
    if record is None:
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    return record


# --- the rules ---


class RuleForm(PlanForm):
    """What certain endings leave to do."""

    zh = StringField(_l("In Chinese"), validators=[InputRequired(), Length(max=200)])
    en = StringField(_l("In English"), validators=[InputRequired(), Length(max=200)])
    after_h = WholeNumberField(
        _l("Due so many hours after the close"),
        default=24,
        validators=[InputRequired(), NumberRange(1, 2160)],
    )
    outcomes = checks(_l("When it ended so"), words.OUTCOMES)
    situations = checks(_l("When it was this"), words.SITUATIONS)
    family = BooleanField(_l("The family is to be rung: their number is kept until then"))
    whose = SelectField(_l("Whose"), choices=choices(closing_words.WHOSE), validate_choice=False)

    def body(self) -> dict[str, Any]:
        return {
            "zh": (self.zh.data or "").strip(),
            "en": (self.en.data or "").strip(),
            "after_h": self.after_h.data,
            "outcomes": self.outcomes.data or [],
            "situations": self.situations.data or [],
            "whose": self.whose.data or "owner",
            "family": bool(self.family.data),
        }


@blueprint.get("/rules")
def rules() -> str:
    """Every rule, by its id."""
    board = the_board()
    return render_template(
        "followup_rules.html",
        records=board.reader.records("followup_rule"),
        situations=situations(board),
        may_edit=may_edit(),
    )


@blueprint.route("/rules/new", methods=["GET", "POST"])
def new_rule() -> str | Response:
    return _rule_page("", None)


@blueprint.route("/rules/<id>", methods=["GET", "POST"])
def edit_rule(id: str) -> str | Response:
    record = open_record("followup_rule", id)
    return _rule_page(id, record)


@blueprint.post("/rules/<id>/retire")
def retire_rule(id: str) -> Response:
    """Takes a rule out of use; what it has made stays."""
    retire_and_say("followup_rule", id, _("Taken out of use."))
    return redirect(url_for("followups.rules"))


def _rule_page(id: str, record: Record | None) -> str | Response:
    values = {} if record is None else _rule_values(record)
    form = RuleForm() if request.method == "POST" else RuleForm(formdata=None, **values)
    form.situations.choices = list(situations(the_board()).items())
    if saved(form, "followup_rule", id):
        return redirect(url_for("followups.rules"))
    return render_template("followup_rule.html", form=form, record=record, may_edit=may_edit())


def _rule_values(record: Record) -> dict[str, Any]:
    body = record.body
    values = {name: getattr(body, name) for name in body.__dataclass_fields__}
    return values | {"version": str(record.version)}
