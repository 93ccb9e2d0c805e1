"""The unit as a real process on a real mosquitto: a press and back, kills, and bad days."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from unit_process import REPOSITORY, Listener, unit_process, wait_until

CALL = 5


@pytest.fixture
def listener(broker):
    with Listener(broker.port) as one:
        yield one


def waiting(path) -> list[str]:
    db = sqlite3.connect(path)
    try:
        return [row[0] for row in db.execute("SELECT alert_id FROM alerts ORDER BY number")]
    finally:
        db.close()


def test_a_press_goes_out_and_the_lamp_follows_the_gateways_word(broker, listener, tmp_path):
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        listener.line(CALL, 1)
        wait_until("the alert", lambda: listener.alerts)
        listener.line(CALL, 0)
        alert = listener.alerts[0]
        assert alert["what"] == "pressed"
        assert alert["point"] == "point-1"
        assert 0 <= alert["age_ms"] < 5000
        wait_until("saved", lambda: listener.lamps[-1] == "saved")
        listener.receipt(alert["alert_id"])
        wait_until("recorded", lambda: listener.lamps[-1] == "recorded")
        wait_until("forgotten", lambda: waiting(tmp_path / "unit-01.db") == [])
        for stage, lamp in [("raised", "recorded"), ("accepted", "coming"), ("idle", "off")]:
            listener.feedback(stage)
            wait_until(lamp, lambda lamp=lamp: listener.lamps[-1] == lamp)
        assert listener.lamps == ["off", "saved", "recorded", "coming", "off"]
        code, took_s = unit.stop()
    assert code == 0
    assert took_s < 5
    wait_until("the farewell", lambda: listener.statuses[-1]["state"] == "offline")
    assert listener.statuses[-1]["session"] == listener.statuses[0]["session"]


@pytest.mark.parametrize("after_ms", [0, 4, 8, 11, 14, 20, 40, 150])
def test_a_press_survives_a_kill_at_any_moment_with_one_id(broker, listener, tmp_path, after_ms):
    """What the lamp called saved, or anybody has seen, comes again; and it is one press."""
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        listener.line(CALL, 1)
        time.sleep(after_ms / 1000)
        unit.kill()
        kept = waiting(tmp_path / "unit-01.db")
        time.sleep(0.1)  # what the dead unit has sent may still be under way
        was_seen = bool(listener.alerts) or "saved" in listener.lamps
        seen = {alert["alert_id"] for alert in listener.alerts}
        listener.forget()
        unit.start()
        listener.wait_online()
        if kept:
            wait_until("the alert", lambda: listener.alerts)
        assert kept or not was_seen
        seen |= {alert["alert_id"] for alert in listener.alerts}
        assert seen == set(kept)
        assert len(kept) <= 1
        assert unit.stop()[0] == 0


def test_after_a_kill_the_session_counts_on_and_the_will_was_said(broker, listener, tmp_path):
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        unit.kill()
        wait_until("the will", lambda: listener.statuses[-1]["state"] == "offline")
        assert listener.statuses[-1]["session"] == 1
        unit.start()
        listener.wait_online()
        assert listener.statuses[-1]["session"] == 2
        unit.stop()


def test_a_broker_that_comes_back_gets_what_waits(broker, listener, tmp_path):
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        listener.line(CALL, 1)
        wait_until("the alert", lambda: listener.alerts)
        alert_id = listener.alerts[0]["alert_id"]
        broker.kill()
        listener.forget()
        broker.start()
        wait_until("the alert again", lambda: listener.alerts)
        assert {alert["alert_id"] for alert in listener.alerts if alert["what"] == "pressed"} == {
            alert_id
        }
        wait_until("the lamp anew", lambda: listener.lamps[-1:] == ["undelivered"])
        assert listener.statuses[-1]["session"] == 2
        assert unit.stop()[0] == 0


def test_a_short_press_over_the_simulated_line_counts(broker, listener, tmp_path):
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        listener.line(CALL, 1)
        time.sleep(0.05)
        listener.line(CALL, 0)
        wait_until("the alert", lambda: listener.alerts)
        assert unit.stop()[0] == 0


def test_a_second_program_with_the_same_state_says_so_and_ends(broker, listener, tmp_path):
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        second = subprocess.run(
            [sys.executable, "-m", "firmware.main", str(unit.config)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert second.returncode == 1
        assert "another program already runs with" in second.stderr
        assert "Traceback" not in second.stderr
        unit.stop()


def test_without_a_broker_the_unit_keeps_trying_and_stops_in_time(tmp_path):
    with unit_process(tmp_path, 1) as unit:
        wait_until("it says so", lambda: "nothing answers at 127.0.0.1:1" in unit.said)
        code, took_s = unit.stop()
    assert code == 0
    assert took_s < 5
    assert "Traceback" not in unit.said


def test_a_damaged_outbox_is_moved_aside_and_named(broker, listener, tmp_path):
    (tmp_path / "unit-01.db").write_bytes(b"not a database " * 1000)
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        assert listener.statuses[-1]["faults"] == ["outbox_damaged"]
        assert len(list(tmp_path.glob("unit-01.db.damaged-*"))) == 1
        listener.line(CALL, 1)
        wait_until("saved", lambda: listener.lamps[-1] == "saved")
        unit.stop()


def test_without_a_place_for_the_outbox_a_call_gets_through(broker, listener, tmp_path):
    (tmp_path / "file").write_text("")
    with unit_process(tmp_path, broker.port, state="file/unit-01.db") as unit:
        listener.wait_online()
        listener.line(CALL, 1)
        wait_until("the alert", lambda: listener.alerts)
        wait_until("the fault", lambda: listener.statuses[-1]["faults"] == ["outbox_unwritable"])
        assert "saved" not in listener.lamps
        listener.receipt(listener.alerts[0]["alert_id"])
        listener.feedback("raised")
        wait_until("recorded", lambda: listener.lamps[-1] == "recorded")
        assert unit.stop()[0] == 0


@pytest.mark.skipif(
    Path("/proc/device-tree/system/linux,revision").exists(), reason="this is a Raspberry Pi"
)
@pytest.mark.parametrize("backend", ["libgpiod", "lgpio", "rpigpio"])
def test_lines_that_cannot_be_opened_end_the_program_with_a_plain_sentence(tmp_path, backend):
    """Never another backend in its place."""
    with unit_process(tmp_path, 1, backend=backend) as unit:
        assert unit.wait() == 1
        assert f"the GPIO lines cannot be opened with {backend}" in unit.said
        assert "Traceback" not in unit.said


def test_an_outbox_damaged_while_running_is_replaced_with_what_waits(broker, listener, tmp_path):
    state = tmp_path / "unit-01.db"
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        db = sqlite3.connect(state)
        db.execute("DROP TABLE alerts")
        db.close()
        listener.line(CALL, 1)
        wait_until("the alert", lambda: listener.alerts)
        listener.line(CALL, 0)
        wait_until("the fault", lambda: "outbox_damaged" in listener.statuses[-1]["faults"])
        assert waiting(state) == [listener.alerts[0]["alert_id"]]
        assert unit.stop()[0] == 0


def test_systemd_hears_ready_then_the_watchdog_then_stopping(broker, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with unit_process(tmp_path, broker.port) as unit:
            assert systemd.recv(100) == b"READY=1"
            assert systemd.recv(100) == b"WATCHDOG=1"
            assert unit.stop()[0] == 0
            told = [systemd.recv(100)]
            while told[-1] != b"STOPPING=1":
                told.append(systemd.recv(100))
        assert set(told) <= {b"WATCHDOG=1", b"STOPPING=1"}


def test_junk_on_the_units_topics_stops_nothing(broker, listener, tmp_path):
    with unit_process(tmp_path, broker.port) as unit:
        listener.wait_online()
        for junk in ("", "{", "[]", '{"alert_ids": 7}', "\x00", "1" * 70_000):
            listener.say("unit/unit-01/receipt", junk)
            listener.say("point/point-1/feedback", junk)
            listener.say("gateway/status", junk)
            listener.say("sim/unit-01/line/5", junk)
        for line in ("99", "7", "x"):
            listener.say(f"sim/unit-01/line/{line}", "1")
        listener.line(CALL, 1)
        wait_until("the alert", lambda: listener.alerts)
        assert unit.stop()[0] == 0
        assert "Traceback" not in unit.said
