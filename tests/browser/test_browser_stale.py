"""A screen that is not up to date says so across its whole face, and stops saying so."""

from __future__ import annotations

from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError, expect

SAYS_SO_WITHIN_MS = 20_000


@pytest.mark.parametrize(
    ("program", "lang", "why"),
    [
        ("board", "en", "It has lost the board's computer."),
        ("gateway", "zh", "网关已停止或没有消息。"),
    ],
)
def test_a_frozen_program_makes_every_screen_say_so(demo, screen, program, lang, why):
    wall, devices = screen(lang=lang), screen("/devices", lang=lang)
    demo.press("point-1")
    expect(wall.locator(".card")).to_be_visible()
    with demo.frozen(program):
        for page in (wall, devices):
            stale = page.locator("#stale")
            expect(stale).to_be_visible(timeout=SAYS_SO_WITHIN_MS)
            expect(stale.locator("[data-why]:visible").first).to_have_text(why)
            box = stale.bounding_box()
            assert (box["width"], box["height"]) == (1920, 1080)
        # What was known last can still be read.
        expect(wall.locator(".card .label")).to_be_visible()
    for page in (wall, devices):
        expect(page.locator("#stale")).to_be_hidden(timeout=SAYS_SO_WITHIN_MS)


def test_a_stale_screen_does_not_say_that_all_is_well(demo, screen):
    wall = screen()
    expect(wall.locator(".calm-word")).to_be_visible()
    with demo.frozen("gateway"):
        expect(wall.locator("#stale")).to_be_visible(timeout=SAYS_SO_WITHIN_MS)
        expect(wall.locator(".calm-word")).to_be_hidden()
    expect(wall.locator(".calm-word")).to_be_visible(timeout=SAYS_SO_WITHIN_MS)


def test_a_page_that_cannot_be_renewed_says_so_although_the_beat_goes_on(demo, screen):
    wall = screen()
    expect(wall.locator("#pulse.on")).to_be_visible()
    wall.route(demo.url + "/", lambda route: route.fulfill(status=503, body="away"))
    demo.press("point-1")
    expect(wall.get_by_text("The records cannot be read.")).to_be_visible()
    expect(wall.locator("[data-stale-calls]")).to_contain_text("Counter 1")
    wall.unroute(demo.url + "/")
    expect(wall.locator("#stale")).to_be_hidden()
    expect(wall.locator(".card")).to_be_visible()


def test_a_signed_out_screen_says_so(demo, screen):
    wall = screen()
    said = wall.get_by_text("You are signed out.")
    for _ in range(5):
        # The answer to a renewal that is under way brings the session's cookie back.
        wall.context.clear_cookies()
        demo.press("point-1")  # news that the screen may not fetch any more
        with suppress(TimeoutError):
            said.wait_for(timeout=3_000)
            break
    expect(said).to_be_visible()
    wall.get_by_role("link", name="Sign in again").click()
    expect(wall.locator("#pin")).to_be_visible()


def test_the_waiting_time_follows_the_servers_clock(demo, screen):
    """A tablet whose clock is years ahead counts from zero all the same."""
    wall = screen()
    wall.clock.install(time="2031-01-01T00:00:00Z")
    wall.reload()
    demo.press("point-1")
    wall.clock.run_for(1000)
    assert wall.locator(".card .count").text_content() in {f"0:0{second}" for second in range(10)}
