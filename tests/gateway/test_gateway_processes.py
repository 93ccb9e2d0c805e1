"""The gateway as a process, a real mosquitto, and the ways both may end."""

from __future__ import annotations

import itertools
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from gateway_kit import action, alert
from gateway_process import Gateway, Mosquitto, Station, wait_for

from gateway.chain import first_broken
from gateway.store import Reader

Make = Callable[..., Gateway]
Stations = Callable[..., Station]


@pytest.fixture
def running(broker: Mosquitto, gateways: Make, stations: Stations) -> tuple[Gateway, Station]:
    """A gateway that is there, and a station that has heard so."""
    gateway, station = gateways(broker), stations(broker)
    gateway.start()
    session = station.last("gateway_status", state="online").session
    assert session > 1
    return gateway, station


def press(station: Station, **changes: object) -> str:
    """Presses a button until the receipt; the alert's id."""
    one, again = alert(**changes), itertools.count()

    def is_receipted() -> bool:
        if next(again) % 20 == 0:  # as a unit does
            station.link.send("alert", "unit-01", message=one)
        return one.alert_id in station.receipted()

    station.until(is_receipted)
    return one.alert_id


def act(station: Station, name: str, incident_id: str, **changes: object) -> None:
    one = action(name, "g01", incident_id=incident_id, **changes)
    station.link.send("action", message=one)
    station.last("result", action_id=one.action_id, ok=True)


def test_the_life_of_an_incident_over_mqtt_alone(running, broker, stations) -> None:
    _, station = running
    press(station, alert_id="life-1", point="point-2")
    incident = station.last("incident", point="point-2", stage="raised")
    topic = incident.incident_id
    assert incident.label == "柜台 2"
    station.last("feedback", "point-2", stage="raised", incident_id=topic)
    later = stations(broker)
    assert later.last("incident", topic) == incident, "kept for whoever comes later"
    act(station, "accept", topic)
    station.last("feedback", "point-2", stage="accepted")
    press(station, what="presence", point="point-2")
    station.last("feedback", "point-2", stage="arrived")
    act(station, "close", topic, outcome="helped")
    station.last("feedback", "point-2", stage="idle", incident_id=None)
    station.until(lambda: station.all("incident", topic)[-1] is None)
    stages = [one.stage for one in station.all("incident", topic) if one]
    assert stages == ["raised", "accepted", "arrived", "closed"]
    latest = stations(broker)
    latest.last("gateway_status", state="online", open=0)
    assert latest.all("incident", topic) == [], "nothing retained of what is closed"


def test_sigterm_ends_it_within_5_s_and_it_says_goodbye(running) -> None:
    gateway, station = running
    began = time.monotonic()
    assert gateway.signal(signal.SIGTERM) == 0
    assert time.monotonic() - began < 5
    station.last("gateway_status", state="offline")
    assert "Traceback" not in gateway.said


def test_a_killed_gateway_is_reported_by_the_broker(running) -> None:
    gateway, station = running
    session = station.last("gateway_status").session
    gateway.signal(signal.SIGKILL)
    station.last("gateway_status", state="offline", session=session)
    gateway.start()
    assert station.last("gateway_status", state="online").session > session


def test_two_gateways_on_one_store_say_so(running, broker, tmp_path) -> None:
    _, station = running
    second = Gateway(tmp_path, broker.port)
    second.log = tmp_path / "second.log"
    second.start()
    assert second.ended() == 1
    assert "another program already runs" in second.said
    assert "Traceback" not in second.said
    press(station)


def test_a_wrong_configuration_names_every_fault_and_ends_with_2(broker, gateways) -> None:
    gateway = gateways(broker, more='[mqqt]\nx = 1\n[[units]]\nid = "U!"\n')
    gateway.start()
    assert gateway.ended() == 2
    for word in ("mqqt", "did you mean mqtt?", "units[1].id", "U!", str(gateway.config)):
        assert word in gateway.said
    assert "Traceback" not in gateway.said


def test_a_store_that_cannot_be_made_is_a_sentence(broker, gateways) -> None:
    gateway = gateways(broker)
    gateway.config.write_text('store = "gone/anling.db"\n' + gateway.config.read_text())
    gateway.start()
    assert gateway.ended() == 1
    assert "cannot be used now" in gateway.said and "Traceback" not in gateway.said


