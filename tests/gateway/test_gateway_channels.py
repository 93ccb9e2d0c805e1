"""Notices through Apprise to a real web server that refuses, stalls and comes back."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from bad_services import Reply, Service
from gateway_kit import Desk, alert, raised
from gateway_process import free_port, wait_for
from gateway_web import Web

from gateway.channels import DeliveryResult, Notice
from gateway.channels.apprise_channel import AppriseChannel, _Collected, without_secrets
from gateway.channels.backlog import ENDED, MAX_WAITING, Noticed
from gateway.channels.notice import Scene, write, write_test
from gateway.channels.sender import Sender, start_senders
from gateway.config import ChannelSettings
from gateway.roster import Member, Roster
from protocol.inbox import Inbox
from protocol.link import Connected

# Apprise warns of its own old imports the first time it is loaded.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NOTICE = Notice(notice_id="n-1", channel="phone", title="呼叫 Call: Counter 1", body="…")
SOON = (0.01, 0.01, 0.01)


def notice(number: int) -> Notice:
    return Notice(notice_id=f"n-{number}", channel="phone", title=f"t{number}", body="b")


@pytest.fixture
def senders() -> Iterator[Callable[..., tuple[Sender, Inbox[Noticed]]]]:
    made: list[Sender] = []

    def make(channel: object, retry_after_s: tuple[float, ...] = SOON):
        inbox: Inbox[Noticed] = Inbox()
        sender = Sender(channel, inbox.put, retry_after_s=retry_after_s)
        sender.start()
        made.append(sender)
        return sender, inbox

    yield make
    for sender in made:
        sender.stop()
        sender._thread.join(10)


def results(inbox: Inbox[Noticed], count: int) -> list[Noticed]:
    found: list[Noticed] = []
    while len(found) < count:
        came = inbox.take(wait_s=10, most=count)
        assert came, f"only {found}"
        found += came
    return found


def test_a_notice_arrives(web: Web) -> None:
    assert AppriseChannel(web.url).send(NOTICE) == DeliveryResult(True)
    assert web.titles == [NOTICE.title]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("json://127.0.0.1:{port}/", "connection"),
        ("nosuchservice://x", "cannot use the address"),
        ("", "cannot use the address"),
        ("json://[", ""),
    ],
)
def test_what_cannot_be_sent_says_why_and_raises_nothing(url: str, words: str) -> None:
    result = AppriseChannel(url.format(port=free_port())).send(NOTICE)
    assert not result.delivered
    assert words in result.detail.lower()
    assert result.detail


def test_a_refusal_is_no_delivery_and_says_why(web: Web) -> None:
    web.answers = [500, 403]
    seen = [AppriseChannel(web.url).send(NOTICE) for _ in range(2)]
    assert [one.delivered for one in seen] == [False, False]
    assert "500" in seen[0].detail and "403" not in seen[0].detail
    assert "403" in seen[1].detail and "500" not in seen[1].detail


def test_what_another_channel_logs_is_not_taken_for_ones_own() -> None:
    with _Collected() as said:
        other = threading.Thread(target=logging.getLogger("apprise").warning, args=("of another",))
        other.start()
        other.join()
        logging.getLogger("apprise").warning("of mine")
    assert said.text() == "of mine"


def test_a_server_that_stalls_is_given_up_in_bounded_time(web: Web) -> None:
    web.stalled.set()
    result = AppriseChannel(f"{web.url}?rto=0.2&cto=0.2").send(NOTICE)
    assert not result.delivered


def test_tries_are_bounded_and_each_is_reported(web: Web, senders) -> None:
    web.answers = [500] * 99
    sender, inbox = senders(AppriseChannel(web.url))
    sender.put(NOTICE)
    found = results(inbox, 4)
    assert [(one.attempts, one.is_final) for one in found] == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert not any(one.result.delivered for one in found)


def test_a_server_that_comes_back_gets_the_notice(web: Web, senders) -> None:
    web.answers = [500, 502]
    sender, inbox = senders(AppriseChannel(web.url))
    sender.put(NOTICE)
    assert [one.is_final for one in results(inbox, 3)] == [False, False, True]
    assert len(web.titles) == 3


def test_notices_keep_their_order(web: Web, senders) -> None:
    sender, inbox = senders(AppriseChannel(web.url))
    for number in range(5):
        sender.put(notice(number))
    results(inbox, 5)
    assert web.titles == ["t0", "t1", "t2", "t3", "t4"]


def test_one_channel_that_stalls_holds_no_other_back(web: Web) -> None:
    class Stalled:
        def send(self, notice: Notice) -> DeliveryResult:
            web.goes_on.wait(20)
            return DeliveryResult(False, "stalled")

    inbox: Inbox[Noticed] = Inbox()
    senders = start_senders(
        {"a": Stalled(), "b": AppriseChannel(web.url)}, inbox.put, retry_after_s=()
    )
    for sender in senders.values():
        sender.put(NOTICE)
    assert results(inbox, 1)[0].result.delivered
    web.goes_on.set()
    for sender in senders.values():
        sender.stop()
        sender._thread.join(10)


def test_too_many_waiting_notices_fail_at_once_and_say_so() -> None:
    inbox: Inbox[Noticed] = Inbox()
    sender = Sender(AppriseChannel("json://never"), inbox.put)
    for number in range(MAX_WAITING + 1):
        sender.put(notice(number))
    (over,) = results(inbox, 1)
    assert (over.notice_id, over.is_final) == (f"n-{MAX_WAITING}", True)


def test_a_sender_lets_go_of_a_call_that_has_ended(web: Web, senders) -> None:
    web.answers = [500]
    sender, inbox = senders(AppriseChannel(web.url), retry_after_s=(3600.0,))
    sender.put(NOTICE)
    assert not results(inbox, 1)[0].is_final
    sender.end(NOTICE.incident_id)
    (ended,) = results(inbox, 1)
    assert (ended.is_final, ended.attempts, len(web.titles)) == (True, 1, 1)
    assert not ended.result.delivered and ended.result != ENDED, "it was refused"


def test_a_sender_told_to_stop_stops_between_two_tries(web: Web, senders) -> None:
    web.answers = [500] * 9
    sender, inbox = senders(AppriseChannel(web.url), retry_after_s=(60.0,))
    sender.put(NOTICE)
    results(inbox, 1)
    sender.stop()
    sender._thread.join(5)
    assert not sender._thread.is_alive()


def test_the_words_of_a_notice() -> None:
    """For somebody woken at night: the branch's own time, names and no ids, where and who."""
    incident = raised(drill=True, age_ms=125_000).course.incident
    incident = replace(incident, owner="g01", missing_roles=("first_aid",))
    scene = Scene(
        zone=timezone(timedelta(hours=8)),
        roster=Roster([Member(staff="g01", name="Wang Fang", roles=())]),
        place="Hall",
    )
    text = write(incident, scene, notice_id="n", channel="p", why="overdue_arrival", staff=("g01",))
    assert "DRILL" in text.title and "Counter 1" in text.title
    assert "nobody has arrived" in text.body
    pressed = datetime.fromisoformat(incident.raised_at).replace(tzinfo=None) + timedelta(hours=8)
    assert f"Pressed at: {pressed:%Y-%m-%d %H:%M:%S}\n" in text.body
    for line in ("Place: Hall", "For: Wang Fang", "Accepted by: Wang Fang", "first aid"):
        assert line in text.body
    assert "g01" not in text.body
    closed = replace(incident, stage="closed", closed_at=incident.raised_at)
    ended = write(closed, scene, notice_id="n", channel="p", why="step").body
    assert "Closed at" in ended and "needed" not in ended


