"""PURE. The escalation of an incident: who is told next when nobody acts in time."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from gateway.course import Changed, Course, Entry, Outcome, Rules, Tell, Unchanged, Why
from gateway.policy import told
from gateway.responders import in_this_boot, with_changes
from protocol.moment import Moment


def fall_due(course: Course, now: Moment, rules: Rules) -> Outcome:
    """Nobody acted in time: the next step, or the same people again."""
    if not course.is_due(now):
        return Unchanged()
    course = in_this_boot(course, now)
    match course.incident.stage:
        case "raised":
            return climb(course, now, rules)
        case "accepted":
            return tell_overdue(course, now, rules, what="arrival")
        case _:
            return tell_overdue(course, now, rules, what="close")


def climb(course: Course, now: Moment, rules: Rules) -> Changed:
    is_last = rules.policy.is_last(course.incident.step)
    changed, tell = next_step(course, now, from_ms=course.due_ms, rules=rules)
    entry = Entry(
        event="told_again" if is_last else "step_taken",
        detail={"step": tell.step, "told": tell.staff},
    )
    return Changed(course=changed, entries=(entry,), tells=(tell,))


def next_step(course: Course, now: Moment, *, from_ms: int, rules: Rules) -> tuple[Course, Tell]:
    """One step up, or the last one again. While raised, the next is due a gap after from_ms.

    Steps keep to the schedule of the press, however late we are; telling again does not catch up.
    """
    policy, incident = rules.policy, course.incident
    is_last = policy.is_last(incident.step)
    number = incident.step if is_last else incident.step + 1
    outside = incident.outside or policy.steps[number].tell == "outside"
    changed = with_changes(course, step=number, outside=outside)
    if incident.stage == "raised":
        base_ms = now.mono_ms if policy.is_last(number) else from_ms
        changed = replace(changed, due_ms=base_ms + policy.gap_ms(number))
    return changed, telling(changed, rules, why="again" if is_last else "step")


def tell_overdue(
    course: Course, now: Moment, rules: Rules, *, what: Literal["arrival", "close"]
) -> Changed:
    """Accepted but nobody came, or came but never closed: everybody on duty hears of it."""
    if what == "arrival":
        why, again_s = "overdue_arrival", rules.policy.arrival_s
    else:
        why, again_s = "overdue_close", rules.policy.close_s
    changed = replace(with_changes(course, overdue=what), due_ms=now.mono_ms + again_s * 1000)
    staff = rules.roster.on_duty()
    return Changed(
        course=changed,
        entries=(Entry(event=why, detail={"told": staff}),),
        tells=(Tell(why=why, step=changed.incident.step, staff=staff),),
    )


def telling(course: Course, rules: Rules, *, why: Why) -> Tell:
    number, kind = course.incident.step, course.incident.kind
    return Tell(
        why=why,
        step=number,
        staff=told(rules.policy, rules.roster, step=number, kind=kind),
        everywhere=rules.policy.steps[number].tell == "outside",
    )
