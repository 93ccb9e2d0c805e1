"""The one importer of paho: a connection to the broker that never loses its thread.

paho's callbacks run in its network thread, which dies silently at the first exception in one of
them. Here they do one thing: hand an event to `deliver`, which must not raise or block.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import paho.mqtt.client as mqtt

from protocol.messages import encode
from protocol.settings import Findings, rule
from protocol.topics import QOS, RETAINED, Topic, Topics

log = logging.getLogger(__name__)

# The contract's keepalive: a dead peer is known to the broker after one and a half of it.
KEEPALIVE_S = 5
RECONNECT_MIN_S = 1
RECONNECT_MAX_S = 5
# Programs must stop within 5 s even while a connection attempt hangs.
CONNECT_TIMEOUT_S = 3
FAREWELL_S = 1.5
# paho's default of 20 unconfirmed messages would make a storm of receipts wait for the broker.
MAX_INFLIGHT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """How to reach the broker: the table `[mqtt]` of every configuration."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883
    username: str | None = None
    password: str | None = None
    tls_ca_file: str | None = None

    @rule
    def _nameless_password(self) -> Findings:
        if self.password is not None and self.username is None:
            yield "username", "missing although there is a password"

    @rule
    def _lost_ca_file(self) -> Findings:
        if self.tls_ca_file is not None and not Path(self.tls_ca_file).is_absolute():
            yield "tls_ca_file", "must be a whole path, beginning with /"
        elif self.tls_ca_file is not None and not Path(self.tls_ca_file).is_file():
            yield "tls_ca_file", f"there is no file {self.tls_ca_file}"


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us. session: the number of this connection."""

    session: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The broker is away. reason: for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message came. where: its parsed topic, None if it is none of ours."""

    topic: str
    where: Topic | None
    payload: bytes
    retained: bool
    mid: int


@dataclass(frozen=True, slots=True)
class Published:
    """The broker has confirmed what `clear` or `hand_over` sent; mid is what they returned."""

    mid: int


