"""Pagers: handed over after the commit, delivered when the broker has confirmed it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from gateway_kit import Clock, Desk, alert
from gateway_process import Gateway, Mosquitto, Station, wait_for

from gateway.channels import Notice
from gateway.channels.backlog import MAX_WAITING, Noticed
from gateway.channels.pager import AWAY, CONFIRMED_WITHIN_MS, SILENT, Pagers
from gateway.config import ChannelSettings
from gateway.store import Reader
from protocol.inbox import Inbox
from protocol.link import Broker, Connected, Disconnected, Link, LinkEvent, Published, Received
from protocol.messages import decode
from protocol.topics import Topics

WAITS_S = (2.0, 5.0)


@dataclass
class Handed:
    """A link that writes down what it is handed."""

    connected: bool = True
    notices: list[Notice] = field(default_factory=list)

    def hand_over(self, name: str, *ids: str, message: Notice) -> int | None:
        if not self.connected:
            return None
        assert (name, ids) == ("pager", (message.channel,))
        self.notices.append(message)
        return len(self.notices)


class Rig:
    """Pagers on a link that writes down and a clock to move."""

    def __init__(self) -> None:
        self.link, self.clock, self.told = Handed(), Clock(), []
        self.pagers = Pagers(self.link, self.told.append, clock=self.clock, retry_after_s=WAITS_S)

    def put(self, number: int = 1) -> None:
        self.pagers.put(Notice(notice_id=f"n-{number}", channel="pocket", title="t", body="b"))

    def pass_s(self, seconds: float) -> None:
        self.clock.move(seconds)
        self.pagers.turn()

    def results(self) -> list[tuple[str, bool, int, bool]]:
        return [
            (one.result.detail, one.result.delivered, one.attempts, one.is_final)
            for one in self.told
        ]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_delivered_is_what_the_broker_has_confirmed(rig: Rig) -> None:
    rig.put()
    assert len(rig.link.notices) == 1 and rig.told == []
    rig.pagers.confirmed(7)
    assert rig.told == []
    rig.pagers.confirmed(1)
    assert rig.results() == [("", True, 1, True)]
    rig.pagers.confirmed(1)
    rig.pass_s(3600)
    assert len(rig.told) == len(rig.link.notices) == 1


def test_what_is_not_confirmed_is_handed_over_again_and_given_up_in_the_end(rig: Rig) -> None:
    rig.put()
    for _ in range(60):
        rig.pass_s(1)
    assert rig.results() == [
        (SILENT, False, 1, False),
        (SILENT, False, 2, False),
        (SILENT, False, 3, True),
    ]
    assert len(rig.link.notices) == 3


def test_the_confirmation_of_an_earlier_try_counts_no_more(rig: Rig) -> None:
    rig.put()
    rig.pass_s(CONFIRMED_WITHIN_MS / 1000)
    rig.pagers.confirmed(1)
    assert rig.results() == [(SILENT, False, 1, False)]


def test_a_connection_that_ends_has_failed_what_it_left_open(rig: Rig) -> None:
    rig.put()
    rig.link.connected = False
    rig.pagers.disconnected()
    assert rig.results() == [(AWAY, False, 1, False)]
    rig.pass_s(WAITS_S[0])
    assert rig.results()[-1] == (AWAY, False, 2, False)
    rig.link.connected = True
    rig.pass_s(WAITS_S[1])
    rig.pagers.confirmed(2)
    assert rig.results()[-1] == ("", True, 3, True)


def test_what_waits_from_before_a_start_gives_the_link_time_to_connect(rig: Rig) -> None:
    rig.link.connected = False
    rig.put()
    assert rig.told == []
    rig.link.connected = True
    rig.pass_s(WAITS_S[0])
    assert len(rig.link.notices) == 1 and rig.told == []


def test_too_many_at_once_fail_and_say_so(rig: Rig) -> None:
    for number in range(MAX_WAITING + 1):
        rig.put(number)
    assert [(one.notice_id, one.is_final) for one in rig.told] == [(f"n-{MAX_WAITING}", True)]


# --- through the loop ---


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    pager = ChannelSettings(name="pocket", kind="pager", canary_every_s=0)
    desk = Desk(path, channels=[pager])
    desk.said = []
    link = Handed()
    desk.pagers = Pagers(link, desk.said.append, clock=desk.clock)
    desk.pager_link = link
    desk.senders = {"pocket": desk.pagers}
    desk.start()
    desk.loop._pagers = desk.pagers
    yield desk
    desk.stop()


def test_a_page_leaves_after_the_commit_and_its_result_is_stored(desk: Desk) -> None:
    stored: list[str] = []
    hand_over = desk.pager_link.hand_over

    def look(*args: str, message: Notice) -> int | None:
        stored.append(desk.reader.notice(message.notice_id).state)
        return hand_over(*args, message=message)

    desk.pager_link.hand_over = look
    desk.handle(Connected(1), desk.pressed())
    assert stored == ["waiting"]
    desk.handle(Published(1))
    desk.handle(*desk.said)
    assert desk.reader.notices(desk.incident().incident_id)[0].state == "delivered"


def test_a_lost_connection_is_told_to_the_pagers(desk: Desk) -> None:
    desk.handle(Connected(1), desk.pressed())
    desk.handle(Disconnected("gone"))
    assert [one.result.detail for one in desk.said if isinstance(one, Noticed)] == [AWAY]


# --- with a real broker and a real gateway ---


PAGER = '[[channels]]\nname = "pocket"\nkind = "pager"\n'


class Pager:
    """A pager in somebody's pocket."""

    def __init__(self, port: int) -> None:
        topics = Topics("b001")
        self.inbox: Inbox[LinkEvent] = Inbox()
        self.link = Link(
            broker=Broker(port=port),
            topics=topics,
            client_id="pocket",
            deliver=self.inbox.put,
            subscriptions=[topics.build("pager", "pocket")],
        )

    def next(self, *, why: str) -> Notice:
        while True:
            (event,) = self.inbox.take(wait_s=15, most=1)
            if isinstance(event, Received):
                assert not event.retained
                notice = decode(Notice, event.payload)
                if notice.why == why:
                    return notice


