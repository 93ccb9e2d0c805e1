"""PURE. The incident machine: the one file that changes an incident.

An incident moves `raised → accepted → arrived → closed` and never back. `raise_incident` begins
one; `step` takes it on by one event. Both return what changed, what the log gets and who is to be
told; they decide everything and do nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from gateway.course import (
    Acted,
    Attended,
    Changed,
    Course,
    Due,
    Entry,
    Event,
    Joined,
    Outcome,
    Place,
    Refused,
    Rules,
    Tell,
    Unchanged,
    Vacated,
    Why,
)
from gateway.policy import told
from protocol.messages import Action, Alert, Incident, Responder
from protocol.moment import MAX_AGE_MS, Moment, parse_rfc3339, rfc3339

# A press of an earlier boot happened some time in the last day, as far as anybody can say.
UNKNOWN_AGE_MS = 24 * 3600 * 1000

# A seat that is empty so soon after a press: whoever called may have fallen off it.
FALL_MS = 10_000

# Which kind outranks which when presses of several kinds meet in one incident.
_RANK = {"seat": 0, "call": 1, "urgent": 2, "silent": 3}

# --- beginning ------------------------------------------------------------------------------


def raise_incident(
    alert: Alert, place: Place, now: Moment, *, branch: str, rules: Rules, kind: str | None = None
) -> Changed:
    """A new incident from an alert, with its first step taken.

    kind: overrides what the alert and the place say, for a seat that was occupied too long.
    """
    age_ms, uncertain_ms = _age(alert, now)
    raised_utc_ms = now.utc_ms - age_ms
    kind = kind or _kind(alert, place)
    asked = rules.policy.asked_roles(kind)
    incident = Incident(
        incident_id=_incident_id(alert.alert_id, raised_utc_ms),
        branch=branch,
        point=place.point,
        label=place.label,
        kind=kind,
        stage="raised",
        presses=0 if kind == "seat" else 1,
        drill=alert.drill,
        raised_at=rfc3339(raised_utc_ms),
        raised_uncertain_ms=uncertain_ms,
        late_ms=age_ms,
        asked_roles=asked,
        missing_roles=asked,
    )
    raised_ms = now.mono_ms - age_ms
    course = Course(
        incident=incident,
        boot=now.boot,
        raised_ms=None if uncertain_ms else raised_ms,
        due_ms=raised_ms + rules.policy.gap_ms(0),
    )
    tell = _tell(course, rules, why="step")
    entry = Entry(
        event="raised",
        detail={"alert_id": alert.alert_id, "kind": kind, "late_ms": age_ms, "told": tell.staff},
    )
    return Changed(course=course, entries=(entry,), tells=(tell,))


def _age(alert: Alert, now: Moment) -> tuple[int, int]:
    """How long ago the alert happened and how far that may be off, in milliseconds.

    An alert of an earlier boot has only the unit's wall clock, which may be anything.
    """
    if alert.age_ms is not None and alert.age_ms <= MAX_AGE_MS:
        return alert.age_ms, 0
    try:
        by_wall_ms = now.utc_ms - parse_rfc3339(alert.wall or "")
    except (ValueError, OverflowError):
        return 0, UNKNOWN_AGE_MS
    if not 0 <= by_wall_ms <= UNKNOWN_AGE_MS:
        return 0, UNKNOWN_AGE_MS
    return by_wall_ms, max(by_wall_ms, 1)


def _kind(alert: Alert, place: Place) -> str:
    if place.silent:
        return "silent"
    return "urgent" if alert.what == "held" else "call"


def _incident_id(alert_id: str, raised_utc_ms: int) -> str:
    """Date and time for people, and a piece of the alert's hash: a repeat gives the same id."""
    day_and_time = rfc3339(raised_utc_ms)[:19].replace("-", "").replace(":", "").replace("T", "-")
    return f"{day_and_time}-{hashlib.sha256(alert_id.encode()).hexdigest()[:12]}"


# --- going on -------------------------------------------------------------------------------


