"""People's own channels: entered by a lead, in force from the next change on, nobody's to read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bad_services import Reply, Service
from gateway_kit import Desk, with_channels
from gateway_process import wait_for
from gateway_web import Web

from gateway.channels import DeliveryResult
from gateway.channels.backlog import Noticed
from gateway.channels.kinds import make_channel
from gateway.channels.sender import start_senders
from gateway.config import ChannelSettings
from gateway.desk.rooms import SECRET
from protocol.inbox import Inbox
from protocol.link import Connected

# Apprise warns of its own old imports the first time it is loaded.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

HOOK = {"staff": "s01", "kind": "webhook", "url": "http://127.0.0.1:9/s3cret", "secret": "hush"}
NAME = "s01-1"


@pytest.fixture
def desk(path):
    desk = Desk(path, **with_channels(ChannelSettings(name="everybody", url="simulated://")))
    desk.start()
    desk.handle(Connected(1))
    yield desk
    desk.stop()


def later(desk: Desk, seconds: float = 1) -> None:
    desk.clock.move(seconds)
    desk.handle()


def calls(desk: Desk, name: str = NAME) -> list[str]:
    """The notices, tests left out, that somebody's own sender was handed."""
    return [one.kind for one in desk.own[name].notices if one.kind != "test"]


def channels(desk: Desk) -> dict[str, Any]:
    return {one.channel: one.result for one in desk.reader.channels()}


# --- in force ---


def test_a_persons_own_channel_counts_from_the_next_call_on_without_a_restart(desk: Desk) -> None:
    desk.handle(desk.pressed(what="held", point="point-2"))
    assert desk.own == {}
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    assert channels(desk) == {"everybody": None, NAME: None}
    later(desk)
    desk.handle(desk.pressed(what="held", point="point-1"))
    assert len(calls(desk)) == 1
    notices = desk.reader.notices(desk.incident().incident_id)
    assert {one.channel for one in notices} == {"everybody", NAME}


