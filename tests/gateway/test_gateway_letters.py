"""What a notice says, whom it is for, and the link in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway_kit import Desk

from gateway.channels.notice import text_of
from gateway.config import ChannelSettings
from protocol.call_link import VALID_MS, CallLink, read
from protocol.messages import Notice


def channel(name: str, **more) -> ChannelSettings:
    return ChannelSettings(name=name, url="json://x", canary_every_s=0, **more)


CHANNELS = [
    channel("all"),
    channel("guards", roles=["security"]),
    channel("mine", staff="f01"),
]


@pytest.fixture
def desk(path: Path):
    desk = Desk(path, channels=CHANNELS, board_url="https://board.example/").start()
    yield desk
    desk.stop()


def newest(desk: Desk, name: str) -> Notice:
    return desk.senders[name].notices[-1]


def link_of(desk: Desk, notice: Notice) -> CallLink:
    address, _, token = notice.link.rpartition("/")
    assert address == "https://board.example/a"
    return read(desk.reader.call_link_key(), token)


def test_a_notice_knows_its_incident_and_whom_it_is_for(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.clock.move(30)
    desk.handle()
    incident = desk.incident()
    notice = newest(desk, "all")
    assert (notice.incident_id, notice.point, notice.kind) == (
        incident.incident_id,
        "point-1",
        "call",
    )
    assert (notice.step, notice.why, notice.drill) == (1, "step", False)
    assert notice.staff == ("f01", "g01", "l01", "s01")
    assert newest(desk, "guards").staff == ("s01",)
    assert newest(desk, "mine").staff == ("f01",)
    stored = {one.channel: one.staff for one in desk.reader.notices(incident.incident_id)}
    assert stored["guards"] == ("s01",)


def test_a_persons_own_channel_is_silent_for_what_is_told_to_others(desk: Desk) -> None:
    desk.handle(desk.pressed(point="vault"))
    assert len(desk.senders["all"].notices) == 1
    assert desk.senders["mine"].notices == []


def test_a_link_names_the_incident_its_person_and_its_end(desk: Desk) -> None:
    desk.handle(desk.pressed())
    made_ms = desk.clock.moment.utc_ms
    for name, staff in (("all", ""), ("mine", "f01")):
        assert link_of(desk, newest(desk, name)) == CallLink(
            incident_id=desk.incident().incident_id, staff=staff, expires_ms=made_ms + VALID_MS
        )
    assert newest(desk, "all").link in text_of(newest(desk, "all"))


def test_a_notice_that_is_sent_again_after_a_restart_has_the_same_link(desk: Desk) -> None:
    desk.handle(desk.pressed())
    before = newest(desk, "all")
    desk.clock.move(7)
    desk.restart()
    assert newest(desk, "all").link == before.link


def test_without_a_board_there_is_no_link(path: Path) -> None:
    desk = Desk(path, channels=CHANNELS).start()
    desk.handle(desk.pressed())
    notice = newest(desk, "all")
    assert notice.link is None
    assert text_of(notice) == notice.body
    desk.stop()


def test_a_closed_incident_has_nothing_left_to_accept(desk: Desk) -> None:
    desk.handle(desk.pressed())
    for name, more in (("accept", {}), ("arrive", {}), ("close", {"outcome": "helped"})):
        desk.handle(desk.acted(name, **more))
    desk.restart()
    assert desk.senders["all"].notices == []


def test_the_key_is_made_once_and_kept(desk: Desk) -> None:
    key = desk.reader.call_link_key()
    assert len(key) == 64
    desk.restart()
    assert desk.reader.call_link_key() == key
