"""The plan of the branch, drawn on a page, and what a call shows of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from browser_branch import LEAD
from playwright.sync_api import Page, expect


def fill_area(page: Page, row: int, name: str, **metres: str) -> None:
    page.fill(f"#area_{row}_name", name)
    for field, value in metres.items():
        page.fill(f"#area_{row}_{field}", value)


def test_a_lead_draws_a_floor_and_a_call_shows_the_way(demo, screen: Callable[..., Page]) -> None:
    lead = screen("/plan", staff=LEAD, size="desk")
    lead.get_by_role("link", name="Draw a floor").click()
    lead.fill("#name", "Upper floor")
    lead.fill("#width_m", "20")
    lead.fill("#depth_m", "10")
    fill_area(lead, 1, "Lounge", left_m="0", top_m="0", width_m="12", depth_m="10")
    fill_area(lead, 2, "Office", left_m="12", top_m="0", width_m="9", depth_m="10")
    lead.get_by_role("button", name="Save").last.click()
    # Nothing half saved: the area that sticks out is named at its own field.
    expect(lead.locator("#area_2_width_m-error")).to_contain_text("The floor ends before that")
    lead.fill("#area_2_width_m", "8")
    lead.get_by_role("button", name="Save").last.click()
    floor = lead.get_by_role("region", name="Upper floor")
    expect(floor.locator(".floor-name")).to_have_text(["Lounge", "Office"])

    # A touch on the plan is a place in metres; fields alone do the same.
    lead.goto(demo.url + "/points/point-6")
    lead.select_option("#floor", label="Upper floor")
    shown = lead.locator("figure:not([hidden]) .floor-map")
    box = shown.bounding_box()
    shown.click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.5})
    expect(lead.locator("#x_m")).to_have_value("5.0")
    expect(lead.locator("#y_m")).to_have_value("5.0")
    lead.get_by_role("button", name="Save").click()
    lead.goto(demo.url + "/resources/new")
    lead.select_option("#what", "aed")
    lead.fill("#name", "AED upstairs")
    lead.select_option("#floor", label="Upper floor")
    lead.fill("#x_m", "5")
    lead.get_by_role("button", name="Save").click()
    expect(lead.locator("#y_m-error")).to_be_visible()
    lead.fill("#y_m", "9")
    lead.get_by_role("button", name="Save").click()

    lead.goto(demo.url + "/plan")
    seat = floor.locator(".mark-point")
    expect(seat).to_have_class(re.compile("is-calm"))
    wall = screen("/plan", staff="102", lang="zh")
    demo.press("point-6", hold_s=3.5)
    # The picture says it by shape, by size and in words, without being asked again.
    expect(seat).to_have_class(re.compile("is-urgent"))
    expect(seat.locator(".mark-ring")).to_have_count(1)
    expect(wall.get_by_role("region", name="Upper floor")).to_contain_text("紧急呼叫")

    # From the mark, by keyboard, to the call; there the way to what helps.
    seat.locator("a").focus()
    lead.keyboard.press("Enter")
    expect(lead.locator("#where")).to_contain_text("Upper floor")
    help_line = lead.locator("#near li", has_text="AED upstairs")
    expect(help_line).to_contain_text("4 m away")
    sign = help_line.locator(".sign").inner_text()
    expect(lead.locator("#where .mark-resource .mark-sign")).to_have_text([sign])


def test_who_writes_no_plans_may_look(demo, screen: Callable[..., Page]) -> None:
    guide = screen("/plan", staff="101", size="phone", lang="zh")
    expect(guide.get_by_role("link", name="绘制楼层")).to_have_count(0)
    expect(guide.locator(".floor-legend").first).to_contain_text("AED")
    guide.goto(demo.url + "/points/point-1")
    guide.locator("figure:not([hidden]) .floor-map").click()
    expect(guide.locator("#x_m")).to_have_value("3.0")
    assert guide.evaluate("document.documentElement.scrollWidth") <= 390
