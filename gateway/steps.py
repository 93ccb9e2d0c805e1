"""PURE. The escalation of an incident: who is told next when nobody acts in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from gateway.course import (
    RING_NOW,
    Changed,
    Course,
    Entry,
    Outcome,
    Rules,
    Tell,
    Unchanged,
    Why,
)
from gateway.cover import with_stand_ins
from gateway.policy import Policy, told
from gateway.responders import (
    in_this_boot,
    with_changes,
    without_offer,
)
from protocol.messages import Incident, Offer
from protocol.moment import Moment

# Why a step came before its time: the last who was waited for refused, or went off duty; or nobody
# is left who could bring a role that is missing.
Because = Literal["all_refused", "nobody_left", "role_missing"]


def fall_due(course: Course, now: Moment, rules: Rules) -> Outcome:
    """Nobody acted in time: an offer lapses, another ring, the next step, the same people again."""
    if not course.is_due(now):
        return Unchanged()
    only_rings = course.boot == now.boot and now.mono_ms < course.due_ms
    course = in_this_boot(course, now)
    offer = course.incident.offer
    if offer is not None and course.offer_ms is not None and now.mono_ms >= course.offer_ms:
        return let_lapse(course, offer)
    match course.incident.stage:
        case "raised" if only_rings:
            return ring(course, now, rules)
        case "raised":
            return climb(course, now, rules)
        case "accepted":
            return tell_overdue(course, now, rules, what="arrival")
        case _:
            return tell_overdue(course, now, rules, what="close")


# --- step by step ---------------------------------------------------------------------------


def climb(course: Course, now: Moment, rules: Rules) -> Changed:
    """The next step in its time, or the last one again."""
    is_end = is_clocks_end(course.incident, rules.policy)
    event = "told_again" if is_end else "step_taken"
    return _taken(course, now, rules, from_ms=course.due_ms, event=event)


def go_on_without(before: Changed, now: Moment, rules: Rules, *, because: Because) -> Changed:
    """What comes of somebody who will not come: their role is stood in for, and when nobody is
    left whom the present step told, the next one comes at once."""
    changed, substituted = with_stand_ins(before.course, rules)
    tells = before.tells
    if substituted:
        changed, tell = tell_stand_ins(changed, substituted, rules)
        tells = (*tells, tell) if tell.staff else tells
    after = Changed(course=changed, entries=(*before.entries, *substituted), tells=tells)
    is_end = is_clocks_end(changed.incident, rules.policy)
    if changed.incident.stage != "raised" or is_end or waited_for(changed, rules):
        return after
    return _and_next(after, now, rules, because=because)


def for_missing_roles(
    before: Course, after: Changed, now: Moment, rules: Rules, *, went: Sequence[str] = ()
) -> Changed:
    """What came of an event, and the next step at once when a role has come to be missing on a call
    that somebody is on, and nobody who was told could still bring it. went: off duty by it."""
    if after.course.incident.stage not in ("accepted", "arrived"):
        return after
    is_first = before.incident.stage == "raised"
    known = frozenset() if is_first else _unawaited(before, rules, also_there=went)
    lost = _unawaited(after.course, rules) - known
    if not lost or is_clocks_end(after.course.incident, rules.policy):
        return after
    return _and_next(after, now, rules, because="role_missing")


def _unawaited(course: Course, rules: Rules, *, also_there: Sequence[str] = ()) -> frozenset[str]:
    """The missing roles that nobody brings who was told, is on duty and has not refused."""
    incident, roster = course.incident, rules.roster
    away = {one.staff for one in (*incident.refused, *incident.responders)}
    there = [one for one in incident.told if roster.is_on_duty(one) or one in also_there]
    free = [one for one in there if one not in away]
    return frozenset(
        role
        for role in incident.missing_roles
        if not any(roster.has_role(one, role, incident.substitutes.get(role, role)) for one in free)
    )


def _and_next(before: Changed, now: Moment, rules: Rules, *, because: Because) -> Changed:
    """The next step at once, on top of what has changed."""
    course = in_this_boot(before.course, now)
    called = _taken(course, now, rules, from_ms=now.mono_ms, event="step_taken", because=because)
    return replace(
        called,
        entries=(*before.entries, *called.entries),
        tells=(*before.tells, *called.tells),
    )


def made_real(course: Course, since: Moment, rules: Rules) -> tuple[Course, Tell]:
    """The drill's course as a call's that begins at `since`, and the telling: to all who were told
    of a drill, and to those who have a role that is missing. Times and refusals of practice are
    nobody's."""
    real = with_changes(
        in_this_boot(course, since),
        drill=False,
        to_accept_ms=None,
        to_arrive_ms=None,
        refused=(),
    )
    incident = real.incident
    _, tell = telling(real, rules, why="real")
    missing = (*incident.missing_roles, *incident.substitutes.values())
    people = (*tell.staff, *incident.told, *rules.roster.on_duty_with(missing))
    there = tuple(one for one in dict.fromkeys(people) if rules.roster.is_on_duty(one))
    return telling_these(replace(real, raised_ms=since.mono_ms), rules, why="real", staff=there)


