"""How each channel does, and to whom each message of an incident went."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask_babel import force_locale
from seeded import writing

from dashboard.pages.answer_words import answer_words
from gateway.course import Place, Rules
from gateway.incident import raise_incident
from gateway.policy import Policy
from gateway.roster import Roster
from gateway.store import ChannelRecord, Clocks, NoticeRecord, Work
from protocol.clock import now
from protocol.messages import Alert
from protocol.moment import parse_rfc3339


def clocks(ms_ago: int) -> Clocks:
    moment = now()
    return Clocks(utc_ms=moment.utc_ms - ms_ago, boot=moment.boot, mono_ms=moment.mono_ms - ms_ago)


@pytest.fixture
def incident_id(store: Path) -> str:
    """An incident told by two channels, one of which fails."""
    alert = Alert(alert_id="a-1", point="point-1", what="pressed", boot="b", seq=1, age_ms=0)
    rules = Rules(policy=Policy(), roster=Roster())
    place = Place(point="point-1", label="Counter 1")
    course = raise_incident(alert, place, now(), branch="b001", rules=rules).course
    found = course.incident.incident_id
    told = {"incident_id": found, "step": 1, "why": "step", "made_ms": now().utc_ms - 9000}
    with writing(store) as writer:
        writer.configure_channels(
            [
                ChannelRecord(channel="hall-group", kind="dingtalk", canary_every_s=86400),
                ChannelRecord(channel="pocket", kind="pager", canary_every_s=0),
            ]
        )
        refused = "it refused: errcode 310000 <b>sign not match</b>"
        failing = ChannelRecord(
            channel="hall-group",
            kind="dingtalk",
            canary_every_s=86400,
            delivered=clocks(3_600_000),
            tried=clocks(5000),
            result="failed",
            detail=refused,
        )
        notice = NoticeRecord(
            notice_id="n-1",
            channel="hall-group",
            state="failed",
            attempts=5,
            detail=refused,
            staff=("g01", "l01"),
            tried_ms=now().utc_ms - 5000,
            **told,
        )
        waiting = NoticeRecord(notice_id="n-2", channel="pocket", **told)
        writer.commit(
            Work(
                courses={found: course},
                channels={"hall-group": failing},
                notices={"n-1": notice, "n-2": waiting},
            )
        )
    return found


@pytest.mark.parametrize(
    "detail",
    ["the call has ended: nobody need come any more", "this channel is no longer configured"],
)
def test_what_we_say_ourselves_stands_in_one_language(client, detail: str) -> None:
    with client.application.test_request_context(), force_locale("zh_Hans"):
        assert not re.search("[a-z]", answer_words(detail))


def test_an_incidents_page_says_to_whom_when_how_often_and_what_came_back(
    client, bearer, incident_id
) -> None:
    page = client.get(f"/incidents/{incident_id}", headers=bearer).get_data(as_text=True)
    failed, waiting = re.findall(r'<li class="notice-\w+">.*?</li>', page, re.S)
    for words in ("To:", "Li Na, Wang Wei", "last tried", "5 tries", "Last answer:", "310000"):
        assert words in failed
    assert "<b>sign" not in failed
    assert "pocket" in waiting and "On its way" in waiting
    assert "last tried" not in waiting and "Last answer" not in waiting


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Message channels", "Not delivered", "tested after 1 d 0 h", "never tested")),
        ("zh", ("通知渠道", "未送达", "不自动测试", "最近答复", "群机器人拒收")),
    ],
)
def test_the_devices_page_shows_each_channel(client, bearer, incident_id, language, words) -> None:
    headers = {**bearer, "Accept-Language": language}
    page = client.get("/devices", headers=headers).get_data(as_text=True)
    shown = re.search(r'data-key="channels".*?</section>', page, re.S)[0]
    assert re.findall(r'data-channel="([\w-]+)"', shown) == ["hall-group", "pocket"]
    for text in (*words, "310000", "dingtalk", "pager"):
        assert text in shown


@pytest.mark.parametrize(
    ("detail", "meaning"),
    [
        ("it refused: errcode 310000 sign not match", "群机器人拒收"),
        ("it refused: code 9499 too many request", "短时间内通知过多"),
        ("it refused: errcode 7 no idea", "服务方拒收此通知"),
        ("it answered with status 404", "不接受此地址"),
        ("it answered with status 502", "服务方报告出错"),
        ("no connection to the broker", "与消息服务断开"),
        ("no connection to oapi.dingtalk.com within 3 s", "无法连接服务方"),
        ("no answer from localhost within 5 s", "没有及时答复"),
        ("64 notices are waiting already", "等待发送的通知已太多"),
    ],
)
def test_what_a_channel_answered_is_explained_in_the_pages_language(app, detail, meaning) -> None:
    with app.test_request_context("/"), force_locale("zh_Hans"):
        said = answer_words(detail)
    assert meaning in said and said.endswith(f"（原文：{detail}）")


def test_an_answer_that_nobody_knows_stands_as_it_is(app) -> None:
    with app.test_request_context("/"), force_locale("zh_Hans"):
        assert answer_words("smtp: 550 mailbox full") == "smtp: 550 mailbox full"


def test_programs_are_told_how_each_channel_does(client, bearer, incident_id) -> None:
    hall, pocket = client.get("/api/v1/channels", headers=bearer).json
    assert (hall["id"], hall["kind"], hall["state"]) == ("hall-group", "dingtalk", "fails")
    assert hall["canary_every_s"] == 86400
    assert hall["last_canary_at"] is None
    delivered, tried = map(parse_rfc3339, (hall["last_delivery_at"], hall["last_try_at"]))
    assert tried - delivered == pytest.approx(3_595_000, abs=1000)
    assert tried == pytest.approx(now().utc_ms - 5000, abs=60_000)
    assert "310000" in hall["detail"]
    assert pocket == {
        "id": "pocket",
        "kind": "pager",
        "state": "untried",
        "canary_every_s": 0,
        "last_canary_at": None,
        "last_delivery_at": None,
        "last_try_at": None,
        "detail": "",
    }


def test_a_channel_works_again_with_its_first_delivery(client, bearer, store, incident_id) -> None:
    with writing(store) as writer:
        present = clocks(0)
        well = ChannelRecord(
            channel="hall-group",
            kind="dingtalk",
            canary_every_s=86400,
            delivered=present,
            tested=clocks(1000),
            tried=present,
            result="delivered",
            detail="ok",
        )
        writer.commit(Work(channels={"hall-group": well}))
    hall = client.get("/api/v1/channels", headers=bearer).json[0]
    assert hall["state"] == "works"
    assert hall["last_delivery_at"] == hall["last_try_at"] >= hall["last_canary_at"]


def test_strangers_are_told_of_no_channel(client) -> None:
    assert client.get("/api/v1/channels").status_code == 401


def test_without_channels_there_is_no_empty_list(client, bearer) -> None:
    assert 'data-key="channels"' not in client.get("/devices", headers=bearer).get_data(True)
    assert client.get("/api/v1/channels", headers=bearer).json == []
