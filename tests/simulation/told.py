"""Who was told, who refused and who owns it, held against the log of who is on duty."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import reduce
from itertools import pairwise, takewhile

from protocol.messages import Incident

from .journal import Run, Stored, Version
from .oracle import able, latest
from .rules import Duty, Rules, audience, kind_after
from .staff import ROLES
from .world import World

# What tells the people of a step, and whether who stands in is logged after it.
TELLS_A_STEP = {"raised": True, "step_taken": False, "told_again": False, "escalated": True}
TELLS_SOMEBODY = {*TELLS_A_STEP, "overdue_arrival", "overdue_close"}
# What says which roles are asked for.
ASKS = {"raised", "became_call", "became_urgent", "became_silent", "situation_set"}


def who_was_told(world: World) -> Iterator[str]:
    """Each step tells those whom the policy of the incident's kind and place names: nobody who has
    signed out, those who stand in too, and somebody always while anybody is there."""
    duty, rules = Duty(world.journal.entries), Rules(world)
    for call in calls(world):
        for stored in call.entries:
            told = stored.entry.detail.get("told")
            if told is None:
                continue
            name = f"{stored.entry.event} of {call.incident_id} at {stored.ms / 1000:.3f} s"
            gone = set(told) - duty.perhaps(stored.round)
            if gone:
                yield f"{name}: {sorted(gone)} had signed out and was told"
            if not told and stored.entry.event in TELLS_SOMEBODY and duty.surely(stored.round):
                yield f"{name}: nobody was told"
            if stored.entry.event in TELLS_A_STEP:
                right = [call.audience(stored, rules, there) for there in duty.around(stored.round)]
                if set(told) not in right:
                    yield f"{name}: told were {sorted(told)}, not {sorted(right[-1])}"


def who_stands_in(world: World) -> Iterator[str]:
    """While nobody has accepted: an asked role that nobody has who is there and has not refused is
    stood in for by the first that can be, and the log says so."""
    duty, rules = Duty(world.journal.entries), Rules(world)
    for call in calls(world):
        for version in world.journal.incidents[call.incident_id]:
            incident = version.incident
            if incident.substitutes != call.substitutes(version.round):
                yield f"{call.incident_id}: {incident.substitutes} stand in, and the log differs"
            looked = {"refused", *TELLS_A_STEP} & call.events(version.round)
            if not looked or incident.stage != "raised" or incident.responders:
                continue
            refused = {one.staff for one in incident.refused}
            there = [state - refused for state in duty.around(version.round)]
            in_force = rules.at(version.round)
            for role in call.asked(version.round, rules):
                known = {role, incident.substitutes.get(role, role)}
                instead = in_force.instead.get(role, ())
                if not any(_has(state, known) for state in there) and all(
                    _has(state, instead) for state in there
                ):
                    yield f"{call.incident_id}: nobody stands in for {role} at {version.ms} ms"


def _has(there: frozenset[str], roles: Collection[str]) -> bool:
    return any(set(roles) & set(ROLES[one]) for one in there)


class Call:
    """One incident's entries in the log, and what follows from them alone."""

    def __init__(self, incident_id: str, point: str, entries: list[Stored]) -> None:
        self.incident_id = incident_id
        self.entries = entries
        self._point = point

    def events(self, round: int) -> set[str]:
        return {one.entry.event for one in self.entries if one.round == round}

    def substitutes(self, round: int) -> dict[str, str]:
        """{role: who stands in for it} at the end of a round."""
        return _standing_in(one for one in self.entries if one.round <= round)

    def asked(self, round: int, rules: Rules) -> tuple[str, ...]:
        """The roles that the policy asked for when it was raised, or was said to be another."""
        before = [one for one in self.entries if one.round <= round]
        newest = [one for one in before if one.entry.event in ASKS][-1]
        return rules.at(newest.round).asked(reduce(kind_after, before, ""), self._point)

    def audience(self, stored: Stored, rules: Rules, there: frozenset[str]) -> frozenset[str]:
        """Whom the step of an entry has to tell of those who are there."""
        number = self.entries.index(stored)
        if TELLS_A_STEP[stored.entry.event]:
            after = [one for one in self.entries[number + 1 :] if one.round == stored.round]
            number += len(list(takewhile(_is_substituted, after)))
        before = self.entries[: number + 1]
        kind = reduce(kind_after, before, "")
        in_force = rules.at(stored.round)
        step = in_force.limits(kind, self._point).step(stored.entry.detail.get("step", 0))
        roles = in_force.asked(kind, self._point)
        return audience(step, [*roles, *_standing_in(before).values()], there)


def _is_substituted(stored: Stored) -> bool:
    return stored.entry.event == "substituted"


def _standing_in(entries: Iterable[Stored]) -> dict[str, str]:
    details = [one.entry.detail for one in entries if _is_substituted(one)]
    return {one["role"]: one["instead"] for one in details}


def calls(world: World) -> Iterator[Call]:
    """Each incident with its entries."""
    entries = defaultdict(list)
    for stored in world.journal.entries:
        entries[stored.incident_id].append(stored)
    for incident_id, history in world.journal.incidents.items():
        yield Call(incident_id, history[0].incident.point, entries[incident_id])


