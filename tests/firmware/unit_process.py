"""The unit as a process on a real broker, and somebody who listens and plays the gateway."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt

ROOT = "anling/v1/b001"
PATIENCE_S = 20
REPOSITORY = Path(__file__).parents[2]

CONFIG = """
branch = "b001"
unit = "unit-01"
state = "{state}"
[mqtt]
port = {port}
[gpio]
backend = "{backend}"
[[points]]
id = "point-1"
call = 5
seat = 6
presence = 13
lamp = 19
sounder = 26
"""


def wait_until(what: str, is_so: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.01)


class UnitProcess:
    """`firmware.main` with a configuration of its own in `folder`."""

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        state: str = "unit-01.db",
        backend: str = "simulated",
    ) -> None:
        self.folder = folder
        self.config = folder / "unit-01.toml"
        self.config.write_text(CONFIG.format(port=port, state=state, backend=backend))
        self.log = folder / "unit.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "firmware.main", str(self.config)],
                cwd=REPOSITORY,
                stderr=log,
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def stop(self) -> tuple[int, float]:
        """Its exit code, and how long it took, in seconds."""
        begun_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE_S)
        return code, time.monotonic() - begun_s

    def wait(self) -> int:
        return self._process.wait(PATIENCE_S)

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


@contextmanager
def unit_process(folder: Path, port: int, **more) -> Iterator[UnitProcess]:
    unit = UnitProcess(folder, port, **more)
    unit.start()
    try:
        yield unit
    finally:
        if unit.is_running:
            unit.kill()


class Listener:
    """Hears everything of the branch and speaks as gateway and hand."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._heard: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)

    def __enter__(self) -> Listener:
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, client, userdata, message) -> None:
        with self._lock:
            self._heard.append((message.topic.removeprefix(f"{ROOT}/"), message.payload))

    def on(self, topic: str) -> list[dict]:
        with self._lock:
            return [json.loads(payload) for where, payload in self._heard if where == topic]

    def forget(self) -> None:
        with self._lock:
            self._heard.clear()

    def say(self, topic: str, payload: dict | str, *, retain: bool = False) -> None:
        body = payload if isinstance(payload, str) else json.dumps(payload)
        sent = self._client.publish(f"{ROOT}/{topic}", body, qos=1, retain=retain)
        sent.wait_for_publish(PATIENCE_S)

    def line(self, number: int, closed: int) -> None:
        self.say(f"sim/unit-01/line/{number}", str(closed))

    def receipt(self, *alert_ids: str) -> None:
        self.say("unit/unit-01/receipt", {"alert_ids": list(alert_ids)})

    def feedback(self, stage: str) -> None:
        told = {"point": "point-1", "stage": stage, "incident_id": "i", "silent": False}
        self.say("point/point-1/feedback", told, retain=True)

    @property
    def alerts(self) -> list[dict]:
        return self.on("unit/unit-01/alert")

    @property
    def statuses(self) -> list[dict]:
        return self.on("unit/unit-01/status")

    @property
    def lamps(self) -> list[str]:
        """Every state the lamp has shown, without repetitions."""
        lamps = [told["lamp"] for told in self.on("sim/unit-01/lamp/point-1")]
        return [one for number, one in enumerate(lamps) if number == 0 or one != lamps[number - 1]]

    def wait_online(self) -> None:
        wait_until(
            "the unit is online",
            lambda: self.statuses and self.statuses[-1]["state"] == "online",
        )