def test_it_is_told_only_of_what_its_person_is_told(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    desk.handle(desk.pressed())  # a call asks for customer service, and s01 is security
    assert calls(desk) == []
    later(desk, 31)
    assert len(calls(desk)) == 1, "everybody on duty is told now"


def test_taking_it_away_stops_it_and_clears_its_fault(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    later(desk)
    [test] = desk.own[NAME].notices
    failed = Noticed(test.notice_id, NAME, _result(False), 5, True)
    desk.handle(failed)
    later(desk)
    assert channels(desk)[NAME] == "failed" and "failing" in desk.fault_names()
    assert desk.ask("address.retire", id=NAME).ok
    later(desk)
    assert channels(desk).keys() == {"everybody"} and "failing" not in desk.fault_names()
    desk.handle(desk.pressed(what="held"))
    assert calls(desk) == []


def test_a_changed_address_is_another_channel_which_is_tested_anew(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    later(desk)
    [test] = desk.own[NAME].notices
    desk.handle(Noticed(test.notice_id, NAME, _result(True), 1, True))
    assert channels(desk)[NAME] == "delivered"
    assert desk.ask("address.save", id=NAME, body=HOOK | {"url": "http://127.0.0.1:8/"}).ok
    assert channels(desk)[NAME] is None
    later(desk)
    assert [one.kind for one in desk.own[NAME].notices] == ["test"], "by the new sender"


def test_a_restart_forgets_neither_the_channel_nor_how_it_does(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    later(desk)
    [test] = desk.own[NAME].notices
    desk.handle(Noticed(test.notice_id, NAME, _result(True), 1, True))
    desk.own.clear()
    desk.restart()
    assert channels(desk)[NAME] == "delivered"
    desk.handle(desk.pressed(what="held"))
    assert len(calls(desk)) == 1


def test_what_waits_for_a_changed_channel_goes_through_the_new_one(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    desk.handle(desk.pressed(what="held"))
    before = desk.own[NAME]
    assert desk.ask("address.save", id=NAME, body=HOOK | {"secret": "new"}).ok
    assert desk.own[NAME] is not before
    assert len(calls(desk)) == 1


def test_who_leaves_the_team_is_told_nothing_more(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    assert desk.ask("staff.retire", id="s01").ok
    later(desk)
    assert channels(desk).keys() == {"everybody"}


def _result(delivered: bool):
    return DeliveryResult(delivered, "" if delivered else "no answer")


# --- nobody's to read ---


def test_no_log_and_no_export_holds_the_address(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    assert "address" in SECRET
    entry = desk.reader.log()[-1]
    assert (entry.event, entry.detail) == ("saved", {"kind": "address", "id": NAME, "version": 1})
    assert "s3cret" not in str(desk.reader.log()) and "hush" not in str(desk.reader.log())


# --- what is refused ---


@pytest.mark.parametrize(
    ("id", "changes", "field", "name"),
    [
        (NAME, {"url": "example.com"}, "url", "bad_address"),
        (NAME, {"url": ""}, "url", "bad_address"),
        (NAME, {"url": "http://["}, "url", "bad_address"),
        (NAME, {"kind": "apprise", "secret": "", "url": "mailto"}, "url", "bad_address"),
        (NAME, {"kind": "apprise", "secret": "", "url": "mailto://"}, "url", "bad_address"),
        (NAME, {"kind": "apprise"}, "secret", "not_used"),
        (NAME, {"kind": "wecom"}, "secret", "not_used"),
        (NAME, {"kind": "pager", "secret": ""}, "url", "not_used"),
        (NAME, {"kind": "pigeon"}, "kind", "unreadable"),
        (NAME, {"staff": "ghost"}, "staff", "unknown_staff"),
        ("everybody", {}, "id", "taken"),
        ("No Name", {}, "id", "bad_id"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_and_not_repeated(
    desk: Desk, id: str, changes: dict[str, Any], field: str, name: str
) -> None:
    result = desk.ask("address.save", id=id, body=HOOK | changes)
    assert (field, name) in [(one.field, one.name) for one in result.faults]
    assert "s3cret" not in str(result.faults)
    assert channels(desk).keys() == {"everybody"}


def test_only_a_lead_writes_one_and_nobody_gets_too_many(desk: Desk) -> None:
    assert desk.ask("address.save", "s01", id=NAME, body=HOOK).reason == "not_allowed"
    for number in range(1, 6):
        assert desk.ask("address.save", id=f"s01-{number}", body=HOOK).ok
    sixth = desk.ask("address.save", id="s01-6", body=HOOK)
    assert [one.name for one in sixth.faults] == ["too_many"]
    assert desk.ask("address.save", id="s01-5", body=HOOK).ok, "it is one of the five"


# --- to real servers ---


@pytest.fixture
def real(path):
    """A branch whose own channels are real ones."""
    inbox: Inbox[Any] = Inbox()
    desk, made = Desk(path), []

    def make(channel: Any):
        one = make_channel(channel.kind, channel.url, secret=channel.secret)
        sender = start_senders({channel.name: one}, inbox.put, retry_after_s=(0.01,))
        made.append(sender[channel.name])
        return made[-1]

    desk.make_sender = make
    desk.start()
    desk.handle(Connected(1))
    yield desk, inbox
    for sender in made:
        sender.stop()
    desk.stop()


@pytest.fixture
def web():
    web = Web()
    yield web
    web.stop()


@pytest.fixture
def robot():
    refusal = json.dumps({"errcode": 310000, "errmsg": "keywords not in content"})
    robot = Service(Reply(body=refusal.encode())).start()
    yield robot
    robot.stop()


def test_a_persons_apprise_address_is_reached_and_a_robot_that_refuses_is_a_fault(
    real, web: Web, robot: Service
) -> None:
    desk, inbox = real
    good = {"staff": "s01", "kind": "apprise", "url": web.url}
    bad = {"staff": "f01", "kind": "dingtalk", "url": robot.url}
    assert desk.ask("address.save", id="s01-1", body=good).ok
    assert desk.ask("address.save", id="f01-1", body=bad).ok

    def settled() -> bool:
        desk.clock.move(1)
        desk.handle(*inbox.take(wait_s=0.1, most=10))
        return channels(desk) == {"s01-1": "delivered", "f01-1": "failed"}

    desk.handle(desk.pressed(what="held"))
    wait_for(settled)
    later(desk)
    assert any("Counter 1" in title for title in web.titles)
    assert "failing" in desk.fault_names()
    faults = desk.link.sent("gateway/faults")[-1].faults
    assert not any("SECRET-TOKEN" in one.detail for one in faults)


# --- groups ---

GROUP = {"kind": "webhook", "url": "http://127.0.0.1:9/s3cret"}


def test_a_groups_channel_hears_of_every_call_and_with_roles_only_of_theirs(desk: Desk) -> None:
    assert desk.ask("address.save", id="chat", body=GROUP).ok
    assert desk.ask("address.save", id="guards", body=GROUP | {"roles": ["security"]}).ok
    desk.handle(desk.pressed())  # asks for customer service
    assert len(calls(desk, "chat")) == 1 and calls(desk, "guards") == []
    later(desk, 31)
    assert len(calls(desk, "guards")) == 1, "everybody on duty is told now, guards too"


def test_a_policy_may_name_a_groups_channel_which_then_stays_until_it_does_not(desk: Desk) -> None:
    step = {"after_s": 0, "tell": "kind", "channels": ["chat"]}
    wide = {"after_s": 30, "tell": "on_duty"}
    plan = {"kinds": ["call"], "name": "Plain calls", "steps": [step, wide]}
    unknown = desk.ask("policy.save", id="p-1", body=plan)
    assert [one.name for one in unknown.faults] == ["unknown_channel"]
    assert desk.ask("address.save", id="chat", body=GROUP).ok
    assert desk.ask("policy.save", id="p-1", body=plan).ok
    refused = desk.ask("address.retire", id="chat")
    assert refused.reason == "still_needed"
    assert [(one.name, one.detail) for one in refused.faults] == [
        ("policy_names_it", "Plain calls")
    ]
    assert desk.ask(
        "policy.save", id="p-1", version=1, body=plan | {"steps": [step | {"channels": []}, wide]}
    ).ok
    assert desk.ask("address.retire", id="chat").ok


def test_one_persons_channel_is_for_no_policy_to_name(desk: Desk) -> None:
    assert desk.ask("address.save", id=NAME, body=HOOK).ok
    steps = [{"after_s": 0, "tell": "kind", "channels": [NAME]}]
    refused = desk.ask("policy.save", id="p-1", body={"kinds": ["call"], "steps": steps})
    assert [one.name for one in refused.faults] == ["unknown_channel"]


@pytest.mark.parametrize(
    ("changes", "field", "name"),
    [
        ({"staff": "s01", "roles": ["security"]}, "roles", "not_used"),
        ({"roles": ["security", "security"]}, "roles", "twice"),
        ({"roles": ["pigeon"]}, "roles[0]", "unreadable"),
    ],
)
def test_roles_are_a_groups_and_each_once(desk: Desk, changes, field: str, name: str) -> None:
    result = desk.ask("address.save", id="chat", body=GROUP | changes)
    assert (field, name) in [(one.field, one.name) for one in result.faults]


def test_groups_have_a_bound_of_their_own(desk: Desk) -> None:
    for number in range(30):
        assert desk.ask("address.save", id=f"chat-{number}", body=GROUP).ok
    one_more = desk.ask("address.save", id="chat-30", body=GROUP)
    assert [one.name for one in one_more.faults] == ["too_many"]


# --- where phones reach the board ---


def newest_link(desk: Desk) -> str | None:
    return [one.link for one in desk.own["chat"].notices if one.kind != "test"][-1]


def test_links_lead_where_a_lead_says_from_the_next_notice_on(desk: Desk) -> None:
    assert desk.ask("address.save", id="chat", body=GROUP).ok
    desk.handle(desk.pressed(point="point-1"))
    assert newest_link(desk) is None
    url = {"url": "https://board.example/anling/"}
    assert desk.ask("board.save", id="branch", body=url).ok
    desk.handle(desk.pressed(point="point-2"))
    assert newest_link(desk).startswith("https://board.example/anling/a/")
    desk.restart()
    desk.clock.move(31)
    desk.handle()
    assert newest_link(desk).startswith("https://board.example/anling/a/")
    assert desk.ask("board.retire", id="branch").ok
    desk.clock.move(31)
    desk.handle()
    assert newest_link(desk) is None


@pytest.mark.parametrize("url", ["board", "ftp://board/", "http://[", "http://b?x", "http://b#x"])
def test_an_address_no_link_can_begin_with_is_named(desk: Desk, url: str) -> None:
    refused = desk.ask("board.save", id="branch", body={"url": url})
    assert [(one.field, one.name) for one in refused.faults] == [("url", "bad_board_url")]
    assert desk.ask("board.save", id="other", body={"url": "http://b"}).faults[0].field == "id"
