"""What a room of the desk finds wrong is a fault like any other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from gateway_kit import Desk

from gateway import loop
from gateway.desk import desk as desk_module
from gateway.desk.record import Room, World
from gateway.desk.rooms import ROOMS
from gateway.supervision import Wrong
from protocol.link import Connected, Disconnected


def away(world: World) -> list[Wrong]:
    """Amber for everybody who has signed out, and how many of them there are."""
    out = [id for id, one in world.all("duty").items() if one.body.state == "off"]
    return [Wrong(f"person/{id}", "away", f"{len(out)} away") for id in out]


@pytest.fixture
def desk(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The branch with one room more."""
    rooms = (*ROOMS, Room(kinds={}, requests={}, wrongs=away))
    monkeypatch.setattr(loop, "Desk", partial(desk_module.Desk, rooms=rooms))
    desk = Desk(path).start()
    desk.handle(Connected(1))
    yield desk
    desk.stop()


def faults(desk: Desk) -> dict[str, str]:
    found = desk.reader.faults()
    return {f"{one.subject} {one.name}": one.detail for one in found}


def a_second(desk: Desk) -> None:
    desk.clock.move(1)
    desk.handle()


def test_what_a_room_finds_wrong_is_raised_and_cleared_within_a_second(desk: Desk) -> None:
    desk.ask("duty.off", "g01")
    a_second(desk)
    assert faults(desk) == {"person/g01 away": "1 away"}
    desk.ask("duty.on", "g01")
    a_second(desk)
    assert faults(desk) == {}
    assert desk.events()[-3:] == ["fault_raised", "duty_on", "fault_cleared"]


def test_a_fault_that_goes_on_says_what_is_so_now(desk: Desk) -> None:
    desk.ask("duty.off", "g01")
    a_second(desk)
    since = desk.reader.faults()[0].since
    desk.ask("duty.off", "s01")
    a_second(desk)
    assert faults(desk)["person/g01 away"] == "2 away"
    assert desk.reader.faults()[0].since == since
    said = desk.link.sent("gateway/faults")[-1].faults
    assert {one.detail for one in said if one.name == "away"} == {"2 away"}


def test_the_desk_is_heard_while_the_broker_is_away(desk: Desk) -> None:
    desk.ask("duty.off", "g01")
    a_second(desk)
    desk.handle(Disconnected("gone"))
    desk.ask("duty.on", "g01")
    a_second(desk)
    assert set(faults(desk)) == {"broker away"}
