"""A drill from the calendar to its score, "this is real", a walk test, and what a call leaves."""

from __future__ import annotations

import re

import pytest
from browser_branch import LEAD
from playwright.sync_api import Page, expect

from firmware import indicators

MAINTENANCE = "105"
# Lets a lamp of the demo show something, and says at which milliseconds of its rhythm it is lit.
# In one go, since the unit may say meanwhile what its lamp really shows.
LIT = """(lamp, [name, drill, times]) => {
    lamp.dataset.lamp = name;
    lamp.classList.toggle("is-drill", drill);
    return times.map((ms) => {
        for (const one of lamp.getAnimations()) { one.pause(); one.currentTime = ms; }
        return getComputedStyle(lamp).backgroundImage !== "none";
    });
}"""


def begin_from_the_calendar(lead: Page, url: str, name: str, point: str) -> None:
    lead.goto(url + "/drills")
    row = lead.locator("li.person", has_text=name)
    row.get_by_role("link", name=re.compile("^Begin it")).click()
    lead.select_option("#point", point)
    lead.get_by_role("button", name="Begin it now").click()
    expect(lead.get_by_text("The drill has begun.")).to_be_visible()


def test_a_drill_is_run_from_the_calendar_to_its_score(demo, screen):
    lead = screen("/drills", staff=LEAD)
    phone = screen(size="phone", staff="102")
    wall = screen(lang="zh", staff="103")
    point = screen("/demo")
    begin_from_the_calendar(lead, demo.url, "Half-yearly emergency drill", "point-2")

    card = wall.locator(".card.is-drill")
    expect(card.locator(".kind")).to_have_text("紧急呼叫")
    expect(card.locator(".drill").first).to_contain_text("演练")
    plate = point.locator('[data-point="point-2"]')
    lamp = plate.locator(".lamp")
    expect(lamp).to_have_attribute("data-lamp", "recorded")
    expect(lamp).to_have_class("lamp is-drill")
    expect(plate.locator(".lamp-word")).to_contain_text("with short gaps: a drill")
    expect(plate.locator(".plate-stage")).to_contain_text("Drill")
    later = screen("/demo", lang="zh", size="phone").locator('[data-point="point-2"]')
    expect(later.locator(".lamp.is-drill")).to_be_visible()
    expect(later.locator(".lamp-word")).to_contain_text("演练")
    expect(lead.locator("#running")).to_contain_text("A drill is running")

    phone.get_by_role("button", name="I am coming").tap()
    expect(lamp).to_have_attribute("data-lamp", "coming")
    expect(lamp).to_have_class("lamp is-drill")
    demo.act(demo.open_incident("point-2"), "accept", "103")
    phone.get_by_role("button", name="I have arrived").tap()
    phone.get_by_text("Close…").tap()
    phone.get_by_role("button", name="Fainted", exact=True).tap()
    expect(phone.get_by_role("button", name="Helped")).to_be_visible()
    phone.wait_for_timeout(800)
    phone.get_by_role("button", name="Helped").tap()
    expect(wall.locator(".calm-word")).to_be_visible()

    lead.goto(demo.url + "/drills")
    row = lead.locator("li.person", has_text="Half-yearly emergency drill")
    expect(row).to_contain_text("Held on")
    scored = lead.locator(".outcomes-table tbody tr").nth(1)
    expect(scored).to_contain_text("Counter 2")
    expect(scored.locator(".ok")).to_have_count(3)  # accepted, arrived, roles
    expect(scored.locator(".warn")).to_contain_text(re.compile(r"0 / \d+"))  # nothing was ticked
    lead.goto(demo.url + "/follow-ups?show=all")
    expect(lead.get_by_text("Ring the customer")).to_have_count(0)


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (indicators.LAMPS, ("saved", "recorded", "coming", "undelivered", "off")),
        (indicators.DRILL_LAMPS, ("recorded", "coming")),
    ],
)
def test_the_demos_lamps_blink_as_the_units_do(screen, patterns, names):
    lamp = screen("/demo").locator('[data-point="point-1"] .lamp')
    for name in names:
        pattern = patterns[name]
        # Never at a moment of change.
        times_ms = list(range(25, sum(pattern) or 1, 50)) or [25]
        lit = lamp.evaluate(LIT, [name, patterns is indicators.DRILL_LAMPS, times_ms])
        assert lit == [indicators.light(pattern, ms)[0] for ms in times_ms], name


def test_the_bar_of_other_pages_marks_a_drill_and_puts_a_real_call_before_it(demo, screen):
    lead, other = screen("/drills/start", staff=LEAD), screen("/devices", staff="103", size="phone")
    lead.select_option("#point", "point-6")
    lead.get_by_role("button", name="Begin it now").click()
    bar = other.locator("#callbar")
    expect(bar).to_contain_text("Waiting area")
    expect(bar.get_by_text("Drill")).to_be_visible()
    expect(other.locator("#announce")).to_contain_text("Drill")
    demo.press("point-1")
    expect(bar).to_contain_text("Counter 1 and 1 more")
    expect(bar.get_by_text("Drill")).to_be_hidden()


def test_one_touch_of_this_is_real_makes_a_call_of_a_drill(demo, screen):
    lead = screen("/drills", staff=LEAD)
    wall = screen(staff="103")
    begin_from_the_calendar(lead, demo.url, "Yearly first-aid drill", "point-4")
    card = wall.locator(".card.is-drill")
    expect(card).to_be_visible()
    lamp = screen("/demo").locator('[data-point="point-4"] .lamp')
    expect(lamp).to_have_class("lamp is-drill")
    card.get_by_role("button", name="This is real").click()
    expect(lamp).to_have_class("lamp")
    expect(lamp).to_have_attribute("data-lamp", "recorded")
    expect(wall.locator(".card.is-drill")).to_have_count(0)
    expect(wall.locator(".card.kind-urgent")).to_be_visible()
    assert demo.open_incident("point-4")["drill"] is False
    lead.reload()
    row = lead.locator("li.person", has_text="Yearly first-aid drill")
    expect(row).to_contain_text("Due by")
    expect(lead.locator(".outcomes-table")).to_contain_text("Became real")


