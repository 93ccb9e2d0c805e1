"""PURE. The incident machine: the one door through which an incident changes.

An incident moves `raised → accepted → arrived → closed` and never back. `raise_incident` begins
one; `step` takes it on by one event. Both return what changed, what the log gets and who is to be
told; they decide everything and do nothing. Behind the door: `steps` (who is told next), `actions`
(what staff do), `comings` (who comes on duty and goes) and `responders` (who is on it).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from gateway import steps
from gateway.actions import ACTIONS, situation_of
from gateway.comings import duty_changed
from gateway.course import (
    Acted,
    Attended,
    Changed,
    Course,
    Due,
    DutyChanged,
    Entry,
    Event,
    Joined,
    Outcome,
    Place,
    Refused,
    Repeated,
    Rules,
    Tell,
    Unchanged,
    Vacated,
    Why,
)
from gateway.cover import stand_ins_for, substitution_entries, with_stand_ins
from gateway.policy import told
from gateway.responders import arrived, with_changes, with_one_there
from protocol.messages import Action, Alert, Incident, Kind
from protocol.moment import MAX_AGE_MS, Moment, parse_rfc3339, rfc3339

# A press of an earlier boot happened some time in the last day, as far as anybody can say.
UNKNOWN_AGE_MS = 24 * 3600 * 1000
# Copies of an alert differ by their ways through the network; only more than that is a proof.
PROOF_MS = 500

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
    rules = rules.at(kind, place.point)
    asked = rules.policy.asked_roles(kind)
    stand_ins = stand_ins_for(asked, rules, known={}, refused=())
    people = told(
        rules.policy, rules.roster, step=0, kind=kind, stand_ins=tuple(stand_ins.values())
    )
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
        substitutes=stand_ins,
        told=dict.fromkeys(people, 0),
    )
    raised_ms = now.mono_ms - age_ms
    course = Course(
        incident=incident,
        boot=now.boot,
        raised_ms=None if uncertain_ms else raised_ms,
        due_ms=raised_ms + steps.wait_ms(incident, rules.policy),
    )
    entry = Entry(
        event="raised",
        detail={"alert_id": alert.alert_id, "kind": kind, "late_ms": age_ms, "told": people},
    )
    return Changed(
        course=steps.ringing(course, now, rules),
        entries=(entry, *substitution_entries(stand_ins)),
        tells=(steps.tell_of(incident, rules, why="step", staff=people),),
    )


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
    return f"{day_and_time}-{_hash(alert_id)}"


def _hash(alert_id: str) -> str:
    return hashlib.sha256(alert_id.encode()).hexdigest()[:12]


# --- going on -------------------------------------------------------------------------------


def step(course: Course, event: Event, now: Moment, rules: Rules) -> Outcome:
    """The incident after `event`, or why not."""
    if not course.incident.is_open:
        return Refused("already_closed")
    rules = rules.at(course.incident.kind, course.incident.point)
    outcome = _decide(course, event, now, rules)
    if not isinstance(outcome, Changed):
        return outcome
    rules = rules.at(outcome.course.incident.kind, course.incident.point)
    went = event.went if isinstance(event, DutyChanged) else ()
    outcome = steps.for_missing_roles(course, outcome, now, rules, went=went)
    if outcome.course == course and not outcome.entries:
        return Unchanged()
    after = replace(outcome.course.incident, version=course.incident.version + 1)
    return replace(outcome, course=replace(outcome.course, incident=after))


def amend(incident: Incident, action: Action, rules: Rules) -> Outcome:
    """A closed incident after the one thing that may still be said of it: what it turned out to
    be, once, where nobody said so at the close. All else about it stays as it is."""
    if action.action != "situation" or incident.situation is not None:
        return Refused("already_closed")
    if not rules.roster.knows(action.by):
        return Refused("unknown_staff")
    situation = situation_of(action, rules)
    if isinstance(situation, Refused):
        return situation
    after = replace(incident, situation=situation, version=incident.version + 1)
    entry = Entry(event="situation_set", by=action.by, detail={"situation": situation})
    return Changed(
        course=Course(incident=after, boot="", raised_ms=None, due_ms=0), entries=(entry,)
    )


def _decide(course: Course, event: Event, now: Moment, rules: Rules) -> Outcome:
    match event:
        case Joined(alert):
            return _join(course, alert, now, rules)
        case Repeated(alert):
            return _prove_earlier(course, alert, now)
        case Attended(age_ms):
            return _attend(course, _before(now, age_ms), now, rules)
        case Vacated():
            return _vacate(course, event, now, rules)
        case Acted(action) if not rules.roster.knows(action.by):
            return Refused("unknown_staff")
        case Acted(action):
            return ACTIONS[action.action](course, action, now, rules)
        case DutyChanged():
            return duty_changed(course, event, now, rules)
        case Due():
            return steps.fall_due(course, now, rules)


def _prove_earlier(course: Course, alert: Alert, now: Moment) -> Outcome:
    """A copy says how old its alert was when it left, not how long it lay in a queue before us. Of
    several copies the one that makes the press earliest is nearest to the truth."""
    incident = course.incident
    age_ms, uncertain_ms = _age(alert, now)
    earlier_ms = (course.raised_ms or 0) - (now.mono_ms - age_ms)
    knows_better = course.raised_ms is not None and course.boot == now.boot and not uncertain_ms
    if alert.drill != incident.drill:  # the call began when the drill became real
        return Unchanged()
    if not (raised_by(incident, alert) and knows_better and earlier_ms >= PROOF_MS):
        return Unchanged()

    def later(ms: int | None) -> int | None:
        return None if ms is None else ms + earlier_ms

    changed = with_changes(
        course,
        raised_at=rfc3339(parse_rfc3339(incident.raised_at) - earlier_ms),
        late_ms=incident.late_ms + earlier_ms,
        to_accept_ms=later(incident.to_accept_ms),
        to_arrive_ms=later(incident.to_arrive_ms),
    )
    due_ms = course.due_ms - earlier_ms if incident.stage == "raised" else course.due_ms
    return Changed(
        course=replace(changed, raised_ms=course.raised_ms - earlier_ms, due_ms=due_ms),
        entries=(Entry(event="raised_earlier", detail={"earlier_ms": earlier_ms}),),
    )


def raised_by(incident: Incident, alert: Alert) -> bool:
    """Whether this alert began the incident: its id carries a piece of the alert's hash."""
    return incident.incident_id.endswith(f"-{_hash(alert.alert_id)}")


