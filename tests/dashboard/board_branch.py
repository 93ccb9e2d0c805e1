"""A real branch for the board's tests: mosquitto, the gateway and the board as processes."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash

from protocol.link import Broker, Connected, Link
from protocol.messages import Alert, GatewayStatus, TerminalEvent, UnitStatus, decode
from protocol.topics import Topics

PROJECT = Path(__file__).parents[2]
TOKEN = "a-token-for-tests"
PINS = {"g01": "135790", "l01": "246801"}
BRANCH = "b001"
UNIT = "unit-01"
MOSQUITTO = next((p for p in ("/usr/sbin/mosquitto", "/usr/bin/mosquitto") if Path(p).exists()), "")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def eventually(question: Callable[[], Any], *, within_s: float = 20) -> Any:
    """The first true answer; fails when there is none in time."""
    end = time.monotonic() + within_s
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < end, f"not so within {within_s} s"
        time.sleep(0.05)


def token_of(text: str) -> str:
    """What the forms of a page must bring back."""
    return re.search(r'name="csrf-token" content="([^"]+)"', text)[1]


def signed_in(client: FlaskClient, staff: str = "l01") -> FlaskClient:
    """Flask's client with a session of `staff`."""
    form = {"staff": staff, "pin": PINS[staff], "csrf_token": token_of(client.get("/sign-in").text)}
    assert client.post("/sign-in", data=form).status_code == 302
    return client


def pin_hash(pin: str) -> str:
    return generate_password_hash(pin, method="pbkdf2:sha256:1000")


def board_toml(*, mqtt_port: int, http_port: int, extra: str = "") -> str:
    return f"""
branch = "{BRANCH}"
secret_key = "only-for-tests-only-for-tests-only-for-tests"
language = "en"
{extra}
[mqtt]
port = {mqtt_port}
[http]
port = {http_port}
[[tokens]]
name = "tests"
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
"""


def gateway_toml(*, mqtt_port: int) -> str:
    return f"""
branch = "{BRANCH}"
name = "Test branch"
[mqtt]
port = {mqtt_port}
[[units]]
id = "{UNIT}"
[[points]]
id = "point-1"
label = "Counter 1"
unit = "{UNIT}"
[[points]]
id = "point-2"
label = "Courtesy seat"
unit = "{UNIT}"
[[staff]]
id = "g01"
name = "Li Na"
roles = ["customer_service", "security", "first_aid"]
pin_hash = "{pin_hash(PINS["g01"])}"
certificates = [{{ what = "first_aid", expires = "2099-12-31" }}]
[[staff]]
id = "l01"
name = "Wang Wei"
roles = ["lead"]
pin_hash = "{pin_hash(PINS["l01"])}"
"""


