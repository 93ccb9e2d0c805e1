"""Who was told, who refused and who owns it, held against the log of who is on duty."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from protocol.messages import Incident

from .journal import Journal
from .staff import OFF_DUTY, ROLES
from .world import World


class Duty:
    """Who was on duty when, by what the log says of signing in and out."""

    def __init__(self, journal: Journal) -> None:
        planned = set(ROLES) - set(OFF_DUTY)
        self._states: list[tuple[int, frozenset[str]]] = [(-1, frozenset(planned))]
        for stored in journal.entries:
            if not stored.entry.event.startswith("duty_"):
                continue
            staff, event = stored.entry.detail["staff"], stored.entry.event
            is_on = staff in planned if event == "duty_plan" else event == "duty_on"
            before = self._states[-1][1]
            after = before | {staff} if is_on else before - {staff}
            self._states.append((stored.ms, after))

    def perhaps(self, ms: int) -> frozenset[str]:
        """Those who may count as on duty then: within one moment things come one by one."""
        return frozenset().union(*self._around(ms))

    def surely(self, ms: int) -> frozenset[str]:
        """Those who were on duty whatever came first."""
        return frozenset(ROLES).intersection(*self._around(ms))

    def _around(self, ms: int) -> list[frozenset[str]]:
        before = [state for at_ms, state in self._states if at_ms < ms]
        return [before[-1], *(state for at_ms, state in self._states if at_ms == ms)]


def who_was_told(world: World) -> Iterator[str]:
    """Nobody who has signed out is told, and somebody always is while anybody is there."""
    duty = Duty(world.journal)
    for stored in world.journal.entries:
        told = stored.entry.detail.get("told")
        if not isinstance(told, list | tuple):
            continue
        there = duty.perhaps(stored.ms)
        name = f"{stored.entry.event} of {stored.incident_id} at {stored.ms / 1000:.3f} s"
        if not set(told) <= there:
            yield f"{name}: {sorted(set(told) - there)} had signed out and was told"
        if not told and duty.surely(stored.ms):
            yield f"{name}: nobody was told"


def who_refused(world: World) -> Iterator[str]:
    """Each refusal that was granted is in the log; when all whom a step told have refused the next
    is called at once, and not before."""
    journal, duty = world.journal, Duty(world.journal)
    last_step = len(world.config.policy.steps) - 1
    granted = {
        (journal.actions[one].incident_id, journal.actions[one].by)
        for one, results in journal.results.items()
        if one in journal.actions
        and journal.actions[one].action in ("refuse", "busy")
        and results[0].ok
    }
    logged = {
        (stored.incident_id, stored.entry.by)
        for stored in journal.entries
        if stored.entry.event == "refused"
    }
    if not granted <= logged:
        yield f"refused, but not in the log: {sorted(granted - logged)}"
    early = {
        (stored.incident_id, stored.ms)
        for stored in journal.entries
        if stored.entry.detail.get("because") == "all_refused"
    }
    for incident_id, history in journal.incidents.items():
        for (_, before), (ms, after) in pairwise(history):
            if before.stage != "raised":
                continue
            if len(after.refused) > len(before.refused) and after.stage == "raised":
                waiting = _waiting(after, after.step, duty.perhaps(ms))
                end = last_step - (after.kind == "seat")  # the clock does not bring it outside
                if after.step < end and not waiting:
                    yield f"{incident_id}: all have refused at {ms} ms, and the next is not called"
            if (incident_id, ms) in early and after.step == before.step + 1:
                waiting = _waiting(before, before.step, duty.surely(ms))
                # Whoever is told by the next step in the same round may refuse that one too.
                waiting -= {one.staff for one in after.refused if one.step >= before.step}
                if waiting:
                    yield f"{incident_id}: the next was called at {ms} ms, but {waiting} was asked"


def _waiting(incident: Incident, step: int, there: frozenset[str]) -> set[str]:
    """Whom the step told, who are there and have not refused it."""
    refused = {one.staff for one in incident.refused if one.step == step}
    told = {staff for staff, number in incident.told.items() if number == step}
    return (told & there) - refused


def owners_stay(world: World) -> Iterator[str]:
    """There is an owner at every moment from the first, also while one is offered to another."""
    for incident_id, history in world.journal.incidents.items():
        for (_, before), (ms, after) in pairwise(history):
            if before.owner is not None and after.owner is None:
                yield f"{incident_id} has no owner at {ms} ms"
            if after.offer is not None and after.offer.by != after.owner:
                yield f"{incident_id}: an offer of {after.offer.by} at {ms} ms, not of its owner"
