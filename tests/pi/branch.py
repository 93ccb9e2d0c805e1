"""The host's side: a real mosquitto, the real gateway, and somebody who listens to all of it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import paho.mqtt.client as mqtt

from .build import REPOSITORY
from .errors import RigError
from .host import find_program
from .machine import HOST, wait_until

ROOT = "anling/v1/b001"
# Lines of the gpiochip: the pin numbers of a call button, its lamp, and a second point; and one
# that is no part of the unit, by which the guest's kernel tells how long a pulse was to it.
CALL, LAMP, OTHER_CALL, OTHER_LAMP = 1, 2, 4, 5
WITNESS = 7
STOP_S = 15

BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
"""

GATEWAY = """\
branch = "b001"

[mqtt]
host = "127.0.0.1"
port = {port}

[[units]]
id = "unit-01"

[[points]]
id = "point-1"
label = "Counter 1"
unit = "unit-01"

[[points]]
id = "point-2"
label = "Courtesy seats"
unit = "unit-01"

[[staff]]
id = "s1"
name = "Li Na"
roles = ["customer_service", "security", "first_aid", "lead"]
certificates = [{{ what = "first_aid", expires = "2099-12-31" }}]
"""

UNIT = f"""\
unit = "unit-01"
branch = "b001"
state = "unit-01.db"

[mqtt]
host = "{HOST}"
port = {{port}}

[gpio]
backend = "{{backend}}"
pull = "none"
active_high = true

[[points]]
id = "point-1"
call = {CALL}
lamp = {LAMP}

[[points]]
id = "point-2"
call = {OTHER_CALL}
lamp = {OTHER_LAMP}
"""


class Branch:
    """A broker and a gateway on the host's loopback, with all they say kept in `heard`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        self._programs: dict[str, subprocess.Popen] = {}
        self.listener = Listener(self.port)

    def start(self) -> None:
        """Starts broker and gateway, as after a power cut in the branch: the store is kept."""
        (self._folder / "mosquitto.conf").write_text(BROKER.format(port=self.port))
        (self._folder / "gateway.toml").write_text(GATEWAY.format(port=self.port))
        self._run("broker", [find_program("mosquitto"), "-c", "mosquitto.conf"], self._folder)
        wait_until("the broker listens", lambda: _listens(self.port), within_s=30)
        config = str(self._folder / "gateway.toml")
        self._run("gateway", [sys.executable, "-m", "anling", "gateway", "--config", config])
        self.listener.start()
        self.wait_for("gateway/status", state="online")

    def stop(self) -> None:
        """Kills both: to the unit, the branch's network is dead."""
        self.listener.stop()
        for program in reversed(self._programs.values()):
            program.kill()
            program.wait(STOP_S)
        self._programs.clear()

    def unit_config(self, *, backend: str) -> str:
        """`unit-01.toml` for a virtual Pi of this branch."""
        return UNIT.format(port=self.port, backend=backend)

    def wait_for(self, topic: str, *, within_s: float = 60, **wanted: object) -> dict:
        """The newest payload of a topic, once its fields are as wanted.

        Raises: RigError that shows what was heard instead.
        """

        def answer() -> dict | None:
            payload = self.listener.newest(topic)
            matches = payload is not None and wanted.items() <= payload.items()
            return payload if matches else None

        try:
            return wait_until(f"{topic} with {wanted}", answer, within_s=within_s)
        except RigError as error:
            raise RigError(f"{error}; heard: {self.listener.newest(topic)}{self._logs()}") from None

    def incidents(self, point: str) -> list[dict]:
        """The newest state of each incident of a point, the oldest first."""
        newest = {
            payload["incident_id"]: payload
            for topic, payload in self.listener.heard
            if topic.startswith("incident/")
        }
        found = [incident for incident in newest.values() if incident["point"] == point]
        return sorted(found, key=lambda incident: incident["raised_at"])

    def wait_for_incident(self, point: str, *, within_s: float = 120) -> dict:
        """The first incident of a point."""
        what = f"an incident of {point}"
        try:
            return wait_until(what, lambda: self.incidents(point), within_s=within_s)[0]
        except RigError as error:
            raise RigError(f"{error}{self._logs()}") from None

    def alert_ids(self, point: str, what: str) -> set[str]:
        """The ids of all alerts of one sort from a point that were ever under way."""
        return {
            payload["alert_id"]
            for topic, payload in self.listener.heard
            if topic.endswith("/alert") and (payload["point"], payload["what"]) == (point, what)
        }

    def act(self, action: str, incident: dict, **more: str) -> None:
        """Does what a member of staff does on a board, and waits for the gateway's yes."""
        action_id = uuid.uuid4().hex
        payload = {
            "action_id": action_id,
            "incident_id": incident["incident_id"],
            "action": action,
            "by": "s1",
            "terminal": "board",
            **more,
        }
        self.listener.publish("action", payload)
        self.wait_for("terminal/board/result", action_id=action_id, ok=True)

    def _run(self, name: str, command: list[str], folder: Path = REPOSITORY) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._programs[name] = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)

    def _logs(self) -> str:
        """The end of each program's log, for a failed test's report."""
        logs = sorted(self._folder.glob("*.log"))
        return "".join(f"\n{log.name}: {log.read_text()[-1000:]}" for log in logs)


class Listener:
    """Keeps every message of the branch. heard: (topic below the branch, payload) in order."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._client: mqtt.Client | None = None
        self._lock = threading.Lock()
        self._heard: list[tuple[str, dict]] = []

    def start(self) -> None:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/#", qos=1)
        client.on_message = lambda client, data, message: self._keep(message)
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        self._client = client

    def stop(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    @property
    def heard(self) -> list[tuple[str, dict]]:
        with self._lock:
            return list(self._heard)

    def newest(self, topic: str) -> dict | None:
        found = [payload for name, payload in self.heard if name == topic]
        return found[-1] if found else None

    def forget(self) -> None:
        """Starts listening afresh: what was said before a power cut must not answer for after."""
        with self._lock:
            self._heard.clear()

    def publish(self, topic: str, payload: dict) -> None:
        self._client.publish(f"{ROOT}/{topic}", json.dumps(payload), qos=1)

    def _keep(self, message: mqtt.MQTTMessage) -> None:
        if message.payload:  # an empty one only clears what is retained
            topic = message.topic.removeprefix(f"{ROOT}/")
            with self._lock:
                self._heard.append((topic, json.loads(message.payload)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