class Branch:
    """Starts and stops the parts; everything lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mqtt_port, self.http_port = free_port(), free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "mosquitto.conf").write_text(
            f"listener {self.mqtt_port} 127.0.0.1\nallow_anonymous true\n"
            "set_tcp_nodelay true\nmax_queued_messages 0\n"
        )
        (folder / "gateway.toml").write_text(gateway_toml(mqtt_port=self.mqtt_port))
        (folder / "board.toml").write_text(
            board_toml(mqtt_port=self.mqtt_port, http_port=self.http_port)
        )

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stderr=log,
                stdout=log,
                env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "default"},
            )
        self.processes[name] = process
        return process

    def start_broker(self) -> None:
        self._start("broker", MOSQUITTO, "-c", str(self.folder / "mosquitto.conf"))
        eventually(lambda: _accepts(self.mqtt_port))

    def start_gateway(self) -> None:
        code = "import sys; from gateway.main import run; sys.exit(run(sys.argv[1]))"
        self._start("gateway", sys.executable, "-c", code, str(self.folder / "gateway.toml"))

    def start_board(self) -> None:
        code = "import sys; from dashboard.main import run; sys.exit(run(sys.argv[1]))"
        self._start("board", sys.executable, "-c", code, str(self.folder / "board.toml"))
        eventually(lambda: _accepts(self.http_port))

    def start(self) -> None:
        self.start_broker()
        self.start_gateway()
        self.start_board()
        eventually(lambda: self.get("/healthz").status == 200)

    def stop(self, name: str, *, number: int = signal.SIGTERM) -> int:
        process = self.processes.pop(name)
        process.send_signal(number)
        return process.wait(10)

    def stop_all(self) -> None:
        for name in ("board", "gateway", "broker"):
            if name in self.processes:
                self.stop(name)

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    # -- HTTP -----------------------------------------------------------------------------------

    def connection(self, *, timeout_s: float = 20) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout_s)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = self.connection()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        except ConnectionError as error:
            ended = self.processes["board"].poll() if "board" in self.processes else "stopped"
            said = self.log_of("board")[-4000:]
            what = f"{path}: {error!r}; the board: {ended}; it said:\n{said}"
            raise AssertionError(what) from error
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.request("GET", path, Authorization=f"Bearer {TOKEN}")

    def act(self, incident_id: str, **body: Any) -> Reply:
        path = f"/api/v1/incidents/{incident_id}/actions"
        return self.request("POST", path, body, Authorization=f"Bearer {TOKEN}")

    @contextmanager
    def events(self, **headers: str) -> Iterator[Events]:
        headers = headers or {"Authorization": f"Bearer {TOKEN}"}
        connection = self.connection()
        connection.request("GET", "/events", headers=headers)
        try:
            yield Events(connection)
        finally:
            connection.close()

    # -- the branch's voices --------------------------------------------------------------------

    @contextmanager
    def voice(self, name: str = "tests", *hear: str) -> Iterator[Voice]:
        voice = Voice(self.mqtt_port, name, hear)
        try:
            yield voice
        finally:
            voice.link.stop()

    def incident(self, voice: Voice, point: str = "point-1") -> dict[str, Any]:
        """Presses a button and gives the incident that came of it."""
        voice.press(point)
        return eventually(
            lambda: next(
                (i for i in self.get("/api/v1/incidents?stage=open").json if i["point"] == point),
                None,
            )
        )


class Reply:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Events:
    """A stream of server-sent events; the connection's time-out bounds each wait."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.response = connection.getresponse()
        self.status = self.response.status

    def __iter__(self) -> Iterator[dict[str, Any]]:
        event: dict[str, Any] = {}
        while line := self.response.readline():
            text = line.decode().rstrip("\n")
            if not text:
                if "event" in event:
                    yield event
                event = {}
                continue
            key, _, value = text.partition(": ")
            event[key] = json.loads(value) if key in ("data", "id") else value

    def until(self, wanted: Callable[[dict[str, Any]], bool], *, most: int = 200) -> dict[str, Any]:
        for number, event in enumerate(self):
            if wanted(event):
                return event
            assert number < most, "the event did not come"
        raise AssertionError("the stream ended")


class Voice:
    """Speaks and hears as anybody on the broker."""

    def __init__(self, port: int, name: str, hear: tuple[str, ...]) -> None:
        self.heard: queue.Queue[Any] = queue.Queue()
        connected = threading.Event()

        def deliver(event: object) -> None:
            if isinstance(event, Connected):
                connected.set()
            else:
                self.heard.put(event)

        topics = Topics(BRANCH)
        self.link = Link(
            broker=Broker(port=port),
            topics=topics,
            client_id=f"{name}-{uuid.uuid4().hex[:8]}",
            deliver=deliver,
            subscriptions=[topics.build(name) for name in hear],
        )
        self.link.start()
        assert connected.wait(10)

    def press(self, point: str = "point-1", **more: Any) -> None:
        alert = Alert(
            alert_id=uuid.uuid4().hex, point=point, what="pressed", boot="test", seq=1, age_ms=0
        )
        self.link.send("alert", UNIT, message=alert)

    def say_unit(self, **values: Any) -> None:
        status = UnitStatus(**{"state": "online", "session": 1, **values})
        self.link.send("unit_status", UNIT, message=status)

    def say_gateway(self, **values: Any) -> None:
        status = GatewayStatus(**{"state": "online", "session": 1, **values})
        self.link.send("gateway_status", message=status)

    def next_terminal_event(self) -> TerminalEvent:
        while True:
            event = self.heard.get(timeout=10)
            where = getattr(event, "where", None)
            if where is not None and where.name == "terminal_event":
                return decode(TerminalEvent, event.payload)


def _accepts(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
