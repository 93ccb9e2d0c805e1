"""The page of channels: how each does and whose it is; where groups' and the board's address are
written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from board_branch import signed_in
from seeded import put, writing

from dashboard.desk import Answer
from gateway.desk.addresses import Address, BoardAddress
from gateway.desk.policies import KnownChannel
from gateway.desk.record import Record
from gateway.store import ChannelRecord, Work
from protocol.messages import FieldFault

CHAT = Address(
    kind="dingtalk", url="https://robot.example/s3cret", secret="hush", roles=["security"]
)
THEIRS = Address(staff="g01", kind="webhook", url="https://hook.example/s3cret")


@pytest.fixture
def written(store: Path) -> None:
    """A channel of the file, one of a group, and one person's own."""
    bodies = {
        ("channel", "file-chat"): KnownChannel(),
        ("address", "team-chat"): CHAT,
        ("address", "g01-1"): THEIRS,
    }
    with writing(store) as writer:
        writer.configure_channels(
            [
                ChannelRecord(channel="file-chat", kind="apprise", canary_every_s=86400),
                ChannelRecord(channel="team-chat", kind="dingtalk", canary_every_s=86400),
                ChannelRecord(channel="g01-1", kind="webhook", canary_every_s=86400),
            ]
        )
        records = {key: Record(kind=key[0], id=key[1], body=body) for key, body in bodies.items()}
        writer.commit(Work(records=records))


@pytest.fixture
def asked(monkeypatch) -> list[Any]:
    """What the pages ask of the desk, which refuses each for its address."""
    asked: list[Any] = []

    def ask(do: str, **more: Any) -> Answer:
        asked.append((do, more["id"], more["version"], more["body"]))
        fault = FieldFault(field="url", name="bad_address")
        return Answer(ok=False, reason="wrong_fields", faults=(fault,))

    monkeypatch.setattr("dashboard.pages.forms.ask_desk", ask)
    return asked


def panel(page: str, channel: str) -> str:
    return re.search(rf'<li [^>]*data-key="channel-{channel}">.*?</li>', page, re.S)[0]


def send(client, path: str, **fields: Any) -> str:
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).text)[1]
    return client.post(path, data={"csrf_token": token, **fields}).text


def test_the_list_says_whose_each_is_and_where_it_is_changed(client, written) -> None:
    page = signed_in(client).get("/channels").text
    assert "written in the gateway" in panel(page, "file-chat")
    assert "Whenever anybody is told" in panel(page, "file-chat")
    assert 'href="/channels/team-chat"' in panel(page, "team-chat")
    assert "Security" in panel(page, "team-chat")
    assert 'href="/team/g01"' in panel(page, "g01-1") and "Li Na" in panel(page, "g01-1")


@pytest.mark.parametrize("path", ["/channels", "/channels/team-chat"])
@pytest.mark.parametrize("staff", ["l01", "g01"])
def test_no_page_holds_an_address(client, written, path: str, staff: str) -> None:
    page = signed_in(client, staff).get(path).text
    assert "team-chat" in page
    assert "s3cret" not in page and "hush" not in page
    may_edit = "Add a group" in page or '<button class="btn primary">Save' in page
    assert may_edit == (staff == "l01")


def test_what_the_form_leaves_empty_stays_and_a_new_kind_takes_nothing_over(
    client, written, asked
) -> None:
    client, path = signed_in(client), "/channels/team-chat"
    form = {"id": "team-chat", "version": "1", "secret": ""}
    page = send(client, path, kind="dingtalk", url="", **form)
    send(client, path, kind="webhook", url=" http://h ", **form)
    as_before = {"url": CHAT.url, "secret": "hush", "kind": "dingtalk", "staff": None, "roles": []}
    another = {"url": "http://h", "secret": "", "kind": "webhook", "staff": None, "roles": []}
    assert asked == [
        ("address.save", "team-chat", 1, as_before),
        ("address.save", "team-chat", 1, another),
    ]
    assert "This is no address of such a channel." in page and "s3cret" not in page


def test_a_new_group_is_asked_for_as_a_new_record(client, written, asked) -> None:
    fields = {"id": " Hall ", "kind": "wecom", "url": "https://w", "roles": ["lead"]}
    send(signed_in(client), "/channels/new", **fields)
    body = {"staff": None, "kind": "wecom", "url": "https://w", "secret": "", "roles": ["lead"]}
    assert asked == [("address.save", "hall", 0, body)]


def test_one_persons_channel_is_not_changed_here(client, written) -> None:
    reply = signed_in(client).get("/channels/g01-1")
    assert reply.status_code == 404 and "one person" in reply.text


@pytest.mark.parametrize(
    ("host", "suggested"),
    [("board.example:8443", "http://board.example:8443"), ("127.0.0.1:8000", "")],
)
def test_the_boards_address_is_suggested_where_a_phone_could_reach_it(
    client, bearer, host: str, suggested: str
) -> None:
    page = client.get("/channels/board", headers=bearer | {"Host": host}).text
    [field] = re.findall(r'<input [^>]*id="url"[^>]*>', page)
    assert f'value="{suggested}"' in field


def test_the_list_says_that_messages_have_no_links(client, store) -> None:
    assert "Messages have no links" in signed_in(client).get("/channels").text


def test_the_boards_address_is_shown_as_it_was_saved(client, store: Path) -> None:
    board = Record(kind="board", id="branch", body=BoardAddress(url="https://b.example"))
    put(store, Work(records={("board", "branch"): board}))
    client = signed_in(client)
    assert 'value="https://b.example"' in client.get("/channels/board").text
    page = client.get("/channels").text
    assert "https://b.example" in page and "Messages have no links" not in page


def test_policies_may_be_given_the_channels_of_groups_but_no_persons(client, written) -> None:
    page = signed_in(client).get("/policies/new").text
    assert 'value="team-chat"' in page and 'value="file-chat"' in page
    assert 'value="g01-1"' not in page
