"""The broker and the ways to it: reliable and in order within a connection, and nothing beyond.

As MQTT 3.1.1 with clean sessions and quality 1: a connection that breaks loses what is under way;
retained messages wait for whoever subscribes; a will is said when a connection ends badly, perhaps
late; a broker that restarts has forgotten everything.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from .timeline import Timeline

# One and a half keepalives: so long may a dead connection look alive.
DEAF_MS = 7_500


class Packet(NamedTuple):
    """A message under way. origin_ms: when its program said it. mid: its number there, else 0."""

    topic: str
    payload: bytes
    retain: bool
    origin_ms: int
    mid: int = 0


class Subscribe(NamedTuple):
    filters: tuple[str, ...]


class Confirmed(NamedTuple):
    """PUBACK."""

    mid: int


class Goodbye:
    """The kernel closed the connection of a process that was killed; what it had sent arrives."""


class Pipe:
    """One direction of a connection: first in, first out, until it is cut."""

    def __init__(self, network: Network, deliver: Callable[[object], None]) -> None:
        self._network = network
        self._deliver = deliver
        self._last_ms = 0
        self.is_cut = False

    def send(self, item: object) -> None:
        timeline = self._network.timeline
        self._last_ms = max(self._last_ms, timeline.now_ms + self._network.delay_ms())
        timeline.at(self._last_ms, partial(self._arrive, item))

    def _arrive(self, item: object) -> None:
        if not self.is_cut:
            self._deliver(item)


class Connection:
    """Between one client and the broker. heard: called with what the broker sends."""

    def __init__(
        self,
        *,
        network: Network,
        client: str,
        will: Packet | None,
        heard: Callable[[object], None],
        lost: Callable[[], None],
    ) -> None:
        self.client = client
        self.will = will
        self.lost = lost
        self.filters: tuple[str, ...] = ()
        self._wants: dict[str, bool] = {}
        self.up = Pipe(network, partial(network.broker.take, self))
        self.down = Pipe(network, heard)

    def cut(self) -> None:
        """Nothing passes any more; nobody is told."""
        self.up.is_cut = self.down.is_cut = True

    def subscribe(self, filters: tuple[str, ...]) -> None:
        self.filters = filters
        self._wants.clear()

    def wants(self, topic: str) -> bool:
        if topic not in self._wants:
            self._wants[topic] = any(_matches(one, topic) for one in self.filters)
        return self._wants[topic]


def _matches(wanted: str, topic: str) -> bool:
    levels, found = wanted.split("/"), topic.split("/")
    return len(levels) == len(found) and all(
        level in ("+", one) for level, one in zip(levels, found, strict=True)
    )


class Broker:
    def __init__(self, network: Network) -> None:
        self._network = network
        self.is_running = True
        self.retained: dict[str, Packet] = {}
        self._connections: dict[str, Connection] = {}

    def accept(self, connection: Connection) -> None:
        """A second connection of a client ends its first."""
        self.end(self._connections.get(connection.client))
        self._connections[connection.client] = connection

    def end(self, connection: Connection | None) -> None:
        """The broker finds a connection dead, and says the will; it may take its time for that."""
        if connection is None or self._connections.get(connection.client) is not connection:
            return
        del self._connections[connection.client]
        connection.cut()
        if connection.will is not None:
            self._network.timeline.after(
                self._network.will_delay_ms(), partial(self._say, connection.will)
            )

    def take(self, connection: Connection, item: object) -> None:
        match item:
            case Subscribe(filters):
                connection.subscribe(filters)
                for packet in self.retained.values():
                    if connection.wants(packet.topic):
                        connection.down.send(packet)
            case Packet():
                connection.down.send(Confirmed(item.mid))
                for _ in range(self._network.copies()):
                    self._say(item)
            case Goodbye():
                self.end(connection)

    def _say(self, packet: Packet) -> None:
        if not self.is_running:
            return
        if packet.retain and packet.payload:
            self.retained[packet.topic] = packet
        elif packet.retain:
            self.retained.pop(packet.topic, None)
        fresh = packet._replace(retain=False) if packet.retain else packet
        for connection in self._connections.values():
            if connection.wants(packet.topic):
                connection.down.send(fresh)

    def stop(self) -> None:
        """Every connection ends, and the memory is gone."""
        self.is_running = False
        self.retained.clear()
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.cut()
            self._network.timeline.after(self._network.notice_ms(), connection.lost)


class Network:
    """What lies between the programs. `heal` ends all of its troubles."""

    def __init__(self, timeline: Timeline, random: Random) -> None:
        self.timeline = timeline
        self.broker = Broker(self)
        self._random = random
        self._slow_ms = 0
        self._repeats = 0.03
        self._is_healed = False
        self._away: dict[str, int] = {}

    def delay_ms(self) -> int:
        return self._random.randint(1, 3 + self._slow_ms)

    def notice_ms(self) -> int:
        """How long a client believes in a dead connection: mostly it hears at once."""
        is_quick = self._is_healed or self._random.random() < 0.6
        return self._random.randint(1, 30) if is_quick else self._random.randint(100, DEAF_MS)

    def will_delay_ms(self) -> int:
        is_late = not self._is_healed and self._random.random() < 0.3
        return self._random.randint(1, 4_000) if is_late else 0

    def copies(self) -> int:
        return 2 if self._random.random() < self._repeats else 1

    def reaches(self, client: str) -> bool:
        return self.broker.is_running and self._away.get(client, 0) <= self.timeline.now_ms

    def slow_down(self, delay_ms: int, lasts_ms: int) -> None:
        self._slow_ms = delay_ms
        self.timeline.after(lasts_ms, partial(setattr, self, "_slow_ms", 0))

    def keep_away(self, client: str, lasts_ms: int) -> None:
        """For so long this client finds no way to the broker."""
        self._away[client] = self.timeline.now_ms + lasts_ms

    def restart_broker(self, down_ms: int) -> None:
        self.broker.stop()
        self.timeline.after(down_ms, partial(setattr, self.broker, "is_running", True))

    def heal(self) -> None:
        self._is_healed = True
        self._slow_ms, self._repeats = 0, 0.0
        self._away.clear()
        self.broker.is_running = True
