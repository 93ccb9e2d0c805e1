"""E-mail by Apprise to a real mail server that refuses, stalls, is away and comes back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from bad_services import Post
from gateway_kit import SCENE, raised

from gateway.channels.apprise_channel import AppriseChannel
from gateway.channels.notice import write

# Apprise warns of its own old imports the first time it is loaded.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NOTICE = write(
    raised().course.incident,
    SCENE,
    notice_id="n-1",
    channel="mail",
    why="step",
    link="https://board.example/a/token",
)


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post().start()
    yield post
    post.stop()


def test_a_letter_arrives_with_its_link(post: Post) -> None:
    assert AppriseChannel(post.url).send(NOTICE).delivered
    letter = message_from_bytes(post.letters[0], policy=policy.default)
    assert letter["Subject"] == NOTICE.title
    assert "https://board.example/a/token" in letter.get_body(("html", "plain")).get_content()


def test_a_letter_that_is_refused_is_no_delivery(post: Post) -> None:
    post.refuses = "554 no such guard"
    result = AppriseChannel(post.url).send(NOTICE)
    assert not result.delivered and result.detail
    post.refuses = ""
    assert AppriseChannel(post.url).send(NOTICE).delivered


def test_a_mail_server_that_is_away_gets_the_letter_when_it_is_back(post: Post) -> None:
    post.stop()
    result = AppriseChannel(post.url).send(NOTICE)
    assert not result.delivered and result.detail
    post.start()
    assert AppriseChannel(post.url).send(NOTICE).delivered


def test_a_mail_server_that_stalls_is_given_up_in_bounded_time(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stalled:
        url = post.url.replace(str(post.port), str(stalled.getsockname()[1]))
        result = AppriseChannel(url).send(NOTICE)
    assert not result.delivered and result.detail
