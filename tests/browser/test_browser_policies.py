"""A lead writes a policy and who stands in; staff say no, and hand over with consent."""

from __future__ import annotations

import os
from pathlib import Path

from browser_branch import LEAD
from playwright.sync_api import Page, expect

SHOTS = os.environ.get("ANLING_SHOTS", "")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_a_policy_of_a_place_decides_who_is_called_and_how_they_answer(demo, screen) -> None:
    lead = screen("/branch", staff=LEAD, size="desk")
    lead.get_by_role("link", name="Policies").click()
    lead.get_by_role("link", name="Add a policy").click()
    lead.fill("#name", "Second counter")
    lead.check("input[name=points][value=point-2]")
    lead.fill("#step_1_after_s", "0")
    lead.select_option("#step_1_tell", "roles")
    lead.fill("#step_2_after_s", "0")
    lead.select_option("#step_2_tell", "on_duty")
    save(lead)
    expect(lead.locator("#step_1_roles-error")).to_contain_text("Choose at least one")
    expect(lead.locator("#step_2_after_s-error")).to_contain_text("later than the one before")
    shot(lead, "policy-faults")
    lead.check("input[name=step_1_roles][value=security]")
    lead.fill("#step_2_after_s", "40")
    lead.locator("summary", has_text="Roles, waiting times").click()
    expect(lead.get_by_label("must agree first")).to_be_checked()
    save(lead)
    expect(lead.locator("li.policy", has_text="Second counter")).to_contain_text("Security")

    # By keyboard alone: a step between the two, then the last one taken out again.
    lead.get_by_role("link", name="Second counter").click()
    lead.locator("#name").fill("Second counter, half typed")
    lead.get_by_role("button", name="Add a step after step 1").focus()
    lead.keyboard.press("Enter")
    expect(lead.locator("#step_2_after_s")).to_be_focused()
    expect(lead.locator("#step_3_after_s")).to_have_value("40")
    expect(lead.locator("#name")).to_have_value("Second counter, half typed")
    lead.keyboard.type("90")
    lead.select_option("#step_2_tell", "lead")
    lead.locator("#step_2_after_s").press("Enter")  # saves: it comes after the next one
    expect(lead.locator("#step_3_after_s-error")).to_contain_text("later than the one before")
    expect(lead.locator("#step_2_after_s-error")).to_have_count(0)
    shot(lead, "policy-rows-en")
    lead.fill("#step_2_after_s", "")
    save(lead)
    expect(lead.locator("#step_2_after_s-error")).to_contain_text("This is needed too.")
    lead.get_by_role("button", name="Remove step 2").focus()
    lead.keyboard.press("Enter")
    expect(lead.locator("#step_2_after_s")).to_have_value("40")
    expect(lead.locator("#step_2_after_s")).to_be_focused()
    expect(lead.locator("fieldset.policy-row")).to_have_count(2)
    lead.fill("#name", "Second counter")
    lead.keyboard.press("Enter")
    expect(lead.locator("li.policy", has_text="Second counter")).to_contain_text("Security")

    # Without a script it is the same.
    plain = screen("/policies/new", staff=LEAD, lang="zh", size="phone", java_script_enabled=False)
    plain.fill("#step_2_after_s", "77")
    plain.get_by_role("button", name="添加一级", exact=True).tap()
    expect(plain.locator("#step_3_after_s")).to_be_visible()
    plain.get_by_role("button", name="删除第 1 级").tap()
    expect(plain.locator("#step_1_after_s")).to_have_value("77")
    shot(plain, "policy-rows-zh-phone")

    lead.get_by_role("link", name="Name who stands in").click()
    lead.select_option("#role", "security")
    lead.select_option("#instead_1_role", "lead")
    save(lead)
    expect(lead.get_by_role("link", name="Security: Duty lead")).to_be_visible()
    shot(lead, "policies-en")

    # Only security was told: all of them are busy, so everybody is called before the 40 s are over.
    demo.press("point-2")
    incident = demo.open_incident("point-2")
    address = f"/incidents/{incident['incident_id']}"
    told = incident["told"]
    assert told and set(told.values()) == {0}
    phones = {staff: screen(address, staff=staff, size="phone") for staff in told}
    for page in phones.values():
        page.get_by_role("button", name="I am busy").tap()
        expect(page.get_by_text("is busy").first).to_be_visible()
    wall = screen("/", staff=LEAD, lang="zh", size="wall")
    card = wall.locator(f'[data-incident="{incident["incident_id"]}"]')
    expect(card).to_contain_text("正忙")
    expect(card).to_contain_text("已第 1 次扩大通知")
    shot(wall, "wall-zh")

    # One accepts after all with one touch, and offers it to another, who takes it.
    owner_id = next(iter(told))
    owner = phones[owner_id]
    shot(owner, "phone-busy")
    owner.get_by_role("button", name="I am coming").tap()
    other_id = next(one for one in ("102", "103", "101") if one != owner_id)
    owner.select_option("#to", other_id)
    owner.get_by_role("button", name="Hand over").tap()
    other = screen(address, staff=other_id, lang="zh", size="phone")
    expect(other.locator(".offer")).to_be_visible()
    shot(other, "phone-offer-zh")
    other.get_by_role("button", name="由我接手").tap()
    expect(other.locator("#responders li", has_text="负责人")).to_be_visible()
    expect(owner.locator(".offer")).to_have_count(0)
    events = [one["event"] for one in demo.get(f"/api/v1{address}").body["log"]]
    assert [one for one in events if one in ("refused", "offered", "taken_over")][-2:] == [
        "offered",
        "taken_over",
    ]
    shot(other, "phone-taken-zh")

    policies = screen("/policies", staff=LEAD, lang="zh", size="phone")
    shot(policies, "policies-zh-phone")
    for name in ("policy/default", "substitute/security"):
        policies.goto(f"{demo.url}/policies/{name}")
        shot(policies, f"{name.replace('/', '-')}-zh-phone")

    lead.goto(demo.url + "/policies")
    for name in ("Second counter", "Security: Duty lead"):
        lead.get_by_role("link", name=name).click()
        lead.locator("summary", has_text="Take out of use").click()
        lead.get_by_role("button", name="Yes, take out of use").click()
        expect(lead.get_by_text("Taken out of use.")).to_be_visible()
        expect(lead.get_by_role("link", name=name)).to_have_count(0)
