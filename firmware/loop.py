"""The unit's one loop: takes events, steps the pure unit, carries out its commands in order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from firmware import unit as core
from firmware.buttons.gpio import Lines
from firmware.errors import GpioError, OutboxDamaged, OutboxError
from firmware.events import (
    Command,
    Event,
    FeedbackHeard,
    GatewayHeard,
    LineChanged,
    LinkDown,
    LinkUp,
    Looked,
    OutboxFound,
    OutboxReplaced,
    ReceiptHeard,
    Save,
    Saved,
    SaveFailed,
    SendAlert,
    SendStatus,
    Show,
)
from firmware.health import health
from firmware.indicators import Indicators, Shown
from firmware.outbox import Outbox
from firmware.state import Unit
from firmware.telling import HEARTBEAT_MS
from protocol.inbox import Inbox
from protocol.link import Connected, Disconnected, Link, LinkEvent, Received
from protocol.messages import (
    Feedback,
    GatewayStatus,
    MessageError,
    Receipt,
    SimulatedLamp,
    UnitStatus,
    decode,
)
from protocol.moment import Moment
from protocol.service import Loopback, notify

log = logging.getLogger(__name__)

BATCH = 200
# However often something is due, the loop rests in between.
REST_MS = 5
WATCHDOG_MS = 1000
MOST_COMPLAINTS = 100
# An outbox that is damaged again so soon is a disk that is dying; a new file would not help.
REPLACE_AGAIN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wants the program to end."""


