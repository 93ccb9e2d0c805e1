"""Opening and closing the branch, and what helps in between, as a person at a browser does it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser_branch import LEAD
from playwright.sync_api import Page, expect

COMPOSE = "(box, name) => box.dispatchEvent(new CompositionEvent(name, {bubbles: true}))"


@pytest.fixture
def lead(screen) -> Page:
    return screen("/resources", staff=LEAD)


def add_resource(page: Page, url: str, name: str, **fields: str) -> None:
    page.goto(url + "/resources/new")
    page.fill("#name", name)
    for field, value in fields.items():
        if field in ("what", "point"):
            page.select_option(f"#{field}", value)
        else:
            page.fill(f"#{field}", value)
    page.get_by_role("button", name="Save").click()


def row(page: Page, text: str):
    return page.locator(".day-row", has_text=text)


def test_a_lead_opens_in_spite_of_what_is_missing_and_nobody_closes_on_a_call(
    demo, lead: Page, screen: Callable[..., Page]
) -> None:
    add_resource(lead, demo.url, "Test kit", what="first_aid_kit", count="1", minimum="2")
    expect(lead.locator("li.resource", has_text="Test kit")).to_contain_text("1 of 1 there")

    # Amber within a second: on the list, on the devices page, and in the opening check.
    lead.goto(demo.url + "/devices")
    expect(lead.locator(".unit.amber")).to_contain_text("Test kit: Too few at their place")
    lead.goto(demo.url + "/opening")
    expect(row(lead, "Test kit")).to_contain_text("Too few at their place")

    # A colleague sees the same, without a way to accept it.
    guide = screen("/opening", staff="101", size="phone")
    expect(row(guide, "Test kit")).to_be_visible()
    expect(guide.locator(".day-row input")).to_have_count(0)
    expect(guide.get_by_role("button", name="Open the branch")).to_have_count(0)

    lead.get_by_role("button", name="Open the branch").click()
    expect(lead.get_by_role("alert").first).to_contain_text("Not opened")
    expect(row(lead, "Test kit")).to_contain_text("Say why it is all right")
    for box in lead.locator(".day-row input").all():
        box.fill("comes at ten")
    lead.get_by_role("button", name="Open the branch").click()
    expect(lead.get_by_text("The branch is open.")).to_be_visible()
    expect(lead.locator(".day-record")).to_contain_text("comes at ten")
    expect(lead.get_by_role("button", name="Open the branch")).to_have_count(0)

    # An open call blocks the closing by its name, for a lead too.
    demo.press("point-2")
    lead.goto(demo.url + "/closing")
    blocked = row(lead, "This call is still open")
    expect(blocked).to_be_visible()
    expect(blocked.locator("input")).to_have_count(0)
    lead.get_by_role("button", name="Close the branch").click()
    expect(lead.get_by_role("alert").first).to_contain_text("Not closed")
    lead.goto(demo.url + "/")
    expect(lead.get_by_text("The branch is closed for today")).to_have_count(0)

    demo.close_all_calls()
    lead.goto(demo.url + "/closing")
    expect(lead.locator("#ready")).to_contain_text("Nobody is left behind")
    lead.get_by_role("button", name="Close the branch").click()
    expect(lead.get_by_text("The branch is closed.")).to_be_visible()
    lead.goto(demo.url + "/")
    expect(lead.get_by_text("The branch is closed for today")).to_be_visible()


def test_what_is_taken_to_a_call_is_out_until_it_is_back(demo, lead: Page) -> None:
    add_resource(lead, demo.url, "Only AED", what="aed", point="point-3")
    demo.press("point-3", hold_s=3.5)
    lead.goto(demo.url + "/")
    card = lead.locator("article.card")
    expect(card).to_contain_text("Only AED")
    card.locator("h2 a").click()
    near = lead.locator("#near li", has_text="Only AED")
    expect(near).to_contain_text("right there")
    near.get_by_role("button", name="I take it").click()
    expect(lead.locator("#near li", has_text="Only AED")).to_contain_text("taken by")
    expect(lead.locator("#timeline")).to_contain_text("1 taken: Only AED")

    lead.goto(demo.url + "/resources")
    mine = lead.locator("li.resource", has_text="Only AED")
    expect(mine).to_contain_text("0 of 1 there")
    expect(mine).to_contain_text("1 out:")
    mine.locator("summary", has_text="Bring back").click()
    mine.get_by_role("button", name="It is at its place").click()
    expect(lead.locator("li.resource", has_text="Only AED")).to_contain_text("1 of 1 there")


def test_a_guide_marks_a_seat_and_the_board_is_calm_about_it(demo, screen) -> None:
    guide = screen("/care", staff="101", size="phone")
    guide.select_option("#point", "point-4")
    guide.fill("#reason", "Dizzy, waits for a relative")
    guide.get_by_role("button", name="Needs care").click()
    wall = screen("/", staff="102")
    strip = wall.get_by_label("Needs care")
    expect(strip).to_contain_text("Dizzy, waits for a relative")
    expect(wall.locator("article.card")).to_have_count(0)
    demo.press("point-4")
    expect(wall.locator("article.card")).to_contain_text("Dizzy, waits for a relative")
    guide.get_by_role("button", name="No longer needed").click()
    expect(guide.get_by_text("Nobody is marked.")).to_be_visible()


def test_a_mark_comes_to_every_screen_with_the_stream(demo, screen) -> None:
    wall, marks = screen("/", staff="102"), screen("/care", staff="103", lang="zh")
    points = screen("/points", staff="103", size="phone")
    for page in (wall, marks, points):
        page.wait_for_selector("#pulse.on")
        page.evaluate("window.isTheSame = true")
    marks.select_option("#point", "point-6")
    marks.fill("#reason", "half a sentence")
    guide = screen("/care", staff="101", size="phone")
    guide.select_option("#point", "point-5")
    guide.fill("#reason", "Pale, sits down")
    guide.get_by_role("button", name="Needs care").click()
    soon = {"timeout": 6000}  # far less than the 30 s after which a screen looks anyway
    for one in (wall.locator("#care"), marks.locator("#cares"), points.locator("#points")):
        expect(one).to_contain_text("Pale, sits down", **soon)
    expect(marks.locator("#reason")).to_have_value("half a sentence")
    expect(marks.locator("#point")).to_have_value("point-6")
    marks.get_by_role("button", name="不再需要").click()
    expect(wall.locator("#care .care-strip")).to_have_count(0, **soon)
    expect(guide.locator("#cares")).to_contain_text("Nobody is marked.", **soon)
    assert wall.evaluate("window.isTheSame") and points.evaluate("window.isTheSame")


def save_count(page: Page, name: str, count: int) -> None:
    page.goto(page.url.split("/resources")[0] + "/resources")
    page.get_by_role("link", name=name).click()
    page.fill("#count", str(count))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("li.resource", has_text=name)).to_contain_text(f"of {count} there")


def test_the_opening_check_renews_itself_around_what_is_being_typed(demo, screen) -> None:
    soon = {"timeout": 8000}
    lead, other = screen("/opening", staff=LEAD), screen("/resources", staff=LEAD)
    lead.wait_for_selector("#pulse.on")
    lead.evaluate("window.isTheSame = true")
    for name in ("Live kit A", "Live kit B"):
        add_resource(other, demo.url, name, what="first_aid_kit", count="1", minimum="2")
        expect(row(lead, name)).to_be_visible(**soon)
    box = row(lead, "Live kit B").locator("input")
    box.click()
    lead.keyboard.type("comes at ten")
    for _ in range(3):
        lead.keyboard.press("ArrowLeft")

    # What is put right goes, also from above the row in which somebody types.
    save_count(other, "Live kit A", 2)
    expect(row(lead, "Live kit A")).to_have_count(0, **soon)
    expect(box).to_be_focused()
    lead.keyboard.type("half past ")
    expect(box).to_have_value("comes at half past ten")

    # Its own row says something new; what was typed, and where, stays.
    save_count(other, "Live kit B", 0)
    expect(row(lead, "Live kit B")).to_contain_text("0", **soon)
    expect(box).to_be_focused()
    lead.keyboard.type("or ")
    expect(box).to_have_value("comes at half past or ten")

    # A word that is being put together, as Chinese is typed, is not broken off.
    box.evaluate(COMPOSE, "compositionstart")
    box.evaluate("box => { box.isTheSame = true; }")
    save_count(other, "Live kit B", 1)
    add_resource(other, demo.url, "Live kit C", what="first_aid_kit", count="1", minimum="2")
    expect(row(lead, "Live kit C")).to_be_visible(**soon)
    assert box.evaluate("box => box.isTheSame")
    box.evaluate(COMPOSE, "compositionend")
    assert lead.evaluate("window.isTheSame")

    # What was answered stays beside what it is about, and so does what was typed.
    box.press("Enter")
    expect(lead.get_by_role("alert").first).to_contain_text("Not opened")
    expect(row(lead, "Live kit C")).to_contain_text("Say why it is all right")
    add_resource(other, demo.url, "Live kit D", what="first_aid_kit", count="1", minimum="2")
    expect(row(lead, "Live kit D")).to_be_visible(**soon)
    expect(row(lead, "Live kit C")).to_contain_text("Say why it is all right")
    expect(box).to_have_value("comes at half past or ten")
    for name in ("B", "C", "D"):
        save_count(other, f"Live kit {name}", 2)
    expect(row(lead, "Live kit")).to_have_count(0, **soon)


def test_the_closing_sweep_renews_itself(demo, screen) -> None:
    soon = {"timeout": 8000}
    guide = screen("/closing", staff="101", size="phone", lang="zh")
    guide.wait_for_selector("#pulse.on")
    guide.evaluate("window.isTheSame = true")
    demo.press("point-6")
    expect(guide.locator("#day-rows li", has_text="呼叫")).to_be_visible(**soon)
    expect(guide.locator("#ready")).to_have_count(0)
    demo.close_all_calls()
    expect(guide.locator("#day-rows li", has_text="呼叫")).to_have_count(0, **soon)
    # A taken seat is no call, of which screens hear, and yet somebody who must not be left behind.
    seat = guide.locator('#day-rows [data-key="seat/point-6:occupied_seat"]')
    demo.contact("point-6", "1", part="seat")
    expect(seat).to_be_visible(timeout=12_000)
    demo.contact("point-6", "0", part="seat")
    expect(seat).to_have_count(0, timeout=12_000)
    assert guide.evaluate("window.isTheSame")


def test_without_a_script_nothing_typed_is_thrown_away(screen) -> None:
    for path, staff in (("/opening", LEAD), ("/care", "101")):
        page = screen(path, staff=staff, java_script_enabled=False)
        has_boxes = page.locator("main input:not([type=hidden])").count() > 0
        reloads = "http-equiv" in page.content()
        assert reloads is not has_boxes, path


def test_a_point_that_a_lead_names_has_that_name_at_once(demo, lead: Page) -> None:
    lead.goto(demo.url + "/points/point-5")
    before = lead.input_value("#label")
    lead.fill("#label", "Renamed corner")
    lead.fill("#seat_minutes", "20")
    lead.get_by_role("button", name="Save").click()
    point = lead.locator("li.person", has_text="Renamed corner")
    expect(point).to_contain_text("sits for 20 min")
    demo.press("point-5")
    lead.goto(demo.url + "/")
    expect(lead.locator("article.card")).to_contain_text("Renamed corner")
    demo.close_all_calls()
    lead.goto(demo.url + "/points/point-5")
    lead.fill("#label", before)
    lead.fill("#seat_minutes", "")
    lead.get_by_role("button", name="Save").click()


def test_hours_that_cannot_be_are_named_at_their_day(demo, lead: Page) -> None:
    lead.goto(demo.url + "/hours")
    lead.fill("#mon_opens", "09:00")
    lead.get_by_role("button", name="Save").click()
    expect(lead.locator("#mon_closes-error")).to_be_visible()
    lead.fill("#mon_closes", "09:00")
    lead.get_by_role("button", name="Save").click()
    expect(lead.locator("#mon_closes-error")).to_contain_text("another time")


def test_what_is_sent_again_after_a_lost_answer_is_written_once(demo, screen):
    lead = screen("/follow-ups/new", staff=LEAD)
    lead.fill("#what", "Ring the insurer")
    lead.fill("#due", "2030-01-01T10:00")
    with demo.frozen("gateway"):
        lead.locator("form.plan button.primary").click()
        expect(lead.locator(".form-error")).to_contain_text("Nobody knows")
    lead.locator("form.plan button.primary").click()
    expect(lead.get_by_text("Written down.")).to_be_visible()
    lead.goto(demo.url + "/follow-ups?show=mine")
    expect(lead.get_by_text("Ring the insurer")).to_have_count(1)