# --- through the loop, to the log and the faults ---


def test_the_log_and_the_faults_tell_how_a_channel_does(path: Path, web: Web) -> None:
    desk = Desk(path, channels=[ChannelSettings(name="phone", url=web.url, canary_every_s=0)])
    inbox: Inbox[Noticed] = Inbox()
    desk.senders = start_senders(
        {"phone": AppriseChannel(web.url)}, inbox.put, retry_after_s=(0.01,)
    )
    desk.start()
    web.answers = [500, 500]
    desk.handle(Connected(1), desk.pressed())
    for expected in ({"failing"}, {"failing"}):
        desk.handle(*results(inbox, 1))
        assert desk.fault_names() >= expected
    assert [e.event for e in desk.reader.log() if "notice" in e.event] == ["notice_failed"]
    assert "500" in desk.reader.notices(desk.incident().incident_id)[0].detail
    desk.handle(desk.pressed(what="held"))
    desk.handle(*results(inbox, 1))
    assert "failing" not in desk.fault_names()
    assert [e.event for e in desk.reader.log() if "notice" in e.event][-1] == "notice_delivered"
    for sender in desk.senders.values():
        sender.stop()
        sender._thread.join(10)
    desk.stop()


def test_notices_that_waited_at_a_kill_are_sent_after_the_restart(
    own_broker, gateways, stations, web: Web
) -> None:
    own_broker.start()
    web.stalled.set()
    station = stations(own_broker)
    gateway = gateways(
        own_broker, more=f'[[channels]]\nname = "phone"\nurl = "{web.url}"\ncanary_every_s = 0\n'
    ).start()
    station.last("gateway_status", state="online")
    press = alert(alert_id="a-kill-notice")
    station.link.send("alert", "unit-01", message=press)
    station.until(lambda: "a-kill-notice" in station.receipted())
    wait_for(lambda: len(web.titles) == 1)
    gateway.signal()
    web.stalled.clear()
    gateway.start()
    wait_for(lambda: len(web.titles) >= 2)
    assert set(web.titles) == {"呼叫 Call: 柜台 1"}