def who_refused(world: World) -> Iterator[str]:
    """Each refusal that was granted is in the log; when all whom a step told have refused the next
    is called at once, and not before."""
    journal, duty, rules = world.journal, Duty(world.journal.entries), Rules(world)
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
        (stored.incident_id, stored.round)
        for stored in journal.entries
        if stored.entry.detail.get("because", "role_missing") != "role_missing"
    }
    for incident_id, history in journal.incidents.items():
        for (*_, before), (ms, _, round, after) in pairwise(history):
            if before.stage != "raised":
                continue
            if len(after.refused) > len(before.refused) and after.stage == "raised":
                waiting = waiting_for(after, after.step, duty.perhaps(round))
                limits = rules.at(round).limits(after.kind, after.point)
                if not limits.is_end(after.step, after.kind) and not waiting:
                    yield f"{incident_id}: all have refused at {ms} ms, and the next is not called"
            if (incident_id, round) in early and after.step == before.step + 1:
                waiting = waiting_for(before, before.step, duty.surely(round))
                # Whoever is told by the next step in the same round may refuse that one too.
                waiting -= {one.staff for one in after.refused if one.step >= before.step}
                if waiting:
                    yield f"{incident_id}: the next was called at {ms} ms, but {waiting} was asked"


def who_can_bring(world: World) -> Iterator[str]:
    """On a call that somebody is on the next step comes at once when a role has come to be missing
    and nobody who was told could bring it; and only while one is missing."""
    journal, duty, rules = world.journal, Duty(world.journal.entries), Rules(world)
    called = {
        (stored.incident_id, stored.round)
        for stored in journal.entries
        if stored.entry.detail.get("because") == "role_missing"
    }
    for incident_id, history in journal.incidents.items():
        for (*_, before), (ms, _, round, after) in pairwise(history):
            if after.stage not in ("accepted", "arrived"):
                continue
            if (incident_id, round) in called:
                if not (after.missing_roles or before.missing_roles):
                    yield f"{incident_id}: the next was called at {ms} ms, and no role is missing"
                continue
            known = unawaited(before, duty.surely(round)) if before.stage != "raised" else set()
            lost = unawaited(after, duty.perhaps(round)) - known
            limits = rules.at(round).limits(after.kind, after.point)
            if lost and not limits.is_end(after.step, after.kind):
                yield f"{incident_id}: nobody is called for {sorted(lost)} at {ms} ms"


def unawaited(incident: Incident, there: frozenset[str]) -> set[str]:
    """The missing roles that nobody brings who was told, is there and has not refused."""
    away = {one.staff for one in (*incident.refused, *incident.responders)}
    free = there & (set(incident.told) - away)
    return {
        role
        for role in incident.missing_roles
        if not _has(free, {role, incident.substitutes.get(role, role)})
    }


def waiting_for(incident: Incident, step: int, there: frozenset[str]) -> set[str]:
    """Whom the step told, who are there and have not refused it."""
    refused = {one.staff for one in incident.refused if one.step == step}
    told = {staff for staff, number in incident.told.items() if number == step}
    return (told & there) - refused


def who_left(world: World) -> Iterator[str]:
    """When the last whom a step waits for goes off duty the next one comes at once."""
    journal, duty, rules = world.journal, Duty(world.journal.entries), Rules(world)
    windows = able(journal.runs["gateway"], journal.unwritable["gateway"])
    changes = [one for one in journal.entries if one.entry.event.startswith("duty_")]
    for incident_id, history in journal.incidents.items():
        for version, after in pairwise(history):
            incident = version.incident
            told = incident.step in incident.told.values()
            if incident.stage != "raised" or not told:
                continue
            for change in changes:
                limits = rules.at(change.round).limits(incident.kind, incident.point)
                is_between = version.round <= change.round < after.round
                if not is_between or limits.is_end(incident.step, incident.kind):
                    continue
                if waiting_for(incident, incident.step, duty.around(change.round)[-1]):
                    continue
                if after.ms > latest(windows, change.ms, boot=change.boot, since_ms=change.ms):
                    yield f"{incident_id}: all have gone at {change.ms} ms, and nobody is next"


def owners_stay(world: World) -> Iterator[str]:
    """There is an owner at every moment from the first, also while one is offered to another."""
    for incident_id, history in world.journal.incidents.items():
        for (*_, before), (ms, _, _, after) in pairwise(history):
            if before.owner is not None and after.owner is None:
                yield f"{incident_id} has no owner at {ms} ms"
            if after.offer is not None and after.offer.by != after.owner:
                yield f"{incident_id}: an offer of {after.offer.by} at {ms} ms, not of its owner"


def offers_lapse(world: World) -> Iterator[str]:
    """What is offered and answered by nobody lapses in its time, and not before, unless the one it
    is offered to goes off duty."""
    windows = able(world.journal.runs["gateway"], world.journal.unwritable["gateway"])
    rules, duty = Rules(world), Duty(world.journal.entries)
    for call in calls(world):
        offered: Version | None = None
        due_ms = math.inf
        for version in world.journal.incidents[call.incident_id]:
            incident = version.incident
            name = f"{call.incident_id}: the offer due at {due_ms} ms"
            if offered and version.ms > _latest_of(windows, due_ms, offered):
                yield f"{name} had not lapsed at {version.ms} ms"
            is_early = offered and offered.boot == version.boot and version.ms < due_ms
            is_there = offered and offered.incident.offer.to in duty.surely(version.round)
            if "offer_lapsed" in call.events(version.round) and is_early and is_there:
                yield f"{name} has lapsed at {version.ms} ms already"
            if incident.offer is None:
                offered = None
            elif offered is None or incident.offer != offered.incident.offer:
                limits = rules.at(version.round).limits(incident.kind, incident.point)
                offered, due_ms = version, version.ms + limits.offer_ms
        if offered and world.timeline.now_ms > _latest_of(windows, due_ms, offered):
            yield f"{call.incident_id}: the offer due at {due_ms} ms has not lapsed"


def _latest_of(windows: list[Run], due_ms: float, since: Version) -> float:
    return latest(windows, due_ms, boot=since.boot, since_ms=since.ms)
