"""The directory: whom the branch can ring, and where the branch is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from dashboard.board import the_board
from dashboard.desk import explain_desk
from dashboard.errors import Problem
from dashboard.pages import words
from dashboard.pages.forms import (
    PlanForm,
    choices,
    retire_and_say,
    saved,
    words_of,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.playbooks import said, text_field
from dashboard.pages.situation import contacts_by_order
from dashboard.pages.team import may_edit
from gateway.store import Record

blueprint = Blueprint("directory", __name__, url_prefix="/directory")

PLACE = "place"
PLACE_TEXTS = ("name", "address", "entrance", "floor", "landmark")


class BilingualForm(PlanForm):
    """A plan whose texts stand in two fields each: name_zh and name_en for name."""

    def place(self, path: str) -> str | None:
        name = path.replace(".", "_")
        return name if name in self else super().place(path)

    def both(self, name: str) -> dict[str, str]:
        return {language: said(self[f"{name}_{language}"]) for language in ("zh", "en")}


class ContactForm(BilingualForm):
    """An entry of the directory."""

    name_zh = text_field(_l("Name, in Chinese"))
    name_en = text_field(_l("Name, in English"))
    number = StringField(_l("Telephone"), validators=[Length(max=40)])
    purpose_zh = text_field(_l("What for, in Chinese"))
    purpose_en = text_field(_l("What for, in English"))
    note = StringField(_l("Note, such as whom to ask for"), validators=[Length(max=200)])
    order = WholeNumberField(_l("Place in the list"), default=100, validators=[NumberRange(0, 999)])
    comes = BooleanField(_l("Somebody comes after the call"))
    after_text_zh = text_field(_l("What somebody here does after the call, in Chinese"))
    after_text_en = text_field(_l("What somebody here does after the call, in English"))
    after_role = SelectField(_l("Who does it"), choices=choices(words.ROLES), default="security")
    after_within_s = WholeNumberField(_l("Within how many seconds"), validators=[Optional()])

    def body(self) -> dict[str, Any]:
        return {
            "name": self.both("name"),
            "number": words_of(self.number.data) or "",
            "purpose": self.both("purpose"),
            "note": words_of(self.note.data) or "",
            "order": self.order.data,
            "comes": bool(self.comes.data),
            "after": {
                "text": self.both("after_text"),
                "role": self.after_role.data or "",
                "within_s": self.after_within_s.data,
            },
        }


class PlaceForm(BilingualForm):
    """Where the branch is."""

    name_zh = text_field(_l("Name of the branch, in Chinese"))
    name_en = text_field(_l("Name of the branch, in English"))
    address_zh = text_field(_l("Address, in Chinese"))
    address_en = text_field(_l("Address, in English"))
    entrance_zh = text_field(_l("Entrance, in Chinese"))
    entrance_en = text_field(_l("Entrance, in English"))
    floor_zh = text_field(_l("Floor, in Chinese"))
    floor_en = text_field(_l("Floor, in English"))
    landmark_zh = text_field(_l("What it is near, in Chinese"))
    landmark_en = text_field(_l("What it is near, in English"))
    phone = StringField(_l("A number to ring back"), validators=[Length(max=40)])

    def body(self) -> dict[str, Any]:
        texts = {name: self.both(name) for name in PLACE_TEXTS}
        return texts | {"phone": words_of(self.phone.data) or ""}


@blueprint.get("")
def listing() -> str:
    """The directory in its order, and the place."""
    board = the_board()
    return render_template(
        "directory.html",
        contacts=tuple(contacts_by_order(board).values()),
        site=_open_or_none("branch", PLACE),
        may_edit=may_edit(),
    )


@blueprint.route("/place", methods=["GET", "POST"])
def place() -> str | Response:
    """Where the branch is, for whoever has to find it."""
    record = _open_or_none("branch", PLACE)
    form = PlaceForm() if request.method == "POST" else _filled_place(record)
    if saved(form, "branch", PLACE):
        return redirect(url_for("directory.listing"))
    return render_template("contact.html", form=form, record=None, is_place=True, **_may())


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """Somebody else to ring."""
    return _page(None)


@blueprint.route("/<id>", methods=["GET", "POST"])
def edit(id: str) -> str | Response:
    """One entry of the directory."""
    record = _open_or_none("contact", id)
    if record is None:
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    return _page(record)


def _page(record: Record | None) -> str | Response:
    form = ContactForm() if request.method == "POST" else _filled(record)
    if saved(form, "contact", record.id if record else ""):
        return redirect(url_for("directory.listing"))
    return render_template("contact.html", form=form, record=record, is_place=False, **_may())


def _may() -> dict[str, bool]:
    return {"may_edit": may_edit()}


def _open_or_none(kind: str, id: str) -> Record | None:
    record = the_board().reader.record(kind, id)
    return record if record and record.is_open else None


def _filled(record: Record | None) -> ContactForm:
    if record is None:
        return ContactForm(formdata=None, version="0")
    body = record.body
    return ContactForm(
        formdata=None,
        version=str(record.version),
        number=body.number,
        note=body.note,
        order=body.order,
        comes=body.comes,
        after_role=body.after.role,
        after_within_s=body.after.within_s,
        **_pair("name", body.name),
        **_pair("purpose", body.purpose),
        **_pair("after_text", body.after.text),
    )


def _filled_place(record: Record | None) -> PlaceForm:
    if record is None:
        return PlaceForm(formdata=None, version="0")
    texts: dict[str, str] = {}
    for name in PLACE_TEXTS:
        texts |= _pair(name, getattr(record.body, name))
    return PlaceForm(formdata=None, version=str(record.version), phone=record.body.phone, **texts)


def _pair(name: str, text: Any) -> dict[str, str]:
    return {f"{name}_zh": text.zh, f"{name}_en": text.en}


@blueprint.post("/<id>/retire")
def retire(id: str) -> Response:
    """Nobody rings them any more; old calls keep the name."""
    if retire_and_say("contact", id, _("Taken out of the directory.")):
        return redirect(url_for("directory.listing"))
    return redirect(url_for("directory.edit", id=id))
