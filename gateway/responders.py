"""PURE. Who is on an incident, and since when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gateway.course import Course, Rules
from gateway.cover import with_cover
from protocol.messages import Responder
from protocol.moment import Moment, rfc3339


def with_changes(course: Course, **changes: object) -> Course:
    """The course with its incident changed; the missing roles follow from the others."""
    return replace(course, incident=with_cover(replace(course.incident, **changes)))


def with_responder(course: Course, staff: str, now: Moment, rules: Rules) -> Course:
    """The course with `staff` as one who accepted; the first to accept owns it."""
    incident = course.incident
    responder = Responder(
        staff=staff, roles=rules.roster.roles_of(staff), accepted_at=rfc3339(now.utc_ms)
    )
    changes: dict[str, object] = {
        "responders": (*incident.responders, responder),
        "owner": incident.owner or staff,
        "refused": tuple(one for one in incident.refused if one.staff != staff),
    }
    if incident.stage != "raised":
        return with_changes(course, **changes)
    changes |= {
        "stage": "accepted",
        "accepted_at": rfc3339(now.utc_ms),
        "to_accept_ms": since_press_ms(course, now),
    }
    course = in_this_boot(with_changes(course, **changes), now)
    return replace(course, due_ms=now.mono_ms + rules.policy.arrival_s * 1000, ring_ms=None)


def with_one_there(course: Course, staff: str | None, then: Moment, rules: Rules) -> Course:
    """The course with the responder `staff` at the point since `then`. Who is there covers, even
    after the end of their duty."""
    return with_changes(
        course,
        responders=tuple(
            replace(
                one,
                arrived_at=one.arrived_at or rfc3339(then.utc_ms),
                roles=one.roles or rules.roster.roles_of(one.staff),
                off_duty=False,
            )
            if one.staff == staff
            else one
            for one in course.incident.responders
        ),
    )


def with_duty(course: Course, came: Collection[str], went: Collection[str], rules: Rules) -> Course:
    """The course once these have come on duty and those gone: who is under way and goes off duty
    covers nothing, unless they come back or arrive all the same. A role that somebody has no more,
    such as first aid without a certificate, they cover no more."""

    def of(one: Responder) -> Responder:
        is_known = rules.roster.knows(one.staff)
        if not is_known and one.arrived_at is not None:
            return one
        is_away = one.staff in went or (one.off_duty and one.staff not in came) or not is_known
        off_duty = one.arrived_at is None and is_away
        roles = () if off_duty else rules.roster.roles_of(one.staff)
        return replace(one, roles=roles, off_duty=off_duty)

    responders = tuple(of(one) for one in course.incident.responders)
    if responders == course.incident.responders:
        return course
    return with_changes(course, responders=responders)


def arrived(course: Course, then: Moment, now: Moment, rules: Rules) -> Course:
    """The course with somebody at the point since `then`, who has, in effect, accepted too."""
    incident, since_ms = course.incident, since_press_ms(course, then)
    changed = with_changes(
        course,
        stage="arrived",
        accepted_at=incident.accepted_at or rfc3339(then.utc_ms),
        to_accept_ms=incident.to_accept_ms if incident.accepted_at else since_ms,
        arrived_at=rfc3339(then.utc_ms),
        to_arrive_ms=since_ms,
        overdue=None,
    )
    due_ms = now.mono_ms + rules.policy.close_s * 1000
    return replace(in_this_boot(changed, now), due_ms=due_ms, ring_ms=None)


def without_offer(course: Course) -> Course:
    """The course with nobody asked to take it over."""
    return replace(with_changes(course, offer=None), offer_ms=None)


def responder_of(course: Course, staff: str) -> Responder | None:
    return next((one for one in course.incident.responders if one.staff == staff), None)


def in_this_boot(course: Course, now: Moment) -> Course:
    """The course on this boot's clock; what another boot's clock said of the press is lost."""
    if course.boot == now.boot:
        return course
    return replace(
        course,
        boot=now.boot,
        raised_ms=None,
        due_ms=now.mono_ms,
        ring_ms=None,
        offer_ms=None if course.offer_ms is None else now.mono_ms,
    )


def since_press_ms(course: Course, now: Moment) -> int | None:
    if course.raised_ms is None or course.boot != now.boot:
        return None
    return max(0, now.mono_ms - course.raised_ms)
