"""A step that rings like a telephone is heard each time; and each notice goes to its channel."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from .journal import Noted, Run, Version
from .oracle import PROMPT_MS, TICK_MS, able, latest
from .rules import Duty, Rules, Step
from .staff import ROLES
from .told import Call, calls, waiting_for
from .world import World

# What begins a step, or begins it anew for another kind of incident: its telling is the first ring.
FIRST_RINGS = {
    *("raised", "step_taken", "told_again", "escalated"),
    *("became_call", "became_urgent", "became_silent"),
}


def rings_were_heard(world: World) -> Iterator[str]:
    """While nobody has accepted, each ring comes in its time, to all who are waited for."""
    journal = world.journal
    rung: dict[tuple[str, int], dict[str, Noted]] = defaultdict(dict)
    for noted in journal.noted.values():
        if noted.notice.why == "ring":
            rung[noted.notice.incident_id, noted.round][noted.notice.channel] = noted
    windows = able(journal.runs["gateway"], journal.unwritable["gateway"])
    rules, duty = Rules(world), Duty(journal.entries)
    for call in calls(world):
        rings = Rings(call, rules=rules, duty=duty, able=windows, disturbed=_disturbed(world))
        for version in journal.incidents[call.incident_id]:
            rings.follow(version, rung.get((call.incident_id, version.round), {}))
        rings.expect_in_time(world.timeline.now_ms)
        yield from (f"{call.incident_id}: {what}" for what in rings.wrong)


def _disturbed(world: World) -> list[tuple[float, float]]:
    """When the gateway began anew or could not write, after which it rings at once: from, until."""
    journal = world.journal
    starts = [(run.start_ms, run.start_ms) for run in journal.runs["gateway"]]
    full = [(bad.start_ms, bad.end_ms + TICK_MS) for bad in journal.unwritable["gateway"]]
    return [*starts, *full]


class Rings:
    """Follows one incident, round by round. wrong: what was not as it should be."""

    def __init__(
        self,
        call: Call,
        *,
        rules: Rules,
        duty: Duty,
        able: list[Run],
        disturbed: list[tuple[float, float]],
    ) -> None:
        self.wrong: list[str] = []
        self._call = call
        self._rules = rules
        self._duty = duty
        self._able = able
        self._disturbed = disturbed
        self._before: Version | None = None
        self._since: Version
        self._count = 0
        self._due_ms = math.inf

    def follow(self, version: Version, told: Mapping[str, Noted]) -> None:
        """told: the notices of a ring that the round made, by channel."""
        self.expect_in_time(version.ms)
        incident, before = version.incident, self._before
        step = self._step(version)
        if incident.stage != "raised" or incident.rings == 0:
            self._due_ms, is_ring = math.inf, False
        elif self._call.events(version.round) & FIRST_RINGS:
            is_ring = False
            self._begin(version, step)
        else:
            is_ring = before is not None and incident.rings > before.incident.rings
        if is_ring:
            self._ring(version, step)
            self._expect_told(version, told)
        elif told:
            self._blame(version, f"rings while {incident.stage}, and it is no time for it")
        if is_ring or before is None or self._call.events(version.round) & FIRST_RINGS:
            self._since = version
        self._before = version

    def expect_in_time(self, now_ms: float) -> None:
        if self._due_ms == math.inf:
            return
        since = self._since
        latest_ms = latest(self._able, self._due_ms, boot=since.boot, since_ms=since.ms)
        if now_ms > latest_ms:
            self._blame(since, f"ring {self._count + 1} is missing, due at {self._due_ms} ms")
            self._due_ms = math.inf

    def _step(self, version: Version) -> Step:
        incident = version.incident
        in_force = self._rules.at(version.round)
        return in_force.limits(incident.kind, incident.point).step(incident.step)

    def _begin(self, version: Version, step: Step) -> None:
        self._count, self._due_ms = 1, math.inf
        if step.ring_ms is not None and step.rings > 1:
            self._due_ms = version.ms + step.ring_ms

    def _ring(self, version: Version, step: Step) -> None:
        self._count += 1
        if not self._was_disturbed(version.ms):
            if self._count > step.rings:
                self._blame(version, f"rings {self._count} times")
            elif version.ms < self._due_ms:
                self._blame(version, f"rings {self._due_ms - version.ms} ms early")
        self._due_ms = math.inf
        if step.ring_ms is not None and self._count < step.rings:
            self._due_ms = version.ms + step.ring_ms

    def _was_disturbed(self, ms: int) -> bool:
        since_ms = self._since.ms
        return any(from_ms <= ms and until_ms > since_ms for from_ms, until_ms in self._disturbed)

    def _expect_told(self, version: Version, told: Mapping[str, Noted]) -> None:
        """Everybody who is waited for, through each channel that belongs to one of them."""
        incident = version.incident
        right = [
            waiting_for(incident, incident.step, there)
            for there in self._duty.around(version.round)
        ]
        for channel, role in (("everybody", None), ("guards", "security")):
            meant = [{one for one in all if role is None or role in ROLES[one]} for all in right]
            heard = set(told[channel].notice.staff) if channel in told else set()
            if heard not in meant:
                self._blame(version, f"rings for {heard} through {channel}, not {meant[-1]}")

    def _blame(self, version: Version, what: str) -> None:
        self.wrong.append(f"step {version.incident.step} at {version.ms} ms: {what}")


def notices_were_handed_on(world: World) -> Iterator[str]:
    """Each stored notice goes to its channel's sender at once: by the run that stored it, by the
    next if that one ended just then; and once in a run."""
    journal = world.journal
    runs = journal.runs["gateway"]
    for notice_id, noted in journal.noted.items():
        handed = journal.handed[notice_id]
        due_ms = _due_ms(runs, noted.ms)
        if not handed or min(handed) > due_ms:
            yield f"the notice {notice_id} of {noted.ms} ms was handed on at {handed[:1]} ms"
        for run in runs:
            if sum(run.start_ms <= ms < run.end_ms for ms in handed) > 1:
                yield f"the notice {notice_id} was handed on at {handed} ms, twice in one run"


def _due_ms(runs: list[Run], stored_ms: int) -> float:
    """When what was stored then must have been handed on at the latest."""
    for run in runs:
        if run.end_ms > max(run.start_ms, stored_ms):
            return max(run.start_ms, stored_ms) + PROMPT_MS
    return math.inf
