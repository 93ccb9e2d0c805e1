"""Real processes for the gateway's tests: a mosquitto, a gateway, and a station that talks MQTT."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from protocol.inbox import Inbox
from protocol.link import Broker, Connected, Link, LinkEvent, Received
from protocol.messages import (
    ActionResult,
    Faults,
    Feedback,
    GatewayStatus,
    Incident,
    Receipt,
    decode,
)
from protocol.topics import Topics

ROOT = Path(__file__).resolve().parents[2]
RUN = (
    "import logging, sys; from gateway.main import run;"
    "logging.basicConfig(level=logging.INFO, format='%(message)s'); sys.exit(run(sys.argv[1]))"
)
KINDS: dict[str, type] = {
    "receipt": Receipt,
    "feedback": Feedback,
    "incident": Incident,
    "result": ActionResult,
    "gateway_status": GatewayStatus,
    "faults": Faults,
}
WAIT_S = 30.0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for(what: Callable[[], Any], *, seconds: float = WAIT_S, say: str = "") -> Any:
    """What `what` gives once it is true. Fails after so many seconds."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"waited {seconds} s in vain {say}"
        time.sleep(0.02)
    return found


class Mosquitto:
    """A broker on a port of its own that lets anybody on this machine in."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["mosquitto", "-c", str(self._conf)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Gateway:
    """The gateway as a process of its own, with what it says in `log`."""

    def __init__(self, folder: Path, port: int, *, more: str = "") -> None:
        self.folder = folder
        self.config = folder / "gateway.toml"
        self.store = folder / "anling.db"
        self.log = folder / "gateway.log"
        self.config.write_text(_toml(port) + more, encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Gateway:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("NOTIFY_SOCKET", None)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, str(self.config)],
                stderr=log,
                stdout=log,
                env=environment,
                cwd=self.folder,
            )
        return self

    def signal(self, number: int = signal.SIGKILL, *, seconds: float = WAIT_S) -> int:
        """Sends a signal; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.ended(seconds=seconds)

    def ended(self, *, seconds: float = WAIT_S) -> int:
        assert self.process is not None
        return self.process.wait(timeout=seconds)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")


def _toml(port: int) -> str:
    points = "".join(
        f'[[points]]\nid = "point-{n}"\nlabel = "柜台 {n}"\nunit = "unit-01"\n' for n in range(10)
    )
    return (
        'branch = "b001"\nname = "Test branch"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n[[units]]\nid = "unit-01"\n{points}'
        '[[staff]]\nid = "g01"\nname = "Li Na"\n'
        'roles = ["customer_service", "security", "first_aid", "lead"]\n'
        'certificates = [{ what = "first_aid", expires = "2099-12-31" }]\n'
    )


class Station:
    """A unit and a terminal in one: sends anything, and keeps all it hears."""

    def __init__(self, port: int, name: str) -> None:
        topics = Topics("b001")
        self.inbox: Inbox[LinkEvent] = Inbox()
        self.heard: list[tuple[str, str, Any, bool]] = []
        self.connections = 0
        self.link = Link(
            broker=Broker(port=port),
            topics=topics,
            client_id=name,
            deliver=self.inbox.put,
            subscriptions=[topics.build(one) for one in KINDS],
        )

    def start(self) -> Station:
        self.link.start()
        self.until(lambda: self.connections)
        return self

    def listen(self, *, wait_s: float = 0.02) -> None:
        for event in self.inbox.take(wait_s=wait_s, most=10_000):
            if isinstance(event, Connected):
                self.connections += 1
            if isinstance(event, Received) and event.where is not None:
                name, empty = event.where.name, event.payload == b""
                message = None if empty else decode(KINDS[name], event.payload)
                self.heard.append((name, event.where.id, message, event.retained))

    def all(self, name: str, ident: str = "") -> list[Any]:
        """The messages of a kind heard so far; None where a topic was cleared."""
        return [m for n, i, m, _ in self.heard if n == name and (not ident or i == ident)]

    def until(self, what: Callable[[], Any], *, seconds: float = WAIT_S, say: str = "") -> Any:
        """Listens until `what` gives something true. Fails after so many seconds."""
        end = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < end, f"waited {seconds} s in vain {say}; {self.heard[-5:]}"
            self.listen()
        return found

    def last(self, name: str, ident: str = "", **fields: object) -> Any:
        """Waits until the newest message of a kind has these fields, and gives it."""

        def newest() -> Any:
            found = self.all(name, ident)
            fits = found and found[-1] is not None
            if fits and all(getattr(found[-1], key) == value for key, value in fields.items()):
                return found[-1]
            return None

        return self.until(newest, say=f"for {name} {ident} {fields}")

    def receipted(self) -> set[str]:
        return {i for receipt in self.all("receipt") for i in receipt.alert_ids}
