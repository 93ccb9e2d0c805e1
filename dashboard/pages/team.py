"""The team: who is there, what they cover, their certificates and PINs, and who is on duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.security import generate_password_hash
from wtforms import (
    DateField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    widgets,
)
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from dashboard.board import the_board
from dashboard.desk import answer_sentences, ask_desk
from dashboard.errors import Problem
from dashboard.pages import words
from dashboard.pages.forms import (
    PlanForm,
    choices,
    needed_viewer,
    open_record,
    retire_and_say,
    save,
    saved,
    words_of,
)
from dashboard.pages.times import today
from dashboard.weekdays import WEEKDAYS
from gateway.store import Record
from protocol.moment import rfc3339

blueprint = Blueprint("team", __name__, url_prefix="/team")

SOON = timedelta(days=30)
PIN_MIN = 6
CERTIFICATES = {"first_aid": _l("First aid"), "aed": _l("AED")}
DUTY_MODES = {
    "plan": _l("By the shifts"),
    "sign_in": _l("While signed in to duty"),
    "always": _l("Always"),
    "never": _l("Never"),
}
CHANNEL_KINDS = {
    "apprise": _l("Any service, by its Apprise address"),
    "dingtalk": _l("DingTalk robot"),
    "wecom": _l("WeCom robot"),
    "feishu": _l("Feishu robot"),
    "webhook": _l("Webhook"),
    "pager": _l("Pager over MQTT"),
}
EDITORS = frozenset({"lead", "admin"})


def checks(label: Any, table: dict[str, Any]) -> SelectMultipleField:
    """Several of a table, each with a box to tick."""
    return SelectMultipleField(
        label,
        choices=choices(table),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        validate_choice=False,
    )


class StaffForm(PlanForm):
    """A member of staff."""

    id = StringField(_l("Staff id"), validators=[InputRequired(), Length(max=32)])
    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=100)])
    roles = checks(_l("Roles"), words.ROLES)
    duty = SelectField(_l("On duty"), choices=choices(DUTY_MODES), validate_choice=False)
    languages = checks(_l("Languages"), words.LANGUAGES)
    phone = StringField(_l("Telephone"), validators=[Length(max=32)])
    first_aid = DateField(_l("First-aid certificate valid until"), validators=[Optional()])
    aed = DateField(_l("AED certificate valid until"), validators=[Optional()])

    def place(self, path: str) -> str | None:
        """A certificate's fault stands at its own date."""
        if path.startswith("certificates["):
            number = path.removeprefix("certificates[").partition("]")[0]
            named = [one["what"] for one in self.certificates()]
            return named[int(number)] if int(number) < len(named) else None
        return super().place(path)

    def certificates(self) -> list[dict[str, str]]:
        dates = {name: self[name].data for name in CERTIFICATES}
        return [
            {"what": name, "expires": expires.isoformat()}
            for name, expires in dates.items()
            if expires
        ]

    def body(self) -> dict[str, Any]:
        return {
            "name": (self.name.data or "").strip(),
            "roles": self.roles.data or [],
            "duty": self.duty.data or "plan",
            "languages": self.languages.data or [],
            "phone": words_of(self.phone.data) or "",
            "certificates": self.certificates(),
        }


