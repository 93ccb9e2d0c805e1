"""Group robots and webhooks against real web servers that refuse, stall, lie and come back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator

import pytest
from bad_services import Reply, Service
from gateway_kit import SCENE, raised

from gateway.channels import DeliveryResult, Notice
from gateway.channels.dingtalk import DingTalkChannel
from gateway.channels.feishu import FeishuChannel
from gateway.channels.kinds import make_channel
from gateway.channels.notice import write, write_test
from gateway.channels.post import Patience
from gateway.channels.webhook import WebhookChannel
from gateway.channels.wecom import MAX_TEXT_BYTES, WeComChannel

NOW_S = 1_795_000_000.25
SHORT = Patience(connect_s=0.3, read_s=0.3, body_s=0.5)
NOTICE = write(
    raised().course.incident,
    SCENE,
    notice_id="n-1",
    channel="duty",
    why="step",
    staff=("g01", "l01"),
    link="https://board.example/a/token",
)
MAKERS: dict[str, Callable[..., object]] = {
    "dingtalk": DingTalkChannel,
    "wecom": WeComChannel,
    "feishu": FeishuChannel,
    "webhook": WebhookChannel,
}
GOOD = {
    "dingtalk": b'{"errcode":0,"errmsg":"ok"}',
    "wecom": b'{"errcode":0,"errmsg":"ok"}',
    "feishu": b'{"code":0,"msg":"success","data":{},"StatusCode":0}',
    "webhook": b"",
}
ROBOTS = ("dingtalk", "wecom", "feishu")


@pytest.fixture(params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def service(kind: str) -> Iterator[Service]:
    service = Service(Reply(body=GOOD[kind])).start()
    yield service
    service.stop()


def send(kind: str, service: Service, **more: object) -> DeliveryResult:
    """By a channel that waits as long as ever, since a busy machine is slow; unless told not to."""
    return MAKERS[kind](service.url, **({"patience": Patience()} | more)).send(NOTICE)


def test_a_notice_arrives_whole(kind: str, service: Service) -> None:
    assert send(kind, service) == DeliveryResult(True)
    (request,) = service.requests
    assert request.query["access_token"] == ["SECRET-TOKEN"]
    for part in (NOTICE.title, "https://board.example/a/token", "Pressed at"):
        assert part in request.body.decode()


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(500, b"oops"), "status 500"),
        (Reply(403, b"{}"), "status 403"),
        (Reply(how="stall"), "no answer from 127.0.0.1"),
        (Reply(body=b"x" * 500, how="drip"), "took longer"),
        (Reply(body=b"x" * 500, how="hang_up"), ""),
        (Reply(how="garbage"), "127.0.0.1"),
        (Reply(302, location="https://elsewhere.example/"), "status 302"),
        (Reply(307, location="/robot/other"), "status 307"),
    ],
    ids=lambda value: value.how or str(value.status) if isinstance(value, Reply) else None,
)
def test_a_service_that_fails_is_no_delivery_and_says_why(
    kind: str, service: Service, reply: Reply, why: str
) -> None:
    service.replies = [reply]
    result = send(kind, service, patience=SHORT)
    assert not result.delivered
    assert why in result.detail and result.detail
    assert len(service.requests) == 1, "no redirect is followed"
    assert send(kind, service).delivered, "and once it is back it delivers"


@pytest.mark.parametrize(
    "body",
    [
        b'{"errcode":310000,"errmsg":"sign not match","code":19021,"msg":"sign not match"}',
        b'{"errcode":"0","code":"0"}',
        b'{"errcode":false,"code":false}',
        b'{"errcode":null,"code":null}',
        b'{"StatusCode":0}',
        b"{}",
        b"[]",
        b"0",
        b"ok",
        b"",
        b"<html>Welcome to the hotel's network</html>",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"errcode":0,"code":0' + b" " * 70_000,
    ],
    ids=range(14),
)
@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_that_answers_200_and_refuses_in_the_body_has_delivered_nothing(
    kind: str, service: Service, body: bytes
) -> None:
    service.replies = [Reply(body=body)]
    result = send(kind, service)
    assert not result.delivered
    assert result.detail
    if b"sign not match" in body:
        assert "sign not match" in result.detail


def test_nobody_there_is_no_delivery_until_somebody_is(kind: str, service: Service) -> None:
    service.stop()
    result = send(kind, service)
    assert not result.delivered
    assert result.detail == "no connection to 127.0.0.1"
    service.start()
    assert send(kind, service).delivered


@pytest.mark.parametrize(
    "url",
    [
        "http://no-such-host.invalid/?access_token=SECRET-TOKEN",
        "http://127.0.0.1:1/?access_token=SECRET-TOKEN",
        "http://[/?access_token=SECRET-TOKEN",
        "nonsense://x/?access_token=SECRET-TOKEN",
        "https://127.0.0.1:99999/?access_token=SECRET-TOKEN",
    ],
)
def test_no_failure_tells_the_secret_that_is_in_the_address(kind: str, url: str) -> None:
    result = MAKERS[kind](url, patience=SHORT).send(NOTICE)
    assert not result.delivered
    assert result.detail and "SECRET" not in result.detail


def test_a_plain_service_behind_https_says_that_it_is_not_safe(kind: str, service: Service) -> None:
    result = MAKERS[kind](service.url.replace("http:", "https:"), patience=SHORT).send(NOTICE)
    assert not result.delivered
    assert "127.0.0.1" in result.detail and "SECRET" not in result.detail


# --- what each says ---


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], Service]]:
    made: list[Service] = []

    def make(body: bytes) -> Service:
        made.append(Service(Reply(body=body)).start())
        return made[-1]

    yield make
    for service in made:
        service.stop()


def test_dingtalk_is_signed_in_its_query(answering) -> None:
    service = answering(GOOD["dingtalk"])
    channel = DingTalkChannel(service.url, secret="SECsesame", clock=lambda: NOW_S)
    assert channel.send(NOTICE).delivered
    query = service.requests[0].query
    expected = hmac.new(b"SECsesame", b"1795000000250\nSECsesame", hashlib.sha256).digest()
    assert query["timestamp"] == ["1795000000250"]
    assert base64.b64decode(query["sign"][0]) == expected
    assert query["access_token"] == ["SECRET-TOKEN"]
    assert service.requests[0].json["msgtype"] == "text"


def test_feishu_is_signed_in_its_body(answering) -> None:
    service = answering(GOOD["feishu"])
    channel = FeishuChannel(service.url, secret="sesame", clock=lambda: NOW_S)
    assert channel.send(NOTICE).delivered
    body = service.requests[0].json
    expected = hmac.new(b"1795000000\nsesame", b"", hashlib.sha256).digest()
    assert (body["timestamp"], base64.b64decode(body["sign"])) == ("1795000000", expected)
    assert body["msg_type"] == "text"
    assert NOTICE.title in body["content"]["text"]


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_without_a_secret_is_not_signed_and_always_says_its_keyword(
    kind: str, service: Service
) -> None:
    assert send(kind, service).delivered
    (request,) = service.requests
    assert "sign" not in request.query and b'"sign"' not in request.body
    assert "安铃 Anling" in request.body.decode()


def test_wecom_gets_no_more_than_it_takes(answering) -> None:
    service = answering(GOOD["wecom"])
    long = Notice(notice_id="n", channel="c", title="铃" * 3000, body="")
    assert WeComChannel(service.url).send(long).delivered
    said = service.requests[0].json["text"]["content"]
    assert MAX_TEXT_BYTES - 3 < len(said.encode()) <= MAX_TEXT_BYTES


def test_a_webhook_can_be_checked_by_whoever_has_the_secret(answering) -> None:
    service = answering(b"whatever")
    service.usual = Reply(204)
    channel = WebhookChannel(service.url, secret="sesame", clock=lambda: NOW_S)
    assert channel.send(NOTICE).delivered
    request = service.requests[0]
    timestamp = request.headers["X-Anling-Timestamp"]
    signed = hmac.new(b"sesame", timestamp.encode() + b"." + request.body, hashlib.sha256)
    assert timestamp == "1795000000"
    assert request.headers["X-Anling-Signature"] == f"sha256={signed.hexdigest()}"
    assert request.json == {
        "notice_id": "n-1",
        "channel": "duty",
        "title": "呼叫 Call: Counter 1",
        "body": NOTICE.body,
        "incident_id": NOTICE.incident_id,
        "point": "point-1",
        "kind": "call",
        "step": 0,
        "why": "step",
        "drill": False,
        "staff": ["g01", "l01"],
        "link": "https://board.example/a/token",
    }


def test_a_webhook_without_a_secret_has_no_signature(answering) -> None:
    service = answering(b"")
    assert WebhookChannel(service.url).send(NOTICE).delivered
    assert "X-Anling-Signature" not in service.requests[0].headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_status_of_success_is_delivered_to_a_webhook(answering, status: int) -> None:
    service = answering(b"")
    service.usual = Reply(status)
    assert WebhookChannel(service.url).send(NOTICE).delivered


def test_an_endless_answer_is_read_no_further_than_its_bound(answering) -> None:
    service = answering(b"{" + b" " * 5_000_000)
    assert not DingTalkChannel(service.url).send(NOTICE).delivered
    assert WebhookChannel(service.url).send(NOTICE).delivered


def test_the_surroundings_do_not_say_where_notices_go(answering, monkeypatch) -> None:
    service, thief = answering(b""), answering(b"")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{thief.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert WebhookChannel(service.url).send(NOTICE).delivered
    assert (len(service.requests), len(thief.requests)) == (1, 0)


@pytest.mark.parametrize("name", [*MAKERS, "apprise"])
def test_every_kind_of_the_configuration_is_made(name: str) -> None:
    channel = make_channel(name, "http://127.0.0.1:1/", secret="s")
    assert callable(channel.send)


def test_a_test_message_says_that_there_is_nothing_to_do(answering) -> None:
    service = answering(GOOD["dingtalk"])
    assert DingTalkChannel(service.url).send(write_test(notice_id="c", channel="x")).delivered
    said = service.requests[0].json["text"]["content"]
    assert "TEST" in said and "nothing to do" in said and "无需处理" in said


def test_sending_leaves_no_thread_behind(answering) -> None:
    service = answering(b"")
    before = threading.active_count()
    for _ in range(5):
        WebhookChannel(service.url).send(NOTICE)
    service.stop()
    assert threading.active_count() <= before
