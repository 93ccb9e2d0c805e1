"""What staff ask of the branch's desk: sent to the gateway, which judges, and told back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from dashboard.actions import STATUS, explain
from dashboard.board import the_board
from dashboard.errors import BrokerAway, GatewaySilent, TooLong, TooManyWaiting
from dashboard.weekdays import WEEKDAYS
from gateway.store import LEADS, Record, is_for_leads
from protocol.messages import FieldFault, Request

# A named reason → its HTTP status, beside those of actions.
DESK_STATUS = STATUS | {
    "unknown_request": 404,
    "unknown_record": 404,
    "wrong_fields": 422,
    "still_needed": 409,
    "changed_meanwhile": 409,
    "private_key_missing": 503,
    "room_failed": 500,
    "too_long": 413,
}

# What is wrong with a field → words for people. A name that is not here is shown as it is.
FIELD_FAULTS = {
    "after_outside": _l("No step can come after the call outside."),
    "default_policy": _l("This one is for every call without a policy of its own; it stays."),
    "followups_given": _l("What this person still had to do is given to somebody else:"),
    "goes_back": _l("Each step must come later than the one before."),
    "another_kind": _l("This policy is for other kinds of calls."),
    "is_for_all": _l("Choose kinds of calls, or points, or both."),
    "itself": _l("A role cannot stand in for itself."),
    "late_start": _l("The first step must come at once, at 0 seconds."),
    "must_be_all": _l("This policy is for every call that no other is for."),
    "policy_there": _l("Another policy is for the same calls."),
    "silences_step": _l("Nobody would hear this step then."),
    "twice": _l("This stands there twice."),
    "missing_translation": _l("This stands in one language only."),
    "out_of_range": _l("From 5 seconds to a day."),
    "playbook_calls": _l("A playbook rings them: change it first."),
    "stands_in": _l("This one stands in for every situation without a list."),
    "too_many": _l("These are too many."),
    "twin": _l("This id stands there twice."),
    "unknown_contact": _l("Choose somebody of the directory."),
    "unknown_role": _l("Choose a role."),
    "unknown_step": _l("The list has no such step."),
    "contradicts": _l(
        "Away and there besides at the same time: who is away is away. Change the other one first."
    ),
    "too_long": _l(
        "It closes before it opens: the branch would be open into the next day for so long."
    ),
    "day_twice": _l("This day stands in two rows."),
    "in_the_future": _l("This day has not come yet."),
    "left_outside": _l("Something that is on the plan would be outside: put it elsewhere first."),
    "off_the_floor": _l("The floor ends before that, after so many metres."),
    "on_this_floor": _l("This is on it: put it elsewhere first."),
    "unknown_floor": _l("There is no such floor."),
    "incident_there": _l("There is an open call there: close it first."),
    "less_than_out": _l("So many are out: bring them back, or write them down as used up."),
    "not_enough": _l("There are not that many."),
    "out_there": _l("Some of it is still out: bring it back first."),
    "resource_names_it": _l("A resource is said to be for this situation."),
    "resource_there": _l("A resource is kept there: move it first."),
    "taken": _l("Another one is called so already."),
    "unknown_incident": _l("There is no such open call."),
    "unknown_point": _l("There is no such point."),
    "away_already": _l("This person is away at that time already."),
    "bad_id": _l("Use small letters, digits and hyphens, a letter or digit first."),
    "bad_address": _l("This is no address of such a channel."),
    "bad_board_url": _l("Write the board's address, such as https://board.branch.example."),
    "policy_names_it": _l("A policy tells through this: change it there first."),
    "not_used": _l("Such a channel uses none: leave it empty."),
    "bad_phone": _l(
        "A telephone number has 3 to 18 digits, and at most + - ( ) / . x between them."
    ),
    "before_first": _l("This day is before the first one."),
    "empty": _l("Choose at least one."),
    "in_the_past": _l("This day is over already."),
    "last_lead": _l("Nobody else could change the plans then: name another lead first."),
    "missing": _l("This is needed too."),
    "never_begins": _l("None of these days is left in its window, tomorrow at the earliest."),
    "never_comes": _l("None of these days lies between the first and the last day."),
    "no_hash": _l("This is no hash of a PIN."),
    "no_such_day": _l("There is no such day."),
    "opens_twice": _l("It opens before it has closed from the day before."),
    "outside_shift": _l("This is not within the shift."),
    "breaks_meet": _l("Another break is at the same time."),
    "nothing_left": _l("The breaks leave nothing of the shift."),
    "overlaps": _l("This person works at that time already."),
    "owns_incident": _l("This person has taken on an open call: it is handed over first."),
    "replaced": _l("This takes the place of what somebody else had written."),
    "same_as_start": _l("It must end at another time than it starts."),
    "shift_not_followed": _l(
        "This shift changes nothing: the duty of this person does not go by the shifts."
    ),
    "shift_there": _l("A shift is planned there: change it first."),
    "unknown_channel": _l("There is no such channel."),
    "unknown_post": _l("There is no such post."),
    "rule_names_it": _l("A follow-up rule is for this situation: it counts no more."),
    "unknown_outcome": _l("No call ends so: it never counts."),
    "unknown_situation": _l("No playbook is for this situation."),
    "unknown_staff": _l("There is nobody with this staff id."),
    "unreadable": _l("This cannot be taken as it is."),
    "bad_text": _l("Write something, at most 2000 characters."),
    "before_start": _l("This is not after the start."),
    "no_such_time": _l("There is no such time."),
    "not_in_round": _l("This button is not in the round."),
    "nothing_said": _l("Write something first."),
    "too_late": _l("This is too far ahead. At the latest:"),
    "unknown_plan": _l("There is no such plan."),
    "window_overlaps": _l("The next one begins before this one is over. At the latest:"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request. reason: "" when ok. faults: of the fields, if that is why; of
    what was granted all the same, what had better be seen to.

    id, version: of the record after it, or as it is now.
    """

    ok: bool
    reason: str = ""
    message: str = ""
    faults: tuple[FieldFault, ...] = ()
    id: str = ""
    version: int = 0

    @property
    def status(self) -> int:
        return 200 if self.ok else DESK_STATUS.get(self.reason, 409)


