"""PURE. What members of staff do to an incident, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gateway.course import Changed, Course, Entry, Outcome, Refused, Rules, Tell, Unchanged
from gateway.responders import (
    arrived,
    in_this_boot,
    responder_of,
    since_press_ms,
    with_changes,
    with_one_there,
    with_responder,
    without_offer,
)
from gateway.steps import go_on_without, made_real, next_step, tell_needed
from protocol.messages import Action, Offer, Refusal, is_seen
from protocol.moment import Moment, rfc3339


def _accept(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    if responder_of(course, action.by):
        return Unchanged()
    changed = with_responder(course, action.by, now, rules)
    return Changed(course=changed, entries=(Entry(event="accepted", by=action.by, detail={}),))


def _arrive(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    present = responder_of(course, action.by)
    if present and present.arrived_at:
        return Unchanged()
    entries = []
    if not present:
        course = with_responder(course, action.by, now, rules)
        entries.append(Entry(event="accepted", by=action.by, detail={}))
    changed = with_one_there(course, action.by, now, rules)
    if changed.incident.stage != "arrived":
        changed = arrived(changed, now, now, rules)
    entries.append(Entry(event="arrived", by=action.by, detail={"how": action.terminal}))
    return Changed(course=changed, entries=tuple(entries))


def _close(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    incident = course.incident
    if incident.stage != "arrived":
        return Refused("arrival_needed")
    may_close = (
        incident.owner is None
        or responder_of(course, action.by) is not None
        or rules.roster.has_role(action.by, "lead", "admin")
    )
    if not may_close:
        return Refused("not_allowed")
    outcome = (action.outcome or "").strip()
    if not outcome:
        return Refused("outcome_needed")
    # Who has helped a customer closes, whatever they typed: a text that is no situation leaves the
    # one that there is, and stands in the log.
    said = (action.situation or "").strip()
    is_known = bool(said) and rules.knows_situation(said)
    changes: dict[str, object] = {
        "stage": "closed",
        "closed_at": rfc3339(now.utc_ms),
        "to_close_ms": since_press_ms(course, now),
        "owner": incident.owner or action.by,
        "outcome": outcome,
        "situation": said if is_known else incident.situation,
        "overdue": None,
    }
    detail: dict[str, object] = {"outcome": outcome, "text": action.text or ""}
    if said and not is_known:
        detail["unknown_situation"] = said
    return Changed(
        course=with_changes(without_offer(course), **changes),
        entries=(Entry(event="closed", by=action.by, detail=detail),),
    )


def _escalate(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """Somebody wants more help at once, whatever the clock says."""
    changed, tell, substituted = next_step(course, now, from_ms=now.mono_ms, rules=rules)
    entry = Entry(event="escalated", by=action.by, detail={"step": tell.step, "told": tell.staff})
    return Changed(course=changed, entries=(entry, *substituted), tells=(tell,))


def _refuse(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """Somebody who was told will not come (`refuse`) or cannot (`busy`).

    A role that all have refused is stood in for; once everybody whom the step told has refused,
    the next step comes at once.
    """
    incident = course.incident
    if action.by not in incident.told:
        return Refused("not_told")
    if responder_of(course, action.by):
        return Refused("already_accepted")
    refusal = Refusal(
        staff=action.by, how=action.action, step=incident.step, at=rfc3339(now.utc_ms)
    )
    others = [one for one in incident.refused if one.staff != action.by]
    if any(_is_repeat(one, refusal) for one in incident.refused):
        return Unchanged()
    entry = Entry(event="refused", by=action.by, detail={"how": action.action})
    changed = Changed(course=with_changes(course, refused=(*others, refusal)), entries=(entry,))
    return go_on_without(changed, now, rules, because="all_refused")


def _is_repeat(known: Refusal, new: Refusal) -> bool:
    return (known.staff, known.how, known.step) == (new.staff, new.how, new.step)


# --- handing over ---------------------------------------------------------------------------


def _hand_over(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """The owner, or a lead, names another; there is an owner at every moment.

    Where the policy wants consent, an owner who is no lead stays owner until the other takes it.
    """
    incident = course.incident
    is_lead = rules.roster.has_role(action.by, "lead", "admin")
    if action.by != incident.owner and not is_lead:
        return Refused("not_allowed")
    if action.to is None or not rules.roster.knows(action.to):
        return Refused("recipient_unknown")
    if action.to == incident.owner:
        return Unchanged()
    if not _is_there(course, action.to, action.by, rules):
        return Refused("recipient_off_duty")
    if rules.policy.handover_needs_consent and not is_lead:
        return _offer(course, action.by, action.to, now, rules)
    changed = _owned_by(course, action.to, now, rules)
    tell = Tell(why="handover", step=incident.step, staff=(action.to,))
    entry = Entry(event="handed_over", by=action.by, detail={"to": action.to})
    return Changed(course=changed, entries=(entry,), tells=(tell,))


def _is_there(course: Course, staff: str, by: str, rules: Rules) -> bool:
    """Whether this person can be handed a call: on duty, at the place, or whoever takes it."""
    present = responder_of(course, staff)
    is_at_place = present is not None and present.arrived_at is not None
    return staff == by or is_at_place or rules.roster.is_on_duty(staff)


def _owned_by(course: Course, staff: str, now: Moment, rules: Rules) -> Course:
    if not responder_of(course, staff):
        course = with_responder(course, staff, now, rules)
    return with_changes(without_offer(course), owner=staff)


def _offer(course: Course, by: str, to: str, now: Moment, rules: Rules) -> Outcome:
    incident = course.incident
    if incident.offer is not None and (incident.offer.by, incident.offer.to) == (by, to):
        return Unchanged()
    changed = replace(
        with_changes(in_this_boot(course, now), offer=Offer(to=to, by=by, at=rfc3339(now.utc_ms))),
        offer_ms=now.mono_ms + rules.policy.offer_s * 1000,
    )
    entry = Entry(event="offered", by=by, detail={"to": to})
    tell = Tell(why="offer", step=incident.step, staff=(to,))
    return Changed(course=changed, entries=(entry,), tells=(tell,))


def _take(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """The one to whom it was offered becomes the owner."""
    incident = course.incident
    if incident.offer is None or incident.offer.to != action.by:
        return Refused("no_offer")
    entry = Entry(event="taken_over", by=action.by, detail={"from": incident.owner})
    return Changed(course=_owned_by(course, action.by, now, rules), entries=(entry,))


def _decline(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """The one to whom it was offered does not take it: the owner stays, and hears of it."""
    incident = course.incident
    if incident.offer is None or incident.offer.to != action.by:
        return Refused("no_offer")
    tell = Tell(why="declined", step=incident.step, staff=(incident.offer.by,))
    entry = Entry(event="declined", by=action.by, detail={"from": incident.offer.by})
    return Changed(course=without_offer(course), entries=(entry,), tells=(tell,))


# --- words ----------------------------------------------------------------------------------


def _note(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    text = (action.text or "").strip()
    if not is_seen(text):
        return Refused("text_needed")
    entry = Entry(event="noted", by=action.by, detail={"text": text})
    return Changed(course=course, entries=(entry,))


def situation_of(action: Action, rules: Rules) -> str | Refused:
    """The situation that the action names; free text would take the list of a known one away, and
    the roles that it calls for."""
    situation = (action.situation or "").strip()
    if not situation:
        return Refused("situation_needed")
    return situation if rules.knows_situation(situation) else Refused("unknown_situation")


def _set_situation(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    situation = situation_of(action, rules)
    if isinstance(situation, Refused):
        return situation
    if situation == course.incident.situation:
        return Unchanged()
    before = course.incident
    asked = rules.asked_roles(before.kind, situation)
    changed = with_changes(course, situation=situation, asked_roles=asked)
    missing = [one for one in changed.incident.missing_roles if one not in before.asked_roles]
    changed, substituted, tells = tell_needed(changed, missing, rules)
    detail: dict[str, object] = {"situation": situation}
    if missing:
        detail |= {"needed": missing, "told": [staff for tell in tells for staff in tell.staff]}
    entry = Entry(event="situation_set", by=action.by, detail=detail)
    return Changed(course=changed, entries=(entry, *substituted), tells=tells)


def _make_real(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """Whoever sees that it is no drill any more says so, and all who were told hear of it."""
    if not course.incident.drill:
        return Unchanged()
    changed, tell = made_real(course, now, rules)
    entry = Entry(event="became_real", by=action.by, detail={"told": tell.staff})
    return Changed(course=changed, entries=(entry,), tells=(tell,))


ACTIONS: dict[str, Callable[[Course, Action, Moment, Rules], Outcome]] = {
    "accept": _accept,
    "arrive": _arrive,
    "close": _close,
    "escalate": _escalate,
    "handover": _hand_over,
    "note": _note,
    "situation": _set_situation,
    "real": _make_real,
    "refuse": _refuse,
    "busy": _refuse,
    "take": _take,
    "decline": _decline,
}
