"""A running branch, as people at its screens meet it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page
from running_branch import RunningBranch

Size = Literal["wall", "desk", "phone"]
SIZES = {"wall": (1920, 1080), "desk": (1280, 800), "phone": (390, 844)}
LEAD = "104"


class Demo(RunningBranch):
    """`anling demo` with what a browser needs of it."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder, *options)
        self._sessions: dict[str, list[Any]] = {}
        # {staff id: PIN} of those whom a page gave one, besides those of the ready file.
        self.given_pins: dict[str, str] = {}

    @property
    def url(self) -> str:
        return self.ready["board_url"].rstrip("/")

    @contextmanager
    def frozen(self, program: str) -> Iterator[None]:
        """One program that stands still, as under a dead disk or a full machine."""
        pid = self.ready["pids"][program]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
            self.wait_until_well()

    def sign_in(self, page: Page, staff: str) -> None:
        """Gives the page a session of `staff`; only the first time by the form."""
        if staff not in self._sessions:
            self._sign_in_by_form(page, staff)
            cookies = page.context.cookies()
            self._sessions[staff] = [one for one in cookies if one["name"] == "anling"]
        page.context.add_cookies(self._sessions[staff])

    def _sign_in_by_form(self, page: Page, staff: str) -> None:
        pins = {one["id"]: one["pin"] for one in self.ready["staff"]} | self.given_pins
        page.goto(self.url + "/sign-in")
        page.fill("#staff", staff)
        page.fill("#pin", pins[staff])
        page.keyboard.press("Enter")
        page.wait_for_url(self.url + "/")

    def close_all_calls(self) -> None:
        """The open ones; what a page of the test before is closing meanwhile is closed."""
        for incident in self.incidents("open"):
            path = f"/api/v1/incidents/{incident['incident_id']}/actions"
            for does in ({"action": "arrive"}, {"action": "close", "outcome": "other"}):
                answer = self.post(path, {"by": LEAD, **does})
                assert answer.status == 200 or answer.body["reason"] == "already_closed", answer


def running(demo: Demo) -> Iterator[Demo]:
    """The demo while it runs; afterwards no log may hold a traceback."""
    try:
        demo.start()
        yield demo
    finally:
        demo.stop()
    for log in (demo.folder / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(errors="replace"), log.read_text()


def new_screen(chromium: Browser, *, lang: str, size: Size, **options) -> Page:
    """A screen nobody has signed in at."""
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        locale={"zh": "zh-CN", "en": "en-US"}[lang],
        has_touch=size == "phone",
        is_mobile=size == "phone",
        **options,
    )
    context.set_default_timeout(15_000)
    return context.new_page()
