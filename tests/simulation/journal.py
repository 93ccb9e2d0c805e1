"""What truly happened, by the one true time: the simulation's own record, never the programs'."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

from firmware.indicators import Shown
from firmware.outgoing import Unsent
from gateway.course import Entry
from gateway.store import NoticeRecord, Work
from protocol.messages import Action, ActionResult, Alert, Incident, Request

from .timeline import Timeline

FOREVER_MS = math.inf
MAX_WRONG = 20


@dataclass(slots=True)
class Run:
    """A program ran from start_ms to end_ms in one boot of its machine."""

    start_ms: int
    boot: str
    end_ms: float = FOREVER_MS


@dataclass(frozen=True, slots=True)
class Made:
    """An alert as a unit made it. at_ms: when its happening truly was."""

    unit: str
    alert: Alert
    at_ms: int


class Stored(NamedTuple):
    """An entry of the log. boot: of the gateway's machine. round: counts commits, from 1."""

    ms: int
    boot: str
    round: int
    incident_id: str | None
    entry: Entry


class Version(NamedTuple):
    """An incident as a round left it."""

    ms: int
    boot: str
    round: int
    incident: Incident


class Noted(NamedTuple):
    """A notice as the round that made it has it."""

    ms: int
    round: int
    notice: NoticeRecord


class PointState(NamedTuple):
    """What the store said of a point from ms on. stage: "idle" when no incident is open there."""

    ms: int
    stage: str
    incident_id: str | None


class Journal:
    """wrong: what broke a rule so far. lines: the story, None when nobody wants to read it."""

    def __init__(self, timeline: Timeline, *, traced: bool = False) -> None:
        self._timeline = timeline
        self.wrong: list[str] = []
        self.lines: list[str] | None = [] if traced else None
        self.runs: dict[str, list[Run]] = defaultdict(list)
        self.unwritable: dict[str, list[Run]] = defaultdict(list)
        # The gateway's store, commit by commit.
        self.entries: list[Stored] = []
        self.incidents: dict[str, list[Version]] = defaultdict(list)
        self.noted: dict[str, Noted] = {}
        self.rounds = 0
        self.at_point: dict[str, list[PointState]] = defaultdict(list)
        self.alerts: dict[str, tuple[int, Alert]] = {}
        # Of the gateway's store or of an outbox's alerts.
        self.last_change_ms = 0
        # The units.
        self.made: dict[str, Made] = {}
        self.outbox: dict[str, dict[str, Made]] = defaultdict(dict)
        self.ever_kept: set[str] = set()
        self.lamps: dict[str, Shown] = {}
        # People and channels.
        self.actions: dict[str, Action] = {}
        self.requests: dict[str, Request] = {}
        self.results: dict[str, list[ActionResult]] = defaultdict(list)
        self.notices: set[str] = set()
        self.handed: dict[str, list[int]] = defaultdict(list)

    @property
    def now_ms(self) -> int:
        return self._timeline.now_ms

    def tell(self, who: str, what: object) -> None:
        """Adds a line to the story."""
        if self.lines is not None:
            self.lines.append(f"{self.now_ms / 1000:9.3f} s  {who:<9} {what}")

    def blame(self, what: str) -> None:
        """Notes that a rule was broken now."""
        if len(self.wrong) < MAX_WRONG:
            self.wrong.append(f"{self.now_ms / 1000:.3f} s: {what}")
            self.tell("WRONG", what)

    # --- programs ---

    def began(self, name: str, boot: str) -> None:
        self.tell(name, f"starts in {boot}")
        self.runs[name].append(Run(self.now_ms, boot))

    def ended(self, name: str, *, power_cut: bool) -> None:
        self.tell(name, "loses its power" if power_cut else "is killed")
        self.runs[name][-1].end_ms = self.now_ms

    def disk_fails(self, name: str, lasts_ms: int) -> None:
        self.tell(name, f"cannot write its disk for {lasts_ms} ms")
        self.unwritable[name].append(Run(self.now_ms, "", self.now_ms + lasts_ms))

    # --- the gateway ---

    def committed(self, work: Work, boot: str) -> None:
        """The gateway's store took this."""
        self.last_change_ms = self.now_ms
        self.rounds += 1
        for alert_id, taken in work.alerts.items():
            if alert_id in self.alerts:
                self.blame(f"alert {alert_id} was taken twice")
            self.alerts[alert_id] = (self.now_ms, taken.alert)
        for incident_id, course in work.courses.items():
            self._incident(incident_id, course.incident, boot)
        for notice_id, notice in work.notices.items():
            self.noted.setdefault(notice_id, Noted(self.now_ms, self.rounds, notice))
        for logged in work.entries:
            stored = Stored(self.now_ms, boot, self.rounds, logged.incident_id, logged.entry)
            self.entries.append(stored)
            self.tell("store", f"{logged.incident_id or '-'} {logged.entry}")

    def _incident(self, incident_id: str, incident: Incident, boot: str) -> None:
        history = self.incidents[incident_id]
        before = history[-1].incident if history else None
        if before and not before.is_open and not _only_named(before, incident):
            self.blame(f"the closed incident {incident_id} changed to {incident.stage}")
        history.append(Version(self.now_ms, boot, self.rounds, incident))
        is_open = incident.is_open
        self.at_point[incident.point].append(
            PointState(
                self.now_ms,
                incident.stage if is_open else "idle",
                incident_id if is_open else None,
            )
        )

    def point_states(self, point: str, since_ms: int) -> list[PointState]:
        """What the store said of a point from since_ms until now."""
        history = self.at_point[point]
        before = [one for one in history if one.ms < since_ms]
        after = [one for one in history if one.ms >= since_ms]
        if after and after[0].ms == since_ms:
            return after
        return [before[-1] if before else PointState(0, "idle", None), *after]

    # --- the units ---

    def alert_made(self, made: Made) -> None:
        if made.alert.alert_id not in self.made:
            self.made[made.alert.alert_id] = made
            self.tell(made.unit, f"{made.alert.what} at {made.alert.point}: {made.alert.alert_id}")

    def outbox_wrote(self, unit: str, added: tuple[Unsent, ...], gone: tuple[str, ...]) -> None:
        box = self.outbox[unit]
        if added or gone:
            self.last_change_ms = self.now_ms
        for one in added:
            alert_id = one.alert.alert_id
            box[alert_id] = self.made[alert_id]
            self.ever_kept.add(alert_id)
        for alert_id in gone:
            box.pop(alert_id, None)


def _only_named(closed: Incident, after: Incident) -> bool:
    """Whether nothing but the situation has changed, which may be named after the close."""
    as_before = replace(after, situation=None, version=closed.version)
    return closed.situation is None and as_before == closed