def test_a_damaged_store_is_moved_aside_and_everybody_hears_of_it(
    broker, gateways, stations
) -> None:
    gateway, station = gateways(broker), stations(broker)
    gateway.store.write_bytes(b"SQLite format 3\0" + b"\xa5" * 20_000)
    gateway.start()
    fault = station.until(
        lambda: [f for m in station.all("faults") for f in m.faults if f.name == "store_replaced"]
    )[0]
    assert fault.subject == "gateway" and "move it away" in fault.detail
    press(station)
    aside = list(gateway.folder.glob("anling.db.damaged-*"))
    assert len(aside) == 1 and aside[0].read_bytes().startswith(b"SQLite format 3\0\xa5")
    assert "restore a backup" in gateway.said


def test_a_gateway_outlives_its_broker(own_broker, gateways, stations) -> None:
    gateway = gateways(own_broker).start()
    wait_for(lambda: gateway.store.exists())
    own_broker.start()
    station = stations(own_broker)
    press(station, point="point-3")
    own_broker.kill()
    wait_for(lambda: "the broker is away" in gateway.said)
    own_broker.start()
    station.until(lambda: station.connections == 2)
    fresh = stations(own_broker)
    incident = fresh.last("incident", point="point-3")
    fresh.last("feedback", "point-3", stage="raised", incident_id=incident.incident_id)
    press(station, point="point-3")
    fresh.last("incident", incident.incident_id, presses=2)
    fresh.until(lambda: fresh.all("faults"))
    fresh.until(lambda: not any(f.name == "away" for f in fresh.all("faults")[-1].faults))


def test_a_locked_store_withholds_receipts_says_so_and_heals(running) -> None:
    """More messages than mosquitto leaves unconfirmed, so that a deaf gateway would show."""
    gateway, station = running
    with closing(sqlite3.connect(gateway.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(40):
            one = alert(alert_id=f"locked-{number}", point=f"point-{number % 10}")
            station.link.send("alert", "unit-01", message=one)
        station.until(
            lambda: any(
                f.name == "store_unwritable" for m in station.all("faults") for f in m.faults
            )
        )
        assert not station.receipted()
        beats = len(station.all("gateway_status"))
        station.until(lambda: len(station.all("gateway_status")) > beats, seconds=12)
        other.execute("ROLLBACK")
    station.until(
        lambda: not any(f.name == "store_unwritable" for f in station.all("faults")[-1].faults)
    )
    for number in range(40):
        press(station, alert_id=f"locked-{number}", point=f"point-{number % 10}")
    assert gateway.process.poll() is None


def test_no_alert_is_lost_or_doubled_by_kills_at_any_moment(broker, gateways, stations) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    gateway, station = gateways(broker).start(), stations(broker)
    alerts = {
        f"kill-{seed}-{n}": alert(alert_id=f"kill-{seed}-{n}", point=f"point-{n % 10}")
        for n in range(200)
    }
    waiting, every, kills = dict(alerts), set(alerts), 0
    next_kill = time.monotonic() + chance.uniform(0.3, 0.8)
    deadline = time.monotonic() + 60
    while waiting or kills < 3:
        assert time.monotonic() < deadline, f"{len(waiting)} never receipted, seed {seed}"
        # Forty more with each kill, so that each finds some under way.
        known = [one for n, one in enumerate(alerts.values()) if n < 40 * (kills + 1)]
        for one in chance.sample([one for one in known if one.alert_id in waiting] or known, 1):
            station.link.send("alert", "unit-01", message=one)
        station.listen(wait_s=0.02)
        if kills < 6 and time.monotonic() > next_kill:
            gateway.signal(signal.SIGKILL)
            station.listen(wait_s=0.05)
            _receipts_are_true(gateway, station.receipted() & every, seed)
            gateway.start()
            kills, next_kill = kills + 1, time.monotonic() + chance.uniform(0.2, 1.2)
        for alert_id in station.receipted() & waiting.keys():
            del waiting[alert_id]
    gateway.signal(signal.SIGKILL)
    _receipts_are_true(gateway, every, seed)
    reader = Reader(str(gateway.store))
    incidents = reader.open_incidents()
    assert sorted(one.point for one in incidents) == [f"point-{n}" for n in range(10)]
    assert sum(one.presses for one in incidents) == 200, "each press in exactly one incident"
    assert first_broken(reader.whole_log()) is None
    assert kills >= 4
    reader.close()


def _receipts_are_true(gateway: Gateway, receipted: set[str], seed: int) -> None:
    if not receipted:
        return
    with closing(sqlite3.connect(gateway.store)) as db:
        stored = [row[0] for row in db.execute("SELECT alert_id FROM alerts")]
    assert receipted <= set(stored), f"a receipt was a lie, seed {seed}"
    assert len(stored) == len(set(stored))
