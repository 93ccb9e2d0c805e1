"""When channels are tested, and what is known of each: by tables, then through the loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from gateway_kit import UTC_MS, Desk, at

from gateway.channels.backlog import Noticed
from gateway.channels.canary import AGAIN_MS, LONGEST_REST_MS, OVERDUE_MS, due, overdue
from gateway.channels.notice import DeliveryResult
from gateway.config import ChannelSettings
from gateway.store import ChannelRecord, Clocks
from protocol.link import Connected
from protocol.moment import Moment

DAY_S = 24 * 3600
AGAIN_S, OVERDUE_S, REST_S = AGAIN_MS // 1000, OVERDUE_MS // 1000, LONGEST_REST_MS // 1000
REFUSED, DONE = DeliveryResult(False, "refused"), DeliveryResult(True)


def clocks(seconds: float, *, boot: str = "boot-1", utc_ms: int | None = None) -> Clocks:
    now = at(seconds, boot=boot)
    return Clocks(utc_ms=utc_ms or now.utc_ms, boot=boot, mono_ms=now.mono_ms)


def channel(**changes) -> ChannelRecord:
    values = {"channel": "phone", "kind": "apprise", "canary_every_s": DAY_S}
    return ChannelRecord(**(values | changes))


NOW_S = 2 * DAY_S
FAILED = {"result": "failed", "delivered": clocks(NOW_S - 100)}


@pytest.mark.parametrize(
    ("record", "is_due"),
    [
        (channel(), True),
        (channel(canary_every_s=0), False),
        (channel(canary_every_s=0, tried=clocks(0), result="failed"), False),
        (channel(delivered=clocks(NOW_S)), False),
        (channel(delivered=clocks(NOW_S - DAY_S + 0.001)), False),
        (channel(delivered=clocks(NOW_S - DAY_S)), True),
        (channel(delivered=clocks(NOW_S - 60), canary_every_s=60), True),
        # A wall clock that jumps within a boot does not matter.
        (channel(delivered=clocks(NOW_S - 60, utc_ms=1)), False),
        (channel(delivered=clocks(NOW_S - DAY_S, utc_ms=UTC_MS + NOW_S * 1000)), True),
        # What failed is tried again sooner, from its last try on.
        (channel(**FAILED, tried=clocks(NOW_S - AGAIN_S + 0.001)), False),
        (channel(**FAILED, tried=clocks(NOW_S - AGAIN_S)), True),
        (channel(**FAILED, tried=clocks(NOW_S - 60), canary_every_s=60), True),
        (channel(**FAILED), True),
        # Another boot: only the wall clock knows.
        (channel(delivered=clocks(NOW_S - DAY_S + 1, boot="boot-0")), False),
        (channel(delivered=clocks(NOW_S - DAY_S, boot="boot-0")), True),
        # Delivered in the future: the clock was set back, so nobody knows.
        (channel(delivered=clocks(NOW_S + 1, boot="boot-0")), True),
    ],
    ids=range(16),
)
def test_a_channel_is_due_when_nothing_was_delivered_for_so_long(
    record: ChannelRecord, is_due: bool
) -> None:
    assert bool(due([record], at(NOW_S))) == is_due


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        ({"tried": clocks(0)}, False),
        ({"tried": clocks(0), "result": "failed"}, False),
        ({}, True),  # nobody has tried it so far
        ({"tried": clocks(NOW_S - DAY_S - REST_S)}, True),
        ({"tried": clocks(NOW_S - DAY_S - REST_S + 0.001)}, False),
    ],
)
def test_a_channel_at_rest_is_left_in_peace_but_neither_for_ever_nor_when_new(
    changes, is_due
) -> None:
    one = channel(**changes)
    assert bool(due([one], at(NOW_S), resting=lambda: {"phone"})) == is_due
    assert due([one], at(NOW_S), resting=lambda: {"mail"})


def test_a_test_message_under_way_is_not_sent_twice() -> None:
    channels = [channel(), channel(channel="mail")]
    assert [one.channel for one in due(channels, at(NOW_S), under_way={"phone": "c"})] == ["mail"]


@pytest.mark.parametrize(
    ("record", "under_way", "is_overdue"),
    [
        (channel(tested=clocks(NOW_S - OVERDUE_S)), ["phone"], True),
        (channel(tested=clocks(NOW_S - OVERDUE_S + 0.001)), ["phone"], False),
        (channel(tested=clocks(NOW_S - OVERDUE_S)), [], False),
        (channel(tested=clocks(NOW_S - OVERDUE_S), result="failed"), ["phone"], False),
        (channel(tested=clocks(NOW_S + 1, boot="boot-0")), ["phone"], True),
    ],
)
def test_a_test_message_without_a_result_is_overdue(record, under_way, is_overdue) -> None:
    assert bool(overdue([record], at(NOW_S), under_way=under_way)) == is_overdue


# --- through the loop ---


@pytest.fixture
def desk(path: Path):
    phone = ChannelSettings(name="phone", url="json://127.0.0.1")
    desk = Desk(path, channels=[phone]).start()
    desk.handle(Connected(1))
    yield desk
    desk.stop()


def canaries(desk: Desk) -> list:
    return [one for one in desk.senders["phone"].notices if one.kind == "test"]


def answer(desk: Desk, result: DeliveryResult, *, final: bool = True, attempts: int = 1) -> None:
    notice = desk.senders["phone"].notices[-1]
    desk.handle(Noticed(notice.notice_id, "phone", result, attempts, final))


def pass_s(desk: Desk, seconds: float) -> None:
    desk.clock.move(seconds)
    desk.handle()


def test_a_new_channel_is_tested_at_once_and_then_daily(desk: Desk) -> None:
    assert len(canaries(desk)) == 1
    pass_s(desk, 60)
    assert len(canaries(desk)) == 1, "its result is not known yet"
    answer(desk, DONE)
    pass_s(desk, DAY_S - 1)
    assert len(canaries(desk)) == 1
    pass_s(desk, 1)
    assert len(canaries(desk)) == 2
    assert [one for one in desk.events() if "canary" in one] == ["canary_delivered"]


def test_a_call_that_was_delivered_is_as_good_as_a_test(desk: Desk) -> None:
    answer(desk, DONE)
    pass_s(desk, DAY_S - 100)
    desk.handle(desk.pressed())
    answer(desk, DONE)
    pass_s(desk, 200)
    assert len(canaries(desk)) == 1


def test_a_test_that_fails_is_a_fault_before_the_channel_is_needed(desk: Desk) -> None:
    answer(desk, REFUSED, final=False)
    assert "failing" in desk.fault_names()
    answer(desk, REFUSED, attempts=5)
    assert desk.reader.channels()[0].detail == "refused"
    pass_s(desk, AGAIN_S - 1)
    assert len(canaries(desk)) == 1
    pass_s(desk, 1)
    assert len(canaries(desk)) == 2
    answer(desk, DONE)
    assert "failing" not in desk.fault_names()
    marks = [event for event in desk.events() if event.startswith("canary")]
    assert marks == ["canary_failed", "canary_delivered"]


def test_the_fault_of_a_channel_survives_a_restart(desk: Desk) -> None:
    answer(desk, REFUSED)
    desk.restart()
    desk.handle(Connected(2))
    assert "failing" in desk.fault_names()
    assert canaries(desk) == [], "and it is not tested again before its time"
    pass_s(desk, AGAIN_S)
    answer(desk, DONE)
    assert "failing" not in desk.fault_names()
    desk.restart()
    desk.handle(Connected(3))
    assert "failing" not in desk.fault_names()


def test_a_test_under_way_at_a_kill_is_sent_again_and_is_one(desk: Desk) -> None:
    before = canaries(desk)[0].notice_id
    desk.restart()
    desk.handle()
    assert [one.notice_id for one in canaries(desk)] == [before]


def test_after_a_reboot_the_wall_clock_says_whether_a_test_is_due(desk: Desk) -> None:
    answer(desk, DONE)
    desk.clock.reboot()
    desk.restart()
    desk.handle()
    assert canaries(desk) == []
    now = desk.clock.moment
    desk.clock.moment = Moment(mono_ms=now.mono_ms, utc_ms=UTC_MS - 1, boot="boot-3")
    desk.restart()
    desk.handle()
    assert len(canaries(desk)) == 1, "a clock that was set back: err towards sending"


def test_a_channel_that_hangs_is_a_fault_too(desk: Desk) -> None:
    pass_s(desk, OVERDUE_S)
    pass_s(desk, 1)
    assert "failing" in desk.fault_names()
    assert "hangs" in desk.reader.channels()[0].detail
    answer(desk, DONE)
    pass_s(desk, 1)
    assert "failing" not in desk.fault_names()


def test_a_channel_that_left_the_configuration_leaves_no_fault(path: Path, desk: Desk) -> None:
    answer(desk, REFUSED)
    desk.config = Desk(path).config
    desk.restart()
    desk.handle(Connected(2))
    assert "failing" not in desk.fault_names()
    assert desk.reader.channels() == []


def test_a_channel_of_another_kind_is_another_channel(path: Path, desk: Desk) -> None:
    answer(desk, REFUSED)
    page = ChannelSettings(name="phone", kind="pager")
    desk.config = Desk(path, channels=[page]).config
    desk.restart()
    (record,) = desk.reader.channels()
    assert (record.kind, record.result, record.delivered) == ("pager", None, None)


def test_what_is_known_of_a_channel_is_stored_by_both_clocks(desk: Desk) -> None:
    desk.clock.move(5)
    answer(desk, DONE)
    (record,) = desk.reader.channels()
    assert record.delivered == record.tried == clocks(1005)
    assert record.tested == clocks(1000)
    assert (record.result, record.canary_every_s) == ("delivered", DAY_S)
    notice = desk.reader.notice(canaries(desk)[0].notice_id)
    assert (notice.state, notice.tried_ms, notice.incident_id) == (
        "delivered",
        at(1005).utc_ms,
        "",
    )


# --- rest: it is 19:23:20 on a Wednesday by the branch's clock ---

ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def opens(desk: Desk, starts: str, ends: str, days: list[str] = ALL_DAYS) -> None:
    week = [{"days": days, "opens": starts, "closes": ends}]
    assert desk.ask("hours.save", id="branch", body={"week": week}).ok


def has_policy(desk: Desk, **changes) -> None:
    plan = msgspec.to_builtins(desk.reader.record("policy", "default").body)
    assert desk.ask("policy.save", id="default", body=plan | changes).ok


def sent_at(desk: Desk, *, hours: int) -> list[str]:
    """The branch's time of each test message of the next so many hours, looked at each minute."""
    found = []
    for _ in range(hours * 60):
        before = len(canaries(desk))
        pass_s(desk, 60)
        if len(canaries(desk)) > before:
            utc_s = desk.clock().utc_ms / 1000
            found.append(f"{datetime.fromtimestamp(utc_s, UTC) + timedelta(hours=8):%a %H:%M}")
            answer(desk, DONE)
    return found