def ask_desk(
    do: str,
    *,
    by: str,
    id: str = "",
    version: int | None = None,
    body: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> Answer:
    """Has the gateway's desk do `do`; waits up to 5 s for its answer.

    request_id: of a request that must happen only once, however often it is asked for; None: this
    is a new one.
    """
    board = the_board()
    request = Request(
        request_id=request_id or uuid.uuid4().hex,
        do=do,
        by=by,
        terminal=board.config.terminal,
        id=id,
        version=version,
        body=body or {},
    )
    try:
        result = board.live.ask(request)
    except GatewaySilent:
        return _refused("gateway_silent")
    except BrokerAway:
        return _refused("broker_away")
    except TooManyWaiting:
        return _refused("board_busy")
    except TooLong:
        return _refused("too_long")
    if result.ok:
        return Answer(ok=True, faults=result.faults, id=result.id, version=result.version)
    return Answer(
        ok=False,
        reason=result.reason,
        message=explain_desk(result.reason),
        faults=result.faults,
        id=result.id,
        version=result.version,
    )


def answer_sentences(answer: Answer) -> str:
    """What an answer says to people: why not, and what is wrong or had better be seen to."""
    said = (answer.message, *map(fault_sentence, answer.faults))
    return " ".join(one for one in said if one)


def _refused(reason: str) -> Answer:
    return Answer(ok=False, reason=reason, message=explain_desk(reason))


def may_see(record: Record) -> bool:
    """Whether whoever asks may see a record: one for leads, a lead, an admin or a program."""
    is_lead = current_user.is_machine or not set(LEADS).isdisjoint(current_user.roles)
    return is_lead or not is_for_leads(record)


def explain_desk(reason: str) -> str:
    """A sentence for people about a named reason, in their language."""
    sentences = {
        "already_ticked": _("Somebody else has ticked this already."),
        "not_ticked": _("This is not ticked any more."),
        "look_into_first": _("Write down the first look before the answer."),
        "looked_into_already": _("Somebody else has written the first look already."),
        "answer_first": _("Write down the answer first."),
        "marked_already": _("The customer's word is written down already: a lead closes it now."),
        "category_needed": _("Say first which class the complaint is of."),
        "answered_already": _("Somebody else has written the answer already."),
        "already_closed_day": _("The branch is closed for today already."),
        "already_open": _("The branch is open already."),
        "nothing_to_close": _("The branch has not been opened yet: there is nothing to close."),
        "none_out": _("None of it is out: somebody has brought it back already."),
        "not_enough": _("There are not that many there any more: somebody was faster."),
        "not_ready": _(
            "Not opened: put right what is marked, or let a lead take it on with a reason."
        ),
        "still_busy": _("Not closed: somebody or something is still there, as marked."),
        "unknown_point": _("There is no such point."),
        "changed_meanwhile": _(
            "Somebody else has changed this since you opened it. Nothing was overwritten: "
            "look at what it is now, then change it again."
        ),
        "drill_running": _("A drill is running already: let it end first."),
        "not_allowed": _("You may not do this. Ask a duty lead."),
        "point_busy": _("There is an open call at this point: see to it first."),
        "owns_incident": _("Not signed out."),
        "private_key_missing": _(
            "The key of private notes is not there. Tell maintenance; nothing was written."
        ),
        "room_failed": _(
            "The gateway could not do this: a fault of its own. Nothing was changed; "
            "tell maintenance."
        ),
        "round_open": _("A round is on already: end it first."),
        "still_needed": _("Something still needs this."),
        "unknown_record": _("There is no such thing any more."),
        "unknown_request": _(
            "The gateway does not know how to do this: is it older than the board?"
        ),
        "too_long": _("All of it together is too long to be sent: shorten it."),
        "version_needed": _(
            "Somebody else wrote this: open it first, so that nothing is replaced unseen."
        ),
        "wrong_fields": _("Nothing was saved yet: look at what is marked."),
    }
    return sentences.get(reason) or explain(reason)


def fault_sentence(fault: FieldFault) -> str:
    """What is wrong with a field, with what the name alone does not say."""
    words = str(FIELD_FAULTS.get(fault.name, fault.name))
    detail = _in_words(fault.detail) if fault.name == "overlaps" else fault.detail
    return f"{words} ({detail})" if detail else words


def _in_words(shift: str) -> str:
    """A shift with the day it begins on in words: Tuesday 22:00-06:00, Guide's desk."""
    day, _space, rest = shift.partition(" ")
    return f"{WEEKDAYS.get(day, day)} {rest}"
