"""The playbooks: what to do in each situation, read by everybody and changed by leads."""

from __future__ import annotations

import re
import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from dashboard.board import the_board
from dashboard.desk import Answer, fault_sentence
from dashboard.pages import words
from dashboard.pages.forms import (
    PlanForm,
    open_record,
    retire_and_say,
    words_of,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.situation import contacts_by_order, situations
from dashboard.pages.situation_words import spoken
from dashboard.pages.team import may_edit
from gateway.store import Record

blueprint = Blueprint("playbooks", __name__, url_prefix="/playbooks")

# Empty lines at the end of the form, to be filled in.
SPARE = 2
_PATH = re.compile(r"steps\[(\d+)\](?:\.(\w+))?(?:\.(\w+))?$")


def text_field(label: Any) -> StringField:
    return StringField(label, validators=[Length(max=400)])


class StepForm(Form):
    """A step. place: where it stands among the others."""

    id = HiddenField()
    place = WholeNumberField(_l("Order"), validators=[Optional()])
    text_zh = text_field(_l("What to do, in Chinese"))
    text_en = text_field(_l("What to do, in English"))
    hint_zh = text_field(_l("How, in Chinese"))
    hint_en = text_field(_l("How, in English"))
    role = SelectField(_l("Who"), validate_choice=False)
    within_s = WholeNumberField(_l("Within how many seconds"), validators=[Optional()])
    calls = SelectField(_l("Rings"), validate_choice=False)
    gone = BooleanField(_l("Take this step out"))

    @property
    def is_empty(self) -> bool:
        said = (self.text_zh, self.text_en, self.hint_zh, self.hint_en)
        return not any((field.data or "").strip() for field in said)


class PlaybookForm(PlanForm):
    """A playbook with its steps and a few empty lines."""

    name_zh = text_field(_l("Situation, in Chinese"))
    name_en = text_field(_l("Situation, in English"))
    tell_zh = text_field(_l("What happened, as said on the telephone, in Chinese"))
    tell_en = text_field(_l("What happened, as said on the telephone, in English"))
    warning_zh = TextAreaField(_l("What nobody may do, in Chinese"), validators=[Length(max=400)])
    warning_en = TextAreaField(_l("What nobody may do, in English"), validators=[Length(max=400)])
    steps = FieldList(FormField(StepForm), max_entries=60)

    def body(self) -> dict[str, Any]:
        return {
            "name": {"zh": said(self.name_zh), "en": said(self.name_en)},
            "tell": {"zh": said(self.tell_zh), "en": said(self.tell_en)},
            "warning": {"zh": said(self.warning_zh), "en": said(self.warning_en)},
            "steps": [_step(form) for form in self.kept()],
        }

    def kept(self) -> list[StepForm]:
        """The steps that are meant, in the order asked for."""
        forms = [entry.form for entry in self.steps]
        kept = [one for one in forms if not one.gone.data and (one.id.data or not one.is_empty)]
        return sorted(kept, key=lambda one: one.place.data if one.place.data is not None else 999)

    def mark(self, answer: Answer) -> None:
        """Puts each fault at its field of its step."""
        if not answer.ok and not answer.faults:
            self.form_errors.append(answer.message)
        kept = self.kept()
        for fault in answer.faults:
            field = self._field(fault.field, kept)
            if field is None:
                self.form_errors.append(fault_sentence(fault))
            else:
                field.errors = [*field.errors, fault_sentence(fault)]

    def _field(self, path: str, kept: list[StepForm]) -> Any:
        found = _PATH.match(path)
        if found is None:
            name = path.replace(".", "_")
            return self[name] if name in self and name != "steps" else None
        number, first, second = int(found[1]), found[2] or "text", found[3]
        name = f"{first}_{second}" if second else first
        form = kept[number] if number < len(kept) else None
        return form[name] if form is not None and name in form and name != "id" else None


def said(field: Any) -> str:
    return words_of(field.data) or ""


def _step(form: StepForm) -> dict[str, Any]:
    return {
        "id": form.id.data or f"step-{uuid.uuid4().hex[:8]}",
        "text": {"zh": said(form.text_zh), "en": said(form.text_en)},
        "hint": {"zh": said(form.hint_zh), "en": said(form.hint_en)},
        "role": form.role.data or "",
        "within_s": form.within_s.data,
        "calls": form.calls.data or "",
    }


@blueprint.get("")
def listing() -> str:
    """Every playbook by the name of its situation."""
    board = the_board()
    records = {one.id: one for one in board.reader.records("playbook")}
    ordered = [records[one] for one in situations(board) if one in records]
    return render_template("playbooks.html", records=ordered, may_edit=may_edit())


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A situation of the branch's own."""
    return _page(None)


@blueprint.route("/<id>", methods=["GET", "POST"])
def edit(id: str) -> str | Response:
    """One playbook, to read and to change."""
    record = open_record("playbook", id)
    return _page(record)


def _page(record: Record | None) -> str | Response:
    form = PlaybookForm() if request.method == "POST" else _filled(record)
    is_asked = request.method == "POST" and "more" not in request.form
    if is_asked and form.validate():
        answer = form.ask(
            "playbook.save",
            id=record.id if record else "",
            version=form.seen_version,
            body=form.body(),
        )
        form.mark(answer)
        if answer.ok:
            flash(_("Saved. Lists that have begun already stay as they are."))
            return redirect(url_for("playbooks.edit", id=answer.id))
    if request.method == "POST" and "more" in request.form:
        _add_spare(form)
    _offer_choices(form)
    return render_template("playbook.html", form=form, record=record, may_edit=may_edit())


def _filled(record: Record | None) -> PlaybookForm:
    if record is None:
        form = PlaybookForm(formdata=None, version="0")
        _add_spare(form, count=5)
        return form
    body = record.body
    steps = [
        {
            "id": step.id,
            "place": number * 10,
            "text_zh": step.text.zh,
            "text_en": step.text.en,
            "hint_zh": step.hint.zh,
            "hint_en": step.hint.en,
            "role": step.role,
            "within_s": step.within_s,
            "calls": step.calls,
        }
        for number, step in enumerate(body.steps, start=1)
    ]
    form = PlaybookForm(
        formdata=None,
        version=str(record.version),
        name_zh=body.name.zh,
        name_en=body.name.en,
        tell_zh=body.tell.zh,
        tell_en=body.tell.en,
        warning_zh=body.warning.zh,
        warning_en=body.warning.en,
        steps=steps,
    )
    if may_edit():
        _add_spare(form)
    return form


def _add_spare(form: PlaybookForm, *, count: int = SPARE) -> None:
    last = max((one.form.place.data or 0 for one in form.steps), default=0)
    for number in range(count):
        if len(form.steps) < 60:
            form.steps.append_entry({"place": last + 10 * (number + 1)})


def _offer_choices(form: PlaybookForm) -> None:
    """The roles and the directory, in the language of the request."""
    roles = [(name, str(text)) for name, text in words.ROLES.items()]
    contacts = contacts_by_order(the_board()).items()
    rings = [("", _("nobody")), *((id, spoken(one.body.name)) for id, one in contacts)]
    for entry in form.steps:
        entry.form.role.choices = roles
        entry.form.calls.choices = rings


@blueprint.post("/<id>/retire")
def retire(id: str) -> Response:
    """The situation is not offered any more; old incidents keep its name."""
    if retire_and_say("playbook", id, _("Taken out. Old incidents keep it.")):
        return redirect(url_for("playbooks.listing"))
    return redirect(url_for("playbooks.edit", id=id))