def test_a_service_that_stalls_does_not_keep_the_gateway_from_stopping(
    own_broker, gateways, stations, web: Web
) -> None:
    own_broker.start()
    web.stalled.set()
    station = stations(own_broker)
    url = f"{web.url}?rto=19&cto=19"
    gateway = gateways(
        own_broker, more=f'[[channels]]\nname = "phone"\nurl = "{url}"\ncanary_every_s = 0\n'
    ).start()
    station.last("gateway_status", state="online")
    station.link.send("alert", "unit-01", message=alert())
    wait_for(lambda: web.titles)
    assert gateway.signal(signal.SIGTERM, seconds=5) == 0


# --- test messages give way ---


def test_a_call_does_not_wait_for_the_second_try_of_a_test(web: Web, senders) -> None:
    web.answers = [500]
    sender, inbox = senders(AppriseChannel(web.url), retry_after_s=(60.0,))
    sender.put(write_test(notice_id="c-1", channel="phone"))
    assert [one.is_final for one in results(inbox, 1)] == [False]
    sender.put(NOTICE)
    over, delivered = results(inbox, 2)
    assert (over.notice_id, over.is_final, over.result.delivered) == ("c-1", True, False)
    assert (delivered.notice_id, delivered.result.delivered) == ("n-1", True)


def test_a_test_that_nobody_disturbs_is_tried_again(web: Web, senders) -> None:
    web.answers = [500]
    sender, inbox = senders(AppriseChannel(web.url))
    sender.put(write_test(notice_id="c-1", channel="phone"))
    assert [one.result.delivered for one in results(inbox, 2)] == [False, True]


def test_a_channel_that_raises_fails_and_its_sender_goes_on(web: Web, senders) -> None:
    class Broken:
        def send(self, notice: Notice) -> DeliveryResult:
            raise RuntimeError("SECRET")

    sender, inbox = senders(Broken(), retry_after_s=())
    for number in range(2):
        sender.put(notice(number))
    assert [one.result.detail for one in results(inbox, 2)] == [
        "it cannot be used (RuntimeError)"
    ] * 2


ROBOT = '[[channels]]\nname = "group"\nkind = "dingtalk"\nurl = "{url}"\n'


def test_a_robot_that_stalls_holds_back_neither_receipts_nor_the_end(
    own_broker, gateways, stations
) -> None:
    own_broker.start()
    service = Service(Reply(how="stall")).start()
    station = stations(own_broker)
    gateway = gateways(own_broker, more=ROBOT.format(url=service.url)).start()
    station.last("gateway_status", state="online")
    wait_for(lambda: service.requests)
    press = alert(alert_id="a-stalled")
    station.link.send("alert", "unit-01", message=press)
    station.until(lambda: "a-stalled" in station.receipted(), seconds=5)
    assert gateway.signal(signal.SIGTERM, seconds=5) == 0
    service.stop()


def test_a_robot_that_refuses_in_its_body_is_a_fault_until_it_takes_one(
    own_broker, gateways, stations
) -> None:
    own_broker.start()
    service = Service(Reply(body=b'{"errcode":310000,"errmsg":"keywords not in content"}')).start()
    station = stations(own_broker)
    gateways(own_broker, more=ROBOT.format(url=service.url)).start()

    def faults() -> dict[str, str]:
        said = station.all("faults")
        return {one.subject: one.detail for one in said[-1].faults} if said else {}

    station.until(lambda: "keywords not in content" in faults().get("channel/group", ""))
    service.usual = Reply(body=b'{"errcode":0,"errmsg":"ok"}')
    station.until(lambda: "channel/group" not in faults())
    service.stop()


# --- what everybody may read ---


@pytest.mark.parametrize(
    "url",
    [
        "tgram://SECRETTOKEN2",
        "json://user:s3cret-pass@127.0.0.1:9/hidden-path?token=abcdefgh",
        "mailtos://me:s3cret-pass@mail.invalid?to=boss@bank.example",
    ],
)
def test_why_nothing_was_delivered_tells_nobody_a_secret(url: str) -> None:
    result = AppriseChannel(url).send(NOTICE)
    assert not result.delivered and result.detail
    for secret in ("SECRETTOKEN2", "s3cret-pass", "hidden-path", "abcdefgh"):
        assert secret not in result.detail


def test_only_what_is_of_the_address_is_taken_out_of_an_answer() -> None:
    said = "Failed to send JSON to a-token-1: 500, no route to host"
    assert without_secrets(said, "json://a-token-1@h/to") == (
        "Failed to send JSON to …: 500, no route to host"
    )
