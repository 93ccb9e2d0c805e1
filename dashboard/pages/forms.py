"""Forms of plans: what was typed goes to the desk, and what is wrong comes back to its field."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from flask import abort, flash, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.fields import Field

from dashboard.board import the_board
from dashboard.desk import (
    FIELD_FAULTS,
    Answer,
    answer_sentences,
    ask_desk,
    explain_desk,
    fault_sentence,
    may_see,
)
from dashboard.errors import Problem
from dashboard.pages import words
from dashboard.pages.branch import viewer_id
from gateway.store import Record
from protocol.messages import FieldFault

# After these nobody knows whether a request was taken, or it was not sent.
UNSURE = ("gateway_silent", "broker_away", "board_busy")


def new_once() -> str:
    """Which showing of a page a form belongs to, so that a form that is sent twice is done once."""
    return uuid.uuid4().hex


class PlanForm(FlaskForm):
    """A plan on a page. version: of the plan as this page showed it, 0 for a new one. once: which
    showing of the page it is."""

    version = HiddenField(default="0")
    once = HiddenField(default=new_once)

    def place(self, path: str) -> str | None:
        """The form's field for a path of the plan's body, such as breaks[1].ends; None: none."""
        name = path.partition("[")[0].partition(".")[0]
        return name if name in self else None

    @property
    def seen_version(self) -> int | None:
        return _whole_number(self.version.data or "")

    def body(self) -> dict[str, Any]:
        """The plan as it was typed, for the desk."""
        raise NotImplementedError

    def ask(self, do: str, *, id: str = "", version: int | None = None, body: Any) -> Answer:
        """Has the desk do something: once, though the same form is sent twice by an impatient
        finger, or again because its answer was lost."""
        request_id = once_id(do, id, version, body, once=self.once.data or "")
        answer = ask_desk(
            do, by=needed_viewer(), id=id, version=version, body=body, request_id=request_id
        )
        if answer.reason not in UNSURE:
            self.once.data = new_once()
        return answer


def once_id(*what: object, once: str | None = None) -> str | None:
    """An id of what a page asks for, the same however often this showing of it does; None when the
    page does not say which showing it is. once: as its form says, None: of the posted one."""
    showing = request.form.get("once", "") if once is None else once
    same = json.dumps([showing, *what], sort_keys=True)
    return hashlib.sha256(same.encode()).hexdigest() if showing else None


def ask_once(do: str, *, id: str, body: dict[str, Any]) -> Answer:
    """Has the desk do what a form of a page asks for; once, though the form comes twice."""
    viewer = needed_viewer()
    return ask_desk(do, by=viewer, id=id, body=body, request_id=once_id(viewer, do, id, body))


def save(form: PlanForm, kind: str, id: str, body: dict[str, Any]) -> Answer:
    """Has the desk save the plan; what is wrong with it stands at the form's fields afterwards."""
    answer = form.ask(f"{kind}.save", id=id, version=form.seen_version, body=body)
    mark(form, answer)
    for fault in answer.faults if answer.ok else ():
        flash(_("Saved, but see to this. %(what)s", what=_named_sentence(fault)))
    return answer


def saved(form: PlanForm, kind: str, id: str) -> bool:
    """Whether a form that was posted is saved, which the next page says. If not, what is wrong with
    it stands at its fields."""
    if request.method != "POST" or not form.validate():
        return False
    if not save(form, kind, id, form.body()).ok:
        return False
    flash(_("Saved."))
    return True


def _named_sentence(fault: FieldFault) -> str:
    """What had better be seen to, with what to do about it."""
    if fault.name in FIELD_FAULTS:
        return fault_sentence(fault)
    what, remedy = words.fault_words(fault.name, "")
    detail = words.fault_detail(fault.name, fault.detail)
    return f"{what}: {detail}. {remedy}" if detail else f"{what}. {remedy}"


def mark(form: PlanForm, answer: Answer) -> None:
    """Puts the faults of a refusal at the fields they speak of, or at the whole."""
    if answer.ok:
        return
    if not answer.faults:
        form.form_errors.append(answer.message)
    for fault in answer.faults:
        name = form.place(fault.field)
        sentence = fault_sentence(fault)
        if name is None:
            form.form_errors.append(sentence)
        else:
            field: Field = form[name]
            field.errors = [*field.errors, sentence]


def open_record(kind: str, id: str) -> Record:
    """The plan that a page is about. Raises: Problem 404 when there is none for whoever asks."""
    record = the_board().reader.record(kind, id)
    if record is None or not record.is_open or not may_see(record):
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    return record


def retire_and_say(kind: str, id: str, said: str) -> bool:
    """Has the desk retire a plan as the posting page has shown it; the next page says so (`said`),
    or why not. Whether it did."""
    version = posted_number("version")
    answer = ask_desk(f"{kind}.retire", by=needed_viewer(), id=id, version=version)
    flash(said if answer.ok else answer_sentences(answer))
    for fault in answer.faults if answer.ok else ():
        flash(_("Done, but see to this. %(what)s", what=_named_sentence(fault)))
    return answer.ok


def needed_viewer() -> str:
    """The staff id of whoever acts; machines act through the interface."""
    viewer = viewer_id()
    if viewer is None:
        abort(403)
    return viewer


def posted_number(name: str) -> int | None:
    """A whole number of the posted form; None for anything else."""
    return _whole_number(request.form.get(name, "").strip())


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def words_of(text: str | None) -> str | None:
    """What was typed without its edges; None for nothing."""
    return (text or "").strip() or None


def without_nothing(body: dict[str, Any]) -> dict[str, Any]:
    """The body without what was left empty: the plan's own defaults hold there."""
    return {key: value for key, value in body.items() if value not in (None, "")}


def choices(table: dict[str, Any], *, none: Any = None) -> Callable[[], list[tuple[str, str]]]:
    """The words of a table as a select's choices, in the language of the request."""

    def present() -> list[tuple[str, str]]:
        first = [("", str(none))] if none is not None else []
        return first + [(name, str(text)) for name, text in table.items()]

    return present
