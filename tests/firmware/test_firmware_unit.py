"""The unit: honest lamps, commit before telling, resending, the bound, the status."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_rig import CALL, SEAT, Rig, settings

from firmware import outgoing
from firmware.events import (
    FeedbackHeard,
    GatewayHeard,
    LinkDown,
    LinkUp,
    OutboxFound,
    OutboxReplaced,
    ReceiptHeard,
    Save,
    SendAlert,
    Show,
)
from firmware.indicators import Shown
from firmware.outgoing import Outgoing, Unsent, Waiting
from firmware.state import PointSettings
from protocol.messages import Alert, Feedback, GatewayStatus


def rig(**more) -> Rig:
    return Rig(**more).start()


def feedback(stage: str, *, silent: bool = False) -> FeedbackHeard:
    return FeedbackHeard(Feedback(point="point-1", stage=stage, silent=silent))


# ---- commit, then tell


def test_a_press_is_kept_then_shown_then_sent():
    unit = rig().connect()
    unit.story.clear()
    unit.press()
    kinds = [type(command) for command in unit.story]
    assert kinds[:3] == [Save, Show, SendAlert]
    assert unit.story[0].add[0].alert.what == "pressed"
    assert unit.story[0].memories[0].press == "pressed"
    assert unit.story[1].shown == Shown("saved")


def test_an_alert_says_how_old_it_is_when_it_leaves():
    unit = rig()
    unit.press()
    unit.wait(7000)
    unit.connect()
    assert unit.alerts[0].age_ms == 7250
    assert unit.alerts[0].wall == "2026-11-24T00:16:40.000Z"


def test_an_alert_of_an_earlier_boot_has_no_age():
    unit = rig()
    unit.press()
    again = unit.restarted(boot="boot-2", now_ms=50_000).connect(2)
    assert [(one.boot, one.age_ms) for one in again.alerts] == [("boot-1", None)]


def test_a_clock_that_was_never_set_gives_no_wall_time(monkeypatch):
    monkeypatch.setattr("unit_rig.UTC_MS", 0)
    unit = rig().connect()
    unit.press()
    assert unit.alerts[0].wall is None


def test_seq_goes_on_through_restarts_of_one_boot_and_begins_anew_with_the_next():
    unit = rig().connect()
    unit.press()
    unit.press()
    again = unit.restarted().connect(2)
    again.press()
    assert [one.seq for one in again.alerts if one.alert_id.startswith("tokenx-")] == [3]
    reboot = again.restarted(boot="boot-2", now_ms=9000).connect(3)
    reboot.press()
    assert reboot.alerts[-1].seq == 1


def test_alert_ids_differ_even_when_the_outbox_was_replaced():
    first = rig(token="a").connect()
    first.press()
    second = rig(token="b").connect()
    second.press()
    assert first.alerts[0].alert_id != second.alerts[0].alert_id


# ---- the lamp


@pytest.mark.parametrize(
    ("stage", "lamp"),
    [("idle", "off"), ("raised", "recorded"), ("accepted", "coming"), ("arrived", "coming")],
)
def test_the_lamp_shows_the_gateways_word(stage, lamp):
    unit = rig().connect()
    unit.take(feedback(stage))
    assert unit.lamp == Shown(lamp)


def test_a_call_without_receipt_for_five_seconds_is_undelivered_and_sounds():
    unit = rig()
    unit.press()
    unit.wait(4700)
    assert unit.lamp == Shown("saved")
    unit.wait(100)
    assert unit.lamp == Shown("undelivered", "on")
    unit.connect()
    assert unit.lamp == Shown("undelivered", "on")
    unit.receipt(*unit.alerts)
    assert unit.lamp == Shown("recorded")


def test_a_call_left_over_from_an_earlier_boot_is_undelivered_at_once():
    unit = rig()
    unit.press()
    again = unit.restarted(boot="boot-2", now_ms=1000)
    assert again.lamp == Shown("undelivered", "on")


def test_a_seat_event_that_waits_does_not_light_the_lamp():
    unit = rig()
    unit.move(SEAT, True)
    unit.wait(20_000)
    assert unit.unit.outgoing.unsent
    assert unit.lamp == Shown("off")


def test_between_receipt_and_feedback_the_lamp_does_not_go_dark():
    unit = rig().connect()
    unit.press()
    unit.receipt(*unit.alerts)
    assert unit.lamp == Shown("recorded")
    unit.take(feedback("raised"))
    unit.take(feedback("idle"))
    assert unit.lamp == Shown("off")


def test_a_receipt_that_no_feedback_follows_is_not_shown_for_ever():
    unit = rig().connect()
    unit.press()
    unit.receipt(*unit.alerts)
    unit.wait(2100)
    assert unit.lamp == Shown("off")


@pytest.mark.parametrize("silent_by", ["configuration", "feedback"])
def test_a_silent_point_never_shows_or_sounds(silent_by):
    point = PointSettings(id="point-1", lines={"call": CALL}, silent=silent_by == "configuration")
    unit = rig(settings=settings(point))
    unit.take(feedback("idle", silent=silent_by == "feedback"))
    unit.press()
    unit.wait(10_000)
    for stage in ("raised", "accepted", "arrived"):
        unit.take(feedback(stage, silent=silent_by == "feedback"))
    assert {shown for _, shown in unit.shows} == {Shown()}


def test_feedback_of_a_foreign_point_is_ignored():
    unit = rig()
    unit.take(FeedbackHeard(Feedback(point="point-9", stage="raised")))
    assert unit.lamp == Shown()


# ---- an outbox that cannot be written


def test_without_an_outbox_a_call_is_sent_and_never_called_saved():
    unit = rig(failing=True).connect()
    unit.press()
    assert unit.whats == ["pressed"]
    assert Shown("saved") not in [shown for _, shown in unit.shows]
    unit.wait(6000)
    assert unit.lamp == Shown("undelivered", "on")
    assert unit.statuses[-1].faults == ["outbox_unwritable"]
    assert unit.statuses[-1].pending == 1


def test_an_outbox_that_heals_gets_what_waited_in_memory():
    unit = rig(failing=True)
    unit.press()
    unit.failing = False
    unit.wait(6000)
    assert len(unit.kept) == 1
    unit.connect()
    assert unit.statuses[-1].faults == []


def test_a_failing_outbox_is_asked_again_every_five_seconds_and_with_each_press():
    unit = rig(failing=True)
    unit.press()
    unit.story.clear()
    unit.wait(21_000)
    assert len([one for one in unit.story if isinstance(one, Save)]) == 4
    unit.story.clear()
    unit.press()
    assert isinstance(unit.story[0], Save)


def test_an_outbox_that_heals_learns_what_the_points_did_meanwhile():
    """Else it would take the next press at a start for one it knows."""
    unit = rig().connect()
    unit.move(CALL, True)
    unit.wait(100)
    unit.failing = True
    unit.move(CALL, False)
    unit.wait(100)
    unit.failing = False
    unit.wait(6000)
    assert unit.unit.kept.memories["point-1"].press == "idle"
    again = unit.restarted(levels={CALL: True}).connect(2)
    again.wait(100)
    assert again.whats == ["pressed", "pressed"]


def test_receipts_are_taken_off_the_outbox_even_when_it_fails_meanwhile():
    unit = rig().connect()
    unit.press()
    unit.failing = True
    unit.receipt(*unit.alerts)
    assert len(unit.kept) == 1
    unit.failing = False
    unit.wait(6000)
    assert unit.kept == {}


def test_a_damaged_outbox_is_filled_again_and_named():
    unit = rig().connect()
    unit.press()
    unit.kept.clear()
    unit.take(OutboxReplaced())
    assert list(unit.kept) == [unit.alerts[0].alert_id]
    assert unit.statuses[-1].faults == ["outbox_damaged"]


def test_what_an_outbox_held_that_opens_late_is_sent_first():
    unit = rig()
    unit.press()
    old = Unsent(
        Alert(alert_id="old", point="point-1", what="pressed", boot="boot-0", seq=1), 5, "kept"
    )
    unit.take(OutboxFound((old,)))
    unit.connect()
    assert [one.alert_id for one in unit.alerts] == ["old", "token-1"]


# ---- sending


def test_alerts_are_sent_in_order_and_again_after_one_two_four_five_seconds():
    unit = rig().connect()
    start_ms = unit.now_ms
    unit.press()
    first_ms = unit.alerts[0].age_ms
    unit.wait(20_000)
    gaps = [one.age_ms - first_ms for one in unit.alerts]
    assert gaps == [0, 1000, 3000, 7000, 12_000, 17_000]
    assert start_ms < unit.now_ms


def test_no_more_than_a_window_is_under_way():
    unit = rig()
    for _ in range(130):
        unit.press(60)
    unit.connect()
    assert len(unit.alerts) == outgoing.WINDOW
    assert [one.seq for one in unit.alerts] == list(range(1, 101))
    unit.receipt(*unit.alerts[:40])
    assert [one.seq for one in unit.alerts[100:]] == list(range(101, 131))


def test_a_receipt_forgets_the_alert_and_unknown_ones_are_ignored():
    unit = rig().connect()
    unit.press()
    unit.take(ReceiptHeard(frozenset({"nobody", "token-1"})))
    unit.wait(30_000)
    assert unit.kept == {}
    assert len(unit.alerts) == 1


def test_everything_waiting_is_sent_again_after_a_reconnect():
    unit = rig().connect()
    unit.press()
    unit.take(LinkDown())
    unit.wait(10_000)
    assert len(unit.alerts) == 1
    unit.take(LinkUp(2))
    assert len(unit.alerts) == 2


def test_a_gateway_that_comes_back_gets_everything_at_once():
    unit = rig().connect()
    unit.take(GatewayHeard(GatewayStatus(state="online", session=4), True))
    unit.press()
    unit.wait(10_000)
    before = len(unit.alerts)
    unit.take(GatewayHeard(GatewayStatus(state="online", session=4), False))
    assert len(unit.alerts) == before
    unit.take(GatewayHeard(GatewayStatus(state="online", session=5), False))
    assert len(unit.alerts) == before + 1
    unit.take(GatewayHeard(GatewayStatus(state="offline", session=5), False))
    unit.take(GatewayHeard(GatewayStatus(state="online", session=6), False))
    assert len(unit.alerts) == before + 2


def test_an_away_broker_costs_only_the_heartbeats():
    unit = rig()
    unit.press()
    unit.wait(10_000)
    before = unit.looks
    unit.wait(60_000)
    assert unit.looks - before == 12


# ---- status


def test_a_connection_begins_with_a_status_that_carries_its_session():
    unit = rig()
    unit.connect(7)
    assert unit.statuses[0].session == 7
    assert unit.unit.kept.session == 7
    assert unit.statuses[0].points == {"point-1": {"call": "ok", "seat": "ok", "presence": "ok"}}


def test_the_heartbeat_is_every_five_seconds():
    unit = rig().connect()
    unit.wait(25_000)
    assert len(unit.statuses) == 6


# ---- the bound


def unsent(number: int, what: str, point: str = "point-1") -> Unsent:
    alert = Alert(alert_id=str(number), point=point, what=what, boot="b", seq=number)
    return Unsent(alert, number, "kept")


def filled(*alerts: Unsent, bound: int) -> tuple[list[str], list[str]]:
    waiting, gone = outgoing.add(Outgoing(boot="b", max_alerts=bound), alerts)
    assert waiting.dropped == len(gone)
    return [one.alert.alert_id for one in waiting.unsent], gone


def test_at_the_bound_the_oldest_seat_event_goes_first():
    kept, gone = filled(
        unsent(1, "pressed"),
        unsent(2, "presence"),
        unsent(3, "seat_occupied"),
        unsent(4, "seat_vacated"),
        unsent(5, "pressed"),
        bound=4,
    )
    assert gone == ["3"]
    assert kept == ["1", "2", "4", "5"]


def test_without_seat_events_the_oldest_that_is_no_call_goes():
    _, gone = filled(unsent(1, "pressed"), unsent(2, "line_fault"), unsent(3, "presence"), bound=1)
    assert gone == ["2", "3"]


def test_a_call_goes_only_when_an_older_one_of_its_point_stays():
    kept, gone = filled(
        unsent(1, "pressed", "a"),
        unsent(2, "pressed", "b"),
        unsent(3, "held", "a"),
        unsent(4, "pressed", "a"),
        unsent(5, "held", "a"),
        bound=1,
    )
    assert gone == ["4", "5"]
    assert kept == ["1", "2", "3"]


whats = st.sampled_from(["pressed", "held", "seat_occupied", "presence", "stuck"])
alert_lists = st.lists(st.tuples(whats, st.sampled_from("ab")), max_size=40)


@given(alert_lists, st.integers(4, 12))
def test_the_first_call_of_a_point_is_never_let_go_and_order_stays(made, bound):
    alerts = [unsent(number, what, point) for number, (what, point) in enumerate(made)]
    waiting = Outgoing(boot="b", max_alerts=bound)
    for one in alerts:
        waiting, _ = outgoing.add(waiting, [one])
    assert len(waiting.unsent) <= bound
    numbers = [one.mono_ms for one in waiting.unsent]
    assert numbers == sorted(numbers)
    for wanted in {(one.alert.what, one.alert.point) for one in alerts}:
        if wanted[0] in outgoing.CALLS:
            first = next(one for one in alerts if (one.alert.what, one.alert.point) == wanted)
            assert first in waiting.unsent


def test_the_call_of_a_point_is_saved_as_soon_as_one_of_its_presses_is():
    """Holding on while the disk fails does not put out the light of a press that is kept."""
    kept, lost = unsent(1, "pressed"), replace(unsent(2, "held"), storage="memory")
    for alerts in ([kept, lost], [replace(kept, storage="memory"), replace(lost, storage="kept")]):
        waiting, _ = outgoing.add(Outgoing(boot="b", max_alerts=9), alerts)
        assert waiting.calls == {"point-1": Waiting(1, True)}


def test_what_was_let_go_leaves_the_outbox_and_is_counted():
    unit = rig(settings=replace(settings(), max_alerts=3))
    for _ in range(3):
        unit.move(SEAT, True)
        unit.wait(3000)
        unit.move(SEAT, False)
        unit.wait(3000)
    unit.press()
    assert len(unit.kept) == 3
    unit.connect()
    assert unit.statuses[-1].dropped == 4
    assert "pressed" in unit.whats
