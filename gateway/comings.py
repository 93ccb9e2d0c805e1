"""PURE. Who comes on duty and who goes while a call is open, and what that makes of it."""

from __future__ import annotations

from dataclasses import replace

from gateway.course import Changed, Course, DutyChanged, Entry, Rules
from gateway.responders import responder_of, with_duty
from gateway.steps import go_on_without, is_clocks_end, let_lapse, tell_needed, telling_these
from protocol.messages import Incident
from protocol.moment import Moment


def duty_changed(course: Course, event: DutyChanged, now: Moment, rules: Rules) -> Changed:
    """Who signs out, or whose shift is over, will come as little as one who refuses.

    A step that found nobody to tell waits for its clock: nobody has gone from it.
    """
    changed = _without_offer_to(_without_who_went(course, event, rules), event.went)
    if course.incident.step in course.incident.told.values():
        changed = go_on_without(changed, now, rules, because="nobody_left")
    return _with_help_that_came(changed, event.came, rules)


def _without_offer_to(changed: Changed, went: tuple[str, ...]) -> Changed:
    """An offer to somebody who has gone off duty lapses: nobody becomes owner on the way home."""
    offer = changed.course.incident.offer
    if offer is None or offer.to not in went:
        return changed
    lapsed = let_lapse(changed.course, offer)
    return replace(
        lapsed,
        entries=(*changed.entries, *lapsed.entries),
        tells=(*changed.tells, *lapsed.tells),
    )


def _without_who_went(course: Course, event: DutyChanged, rules: Rules) -> Changed:
    """The course once who accepted and went off duty on the way covers nothing; those who can
    take their place are told, or everybody when nobody has their roles."""
    before = course.incident
    course = with_duty(course, event.came, event.went, rules)
    if course.incident == before:
        return Changed(course=course, entries=())
    lost = [one for one in course.incident.missing_roles if one not in before.missing_roles]
    gone = _who_is_missed(before, course.incident, lost)
    course, substituted, tells = tell_needed(course, lost, rules)
    is_next = lost and not is_clocks_end(course.incident, rules.policy)
    if gone and not tells and not is_next:  # else the next step comes, since a role is missing
        people = tuple(one for one in rules.roster.on_duty() if responder_of(course, one) is None)
        course, tell = telling_these(course, rules, why="needed", staff=people)
        tells = (tell,)
    told = [staff for tell in tells for staff in tell.staff]
    entries = tuple(
        Entry(
            event="left_on_the_way" if staff in event.went else "role_lost",
            by=staff,
            detail={"needed": lost, "told": told},
        )
        for staff in gone
    )
    return Changed(course=course, entries=(*entries, *substituted), tells=tells)


def _who_is_missed(before: Incident, after: Incident, lost: list[str]) -> list[str]:
    """Who went off duty on the way, and who covered a role that is missing now."""
    pairs = zip(before.responders, after.responders, strict=True)
    went = [one.staff for one, then in pairs if then.off_duty and not one.off_duty]
    covered = [before.covered_by[role] for role in lost if role in before.covered_by]
    return list(dict.fromkeys((*went, *covered)))


def _with_help_that_came(changed: Changed, came: tuple[str, ...], rules: Rules) -> Changed:
    """Who comes on duty and has a role that is missing is told, whatever the step."""
    incident = changed.course.incident
    new = [one for one in came if rules.roster.is_on_duty(one) and one not in incident.told]
    people = tuple(one for one in new if rules.roster.has_role(one, *incident.missing_roles))
    if not people:
        return changed
    entry = Entry(event="needed", detail={"told": people})
    course, tell = telling_these(changed.course, rules, why="needed", staff=people)
    return Changed(course=course, entries=(*changed.entries, entry), tells=(*changed.tells, tell))
