"""Which notice of a channel is sent next, and which need no more sending."""

from __future__ import annotations

import pytest
from gateway_kit import Desk, with_channels
from hypothesis import given
from hypothesis import strategies as st

from gateway.channels.backlog import ENDED, REPLACED, Backlog, Noticed
from gateway.channels.notice import DeliveryResult, Notice
from gateway.config import ChannelSettings
from protocol.link import Connected

SENT, REFUSED = DeliveryResult(True), DeliveryResult(False, "refused")


def notice(id: str, why: str = "step", call: str = "i-1", kind: str = "call") -> Notice:
    return Notice(
        notice_id=id, channel="chat", title="t", body="b", incident_id=call, why=why, kind=kind
    )


def ids(ended: list[Noticed]) -> list[str]:
    return [one.notice_id for one in ended]


def next_id(backlog: Backlog, now_s: float) -> str | None:
    one = backlog.next(now_s)
    return one and one.notice.notice_id


@pytest.mark.parametrize("why", ["ring", "step", "again", "urgent"])
def test_a_ring_that_nobody_has_heard_gives_way_to_what_says_more(why: str) -> None:
    backlog = Backlog((2.0,))
    backlog.take(notice("old", "ring"), 0)
    [ended] = backlog.take(notice("new", why), 5)
    assert (ended.notice_id, ended.result, ended.attempts) == ("old", REPLACED, 0)
    assert (next_id(backlog, 5), next_id(backlog, 5)) == ("new", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (notice("old", "ring"), notice("new", "ring", call="i-2")),
        (notice("old", "ring"), notice("new", "offer")),
        (notice("old", "step"), notice("new", "ring")),
        (notice("old", "handover"), notice("new", "step")),
    ],
)
def test_nothing_else_gives_way(old: Notice, new: Notice) -> None:
    backlog = Backlog((2.0,))
    backlog.take(old, 0)
    assert backlog.take(new, 0) == []
    assert (next_id(backlog, 0), next_id(backlog, 0)) == ("old", "new")


def test_the_next_ring_is_a_rings_second_try() -> None:
    backlog = Backlog((2.0, 5.0))
    backlog.take(notice("ring", "ring"), 0)
    assert backlog.tried(backlog.next(0), REFUSED, 1).is_final
    assert backlog.wait_s(1) is None


def test_what_waits_for_its_next_try_holds_nobody_back() -> None:
    """Another customer's call on a channel that has just refused one."""
    backlog = Backlog((2.0, 5.0))
    backlog.take(notice("first"), 0)
    assert not backlog.tried(backlog.next(0), REFUSED, 0).is_final
    assert (next_id(backlog, 1), backlog.wait_s(1)) == (None, 1)
    backlog.take(notice("second", call="i-2"), 1)
    assert next_id(backlog, 1) == "second"
    assert next_id(backlog, 2) == "first"


def test_a_test_that_failed_ends_with_the_first_notice_that_people_need() -> None:
    backlog = Backlog((30.0,))
    backlog.take(notice("canary", kind="test", call=""), 0)
    assert backlog.take(notice("before", call="i-1"), 0) == [], "it may still show that all is well"
    one = backlog.next(0)
    assert not backlog.tried(one, REFUSED, 0).is_final
    [ended] = backlog.take(notice("after", call="i-2"), 1)
    assert (ended.notice_id, ended.result) == ("canary", REFUSED)


def test_of_a_call_that_has_ended_nothing_is_sent_any_more() -> None:
    backlog = Backlog((2.0, 5.0))
    for id, call in (("tried", "i-1"), ("waits", "i-1"), ("other", "i-2")):
        backlog.take(notice(id, call=call), 0)
    under_way = backlog.next(0)
    ended = backlog.end("i-1")
    assert [(one.notice_id, one.result, one.is_final) for one in ended] == [("waits", ENDED, True)]
    assert backlog.tried(under_way, REFUSED, 1).is_final, "and not tried again"
    assert (next_id(backlog, 9), next_id(backlog, 9)) == ("other", None)


def test_a_notice_that_was_refused_has_failed_though_its_call_has_ended() -> None:
    """A channel that never delivered is not shown as one that nobody needed."""
    backlog = Backlog((2.0, 5.0))
    backlog.take(notice("tried"), 0)
    assert not backlog.tried(backlog.next(0), REFUSED, 0).is_final
    [ended] = backlog.end("i-1")
    assert (ended.result, ended.attempts, ended.is_final) == (REFUSED, 1, True)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["step", "ring", "again", "offer"]), st.sampled_from("ab")),
        st.booleans(),
    ),
    max_size=40,
)


@given(STEPS)
def test_each_notice_ends_once_whatever_the_channel_answers(steps: list) -> None:
    backlog, taken, ended, now_s = Backlog((1.0, 3.0)), [], [], 0.0
    for number, step in enumerate(steps):
        now_s += 1
        if isinstance(step, tuple):
            taken.append(f"n-{number}")
            ended += ids(backlog.take(notice(taken[-1], step[0], call=step[1]), now_s))
        elif (one := backlog.next(now_s)) is not None:
            told = backlog.tried(one, SENT if step else REFUSED, now_s)
            ended += [told.notice_id] * told.is_final
    while (one := backlog.next(now_s + 100)) is not None:
        told = backlog.tried(one, SENT, now_s)
        ended += [told.notice_id] * told.is_final
    assert sorted(ended) == sorted(taken)


def test_a_ring_that_was_replaced_says_nothing_against_its_channel(path) -> None:
    chat = ChannelSettings(name="chat", url="simulated://", canary_every_s=0)
    desk = Desk(path, **with_channels(chat)).start()
    desk.handle(Connected(1), desk.pressed())
    incident_id = desk.incident().incident_id
    [told] = desk.reader.notices(incident_id)
    desk.handle(Noticed(told.notice_id, "chat", REPLACED, 0, True))
    [after] = desk.reader.notices(incident_id)
    assert (after.state, after.attempts) == ("replaced", 0)
    assert [one.result for one in desk.reader.channels()] == [None]
    assert "failing" not in desk.fault_names()
    assert desk.events()[-1] == "notice_replaced"
    desk.stop()


def test_after_a_start_nobody_is_told_of_a_call_that_has_ended(path) -> None:
    chat = ChannelSettings(name="chat", url="simulated://", canary_every_s=0)
    desk = Desk(path, **with_channels(chat)).start()
    desk.handle(Connected(1), desk.pressed())
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="helped"), desk.pressed(point="vault"))
    desk.restart()
    desk.handle()
    assert {one.incident_id for one in desk.senders["chat"].notices} == {
        one.incident_id for one in desk.reader.open_incidents()
    }
    [closed] = [one for one in desk.reader.incidents() if not one.is_open]
    [told] = desk.reader.notices(closed.incident_id)
    assert told.state == "replaced"
    desk.stop()
