"""The list of incidents, the page of one, and what staff do to it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dashboard.actions import act, explain
from dashboard.auth import local_target
from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.pages import followups, private, words
from dashboard.pages.branch import cards_for_viewer, staff_names, viewer_id
from dashboard.pages.floor_views import where_is
from dashboard.pages.forms import once_id
from dashboard.pages.situation import panel_of, situations
from dashboard.pages.speakers import speakers
from dashboard.sessions import is_by_script
from gateway.store import Record
from protocol.messages import Incident

blueprint = Blueprint("incidents", __name__)

PAGE = 30
MAX_ID = 64
ACTIONS = (
    *("accept", "arrive", "close", "escalate", "handover", "note", "situation", "real"),
    *("refuse", "busy", "take", "decline"),
)
# What an action may carry and how much of it (protocol.messages.Action).
NEEDS = {"outcome": 200, "text": 2000, "to": 32, "situation": 200}


@blueprint.get("/incidents")
def listing() -> str:
    """Incidents, newest first, a page at a time."""
    board = the_board()
    stage = request.args.get("stage", "all")
    if stage not in words.STAGE_FILTERS:
        raise Problem(422, "bad_stage", _("Choose all, open or closed."))
    before = request.args.get("before")
    if before is not None:
        _find(before)
    found = board.reader.incidents(stage=stage, limit=PAGE + 1, before=before)
    return render_template(
        "incidents.html",
        cards=cards_for_viewer(board, found[:PAGE]),
        stage=stage,
        before=before,
        older=found[PAGE - 1].incident_id if len(found) > PAGE else None,
    )


@blueprint.get("/incidents/<incident_id>")
def show(incident_id: str) -> str:
    """One incident: what is known, who did what and when, who was told, and what to do."""
    board = the_board()
    incident = _find(incident_id)
    names = staff_names(board)
    staff = board.reader.staff()
    card = cards_for_viewer(board, [incident])[0]
    return render_template(
        "incident.html",
        card=card,
        floor=where_is(board, incident.point, card.near) if incident.is_open else None,
        entries=board.reader.log(incident_id),
        notices=board.reader.notices(incident_id),
        names=names,
        event_words=words.event_words,
        staff=[one for one in staff if one.staff != incident.owner],
        out=_out(incident_id),
        me=viewer_id(),
        panel=panel_of(board, incident),
        situations=situations(board),
        todo=followups.of_incident(board, incident_id),
        private=private.of_incident(board, incident_id),
        review=board.reader.record("review", incident_id),
        speakers=speakers(staff) if incident.is_open else [],
    )


def _out(incident_id: str) -> list[tuple[Record, Record]]:
    """(what is taken, of which resource) of everything that is still out for the incident."""
    reader = the_board().reader
    found = []
    for one in reader.records_of(incident_id):
        resource = reader.record("resource", one.body.resource) if one.kind == "taken" else None
        if resource is not None and one.is_open:
            found.append((one, resource))
    return found


@blueprint.post("/incidents/<incident_id>/<action>")
def do(incident_id: str, action: str) -> Response:
    """Has the gateway do it. A script gets JSON {ok, reason, message}; a form goes back."""
    if action not in ACTIONS:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    viewer = viewer_id()
    if viewer is None:
        raise Problem(403, "not_allowed", _("Programs act through /api/v1."))
    _find(incident_id)
    needs = _needs()
    outcome = act(
        incident_id=incident_id,
        action=action,
        by=viewer,
        action_id=once_id(incident_id, action, needs),
        **needs,
    )
    if is_by_script():
        answer = jsonify(ok=outcome.ok, reason=outcome.reason, message=outcome.message)
        answer.status_code = outcome.status
        return answer
    if not outcome.ok:
        flash(outcome.message, incident_id)
    fallback = url_for("incidents.show", incident_id=incident_id)
    target = local_target(request.form.get("next") or fallback)
    if "closing" in request.args:  # without scripts: its outcome is chosen next
        target += f"{'&' if '?' in target else '?'}closing={incident_id}"
    return redirect(target)


def _needs() -> dict[str, str]:
    """What the form says besides. Raises: Problem 422 for what is too long."""
    found = {}
    for name, longest in NEEDS.items():
        value = request.form.get(name, "").strip()
        if len(value) > longest:
            text = _("This is too long: at most %(max)d characters.", max=longest)
            raise Problem(422, f"bad_{name}", text)
        if value:
            found[name] = value
    return found


def _find(incident_id: str) -> Incident:
    known = len(incident_id) <= MAX_ID and the_board().reader.incident(incident_id)
    if not known:
        raise Problem(404, "unknown_incident", explain("unknown_incident"))
    return known