def _join(course: Course, alert: Alert, now: Moment, rules: Rules) -> Outcome:
    """A further press: counted; holding makes a call urgent; a real press ends a drill."""
    incident = course.incident
    pressed = alert.what == "pressed"
    kind = max(incident.kind, "urgent" if alert.what == "held" else "call", key=_RANK.__getitem__)
    changes: dict[str, object] = {"presses": incident.presses + pressed}
    entries = [Entry(event="joined", detail={"alert_id": alert.alert_id, "what": alert.what})]
    changed = with_changes(course, **changes)
    outranks = kind != incident.kind
    if outranks:
        rules = rules.at(kind, incident.point)
        changed, became = _become(changed, kind, now, rules)
        entries += became
    if incident.drill and not alert.drill:  # whoever was told of a drill may be taking their time
        changed, tell = steps.made_real(changed, _before(now, _age(alert, now)[0]), rules)
        entries.append(Entry(event="became_real", detail={"told": tell.staff}))
        return Changed(course=changed, entries=tuple(entries), tells=(tell,))
    why: Why | None = None
    if outranks:
        why = "urgent" if kind == "urgent" else "step"
    elif incident.stage != "raised" and pressed:
        why = "again"
    if why is None:
        return Changed(course=changed, entries=tuple(entries))
    changed, tell = steps.telling(changed, rules, why=why)
    entries[0] = _with_told(entries[0], tell)
    return Changed(course=changed, entries=tuple(entries), tells=(tell,))


def _with_told(entry: Entry, tell: Tell) -> Entry:
    return replace(entry, detail={**entry.detail, "told": tell.staff})


def _become(
    course: Course, kind: Kind, now: Moment, rules: Rules
) -> tuple[Course, tuple[Entry, ...]]:
    """The course as one of another kind, which asks for other roles; and what the log gets.

    rules: of the new kind. It may climb faster from here on, never slower than it would have.
    """
    asked = rules.asked_roles(kind, course.incident.situation)
    changed = with_changes(course, kind=kind, asked_roles=asked)
    changed, substituted = with_stand_ins(changed, rules)
    if changed.incident.stage == "raised":
        due_ms = now.mono_ms + steps.wait_ms(changed.incident, rules.policy)
        changed = steps.ringing(replace(changed, due_ms=min(changed.due_ms, due_ms)), now, rules)
    return changed, (Entry(event=f"became_{kind}", detail={}), *substituted)


def _attend(course: Course, then: Moment, now: Moment, rules: Rules) -> Outcome:
    """The presence button: somebody is there. It is the owner if they had not arrived yet."""
    incident = course.incident
    if incident.stage == "arrived":
        return Unchanged()
    arriving = incident.owner
    there = with_one_there(course, arriving, then, rules)
    return Changed(
        course=arrived(there, then, now, rules),
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
    entry = Entry(event="possible_fall", detail={"after_ms": after_ms})
    changed = with_changes(course, possible_fall=True)
    if incident.kind != "call":
        return Changed(course=changed, entries=(entry,))
    rules = rules.at("urgent", incident.point)
    changed, entries = _become(changed, "urgent", now, rules)
    changed, tell = steps.telling(changed, rules, why="urgent")
    return Changed(course=changed, entries=(_with_told(entry, tell), *entries), tells=(tell,))


def _after_press_ms(course: Course, event: Vacated, now: Moment) -> int | None:
    """Milliseconds from a press to the empty seat; None when it was not that soon."""
    then_ms = now.mono_ms - event.age_ms
    presses = [now.mono_ms - event.pressed_age_ms] if event.pressed_age_ms is not None else []
    if course.raised_ms is not None and course.boot == now.boot:
        presses.append(course.raised_ms)
    after = [then_ms - press_ms for press_ms in presses if 0 <= then_ms - press_ms <= FALL_MS]
    return min(after, default=None)


def _before(now: Moment, age_ms: int) -> Moment:
    return replace(now, mono_ms=now.mono_ms - age_ms, utc_ms=now.utc_ms - age_ms)
