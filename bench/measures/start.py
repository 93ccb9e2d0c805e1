"""Start of a unit until it is armed.

Timed from just before the process is started until its status `online` comes over the broker: by
then every line has been read and a press would be stored. And, in fresh processes: how long
`import firmware.main` takes, beside the libraries alone that it cannot do without (paho, gpiozero,
msgspec, sqlite3), and beside a Python that does nothing.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from statistics import median

import paho.mqtt.client as mqtt

from bench.bare import send_at_once
from bench.branch import UNIT, Branch, running
from bench.errors import BenchError
from bench.figures import Row, compared, in_turn
from bench.processes import ROOT
from bench.settings import Settings
from protocol.messages import UnitStatus, decode
from protocol.topics import QOS, Topics

ONLINE_S = 60
LIBRARIES = "import paho.mqtt.client, gpiozero, msgspec, sqlite3, tomllib"
OURS = "import firmware.main"


def measure(settings: Settings) -> list[Row]:
    beside, mine = in_turn(
        settings.rounds, lambda: _program_ms(LIBRARIES), lambda: _program_ms(OURS)
    )
    empty = [_program_ms("pass") for _ in range(settings.rounds)]
    with running(settings.folder) as branch, Watcher(branch) as watcher:
        armed = [watcher.start_ms() for _ in range(settings.rounds)]
    return [
        Row(measure="start of a unit until its status is online", unit="ms", ours=median(armed)),
        compared("  a process that only imports firmware.main", "ms", beside=beside, ours=mine),
        Row(measure="  a process of Python that does nothing", unit="ms", ours=median(empty)),
    ]


def _program_ms(code: str) -> float:
    """Milliseconds of a whole Python process that runs `code`."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return (time.perf_counter() - begin) * 1000


class Watcher:
    """Hears the unit's status. Use as a context manager."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._topics = Topics(branch.name)
        self._state = ""
        self._changed_ns = 0
        self._news = threading.Condition()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="bench-watcher")

    def __enter__(self) -> Watcher:
        client, subscribed = self._client, threading.Event()
        client.on_socket_open = send_at_once
        client.on_message = self._on_message
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_connect = lambda *_: client.subscribe(
            self._topics.build("unit_status", UNIT), QOS
        )
        client.connect("127.0.0.1", self._branch.port)
        client.loop_start()
        subscribed.wait(ONLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def start_ms(self) -> float:
        """Milliseconds from the unit's start to its status online; afterwards it has stopped."""
        begin_ns = time.perf_counter_ns()
        self._branch.start(UNIT)
        self._wait_for("online")
        passed_ms = (self._changed_ns - begin_ns) / 1e6
        self._branch.stop(UNIT)
        self._wait_for("offline")
        return passed_ms

    def _wait_for(self, state: str) -> None:
        with self._news:
            if not self._news.wait_for(lambda: self._state == state, ONLINE_S):
                self._branch.check_runs()
                raise BenchError(f"the unit's status was not {state} within {ONLINE_S} s")

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        now_ns = time.perf_counter_ns()
        state = decode(UnitStatus, message.payload).state
        with self._news:
            if state != self._state:
                self._state, self._changed_ns = state, now_ns
            self._news.notify_all()
