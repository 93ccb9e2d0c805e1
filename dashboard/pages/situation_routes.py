"""What staff do on an incident's page besides the call itself: ticks, telephone calls, the card."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dashboard.actions import explain
from dashboard.auth import local_target
from dashboard.board import the_board
from dashboard.desk import Answer, answer_sentences, ask_desk
from dashboard.errors import Problem
from dashboard.pages.branch import cards_for_viewer, staff_names, viewer_id
from dashboard.pages.forms import ask_once, needed_viewer, without_nothing
from dashboard.pages.situation import contacts_by_order, panel_of, scripts_of
from dashboard.sessions import is_by_script
from protocol.messages import Incident

blueprint = Blueprint("situation", __name__, url_prefix="/incidents/<incident_id>")

MAX_ID = 64
TICKS = ("tick", "untick")


@blueprint.post("/steps/<do>")
def step(incident_id: str, do: str) -> Response:
    """Ticks a step of the checklist, or takes a tick back."""
    if do not in TICKS:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    # One touch of the form for all touches carries one value: "list step".
    skipped, _blank, skip = request.form.get("skip", "").partition(" ")
    body = {"step": skip or request.form.get("step", "")}
    if skip:
        body["how"] = "not_needed"
    answer = ask_desk(
        f"checklist.{do}",
        by=needed_viewer(),
        id=skipped or request.form.get("list", ""),
        body=body,
    )
    return _back(incident_id, answer, anchor="checklist")


@blueprint.post("/seen")
def seen(incident_id: str) -> Response:
    """One thing that staff see of the customer; the others stay as they are. What is seen besides
    comes to what others have seen, or takes its place when its writer says so."""
    found = the_board().reader.record("outside", _find(incident_id).incident_id)
    body = {name: getattr(found.body, name) for name in FACTS} if found else {}
    before = body.get("what", "")
    body |= {name: text for name in FACTS if (text := request.form.get(name, "").strip())}
    more = request.form.get("what", "").strip()
    body["what"] = more if request.form.get("anew") else _with_more(before, more)
    if len(body["what"]) > LONGEST:
        raise Problem(
            422, "bad_what", _("This is too long: at most %(max)d characters.", max=LONGEST)
        )
    answer = ask_desk(
        "outside.report",
        by=needed_viewer(),
        id=incident_id,
        version=found.version if found else 0,
        body=_readable(body),
    )
    return _back(incident_id, answer, anchor="outside-now")


def _with_more(before: str, more: str) -> str:
    known = before.split(BETWEEN) if before else []
    return BETWEEN.join([*known, more] if more and more not in known else known)


BETWEEN = "; "
OLDEST = 130
LONGEST = 2000
FACTS = ("age", "conscious", "breathing", "what")


def _readable(body: dict[str, Any]) -> dict[str, Any]:
    """The report with its age as a number, in whichever digits; what was left empty is not known.

    Raises: Problem 422 for what is no age.
    """
    body = without_nothing(body)
    age = body.get("age")
    if isinstance(age, str):
        if not (age.isdecimal() and len(age) < 4 and int(age) <= OLDEST):
            raise Problem(422, "bad_age", _("An age is a number from 0 to 130."))
        body["age"] = int(age)
    return body


@blueprint.post("/called")
def called(incident_id: str) -> Response:
    """Somebody has rung somebody."""
    body = {name: request.form.get(name, "").strip() for name in ("contact", "number", "said")}
    answer = ask_once("outside.called", id=incident_id, body=without_nothing(body))
    return _back(incident_id, answer, anchor="outside-now")


@blueprint.post("/over")
def over(incident_id: str) -> Response:
    """Those who were called are here, or need not come any more."""
    how, _blank, call = request.form.get("over", "").partition(" ")
    answer = ask_desk("outside.over", by=needed_viewer(), id=call, body={"how": how})
    return _back(incident_id, answer, anchor="outside-now")


@blueprint.post("/family")
def family(incident_id: str) -> Response:
    """A number that the customer gives, kept apart; or forgotten at once."""
    if request.form.get("forget"):
        answer = ask_desk("family_contact.forget", by=needed_viewer(), id=incident_id)
    else:
        body = {name: request.form.get(name, "").strip() for name in ("number", "relation")}
        answer = ask_once("family_contact.save", id=incident_id, body=body)
    return _back(incident_id, answer, anchor="outside-now")


def _back(incident_id: str, answer: Answer, *, anchor: str) -> Response:
    """A script gets JSON {ok, reason, message}; a form goes back to where it was."""
    message = answer_sentences(answer)
    if is_by_script():
        said = jsonify(ok=answer.ok, reason=answer.reason, message=message)
        said.status_code = answer.status
        return said
    if message:
        flash(message, incident_id)
    fallback = url_for("incidents.show", incident_id=incident_id)
    where = local_target(request.form.get("next") or fallback)
    return redirect(f"{where}#{anchor}")


# --- pages ----------------------------------------------------------------------------------


@blueprint.get("/script")
def script(incident_id: str) -> str:
    """What to say on the telephone, large, in both languages."""
    board, incident = the_board(), _find(incident_id)
    contacts = contacts_by_order(board)
    contact = request.args.get("contact", "ambulance")
    if contact not in contacts:
        contact = "ambulance"
    return render_template(
        "script.html",
        incident=incident,
        contact=contacts.get(contact),
        contact_id=contact,
        contacts=tuple(contacts.values()),
        scripts=scripts_of(board, incident, contact),
        panel=panel_of(board, incident, contact=contact),
        me=viewer_id(),
    )


@blueprint.get("/handover-card")
def handover_card(incident_id: str) -> str:
    """A sheet for the ambulance crew. It bears no name of a customer unless somebody writes it."""
    board, incident = the_board(), _find(incident_id)
    place = board.reader.record("branch", "place")
    return render_template(
        "handover_card.html",
        card=cards_for_viewer(board, [incident])[0],
        panel=panel_of(board, incident),
        site=place.body if place else None,
        names=staff_names(board),
    )


def _find(incident_id: str) -> Incident:
    known = len(incident_id) <= MAX_ID and the_board().reader.incident(incident_id)
    if not known:
        raise Problem(404, "unknown_incident", explain("unknown_incident"))
    return known
