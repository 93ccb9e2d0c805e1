"""A client's end of the network; to its program it is what protocol.link.Link is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from protocol.link import Connected, Disconnected, LinkEvent, Published, Received
from protocol.messages import encode
from protocol.topics import RETAINED, Topics

from .network import DEAF_MS, Confirmed, Connection, Goodbye, Network, Packet, Subscribe

RECONNECT_MS = (1_000, 2_000, 4_000, 5_000)

TOPICS = Topics("b001")


class SimulatedLink:
    """deliver: called with each LinkEvent and the time its message was said (None: no message).

    before_send: called before each message leaves; it may end the program there. will: (topic
    name, ids, session → message). repeats_stale: as paho left to itself, what was not confirmed
    goes out again after the next connect, however old it is.
    """

    repeats_stale = False

    def __init__(
        self,
        *,
        network: Network,
        client: str,
        subscriptions: Iterable[str],
        deliver: Callable[[LinkEvent, int | None], None],
        before_send: Callable[[], None] = lambda: None,
        will: tuple[str, tuple[str, ...], Callable[[int], object]] | None = None,
        first_session: int = 1,
        has_waiting: Callable[[], bool] = lambda: False,
    ) -> None:
        self.client = client
        self.connected = False
        self.alive = True
        self._network = network
        self._subscriptions = tuple(subscriptions)
        self._deliver = deliver
        self._before_send = before_send
        self._will = will
        self._session = first_session - 1
        self._has_waiting = has_waiting
        self._tries = 0
        self._mid = 0
        self._connection: Connection | None = None
        self._unconfirmed: dict[int, Packet] = {}
        self._awaited: set[int] = set()

    # --- what programs call ---

    @property
    def has_waiting(self) -> bool:
        """Whether more events wait for the program."""
        return self._has_waiting()

    def start(self) -> None:
        self._network.timeline.after(2, self._try)

    def send(self, name: str, *ids: str, message: object) -> int | None:
        return self._publish(name, ids, encode(message))

    def clear(self, name: str, *ids: str) -> int | None:
        mid = self._publish(name, ids, b"")
        if mid is not None:
            self._awaited.add(mid)
        return mid

    def ack(self, received: Received) -> None:
        """With clean sessions the broker repeats nothing within a connection anyway."""

    def _publish(self, name: str, ids: tuple[str, ...], payload: bytes) -> int | None:
        self._before_send()
        if not self.connected:
            return None
        self._mid += 1
        packet = Packet(
            topic=TOPICS.build(name, *ids),
            payload=payload,
            retain=name in RETAINED,
            origin_ms=self._network.timeline.now_ms,
            mid=self._mid,
        )
        self._unconfirmed[self._mid] = packet
        self._connection.up.send(packet)
        return self._mid

    # --- what happens to it ---

    def lose(self) -> None:
        """The client finds its connection dead."""
        if self.alive and self._connection is not None:
            self._drop()
            self._network.timeline.after(RECONNECT_MS[0], self._try)

    def break_off(self, away_ms: int) -> None:
        """The connection breaks; each side finds out in its own time."""
        self._network.keep_away(self.client, away_ms)
        connection = self._connection
        if connection is None:
            return
        connection.cut()
        timeline = self._network.timeline
        timeline.after(self._network.notice_ms(), connection.lost)
        timeline.after(self._network.notice_ms(), partial(self._network.broker.end, connection))

    def die(self, *, power_cut: bool) -> None:
        """Its process is gone; only the kernel of a machine that lives on says goodbye."""
        self.alive = self.connected = False
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.down.is_cut = True
        if power_cut:
            connection.up.is_cut = True
            self._network.timeline.after(DEAF_MS, partial(self._network.broker.end, connection))
        else:
            connection.up.send(Goodbye())

    def _drop(self) -> None:
        self._connection.cut()
        self._connection = None
        self._tries = 0
        if self.connected:
            self.connected = False
            self._deliver(Disconnected("the connection is lost"), None)

    def _try(self) -> None:
        if not self.alive or self._connection is not None:
            return
        self._session += 1
        if not self._network.reaches(self.client):
            self._deliver(Disconnected("nothing answers"), None)
            wait_ms = RECONNECT_MS[min(self._tries, len(RECONNECT_MS) - 1)]
            self._tries += 1
            self._network.timeline.after(wait_ms, self._try)
            return
        self._connect()

    def _connect(self) -> None:
        connection = Connection(
            network=self._network,
            client=self.client,
            will=self._last_will(),
            heard=self._heard,
            lost=lambda: None,
        )
        connection.lost = partial(self._lost, connection)
        self._connection = connection
        self._network.broker.accept(connection)
        self._network.timeline.after(self._network.delay_ms(), partial(self._connected, connection))

    def _lost(self, connection: Connection) -> None:
        if connection is self._connection:
            self.lose()

    def _last_will(self) -> Packet | None:
        if self._will is None:
            return None
        name, ids, message = self._will
        return Packet(
            topic=TOPICS.build(name, *ids),
            payload=encode(message(self._session)),
            retain=name in RETAINED,
            origin_ms=self._network.timeline.now_ms,
        )

    def _connected(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self.connected = True
        connection.up.send(Subscribe(self._subscriptions))
        self._deliver(Connected(self._session), None)
        stale, self._unconfirmed = self._unconfirmed, {}
        if self.repeats_stale:
            self._unconfirmed = stale
            for packet in stale.values():
                connection.up.send(packet)

    def _heard(self, item: object) -> None:
        match item:
            case Confirmed(mid):
                self._unconfirmed.pop(mid, None)
                if mid in self._awaited:
                    self._awaited.discard(mid)
                    self._deliver(Published(mid), None)
            case Packet():
                self._mid += 1
                received = Received(
                    item.topic, TOPICS.parse(item.topic), item.payload, item.retain, self._mid
                )
                self._deliver(received, item.origin_ms)