@pytest.fixture
def pager(own_broker: Mosquitto) -> Iterator[Pager]:
    own_broker.start()
    pager = Pager(own_broker.port)
    pager.link.start()
    assert pager.inbox.take(wait_s=15, most=1) == [Connected(1)]
    yield pager
    pager.link.stop()


SOON = """
[policy]
steps = [{ after_s = 0, tell = "kind" }, { after_s = 3, tell = "lead" }]
"""


def test_a_page_that_finds_the_broker_dead_is_delivered_when_it_is_back(
    pager: Pager, own_broker, gateways: Callable[..., Gateway], stations: Callable[..., Station]
) -> None:
    station = stations(own_broker)
    gateway = gateways(own_broker, more=PAGER + SOON).start()
    station.last("gateway_status", state="online")
    station.link.send("alert", "unit-01", message=alert(alert_id="a-before"))
    pager.next(why="step")
    own_broker.kill()
    reader = Reader(str(gateway.store))

    def second_step(state: str) -> bool:
        incident = reader.incidents(limit=1)[0]
        told = [one for one in reader.notices(incident.incident_id) if one.step == 1]
        return any(one.state == state and one.attempts for one in told)

    wait_for(lambda: second_step("waiting"))
    own_broker.start()
    wait_for(lambda: second_step("delivered"), seconds=30)
    reader.close()


def test_a_press_rings_in_a_pocket(
    pager: Pager, own_broker, gateways: Callable[..., Gateway], stations: Callable[..., Station]
) -> None:
    station = stations(own_broker)
    gateway = gateways(own_broker, more=PAGER).start()
    station.last("gateway_status", state="online")
    assert "nothing to do" in pager.next(why="canary").title
    station.link.send("alert", "unit-01", message=alert(alert_id="a-pager"))
    notice = pager.next(why="step")
    assert (notice.point, notice.kind, notice.step, notice.link) == ("point-1", "call", 0, None)
    incident = station.last("incident", stage="raised")
    assert notice.incident_id == incident.incident_id
    reader = Reader(str(gateway.store))
    wait_for(lambda: reader.notice(notice.notice_id).state == "delivered")
    reader.close()
    assert gateway.signal(signal.SIGTERM, seconds=5) == 0
