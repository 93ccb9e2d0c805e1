"""A customer faints: pressed, answered, ticked, 120 rung, handed over; a lead's own playbook."""

from __future__ import annotations

from pathlib import Path

from browser_branch import LEAD
from playwright.sync_api import Page, expect


def tick(page: Page, step: str) -> None:
    page.locator(f'[data-key="step-{step}"] .tickbox').click()
    expect(page.locator(f'[data-key="step-{step}"].is-done')).to_be_visible()


def test_a_second_touch_made_before_the_first_is_answered_counts_too(demo, screen):
    demo.press("point-4")
    address = f"/incidents/{demo.open_incident('point-4')['incident_id']}"
    page = screen(address, staff="102", size="phone")
    page.get_by_role("button", name="I am coming").tap()
    expect(page.get_by_role("button", name="I have arrived")).to_be_visible()
    page.evaluate(
        """() => {
          document.querySelector('button[data-do="arrive"]').click();
          document.querySelector('button[name="situation"][value="fainted"]').click();
        }"""
    )
    expect(page.locator(".list-warning")).to_contain_text("Do not move them")
    expect(page.locator(".stage-arrived").first).to_be_visible()


def test_a_customer_faints_and_is_handed_over_to_the_ambulance(demo, screen, tmp_path: Path):
    lead = screen("/directory/place", staff=LEAD, size="desk")
    for name, zh, en in (
        ("name", "人民路支行", "Renmin Road branch"),
        ("address", "人民路1号", "1 Renmin Road"),
        ("entrance", "东门", "the east door"),
    ):
        lead.fill(f"#{name}_zh", zh)
        lead.fill(f"#{name}_en", en)
    lead.fill("#phone", "five five five")
    lead.get_by_role("button", name="Save").click()
    expect(lead.locator("#phone-error")).to_contain_text("A telephone number has 3 to 18 digits")
    lead.fill("#phone", "010-5555 6666")
    lead.get_by_role("button", name="Save").click()
    expect(lead.get_by_text("1 Renmin Road")).to_be_visible()

    demo.press("point-1")
    incident = demo.open_incident("point-1")
    address = f"/incidents/{incident['incident_id']}"
    first = screen(address, staff="102", size="phone")
    first.get_by_role("button", name="I am coming").tap()
    first.get_by_role("button", name="I have arrived").tap()
    first.get_by_role("button", name="Fainted").tap()
    expect(first.locator(".list-warning")).to_contain_text("Do not move them")
    expect(first.locator('[data-key="step-call_120"]')).to_contain_text("until")

    # A second pair of hands on another screen, in another language; each sees the other's ticks.
    guard = screen(address, staff="103", lang="zh", size="desk")
    expect(guard.locator(".list-warning")).to_contain_text("不要搬动")
    tick(first, "check_breathing")
    tick(guard, "fetch_aed")
    expect(guard.locator('[data-key="step-check_breathing"].is-done')).to_contain_text("李娜")
    expect(first.locator('[data-key="step-fetch_aed"].is-done')).to_contain_text("Zhang Qiang")
    expect(first.locator(".list-count")).to_have_text("2 / 12")
    tick_back = first.locator('[data-key="step-fetch_aed"] .tickbox')
    tick_back.click()
    expect(first.locator('[data-key="step-fetch_aed"].is-timed')).to_be_visible()

    first.get_by_role("button", name="Not needed: No normal breathing").tap()
    expect(first.locator('[data-key="step-compress"].is-not_needed')).to_be_visible()

    # What is seen goes into the script; the number is a link, and nothing dials by itself.
    first.get_by_role("button", name="Unclear").first.tap()
    first.fill("#age", "78")
    first.get_by_role("button", name="Add to the script").tap()
    expect(first.locator("#script")).to_contain_text("About 78 years old.")
    first.locator('[data-key="step-call_120"]').get_by_role("link", name="What to say").tap()
    expect(first.locator(".script-number")).to_have_attribute("href", "tel:120")
    expect(first.locator("#script-zh")).to_contain_text("地址：人民路1号，人民路支行。")
    expect(first.locator("#script-en")).to_contain_text("They are not fully awake.")
    first.fill("#said", "eight minutes")
    first.get_by_role("button", name="Write the call down").tap()

    # The call ticks its step, and sends the guard to the door.
    expect(guard.locator('[data-key="step-call_120"].is-done')).to_be_visible()
    door = guard.locator('[data-key="step-after_ambulance"]')
    expect(door).to_contain_text("派保安到大门口迎接救护车")
    tick(guard, "after_ambulance")
    expect(guard.locator(".call-made.on-their-way")).to_contain_text("eight minutes")
    guard.get_by_role("button", name="已到场", exact=True).click()
    expect(guard.locator(".call-made")).to_contain_text("到场")
    expect(guard.locator(".timeline")).to_contain_text("拨打了急救中心 120: eight minutes")

    card = screen(address + "/handover-card", staff="103", lang="zh", size="desk")
    expect(card.locator(".sheet")).to_contain_text("急救交接卡")
    expect(card.locator(".sheet")).to_contain_text("人民路1号")
    expect(card.locator(".sheet td", has_text="120")).to_be_visible()
    assert len(card.pdf(path=tmp_path / "card.pdf", prefer_css_page_size=True)) > 5_000

    demo.close_all_calls()
    expect(guard.locator('[data-shape="closed"]')).to_be_visible()
    tick(guard, "keep_video")