class Loop:
    """Owns the unit's state. Every other thread only puts events into `inbox`."""

    def __init__(
        self,
        unit: Unit,
        *,
        inbox: Inbox[LineChanged | LinkEvent | Stop],
        lines: Lines,
        indicators: Indicators,
        outbox: Outbox,
        link: Link,
        folder: Path,
        clock: Callable[[], Moment],
    ) -> None:
        self._unit = unit
        self._inbox = inbox
        self._lines = lines
        self._indicators = indicators
        self._outbox = outbox
        self._link = link
        self._folder = folder
        self._clock = clock
        self._loopback = Loopback()
        self._is_stopping = False
        self._look_ms = 0
        self._rest_ms = 0
        self._blink_ms: int | None = None
        self._fed_ms = 0
        self._replaced_ms: int | None = None
        self._lamps_fail = False
        self._complaints: set[str] = set()

    def run(self) -> None:
        """Runs until a Stop comes. Raises: GpioError when the lines go away."""
        self._take(Looked(self._lines.read()))
        notify("READY=1")
        log.info("armed: %d points", len(self._unit.points))
        self._link.start()
        while not self._is_stopping:
            for event in self._inbox.take(wait_s=self._wait_s(), most=BATCH):
                self._hear(event)
            self._keep_time()

    def stop(self) -> None:
        """Darkens what it lit, says goodbye, and lets go of everything."""
        notify("STOPPING=1")
        for point in self._unit.points:
            self._show(Show(point, Shown()))
        self._link.stop()
        self._outbox.close()

    def _wait_s(self) -> float:
        due_ms = self._look_ms if self._blink_ms is None else min(self._look_ms, self._blink_ms)
        return max(0, due_ms - self._clock().mono_ms) / 1000

    def _keep_time(self) -> None:
        now_ms = self._clock().mono_ms
        if now_ms >= self._look_ms:
            self._take(Looked(self._lines.read()))
        if self._blink_ms is not None and now_ms >= self._blink_ms:
            self._refresh()
        if now_ms - self._fed_ms >= WATCHDOG_MS and self._is_well(now_ms):
            notify("WATCHDOG=1")
            self._fed_ms = now_ms

    def _is_well(self, now_ms: int) -> bool:
        """The loop turns, or we were not here; so it is the connection that has to prove itself."""
        is_deaf = self._link.connected and self._loopback.is_overdue(now_ms)
        return self._link.alive and not is_deaf

    def _hear(self, event: LineChanged | LinkEvent | Stop) -> None:
        match event:
            case LineChanged():
                self._lines.took(event.line)
                self._take(event)
            case Received():
                self._hear_message(event)
            case Connected(session):
                log.info("connected to the broker, session %d", session)
                self._complaints.clear()
                self._take(LinkUp(session))
                for point, shown in self._unit.shown.items():
                    self._simulate(point, shown)
            case Disconnected(reason):
                self._complain("no connection to the broker: %s", reason)
                self._loopback.heard()
                self._take(LinkDown())
            case Stop():
                self._is_stopping = True

    def _hear_message(self, received: Received) -> None:
        if received.where is None or not received.payload:
            return
        try:
            for event in self._meanings(received.where.name, received):
                self._take(event)
        except MessageError as error:
            self._complain("ignored a message: %s", f"{received.topic}: {error}")

    def _meanings(self, name: str, received: Received) -> Iterable[Event]:
        """What a message means to the unit. Raises: MessageError."""
        match name:
            case "receipt":
                yield ReceiptHeard(frozenset(decode(Receipt, received.payload).alert_ids))
            case "feedback":
                yield FeedbackHeard(decode(Feedback, received.payload))
            case "gateway_status":
                status = decode(GatewayStatus, received.payload)
                yield GatewayHeard(status, received.retained)
            case "unit_status" if not received.retained:
                self._loopback.heard()
            case "line":
                raise MessageError("this unit has no such simulated line, or it is not 0 or 1")

    def _take(self, event: Event) -> None:
        """Steps the unit, and goes on with the outcomes until nothing is left to do."""
        events = deque([event])
        while events:
            event = events.popleft()
            now = self._clock()
            self._unit, commands = core.step(self._unit, event, now)
            if isinstance(event, Looked):
                self._rest_ms = now.mono_ms + REST_MS
            for command in commands:
                events.extend(self._do(command, now))
        self._look_ms = max(core.due_ms(self._unit, now), self._rest_ms)

    def _do(self, command: Command, now: Moment) -> Iterable[Event]:
        match command:
            case Save():
                return self._save(command, now)
            case Show():
                self._show(command)
            case SendAlert(alert):
                self._link.send("alert", self._unit.settings.id, message=alert)
            case SendStatus(status):
                self._tell(status, now)
        return ()

    def _save(self, save: Save, now: Moment) -> list[Event]:
        try:
            found = () if self._outbox.is_open else self._outbox.open().unsent
            self._outbox.write(save)
        except OutboxDamaged as error:
            return self._replace(save, error, now)
        except OutboxError as error:
            self._complain("%s; alerts wait in memory", error)
            return [SaveFailed(save)]
        # What this very write deleted is done with, though the outbox still held it just now.
        found = tuple(one for one in found if one.alert.alert_id not in save.forget)
        return [Saved(save), OutboxFound(found)] if found else [Saved(save)]

    def _replace(self, save: Save, error: OutboxDamaged, now: Moment) -> list[Event]:
        last_ms = self._replaced_ms
        if last_ms is not None and now.mono_ms - last_ms < REPLACE_AGAIN_MS:
            self._complain("%s, and so was the one before; alerts wait in memory", error)
            self._outbox.close()
            return [SaveFailed(save)]
        self._replaced_ms = now.mono_ms
        try:
            aside = self._outbox.move_aside(now.utc_ms)
        except OutboxError as problem:
            self._complain("%s; alerts wait in memory", problem)
            return [SaveFailed(save)]
        log.error("%s; it is now %s, and a new one begins", error, aside)
        return [OutboxReplaced()]

    def _show(self, command: Show) -> None:
        self._indicators.show(command.point, command.shown)
        self._refresh()
        self._simulate(command.point, command.shown)

    def _refresh(self) -> None:
        """Moves the lamps. One that fails is a fault of the unit, and no reason to miss a press."""
        now_ms = self._clock().mono_ms
        moves, self._blink_ms = self._indicators.moves(now_ms)
        try:
            for line, lit in moves.items():
                self._lines.write(line, lit)
        except GpioError as error:
            self._indicators.forget()
            self._blink_ms = now_ms + HEARTBEAT_MS
            self._complain("%s", error)
            self._lamps_fail = True
        else:
            self._lamps_fail = self._lamps_fail and not moves

    def _complain(self, text: str, reason: object) -> None:
        """Logs what goes on failing once a connection, and not every few seconds for days."""
        sentence = text % reason
        if sentence not in self._complaints and len(self._complaints) < MOST_COMPLAINTS:
            self._complaints.add(sentence)
            log.warning("%s", sentence)

    def _simulate(self, point: str, shown: Shown) -> None:
        if self._lines.is_simulated:
            lamp = SimulatedLamp(lamp=shown.lamp, sounder=shown.sounder, drill=shown.drill)
            self._link.send("lamp", self._unit.settings.id, point, message=lamp)

    def _tell(self, status: UnitStatus, now: Moment) -> None:
        machine = health(self._folder)
        edge_faults = {
            "lamp_failed": self._lamps_fail,
            "inbox_overflowed": self._inbox.overflowed > 0,
        }
        whole = replace(
            status,
            cpu_c=machine.cpu_c,
            throttled=machine.throttled,
            disk_free_mb=machine.disk_free_mb,
            faults=[*status.faults, *(name for name, is_there in edge_faults.items() if is_there)],
        )
        if self._link.send("unit_status", self._unit.settings.id, message=whole) is not None:
            self._loopback.sent(now.mono_ms)
