"""PURE. Which of the asked roles are covered on an incident, by whom, and who stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from gateway.course import Course, Entry, Rules
from gateway.roster import CERTIFIED
from protocol.messages import Incident


def with_cover(incident: Incident) -> Incident:
    """The incident with who covers which asked role, and the roles that nobody does."""
    covered = {}
    for role in incident.asked_roles:
        staff = _holder(incident, role)
        # Whoever stands in for a role with a certificate helps, but the one who has it is missing.
        if staff is None and role not in CERTIFIED:
            staff = _holder(incident, incident.substitutes.get(role))
        if staff is not None:
            covered[role] = staff
    missing = tuple(role for role in incident.asked_roles if role not in covered)
    return replace(incident, covered_by=covered, missing_roles=missing)


def _holder(incident: Incident, role: str | None) -> str | None:
    return next((one.staff for one in incident.responders if role in one.roles), None)


def with_stand_ins(course: Course, rules: Rules) -> tuple[Course, tuple[Entry, ...]]:
    """The course with the substitute rule applied to each missing role that nobody on duty has,
    or that all who have it have refused; and what the log gets."""
    incident = course.incident
    refused = {one.staff for one in incident.refused}
    known = incident.substitutes
    found = stand_ins_for(incident.missing_roles, rules, known=known, refused=refused)
    if not found:
        return course, ()
    changed = with_cover(replace(incident, substitutes={**known, **found}))
    return replace(course, incident=changed), substitution_entries(found)


def stand_ins_for(
    missing: Iterable[str],
    rules: Rules,
    *,
    known: Mapping[str, str],
    refused: Collection[str],
) -> dict[str, str]:
    """{missing role: the role that stands in for it from now on}; known: those that do already."""
    found: dict[str, str] = {}
    if not rules.substitutes:
        return found
    for role in missing:
        present = known.get(role)
        if _is_there(role, refused, rules) or (present and _is_there(present, refused, rules)):
            continue
        instead = rules.substitutes.get(role, ())
        stand_in = next((one for one in instead if _is_there(one, refused, rules)), None)
        if stand_in is not None:
            found[role] = stand_in
    return found


def substitution_entries(found: Mapping[str, str]) -> tuple[Entry, ...]:
    """What the log gets of roles that stand in for others."""
    return tuple(
        Entry(event="substituted", detail={"role": role, "instead": stand_in})
        for role, stand_in in found.items()
    )


def _is_there(role: str, refused: Collection[str], rules: Rules) -> bool:
    """Whether somebody on duty has the role and has not refused."""
    return any(staff not in refused for staff in rules.roster.on_duty_with((role,)))
