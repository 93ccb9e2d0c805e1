"""The channels: where people are told of calls besides the board, and how each does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.pages import words
from dashboard.pages.forms import (
    PlanForm,
    open_record,
    retire_and_say,
    save,
    saved,
)
from dashboard.pages.hours import BRANCH
from dashboard.pages.team import CHANNEL_KINDS, AddressForm, checks, may_edit
from gateway.store import ChannelRecord, Record

blueprint = Blueprint("channels", __name__, url_prefix="/channels")

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class GroupForm(AddressForm):
    """A channel that is nobody's own, such as a group chat. What is saved is shown to nobody again,
    and stays as it is where the form says nothing."""

    id = StringField(_l("Name of the channel"), validators=[InputRequired(), Length(max=32)])
    roles = checks(_l("Only when these are told"), words.ROLES)

    def body_beside(self, record: Record | None) -> dict[str, Any]:
        """The channel; record: as it was, None for a new one."""
        body = self.body_of(None) | {"roles": self.roles.data or []}
        if record is not None and record.body.kind == body["kind"]:
            for name in ("url", "secret"):
                body[name] = body[name] or getattr(record.body, name)
        return body


class BoardForm(PlanForm):
    """Where phones reach the board."""

    url = StringField(_l("Address of the board"), validators=[InputRequired(), Length(max=300)])

    def body(self) -> dict[str, Any]:
        return {"url": (self.url.data or "").strip()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A channel and how it does. staff: the name of whoever it belongs to, "" for a group's; roles:
    of a group's, () for all. is_of_file: the gateway's file says so, and no page can change it."""

    record: ChannelRecord
    staff: str
    staff_id: str
    roles: tuple[str, ...]
    is_of_file: bool


def shared_channels() -> list[str]:
    """The channels that a policy may name: those of the gateway's file, and groups'."""
    reader = the_board().reader
    groups = [one.id for one in reader.records("address") if one.body.staff is None]
    return [*(one.id for one in reader.records("channel")), *groups]


@blueprint.get("")
def listing() -> str:
    """How each channel does; and where the links in their messages lead."""
    return render_template(
        "channels.html",
        rows=_rows(),
        board_address=_board_address(),
        may_edit=may_edit(),
        CHANNEL_KINDS=CHANNEL_KINDS,
    )


def _rows() -> list[Row]:
    reader = the_board().reader
    names = {one.staff: one.name for one in reader.staff()}
    of_file = {one.id: one.body for one in reader.records("channel")}
    planned = {one.id: one.body for one in reader.records("address")}
    rows = []
    for channel in reader.channels():
        body = of_file.get(channel.channel) or planned.get(channel.channel)
        staff = body.staff if body and body.staff else ""
        rows.append(
            Row(
                record=channel,
                staff=names.get(staff, staff),
                staff_id=staff if staff in names else "",
                roles=tuple(body.roles) if body else (),
                is_of_file=channel.channel in of_file or channel.channel not in planned,
            )
        )
    return rows


@blueprint.route("/board", methods=["GET", "POST"])
def board_address() -> str | Response:
    """Where phones reach the board."""
    record = _board_address()
    form = BoardForm() if request.method == "POST" else _filled_board(record)
    if saved(form, "board", BRANCH):
        return redirect(url_for("channels.listing"))
    return render_template("board_address.html", form=form, record=record, may_edit=may_edit())


def _board_address() -> Record | None:
    record = the_board().reader.record("board", BRANCH)
    return record if record is not None and record.is_open else None


def _filled_board(record: Record | None) -> BoardForm:
    """What was saved; a new one begins with the address at which this page was found, unless that
    is this very machine, where no phone finds it."""
    if record is not None:
        return BoardForm(formdata=None, url=record.body.url, version=str(record.version))
    here = urlsplit(request.host_url)
    found = "" if here.hostname in LOOPBACK else f"{here.scheme}://{here.netloc}"
    return BoardForm(formdata=None, url=found)


@blueprint.post("/board/retire")
def retire_board() -> Response:
    """Messages have no links any more."""
    retire_and_say("board", BRANCH, _("Messages have no links any more."))
    return redirect(url_for("channels.listing"))


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A page to add a group's channel."""
    form = GroupForm()
    if request.method == "POST" and form.validate() and _is_saved(form, None):
        return redirect(url_for("channels.listing"))
    return _page(form, None)


@blueprint.route("/<name>", methods=["GET", "POST"])
def edit(name: str) -> str | Response:
    """One group's channel."""
    record = open_record("address", name)
    if record.body.staff is not None:
        raise Problem(404, "unknown_record", _("This channel is one person's: change it there."))
    form = GroupForm() if request.method == "POST" else _filled(record)
    form.id.data = record.id
    if request.method == "POST" and form.validate() and _is_saved(form, record):
        return redirect(url_for("channels.listing"))
    return _page(form, record)


def _is_saved(form: GroupForm, record: Record | None) -> bool:
    name = record.id if record else (form.id.data or "").strip().lower()
    if not save(form, "address", name, form.body_beside(record)).ok:
        return False
    flash(_("Saved. A test message is on its way."))
    return True


def _filled(record: Record) -> GroupForm:
    body = record.body
    return GroupForm(
        formdata=None, version=str(record.version), kind=body.kind, roles=list(body.roles)
    )


def _page(form: GroupForm, record: Record | None) -> str:
    return render_template("channel.html", form=form, record=record, may_edit=may_edit())


@blueprint.post("/<name>/retire")
def retire(name: str) -> Response:
    """A group is told through it no more."""
    if retire_and_say("address", name, _("Taken away.")):
        return redirect(url_for("channels.listing"))
    return redirect(url_for("channels.edit", name=name))
