"""Staff: arrives at and closes every open incident, so that a round begins with an idle branch."""

from __future__ import annotations

import threading
import time
import uuid
from types import TracebackType

import paho.mqtt.client as mqtt

from bench.bare import send_at_once
from bench.branch import Branch
from bench.errors import BenchError
from protocol.messages import Action, Incident, decode, encode
from protocol.topics import QOS, Topics

CLOSE_S = 60
TERMINAL = "bench"


class Staff:
    """A terminal of its own; nothing it does is timed. Use as a context manager."""

    def __init__(self, branch: Branch) -> None:
        self._port = branch.port
        self._by = branch.staff
        self._topics = Topics(branch.name)
        self._open: set[str] = set()
        self._told: set[str] = set()
        self._news = threading.Condition()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"bench-{TERMINAL}")

    def __enter__(self) -> Staff:
        client = self._client
        client.max_inflight_messages_set(2000)
        client.on_socket_open = send_at_once
        client.on_message = self._on_message
        client.on_connect = lambda *_: client.subscribe(self._topics.build("incident"), QOS)
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def close_all(self, *, at_least: int) -> None:
        """Returns when every incident is closed, among them at least so many that were open.

        at_least: how many the round has raised; word of some may still be under way.
        """
        end = time.monotonic() + CLOSE_S
        with self._news:
            before = len(self._told)
            while self._open or len(self._told) < before + at_least:
                for incident_id in self._open - self._told:
                    self._close(incident_id)
                if not self._news.wait(timeout=end - time.monotonic()):
                    raise BenchError(
                        f"after {CLOSE_S} s of closing, {len(self._open)} incidents are open and "
                        f"{len(self._told) - before} of {at_least} have been seen"
                    )

    def _close(self, incident_id: str) -> None:
        self._told.add(incident_id)
        for name, outcome in (("arrive", None), ("close", "other")):
            action = Action(
                action_id=uuid.uuid4().hex,
                incident_id=incident_id,
                action=name,
                by=self._by,
                terminal=TERMINAL,
                outcome=outcome,
            )
            self._client.publish(self._topics.build("action"), encode(action), qos=QOS)

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        where = self._topics.parse(message.topic)
        with self._news:
            if message.payload and decode(Incident, message.payload).is_open:
                self._open.add(where.id)
            else:
                self._open.discard(where.id)
            self._news.notify_all()


def close_all(branch: Branch, *, at_least: int) -> None:
    """Has staff close what is open, over a connection that is gone again afterwards."""
    with Staff(branch) as staff:
        staff.close_all(at_least=at_least)
