"""The gateway's loop: take events → step → commit → answer, tell, confirm, send."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from gateway import shipped
from gateway.branch import Branch
from gateway.channels.backlog import Noticed
from gateway.channels.notice import Notice
from gateway.channels.pager import Pagers
from gateway.channels.planned import Inbox
from gateway.config import GatewayConfig
from gateway.desk.addresses import PlannedChannel
from gateway.desk.desk import Desk
from gateway.desk.rooms import DEFAULTS
from gateway.errors import StoreDamaged, StoreError, VaultError
from gateway.health import Health
from gateway.intake import Intake
from gateway.mailroom import Mailroom
from gateway.round import Round
from gateway.store import Reader, Vault, Writer, key_path
from gateway.supervision import Wrong
from gateway.voice import Outside, Voice
from protocol.link import Connected, Disconnected, LinkEvent, Published, Received
from protocol.messages import GatewayStatus
from protocol.moment import Moment
from protocol.service import Loopback

log = logging.getLogger(__name__)

TICK_MS = 1_000
# What came since the last round that failed, and what nobody says twice of the rounds before.
MAX_RETAKEN = 1000

STORE_UNWRITABLE = Wrong("gateway", "store_unwritable")
RECORDS_UNREADABLE = Wrong("gateway", "records_unreadable")
PRIVATE_KEY = Wrong("gateway", "private_key_unreadable")
BROKER_AWAY = Wrong("broker", "away", "no connection to the broker; trying again for ever")

Event = LinkEvent | Noticed


class _Nobody:
    """Takes notices where nothing can send them."""

    def put(self, notice: Notice) -> None:
        log.warning("nothing sends through channel %s", notice.channel)


class Loop:
    """Owns the branch's state and its store. One thread calls `handle` and nothing else does.

    link: to the broker. senders: one a channel. pagers: what stands in `senders` for pager
    channels, None without any. make_sender: starts one for a channel made on a page. clock: gives
    the present moment.
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
        pagers: Pagers | None = None,
        make_sender: Callable[[PlannedChannel], Inbox] = lambda channel: _Nobody(),
        version: str = "",
    ) -> None:
        self._config = config
        self._writer = writer
        self._reader = reader
        self._voice = Voice(link)
        self._pagers = pagers or Pagers(link, lambda noticed: None, clock=clock)
        self._clock = clock
        self._version = version
        self._branch = Branch(config, writer)
        self._vault = Vault(key_path(config.store, config.private_key_file))
        self._desk = Desk(writer, zone=ZoneInfo(config.timezone), seal=self._vault.seal)
        self._health = Health()
        self._intake = Intake(
            branch=self._branch,
            desk=self._desk,
            health=self._health,
            loopback=self._voice.loopback,
        )
        self._mailroom = Mailroom(
            config=config,
            branch=self._branch,
            desk=self._desk,
            health=self._health,
            reader=reader,
            senders=senders,
            make_sender=make_sender,
            clock=clock,
        )
        self._session = 0
        self._rejected = 0
        self._tick_due_ms = 0
        self._store_trouble = ""
        self._retaken: list[Event] = []
        self._listening = False
        self._greeting_owed = False
        self._seed_owed = True

    @property
    def loopback(self) -> Loopback:
        return self._voice.loopback

    def start(self) -> None:
        """Takes over what the store remembers, and sends on what was still to be told.

        Raises: StoreError.
        """
        self._writer.configure(
            name=self._config.name,
            units=[one.id for one in self._config.units],
            points=self._config.point_records(),
        )
        channels = self._mailroom.start(call_link_key=self._writer.call_link_key())
        self._writer.configure_channels(channels)
        self._make_key()
        self._reload()
        self._seed()
        self._retaken += self._mailroom.resume()

    def stop(self) -> None:
        """Stops the senders that it has started."""
        self._mailroom.stop()

    def _seed(self) -> None:
        """The desk takes over what the configuration says; a disk that is full now does not keep
        the gateway from starting with what it knew before."""
        now, to = self._clock(), Round()
        try:
            self._take_over_plans(now, to)
            self._writer.commit(to.work)
        except StoreDamaged:
            raise
        except StoreError as error:
            self._withhold(error, [], now)
            return
        self._seed_owed = False

    def _take_over_plans(self, now: Moment, to: Round) -> None:
        """What every branch begins with, and what its file says; in force from this round on, so
        that a call in this very round reaches somebody."""
        self._settle(now, to)  # who leaves by the file leaves what they had to do to somebody
        plans = [*DEFAULTS, *shipped.plans(), *self._config.plans()]
        self._desk.seed(plans, self._branch.courses, now, to)
        self._settle(now, to)

    def _make_key(self) -> None:
        """Without a key everything works but private notes, and that is a fault."""
        try:
            self._vault.make_key()
        except VaultError as error:
            log.error("%s; private notes cannot be taken", error)
            self.own_fault(PRIVATE_KEY._replace(detail=str(error)))

    def own_fault(self, wrong: Wrong) -> None:
        """Something wrong with the gateway itself, from now until its next start."""
        self._health.set_own_fault(wrong, self._clock(), is_so=True)

    def _reload(self) -> None:
        """The branch as the store has it; what a failed write had changed in memory is gone."""
        self._branch.load(courses=self._writer.courses(), points=self._reader.points())
        self._desk.load()
        if self._writer.unreadable:
            named = ", ".join(self._writer.unreadable)[:500]
            self.own_fault(RECORDS_UNREADABLE._replace(detail=named))
        self._health.load(
            units=self._reader.units(), faults=self._reader.faults(), now=self._clock()
        )
        self._mailroom.load()
        self._desk.look_at(self._branch.points, self._health.faults)
        self._rejected = self._reader.rejected_count()

    def handle(self, events: list[Event]) -> None:
        """One round: all of `events` and everything that is due, in one transaction.

        Raises: StoreDamaged when the store is beyond healing.
        """
        now, to = self._clock(), Round()
        if self._is_to_wait(events, now):
            # Of what units repeat, the copy that comes in time knows best how old it is.
            self._retaken += [one for one in events if not _is_alert(one)]
            self._voice.leave_unconfirmed(_messages(events))
            self._voice.tell({}, {}, now_ms=now.mono_ms)
            return
        fresh, events = events, [*self._retaken, *events]
        try:
            if self._seed_owed:
                self._take_over_plans(now, to)
            for event in events:
                self._take(event, now, to)
            self._branch.fall_due(now, to)
            self._tick(now, to)
            self._branch.raise_for_desk(now, to)
            self._desk.follow(self._branch.courses, now, to)
            self._branch.tell_for_desk(now, to)
            self._settle(now, to)
            self._writer.commit(to.work)
        except StoreDamaged:
            raise
        except StoreError as error:
            self._retaken = [one for one in events if _is_said_once(one)][-MAX_RETAKEN:]
            self._withhold(error, fresh, now)
            return
        self._retaken, self._seed_owed = [], False
        if self._store_trouble and to.work:
            self._store_healed(now)
        self._tell(to, now)
        self._voice.confirm(_messages(fresh))

    def _is_to_wait(self, events: list[Event], now: Moment) -> bool:
        """While nothing can be stored each tick tries once, and not each message: reading the
        store anew costs a small machine as much as a hundred presses."""
        is_between_ticks = bool(self._store_trouble) and now.mono_ms < self._tick_due_ms
        has_room = len(self._retaken) + len(events) <= MAX_RETAKEN
        is_talk = not any(isinstance(one, Connected | Disconnected) for one in events)
        return is_between_ticks and has_room and is_talk

    def _settle(self, now: Moment, to: Round) -> None:
        if self._desk.settle(self._branch.courses, now, to):
            self._branch.follow_points(self._desk.points, to)
            self._mailroom.follow(now, to)
        self._branch.follow_roster(self._desk.roster)
        self._branch.follow_policies(
            self._desk.policies, self._desk.substitutes, self._desk.situations
        )

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
                self._intake.take(event, now, to)
            case Connected(session):
                self._connected(session, now)
            case Disconnected(reason):
                self._disconnected(reason, now)
                self._pagers.disconnected()
            case Published(mid):
                self._pagers.confirmed(mid)
                closed = self._voice.said_farewell(mid)
                if closed is not None:
                    to.work.farewells_said.add(closed)
            case Noticed():
                if self._mailroom.take(event, now, to):
                    self._tick_due_ms = 0

    def _connected(self, session: int, now: Moment) -> None:
        self._session = session
        self._listening = self._greeting_owed = True
        self._health.set_own_fault(BROKER_AWAY, now, is_so=False)
        self._health.listen_anew(now)
        self._voice.reconnected()
        self._tick_due_ms = 0

    def _disconnected(self, reason: str, now: Moment) -> None:
        if self._health.set_own_fault(BROKER_AWAY, now, is_so=True):
            log.warning("the broker is away (%s); trying again", reason)
        self._listening = False

    def _tick(self, now: Moment, to: Round) -> None:
        """Once a second: supervision; every few seconds: our own sign of life."""
        if now.mono_ms < self._tick_due_ms:
            return
        self._tick_due_ms = now.mono_ms + TICK_MS
        to.ticked = True
        if self._voice.is_heartbeat_due(now.mono_ms):
            self._health.save_last_seen(to)
        self._mailroom.tick(now, to)
        self._desk.fall_due(self._branch.courses, now, to)
        self._health.check_faults(
            self._branch.points,
            now,
            to,
            listening=self._listening,
            desk=self._desk.wrongs(self._branch.courses, now),
        )

    # --- after the commit ---

    def _tell(self, to: Round, now: Moment) -> None:
        self._voice.answer(to)
        if self._greeting_owed:
            self._greet()
        self._voice.tell(
            {point: self._branch.feedback(point) for point in sorted(to.points)},
            {incident_id: course.incident for incident_id, course in to.work.courses.items()},
            now_ms=now.mono_ms,
        )
        self._pagers.turn()
        self._retaken += self._mailroom.send(to)
        self._voice.forget_farewells(to.work.farewells_said)
        self._rejected += len(to.work.rejected)
        if to.faults_changed:
            self._voice.say_faults(self._health.present_faults())
        if to.ticked:
            self._say_status(now)

    def _greet(self) -> None:
        """Says anew everything that is retained at the broker; after the commit, as all else."""
        self._greeting_owed = False
        closed = map(self._reader.incident, self._writer.farewells())
        self._voice.say_anew(
            map(self._branch.feedback, self._branch.points),
            [
                *(course.incident for course in self._branch.courses.values()),
                *(incident for incident in closed if incident is not None),
            ],
            self._health.present_faults(),
        )

    def _say_status(self, now: Moment) -> None:
        status = GatewayStatus(
            state="online",
            session=self._session,
            version=self._version,
            open=len(self._branch.courses),
            rejected=self._rejected,
            log_head=self._writer.log_head,
            desk=self._desk.changes,
        )
        self._voice.say_status(status, now_ms=now.mono_ms)

    # --- a store that cannot be written ---

    def _withhold(self, error: StoreError, events: list[Event], now: Moment) -> None:
        """Nothing of this round is confirmed: units keep their alerts and send them again.

        The next tick tries to store the fault, and so finds out when writing works again.
        """
        if not self._store_trouble:
            log.error("%s; receipts are withheld and units keep their alerts", error)
        self._writer.abandon()
        self._store_trouble = str(error)
        self._voice.leave_unconfirmed(_messages(events))
        trouble = STORE_UNWRITABLE._replace(detail=str(error))
        self._health.set_own_fault(trouble, now, is_so=True)
        self._reload()
        self._settle(now, Round())
        # Not known as stored, so that the next tick has something to write.
        self._health.faults.pop((trouble.subject, trouble.name), None)
        if self._greeting_owed:
            self._greet()
        self._voice.tell({}, {}, now_ms=now.mono_ms)  # what the rounds before left unsaid
        self._voice.say_faults(self._health.present_faults())
        self._say_status(now)
        self._tick_due_ms = now.mono_ms + TICK_MS

    def _store_healed(self, now: Moment) -> None:
        log.warning("the store can be written again")
        self._store_trouble = ""
        self._health.set_own_fault(STORE_UNWRITABLE, now, is_so=False)
        self._tick_due_ms = 0


def _is_said_once(event: Event) -> bool:
    """Whether nobody says this again by themselves, as units do with alerts until the receipt and
    everybody with their status."""
    if isinstance(event, Received):
        return event.where is None or event.where.name in ("action", "request", "terminal_event")
    return isinstance(event, Noticed | Published)


def _is_alert(event: Event) -> bool:
    where = event.where if isinstance(event, Received) else None
    return where is not None and where.name == "alert"


def _messages(events: list[Event]) -> list[Received]:
    """The messages of the present connection: numbers of one before mean nothing in it."""
    found: list[Received] = []
    for event in events:
        if isinstance(event, Connected):
            found.clear()
        elif isinstance(event, Received):
            found.append(event)
    return found
