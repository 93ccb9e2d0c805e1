"""GET and POST /a/{token}: the link of a notice, which shows a call and accepts it with one touch.

Whoever has the link needs no session: it is signed, for one incident, for half an hour. Looking
accepts nothing, since chat programs look at every link they carry.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from dashboard.actions import act, explain
from dashboard.auth import try_pin
from dashboard.board import the_board
from dashboard.pages.branch import staff_names, viewer_id
from dashboard.pages.cards import card
from dashboard.pages.floor_views import where_is
from protocol import call_link
from protocol.call_link import CallLink, LinkInvalid
from protocol.clock import now
from protocol.messages import Incident

blueprint = Blueprint("accept", __name__)

STATUS = {"open": 200, "done": 200, "used": 410, "expired": 410, "closed": 410, "invalid": 404}
MAX_STAFF, MAX_PIN = 64, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A link that was opened.

    state: open; used: this person has acted by it; expired, closed, invalid. staff: who would
    accept, "" when they have to say so first. incident: None for invalid and expired ones.
    """

    token: str
    state: str
    staff: str = ""
    incident: Incident | None = None

    @property
    def action_id(self) -> str:
        return call_link.action_id(self.token, self.staff)

    @property
    def is_coming(self) -> bool:
        """Whether this person has accepted, by this link or otherwise."""
        responders = self.incident.responders if self.incident else ()
        return any(one.staff == self.staff for one in responders)


@blueprint.get("/a/<token>")
def show(token: str) -> Response:
    """The call and one large button."""
    link = _read(token)
    return _page(_opened(token, link, link.staff or viewer_id() or "" if link else ""))


@blueprint.post("/a/<token>")
def do(token: str) -> Response:
    """Accepts; from a group's link for whoever gives their id and PIN, or has a session."""
    link = _read(token)
    staff = link.staff or viewer_id() or "" if link else ""
    call = _opened(token, link, staff)
    if call.state == "open" and not staff:
        typed, pin = _typed()
        if not typed or not pin:
            error = _("Type your staff id and your PIN.")
            return _page(call, error=error, status=422, typed=typed)
        tried = try_pin(typed, pin)
        if tried.user is None:
            return _page(
                call, error=tried.error, status=tried.status, typed=typed, wait_s=tried.wait_s
            )
        call = _opened(token, link, tried.user.id)
    return _page(call) if call.state != "open" else _accept(call)


def _accept(call: Call) -> Response:
    outcome = act(
        incident_id=call.incident.incident_id,
        action="accept",
        by=call.staff,
        action_id=call.action_id,
    )
    after = _opened(call.token, _read(call.token), call.staff)
    # Touched twice: the other touch may have had the answer that this one waited for.
    if outcome.ok or (after.state == "used" and after.is_coming):
        return _page(after, state="done")
    if outcome.reason == "already_closed":
        return _page(after)
    return _page(after, state="open", error=outcome.message, status=outcome.status)


def _typed() -> tuple[str, str]:
    """The staff id and the PIN of the form; "" for one that is missing or far too long."""
    staff, pin = request.form.get("staff", "").strip(), request.form.get("pin", "")
    return staff if len(staff) <= MAX_STAFF else "", pin if len(pin) <= MAX_PIN else ""


def _read(token: str) -> CallLink | None:
    key = the_board().reader.call_link_key()
    try:
        return call_link.read(key, token) if key else None
    except LinkInvalid:
        return None


def _opened(token: str, link: CallLink | None, staff: str) -> Call:
    """The call as it is for `staff` now. An old link says nothing of it any more."""
    reader = the_board().reader
    if link is None:
        return Call(token=token, state="invalid")
    if link.is_expired(now().utc_ms):
        return Call(token=token, state="expired")
    incident = reader.incident(link.incident_id)
    if incident is None:  # of a store that was replaced
        return Call(token=token, state="invalid")
    call = Call(token=token, state="open", staff=staff, incident=incident)
    if not incident.is_open:
        return Call(token=token, state="closed", staff=staff, incident=incident)
    if staff and reader.judged(call.action_id) is not None:
        return Call(token=token, state="used", staff=staff, incident=incident)
    return call


def _page(
    call: Call,
    *,
    state: str = "",
    error: str = "",
    status: int | None = None,
    typed: str = "",
    wait_s: int | None = None,
) -> Response:
    state = state or call.state
    names = staff_names(the_board())
    shown = floor = None
    if call.incident is not None:
        shown = card(call.incident, names=names, viewer=None, now_ms=now().utc_ms)
        floor = where_is(the_board(), call.incident.point) if call.incident.is_open else None
    page = render_template(
        "accept.html",
        call=call,
        state=state,
        card=shown,
        floor=floor,
        name=names.get(call.staff, call.staff),
        error=error or _why_not(call, state),
        typed=typed,
    )
    response = make_response(page, status or STATUS[state])
    if wait_s is not None:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _why_not(call: Call, state: str) -> str:
    """Why the gateway refused what this person did by the link, "" if it did not."""
    if state != "used":
        return ""
    known = the_board().reader.judged(call.action_id)
    return "" if known is None or known.ok else explain(known.reason)
