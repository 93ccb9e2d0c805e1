"""What ought to have happened, worked out anew from the waveforms and from the contract's words.

Nothing here asks the programs' own code: a mistake in it cannot hide itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .journal import Run, Stored
from .rules import Limits, Rules, kind_after

CLOSE_MS = 10
OPEN_MS = 30
HELD_MS = 3_000


@dataclass(frozen=True, slots=True)
class TruePress:
    """A press as a person meant it. until_ms: when the contact was let go, infinite if never."""

    at_ms: int
    until_ms: float

    @property
    def is_held(self) -> bool:
        return self.until_ms - self.at_ms >= HELD_MS


def true_presses(moves: list[tuple[int, bool]]) -> list[TruePress]:
    """The presses in a contact's waveform: closed for 10 ms begins one, open for 30 ms ends it."""
    presses: list[TruePress] = []
    began_ms: int | None = None
    following = [*moves[1:], (math.inf, False)]
    for (start_ms, closed), (end_ms, _) in zip(moves, following, strict=False):
        lasts_ms = end_ms - start_ms
        if closed and began_ms is None and lasts_ms >= CLOSE_MS:
            began_ms = start_ms
        elif not closed and began_ms is not None and lasts_ms >= OPEN_MS:
            presses.append(TruePress(began_ms, start_ms))
            began_ms = None
    return presses if began_ms is None else [*presses, TruePress(began_ms, math.inf)]


# --- the policy -----------------------------------------------------------------------------

# A gateway that runs does what is due within this.
PROMPT_MS = 30
# After its disk works again it may take one tick to find out.
TICK_MS = 1_100


# What the incident machine writes into the log; the desk's rooms write of the same incident, also
# after its close.
OF_THE_MACHINE = {
    *("raised", "raised_earlier", "joined", "became_real", "became_call"),
    *("became_urgent", "became_silent"),
    *("possible_fall", "step_taken", "told_again", "rung", "escalated", "refused", "substituted"),
    *("accepted", "arrived", "handed_over", "offered", "taken_over", "declined", "noted"),
    *("offer_lapsed", "needed", "overdue_arrival", "overdue_close", "closed"),
}


def able(runs: Iterable[Run], unwritable: Iterable[Run]) -> list[Run]:
    """When the gateway was there and could write."""
    found = list(runs)
    for bad in unwritable:
        found = [part for run in found for part in _without(run, bad)]
    return sorted(found, key=lambda run: run.start_ms)


def _without(run: Run, bad: Run) -> Iterator[Run]:
    if run.start_ms < bad.start_ms:
        yield Run(run.start_ms, run.boot, min(run.end_ms, bad.start_ms))
    if run.end_ms > bad.end_ms + TICK_MS:
        yield Run(max(run.start_ms, int(bad.end_ms) + TICK_MS), run.boot, run.end_ms)


def latest(windows: Iterable[Run], due_ms: float, *, boot: str, since_ms: int) -> float:
    """When the gateway, able as it was, had to have done what since `since_ms` of that boot was
    due at due_ms."""
    for run in windows:
        if run.end_ms <= since_ms or due_ms == math.inf:
            continue
        then_ms = due_ms if run.boot == boot else since_ms
        prompt_ms = max(then_ms, run.start_ms, since_ms) + PROMPT_MS
        if prompt_ms <= run.end_ms:
            return prompt_ms
    return math.inf