LinkEvent = Connected | Disconnected | Received | Published


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish: message is made anew for each session."""

    name: str
    ids: tuple[str, ...]
    message: Callable[[int], object]


class Link:
    """A connection to one broker as one program.

    deliver: called from the network thread with each LinkEvent; must only enqueue.
    subscriptions: topics to hear. first_session: number of the first connection; it counts up.
    manual_ack: the broker repeats a message until `ack`; else it is confirmed on delivery.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        topics: Topics,
        client_id: str,
        deliver: Callable[[LinkEvent], None],
        subscriptions: Iterable[str],
        will: Will | None = None,
        first_session: int = 1,
        manual_ack: bool = False,
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._deliver = deliver
        self._subscriptions = [(topic, QOS) for topic in subscriptions]
        self._will = will
        self._session = first_session - 1
        self._awaited: set[int] = set()
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=mqtt.MQTTv311,
            manual_ack=manual_ack,
        )

    def start(self) -> None:
        """Connects in the background and keeps trying for ever."""
        self._prepare()
        self._client.loop_start()

    def _prepare(self) -> None:
        client = self._client
        client.on_pre_connect = self._on_pre_connect
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_open = _send_at_once
        client.max_inflight_messages_set(MAX_INFLIGHT)
        client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls_ca_file is not None:
            client.tls_set(ca_certs=self._broker.tls_ca_file)
        client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S)

    def stop(self) -> None:
        """Says the will itself, since a clean goodbye makes the broker keep it back, and leaves."""
        if self._will is not None and self.connected:
            info = self._publish(
                self._will.name, self._will.ids, encode(self._will.message(self._session))
            )
            try:
                self._wait_for(info)
            except (RuntimeError, ValueError) as error:
                log.warning("the broker did not take the farewell: %s", error)
        self._client.disconnect()
        self._client.loop_stop()

    def _wait_for(self, info: mqtt.MQTTMessageInfo) -> None:
        info.wait_for_publish(FAREWELL_S)

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    @property
    def alive(self) -> bool:
        """Whether the network thread still runs; paho says connected even when it has died."""
        thread = self._client._thread  # paho has no public word for it
        return thread is not None and thread.is_alive()

    def send(self, name: str, *ids: str, message: object) -> int | None:
        """Publishes `message` under the topic called `name`; its mid, or None while away.

        While away nothing is kept: paho would keep it *and* say it failed. Whoever must not lose
        a message keeps it until it is answered, and sends it again after Connected.
        """
        if not self.connected:
            return None
        return self._publish(name, ids, encode(message)).mid

    def clear(self, name: str, *ids: str) -> int | None:
        """Takes the retained message of a topic away; its mid, or None while away.

        Published comes when the broker has confirmed it. Nobody waits for that with other
        messages, so there it would only wake the loop.
        """
        return self._publish_awaited(name, ids, b"")

    def hand_over(self, name: str, *ids: str, message: object) -> int | None:
        """As `send`; and Published comes when the broker has confirmed it."""
        return self._publish_awaited(name, ids, encode(message))

    def _publish_awaited(self, name: str, ids: tuple[str, ...], payload: bytes) -> int | None:
        if not self.connected:
            return None
        info = self._publish(name, ids, payload)
        self._awaited.add(info.mid)
        # The confirmation may have been quicker than we. Of a message that found the connection
        # gone in this instant (rc is not 0) paho would raise; the next Connected says it anew.
        if info.rc == mqtt.MQTT_ERR_SUCCESS and info.is_published():
            self._confirmed(info.mid)
        return info.mid

    def ack(self, received: Received) -> None:
        """Tells the broker not to repeat a message (with manual_ack)."""
        # A message of quality 0 has no number and wants no answer: mosquitto ends the connection
        # of whoever confirms number 0.
        if received.mid != 0:
            self._client.ack(received.mid, QOS)

    def _publish(self, name: str, ids: tuple[str, ...], payload: bytes) -> mqtt.MQTTMessageInfo:
        topic = self._topics.build(name, *ids)
        return self._client.publish(topic, payload, qos=QOS, retain=name in RETAINED)

    def _on_pre_connect(self, client: mqtt.Client, userdata: object) -> None:
        self._forget_unconfirmed()
        self._session += 1
        if self._will is not None:
            client.will_set(
                self._topics.build(self._will.name, *self._will.ids),
                encode(self._will.message(self._session)),
                qos=QOS,
                retain=self._will.name in RETAINED,
            )

    def _forget_unconfirmed(self) -> None:
        """Lets go of what the last connection left unconfirmed.

        paho would send it again, minutes late: alerts with the age of then, lamps and incidents as
        they were. Everything that matters is said anew after Connected. paho has no public word
        for this; `tests/protocol` shows that it is needed.
        """
        with self._client._out_message_mutex:
            self._client._out_messages.clear()
            self._client._inflight_messages = 0
        self._awaited.clear()

    def _on_connect(self, client, userdata, flags, reason_code, properties) -> None:
        if reason_code.is_failure:
            self._deliver(Disconnected(f"the broker refused us: {reason_code}"))
            return
        if self._subscriptions:
            client.subscribe(self._subscriptions)
        self._deliver(Connected(self._session))

    def _on_connect_fail(self, client: mqtt.Client, userdata: object) -> None:
        self._deliver(Disconnected(f"nothing answers at {self._broker.host}:{self._broker.port}"))

    def _on_disconnect(self, client, userdata, flags, reason_code, properties) -> None:
        self._deliver(Disconnected(str(reason_code)))

    def _on_message(self, client, userdata, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # a broker that lets such a topic through is not ours to trust
            topic = ""
        self._deliver(
            Received(topic, self._topics.parse(topic), message.payload, message.retain, message.mid)
        )

    def _on_publish(self, client, userdata, mid, reason_code, properties) -> None:
        self._confirmed(mid)

    def _confirmed(self, mid: int) -> None:
        if mid in self._awaited:
            self._awaited.discard(mid)
            self._deliver(Published(mid))


def _send_at_once(client: mqtt.Client, userdata: object, sock: socket.socket) -> None:
    """Without this Nagle's algorithm holds each answer back for up to 40 ms."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
