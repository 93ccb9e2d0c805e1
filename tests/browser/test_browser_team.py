"""A lead sets up the team and its shifts, as a person at a browser does it."""

from __future__ import annotations

import pytest
from browser_branch import LEAD, new_screen
from playwright.sync_api import Page, expect


@pytest.fixture
def lead(screen) -> Page:
    return screen("/branch", staff=LEAD)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def test_a_newcomer_gets_roles_a_pin_and_a_shift_and_signs_in(demo, lead, chromium) -> None:
    lead.get_by_role("link", name="Team").click()
    lead.get_by_role("link", name="Add somebody").click()
    lead.fill("#id", "107")
    lead.fill("#name", "Sun Li")
    lead.get_by_label("Security").check()
    lead.select_option("#duty", "sign_in")
    lead.fill("#phone", "not a number")
    save(lead)
    expect(lead.locator("#phone-error")).to_contain_text("A telephone number has 3 to 18 digits")
    expect(lead.get_by_label("Security")).to_be_checked()
    lead.fill("#phone", "+86 138 0000 0000")
    save(lead)
    lead.fill("#pin", "13579x")
    lead.get_by_role("button", name="Set the PIN").click()
    expect(lead.get_by_text("The new PIN counts")).to_be_visible()

    theirs = new_screen(chromium, lang="en", size="phone")
    theirs.goto(demo.url + "/sign-in")
    theirs.fill("#staff", "107")
    theirs.fill("#pin", "13579x")
    theirs.keyboard.press("Enter")
    theirs.wait_for_url(demo.url + "/")
    theirs.goto(demo.url + "/team")
    me = theirs.locator("li.person", has_text="Sun Li")
    expect(me).to_contain_text("Off duty")
    me.get_by_role("button", name="Sign in to duty").click()
    expect(theirs.locator("li.person", has_text="Sun Li")).to_contain_text("On duty · signed in")
    expect(theirs.get_by_role("link", name="Add somebody")).to_have_count(0)
    theirs.context.close()

    lead.goto(demo.url + "/shifts/shift/new")
    lead.select_option("#staff", "107")
    for day in ("Monday", "Friday"):
        lead.get_by_label(day).check()
    lead.fill("#starts", "08:30")
    lead.fill("#ends", "08:30")
    save(lead)
    expect(lead.locator("#ends-error")).to_contain_text("another time")
    lead.fill("#ends", "17:30")
    save(lead)
    expect(lead.locator("table.week tr", has_text="Sun Li")).to_contain_text("08:30–17:30")

    lead.goto(demo.url + "/team/107")
    lead.locator("summary", has_text="Take off the team").click()
    lead.get_by_role("button", name="Yes, take off the team").click()
    expect(lead.get_by_text("Taken off the team.")).to_be_visible()
    expect(lead.locator("li.person", has_text="Sun Li")).to_have_count(0)


def test_the_second_of_two_editors_is_told_and_loses_nothing_of_what_they_see(demo, screen) -> None:
    one, two = screen("/team/105", staff=LEAD), screen("/team/105", staff="106")
    one.fill("#name", "First Editor")
    save(one)
    expect(one.locator("li.person", has_text="First Editor")).to_be_visible()
    two.fill("#name", "Second Editor")
    save(two)
    expect(two.get_by_role("alert").first).to_contain_text("Somebody else has changed this")
    expect(two.locator("#name")).to_have_value("Second Editor")
    two.goto(demo.url + "/team/105")
    expect(two.locator("#name")).to_have_value("First Editor")
