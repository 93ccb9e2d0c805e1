"""A store that cannot be written: nothing is promised, nothing is dropped, and it heals."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from gateway_kit import Desk, with_channels

from gateway.channels.backlog import Noticed
from gateway.channels.notice import DeliveryResult
from gateway.config import ChannelSettings
from gateway.store import database
from protocol.link import Connected
from protocol.messages import GatewayStatus, Receipt

MAX_PAGES = 2**32 - 2


@contextmanager
def full_disk(desk: Desk) -> Iterator[None]:
    """SQLite itself says "database or disk is full": it may not grow by one page more."""
    pages = desk.writer._db.execute("PRAGMA page_count").fetchone()[0]
    # Pages that are free already would take a few rows: fill them first.
    desk.writer._db.execute(f"PRAGMA max_page_count = {pages}")
    yield
    desk.writer._db.execute(f"PRAGMA max_page_count = {MAX_PAGES}")


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(desk.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 1)


TROUBLES = pytest.mark.parametrize("trouble", [full_disk, locked])
Trouble = Callable[[Desk], contextmanager]


def presses(desk: Desk) -> list:
    """Alerts of 60 new points: more than the free space of any page takes."""
    return [desk.pressed(point=f"p-{n}", alert_id=f"a-{n}" + "x" * 58) for n in range(60)]


@TROUBLES
def test_no_receipt_until_it_is_stored_and_then_everything_heals(desk: Desk, trouble) -> None:
    desk.handle(Connected(1))
    came: set[int] = set()
    with trouble(desk):
        for _ in range(3):
            desk.clock.move(1)
            storm = presses(desk)
            came |= {one.mid for one in storm}
            desk.handle(*storm)
        assert desk.link.sent("unit/unit-01/receipt") == []
        assert desk.link.sent("incident/") == []
        assert not any(one.stage == "raised" for one in desk.link.sent("point/p-1/feedback"))
        assert "store_unwritable" in desk.fault_names()
        unconfirmed = came - set(desk.link.acked())
        assert 0 < len(unconfirmed) < 20, (
            "mosquitto gives 20 at most: the broker still has hands free"
        )
    desk.clock.move(1)
    desk.handle()
    assert unconfirmed <= set(desk.link.acked())
    desk.handle()
    assert "store_unwritable" not in desk.fault_names()
    assert desk.reader.incidents() == [], "the units send it again"
    desk.handle(*storm)
    assert len(desk.reader.open_incidents()) == 60
    assert isinstance(desk.link.sent("unit/unit-01/receipt")[-1], Receipt)
    names = [e.detail.get("name") for e in desk.reader.log() if e.event.startswith("fault")]
    assert "store_unwritable" in names


@TROUBLES
def test_what_a_failed_round_changed_in_memory_is_gone(desk: Desk, trouble) -> None:
    desk.handle(Connected(1), desk.pressed())
    before = desk.reader.open_incidents()
    with trouble(desk):
        desk.clock.move(1)
        desk.handle(desk.acted("accept"), *presses(desk))
        assert [c.incident for c in desk.loop._branch.courses.values()] == before
        assert [c.incident for c in desk.writer.courses()] == before
    desk.clock.move(1)
    desk.handle(desk.acted("accept"))
    assert desk.incident().owner == "g01"
    assert desk.link.sent("terminal/board/result")[-1].ok


@TROUBLES
def test_a_deadline_in_trouble_makes_no_hot_loop_and_is_kept(desk: Desk, trouble) -> None:
    desk.handle(Connected(1), desk.pressed())
    with trouble(desk):
        desk.clock.move(31)
        desk.handle(*presses(desk))
        assert desk.loop.wait_ms() == 1000, "the next tick tries again, not the next instant"
        assert desk.incident().step == 0
    desk.clock.move(1)
    desk.handle()
    assert desk.incident().step == 1


def test_hearing_oneself_is_not_healing(desk: Desk) -> None:
    """Only what was really written proves that writing works again."""
    desk.handle(Connected(1))
    with full_disk(desk):
        desk.handle(*presses(desk))
        desk.handle(desk.message("gateway_status", body=GatewayStatus(state="online", session=1)))
        assert "store_unwritable" in desk.fault_names()
        assert desk.loop._store_trouble


def test_what_comes_between_two_tries_waits_for_the_next(desk: Desk) -> None:
    """A store in trouble is read anew with each try, so a message alone brings none."""
    desk.handle(Connected(1), desk.pressed(point="point-2"))
    incident_id = desk.incident().incident_id
    with locked(desk):
        desk.clock.move(1)
        desk.handle(*presses(desk))
    desk.clock.move(0.9)
    desk.handle(desk.acted("accept", incident_id=incident_id), desk.pressed(alert_id="a-between"))
    assert [one.stage for one in desk.reader.incidents()] == ["raised"]
    desk.clock.move(0.1)
    desk.handle()
    assert [one.stage for one in desk.reader.incidents()] == ["accepted"]
    desk.handle(desk.pressed(alert_id="a-between", age_ms=100))
    assert desk.reader.incidents()[0].late_ms == 100, "its unit has said it again"


def test_trouble_after_trouble_is_told_again(desk: Desk) -> None:
    desk.handle(Connected(1))
    for _ in range(3):
        with locked(desk):
            desk.clock.move(1)
            desk.handle(*presses(desk))
            assert "store_unwritable" in desk.fault_names()
        desk.clock.move(1)
        desk.handle()
        desk.handle()
        assert "store_unwritable" not in desk.fault_names()


@TROUBLES
def test_the_result_of_a_notice_is_not_lost_in_trouble(path, trouble) -> None:
    phone = ChannelSettings(name="phone", url="json://127.0.0.1", canary_every_s=0)
    desk = Desk(path, **with_channels(phone)).start()
    desk.handle(Connected(1), desk.pressed())
    notice = desk.senders["phone"].notices[0].notice_id
    with trouble(desk):
        result = DeliveryResult(True, "")
        desk.handle(Noticed(notice, "phone", result, 1, True), *presses(desk))
        assert desk.reader.notice(notice).state == "waiting"
    desk.clock.move(1)
    desk.handle()
    assert desk.reader.notice(notice).state == "delivered"
    desk.stop()


def test_a_broker_that_came_back_in_trouble_hears_what_is_stored(desk: Desk) -> None:
    desk.handle(Connected(1), desk.pressed())
    with full_disk(desk):
        desk.handle(desk.acted("accept"), *presses(desk), Connected(2))
        assert desk.link.sent("point/point-1/feedback")[-1].stage == "raised"
        assert desk.link.sent("incident/")[-1].stage == "raised"
    desk.clock.move(1)
    desk.handle()
    assert desk.link.sent("gateway/status")[-1].session == 2


def test_silence_is_judged_in_trouble_too(desk: Desk) -> None:
    desk.handle(Connected(1))
    with locked(desk):
        for _ in range(16):
            desk.clock.move(1)
            desk.handle(*presses(desk)[:1])
    desk.clock.move(1)
    desk.handle()
    assert "silent" in {fault.name for fault in desk.reader.faults()}
