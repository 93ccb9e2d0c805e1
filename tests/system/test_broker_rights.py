"""What `anling init` writes for mosquitto holds at a real mosquitto."""

from __future__ import annotations

import base64
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from running_branch import ROOT, anling, wait_until

from simulator.broker_files import password_line

ROOT_TOPIC = "anling/v1/b001/"
PROGRAMS = ("unit-01", "unit-02", "gateway", "board", "pager")
# Every topic, by those who may say it; some reader of each.
SPOKEN_BY = {
    "unit/unit-01/alert": ({"unit-01"}, "gateway"),
    "unit/unit-02/alert": ({"unit-02"}, "gateway"),
    "unit/unit-01/status": ({"unit-01"}, "board"),
    "unit/unit-01/receipt": ({"gateway"}, "unit-01"),
    "point/point-1/feedback": ({"gateway"}, "unit-01"),
    "incident/20260101-x": ({"gateway"}, "board"),
    "action": ({"board"}, "gateway"),
    "terminal/board/status": ({"board"}, "gateway"),
    "terminal/board/event": ({"board"}, "gateway"),
    "terminal/board/result": ({"gateway"}, "board"),
    "gateway/status": ({"gateway"}, "unit-02"),
    "gateway/faults": ({"gateway"}, "board"),
    "pager/hall": ({"gateway"}, "pager"),
}


class Voice:
    """A connection as one program."""

    def __init__(self, user: str, password: str, port: int) -> None:
        self.user = user
        self.heard: list[tuple[str, str]] = []
        self.refused = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"test-{user}")
        self._client.username_pw_set(user, password)
        self._client.on_connect = self._on_connect
        self._client.on_message = lambda client, data, message: self.heard.append(
            (message.topic.removeprefix(ROOT_TOPIC), message.payload.decode())
        )
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._ready = threading.Event()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_connect(self, client, data, flags, reason_code, properties) -> None:
        if reason_code.is_failure:
            self.refused.set()
            client.disconnect()
        else:
            client.subscribe("#", qos=1)

    def wait(self) -> None:
        assert self._ready.wait(20), f"{self.user} was not let in"

    def say(self, topic: str, text: str) -> None:
        self._client.publish(ROOT_TOPIC + topic, text, qos=1).wait_for_publish(20)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A real branch, in a folder that the broker's own user may enter; pytest's are closed."""
    with tempfile.TemporaryDirectory(prefix="anling-test-") as above:
        Path(above).chmod(0o711)
        done = anling("init", Path(above) / "branch", "--units", "2", "--points", "2")
        assert done.returncode == 0, done.stderr
        yield Path(above) / "branch"


@pytest.fixture
def guarded(idle_mosquitto, folder: Path):
    """mosquitto with the branch's own configuration, but for the port."""
    config = folder / "mosquitto.conf"
    lines = config.read_text().splitlines()
    lines = [
        f"listener {idle_mosquitto.port} 127.0.0.1" if line.startswith("listener") else line
        for line in lines
    ]
    other = folder.parent / "mosquitto.conf"
    other.write_text("\n".join(lines))
    idle_mosquitto.start(other)
    return idle_mosquitto


@pytest.fixture
def voices(guarded, folder: Path) -> Iterator[dict[str, Voice]]:
    passwords = tomllib.loads((folder / "credentials.toml").read_text())["mqtt"]
    found = {user: Voice(user, passwords[user], guarded.port) for user in PROGRAMS}
    for voice in found.values():
        voice.wait()
    yield found
    for voice in found.values():
        voice.stop()


