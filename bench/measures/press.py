"""A customer presses → the lamp says "recorded".

Timed in the presser's process: from just before a simulated line is closed (`sim/…/line/…`) until
the simulated lamp says `recorded` (`sim/…/lamp/…`): two messages more than on real lines. A real
unit process, its outbox on the disk, broker and gateway lie between. The debounce of 10 ms is
part of it.
"""

from __future__ import annotations

import threading
import time

import paho.mqtt.client as mqtt

from bench.bare import send_at_once
from bench.branch import UNIT, Branch, running
from bench.errors import BenchError
from bench.figures import Row, latencies
from bench.settings import Settings
from bench.staff import Staff
from protocol.messages import SimulatedLamp, decode
from protocol.topics import QOS, Topics

PRESSES, QUICK_PRESSES = 10, 3
LAMP_S = 30
# A contact must stay open 30 ms to count as released.
RELEASE_S = 0.1


def measure(settings: Settings) -> list[Row]:
    presses = settings.pick(PRESSES, QUICK_PRESSES)
    with (
        running(settings.folder, "gateway", UNIT) as branch,
        Staff(branch) as staff,
        Finger(branch) as finger,
    ):
        finger.press_ms(staff)  # warms everything up
        rounds = [[finger.press_ms(staff) for _ in range(presses)] for _ in range(settings.rounds)]
    return latencies('press → lamp "recorded" (10 ms of debounce in it)', ours=rounds)


class Finger:
    """Presses the unit's first button and watches its lamp. Use as a context manager."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._topics = Topics(branch.name)
        self._lamp = ""
        self._seen_ns: dict[str, int] = {}
        self._news = threading.Condition()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="bench-finger")

    def __enter__(self) -> Finger:
        client, point = self._client, self._branch.first_point["id"]
        client.on_socket_open = send_at_once
        client.on_message = self._on_message
        lamp = self._topics.build("lamp", UNIT, point)
        client.on_connect = lambda *_: client.subscribe(lamp, QOS)
        client.connect("127.0.0.1", self._branch.port)
        client.loop_start()
        self._wait_for_lamp("off")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def press_ms(self, staff: Staff) -> float:
        """Milliseconds until the lamp says recorded; afterwards the incident is closed."""
        with self._news:
            self._seen_ns.clear()
        begin_ns = time.perf_counter_ns()
        self._contact(closed=True)
        self._wait_for_lamp("recorded")
        passed_ms = (self._seen_ns["recorded"] - begin_ns) / 1e6
        self._contact(closed=False)
        staff.close_all(at_least=1)
        self._wait_for_lamp("off")
        time.sleep(RELEASE_S)
        return passed_ms

    def _contact(self, *, closed: bool) -> None:
        line = self._topics.build("line", UNIT, str(self._branch.first_point["call"]))
        self._client.publish(line, b"1" if closed else b"0", qos=QOS)

    def _wait_for_lamp(self, lamp: str) -> None:
        with self._news:
            if not self._news.wait_for(lambda: self._lamp == lamp, LAMP_S):
                self._branch.check_runs()
                raise BenchError(f"the lamp did not say {lamp} in {LAMP_S} s; it says {self._lamp}")

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        now_ns = time.perf_counter_ns()
        with self._news:
            self._lamp = decode(SimulatedLamp, message.payload).lamp
            self._seen_ns.setdefault(self._lamp, now_ns)
            self._news.notify_all()
