"""PURE. What members of staff do to an incident, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gateway.course import Changed, Course, Entry, Outcome, Refused, Rules, Tell, Unchanged
from gateway.responders import arrived, responder_of, since_press_ms, with_changes, with_responder
from gateway.steps import next_step
from protocol.messages import Action
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
    responders = tuple(
        replace(one, arrived_at=rfc3339(now.utc_ms)) if one.staff == action.by else one
        for one in course.incident.responders
    )
    changed = with_changes(course, responders=responders)
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
    changes: dict[str, object] = {
        "stage": "closed",
        "closed_at": rfc3339(now.utc_ms),
        "to_close_ms": since_press_ms(course, now),
        "owner": incident.owner or action.by,
        "outcome": outcome,
        "situation": action.situation or incident.situation,
        "overdue": None,
    }
    detail: dict[str, object] = {"outcome": outcome, "text": action.text or ""}
    return Changed(
        course=with_changes(course, **changes),
        entries=(Entry(event="closed", by=action.by, detail=detail),),
    )


def _escalate(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """Somebody wants more help at once, whatever the clock says."""
    changed, tell = next_step(course, now, from_ms=now.mono_ms, rules=rules)
    entry = Entry(event="escalated", by=action.by, detail={"step": tell.step, "told": tell.staff})
    return Changed(course=changed, entries=(entry,), tells=(tell,))


def _hand_over(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """The owner, or a lead, names another; there is an owner at every moment."""
    is_lead = rules.roster.has_role(action.by, "lead", "admin")
    if action.by != course.incident.owner and not is_lead:
        return Refused("not_allowed")
    if action.to is None or not rules.roster.knows(action.to):
        return Refused("recipient_unknown")
    if action.to == course.incident.owner:
        return Unchanged()
    if not responder_of(course, action.to):
        course = with_responder(course, action.to, now, rules)
    changed = with_changes(course, owner=action.to)
    tell = Tell(why="handover", step=changed.incident.step, staff=(action.to,))
    entry = Entry(event="handed_over", by=action.by, detail={"to": action.to})
    return Changed(course=changed, entries=(entry,), tells=(tell,))


def _note(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    text = (action.text or "").strip()
    if not text:
        return Refused("text_needed")
    entry = Entry(event="noted", by=action.by, detail={"text": text})
    return Changed(course=course, entries=(entry,))


def _set_situation(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    situation = (action.situation or "").strip()
    if not situation:
        return Refused("situation_needed")
    if situation == course.incident.situation:
        return Unchanged()
    entry = Entry(event="situation_set", by=action.by, detail={"situation": situation})
    return Changed(course=with_changes(course, situation=situation), entries=(entry,))


ACTIONS: dict[str, Callable[[Course, Action, Moment, Rules], Outcome]] = {
    "accept": _accept,
    "arrive": _arrive,
    "close": _close,
    "escalate": _escalate,
    "handover": _hand_over,
    "note": _note,
    "situation": _set_situation,
}
