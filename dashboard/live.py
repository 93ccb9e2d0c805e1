"""The board's connection to the branch: news in, actions out.

Owned by the event loop: the broker's thread only puts events into a bounded inbox. Pages, in
their own threads, read `picture`, which is one frozen value, and call `ask` and `tell`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace

from dashboard import picture as pictures
from dashboard.config import BoardConfig
from dashboard.errors import BrokerAway, GatewaySilent, TooLong
from dashboard.picture import Picture
from dashboard.store import Reader, StoreError, look
from dashboard.stream import Hub
from dashboard.waiting import Waiting
from dashboard.wire import Beat, LampView
from protocol.clock import now
from protocol.link import Connected, Disconnected, Link, LinkEvent, Received, Will
from protocol.messages import (
    Action,
    ActionResult,
    Faults,
    Feedback,
    GatewayStatus,
    Incident,
    MessageError,
    Request,
    SimulatedLamp,
    TerminalEvent,
    TerminalStatus,
    UnitStatus,
    decode,
)
from protocol.moment import rfc3339
from protocol.service import Loopback, notify
from protocol.topics import Topic, Topics
from protocol.version import version

log = logging.getLogger(__name__)

MAX_INBOX = 20_000
# News taken in one turn of the event loop: a storm must not fill a stream's bound in one go.
PORTION = 50
MAX_UNTOLD = 1_000
# Each waiting action holds one of the pages' threads; the rest must stay free for pages.
MAX_WAITING_ACTIONS = 12
ANSWER_S = 5.0
BEAT_S = 1.0
HEARTBEAT_MS = 5_000
# The store is looked into at least this often; news over the broker comes at once.
LOOK_EVERY_MS = 5_000
LOOK_AGAIN_MS = 2_000


class Live:
    """What the board knows now, and its voice. `picture` and `hub` are for everybody to read."""

    def __init__(self, *, config: BoardConfig, reader: Reader) -> None:
        self._config = config
        self._reader = reader
        self._topics = Topics(config.branch)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inbox: deque[LinkEvent] = deque()
        self._is_woken = False
        self._lock = threading.Lock()
        self._waiting = Waiting(most=MAX_WAITING_ACTIONS)
        self._untold: deque[TerminalEvent] = deque(maxlen=MAX_UNTOLD)
        self._loopback = Loopback()
        self._look_wanted = asyncio.Event()
        self._session = 0
        self._store_fault = ""
        self._broker_fault = ""
        self._heartbeat_due_ms = 0
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="store")
        self.tasks: list[asyncio.Task[None]] = []
        self.rejected = 0
        self.picture = Picture()
        self.hub = Hub(present=lambda: pictures.present(self.picture))
        self.link = Link(
            broker=config.mqtt,
            topics=self._topics,
            client_id=f"anling-{config.branch}-{config.terminal}",
            deliver=self._deliver,
            subscriptions=self._subscriptions(),
            will=Will("terminal_status", (config.terminal,), self._offline),
            first_session=now().utc_ms // 1000,
        )

    def _subscriptions(self) -> list[str]:
        build, terminal = self._topics.build, self._config.terminal
        demo = [build("lamp")] if self._config.demo else []
        return [
            *map(build, ("incident", "unit_status", "gateway_status", "faults", "feedback")),
            *demo,
            build("result", terminal),
            build("terminal_status", terminal),
        ]

    # -- its life, in the event loop ------------------------------------------------------------

    def start(self) -> None:
        """Begins to listen; call it in the event loop that is to own this."""
        self._loop = asyncio.get_running_loop()
        self.link.start()
        self.tasks = [
            self._loop.create_task(self._beat_for_ever()),
            self._loop.create_task(self._look_for_ever()),
        ]

    def stop(self) -> None:
        """Ends everything, at once for whoever waits for an answer."""
        self._loop = None  # what the broker says from here on is not for us
        self.hub.close()
        for task in self.tasks:
            task.cancel()
        self._waiting.cancel_all()
        self.link.stop()
        self._looker.shutdown(wait=False, cancel_futures=True)
        self._reader.close()

    async def _beat_for_ever(self) -> None:
        while True:
            self._beat()
            await asyncio.sleep(BEAT_S)

    def _beat(self) -> None:
        moment = now()
        self._show(pictures.at_time(self.picture, now_ms=moment.mono_ms))
        self.hub.publish("beat", Beat(at=rfc3339(moment.utc_ms), open=len(self.picture.incidents)))
        if moment.mono_ms >= self._heartbeat_due_ms:
            self._heartbeat_due_ms = moment.mono_ms + HEARTBEAT_MS
            self._say_online()
        if self.is_well(moment.mono_ms):
            notify("WATCHDOG=1")

    def is_well(self, now_ms: int) -> bool:
        """Whether the connection really works, as far as the board itself is to blame."""
        deaf = self.link.connected and self._loopback.is_overdue(now_ms)
        return self.link.alive and not deaf

    def _say_online(self) -> None:
        if self._session and self._send_status():
            self._loopback.sent(now().mono_ms)

    def _send_status(self) -> bool:
        status = TerminalStatus(state="online", session=self._session, version=version())
        sent = self.link.send("terminal_status", self._config.terminal, message=status)
        return sent is not None

    def _offline(self, session: int) -> TerminalStatus:
        return TerminalStatus(state="offline", session=session, version=version())

    # -- news -----------------------------------------------------------------------------------

    def _deliver(self, event: LinkEvent) -> None:
        """In the broker's thread: only enqueues. At the bound the oldest news goes: the next
        look into the store makes up for it."""
        with self._lock:
            if len(self._inbox) >= MAX_INBOX:
                self._inbox.popleft()
            self._inbox.append(event)
            loop, is_woken, self._is_woken = self._loop, self._is_woken, True
        if loop is None or is_woken:
            return
        try:
            loop.call_soon_threadsafe(self._take_some)
        except RuntimeError:  # the loop has ended meanwhile
            return

    def _take_some(self) -> None:
        """Takes what came, in portions, between which the streams pass it on."""
        with self._lock:
            portion = [self._inbox.popleft() for _ in range(min(PORTION, len(self._inbox)))]
            self._is_woken = bool(self._inbox)
        if self._is_woken and self._loop is not None:
            self._loop.call_soon(self._take_some)
        for event in portion:
            self._take(event)

    def _take(self, event: LinkEvent) -> None:
        match event:
            case Received():
                self._take_message(event)
            case Connected(session):
                self._session, self._broker_fault = session, ""
                self._show(replace(self.picture, broker=True))
                self._say_online()
                self._tell_untold()
                self._look_wanted.set()
            case Disconnected(reason):
                if reason != self._broker_fault:
                    log.warning("The broker is away: %s. The board keeps trying.", reason)
                self._broker_fault = reason
                self._loopback.heard()
                self._show(replace(self.picture, broker=False))

    def _take_message(self, event: Received) -> None:
        if event.where is None:
            return
        if not event.payload:  # a retained message was cleared; the close itself came before
            return
        try:
            self._take_named(event.where, event)
        except MessageError as error:
            self.rejected += 1
            log.warning("A message on %s cannot be taken: %s", event.topic, error)

    def _take_named(self, where: Topic, event: Received) -> None:
        moment, before = now(), self.picture
        match where.name:
            case "incident":
                self._show(pictures.with_incident(before, decode(Incident, event.payload)))
            case "unit_status":
                status = decode(UnitStatus, event.payload)
                at = None if event.retained else rfc3339(moment.utc_ms)
                self._show(pictures.with_unit_status(before, where.id, status, at=at))
            case "gateway_status":
                status = decode(GatewayStatus, event.payload)
                after = pictures.with_gateway(before, status, now_ms=moment.mono_ms)
                self._look_if_restarted(before, after)
                self._show(after)
            case "faults":
                self._show(pictures.with_faults(before, decode(Faults, event.payload).faults))
            case "feedback":
                self._show(pictures.with_feedback(before, decode(Feedback, event.payload)))
            case "lamp":
                shown = decode(SimulatedLamp, event.payload)
                lamp = LampView(
                    unit=where.id,
                    point=where.part,
                    lamp=shown.lamp,
                    sounder=shown.sounder,
                    drill=shown.drill,
                )
                self._show(pictures.with_lamp(before, lamp))
            case "result":
                self._waiting.answer(decode(ActionResult, event.payload))
            case "terminal_status":
                self._loopback.heard()

    def _look_if_restarted(self, before: Picture, after: Picture) -> None:
        """A gateway that starts may have another configuration: units, points, staff."""
        sessions = [item.gateway_status and item.gateway_status.session for item in (before, after)]
        if sessions[0] != sessions[1]:
            self._look_wanted.set()

    def _show(self, after: Picture) -> None:
        before, self.picture = self.picture, after
        for event, state in pictures.changes(before, after):
            self.hub.publish(event, state)

    # -- the store ------------------------------------------------------------------------------

    async def _look_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._look_wanted.clear()
            before = self.picture
            try:
                stored = await loop.run_in_executor(
                    self._looker, look, self._reader, tuple(before.incidents)
                )
                if self.picture.faults != before.faults:
                    stored = replace(stored, faults=None)
                self._store_is_back()
                vanished = set(stored.unknown) & self.picture.incidents.keys()
                self._show(pictures.with_stored(self.picture, stored))
                if vanished:  # another store: no event can say that an incident never was
                    self.hub.restart()
            except StoreError as error:
                self._store_is_away(str(error))
            pause_ms = LOOK_EVERY_MS if self.picture.store else LOOK_AGAIN_MS
            try:
                async with asyncio.timeout(pause_ms / 1000):
                    await self._look_wanted.wait()
            except TimeoutError:
                continue

    def _store_is_away(self, why: str) -> None:
        if why != self._store_fault:
            log.warning("The store cannot be read: %s. The board keeps trying.", why)
        self._store_fault = why
        self._show(replace(self.picture, store=False))

    def _store_is_back(self) -> None:
        if self._store_fault:
            log.warning("The store can be read again.")
        self._store_fault = ""

    # -- out, from any thread -------------------------------------------------------------------

    def ask(self, asked: Action | Request, *, timeout_s: float = ANSWER_S) -> ActionResult:
        """What the gateway answers to an action or a request.

        Raises: BrokerAway, GatewaySilent (nobody knows whether it happened), TooManyWaiting,
        TooLong.
        """
        try:
            name, id = (
                ("action", asked.action_id)
                if isinstance(asked, Action)
                else ("request", asked.request_id)
            )
            with self._waiting.answer_to(id) as answer:
                if self.link.send(name, message=asked) is None:
                    raise BrokerAway
                return answer.result(timeout_s)
        except MessageError as error:
            raise TooLong from error
        # The answer did not come, or the board is stopping.
        except (TimeoutError, CancelledError) as error:
            raise GatewaySilent from error

    def set_line(self, unit: str, line: int, *, closed: bool) -> bool:
        """Closes or opens a line of a simulated unit (demo); False when the broker is away."""
        return self.link.send("line", unit, str(line), message=int(closed)) is not None

    def tell(self, event: TerminalEvent) -> None:
        """Has the gateway log something that happened here; kept while the broker is away."""
        self._untold.append(event)
        self._tell_untold()

    def _tell_untold(self) -> None:
        while self.link.connected:
            try:
                event = self._untold.popleft()
            except IndexError:
                return
            if self.link.send("terminal_event", self._config.terminal, message=event) is None:
                self._untold.appendleft(event)
                return

    @property
    def heard_gateway_ms_ago(self) -> int | None:
        """Milliseconds since the gateway was heard, or None."""
        heard_ms = self.picture.gateway_heard_ms
        return None if heard_ms is None else max(now().mono_ms - heard_ms, 0)