def tell_needed(
    course: Course, roles: Sequence[str], rules: Rules
) -> tuple[Course, tuple[Entry, ...], tuple[Tell, ...]]:
    """The course once those are told who have one of these missing roles, or stand in for it; what
    the log gets of stand-ins, and the telling. Not who is on it, or has refused already."""
    course, substituted = with_stand_ins(course, rules)
    incident = course.incident
    instead = [incident.substitutes[one] for one in roles if one in incident.substitutes]
    away = {one.staff for one in (*incident.refused, *incident.responders)}
    found = rules.roster.on_duty_with((*roles, *instead)) if roles else ()
    people = tuple(one for one in found if one not in away)
    if not people:
        return course, substituted, ()
    course, tell = telling_these(course, rules, why="needed", staff=people)
    return course, substituted, (tell,)


def _taken(
    course: Course, now: Moment, rules: Rules, *, from_ms: int, event: str, **detail: object
) -> Changed:
    changed, tell, entries = next_step(course, now, from_ms=from_ms, rules=rules, by_clock=True)
    entry = Entry(event=event, detail={"step": tell.step, "told": tell.staff, **detail})
    return Changed(course=changed, entries=(*entries, entry), tells=(tell,))


def next_step(
    course: Course, now: Moment, *, from_ms: int, rules: Rules, by_clock: bool = False
) -> tuple[Course, Tell, tuple[Entry, ...]]:
    """One step up, or the last one again; whom that tells, and who stands in for whom from now on.

    While raised, the next is due a gap after from_ms. Steps keep to the schedule of the press,
    however late we are; telling again does not catch up.
    """
    policy, incident = rules.policy, course.incident
    is_end = is_clocks_end(incident, policy) if by_clock else policy.is_last(incident.step)
    number = incident.step if is_end else incident.step + 1
    outside = incident.outside or policy.step(number).tell == "outside"
    changed, entries = with_stand_ins(with_changes(course, step=number, outside=outside), rules)
    if incident.stage == "raised":
        base_ms = now.mono_ms if is_clocks_end(changed.incident, policy) else from_ms
        changed = replace(changed, due_ms=base_ms + wait_ms(changed.incident, policy))
    changed, tell = telling(changed, rules, why="again" if is_end else "step")
    return ringing(changed, now, rules), tell, entries


def wait_ms(incident: Incident, policy: Policy) -> int:
    """How long the present step is left alone: until the next one, or until told again."""
    if is_clocks_end(incident, policy):
        return policy.repeat_s * 1000
    return policy.gap_ms(incident.step)


def is_clocks_end(incident: Incident, policy: Policy) -> bool:
    """Whether the clock climbs no further: a seat that is only looked after brings no ambulance."""
    is_calm = incident.kind == "seat" and policy.step(incident.step + 1).tell == "outside"
    return is_calm or policy.is_last(incident.step)


def telling(course: Course, rules: Rules, *, why: Why) -> tuple[Course, Tell]:
    """The course once the people of its present step are told, and the telling."""
    incident = course.incident
    people = told(
        rules.policy,
        rules.roster,
        step=incident.step,
        kind=incident.kind,
        stand_ins=tuple(incident.substitutes.values()),
    )
    return telling_these(course, rules, why=why, staff=people)


def tell_stand_ins(
    course: Course, substituted: tuple[Entry, ...], rules: Rules
) -> tuple[Course, Tell]:
    """The course once those are told who stand in from now on; not who has refused already."""
    refused = {one.staff for one in course.incident.refused}
    roles = tuple(str(entry.detail["instead"]) for entry in substituted)
    people = tuple(one for one in rules.roster.on_duty_with(roles) if one not in refused)
    return telling_these(course, rules, why="stand_in", staff=people)