def test_only_who_may_say_a_thing_is_heard(voices: dict[str, Voice]):
    for topic in SPOKEN_BY:
        for user, voice in voices.items():
            voice.say(topic, user)
    # The broker keeps the order of each speaker, so after the last word all others are decided.
    for user, topic in (
        ("unit-01", "unit/unit-01/alert"),
        ("unit-02", "unit/unit-02/alert"),
        ("board", "action"),
    ):
        voices[user].say(topic, f"{user} is done")
        wait_until(
            "the end", lambda u=user, t=topic: (t, f"{u} is done") in voices["gateway"].heard
        )
    voices["gateway"].say("gateway/status", "gateway is done")
    voices["gateway"].say("pager/hall", "gateway is done")
    wait_until("the end", lambda: ("pager/hall", "gateway is done") in voices["pager"].heard)
    for listener in ("unit-01", "unit-02", "board"):
        wait_until(
            "the end",
            lambda who=listener: ("gateway/status", "gateway is done") in voices[who].heard,
        )
    for topic, (speakers, listener) in SPOKEN_BY.items():
        heard = {text for name, text in voices[listener].heard if name == topic}
        assert {text for text in heard if not text.endswith("done")} == speakers, topic


def test_a_unit_hears_nothing_of_others(voices: dict[str, Voice]):
    for topic in SPOKEN_BY:
        voices["gateway"].say(topic, "x")
        voices["board"].say(topic, "x")
    voices["gateway"].say("unit/unit-02/receipt", "x")
    wait_until("the end", lambda: ("unit/unit-02/receipt", "x") in voices["unit-02"].heard)
    assert {name for name, _ in voices["unit-02"].heard} == {
        "unit/unit-02/receipt",
        "gateway/status",
    }


def test_a_pager_hears_pages_and_nothing_else(voices: dict[str, Voice]):
    for topic in (*SPOKEN_BY, "pager/end"):
        voices["gateway"].say(topic, "x")
    wait_until("the end", lambda: ("pager/end", "x") in voices["pager"].heard)
    assert {name for name, _ in voices["pager"].heard} == {"pager/hall", "pager/end"}


@pytest.mark.parametrize(
    ("user", "password"), [("gateway", "wrong"), ("nobody", "x"), ("unit-01", "")]
)
def test_nobody_comes_in_without_the_password(guarded, user: str, password: str):
    voice = Voice(user, password, guarded.port)
    assert voice.refused.wait(20)
    voice.stop()


def test_the_real_gateway_and_board_work_with_these_rights(
    guarded, folder: Path, tmp_path: Path, voices: dict[str, Voice]
):
    programs = []
    for name in ("gateway", "board"):
        text = (folder / f"{name}.toml").read_text()
        config = tmp_path / f"{name}.toml"
        config.write_text(
            text.replace("port = 1883", f"port = {guarded.port}").replace(
                "port = 8000", f"port = {_free_port()}"
            )
        )
        with (tmp_path / f"{name}.log").open("w") as log:
            programs.append(
                subprocess.Popen(
                    [sys.executable, str(ROOT / "anling.py"), name, "--config", str(config)],
                    stderr=log,
                )
            )
    try:
        for topic, listener in (
            ("gateway/status", "unit-02"),
            ("terminal/board/status", "gateway"),
        ):
            wait_until(
                f"{topic} online",
                lambda t=topic, who=listener: any(
                    name == t and '"online"' in text for name, text in voices[who].heard
                ),
                within_s=30,
            )
    finally:
        for program in programs:
            program.send_signal(signal.SIGTERM)
        codes = [program.wait(20) for program in programs]
    assert codes == [0, 0]


def test_a_password_line_is_what_mosquitto_passwd_writes():
    """The line of user `u`, password `secret`, as mosquitto_passwd 2.0.11 wrote it."""
    salt = base64.b64decode("Juka1PVie6bbp6qS")
    assert password_line("u", "secret", salt=salt) == (
        "u:$7$101$Juka1PVie6bbp6qS$7x8D/DsPWsD3BdQkBAZHQvuTGHFJmOLhjF"
        "Lgj3/L4FwqUd4feJK5AyezkiCwWWUiAcYK6fvODlYCjgD31+/1uw==\n"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
