"""Calls: sends alerts as units do and takes the time until their receipts come back."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence

import paho.mqtt.client as mqtt

from bench.bare import send_at_once
from bench.errors import BenchError
from protocol.messages import Alert, Receipt, UnitStatus, decode, encode
from protocol.topics import QOS, Topics

RECEIPT_S = 20
READY_S = 60
PATIENCE_S = 0.1

Place = tuple[str, str]  # (unit, point)


class Caller:
    """One connection to the broker that speaks for many units.

    Every time is taken in this process: from just before `publish` until paho hands over the
    receipt, so the bare pipeline and Anling bear the same share of this side's cost.
    """

    def __init__(self, *, port: int, branch: str) -> None:
        self._port = port
        self._topics = Topics(branch)
        self._boot = uuid.uuid4().hex
        self._sent: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._open: set[str] = set()
        self._all_taken = threading.Event()
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=f"bench-{branch}-{self._boot[:8]}"
        )

    def start(self) -> None:
        """Connects. Raises: OSError when there is no broker."""
        subscribed = threading.Event()
        client = self._client
        client.max_inflight_messages_set(2000)
        client.on_socket_open = send_at_once
        client.on_message = self._on_message
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_connect = lambda *_: client.subscribe(self._topics.build("receipt"), QOS)
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        if not subscribed.wait(10):
            raise BenchError("the broker did not take the subscription within 10 s")

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_for_taker(self, place: Place, *, check: Callable[[], None] = lambda: None) -> None:
        """Calls until somebody answers: then gateway or bare pipeline is ready, and warm.

        check: raises when waiting is in vain.
        """
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            [alert] = self._alerts([place])
            self._expect([alert])
            self._publish(alert, place[0])
            if self._all_taken.wait(PATIENCE_S):
                return
            check()
        raise BenchError(f"nobody answered an alert within {READY_S} s")

    def say_online(self, units: Iterable[str]) -> None:
        """A heartbeat of each unit, so that the gateway does not miss them."""
        status = encode(UnitStatus(state="online", session=time.time_ns(), boot=self._boot))
        for unit in units:
            self._client.publish(self._topics.build("unit_status", unit), status, qos=QOS)

    def call_paced(self, places: Sequence[Place], *, rate_hz: float) -> list[float]:
        """Calls from each place once, at that rate; milliseconds to each receipt, in order."""
        alerts = self._alerts(places)
        self._expect(alerts)
        begin = time.perf_counter()
        for number, (alert, (unit, _)) in enumerate(zip(alerts, places, strict=True)):
            time.sleep(max(0.0, begin + number / rate_hz - time.perf_counter()))
            self._publish(alert, unit)
        self._wait_for_all()
        return [self._passed_ms(alert) for alert in alerts]

    def call_at_once(self, places: Sequence[Place]) -> float:
        """Calls from every place as fast as it goes; seconds from the first to the last receipt."""
        alerts = self._alerts(places)
        self._expect(alerts)
        # Made ready beforehand: a thousand units would make them in a thousand places.
        letters = [
            (self._topics.build("alert", unit), alert.alert_id, encode(alert))
            for alert, (unit, _) in zip(alerts, places, strict=True)
        ]
        begin = time.perf_counter_ns()
        for topic, alert_id, payload in letters:
            self._sent[alert_id] = begin
            self._client.publish(topic, payload, qos=QOS)
        self._wait_for_all()
        return max(self._passed_ms(alert) for alert in alerts) / 1000

    def call(self, place: Place) -> int:
        """Calls once and returns the time just before, in ns of `perf_counter_ns`."""
        [alert] = self._alerts([place])
        self._publish(alert, place[0])
        return self._sent[alert.alert_id]

    def _alerts(self, places: Sequence[Place]) -> list[Alert]:
        return [
            Alert(
                alert_id=uuid.uuid4().hex,
                point=point,
                what="pressed",
                boot=self._boot,
                seq=number,
                age_ms=0,
            )
            for number, (_, point) in enumerate(places)
        ]

    def _publish(self, alert: Alert, unit: str) -> None:
        topic, payload = self._topics.build("alert", unit), encode(alert)
        self._sent[alert.alert_id] = time.perf_counter_ns()
        self._client.publish(topic, payload, qos=QOS)

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        now_ns = time.perf_counter_ns()
        for alert_id in decode(Receipt, message.payload).alert_ids:
            self._taken.setdefault(alert_id, now_ns)
            self._open.discard(alert_id)
        if not self._open:
            self._all_taken.set()

    def _expect(self, alerts: Iterable[Alert]) -> None:
        """Begins to wait for these alerts' receipts, and for no others."""
        self._all_taken.clear()
        self._open = {alert.alert_id for alert in alerts}

    def _wait_for_all(self) -> None:
        if not self._all_taken.wait(RECEIPT_S):
            raise BenchError(f"{len(self._open)} alerts had no receipt in {RECEIPT_S} s")

    def _passed_ms(self, alert: Alert) -> float:
        return (self._taken[alert.alert_id] - self._sent[alert.alert_id]) / 1e6
