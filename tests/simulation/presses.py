"""Holds what the units made of the waveforms against what the oracle sees in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .journal import FOREVER_MS, Journal, Made, Run
from .oracle import CLOSE_MS, HELD_MS, OPEN_MS, TruePress, true_presses
from .world import World

# A unit has taken and kept what its lines said within this; a start, whatever it found, too.
SETTLED_MS = 100


def check_calls(world: World) -> Iterator[str]:
    """Every debounced press, and every long one, became one alert; nothing else did."""
    for unit in world.units:
        for point in unit.settings.points:
            moves = world.hands.moves.get((unit.name, point.lines["call"]), [])
            for what in ("pressed", "held"):
                line = Line(unit.name, point.id, what, moves, true_presses(moves), world.journal)
                yield from line.wrong()


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of alert from one button. moves: of its contact; presses: what they truly were."""

    unit: str
    point: str
    what: str
    moves: list[tuple[int, bool]]
    presses: list[TruePress]
    journal: Journal

    def wrong(self) -> Iterator[str]:
        made = self._lasting()
        matched: dict[TruePress, list[Made]] = {press: [] for press in self.presses}
        for one in made:
            press = self._press_of(one)
            if press is None:
                yield f"{self._name(one.at_ms)} was told, but never happened"
            else:
                matched[press].append(one)
        for press, alerts in matched.items():
            if not alerts and self._must(press):
                yield f"{self._name(press.at_ms)} was never told"
            if len(alerts) > 1 and not self._disk_failed(press):
                yield f"{self._name(press.at_ms)} was told {len(alerts)} times"

    def _name(self, ms: float) -> str:
        return f"{self.what} at {self.point} at {ms / 1000:.3f} s"

    def _lasting(self) -> list[Made]:
        """What outlived the program that made it, or reached the gateway before."""
        journal = self.journal
        return [
            one
            for one in journal.made.values()
            if (one.alert.point, one.alert.what) == (self.point, self.what)
            and (one.alert.alert_id in journal.ever_kept or one.alert.alert_id in journal.alerts)
        ]

    def _press_of(self, made: Made) -> TruePress | None:
        """The press an alert tells of. Found held at a start, it is told with that time."""
        after_ms = HELD_MS if self.what == "held" else 0
        for press in self.presses:
            if made.at_ms == press.at_ms + after_ms:
                is_so = self.what == "pressed" or press.is_held or self._seemed_held(made.at_ms)
                return press if is_so else None
        for press in self.presses:
            is_within = press.at_ms <= made.at_ms <= press.until_ms + OPEN_MS
            if is_within and self._started_between(press.at_ms, made.at_ms):
                return press
        if self.what == "held" and self._seemed_held(made.at_ms):
            return next((one for one in reversed(self.presses) if one.at_ms < made.at_ms), None)
        return None

    def _started_between(self, from_ms: int, until_ms: int) -> bool:
        return any(from_ms <= run.start_ms <= until_ms for run in self._runs)

    def _seemed_held(self, at_ms: int) -> bool:
        """Whether a start found the contact closed: a unit that was down between two presses
        cannot know that there were two, and had better take them for a long one."""
        began_ms = at_ms - HELD_MS
        return any(
            run.start_ms >= began_ms and self._is_closed_at(run.start_ms) for run in self._runs
        )

    def _is_closed_at(self, ms: int) -> bool:
        """Closed then, or too soon after for the unit to have seen it open."""
        closes_soon = any(closed and 0 <= at_ms - ms <= OPEN_MS for at_ms, closed in self.moves)
        before = next((closed for at_ms, closed in reversed(self.moves) if at_ms <= ms), False)
        return before or closes_soon

    @property
    def _runs(self) -> list[Run]:
        return self.journal.runs[self.unit]

    def _must(self, press: TruePress) -> bool:
        """Whether the unit could not but notice, and had the time to keep it."""
        if self.what == "held" and not press.is_held:
            return False
        if self._disk_failed(press):
            return False
        told_ms = press.at_ms + (HELD_MS if self.what == "held" else CLOSE_MS)
        for run in self._runs:
            was_there = run.start_ms <= press.at_ms - SETTLED_MS
            if was_there and min(run.end_ms, self.journal.now_ms) >= told_ms + SETTLED_MS:
                return True
        return self.what == "pressed" and self._was_found_held(press)

    def _was_found_held(self, press: TruePress) -> bool:
        """It began while the unit was down, was still held at a start, and was a new press."""
        for before, run in zip(self._runs, self._runs[1:], strict=False):
            began_between = before.end_ms < press.at_ms < run.start_ms
            lasted = press.until_ms >= run.start_ms + 2 * SETTLED_MS
            had_time = all(one.end_ms >= one.start_ms + SETTLED_MS for one in (before, run))
            knew_it_idle = not self._is_down_at(before.end_ms) and self._could_keep(before.end_ms)
            if began_between and lasted and had_time and knew_it_idle:
                return True
        return False

    def _is_down_at(self, ms: float) -> bool:
        return any(one.at_ms <= ms <= one.until_ms + SETTLED_MS for one in self.presses)

    def _could_keep(self, ms: float) -> bool:
        """Whether what the outbox holds of the point was right then."""
        bad = self.journal.unwritable[self.unit]
        return not any(one.start_ms <= ms <= one.end_ms + SETTLED_MS for one in bad)

    def _disk_failed(self, press: TruePress) -> bool:
        """Whether the outbox could not be written in a run that saw the press, and that ended."""
        return any(
            bad.start_ms <= press.until_ms + SETTLED_MS
            and bad.end_ms >= press.at_ms - SETTLED_MS
            and any(
                run.start_ms <= bad.end_ms and press.at_ms <= run.end_ms != FOREVER_MS
                for run in self._runs
            )
            for bad in self.journal.unwritable[self.unit]
        )