def step(course: Course, event: Event, now: Moment, rules: Rules) -> Outcome:
    """The incident after `event`, or why not."""
    if not course.incident.is_open:
        return Refused("already_closed")
    outcome = _decide(course, event, now, rules)
    if not isinstance(outcome, Changed):
        return outcome
    after = replace(outcome.course.incident, version=course.incident.version + 1)
    return replace(outcome, course=replace(outcome.course, incident=after))


def _decide(course: Course, event: Event, now: Moment, rules: Rules) -> Outcome:
    match event:
        case Joined(alert):
            return _join(course, alert, now, rules)
        case Attended(age_ms):
            return _attend(course, _before(now, age_ms), now, rules)
        case Vacated():
            return _vacate(course, event, now, rules)
        case Acted(action) if not rules.roster.knows(action.by):
            return Refused("unknown_staff")
        case Acted(action):
            return _ACTIONS[action.action](course, action, now, rules)
        case Due():
            return _fall_due(course, now, rules)


def _join(course: Course, alert: Alert, now: Moment, rules: Rules) -> Outcome:
    """A further press: counted; holding makes a call urgent; a real press ends a drill."""
    incident = course.incident
    pressed = alert.what == "pressed"
    kind = max(incident.kind, "urgent" if alert.what == "held" else "call", key=_RANK.__getitem__)
    changes: dict[str, object] = {"presses": incident.presses + pressed, "kind": kind}
    entries = [Entry(event="joined", detail={"alert_id": alert.alert_id, "what": alert.what})]
    becomes_real = incident.drill and not alert.drill
    if becomes_real:
        changes["drill"] = False
        entries.append(Entry(event="became_real", detail={}))
    outranks = kind != incident.kind
    if outranks:
        changes["asked_roles"] = rules.policy.asked_roles(kind)
        entries.append(Entry(event=f"became_{kind}", detail={}))
    changed = _with(course, **changes)
    why: Why | None = None
    if becomes_real:  # whoever was told of a drill may be taking their time
        why = "real"
    elif outranks:
        why = "urgent" if kind == "urgent" else "step"
    elif incident.stage != "raised" and pressed:
        why = "again"
    tells = (_tell(changed, rules, why=why),) if why else ()
    return Changed(course=changed, entries=tuple(entries), tells=tells)


def _attend(course: Course, then: Moment, now: Moment, rules: Rules) -> Outcome:
    """The presence button: somebody is there. It is the owner if they had not arrived yet."""
    incident = course.incident
    if incident.stage == "arrived":
        return Unchanged()
    arriving = incident.owner
    responders = tuple(
        replace(one, arrived_at=one.arrived_at or rfc3339(then.utc_ms))
        if one.staff == arriving
        else one
        for one in incident.responders
    )
    return Changed(
        course=_arrived(_with(course, responders=responders), then, now, rules),
        entries=(Entry(event="arrived", by=arriving or "", detail={"how": "presence"}),),
    )


def _vacate(course: Course, event: Vacated, now: Moment, rules: Rules) -> Outcome:
    """The seat is empty soon after a press: perhaps a fall, so a call becomes urgent.

    By ages, since either alert may have been long under way. Once somebody is there they see.
    """
    incident = course.incident
    if incident.stage == "arrived" or incident.possible_fall or incident.kind in ("seat", "silent"):
        return Unchanged()
    after_ms = _after_press_ms(course, event, now)
    if after_ms is None:
        return Unchanged()
    entries = [Entry(event="possible_fall", detail={"after_ms": after_ms})]
    if incident.kind != "call":
        return Changed(course=_with(course, possible_fall=True), entries=tuple(entries))
    entries.append(Entry(event="became_urgent", detail={}))
    changed = _with(
        course,
        possible_fall=True,
        kind="urgent",
        asked_roles=rules.policy.asked_roles("urgent"),
    )
    tell = _tell(changed, rules, why="urgent")
    return Changed(course=changed, entries=tuple(entries), tells=(tell,))