class Schedule:
    """Follows one incident through its log: every told thing in its order and at its time.

    rules: of the branch; point: where the incident is. wrong: what was not.
    """

    def __init__(self, *, rules: Rules, point: str, able: list[Run]) -> None:
        self.wrong: list[str] = []
        self._rules = rules
        self._point = point
        self._limits: Limits
        self._able = able
        self._stage = ""
        self._kind = ""
        self._step = 0
        self._due_ms = math.inf
        self._boot = ""
        self._since_ms = 0

    def follow(self, entries: list[Stored], *, end_ms: int) -> None:
        for stored in entries:
            self._expect_in_time(stored.ms)
            self._take(stored)
        self._expect_in_time(end_ms)

    def _take(self, stored: Stored) -> None:
        event, step = stored.entry.event, stored.entry.detail.get("step")
        if event not in OF_THE_MACHINE:
            return
        if (event == "raised") != (self._stage == "") or self._stage == "closed":
            self._blame(stored, f"comes while {self._stage or 'unknown'}")
        self._kind = kind_after(self._kind, stored)
        self._limits = self._rules.at(stored.round).limits(self._kind, self._point)
        match event:
            case "raised":
                base_ms = stored.ms - stored.entry.detail["late_ms"]
                self._set(stored, stage="raised", due_ms=base_ms + self._gap_ms())
            case "raised_earlier" if self._stage == "raised":
                due_ms = self._due_ms - stored.entry.detail["earlier_ms"]
                self._set(stored, due_ms=max(due_ms, stored.ms))
            case "step_taken":
                self._take_step(stored, step)
            case "became_call" | "became_urgent" | "became_silent":
                if self._stage == "raised":
                    self._due_ms = min(self._due_ms, stored.ms + self._gap_ms())
            case "told_again":
                self._expect(
                    stored, stage="raised", timed=True, ok=self._is_end() and step == self._step
                )
                self._set(stored, due_ms=stored.ms + self._gap_ms())
            case "escalated":
                self._escalate(stored, step)
            case "accepted" | "handed_over" | "taken_over" if self._stage == "raised":
                self._set(stored, stage="accepted", due_ms=stored.ms + self._limits.arrival_ms)
            case "arrived" if self._stage != "arrived":
                self._set(stored, stage="arrived", due_ms=stored.ms + self._limits.close_ms)
            case "overdue_arrival":
                self._expect(stored, stage="accepted", timed=True)
                self._set(stored, due_ms=stored.ms + self._limits.arrival_ms)
            case "overdue_close":
                self._expect(stored, stage="arrived", timed=True)
                self._set(stored, due_ms=stored.ms + self._limits.close_ms)
            case "closed":
                self._expect(stored, stage="arrived")
                self._set(stored, stage="closed", due_ms=math.inf)

    def _take_step(self, stored: Stored, step: int) -> None:
        if "because" in stored.entry.detail:  # whether they have refused or gone: told.py
            is_for_role = stored.entry.detail["because"] == "role_missing"
            if is_for_role != (self._stage in ("accepted", "arrived")):
                self._blame(stored, f"comes while {self._stage}")
            self._escalate(stored, step)
            return
        is_next = not self._is_end() and step == self._step + 1
        self._expect(stored, stage="raised", timed=True, ok=is_next)
        before_ms = self._due_ms if stored.boot == self._boot else stored.ms
        self._step = step
        self._set(stored, due_ms=(stored.ms if self._is_end() else before_ms) + self._gap_ms())

    def _escalate(self, stored: Stored, step: int) -> None:
        self._expect(stored, ok=step == self._step + (not self._limits.is_last(self._step)))
        self._step = step
        if self._stage == "raised":
            self._set(stored, due_ms=stored.ms + self._gap_ms())

    def _is_end(self) -> bool:
        return self._limits.is_end(self._step, self._kind)

    def _gap_ms(self) -> int:
        return self._limits.gap_ms(self._step, self._kind)

    def _set(self, stored: Stored, *, due_ms: float, stage: str | None = None) -> None:
        self._stage = stage or self._stage
        self._due_ms, self._boot, self._since_ms = due_ms, stored.boot, stored.ms

    def _expect(
        self, stored: Stored, *, stage: str | None = None, timed: bool = False, ok: bool = True
    ) -> None:
        if stage is not None and self._stage != stage:
            self._blame(stored, f"comes while {self._stage}")
        if not ok:
            self._blame(stored, f"comes after step {self._step}")
        # After a reboot nobody knows how long it has been: early is right.
        if timed and stored.boot == self._boot and stored.ms < self._due_ms:
            self._blame(stored, f"comes {self._due_ms - stored.ms} ms early")

    def _expect_in_time(self, now_ms: int) -> None:
        latest_ms = latest(self._able, self._due_ms, boot=self._boot, since_ms=self._since_ms)
        if now_ms > latest_ms:
            self.wrong.append(
                f"{self._stage}, step {self._step}: due at {self._due_ms / 1000:.3f} s and not"
                f" done by {latest_ms / 1000:.3f} s"
            )
            self._due_ms = now_ms

    def _blame(self, stored: Stored, what: str) -> None:
        self.wrong.append(
            f"{stored.entry.event} {stored.entry.detail} at {stored.ms / 1000:.3f} s {what}"
        )