def test_a_test_that_is_due_while_the_branch_is_closed_comes_an_hour_before_it_opens(
    desk: Desk,
) -> None:
    answer(desk, DONE)
    opens(desk, "09:00", "17:00", ["mon", "tue", "wed", "thu", "fri"])
    assert sent_at(desk, hours=48) == ["Fri 08:00"], "due since Thursday evening"
    assert sent_at(desk, hours=96) == ["Mon 08:00", "Tue 08:00"]


def test_quiet_hours_of_a_policy_keep_its_channels_from_tests(desk: Desk) -> None:
    answer(desk, DONE)
    quiet = {"starts": "18:00", "ends": "07:30", "channels": ["phone"]}
    plan = {"kinds": ["seat"], "steps": [{"after_s": 0, "tell": "lead"}], "quiet": quiet}
    assert desk.ask("policy.save", id="seats", body=plan).ok
    assert sent_at(desk, hours=48) == ["Fri 07:30"]


def test_a_branch_that_is_manned_day_and_night_is_tested_by_night(desk: Desk) -> None:
    answer(desk, DONE)
    opens(desk, "09:00", "17:00")
    has_policy(desk, day_and_night=True)
    assert sent_at(desk, hours=25) == ["Thu 19:23"]


@pytest.mark.parametrize("week", [None, []])
def test_without_opening_hours_a_test_comes_when_it_is_due(desk: Desk, week) -> None:
    answer(desk, DONE)
    if week is not None:
        assert desk.ask("hours.save", id="branch", body={"week": week}).ok
    assert sent_at(desk, hours=25) == ["Thu 19:23"]


def test_hours_past_midnight_are_hours(desk: Desk) -> None:
    answer(desk, DONE)
    opens(desk, "12:00", "02:00")
    assert sent_at(desk, hours=25) == ["Thu 19:23"]
    opens(desk, "20:00", "03:00")
    assert sent_at(desk, hours=24) == ["Fri 19:23"], "within the hour before it opens"


def test_what_failed_is_not_tried_again_by_night_and_stays_a_fault(desk: Desk) -> None:
    answer(desk, REFUSED)
    opens(desk, "09:00", "17:00")
    assert "failing" in desk.fault_names()
    assert sent_at(desk, hours=24) == ["Thu 08:00"]
    pass_s(desk, 1)
    assert "failing" not in desk.fault_names()


def test_a_new_channel_is_tested_at_once_also_by_night(path: Path, desk: Desk) -> None:
    answer(desk, DONE)
    opens(desk, "09:00", "17:00")
    new = ChannelSettings(name="new", url="json://x")
    desk.config = Desk(path, channels=[*desk.config.channels, new]).config
    desk.restart()
    desk.handle()
    assert [len(desk.senders[name].notices) for name in ("phone", "new")] == [0, 1]