def telling_these(
    course: Course, rules: Rules, *, why: Why, staff: tuple[str, ...]
) -> tuple[Course, Tell]:
    """The course once these are told by its present step, and the telling."""
    return with_told(course, staff), tell_of(course.incident, rules, why=why, staff=staff)


def with_told(course: Course, staff: tuple[str, ...]) -> Course:
    """The course with these as told by its present step."""
    incident = course.incident
    now_told = {**incident.told, **dict.fromkeys(staff, incident.step)}
    return replace(course, incident=replace(incident, told=now_told))


def tell_of(incident: Incident, rules: Rules, *, why: Why, staff: tuple[str, ...]) -> Tell:
    """What these staff are told of the incident's present step."""
    number = incident.step
    here = rules.policy.step(number)
    return Tell(
        why=why,
        step=number,
        staff=staff,
        everywhere=here.tell == "outside",
        channels=here.channels,
        silent=rules.policy.silent_channels(number, incident.kind),
    )


def waited_for(course: Course, rules: Rules) -> tuple[str, ...]:
    """Whom the present step has told, who are on duty still and have not refused since."""
    incident = course.incident
    refused = {one.staff for one in incident.refused if one.step == incident.step}
    return tuple(
        staff
        for staff, step in incident.told.items()
        if step == incident.step and staff not in refused and rules.roster.is_on_duty(staff)
    )


# --- like a telephone -----------------------------------------------------------------------


def ringing(course: Course, now: Moment, rules: Rules) -> Course:
    """The course as it begins its present step: telling was the first ring, if that one rings."""
    here = rules.policy.step(course.incident.step)
    if course.incident.stage != "raised" or here.ring_s is None:
        if course.ring_ms is None and course.incident.rings == 0:
            return course  # as with each press of a policy without rings: nothing to copy
        return replace(course, ring_ms=None, incident=replace(course.incident, rings=0))
    ring_ms = now.mono_ms + here.ring_s * 1000 if here.rings > 1 else None
    return replace(course, ring_ms=ring_ms, incident=replace(course.incident, rings=1))


def ring(course: Course, now: Moment, rules: Rules) -> Changed:
    """The people of the present step again, but for those who refused. The log gets one entry a
    step: a ring each five seconds would bury the rest."""
    here = rules.policy.step(course.incident.step)
    if here.ring_s is None or course.ring_ms is None:  # the policy has changed meanwhile
        return Changed(course=ringing(course, now, rules), entries=())
    rings, every_ms = course.incident.rings + 1, here.ring_s * 1000
    # After a start nobody knows the rhythm there was: a new one begins with this ring.
    late_ms = 0 if course.ring_ms == RING_NOW else now.mono_ms - course.ring_ms
    next_ms = now.mono_ms + every_ms - late_ms % every_ms
    changed = replace(
        with_changes(course, rings=rings), ring_ms=next_ms if rings < here.rings else None
    )
    people = waited_for(course, rules)
    detail: dict[str, object] = {"step": course.incident.step, "every_s": here.ring_s}
    return Changed(
        course=changed,
        entries=(Entry(event="rung", detail=detail),) if rings == 2 else (),
        tells=(tell_of(course.incident, rules, why="ring", staff=people),) if people else (),
    )


# --- accepted, but --------------------------------------------------------------------------


def tell_overdue(
    course: Course, now: Moment, rules: Rules, *, what: Literal["arrival", "close"]
) -> Changed:
    """Accepted but nobody came, or came but never closed: everybody on duty hears of it."""
    if what == "arrival":
        why, again_s = "overdue_arrival", rules.policy.arrival_s
    else:
        why, again_s = "overdue_close", rules.policy.close_s
    staff = rules.roster.on_duty()
    changed = with_told(with_changes(course, overdue=what), staff)
    return Changed(
        course=replace(changed, due_ms=now.mono_ms + again_s * 1000),
        entries=(Entry(event=why, detail={"told": staff}),),
        tells=(Tell(why=why, step=changed.incident.step, staff=staff),),
    )


def let_lapse(course: Course, offer: Offer) -> Changed:
    """Nobody has answered the offer: the owner stays owner, and both hear of it."""
    entry = Entry(event="offer_lapsed", detail={"from": offer.by, "to": offer.to})
    tell = Tell(why="offer_lapsed", step=course.incident.step, staff=(offer.by, offer.to))
    return Changed(course=without_offer(course), entries=(entry,), tells=(tell,))
