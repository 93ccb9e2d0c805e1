"""The loop on a real store: commit, then tell; and what a restart finds again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from gateway_kit import TOPICS, Desk, alert, at, with_channels

from gateway.channels.backlog import Noticed
from gateway.channels.notice import DeliveryResult
from gateway.config import ChannelSettings
from gateway.store import Reader, database
from gateway.supervision import Wrong
from gateway.voice import IDS_A_RECEIPT
from protocol.link import Connected, Disconnected, Published, Received
from protocol.messages import (
    ActionResult,
    Feedback,
    GatewayStatus,
    Receipt,
    TerminalEvent,
    TerminalStatus,
    UnitStatus,
)
from protocol.moment import parse_rfc3339


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 1)


PHONE = with_channels(ChannelSettings(name="phone", url="json://127.0.0.1", canary_every_s=0))


# --- a press, by name ---


def test_a_press_is_stored_answered_and_told(desk: Desk) -> None:
    press = desk.pressed(alert_id="a-press")
    desk.handle(press)
    incident = desk.incident()
    assert desk.link.sent("unit/unit-01/receipt") == [Receipt(alert_ids=["a-press"])]
    assert desk.link.sent("point/point-1/feedback") == [
        Feedback(
            point="point-1",
            stage="raised",
            incident_id=incident.incident_id,
            silent=False,
            version=1,
        )
    ]
    assert desk.link.sent(f"incident/{incident.incident_id}") == [incident]
    assert desk.link.acked() == [press.mid]
    assert desk.events() == ["raised"]
    assert (incident.label, incident.branch, incident.kind) == ("Counter 1", "b001", "call")


def test_nothing_is_said_before_it_is_stored(desk: Desk) -> None:
    """Each call at the network's edge asks the file itself whether the alert is there."""
    press = desk.pressed(alert_id="a-press")
    seen = []

    def is_stored(call: tuple) -> None:
        reader = Reader(str(desk.path))
        seen.append((call[0], reader.rows("SELECT count(*) FROM alerts")[0][0]))
        reader.close()

    desk.link.on_call = is_stored
    desk.handle(desk.pressed(), Connected(1), press)
    assert {"send", "ack"} <= {name for name, _ in seen}
    assert all(count == 2 for _, count in seen), seen


def test_in_a_storm_each_round_is_receipted_at_once_and_lamps_are_told_together(desk) -> None:
    feedback, receipts = [], []
    for more in (True, True, True, False):
        desk.clock.move(0.1)
        desk.link.has_waiting = more
        desk.handle(desk.pressed(), desk.pressed(point="point-2"))
        feedback.append(len(desk.link.sent("point/point-1/feedback")))
        receipts.append(len(desk.link.sent("unit/unit-01/receipt")))
    assert receipts == [1, 2, 3, 4], "somebody waits for each"
    assert feedback == [1, 1, 1, 2], "the first at once, the rest with the last"
    told = [one.version for one in desk.link.sent("point/point-1/feedback")]
    assert told == [2, 8], "the log's number with each round: two presses a round"
    desk.link.has_waiting = True
    for _ in range(4):
        desk.clock.move(0.1)
        desk.handle(desk.pressed())
    assert len(desk.link.sent("point/point-1/feedback")) == 3, "and never later than 250 ms"


