"""A whole branch run by the real command line, to be pressed, asked, answered and killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import paho.mqtt.client as mqtt

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 60
STOP_WITHIN_S = 20
POLL_S = 0.02
# Far longer than a busy machine delays a message: contacts that close and open too soon after one
# another would rightly be taken for bounce.
PRESS_S = 0.15

T = TypeVar("T")


def wait_until(what: str, answer: Callable[[], T], *, within_s: float = 20) -> T:
    """The first true answer. Raises: AssertionError when there is none `within_s`."""
    end = time.monotonic() + within_s
    while not (found := answer()):
        if time.monotonic() > end:
            raise AssertionError(f"after {within_s:g} s still not so: {what}")
        time.sleep(POLL_S)
    return found


def anling(*arguments: object, within_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs a command of the front door to its end."""
    words = [str(argument) for argument in arguments]
    return subprocess.run(
        [sys.executable, str(ROOT / "anling.py"), *words],
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
        cwd=ROOT,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the board. body: parsed JSON, or text."""

    status: int
    body: object


class Ear:
    """Hears everything said in a branch, through every death of the broker.

    heard: (topic below the branch, payload), in order; an empty payload is None.
    """

    def __init__(self, *, port: int, branch: str) -> None:
        self._root = f"anling/v1/{branch}/"
        self._port = port
        self._lock = threading.Lock()
        self._heard: list[tuple[str, dict | None]] = []
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=f"ear-{uuid.uuid4().hex[:12]}"
        )

    def start(self) -> None:
        client = self._client
        client.on_connect = lambda client, *_: client.subscribe(f"{self._root}#", qos=1)
        client.on_message = lambda client, data, message: self._hear(message)
        client.reconnect_delay_set(1, 1)
        client.connect_async("127.0.0.1", self._port, keepalive=5)
        client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def heard(self) -> list[tuple[str, dict | None]]:
        with self._lock:
            return list(self._heard)

    def newest(self, topic: str) -> dict | None:
        """The newest payload of a topic; None if there was none or it was cleared."""
        return next((body for name, body in reversed(self.heard) if name == topic), None)

    def say(self, topic: str, payload: object) -> None:
        """Publishes; a text goes as it is, anything else as JSON. Lost while the broker is away."""
        if self._client.is_connected():
            text = payload if isinstance(payload, str) else json.dumps(payload)
            self._client.publish(self._root + topic, text, qos=1)

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        topic = message.topic.removeprefix(self._root)
        if topic.startswith("sim/") and "/line/" in topic:
            return
        body = json.loads(message.payload) if message.payload else None
        with self._lock:
            self._heard.append((topic, body))


class RunningBranch:
    """`anling demo` as a child process. folder: keeps its data and logs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._ready_file = folder / "ready.json"
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.ear: Ear | None = None

    def start(self) -> None:
        with (self._folder / "demo.out").open("a") as out:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, str(ROOT / "anling.py"), "demo", "--port", "0"),
                    *("--dir", str(self.folder), "--ready-file", str(self._ready_file)),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )
        wait_until("the branch is ready", self._is_ready, within_s=READY_WITHIN_S)
        self.ear = Ear(port=self.ready["mqtt"]["port"], branch=self.ready["branch"])
        self.ear.start()
        for unit in self.ready["units"]:
            wait_until(f"{unit} heard", lambda unit=unit: self.ear.newest(f"unit/{unit}/status"))

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self.output
        return self._ready_file.exists()

    def stop(self) -> int:
        """Ends the demo as a service manager does; its exit code."""
        if self.ear is not None:
            self.ear.stop()
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the demo did not stop: {self.output}") from None

    # --- what there is ---

    @property
    def folder(self) -> Path:
        return self._folder / "branch"

    @property
    def ready(self) -> dict:
        """The ready file as it is now; pids change when a program is started again."""
        return json.loads(self._ready_file.read_text(encoding="utf-8"))

    @property
    def ready_file(self) -> Path:
        return self._ready_file

    @property
    def process(self) -> subprocess.Popen[str]:
        return self._process

    @property
    def output(self) -> str:
        """What the demo printed."""
        return (self._folder / "demo.out").read_text(encoding="utf-8")

    def log_of(self, program: str) -> str:
        return (self.folder / "logs" / f"{program}.log").read_text(encoding="utf-8")

    def point(self, point: str) -> dict:
        return next(one for one in self.ready["points"] if one["id"] == point)

    # --- the customer ---

    def contact(self, point: str, level: str, *, part: str = "call") -> None:
        """Closes ("1") or opens ("0") a contact of a point."""
        where = self.point(point)
        self.ear.say(f"sim/{where['unit']}/line/{where['lines'][part]}", level)

    def press(self, point: str, *, hold_s: float = PRESS_S, part: str = "call") -> None:
        self.contact(point, "1", part=part)
        time.sleep(hold_s)
        self.contact(point, "0", part=part)
        time.sleep(PRESS_S)

    def lamp(self, point: str) -> str | None:
        """What the point's lamp shows, as last heard."""
        shown = self.ear.newest(f"sim/{self.point(point)['unit']}/lamp/{point}")
        return shown and shown["lamp"]

    def wait_for_lamp(self, point: str, *lamps: str, within_s: float = 20) -> None:
        wait_until(
            f"the lamp of {point} shows {lamps}, not {self.lamp(point)}",
            lambda: self.lamp(point) in lamps,
            within_s=within_s,
        )

    # --- staff and machines ---

    def get(self, path: str, *, bearer: bool = True) -> Answer:
        return self._ask("GET", path, None, bearer=bearer)

    def post(self, path: str, body: dict) -> Answer:
        return self._ask("POST", path, body, bearer=True)

    def _ask(self, method: str, path: str, body: dict | None, *, bearer: bool) -> Answer:
        ready = self.ready
        address = urllib.parse.urlsplit(ready["board_url"])
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {ready['token']}"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            raw = response.read().decode()
        finally:
            connection.close()
        try:
            return Answer(response.status, json.loads(raw))
        except ValueError:
            return Answer(response.status, raw)

    def act(self, incident: dict, action: str, by: str, **more: str) -> dict:
        """Does it; the incident afterwards."""
        answer = self.post(
            f"/api/v1/incidents/{incident['incident_id']}/actions",
            {"action": action, "by": by, **more},
        )
        assert answer.status == 200, answer
        return answer.body

    def incidents(self, stage: str = "all") -> list[dict]:
        """The newest 200, newest first."""
        answer = self.get(f"/api/v1/incidents?stage={stage}&limit=200")
        assert answer.status == 200, answer
        return answer.body["incidents"] if isinstance(answer.body, dict) else answer.body

    def open_incident(self, point: str, *, within_s: float = 20) -> dict:
        """The open incident of a point."""
        return wait_until(
            f"an open incident at {point}",
            lambda: next((i for i in self.incidents("open") if i["point"] == point), None),
            within_s=within_s,
        )

    def staff_with(self, role: str) -> dict:
        return next(one for one in self.ready["staff"] if role in one["roles"])

    # --- misfortune ---

    def kill(self, program: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Kills a program and waits until the demo has started it again."""
        before = self.ready["pids"][program]
        os.kill(before, number)
        wait_until(
            f"{program} was started again",
            lambda: self.ready["pids"].get(program, before) != before,
        )

    def sessions(self) -> dict[str, int]:
        """The number of each unit's newest connection."""
        return {
            unit: self.ear.newest(f"unit/{unit}/status")["session"] for unit in self.ready["units"]
        }

    def wait_for_new_sessions(self, before: dict[str, int], *, within_s: float = 30) -> None:
        """Every unit has connected since and feels contacts again: after a death of the broker."""
        wait_until(
            f"units are connected anew since {before}",
            lambda: self.ear.connected and self._all_newer(before),
            within_s=within_s,
        )

    def _all_newer(self, before: dict[str, int]) -> bool:
        states = {unit: self.ear.newest(f"unit/{unit}/status") for unit in before}
        return all(
            state["state"] == "online" and state["session"] > before[unit]
            for unit, state in states.items()
        )

    def wait_until_well(self, *, within_s: float = 30) -> None:
        """Everybody is online again and the board says so."""
        wait_until("the board is well", lambda: self._health() == 200, within_s=within_s)
        for unit in self.ready["units"]:
            wait_until(
                f"{unit} is online",
                lambda unit=unit: (
                    (self.ear.newest(f"unit/{unit}/status") or {}).get("state") == "online"
                ),
                within_s=within_s,
            )

    def _health(self) -> int:
        try:
            return self.get("/healthz", bearer=False).status
        except (OSError, http.client.HTTPException):
            return 0
