"""A notice's link on a real phone's browser: opened in a chat, touched once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from bad_services import Reply, Service
from browser_branch import Demo, new_screen
from playwright.sync_api import Browser, Page, expect
from running_branch import wait_until

CHANNELS = """
[[channels]]
name = "mine"
kind = "webhook"
url = "{url}"
staff = "101"
[[channels]]
name = "group"
kind = "dingtalk"
url = "{url}"
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service(Reply(body=b'{"errcode":0,"errmsg":"ok"}')).start()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory, service: Service) -> Iterator[Demo]:
    """A demo whose notices carry links."""
    demo = Demo(tmp_path_factory.mktemp("linked"))
    try:
        demo.start()
        config = demo.folder / "gateway.toml"
        text = config.read_text(encoding="utf-8") + CHANNELS.format(url=service.url)
        config.write_text(f'board_url = "{demo.url}"\n{text}', encoding="utf-8")
        demo.kill("gateway")
        demo.wait_until_well()
        yield demo
    finally:
        demo.stop()


@pytest.fixture
def phone(linked: Demo, chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens a link on a phone on which nobody has signed in."""
    pages: list[Page] = []

    def open_link(link: str, *, lang: str = "en") -> Page:
        pages.append(new_screen(chromium, lang=lang, size="phone"))
        pages[-1].goto(link)
        pages[-1].wait_for_selector("html[data-ready]")
        return pages[-1]

    yield open_link
    linked.close_all_calls()
    for page in pages:
        page.context.close()


def link_in(service: Service, incident_id: str) -> str:
    """The link of the person's own channel to this incident."""

    def found() -> str | None:
        said = [one.json for one in list(service.requests) if b"notice_id" in one.body]
        links = [one["link"] for one in said if one["incident_id"] == incident_id]
        return next(iter(links), None)

    return wait_until("a notice with a link", found)


def group_link_in(service: Service) -> str:
    """The newest link that the group's robot was sent, out of its text."""

    def found() -> str | None:
        texts = [
            one.json["text"]["content"]
            for one in list(service.requests)
            if b"text" in one.body[:40]
        ]
        links = [word for text in texts for word in text.split() if "/a/" in word]
        return links[-1] if links else None

    return wait_until("a text with a link", found)


def test_one_touch_on_a_phone_and_the_lamp_says_that_somebody_comes(
    linked: Demo, service: Service, phone
) -> None:
    linked.press("point-1")
    incident = linked.open_incident("point-1")
    linked.wait_for_lamp("point-1", "recorded")
    page = phone(link_in(service, incident["incident_id"]))
    expect(page.locator("h1")).to_contain_text("Counter 1")
    expect(page.locator(".accept-me")).to_have_text("You are 王芳 Wang Fang")
    button = page.get_by_role("button", name="I am coming")
    box = button.bounding_box()
    assert box["height"] >= 90 and box["width"] >= 300, "large enough for a thumb in a hurry"
    assert box["y"] + box["height"] <= 844, "and on the screen without scrolling"
    assert linked.open_incident("point-1")["owner"] is None, "looking accepts nothing"

    button.tap()
    expect(page.locator(".accept-result")).to_contain_text("Go now")
    assert linked.open_incident("point-1")["owner"] == "101"
    linked.wait_for_lamp("point-1", "coming")

    page.reload()
    expect(page.get_by_role("button", name="I am coming")).to_have_count(0)
    assert len(linked.open_incident("point-1")["responders"]) == 1


def test_a_groups_link_asks_who_comes_in_chinese_too(linked: Demo, service: Service, phone) -> None:
    linked.press("point-2")
    incident = linked.open_incident("point-2")
    link_in(service, incident["incident_id"])
    page = phone(group_link_in(service), lang="zh")
    expect(page.locator(".accept-me")).to_have_text("您是哪位？")
    pins = {one["id"]: one["pin"] for one in linked.ready["staff"]}
    page.fill("#staff", "103")
    page.fill("#pin", "000000")
    page.locator(".accept-button").tap()
    expect(page.locator("#accept-error")).to_be_visible()
    expect(page.locator("#staff")).to_have_value("103")
    page.fill("#pin", pins["103"])
    page.locator(".accept-button").tap()
    expect(page.locator(".accept-result")).to_contain_text("请立即前往")
    expect(page.locator(".people")).to_contain_text("张强 Zhang Qiang")
    assert linked.open_incident("point-2")["owner"] == "103"


def test_a_closed_call_and_a_broken_link_say_so_plainly(
    linked: Demo, service: Service, phone
) -> None:
    linked.press("point-3")
    incident = linked.open_incident("point-3")
    link = link_in(service, incident["incident_id"])
    page = phone(link)
    linked.close_all_calls()
    page.get_by_role("button", name="I am coming").tap()
    expect(page.locator(".accept-closed")).to_contain_text("nothing left to do")
    page = phone(link[:-3])
    expect(page.locator("h1")).to_have_text("This link is not valid")
    expect(page.get_by_role("link", name="To the board")).to_be_visible()
