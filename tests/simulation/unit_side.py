"""A unit's program: the real loop, unit, debouncer and outbox; the wires and lamps are ours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from firmware.errors import OutboxError
from firmware.events import Event, LineChanged, Looked, Remembered, Save
from firmware.indicators import Shown
from firmware.loop import Loop
from firmware.outbox import Outbox
from firmware.outgoing import Unsent
from firmware.state import Unit, UnitSettings, begin
from protocol.link import LinkEvent, Received
from protocol.messages import Receipt, UnitStatus, decode
from protocol.moment import Moment

from . import disks
from .journal import Made
from .lamps import LampWatch
from .link import TOPICS, SimulatedLink
from .network import Network
from .program import Program


class CrashingOutbox(Outbox):
    """The real outbox on a disk that may be full, in a program that may end at any commit."""

    def __init__(self, path: Path, program: UnitSide) -> None:
        super().__init__(path)
        self._program = program

    def open(self) -> Remembered:
        if self._program.disk_is_full:
            raise OutboxError("the disk is full")
        disks.lay_out(self._path, _empty_outbox)
        remembered = super().open()
        disks.wait_for_no_disk(self._db)
        return remembered

    def write(self, save: Save) -> None:
        program = self._program
        if program.disk_is_full:
            self.close()
            raise OutboxError("the disk is full")
        program.fuse.pass_by()
        super().write(save)
        program.journal.outbox_wrote(program.name, save.add, save.forget)
        program.fuse.pass_by()


class Wires:
    """The unit's contacts as electricity has them, whether a program looks or not."""

    is_simulated = False

    def __init__(self, lines: list[int]) -> None:
        self.levels = dict.fromkeys(lines, False)

    def read(self) -> dict[int, bool]:
        return dict(self.levels)

    def took(self, number: int) -> None: ...


class Lamps:
    """The unit's lamps; somebody watches them."""

    def __init__(self, watch: LampWatch) -> None:
        self._watch = watch

    def show(self, point: str, shown: Shown) -> None:
        self._watch.shown(point, shown)

    def moves(self, now_ms: int) -> tuple[dict[int, bool], int | None]:
        return {}, None


class SteppedLoop(Loop):
    """The unit's real loop, turn by turn. made: called with what is new before it is kept."""

    def __init__(self, unit: Unit, *, made: Callable[[Unsent], None], **parts) -> None:
        super().__init__(unit, **parts)
        self._made = made

    def begin(self) -> None:
        """As `run` until its first turn."""
        self._take(Looked(self._lines.read()))
        self._link.start()

    def hear(self, event: LineChanged | LinkEvent) -> None:
        self._hear(event)

    def keep_time(self) -> int:
        """The end of a turn of `run`; milliseconds until the next is due."""
        self._keep_time()
        return round(self._wait_s() * 1000)

    def _save(self, save: Save, now: Moment) -> list[Event]:
        for one in save.add:
            self._made(one)
        return super()._save(save, now)

    def _tell(self, status: UnitStatus, now: Moment) -> None:
        """Without the health of the machine that runs the simulation."""
        if self._link.send("unit_status", self._unit.settings.id, message=status) is not None:
            self._loopback.sent(now.mono_ms)


class UnitSide(Program):
    """settings: of the unit. disk_is_full: the outbox cannot be written now."""

    def __init__(self, *, network: Network, settings: UnitSettings, outbox: Path, **common) -> None:
        super().__init__(settings.id, **common)
        self.settings = settings
        self.disk_is_full = False
        self.wires = Wires([line for one in settings.points for line in one.lines.values()])
        self.watch = LampWatch(settings, self.journal)
        self.link: SimulatedLink
        self._network = network
        self._path = outbox
        self._outbox: CrashingOutbox
        self._loop: SteppedLoop

    def begin(self) -> None:
        self._outbox = CrashingOutbox(self._path, self)
        try:
            remembered = self._outbox.open()
        except OutboxError:
            remembered = self._outbox.peek()
        self.watch.restarted()
        self.link = SimulatedLink(
            network=self._network,
            client=self.name,
            subscriptions=self._subscriptions(),
            deliver=self.put,
            before_send=self.fuse.pass_by,
            will=("unit_status", (self.name,), partial(_farewell, self.machine.boot)),
            first_session=remembered.session + 1,
        )
        self._loop = SteppedLoop(
            begin(
                self.settings,
                token=f"{self.random.getrandbits(64):016x}",
                remembered=remembered,
                levels=self.wires.read(),
                now=self.machine.now(),
            ),
            made=self._note_made,
            inbox=None,
            lines=self.wires,
            indicators=Lamps(self.watch),
            outbox=self._outbox,
            link=self.link,
            folder=self._path.parent,
            clock=self.machine.now,
        )
        self._loop.begin()
        self.watch.look()

    def turn(self, events: list[tuple[object, int | None]]) -> int:
        for event, origin_ms in events:
            if isinstance(event, Received):
                self._note(event, origin_ms)
            self._loop.hear(event)
        wait_ms = self._loop.keep_time()
        self.watch.look()
        return wait_ms

    def end(self, *, power_cut: bool) -> None:
        self.watch.went_dark()
        self.link.die(power_cut=power_cut)
        self._outbox.close()

    def move(self, line: int, closed: bool) -> None:
        """Electricity: the contact is now closed, or open."""
        if self.wires.levels[line] != closed:
            self.wires.levels[line] = closed
            self.put(LineChanged(line, closed, self.machine.now().mono_ms))

    def fill_disk(self, lasts_ms: int) -> None:
        self.journal.disk_fails(self.name, lasts_ms)
        self.disk_is_full = True
        self.timeline.after(lasts_ms, partial(setattr, self, "disk_is_full", False))

    def _note_made(self, unsent: Unsent) -> None:
        at_ms = self.machine.true_ms(unsent.mono_ms, unsent.alert.boot)
        self.journal.alert_made(Made(self.name, unsent.alert, at_ms))
        self.watch.made(self.journal.made[unsent.alert.alert_id])

    def _note(self, received: Received, origin_ms: int) -> None:
        if received.where.name == "feedback" and received.payload:
            self.watch.heard_feedback(received.where.id, origin_ms)
        elif received.where.name == "receipt":
            self.watch.heard_receipt(decode(Receipt, received.payload).alert_ids)

    def _subscriptions(self) -> list[str]:
        return [
            TOPICS.build("receipt", self.name),
            TOPICS.build("unit_status", self.name),
            TOPICS.build("gateway_status"),
            *(TOPICS.build("feedback", one.id) for one in self.settings.points),
        ]


def _empty_outbox(path: Path) -> None:
    outbox = Outbox(path)
    outbox.open()
    outbox.close()


def _farewell(boot: str, session: int) -> UnitStatus:
    return UnitStatus(state="offline", session=session, boot=boot)
