"""Fixtures: a whole demo branch that runs, and a real Chromium to look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_branch import Demo, Size, new_screen, running
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from running(Demo(tmp_path_factory.mktemp("demo")))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one file only: Playwright keeps an event loop running in this thread, beside which no
    other test could run one."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def screen(demo: Demo, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages of signed-in staff; afterwards every call is closed and every page shut.

    A page that complains in its console, or asks for what is not there, fails the test.
    """
    pages: list[Page] = []
    complaints: list[str] = []

    def open_screen(
        path: str = "/", *, staff: str = "102", lang: str = "en", size: Size = "wall", **options
    ) -> Page:
        page = new_screen(chromium, lang=lang, size=size, **options)
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.extend(_complaints(said, page.url)))
        demo.sign_in(page, staff)
        page.goto(demo.url + path, wait_until="domcontentloaded")
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]")
        return page

    yield open_screen
    # First the pages: Chromium never answers for a context that is closed while its page renews
    # itself, which each of them does when a call closes.
    for page in pages:
        page.context.close()
    demo.close_all_calls()
    assert complaints == []


def _complaints(said: ConsoleMessage, page_url: str) -> list[str]:
    """An error, but for a server that was stopped, for what was refused in words, and for what the
    page itself was answered."""
    expected = ("net::ERR_", "409 (", "422 (", "503 (")
    is_own = said.location["url"].split("?")[0] == page_url.split("?")[0]
    if said.type != "error" or is_own or any(word in said.text for word in expected):
        return []
    return [f"{said.text} {said.location['url']}"]