def test_the_second_to_tick_a_step_is_told(demo, screen):
    demo.press("point-2")
    incident = demo.open_incident("point-2")
    demo.act(incident, "situation", "102", situation="fall")
    page = screen(f"/incidents/{incident['incident_id']}", staff="102", size="desk")
    found = demo.get("/api/v1/records/checklist").body
    record = next(one for one in found if one["incident_id"] == incident["incident_id"])
    # This screen hears nothing more, as over a bad radio link.
    page.route(f"{demo.url}/incidents/{incident['incident_id']}", lambda route: route.abort())
    body = {"do": "checklist.tick", "by": "103", "id": record["id"], "body": {"step": "stay"}}
    assert demo.post("/api/v1/requests", body).status == 200
    page.locator('[data-key="step-stay"] .tickbox').click()
    expect(page.locator("#checklist .card-error")).to_have_text(
        "Somebody else has ticked this already."
    )


def test_a_lead_writes_a_playbook_and_it_is_offered(demo, screen):
    page = screen("/playbooks/new", staff=LEAD, size="desk")
    page.fill("#name_zh", "中暑")
    page.fill("#name_en", "Heat stroke")
    page.fill("#steps-0-text_zh", "移到阴凉处")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#steps-0-text_en-error")).to_contain_text("one language only")
    page.fill("#steps-0-text_en", "Into the shade")
    page.select_option("#steps-0-role", "first_aid")
    page.fill("#steps-0-within_s", "2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#steps-0-within_s-error")).to_contain_text("From 5 seconds")
    page.fill("#steps-0-within_s", "60")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    demo.press("point-3")
    incident = demo.open_incident("point-3")
    phone = screen(f"/incidents/{incident['incident_id']}", staff="102", size="phone")
    phone.get_by_role("button", name="Heat stroke").tap()
    expect(phone.locator(".step-text")).to_have_text("Into the shade")
    page.locator("summary", has_text="Take this situation out").click()
    page.get_by_role("button", name="Yes, take this situation out").click()
    expect(page.get_by_text("Taken out.")).to_be_visible()


def test_a_complaint_without_a_button_goes_its_way_without_scripts(screen):
    page = screen("/complaints/new", staff="102", size="phone", java_script_enabled=False)
    page.select_option("#category", "service")
    page.select_option("#channel", "telephone")
    page.fill("#what", "waited for an hour")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The first look is due within 24 hours.")).to_be_visible()
    page.fill("#text-look_into", "two counters were closed")
    page.get_by_role("button", name="Looked into").click()
    page.fill("#text-answer", "a third counter from Monday")
    page.get_by_role("button", name="Answered").click()
    page.get_by_label("4").check()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("4 of 5")).to_be_visible()


def test_a_form_of_a_call_that_is_sent_twice_is_done_once(demo, screen):
    """By an impatient finger, or again since its answer was lost; a further touch is another."""
    demo.press("point-2")
    address = f"/incidents/{demo.open_incident('point-2')['incident_id']}"
    page = screen(address, staff="102", size="phone")
    hidden = {
        name: page.locator(f'form[action$="/called"] [name={name}]').input_value()
        for name in ("csrf_token", "once")
    }
    form = hidden | {"contact": "police", "said": "on their way"}
    for _ in range(2):
        assert page.request.post(f"{demo.url}{address}/called", form=form).ok
    made = page.locator(".call-made")
    expect(made).to_have_count(1)
    # The very same words once more, by a touch of its own.
    for number in (2, 3):
        page.select_option("#contact", "police")
        page.fill("#said", "no answer")
        page.get_by_role("button", name="Write the call down").tap()
        expect(made).to_have_count(number)
    for call in demo.get("/api/v1/records/outside_call").body:
        over = {"do": "outside.over", "by": "102", "id": call["id"], "body": {"how": "cancelled"}}
        assert demo.post("/api/v1/requests", over).status == 200


def test_what_one_has_seen_takes_nothing_of_what_another_has_seen(demo, screen):
    demo.press("point-3")
    address = f"/incidents/{demo.open_incident('point-3')['incident_id']}"
    pages = [screen(address, staff=staff, size="phone") for staff in ("102", "103")]
    for page, seen in zip(pages, ("chest pain", "fell down"), strict=True):
        page.fill("#seen-what", seen)
        page.get_by_role("button", name="Add to the script").tap()
        expect(page.locator("#script")).to_contain_text(seen)
    expect(pages[0].locator("#script")).to_contain_text("chest pain; fell down")
    pages[0].fill("#seen-what", "sits and talks")
    pages[0].get_by_role("checkbox", name="Instead of what stands there").check()
    pages[0].get_by_role("button", name="Add to the script").tap()
    expect(pages[0].locator("#script")).to_contain_text("sits and talks")
    expect(pages[0].locator("#script")).not_to_contain_text("chest pain")
    pages[0].fill("#age", "\u516b\u5341")
    pages[0].get_by_role("button", name="Add to the script").tap()
    expect(pages[0].get_by_text("An age is a number from 0 to 130.")).to_be_visible()
