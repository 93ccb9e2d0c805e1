"""A unit in virtual time: its lines, an outbox that can fail, and everything it wanted done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from firmware import unit as core
from firmware.events import (
    Event,
    LineChanged,
    LinkUp,
    Looked,
    ReceiptHeard,
    Remembered,
    Save,
    Saved,
    SaveFailed,
    SendAlert,
    SendStatus,
    Show,
)
from firmware.indicators import Shown
from firmware.state import PointSettings, Unit, UnitSettings, begin
from protocol.messages import Alert, UnitStatus
from protocol.moment import Moment

CALL, SEAT, PRESENCE, CALL_NC = 5, 6, 13, 12
REST_MS = 5
START_MS = 1_000_000
UTC_MS = 1_795_478_400_000  # 2026-11-24T00:00:00Z

POINT = PointSettings(id="point-1", lines={"call": CALL, "seat": SEAT, "presence": PRESENCE})


def settings(*points: PointSettings, **more) -> UnitSettings:
    return UnitSettings(id="unit-01", points=points or (POINT,), **more)


@dataclass
class Rig:
    """Does what the loop does, without time passing: see `wait`."""

    settings: UnitSettings = field(default_factory=settings)
    remembered: Remembered = field(default_factory=Remembered)
    levels: dict[int, bool] = field(default_factory=dict)
    now_ms: int = START_MS
    boot: str = "boot-1"
    token: str = "token"
    failing: bool = False
    alerts: list[Alert] = field(default_factory=list)
    statuses: list[UnitStatus] = field(default_factory=list)
    shows: list[tuple[str, Shown]] = field(default_factory=list)
    story: list[object] = field(default_factory=list)
    kept: dict[str, object] = field(default_factory=dict)
    looks: int = 0
    unit: Unit | None = None

    def start(self) -> Rig:
        lines = [line for one in self.settings.points for line in one.lines.values()]
        self.levels = {line: self.levels.get(line, False) for line in lines}
        self.kept = {one.alert.alert_id: one for one in self.remembered.unsent}
        self.unit = begin(
            self.settings,
            token=self.token,
            remembered=self.remembered,
            levels=self.levels,
            now=self.moment,
        )
        self.look()
        return self

    def restarted(self, **changes) -> Rig:
        """A new program with what the outbox held; as after SIGKILL."""
        kept = self.unit.kept
        remembered = replace(
            kept, unsent=tuple(self.kept.values()), boot=self.boot, seq=self.unit.seq
        )
        again = {
            "settings": self.settings,
            "remembered": remembered,
            "levels": dict(self.levels),
            "now_ms": self.now_ms,
            "boot": self.boot,
            "token": self.token + "x",
        }
        return Rig(**{**again, **changes}).start()

    @property
    def moment(self) -> Moment:
        return Moment(self.now_ms, UTC_MS + self.now_ms, self.boot)

    def connect(self, session: int = 1) -> Rig:
        self.take(LinkUp(session))
        return self

    def take(self, event: Event) -> None:
        events = [event]
        while events:
            self.unit, commands = core.step(self.unit, events.pop(0), self.moment)
            for command in commands:
                self.story.append(command)
                events += self._do(command)

    def _do(self, command) -> list[Event]:
        match command:
            case Save():
                return [self._save(command)]
            case SendAlert(alert):
                self.alerts.append(alert)
            case SendStatus(status):
                self.statuses.append(status)
            case Show(point, shown):
                self.shows.append((point, shown))
        return []

    def _save(self, save: Save) -> Event:
        if self.failing:
            return SaveFailed(save)
        self.kept |= {one.alert.alert_id: replace(one, storage="kept") for one in save.add}
        for alert_id in save.forget:
            self.kept.pop(alert_id, None)
        return Saved(save)

    def move(self, line: int, closed: bool) -> None:
        self.levels[line] = closed
        self.take(LineChanged(line, closed, self.now_ms))

    def press(self, lasts_ms: int = 200, line: int = CALL) -> None:
        self.move(line, True)
        self.wait(lasts_ms)
        self.move(line, False)
        self.wait(50)

    def look(self) -> None:
        self.looks += 1
        self.take(Looked(dict(self.levels)))

    def wait(self, ms: int) -> None:
        end_ms = self.now_ms + ms
        while True:
            due_ms = max(core.due_ms(self.unit, self.moment), self.now_ms + REST_MS)
            if due_ms > end_ms:
                break
            self.now_ms = due_ms
            self.look()
        self.now_ms = end_ms

    def receipt(self, *alerts: Alert) -> None:
        self.take(ReceiptHeard(frozenset(alert.alert_id for alert in alerts)))

    @property
    def whats(self) -> list[str]:
        """What was told, each alert once, in the order of its first sending."""
        return list({alert.alert_id: alert.what for alert in self.alerts}.values())

    @property
    def lamp(self) -> Shown:
        return self.unit.shown["point-1"]
