"""Opening and closing the branch: one page each, to work through and to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from dashboard.board import the_board
from dashboard.desk import Answer, ask_desk
from dashboard.pages import care_words, times, words
from dashboard.pages.branch import followup_words, staff_names, subject_labels, viewer_id
from dashboard.pages.forms import needed_viewer
from dashboard.pages.outlook import world_of
from dashboard.pages.team import CERTIFICATES, EDITORS
from gateway.store.outlook import (
    Missing,
    come_since,
    hours_on,
    may_be_left,
    not_over,
    not_ready,
    present_day,
    state_of,
    unclosed,
)

blueprint = Blueprint("day", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Something that stands in the way. error: what is wrong with what was typed for it."""

    missing: Missing
    subject: str
    what: str
    detail: str
    remedy: str
    href: str
    may_accept: bool
    reason: str = ""
    error: str = ""


@blueprint.route("/opening", methods=["GET", "POST"])
def opening() -> str | Response:
    """The opening check: ready, or what is missing and who takes it upon them."""
    return _check("open")


@blueprint.route("/closing", methods=["GET", "POST"])
def closing() -> str | Response:
    """The closing sweep: whoever or whatever is still there."""
    return _check("close")


def _check(do: str) -> str | Response:
    answer = None
    typed = _typed()
    if request.method == "POST":
        # What has no reason is not accepted: the gateway says so for each.
        accepted = [{"key": key, "reason": reason} for key, reason in typed.items() if reason]
        answer = ask_desk(f"day.{do}", by=needed_viewer(), body={"accepted": accepted})
        if answer.ok:
            said = _("The branch is open.") if do == "open" else _("The branch is closed.")
            flash(said)
            return redirect(url_for("day.opening" if do == "open" else "day.closing"))
    return _page(do, answer, typed)


def _typed() -> dict[str, str]:
    """{key: reason} of everything the form spoke of."""
    return {
        key.removeprefix("reason:"): text.strip()[:200]
        for key, text in request.form.items()
        if key.startswith("reason:")
    }


def _page(do: str, answer: Answer | None, typed: dict[str, str]) -> str:
    board = the_board()
    world = world_of(board)
    missing = not_ready(world) if do == "open" else not_over(world)
    labels = staff_names(board) | subject_labels(board)
    is_lead = not EDITORS.isdisjoint(current_user.roles)
    day = present_day(world)
    blocked = {fault.field for fault in answer.faults} if answer else set()
    rows = [
        _row(one, labels, typed, blocked, may_accept=is_lead and (do == "open" or may_be_left(one)))
        for one in missing
    ]
    return render_template(
        "day.html",
        do=do,
        rows=rows,
        answer=answer if answer and not answer.ok else None,
        state=state_of(world),
        day=day,
        has_come=bool(day and come_since(day.body, missing)),
        today=world.local.date().isoformat(),
        unclosed=unclosed(world),
        hours=hours_on(world, world.local.date()),
        local=world.local,
        names=staff_names(board),
        is_lead=is_lead,
        may_act=viewer_id() is not None,
        named=lambda one: _named(one, labels),
        what_words=_what,
        DAY_STATES=care_words.DAY_STATES,
        checked=_checked(do),
    )


def _row(
    one: Missing,
    labels: dict[str, str],
    typed: dict[str, str],
    blocked: set[str],
    *,
    may_accept: bool,
) -> Row:
    what = _what(one.name, one.subject)
    subject, detail = _named(one, labels)
    remedy = words.fault_words(one.name, one.subject)[1]
    reason = typed.get(one.key, "")
    is_asked = may_accept and one.key[:200] in blocked and not reason
    return Row(
        missing=one,
        subject=subject,
        what=what,
        detail=detail,
        remedy=remedy,
        href=_href(one.subject),
        may_accept=may_accept,
        reason=reason,
        error=_("Say why it is all right to go on, or put it right.") if is_asked else "",
    )


def _named(one: Missing, labels: dict[str, str]) -> tuple[str, str]:
    """(what it is about, what is to be said besides): each row says of itself which one it is."""
    kind, _slash, name = one.subject.partition("/")
    match kind:
        case "certificate":
            staff, _dot, what = name.partition(".")
            said = {"what": words.word(CERTIFICATES, what), "name": labels.get(staff, staff)}
            subject = _("%(what)s certificate of %(name)s", **said)
            return subject, times.iso_day(one.detail.rpartition(", ")[2])
        case "incident" | "seat" if one.detail:
            return one.detail, ""
        case "outside_call" if one.detail.count(", ") == 2:
            number, label, since = one.detail.split(", ")
            return f"{number}{_(': ')}{label}", _("since %(time)s", time=since.rpartition(" ")[2])
        case "followups":
            said = followup_words(the_board()).get(one.subject, one.detail)
            return words.subject_words(one.subject, labels), said
    return words.subject_words(one.subject, labels), words.fault_detail(one.name, one.detail)


def _what(name: str, subject: str) -> str:
    return str(care_words.IN_THE_WAY.get(name) or words.fault_words(name, subject)[0])


def _href(subject: str) -> str:
    """Where it is put right."""
    kind, _slash, name = subject.partition("/")
    match kind:
        case "hours":
            return url_for("hours.edit")
        case "shifts":
            return url_for("shifts.week")
        case "buttons":
            return url_for("walk.show")
        case "resource" | "resources":
            return url_for("resources.listing")
        case "policy":
            return url_for("policies.listing")
        case "drill":
            return url_for("drills.listing")
        case "followups":
            return url_for("followups.listing", show="overdue")
        case "role":
            return url_for("team.listing")
        case "certificate":
            return url_for("team.edit", staff=name.partition(".")[0])
        case "incident":
            return url_for("incidents.show", incident_id=name)
        case "outside_call":  # whose id begins with its incident's
            return url_for("incidents.show", incident_id=name.partition(".")[0])
        case "point":
            return url_for("points.listing")
        case "day":
            return url_for("day.closing")
    return url_for("devices.show")


def _checked(do: str) -> list[Any]:
    """What was looked at: said even when all of it is well, for the printed page."""
    if do == "open":
        return [
            _("Units, buttons, boards and the gateway"),
            _("Message channels"),
            _("Roles covered now and until closing"),
            _("Certificates"),
            _("Resources: in date, checked, at their place"),
            _("Tests, drills and follow-ups that are overdue"),
        ]
    return [
        _("No call is open"),
        _("Nobody rung outside is still on the way"),
        _("Every courtesy seat is free"),
    ]
