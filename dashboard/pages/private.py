"""Private notes: written by anybody, read by few, and each look goes through the gateway's log."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from dashboard.actions import explain
from dashboard.board import Board, the_board
from dashboard.desk import ask_desk, explain_desk
from dashboard.errors import Problem
from dashboard.pages.branch import staff_names, viewer_id
from dashboard.pages.forms import PlanForm, mark, needed_viewer
from dashboard.pages.private_rule import kept_days
from dashboard.pages.team import may_edit
from dashboard.store import VaultError
from gateway.store import Record
from protocol.messages import Incident

blueprint = Blueprint("private", __name__, url_prefix="/incidents/<incident_id>/private")


class NoteForm(PlanForm):
    """What must be noted of a customer, and until when."""

    text = TextAreaField(_l("What must be noted"), validators=[InputRequired(), Length(max=2000)])
    delete_on = DateField(_l("Delete it on"), validators=[Optional()])

    def body(self, incident_id: str) -> dict[str, Any]:
        day = self.delete_on.data
        body = {"incident_id": incident_id, "text": (self.text.data or "").strip()}
        return body | ({"delete_on": day.isoformat()} if day else {})


def of_incident(board: Board, incident_id: str) -> list[Record]:
    """The private notes of an incident, without what they say."""
    return [one for one in board.reader.records_of(incident_id) if one.kind == "private"]


@blueprint.route("", methods=["GET", "POST"])
def show(incident_id: str) -> str | Response:
    """The notes there are, and a form for another."""
    form = NoteForm()
    if request.method == "POST" and form.validate():
        body = form.body(incident_id)
        answer = form.ask("private.note", body=body)
        mark(form, answer)
        if answer.ok:
            flash(_("Sealed. It is deleted on its day."))
            return redirect(url_for("private.show", incident_id=incident_id))
    return _page(incident_id, form)


@blueprint.post("/<id>/look")
def look(incident_id: str, id: str) -> str:
    """Shows one note, if the gateway lets this person look; the look is in its log."""
    record = _note(incident_id, id)
    answer = ask_desk("private.look", by=needed_viewer(), id=id)
    if not answer.ok:
        raise Problem(answer.status, answer.reason, answer.message)
    return _page(incident_id, NoteForm(formdata=None), shown=record, text=unsealed(record))


@blueprint.post("/<id>/delete")
def delete(incident_id: str, id: str) -> Response:
    """Deletes one note at once."""
    _note(incident_id, id)
    answer = ask_desk("private.delete", by=needed_viewer(), id=id)
    flash(_("Deleted for good.") if answer.ok else answer.message)
    return redirect(url_for("private.show", incident_id=incident_id))


def unsealed(record: Record) -> str:
    """What a note says. Raises: Problem 503 when its key is not to be had."""
    try:
        return the_board().vault.unseal(record.body.sealed)
    except VaultError as error:
        raise Problem(503, "private_key_missing", explain_desk("private_key_missing")) from error


def _was_on(incident: Incident) -> bool:
    """Whether whoever asks was on the call: then the gateway lets them read its notes."""
    return viewer_id() in {incident.owner, *(one.staff for one in incident.responders)} - {None}


def _note(incident_id: str, id: str) -> Record:
    record = the_board().reader.record("private", id)
    if record is None or record.incident_id != incident_id:
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    return record


def _page(incident_id: str, form: NoteForm, *, shown: Record | None = None, text: str = "") -> str:
    board = the_board()
    incident = board.reader.incident(incident_id)
    if incident is None:
        raise Problem(404, "unknown_incident", explain("unknown_incident"))
    return render_template(
        "private.html",
        incident=incident,
        form=form,
        records=of_incident(board, incident_id),
        shown=shown,
        text=text,
        names=staff_names(board),
        max_days=kept_days(board),
        may_edit=may_edit(),
        may_look=may_edit() or _was_on(incident),
        me=viewer_id(),
    )
