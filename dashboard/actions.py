"""What staff do to an incident: sent to the gateway, which judges, and told back by name."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask_babel import gettext as _

from dashboard.board import the_board
from dashboard.errors import BrokerAway, GatewaySilent, TooManyWaiting
from protocol.messages import Action, Incident

# A named reason → its HTTP status. Reasons of the gateway that are not here are conflicts (409).
STATUS = {
    "unknown_incident": 404,
    "unknown_staff": 403,
    "not_allowed": 403,
    "gateway_silent": 504,
    "broker_away": 503,
    "board_busy": 503,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an action. reason: "" when ok. incident: after it, None if unknown."""

    ok: bool
    reason: str
    message: str
    incident: Incident | None

    @property
    def status(self) -> int:
        return 200 if self.ok else STATUS.get(self.reason, 409)


def act(
    *,
    incident_id: str,
    action: str,
    by: str,
    outcome: str | None = None,
    text: str | None = None,
    to: str | None = None,
    situation: str | None = None,
    action_id: str | None = None,
) -> Outcome:
    """Has the gateway do `action` to an incident; waits up to 5 s for its answer.

    action_id: of an action that must happen only once, however often it is asked for; None: this
    is a new one. Raises: StoreError.
    """
    board = the_board()
    known = board.reader.incident(incident_id)
    if known is None:
        return _refused("unknown_incident", None)
    message = Action(
        action_id=action_id or uuid.uuid4().hex,
        incident_id=incident_id,
        action=action,
        by=by,
        terminal=board.config.terminal,
        outcome=outcome,
        text=text,
        to=to,
        situation=situation,
    )
    try:
        result = board.live.ask(message)
    except GatewaySilent:
        return _refused("gateway_silent", known)
    except BrokerAway:
        return _refused("broker_away", known)
    except TooManyWaiting:
        return _refused("board_busy", known)
    # The gateway commits before it answers, so the store shows the state after the action.
    after = board.reader.incident(incident_id)
    if not result.ok:
        return _refused(result.reason or "refused", after)
    return Outcome(ok=True, reason="", message="", incident=after)


def _refused(reason: str, incident: Incident | None) -> Outcome:
    return Outcome(ok=False, reason=reason, message=explain(reason), incident=incident)


def explain(reason: str) -> str:
    """A sentence for people about a named reason, in their language."""
    sentences = {
        "unknown_incident": _("There is no such incident."),
        "unknown_staff": _("This staff id is not on the branch's list."),
        "not_allowed": _("You may not do this. Ask the owner or the duty lead."),
        "already_closed": _("This incident is closed already."),
        "arrival_needed": _("Somebody has to arrive at the place before it can be closed."),
        "outcome_needed": _("Say how it ended before you close it."),
        "text_needed": _("Write something first."),
        "recipient_unknown": _("Choose a member of staff to hand over to."),
        "not_told": _("Only who was told of this call can say so."),
        "already_accepted": _("You have accepted already. Hand it over instead."),
        "no_offer": _("Nobody is offering you this call any more."),
        "recipient_off_duty": _("This person is off duty. Choose somebody who is there."),
        "situation_needed": _("Choose what turned out to be wrong."),
        "unknown_situation": _("The branch has no such situation. Choose one of its list."),
        "gateway_silent": _(
            "The gateway does not answer. Nobody knows whether this was taken: "
            "look at the board, then try again. Speak to your colleagues directly meanwhile."
        ),
        "broker_away": _(
            "The board is cut off from the gateway. This was not sent: try again. "
            "Speak to your colleagues directly meanwhile."
        ),
        "board_busy": _("Too many actions are waiting for the gateway. Try again in a moment."),
    }
    return sentences.get(reason, _("The gateway refused this (%(reason)s).", reason=reason))
