"""The link to a real broker: births, wills, sessions, and what would break it."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from protocol.inbox import Inbox
from protocol.link import Broker, Connected, Disconnected, Link, Published, Received, Will
from protocol.messages import Feedback, GatewayStatus, MessageError, decode
from protocol.polled_link import PolledLink
from protocol.topics import Topics

TOPICS = Topics("b001")
WAIT_S = 10.0


class Mosquitto:
    """A broker on a port of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(self._conf)], stdout=quiet, stderr=quiet
        )
        end = time.monotonic() + WAIT_S
        while True:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < end, "mosquitto does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class End:
    """One end of the wire: a link and all that it delivered."""

    def __init__(
        self, port: int, name: str, *heard: str, kind: type[Link] = Link, **changes: Any
    ) -> None:
        self.inbox: Inbox[Any] = Inbox()
        self.events: list[Any] = []
        self.link = kind(
            broker=Broker(port=port),
            topics=TOPICS,
            client_id=name,
            deliver=self.inbox.put,
            subscriptions=[TOPICS.build(one) for one in heard],
            **changes,
        )
        self.subscribed = not heard
        self.link._client.on_subscribe = self._on_subscribe

    def _on_subscribe(self, *answer: object) -> None:
        self.subscribed = True

    def start(self) -> None:
        """Connects, and waits until the broker has taken the subscriptions."""
        self.link.start()
        self.until(Connected)
        end = time.monotonic() + WAIT_S
        while not self.subscribed:
            assert time.monotonic() < end, "no answer to the subscriptions"
            if isinstance(self.link, PolledLink):
                self.link.poll(wait_s=0.01, most=1)
            else:
                time.sleep(0.01)

    def take(self, *, wait_s: float, most: int) -> list[Any]:
        """What has come; a polled link is turned for it."""
        if not isinstance(self.link, PolledLink):
            return self.inbox.take(wait_s=wait_s, most=most)
        end = time.monotonic() + wait_s
        while not (events := self.inbox.take(wait_s=0, most=most)) and time.monotonic() < end:
            self.link.poll(wait_s=wait_s, most=most)
        return events

    def until(self, kind: type, **fields: object) -> Any:
        """The next event of a kind with such fields; those before it are kept in `events`."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            for event in self.take(wait_s=0.05, most=1):
                self.events.append(event)
                if isinstance(event, kind) and all(
                    getattr(event, key) == value for key, value in fields.items()
                ):
                    return event
        raise AssertionError(f"no {kind.__name__} {fields}; {self.events[-5:]}")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(params=[Link, PolledLink])
def end(broker: Mosquitto, request: pytest.FixtureRequest) -> Iterator[Callable[..., End]]:
    made: list[End] = []

    def make(name: str, *heard: str, **changes: Any) -> End:
        made.append(End(broker.port, name, *heard, kind=request.param, **changes))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.link.stop()


def gateway_will(session: int) -> GatewayStatus:
    return GatewayStatus(state="offline", session=session)


WILL = Will("gateway_status", (), gateway_will)


def test_a_message_goes_from_one_end_to_the_other(end) -> None:
    one, other = end("one"), end("other", "feedback")
    message = Feedback(point="point-1", stage="raised", version=3)
    one.link.send("feedback", "point-1", message=message)
    got = other.until(Received)
    assert (got.where.name, got.where.id, got.retained) == ("feedback", "point-1", False)
    assert decode(Feedback, got.payload) == message
    late = end("late", "feedback").until(Received)
    assert late.retained, "kept for whoever comes later"
    assert one.link.clear("feedback", "point-1") == one.until(Published).mid
    gone = end("later", "feedback", "action")
    one.link.send("action", message=message)
    assert gone.until(Received).where.name == "action", "and nothing before it"


def test_a_link_that_vanishes_leaves_its_will_with_its_session(broker, end) -> None:
    watcher = end("watcher", "gateway_status")
    one = end("one", will=WILL, first_session=41)
    one.link._client.socket().shutdown(socket.SHUT_RDWR)  # as a cut cable
    will = watcher.until(Received)
    assert decode(GatewayStatus, will.payload) == gateway_will(41)
    assert one.until(Connected).session == 42


def test_a_link_that_stops_says_its_will_itself(end) -> None:
    watcher = end("watcher", "gateway_status")
    one = end("one", will=WILL)
    one.link.stop()
    assert decode(GatewayStatus, watcher.until(Received).payload).state == "offline"
    assert not one.link.connected


def test_while_the_broker_is_away_nothing_is_kept_and_it_comes_back(broker, end) -> None:
    one, message = end("one", "feedback"), Feedback(point="p", stage="idle")
    broker.stop()
    one.until(Disconnected)
    assert one.link.alive and not one.link.connected
    assert one.link.send("feedback", "p", message=message) is None
    assert one.link.clear("feedback", "p") is None
    broker.start()
    assert one.until(Connected).session >= 2
    one.link.send("feedback", "p", message=Feedback(point="p", stage="raised"))
    assert decode(Feedback, one.until(Received).payload).stage == "raised", "the old one is gone"


def test_what_a_broken_connection_left_unconfirmed_is_not_said_later(broker, end) -> None:
    """paho would repeat it: an alert minutes later with the age of then, a lamp of before."""
    one = end("one")
    broker.process.send_signal(signal.SIGSTOP)
    one.link.send("feedback", "p", message=Feedback(point="p", stage="raised"))
    broker.stop()
    one.until(Disconnected)
    broker.start()
    one.until(Connected)
    watcher = end("watcher", "feedback")
    one.link.send("feedback", "p", message=Feedback(point="p", stage="idle"))
    assert decode(Feedback, watcher.until(Received).payload).stage == "idle"


def test_a_broker_that_is_not_there_is_said_and_stopping_is_quick(tmp_path) -> None:
    nowhere = End(Mosquitto(tmp_path).port, "one")
    nowhere.link.start()
    assert "nothing answers" in nowhere.until(Disconnected).reason
    began = time.monotonic()
    nowhere.link.stop()
    assert time.monotonic() - began < 5


def test_unconfirmed_messages_come_again_until_they_are_confirmed(end) -> None:
    """Only of the broker's patience: mosquitto hands out 20 and waits."""
    one, gateway = end("one"), end("gateway", "feedback", manual_ack=True)
    for number in range(30):
        message = Feedback(point="p", stage="idle", version=number)
        one.link.send("feedback", "p", message=message)
    got = [gateway.until(Received) for _ in range(20)]
    assert gateway.take(wait_s=0.2, most=9) == [], "it waits"
    for received in got:
        gateway.link.ack(received)
    rest = [gateway.until(Received) for _ in range(10)]
    versions = [decode(Feedback, received.payload).version for received in [*got, *rest]]
    assert versions == list(range(30))


