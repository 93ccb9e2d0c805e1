"""The gateway's loop: take events → step → commit → acknowledge, publish, send."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec

from gateway.branch import Branch, Round
from gateway.channels.notice import DeliveryResult, Notice, write
from gateway.channels.sender import Noticed
from gateway.config import GatewayConfig
from gateway.errors import StoreDamaged, StoreError
from gateway.incident import Entry
from gateway.store import NoticeRecord, PointRecord, Reader, StaffRecord, Writer
from gateway.store.records import LoggedEntry
from gateway.supervision import Wrong
from protocol.link import Connected, Disconnected, LinkEvent, Published, Received
from protocol.messages import (
    Action,
    Alert,
    Faults,
    GatewayStatus,
    Incident,
    MessageError,
    Receipt,
    TerminalEvent,
    TerminalStatus,
    UnitStatus,
    decode,
)
from protocol.moment import Moment
from protocol.service import Loopback

log = logging.getLogger(__name__)

HEARTBEAT_MS = 5_000
TICK_MS = 1_000
# In a storm screens and lamps lag behind the receipts by at most this.
UNTOLD_MS = 250
# An id has up to 64 characters, and a character up to 6 bytes in JSON: so many fit into 64 KiB.
IDS_A_RECEIPT = 150

# So that they fit into one payload; a branch with more has one fault: everything.
MAX_FAULTS_SAID = 100
FAULTS_BYTES = 60_000

# Messages left unconfirmed while the store cannot be written. A broker hands out only so many at
# a time (mosquitto: 20); with all of them held back the gateway would hear no heartbeat either.
MAX_UNCONFIRMED = 8
# Results of channels kept for the round after a failed one.
MAX_RETAKEN = 1000

STORE_UNWRITABLE = Wrong("gateway", "store_unwritable")
BROKER_AWAY = Wrong("broker", "away", "no connection to the broker; trying again for ever")

Event = LinkEvent | Noticed


@dataclass(slots=True)
class _Untold:
    """What is stored but not yet said. due_ms: when it must be said, however much still comes."""

    points: set[str] = field(default_factory=set)
    incidents: dict[str, Incident] = field(default_factory=dict)
    due_ms: int = 0


class Outside(Protocol):
    """What the loop needs of its link to the broker."""

    @property
    def connected(self) -> bool: ...
    @property
    def has_waiting(self) -> bool: ...
    def send(self, name: str, *ids: str, message: object) -> int | None: ...
    def clear(self, name: str, *ids: str) -> int | None: ...
    def ack(self, received: Received) -> None: ...


class Inbox(Protocol):
    """What the loop needs of a sender."""

    def put(self, notice: Notice) -> None: ...


class Loop:
    """Owns the branch's state and its store. One thread calls `handle` and nothing else does.

    link: to the broker. senders: one a channel. clock: gives the present moment.
    """

    def __init__(
        self,
        *,
        config: GatewayConfig,
        writer: Writer,
        reader: Reader,
        link: Outside,
        senders: Mapping[str, Inbox],
        clock: Callable[[], Moment],
        version: str = "",
    ) -> None:
        self._config = config
        self._writer = writer
        self._reader = reader
        self._link = link
        self._senders = senders
        self._clock = clock
        self._version = version
        self._branch = Branch(config, writer)
        self._session = 0
        self._rejected = 0
        self._said_status: GatewayStatus | None = None
        self._heartbeat_due_ms = 0
        self._tick_due_ms = 0
        self._farewells: dict[int, str] = {}
        self._store_trouble = ""
        self._unconfirmed: list[Received] = []
        self._retaken: list[Event] = []
        self._listening = False
        self._greeting_owed = False
        self._untold = _Untold()
        self.loopback = Loopback()

    def start(self) -> None:
        """Takes over what the store remembers, and sends on what was still to be told.

        Raises: StoreError.
        """
        config = self._config
        self._writer.configure(
            name=config.name,
            units=[one.id for one in config.units],
            points=[
                PointRecord(point=one.id, label=one.label, unit=one.unit, silent=one.silent)
                for one in config.points
            ],
            staff=[
                StaffRecord(
                    staff=one.id,
                    name=one.name,
                    roles=tuple(one.roles),
                    pin_hash=one.pin_hash,
                    on_duty=one.on_duty,
                )
                for one in config.staff
            ],
        )
        self._reload()
        for record in self._reader.waiting_notices():
            if record.channel in self._senders:
                self._hand_to_sender(record)
            else:
                self._retaken.append(_given_up(record))

    def own_fault(self, wrong: Wrong) -> None:
        """Something wrong with the gateway itself, from now until its next start."""
        self._branch.set_own_fault(wrong, self._clock(), is_so=True)

    def _reload(self) -> None:
        """The branch as the store has it; what a failed write had changed in memory is gone."""
        branch = Branch(self._config, self._writer)
        branch.load(
            courses=self._writer.courses(),
            points=self._reader.points(),
            units=self._reader.units(),
            faults=self._reader.faults(),
            now=self._clock(),
        )
        branch.keep_watching(self._branch)
        self._branch = branch
        self._rejected = self._reader.rejected_count()

    def handle(self, events: list[Event]) -> None:
        """One round: all of `events` and everything that is due, in one transaction.

        When further messages wait already, lamps and screens hear of this round with the next, so
        that in a storm each is told once and not with every round.
        Raises: StoreDamaged when the store is beyond healing.
        """
        now, to = self._clock(), Round()
        events = [*self._retaken, *events]
        try:
            for event in events:
                self._take(event, now, to)
            self._branch.fall_due(now, to)
            self._tick(now, to)
            self._writer.commit(to.work)
        except StoreDamaged:
            raise
        except StoreError as error:
            self._withhold(error, events, now)
            return
        self._retaken = []
        if self._store_trouble and to.work:
            self._store_healed(now)
        self._tell(to, now)
        self._confirm(events)

    def wait_ms(self) -> int:
        """Milliseconds until `handle` has something to do even if no event comes."""
        now = self._clock()
        # What is due cannot be done while nothing can be stored: then the ticks try again.
        due_ms = None if self._store_trouble else self._branch.next_due_ms(now)
        next_ms = self._tick_due_ms if due_ms is None else min(self._tick_due_ms, due_ms)
        return max(0, next_ms - now.mono_ms)

    # --- taking events ---

    def _take(self, event: Event, now: Moment, to: Round) -> None:
        match event:
            case Received():
                self._take_message(event, now, to)
            case Connected(session):
                self._connected(session, now)
            case Disconnected(reason):
                log.warning("the broker is away (%s); trying again", reason)
                self._listening = False
                self._branch.set_own_fault(BROKER_AWAY, now, is_so=True)
            case Published(mid):
                if mid in self._farewells:
                    to.work.farewells_said.add(self._farewells[mid])
            case Noticed():
                self._take_noticed(event, now, to)

    def _take_message(self, received: Received, now: Moment, to: Round) -> None:
        if received.where is None:
            self._branch.reject(
                received.topic, "the topic holds what is no id", received.payload, now, to
            )
            return
        name, ident = received.where.name, received.where.id
        try:
            match name:
                case "alert":
                    self._branch.take_alert(ident, decode(Alert, received.payload), now, to)
                case "action":
                    self._branch.take_action(decode(Action, received.payload), now, to)
                case "unit_status":
                    status = decode(UnitStatus, received.payload)
                    self._branch.take_unit_status(
                        ident, status, now, to, retained=received.retained
                    )
                case "terminal_status":
                    screen = decode(TerminalStatus, received.payload)
                    self._branch.take_screen_status(ident, screen, now, retained=received.retained)
                case "terminal_event":
                    event = decode(TerminalEvent, received.payload)
                    self._branch.take_terminal_event(event, now, to)
                case "gateway_status":
                    self.loopback.heard()
        except MessageError as error:
            self._branch.reject(received.topic, str(error), received.payload, now, to)

    def _take_noticed(self, event: Noticed, now: Moment, to: Round) -> None:
        waiting = to.work.notices.get(event.notice_id) or self._reader.notice(event.notice_id)
        if waiting is None:
            return
        state = "waiting"
        if event.is_final:
            state = "delivered" if event.result.delivered else "failed"
        to.work.notices[event.notice_id] = replace(
            waiting, state=state, attempts=event.attempts, detail=event.result.detail
        )
        fault = Wrong(f"channel/{event.channel}", "failing", event.result.detail)
        is_failing = not event.result.delivered and event.channel in self._senders
        self._branch.set_own_fault(fault, now, is_so=is_failing)
        self._tick_due_ms = 0
        if event.is_final:
            detail = {"channel": event.channel, "detail": event.result.detail}
            entry = Entry(event=f"notice_{state}", detail=detail)
            to.work.entries.append(
                LoggedEntry(at_ms=now.utc_ms, entry=entry, incident_id=waiting.incident_id)
            )

    def _connected(self, session: int, now: Moment) -> None:
        """The broker took us: what it handed out before is its own to hand out again."""
        self._session = session
        self._listening = self._greeting_owed = True
        self._branch.set_own_fault(BROKER_AWAY, now, is_so=False)
        self._branch.listen_anew(now)
        self._tick_due_ms = self._heartbeat_due_ms = 0
        self._farewells.clear()
        self._unconfirmed.clear()

    def _greet(self) -> None:
        """Says anew everything that is retained at the broker; after the commit, as all else."""
        self._greeting_owed = False
        for point in self._branch.points:
            self._link.send("feedback", point, message=self._branch.feedback(point))
        for course in self._branch.courses.values():
            self._publish_incident(course.incident)
        for incident_id in self._writer.farewells():
            closed = self._reader.incident(incident_id)
            if closed is not None:
                self._publish_incident(closed)
        self._publish_faults()

    def _tick(self, now: Moment, to: Round) -> None:
        """Once a second: supervision; every few seconds: our own sign of life."""
        if now.mono_ms < self._tick_due_ms:
            return
        self._tick_due_ms = now.mono_ms + TICK_MS
        to.ticked = True
        if now.mono_ms >= self._heartbeat_due_ms:
            self._branch.save_last_seen(to)
        self._branch.check_faults(now, to, listening=self._listening)

    # --- after the commit ---

    def _tell(self, to: Round, now: Moment) -> None:
        """Receipts first, since somebody waits for each; then, once, how everything is now."""
        for unit, alert_ids in to.receipts.items():
            for start in range(0, len(alert_ids), IDS_A_RECEIPT):
                receipt = Receipt(alert_ids=alert_ids[start : start + IDS_A_RECEIPT])
                self._link.send("receipt", unit, message=receipt)
        for terminal, result in to.results:
            self._link.send("result", terminal, message=result)
        self._untold.points |= to.points
        self._untold.incidents |= {i: c.incident for i, c in to.work.courses.items()}
        if now.mono_ms >= self._untold.due_ms or not self._link.has_waiting:
            self._tell_state(now)
        for record in to.work.notices.values():
            if record.state == "waiting" and record.attempts == 0:
                self._hand_to_sender(record)
        for incident_id in to.work.farewells_said:
            self._farewells = {m: i for m, i in self._farewells.items() if i != incident_id}
        self._rejected += len(to.work.rejected)
        if to.faults_changed:
            self._publish_faults()
        if to.ticked:
            self._publish_status(now)

    def _tell_state(self, now: Moment) -> None:
        """Lamps and incidents as they are now, whatever they were in between."""
        if self._greeting_owed:
            self._greet()
        for point in self._untold.points:
            self._link.send("feedback", point, message=self._branch.feedback(point))
        for incident in self._untold.incidents.values():
            self._publish_incident(incident)
        self._untold = _Untold(due_ms=now.mono_ms + UNTOLD_MS)

    def _confirm(self, events: list[Event]) -> None:
        """Lets the broker forget what is stored now."""
        for received in [*self._unconfirmed, *_messages(events)]:
            self._link.ack(received)
        self._unconfirmed = []

    def _publish_incident(self, incident: Incident) -> None:
        """The whole incident; a closed one once more, and then its retained copy goes."""
        self._link.send("incident", incident.incident_id, message=incident)
        if not incident.is_open:
            mid = self._link.clear("incident", incident.incident_id)
            if mid is not None:
                self._farewells[mid] = incident.incident_id

    def _publish_faults(self) -> None:
        faults = self._branch.present_faults()[:MAX_FAULTS_SAID]
        while len(msgspec.json.encode(faults)) > FAULTS_BYTES:
            faults = faults[: len(faults) // 2]
        self._link.send("faults", message=Faults(faults=faults))

    def _publish_status(self, now: Moment) -> None:
        """Our sign of life: each few seconds, and at once when what it says has changed."""
        status = GatewayStatus(
            state="online",
            session=self._session,
            version=self._version,
            open=len(self._branch.courses),
            rejected=self._rejected,
            log_head=self._writer.log_head,
        )
        said = self._said_status
        is_news = said is None or (said.open, said.rejected) != (status.open, status.rejected)
        if not is_news and now.mono_ms < self._heartbeat_due_ms:
            return
        if self._link.send("gateway_status", message=status) is not None:
            self.loopback.sent(now.mono_ms)
            self._said_status = status
        self._heartbeat_due_ms = now.mono_ms + HEARTBEAT_MS

    def _hand_to_sender(self, record: NoticeRecord) -> None:
        sender = self._senders.get(record.channel)
        course = self._branch.courses.get(record.incident_id)
        incident = course.incident if course else self._reader.incident(record.incident_id)
        if sender is not None and incident is not None:
            sender.put(
                write(incident, notice_id=record.notice_id, channel=record.channel, why=record.why)
            )

    # --- a store that cannot be written ---

    def _withhold(self, error: StoreError, events: list[Event], now: Moment) -> None:
        """Nothing of this round is confirmed: units keep their alerts and send them again.

        The next tick tries to store the fault, and so finds out when writing works again.
        """
        if not self._store_trouble:
            log.error("%s; receipts are withheld and units keep their alerts", error)
        self._writer.abandon()
        self._store_trouble = str(error)
        self._retaken = [one for one in events if isinstance(one, Noticed | Published)]
        self._retaken = self._retaken[-MAX_RETAKEN:]
        self._leave_unconfirmed(events)
        trouble = STORE_UNWRITABLE._replace(detail=str(error))
        self._branch.set_own_fault(trouble, now, is_so=True)
        self._reload()
        # Not known as stored, so that the next tick has something to write.
        self._branch.faults.pop((trouble.subject, trouble.name), None)
        if self._greeting_owed:
            self._greet()
        self._publish_faults()
        self._publish_status(now)
        self._tick_due_ms = now.mono_ms + TICK_MS

    def _leave_unconfirmed(self, events: list[Event]) -> None:
        """Keeps the newest messages unconfirmed; units repeat alerts until the receipt anyway."""
        waiting = [*self._unconfirmed, *_messages(events)]
        for received in waiting[:-MAX_UNCONFIRMED]:
            self._link.ack(received)
        self._unconfirmed = waiting[-MAX_UNCONFIRMED:]

    def _store_healed(self, now: Moment) -> None:
        log.warning("the store can be written again")
        self._store_trouble = ""
        self._branch.set_own_fault(STORE_UNWRITABLE, now, is_so=False)
        self._tick_due_ms = 0


def _given_up(record: NoticeRecord) -> Noticed:
    """A notice that waits for a channel which the configuration no longer has."""
    result = DeliveryResult(False, "this channel is no longer configured")
    return Noticed(record.notice_id, record.channel, result, record.attempts, is_final=True)


def _messages(events: list[Event]) -> list[Received]:
    """The messages of the present connection: numbers of one before mean nothing in it."""
    found: list[Received] = []
    for event in events:
        if isinstance(event, Connected):
            found.clear()
        elif isinstance(event, Received):
            found.append(event)
    return found