def _after_press_ms(course: Course, event: Vacated, now: Moment) -> int | None:
    """Milliseconds from a press to the empty seat; None when it was not that soon."""
    then_ms = now.mono_ms - event.age_ms
    presses = [now.mono_ms - event.pressed_age_ms] if event.pressed_age_ms is not None else []
    if course.raised_ms is not None and course.boot == now.boot:
        presses.append(course.raised_ms)
    after = [then_ms - press_ms for press_ms in presses if 0 <= then_ms - press_ms <= FALL_MS]
    return min(after, default=None)


def _accept(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    if _responder(course, action.by):
        return Unchanged()
    changed = _with_responder(course, action.by, now, rules)
    return Changed(course=changed, entries=(Entry(event="accepted", by=action.by, detail={}),))


def _arrive(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    present = _responder(course, action.by)
    if present and present.arrived_at:
        return Unchanged()
    entries = []
    if not present:
        course = _with_responder(course, action.by, now, rules)
        entries.append(Entry(event="accepted", by=action.by, detail={}))
    responders = tuple(
        replace(one, arrived_at=rfc3339(now.utc_ms)) if one.staff == action.by else one
        for one in course.incident.responders
    )
    changed = _with(course, responders=responders)
    if changed.incident.stage != "arrived":
        changed = _arrived(changed, now, now, rules)
    entries.append(Entry(event="arrived", by=action.by, detail={"how": action.terminal}))
    return Changed(course=changed, entries=tuple(entries))


def _close(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    incident = course.incident
    if incident.stage != "arrived":
        return Refused("arrival_needed")
    may_close = (
        incident.owner is None
        or _responder(course, action.by) is not None
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
        "to_close_ms": _since_press_ms(course, now),
        "owner": incident.owner or action.by,
        "outcome": outcome,
        "situation": action.situation or incident.situation,
        "overdue": None,
    }
    detail: dict[str, object] = {"outcome": outcome, "text": action.text or ""}
    return Changed(
        course=_with(course, **changes),
        entries=(Entry(event="closed", by=action.by, detail=detail),),
    )


def _escalate(course: Course, action: Action, now: Moment, rules: Rules) -> Outcome:
    """Somebody wants more help at once, whatever the clock says."""
    changed, tell = _next_step(course, now, from_ms=now.mono_ms, rules=rules)
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
    if not _responder(course, action.to):
        course = _with_responder(course, action.to, now, rules)
    changed = _with(course, owner=action.to)
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
    return Changed(course=_with(course, situation=situation), entries=(entry,))


_ACTIONS: dict[str, Callable[[Course, Action, Moment, Rules], Outcome]] = {
    "accept": _accept,
    "arrive": _arrive,
    "close": _close,
    "escalate": _escalate,
    "handover": _hand_over,
    "note": _note,
    "situation": _set_situation,
}


def _fall_due(course: Course, now: Moment, rules: Rules) -> Outcome:
    """Nobody acted in time: the next step, or the same people again."""
    if not course.is_due(now):
        return Unchanged()
    course = _in_this_boot(course, now)
    match course.incident.stage:
        case "raised":
            return _climb(course, now, rules)
        case "accepted":
            return _tell_overdue(course, now, rules, what="arrival")
        case _:
            return _tell_overdue(course, now, rules, what="close")


def _climb(course: Course, now: Moment, rules: Rules) -> Changed:
    is_last = rules.policy.is_last(course.incident.step)
    changed, tell = _next_step(course, now, from_ms=course.due_ms, rules=rules)
    entry = Entry(
        event="told_again" if is_last else "step_taken",
        detail={"step": tell.step, "told": tell.staff},
    )
    return Changed(course=changed, entries=(entry,), tells=(tell,))


def _next_step(course: Course, now: Moment, *, from_ms: int, rules: Rules) -> tuple[Course, Tell]:
    """One step up, or the last one again. While raised, the next is due a gap after from_ms.

    Steps keep to the schedule of the press, however late we are; telling again does not catch up.
    """
    policy, incident = rules.policy, course.incident
    is_last = policy.is_last(incident.step)
    number = incident.step if is_last else incident.step + 1
    outside = incident.outside or policy.steps[number].tell == "outside"
    changed = _with(course, step=number, outside=outside)
    if incident.stage == "raised":
        base_ms = now.mono_ms if policy.is_last(number) else from_ms
        changed = replace(changed, due_ms=base_ms + policy.gap_ms(number))
    return changed, _tell(changed, rules, why="again" if is_last else "step")


def _tell_overdue(
    course: Course, now: Moment, rules: Rules, *, what: Literal["arrival", "close"]
) -> Changed:
    """Accepted but nobody came, or came but never closed: everybody on duty hears of it."""
    if what == "arrival":
        why, again_s = "overdue_arrival", rules.policy.arrival_s
    else:
        why, again_s = "overdue_close", rules.policy.close_s
    changed = replace(_with(course, overdue=what), due_ms=now.mono_ms + again_s * 1000)
    staff = rules.roster.on_duty()
    return Changed(
        course=changed,
        entries=(Entry(event=why, detail={"told": staff}),),
        tells=(Tell(why=why, step=changed.incident.step, staff=staff),),
    )


# --- small words ----------------------------------------------------------------------------


def _with(course: Course, **changes: object) -> Course:
    """The course with its incident changed; the missing roles follow from the others."""
    incident = replace(course.incident, **changes)
    covered = {role for one in incident.responders for role in one.roles}
    missing = tuple(role for role in incident.asked_roles if role not in covered)
    return replace(course, incident=replace(incident, missing_roles=missing))


def _with_responder(course: Course, staff: str, now: Moment, rules: Rules) -> Course:
    """The course with `staff` as one who accepted; the first to accept owns it."""
    incident = course.incident
    responder = Responder(
        staff=staff, roles=rules.roster.roles_of(staff), accepted_at=rfc3339(now.utc_ms)
    )
    changes: dict[str, object] = {
        "responders": (*incident.responders, responder),
        "owner": incident.owner or staff,
    }
    if incident.stage != "raised":
        return _with(course, **changes)
    changes |= {
        "stage": "accepted",
        "accepted_at": rfc3339(now.utc_ms),
        "to_accept_ms": _since_press_ms(course, now),
    }
    course = _in_this_boot(_with(course, **changes), now)
    return replace(course, due_ms=now.mono_ms + rules.policy.arrival_s * 1000)


def _arrived(course: Course, then: Moment, now: Moment, rules: Rules) -> Course:
    """The course with somebody at the point since `then`, who has, in effect, accepted too."""
    incident, since_ms = course.incident, _since_press_ms(course, then)
    changed = _with(
        course,
        stage="arrived",
        accepted_at=incident.accepted_at or rfc3339(then.utc_ms),
        to_accept_ms=incident.to_accept_ms if incident.accepted_at else since_ms,
        arrived_at=rfc3339(then.utc_ms),
        to_arrive_ms=since_ms,
        overdue=None,
    )
    return replace(_in_this_boot(changed, now), due_ms=now.mono_ms + rules.policy.close_s * 1000)


def _before(now: Moment, age_ms: int) -> Moment:
    return replace(now, mono_ms=now.mono_ms - age_ms, utc_ms=now.utc_ms - age_ms)


def _in_this_boot(course: Course, now: Moment) -> Course:
    """The course on this boot's clock; what another boot's clock said of the press is lost."""
    if course.boot == now.boot:
        return course
    return replace(course, boot=now.boot, raised_ms=None, due_ms=now.mono_ms)


def _since_press_ms(course: Course, now: Moment) -> int | None:
    if course.raised_ms is None or course.boot != now.boot:
        return None
    return max(0, now.mono_ms - course.raised_ms)


def _responder(course: Course, staff: str) -> Responder | None:
    return next((one for one in course.incident.responders if one.staff == staff), None)


def _tell(course: Course, rules: Rules, *, why: Why) -> Tell:
    number, kind = course.incident.step, course.incident.kind
    return Tell(
        why=why,
        step=number,
        staff=told(rules.policy, rules.roster, step=number, kind=kind),
        everywhere=rules.policy.steps[number].tell == "outside",
    )
