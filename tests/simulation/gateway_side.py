"""The gateway's program: the real loop and the real store, on a disk and with channels of ours."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gateway.channels.backlog import Noticed
from gateway.channels.notice import DeliveryResult, Notice
from gateway.config import GatewayConfig
from gateway.errors import StoreError
from gateway.loop import Loop
from gateway.main import SUBSCRIPTIONS
from gateway.store import Reader, Work, Writer
from protocol.messages import GatewayStatus

from . import disks
from .link import TOPICS, SimulatedLink
from .network import Network
from .program import Program

TURN_MS = 1_000


class CrashingWriter(Writer):
    """The real writer on a disk that may be full, in a program that may end at any commit."""

    def __init__(self, path: str, program: GatewaySide) -> None:
        super().__init__(path)
        self._program = program

    def open(self) -> None:
        disks.lay_out(Path(self._path), _empty_store)
        disks.lay_out_wal(Path(self._path))
        super().open()
        disks.wait_for_no_disk(self._db.conn)

    def commit(self, work: Work) -> None:
        if not work:
            super().commit(work)
            return
        if self._program.disk_is_full:
            self.abandon()
            raise StoreError("the disk is full")
        self._program.fuse.pass_by()
        super().commit(work)
        self._program.journal.committed(work, self._program.machine.boot)
        if any(not course.incident.is_open for course in work.courses.values()):
            self._program.something_closed()
        self._program.fuse.pass_by()


class Sender:
    """A channel whose service takes its time and fails now and then."""

    def __init__(self, program: GatewaySide, channel: str) -> None:
        self._program = program
        self._channel = channel

    def put(self, notice: Notice) -> None:
        program = self._program
        program.journal.handed[notice.notice_id].append(program.timeline.now_ms)
        self._try(notice, attempt=1)

    def end(self, incident_id: str) -> None:
        """What is on its way to the service comes there all the same."""

    def _try(self, notice: Notice, *, attempt: int) -> None:
        random = self._program.random
        works = attempt > 1 or random.random() < 0.8
        report = partial(self._report, notice, attempt, works, self._program.loop)
        self._program.timeline.after(random.randint(20, 1_500), report)

    def _report(self, notice: Notice, attempt: int, works: bool, of: Loop) -> None:
        if not self._program.is_running or self._program.loop is not of:
            return
        if works:
            self._program.journal.notices.add(notice.notice_id)
        else:
            self._try(notice, attempt=attempt + 1)
        result = DeliveryResult(works, "" if works else "the service is away")
        self._program.put(Noticed(notice.notice_id, self._channel, result, attempt, works))


class GatewaySide(Program):
    """disk_is_full: nothing can be written now. crashes_at_close: after so many messages more,
    once an incident has closed; None: not at all."""

    def __init__(self, *, network: Network, config: GatewayConfig, store: Path, **common) -> None:
        super().__init__("gateway", **common)
        self.disk_is_full = False
        self.crashes_at_close: int | None = None
        self.loop: Loop
        self.link: SimulatedLink
        self.reader: Reader
        self._network = network
        self._config = config
        self._store = str(store)
        self._writer: CrashingWriter

    def begin(self) -> None:
        self._writer = CrashingWriter(self._store, self)
        self._writer.open()
        self.reader = Reader(self._store)
        self.link = SimulatedLink(
            network=self._network,
            client="gateway",
            subscriptions=[TOPICS.build(name) for name in SUBSCRIPTIONS],
            deliver=self.put,
            before_send=self.fuse.pass_by,
            will=("gateway_status", (), _farewell),
            first_session=self._writer.begin_sessions(),
            has_waiting=lambda: self.has_more,
        )
        self.loop = Loop(
            config=self._config,
            writer=self._writer,
            reader=self.reader,
            link=self.link,
            senders={one.name: Sender(self, one.name) for one in self._config.channels},
            clock=self.machine.now,
        )
        self.loop.start()
        self.link.start()

    def turn(self, events: list[tuple[object, int | None]]) -> int:
        self.loop.handle([event for event, _ in events])
        return min(TURN_MS, self.loop.wait_ms())

    def end(self, *, power_cut: bool) -> None:
        self.link.die(power_cut=power_cut)
        self.reader.close()
        self._writer.close()

    def something_closed(self) -> None:
        if self.crashes_at_close is not None:
            self.fuse.arm(self.crashes_at_close)
            self.crashes_at_close = None

    def fill_disk(self, lasts_ms: int) -> None:
        self.journal.disk_fails(self.name, lasts_ms)
        self.disk_is_full = True
        self.timeline.after(lasts_ms, partial(setattr, self, "disk_is_full", False))


def _empty_store(path: Path) -> None:
    writer = Writer(str(path))
    writer.open()
    writer.close()


def _farewell(session: int) -> GatewayStatus:
    return GatewayStatus(state="offline", session=session)