def test_what_is_untold_is_told_although_the_next_round_cannot_be_stored(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.clock.move(0.1)
    desk.link.has_waiting = True
    desk.handle(desk.acted("accept"))
    assert desk.link.sent("point/point-1/feedback")[-1].stage == "raised"
    with closing(sqlite3.connect(desk.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        desk.handle(desk.pressed())
    desk.link.has_waiting = False
    desk.handle()
    assert desk.link.sent("point/point-1/feedback")[-1].stage == "accepted"


def test_a_repeat_is_answered_and_taken_once(desk: Desk) -> None:
    again = {"alert_id": "a-same"}
    desk.handle(desk.pressed(**again), desk.pressed(**again))
    desk.handle(desk.pressed(**again))
    receipts = desk.link.sent("unit/unit-01/receipt")
    assert [one.alert_ids for one in receipts] == [["a-same", "a-same"], ["a-same"]]
    assert (desk.incident().presses, desk.events()) == (1, ["raised"])
    assert len(desk.link.acked()) == 3
    assert len(desk.link.sent("point/point-1/feedback")) == 2, "its lamp may have missed it"


def test_many_alerts_of_one_round_are_receipted_in_payloads_that_fit(desk: Desk) -> None:
    ids = [f"{number:03}" + "😀" * 61 for number in range(400)]
    desk.handle(*[desk.pressed(alert_id=one) for one in ids])
    receipts = desk.link.sent("unit/unit-01/receipt")
    assert [i for one in receipts for i in one.alert_ids] == ids
    assert all(len(one.alert_ids) <= IDS_A_RECEIPT for one in receipts)


def test_a_press_of_an_unknown_unit_or_point_is_a_call_and_a_fault(desk: Desk) -> None:
    desk.handle(Connected(1), desk.pressed(unit="unit-99", point="nowhere"))
    assert (desk.incident().point, desk.incident().label) == ("nowhere", "unit-99 nowhere")
    assert desk.link.sent("unit/unit-99/receipt")
    desk.clock.move(1)
    desk.handle()
    faults = {(one.subject, one.name) for one in desk.link.sent("gateway/faults")[-1].faults}
    assert {("unit/unit-99", "unconfigured"), ("point/nowhere", "unconfigured")} <= faults


def test_feedback_counts_up_for_good_so_that_an_old_word_is_known(desk: Desk) -> None:
    for _ in range(2):
        desk.clock.move(1)
        desk.handle(desk.pressed())
        for name in ("accept", "arrive"):
            desk.handle(desk.acted(name))
        desk.handle(desk.acted("close", outcome="helped", situation="other"))
    desk.restart()
    desk.handle(Connected(1), desk.pressed())
    versions = [one.version for one in desk.link.sent("point/point-1/feedback")]
    assert versions == sorted(versions) and versions[0] > 8, versions


def test_a_press_counts_whoever_says_it_but_not_that_somebody_came(desk: Desk) -> None:
    desk.handle(Connected(1), desk.pressed(unit="unit-77"))
    assert desk.incident().stage == "raised"
    desk.handle(desk.pressed(what="presence", unit="unit-77"))
    assert desk.incident().stage == "raised"
    desk.handle(desk.pressed(what="presence"))
    assert desk.incident().stage == "arrived"
    desk.clock.move(1)
    desk.handle()
    assert "foreign_unit" in desk.fault_names()


def test_a_copy_of_the_alert_proves_when_the_press_really_was(desk: Desk) -> None:
    """The first copy lay in a queue for 15 s and looks young; later ones left old."""
    desk.handle(desk.pressed(alert_id="late", age_ms=11))
    young = desk.incident()
    desk.handle(*(desk.pressed(alert_id="late", age_ms=age) for age in (1_013, 12_013, 3_013)))
    known = desk.incident()
    assert parse_rfc3339(young.raised_at) - parse_rfc3339(known.raised_at) == 12_013 - 11
    assert (known.late_ms, known.presses) == (12_013, 1)
    desk.clock.move(1)
    desk.handle(desk.acted("accept"))
    assert desk.incident().to_accept_ms == 13_013
    assert desk.events().count("raised_earlier") == 2, "in 12 s only what makes it earlier"


def test_the_steps_follow_the_press_as_it_was_proved(desk: Desk) -> None:
    desk.handle(desk.pressed(alert_id="late", age_ms=0))
    desk.handle(desk.pressed(alert_id="late", age_ms=29_000))
    desk.clock.move(1)
    desk.handle()
    assert desk.incident().step == 1


def test_a_copy_of_another_press_of_the_incident_proves_nothing(desk: Desk) -> None:
    desk.handle(desk.pressed(alert_id="first", age_ms=0))
    desk.handle(desk.pressed(alert_id="second", age_ms=0))
    before = desk.incident()
    desk.handle(desk.pressed(alert_id="second", age_ms=9_000))
    assert desk.incident() == before


def test_what_staff_did_while_nothing_could_be_stored_is_done_afterwards(desk: Desk) -> None:
    desk.handle(Connected(1), desk.pressed())
    action = desk.acted("accept", action_id="kept")
    junk = desk.message("action", body=b"junk")
    with closing(sqlite3.connect(desk.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        desk.handle(action, junk)
        desk.clock.move(2)
        desk.handle()
        assert desk.link.sent("terminal/board/result") == []
    desk.clock.move(2)
    desk.handle()
    assert [one.ok for one in desk.link.sent("terminal/board/result")] == [True]
    assert (desk.incident().stage, desk.reader.rejected_count()) == ("accepted", 1)
    assert sorted(desk.link.acked()).count(action.mid) == 1


def test_presence_and_stuck_raise_nothing_by_themselves(desk: Desk) -> None:
    for what in ("presence", "stuck", "unstuck", "line_fault", "line_restored", "seat_vacated"):
        desk.handle(desk.pressed(what=what))
    assert desk.reader.incidents() == []
    assert len(desk.link.sent("unit/unit-01/receipt")) == 6


def test_a_silent_point_says_so_to_its_lamp(desk: Desk) -> None:
    desk.handle(desk.pressed(point="vault"))
    assert desk.link.sent("point/vault/feedback")[-1].silent
    assert desk.incident().kind == "silent"


def test_a_silent_call_stays_silent_when_the_point_is_reconfigured(path: Path) -> None:
    desk = Desk(path).start()
    desk.handle(desk.pressed(point="vault"))
    desk.stop()
    other = Desk(path, points=desk.config.points[:1]).start()
    other.handle(Connected(1))
    assert other.link.sent("point/vault/feedback")[-1].silent
    other.stop()


# --- a life ---


def test_the_life_of_an_incident(desk: Desk) -> None:
    desk.handle(desk.pressed())
    stages = []
    for seconds, message in [
        (10, desk.acted("accept")),
        (10, desk.pressed(what="presence")),
        (40, desk.acted("close", outcome="helped", situation="other", text="water and a chair")),
    ]:
        desk.clock.move(seconds)
        desk.handle(message)
        stages.append(desk.link.sent("point/point-1/feedback")[-1].stage)
    incident = desk.incident()
    assert stages == ["accepted", "arrived", "idle"]
    assert (incident.to_accept_ms, incident.to_arrive_ms, incident.to_close_ms) == (
        10_000,
        20_000,
        60_000,
    )
    topic = f"incident/{incident.incident_id}"
    assert desk.link.sent(topic)[-1].stage == "closed"
    said = [call[0] for call in desk.link.calls if len(call) > 1 and call[1] == topic]
    assert said[-2:] == ["send", "clear"], "once more whole, then the retained copy goes"
    assert desk.events() == ["raised", "accepted", "arrived", "closed", "checklist_begun"]


def test_an_action_is_judged_once_and_answered_each_time(desk: Desk) -> None:
    desk.handle(desk.pressed())
    message = desk.acted("accept", action_id="act-once")
    for _ in range(2):
        desk.handle(message)
    desk.restart()
    desk.handle(message)
    expected = ActionResult(action_id="act-once", ok=True)
    assert desk.link.sent("terminal/board/result") == [expected]
    assert desk.events().count("accepted") == 1


def test_a_refused_action_says_why(desk: Desk) -> None:
    desk.handle(desk.acted("accept", incident_id="never-was"))
    desk.handle(desk.pressed())
    desk.handle(desk.acted("close", outcome="x"), desk.acted("accept", "stranger"))
    desk.handle(desk.acted("arrive"), desk.acted("close", outcome="x"), desk.acted("accept"))
    reasons = [one.reason for one in desk.link.sent("terminal/board/result")]
    assert reasons == [
        "unknown_incident",
        "arrival_needed",
        "unknown_staff",
        "",
        "",
        "already_closed",
    ]


def test_a_press_after_the_close_of_the_same_round_is_a_new_call(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="x"), desk.pressed())
    assert sorted(one.stage for one in desk.reader.incidents()) == ["closed", "raised"]
    assert desk.link.sent("point/point-1/feedback")[-1].stage == "raised"


# --- time ---


def test_the_steps_come_without_any_message(desk: Desk) -> None:
    desk.handle(desk.pressed())
    steps = []
    for _ in range(125):
        desk.clock.move(1)
        if desk.loop.wait_ms() == 0:
            desk.handle()
        steps.append(desk.incident().step)
    assert [steps.index(step) + 1 for step in (1, 2, 3)] == [30, 60, 120]
    assert desk.incident().outside


def test_a_late_alert_takes_the_overdue_steps_in_the_same_round(path: Path) -> None:
    desk = Desk(path, **PHONE).start()
    desk.handle(desk.pressed(age_ms=500_000))
    assert desk.incident().step == 3
    assert desk.events() == ["raised", "step_taken", "step_taken", "step_taken"]
    told = desk.reader.notices(desk.incident().incident_id)
    assert sorted(one.step for one in told) == [0, 1, 2, 3], "no step is left out"
    assert len(desk.senders["phone"].notices) == 4
    desk.stop()


def test_what_fell_due_while_the_gateway_was_away_is_done_at_the_start(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.restart()
    desk.clock.move(70)
    assert desk.loop.wait_ms() == 0
    desk.handle()
    assert desk.incident().step == 2
    desk.clock.move(49.9)
    desk.handle()
    assert desk.incident().step == 2, "the schedule of the press goes on"


def test_after_a_reboot_the_next_step_comes_at_once(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.clock.reboot()
    desk.restart()
    assert desk.loop.wait_ms() == 0
    desk.handle()
    assert desk.incident().step == 1
    desk.handle(desk.acted("accept"))
    assert desk.incident().to_accept_ms is None, "nobody measured it"


def test_a_seat_occupied_for_long_is_checked_once_a_sitting(desk: Desk) -> None:
    seat = {"point": "point-2"}
    desk.handle(desk.pressed(what="seat_occupied", age_ms=60_000, **seat))
    desk.clock.move(539)
    desk.handle()
    assert desk.reader.incidents() == []
    desk.clock.move(1)
    desk.handle()
    assert (desk.incident().kind, desk.incident().point) == ("seat", "point-2")
    told = desk.link.sent("point/point-2/feedback")[-1].stage
    assert told == "idle", "nobody called: no lamp and no tone where somebody may sleep"
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="asleep"))
    desk.clock.move(2000)
    desk.restart()
    desk.handle()
    assert len(desk.reader.incidents()) == 1
    desk.handle(desk.pressed(what="seat_vacated", **seat))
    desk.handle(desk.pressed(what="seat_occupied", **seat))
    desk.clock.move(600)
    desk.handle()
    assert len(desk.reader.incidents()) == 2, "the next sitting counts anew"


# --- restarts and reconnections ---


def test_who_connects_anew_hears_everything_anew(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.restart()
    desk.handle(Connected(1_000_001))
    assert desk.link.sent("point/point-1/feedback")[-1].stage == "raised"
    assert desk.link.sent("point/point-2/feedback")[-1].stage == "idle"
    assert desk.link.sent("incident/") == [desk.incident()]
    assert desk.link.sent("gateway/faults")
    status = desk.link.sent("gateway/status")[-1]
    assert (status.state, status.session, status.open) == ("online", 1_000_001, 1)
    assert status.log_head == desk.writer.log_head


def test_the_last_word_of_an_incident_is_said_until_the_broker_has_it(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.link.connected = False
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="x"))
    for _ in range(2):
        desk.restart()
        desk.handle(Connected(1))
        cleared = [n for n, call in enumerate(desk.link.calls, 1) if call[0] == "clear"]
        assert len(cleared) == 1
        assert desk.link.sent("incident/")[-1].stage == "closed"
    desk.handle(Published(9999), Published(cleared[0]))
    desk.restart()
    desk.handle(Connected(2))
    assert desk.link.sent("incident/") == []


def test_while_the_broker_is_away_work_goes_on_and_the_fault_is_known(desk: Desk) -> None:
    desk.handle(Connected(1))
    desk.handle(desk.pressed())
    desk.link.connected = False
    desk.handle(Disconnected("gone"))
    desk.clock.move(31)
    desk.handle()
    assert desk.incident().step == 1
    assert ("broker", "away") in {(one.subject, one.name) for one in desk.reader.faults()}
    desk.link.connected = True
    desk.handle(Connected(2))
    desk.clock.move(1)
    desk.handle()
    assert "away" not in desk.fault_names()


def test_messages_of_an_earlier_connection_are_not_confirmed_in_the_next(desk: Desk) -> None:
    """Their numbers would confirm other messages now."""
    old, new = desk.pressed(), desk.pressed()
    desk.handle(old, Disconnected("gone"), Connected(2), new)
    assert desk.link.acked() == [new.mid]
    assert desk.incident().presses == 2


# --- signs of life ---


def silent_units(desk: Desk) -> set[str]:
    return {fault.subject for fault in desk.reader.faults() if fault.name == "silent"}


def beat(desk: Desk, *, retained: bool = False, **changes):
    status = UnitStatus(**({"state": "online", "session": 1} | changes))
    return desk.message("unit_status", "unit-01", body=status, retained=retained)


def test_a_silent_unit_is_a_fault_within_20_s_and_none_when_it_is_back(desk: Desk) -> None:
    desk.handle(Connected(1), beat(desk))
    for second in range(1, 21):
        desk.clock.move(1)
        desk.handle()
        assert (silent_units(desk) != set()) == (second >= 15)
    desk.handle(beat(desk))
    desk.clock.move(1)
    desk.handle()
    assert silent_units(desk) == set()
    assert desk.events()[-2:] == ["fault_raised", "fault_cleared"]


def test_what_the_broker_kept_is_no_sign_of_life(desk: Desk) -> None:
    desk.handle(Connected(1), beat(desk, retained=True))
    assert desk.reader.units()[0].last_seen_at is None
    for _ in range(15):
        desk.clock.move(1)
        desk.handle(beat(desk, retained=True))
    assert silent_units(desk) == {"unit/unit-01"}


def test_nobody_is_silent_while_the_gateway_itself_is_deaf(desk: Desk) -> None:
    desk.handle(Connected(1), beat(desk))
    desk.handle(Disconnected("gone"))
    for _ in range(60):
        desk.clock.move(1)
        desk.handle()
    # paho says it is connected a moment before we hear so.
    assert desk.link.connected
    assert silent_units(desk) == set()
    desk.handle(Connected(2))
    desk.clock.move(14)
    desk.handle()
    assert silent_units(desk) == set()
    desk.clock.move(1)
    desk.handle()
    assert silent_units(desk) == {"unit/unit-01"}


def test_a_fault_stays_while_the_broker_is_away(desk: Desk) -> None:
    desk.handle(Connected(1), beat(desk, points={"point-1": {"call": "cut"}}))
    desk.handle(Disconnected("gone"))
    desk.clock.move(60)
    desk.handle()
    assert {fault.name for fault in desk.reader.faults()} == {"call_cut", "away"}


def test_the_last_sign_of_life_is_stored_with_the_next_heartbeat(desk: Desk) -> None:
    desk.handle(Connected(1), beat(desk))
    first = desk.reader.units()[0].last_seen_at
    desk.clock.move(5)
    desk.handle(beat(desk, uptime_s=5))
    assert desk.reader.units()[0].last_seen_at > first


def test_a_late_will_changes_nothing(desk: Desk) -> None:
    desk.handle(Connected(1), beat(desk, session=5), beat(desk, session=4, state="offline"))
    desk.clock.move(1)
    desk.handle()
    assert desk.reader.faults() == []
    assert desk.reader.units()[0].status.state == "online"


def test_a_screen_that_falls_silent_is_a_fault(desk: Desk) -> None:
    screen = TerminalStatus(state="online", session=1)
    desk.handle(Connected(1), desk.message("terminal_status", "board", body=screen))
    desk.clock.move(15)
    desk.handle()
    assert ("terminal/board", "silent") in {(f.subject, f.name) for f in desk.reader.faults()}


def test_what_happens_at_a_terminal_is_in_the_log(desk: Desk) -> None:
    event = TerminalEvent(event_id="e", event="sign_in_refused", staff="g01", address="10.0.0.7")
    desk.handle(desk.message("terminal_event", "board", body=event))
    entry = desk.reader.log()[-1]
    assert (entry.event, entry.by, entry.detail) == (
        "sign_in_refused",
        "g01",
        {"address": "10.0.0.7"},
    )


def test_its_own_status_that_comes_back_feeds_the_loopback(desk: Desk) -> None:
    desk.handle(Connected(1))
    assert not desk.loop.loopback.is_overdue(desk.clock().mono_ms)
    desk.clock.move(21)
    assert desk.loop.loopback.is_overdue(desk.clock().mono_ms)
    own = GatewayStatus(state="online", session=1)
    desk.handle(desk.message("gateway_status", body=own))
    assert not desk.loop.loopback.is_overdue(at(1021).mono_ms)


def test_more_faults_than_a_payload_holds_are_cut_and_nothing_stops(desk: Desk) -> None:
    desk.handle(Connected(1))
    for number in range(6):
        status = UnitStatus(
            state="online", session=1, faults=[f"{n:02}" + "\x01" * 198 for n in range(40)]
        )
        desk.handle(desk.message("unit_status", f"junk-{number}", body=status))
    desk.clock.move(1)
    desk.handle(desk.pressed())
    assert desk.link.sent("gateway/faults")[-1].faults
    assert desk.incident().stage == "raised"


def test_a_fault_of_its_own_is_said_until_the_next_start(desk: Desk) -> None:
    desk.loop.own_fault(Wrong("gateway", "store_replaced", "moved"))
    desk.handle(Connected(1))
    desk.clock.move(1)
    desk.handle()
    assert "store_replaced" in desk.fault_names()
    desk.restart()
    desk.handle(Connected(2))
    assert "store_replaced" not in desk.fault_names()


# --- what cannot be taken ---


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("unit/unit-01/alert", b"", "truncated"),
        ("unit/unit-01/alert", b"{}", "alert_id"),
        ("unit/unit-01/alert", b"[" * 60_000, "array"),
        ("unit/unit-01/alert", b'{"alert_id": "\xff"}', "utf-8"),
        ("unit/unit-01/alert", b" " * 65_537, "65537 bytes"),
        ("unit/unit-01/status", b'{"state": "asleep"}', "state"),
        ("unit/Unit 1/alert", b"{}", "no id"),
        ("unit/unit-01/status", b"", "truncated"),
        ("action", b'{"action": "explode"}', ""),
        ("terminal/board/status", b"1", "object"),
        ("terminal/board/event", b"null", "object"),
    ],
)
def test_what_cannot_be_taken_is_kept_counted_and_confirmed(desk, topic, payload, reason) -> None:
    full = f"anling/v1/b001/{topic}"
    desk.handle(Connected(1), Received(full, TOPICS.parse(full), payload, False, 77))
    assert desk.reader.rejected_count() == 1
    kept = desk.reader.rows("SELECT topic, reason, payload FROM rejected")[0]
    assert (kept[0], kept[2]) == (full, payload[:4096])
    assert reason in kept[1]
    assert desk.link.acked() == [77]
    desk.clock.move(1)
    desk.handle()
    assert desk.link.sent("gateway/status")[-1].rejected == 1


# --- channels ---


def test_a_channel_hears_what_is_for_its_roles(path: Path) -> None:
    channels = [
        ChannelSettings(name="all", url="json://a", canary_every_s=0),
        ChannelSettings(name="lead", url="json://b", roles=["lead"], canary_every_s=0),
        ChannelSettings(name="guard", url="json://c", roles=["security"], canary_every_s=0),
    ]
    desk = Desk(path, channels=channels).start()
    desk.handle(desk.pressed())
    counts = {name: len(sender.notices) for name, sender in desk.senders.items()}
    assert counts == {"all": 1, "lead": 0, "guard": 0}
    desk.clock.move(60)
    desk.handle()
    counts = {name: len(sender.notices) for name, sender in desk.senders.items()}
    assert counts == {"all": 3, "lead": 2, "guard": 1}
    desk.stop()


def test_what_was_still_to_be_told_is_told_after_a_restart(path: Path) -> None:
    desk = Desk(path, **PHONE).start()
    desk.handle(desk.pressed())
    desk.restart()
    notice = desk.senders["phone"].notices[0]
    assert "Counter 1" in notice.title
    desk.handle(Noticed(notice.notice_id, "phone", DeliveryResult(True), 1, True))
    assert desk.events()[-1] == "notice_delivered"
    desk.restart()
    assert desk.senders["phone"].notices == [], "and once delivered never again"
    desk.stop()


def test_a_failing_channel_is_a_fault_until_it_delivers(path: Path) -> None:
    desk = Desk(path, **PHONE).start()
    desk.handle(Connected(1), desk.pressed())
    notice = desk.senders["phone"].notices[0].notice_id
    refused = DeliveryResult(False, "connection refused")
    desk.handle(Noticed(notice, "phone", refused, 1, False))
    assert "failing" in desk.fault_names()
    assert desk.reader.waiting_notices()[0].attempts == 1
    desk.handle(Noticed(notice, "phone", refused, 5, True))
    assert desk.events()[-1] == "notice_failed"
    assert desk.reader.notice(notice).state == "failed"
    desk.handle(desk.pressed(point="point-2"))
    other = desk.senders["phone"].notices[-1].notice_id
    desk.handle(Noticed(other, "phone", DeliveryResult(True), 1, True))
    assert "failing" not in desk.fault_names()
    desk.stop()


def test_the_result_of_a_notice_nobody_knows_is_let_go(desk: Desk) -> None:
    desk.handle(Noticed("unknown", "phone", DeliveryResult(True), 1, True))
    assert desk.events() == []


def test_a_drill_that_became_real_is_told_as_real(path: Path) -> None:
    desk = Desk(path, **PHONE).start()
    desk.handle(desk.message("alert", "unit-01", body=alert(drill=True)))
    desk.handle(desk.pressed())
    first, second = desk.senders["phone"].notices
    assert "DRILL" in first.title and "DRILL" not in second.title
    assert "this is real" in second.body
    desk.stop()