def hard_to_guess(form: PlanForm, field: StringField) -> None:
    """A validator: not all the same, and not one after the other."""
    pin = field.data or ""
    steps = {ord(after) - ord(before) for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        raise ValidationError(_("Such a PIN is guessed at once: choose another one."))


class PinForm(PlanForm):
    """A new PIN."""

    pin = PasswordField(
        _l("New PIN"),
        validators=[
            Length(min=PIN_MIN, max=64, message=_l("A PIN has at least 6 digits or letters.")),
            Regexp(r"^\S+$", message=_l("A PIN has no spaces.")),
            hard_to_guess,
        ],
    )


class AddressForm(PlanForm):
    """A channel, such as one of a person. What is saved is shown to nobody again."""

    kind = SelectField(_l("Kind"), choices=choices(CHANNEL_KINDS), validate_choice=False)
    url = StringField(_l("Address"), validators=[Length(max=1000)])
    secret = PasswordField(_l("Secret that signs"), validators=[Length(max=1000)])

    def body_of(self, staff: str | None) -> dict[str, Any]:
        return {
            "staff": staff,
            "kind": self.kind.data or "apprise",
            "url": (self.url.data or "").strip(),
            "secret": (self.secret.data or "").strip(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One of the team as the list shows them. signed: "on", "off" or None when as planned; until:
    then it is as planned again (RFC 3339)."""

    record: Record
    on_duty: bool
    signed: str | None
    until: str | None
    may_sign_in: bool
    certificates: tuple[tuple[str, date, str], ...]


@blueprint.get("")
def listing() -> str:
    """Everybody, those on duty first."""
    reader = the_board().reader
    staff = {one.staff: one for one in reader.staff()}
    signed = {one.id: one for one in reader.records("duty")}
    rows = [
        Row(
            record=record,
            on_duty=staff[record.id].on_duty,
            signed=signed[record.id].body.state if record.id in signed else None,
            until=_until(signed.get(record.id)),
            may_sign_in=bool(staff[record.id].pin_hash),
            certificates=tuple(_certificates(record)),
        )
        for record in reader.records("staff")
        if record.id in staff
    ]
    rows.sort(key=lambda row: (not row.on_duty, row.record.id))
    return render_template("team.html", rows=rows, may_edit=may_edit(), **_words())


def _until(signed: Record | None) -> str | None:
    return rfc3339(signed.due.ms) if signed and signed.due else None


def _certificates(record: Record):
    """(what, last day, "valid", "soon" or "expired") of each certificate."""
    now = today()
    for one in record.body.certificates:
        expires = date.fromisoformat(one.expires)
        state = "expired" if expires < now else "soon" if expires < now + SOON else "valid"
        yield one.what, expires, state


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A page to add somebody."""
    form = StaffForm()
    if request.method == "POST" and form.validate():
        answer = save(form, "staff", (form.id.data or "").strip().lower(), form.body())
        if answer.ok:
            flash(_("Saved. Give them a PIN so that they can sign in."))
            return redirect(url_for("team.edit", staff=answer.id))
    return render_template("staff.html", form=form, record=None, may_edit=may_edit(), **_words())


@blueprint.route("/<staff>", methods=["GET", "POST"])
def edit(staff: str) -> str | Response:
    """One of the team."""
    record = open_record("staff", staff)
    form = StaffForm() if request.method == "POST" else _filled(record)
    form.id.data = record.id
    if saved(form, "staff", record.id):
        return redirect(url_for("team.listing"))
    return _page(record, form, PinForm(formdata=None))


def _filled(record: Record) -> StaffForm:
    body = record.body
    expires = {one.what: date.fromisoformat(one.expires) for one in body.certificates}
    return StaffForm(
        formdata=None,
        version=str(record.version),
        id=record.id,
        name=body.name,
        roles=body.roles,
        duty=body.duty,
        languages=body.languages,
        phone=body.phone,
        **expires,
    )


def _page(record: Record, form: StaffForm, pin: PinForm, address: AddressForm | None = None) -> str:
    return render_template(
        "staff.html",
        form=form,
        pin=pin,
        address=address or AddressForm(formdata=None),
        channels=_channels_of(record.id),
        record=record,
        shifts=[one for one in the_board().reader.records("shift") if one.body.staff == record.id],
        may_edit=may_edit(),
        **_words(),
    )


def _channels_of(staff: str) -> list[tuple[str, str, str | None]]:
    """(name, kind, how its last try ended or None) of each of somebody's own channels."""
    reader = the_board().reader
    results = {one.channel: one.result for one in reader.channels()}
    return [
        (one.id, one.body.kind, results.get(one.id))
        for one in reader.records("address")
        if one.body.staff == staff
    ]


@blueprint.post("/<staff>/address")
def add_address(staff: str) -> str | Response:
    """One more channel on which somebody is told."""
    record, form = open_record("staff", staff), AddressForm()
    if form.validate():
        taken = {one.channel for one in the_board().reader.channels()}
        taken |= {one.id for one in the_board().reader.records("address")}
        names = (f"{staff[:28]}-{number}" for number in range(1, len(taken) + 2))
        name = next(one for one in names if one not in taken)
        if save(form, "address", name, form.body_of(staff)).ok:
            flash(_("Saved. A test message is on its way."))
            return redirect(url_for("team.edit", staff=staff))
    return _page(record, _filled(record), PinForm(formdata=None), form)


@blueprint.post("/<staff>/address/<name>/retire")
def retire_address(staff: str, name: str) -> Response:
    """Somebody is told on a channel no more."""
    retire_and_say("address", name, _("Taken away."))
    return redirect(url_for("team.edit", staff=staff))


@blueprint.post("/<staff>/pin")
def set_pin(staff: str) -> str | Response:
    """A new PIN: by a lead, or by oneself."""
    record, form = open_record("staff", staff), PinForm()
    if form.validate():
        hash_ = generate_password_hash(form.pin.data)
        answer = ask_desk("pin.save", by=needed_viewer(), id=record.id, body={"hash": hash_})
        if answer.ok:
            flash(_("The new PIN counts from now on."))
            return redirect(url_for("team.listing"))
        form.form_errors.append(answer.message)
    return _page(record, _filled(record), form)


@blueprint.post("/<staff>/retire")
def retire(staff: str) -> Response:
    """Somebody leaves; old incidents keep their name."""
    if retire_and_say("staff", staff, _("Taken off the team.")):
        return redirect(url_for("team.listing"))
    return redirect(url_for("team.edit", staff=staff))


@blueprint.post("/<staff>/duty")
def duty(staff: str) -> Response:
    """Signs somebody in to duty, out of it, or back to the plan."""
    state = request.form.get("state", "")
    if state not in ("on", "off", "plan"):
        raise Problem(422, "bad_state", _("Choose on, off or as planned."))
    answer = ask_desk(f"duty.{state}", by=needed_viewer(), id=staff)
    if not answer.ok:
        flash(answer_sentences(answer))
    return redirect(url_for("team.listing"))


def may_edit() -> bool:
    """Whether whoever looks may change plans; the gateway judges it all the same."""
    return not EDITORS.isdisjoint(current_user.roles)


def _words() -> dict[str, Any]:
    return {
        "CERTIFICATES": CERTIFICATES,
        "DUTY_MODES": DUTY_MODES,
        "CHANNEL_KINDS": CHANNEL_KINDS,
        "WEEKDAYS": WEEKDAYS,
        "me_id": current_user.id,
    }