def test_a_walk_test_ticks_itself_off_and_its_certificate_names_what_is_left(demo, screen):
    phone = screen("/walk-test", staff=MAINTENANCE, size="phone")
    phone.get_by_role("button", name="Start a round").tap()
    row = phone.locator("li#point-1")
    row.get_by_role("button", name="Test this button").tap()
    expect(row).to_contain_text("Press it now")
    demo.press("point-1")
    expect(row).to_contain_text("Tested")  # by itself, without a touch
    assert demo.incidents("open") == []

    # A customer's press in the round is a call like any other.
    demo.press("point-3")
    assert demo.open_incident("point-3")["stage"] == "raised"
    phone.reload()
    expect(phone.locator("li#point-3")).to_contain_text("by a call")
    expect(phone.locator("li#point-2")).not_to_contain_text("Tested")

    phone.fill("#note", "the rest tomorrow")
    phone.get_by_role("button", name="End the round").tap()
    expect(phone.get_by_role("heading", name="Certificate of a walk test")).to_be_visible()
    expect(phone.get_by_text("2 of 6")).to_be_visible()
    expect(phone.get_by_role("status")).to_contain_text("Counter 2")
    expect(phone.get_by_text("the rest tomorrow")).to_be_visible()


def test_what_a_call_leaves_is_followed_up_noted_and_kept_private(demo, screen):
    demo.press("point-5")
    incident = demo.open_incident("point-5")
    demo.act(incident, "arrive", "101")
    demo.act(incident, "close", "101", outcome="ambulance")
    id = incident["incident_id"]
    page = screen(f"/incidents/{id}", staff="101")

    # Nobody has said what it was: it is asked for, said once, and asked for no more.
    expect(page.locator("#say")).to_contain_text("Nobody said so at the close.")
    page.locator("#say").get_by_role("button", name="Fainted").click()
    expect(page.locator("#say")).to_have_count(0)

    after = page.locator("#after")
    told = after.locator("li", has_text="Tell the family")
    told.get_by_role("button", name="Done").click()
    expect(page.locator("#after li", has_text="Tell the family")).to_contain_text("Done")

    after.get_by_role("link", name="Ring the customer the next day").click()
    page.get_by_label("Until").fill("2020-01-01T10:00")
    page.get_by_label("Why").fill("abroad")
    page.get_by_role("button", name="Move it").click()
    wrong = page.locator(".form-field.wrong")
    expect(wrong).to_contain_text("This day is over already.")
    page.get_by_label("Until").fill("2030-01-01T10:00")
    page.get_by_role("button", name="Move it").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")

    page.goto(demo.url + f"/incidents/{id}/review")
    page.fill("#change", "The chair was locked away")
    page.get_by_role("button", name="Add an action").click()
    expect(page.locator("#action_2_what")).to_be_focused()
    page.keyboard.type("Hang the key at the desk")
    page.keyboard.press("Enter")  # saves, and does not press the first button of a row
    expect(page.locator(".form-field.wrong")).to_contain_text("There is no such time.")
    expect(page.locator("#change")).to_have_value("The chair was locked away")
    page.fill("#action_2_due", "2030-01-01")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".cards-list")).to_contain_text("Hang the key at the desk")

    page.goto(demo.url + f"/incidents/{id}/private")
    page.fill("#text", "Mr Zhao, daughter 138 0013 8000")
    page.get_by_role("button", name="Seal it").click()
    expect(page.locator("body")).not_to_contain_text("Zhao")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator(".private-text")).to_contain_text("Mr Zhao")

    # A lead has notes kept for less; the next is held to it, those that are there are not.
    lead = screen("/branch", staff=LEAD, size="phone")
    lead.get_by_role("link", name="Private notes").click()
    lead.get_by_label("so many days").fill("366")
    lead.get_by_label("so many days").evaluate("box => box.removeAttribute('max')")
    lead.get_by_role("button", name="Save").click()
    expect(lead.locator("#max_days-error")).to_be_visible()
    lead.get_by_label("so many days").fill("14")
    lead.get_by_label("so many days").press("Enter")
    expect(lead.get_by_role("status")).to_contain_text("notes written from now on")
    page.fill("#text", "A second one")
    page.fill("#delete_on", "2099-01-01")
    page.get_by_role("button", name="Seal it").click()
    expect(page.locator(".form-field.wrong")).to_contain_text("This is too far ahead.")
    expect(page.get_by_text("Empty: in 14 days.")).to_be_visible()
    second = screen("/private-notes", staff="104", lang="zh")
    second.fill("#max_days", "30")
    lead.get_by_label("so many days").fill("90")
    lead.get_by_role("button", name="Save").click()
    expect(lead.get_by_role("status")).to_be_visible()
    second.get_by_role("button", name="保存").click()
    expect(second.get_by_role("alert").first).to_contain_text("没有覆盖任何内容")

    stranger = screen(f"/incidents/{id}/private", staff="103")
    expect(stranger.locator("body")).to_contain_text("Who was on the call and leads may read it.")
    expect(stranger.get_by_role("button", name="Read it")).to_have_count(0)
    expect(stranger.locator("body")).not_to_contain_text("Zhao")