def test_a_message_of_quality_0_does_not_end_the_connection(broker, end) -> None:
    """mosquitto throws out whoever confirms message number 0."""
    gateway = end("gateway", "alert", manual_ack=True)
    plain = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="plain")
    plain.connect("127.0.0.1", broker.port)
    plain.loop_start()
    try:
        for _ in range(3):
            plain.publish(TOPICS.build("alert", "unit-01"), b"{}", qos=0)
            gateway.link.ack(gateway.until(Received))
        plain.publish(TOPICS.build("alert", "unit-02"), b"{}", qos=1)
        gateway.link.ack(gateway.until(Received))
        assert gateway.take(wait_s=0.3, most=9) == []
        assert not any(isinstance(event, Disconnected) for event in gateway.events)
    finally:
        plain.disconnect()
        plain.loop_stop()


def test_an_oversized_message_is_refused_before_it_leaves(end) -> None:
    with pytest.raises(MessageError):
        end("one").link.send("feedback", "p", message={"a": "x" * 70_000})


def test_topics_that_are_none_of_ours_are_handed_over_as_such(broker, end) -> None:
    gateway, plain = end("gateway", "alert"), end("plain")
    plain.link._client.publish("anling/v1/b001/unit/Unit 1/alert", b"{}", qos=1)
    got = gateway.until(Received)
    assert (got.where, got.topic) == (None, "anling/v1/b001/unit/Unit 1/alert")
