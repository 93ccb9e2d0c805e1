"""The whole life of a call, as people live it: at a button, on a wall, on a phone."""

from __future__ import annotations

from playwright.sync_api import expect


def hold(page, selector: str, ms: int) -> None:
    """Where the button is once the page stands still: a bar of open calls may push it down."""
    page.locator(selector).click(delay=ms)


def test_a_call_is_answered_by_touch_from_the_button_to_the_close(demo, screen):
    point = screen("/demo")
    phone = screen(size="phone", staff="101")
    wall = screen(lang="zh", staff="103")
    expect(wall.locator(".calm-word")).to_have_text("一切正常")

    hold(point, '[data-point="point-1"] .push', 150)

    card = wall.locator(".card")
    expect(card.locator(".label")).to_contain_text("Counter 1")
    expect(card.locator(".kind")).to_have_text("呼叫")
    expect(card).to_contain_text("还没有人前往")
    expect(point.locator('[data-point="point-1"] .lamp')).to_have_attribute("data-lamp", "recorded")
    phone.get_by_role("button", name="I am coming").tap()
    expect(card.locator(".people")).to_contain_text("王芳 Wang Fang 正在前往")
    expect(point.locator('[data-point="point-1"] .lamp')).to_have_attribute("data-lamp", "coming")
    phone.get_by_role("button", name="I have arrived").tap()
    expect(card.locator(".people")).to_contain_text("已到现场")
    phone.get_by_text("Close…").tap()
    phone.get_by_role("button", name="Fall", exact=True).tap()
    expect(phone.get_by_role("button", name="Helped")).to_be_visible()
    phone.wait_for_timeout(800)  # a finger that trembles chooses once
    phone.get_by_role("button", name="Helped").tap()
    expect(wall.locator(".calm-word")).to_have_text("一切正常")
    expect(phone.locator(".calm-word")).to_have_text("All is well")
    expect(point.locator('[data-point="point-1"] .lamp')).to_have_attribute("data-lamp", "off")


def test_a_call_is_answered_by_keyboard_alone(demo, screen):
    board = screen()
    demo.press("point-2")
    expect(board.locator(".card.stage-raised")).to_be_visible()
    board.keyboard.press("a")
    expect(board.locator(".card.stage-accepted")).to_be_visible()
    # The focus follows to the next touch, so that Enter goes on.
    expect(board.get_by_role("button", name="I have arrived")).to_be_focused()
    board.keyboard.press("Enter")
    expect(board.locator(".card.stage-arrived")).to_be_visible()
    board.keyboard.press("c")
    expect(board.get_by_role("button", name="Fainted")).to_be_focused()
    board.keyboard.press("3")
    expect(board.get_by_role("button", name="Helped")).to_be_focused()
    board.wait_for_timeout(800)  # a finger that trembles chooses once
    board.keyboard.press("4")
    expect(board.locator(".calm")).to_be_visible()
    newest = demo.incidents()[0]
    assert (newest["situation"], newest["outcome"], newest["owner"]) == ("fall", "family", "102")


def test_a_false_call_is_closed_with_one_choice(demo, screen):
    board = screen()
    demo.press("point-2")
    expect(board.locator(".card.stage-raised")).to_be_visible()
    board.keyboard.press("r")
    expect(board.locator(".card.stage-arrived")).to_be_visible()
    board.keyboard.press("c")
    board.keyboard.press("0")
    expect(board.locator(".calm")).to_be_visible()
    newest = demo.incidents()[0]
    assert (newest["situation"], newest["outcome"]) == (None, "false_call")


def test_two_quick_touches_at_the_same_place_choose_once(demo, screen):
    board = screen()
    demo.press("point-2")
    expect(board.locator(".card.stage-raised")).to_be_visible()
    board.keyboard.press("r")
    expect(board.locator(".card.stage-arrived")).to_be_visible()
    board.keyboard.press("c")
    board.keyboard.press("1")
    expect(board.get_by_role("button", name="Helped")).to_be_visible()
    board.keyboard.press("1")
    expect(board.get_by_role("button", name="Helped")).to_be_visible()
    assert demo.open_incident("point-2")["situation"] == "fainted"


def test_the_arrival_key_means_the_call_one_has_accepted(demo, screen):
    """Not the graver one that has come meanwhile, to which nobody goes."""
    board = screen()
    demo.press("point-2")
    expect(board.locator(".card")).to_have_count(1)
    board.keyboard.press("a")
    expect(board.locator(".card.stage-accepted")).to_be_visible()
    demo.press("point-1")
    expect(board.locator(".card")).to_have_count(2)
    board.keyboard.press("r")
    expect(board.locator(".card.stage-arrived .label")).to_contain_text("Counter 2")
    expect(board.locator(".card.stage-raised .label")).to_contain_text("Counter 1")


def test_a_held_button_is_an_urgent_call_above_the_others(demo, screen):
    board = screen()
    demo.press("point-3")
    expect(board.locator(".card")).to_have_count(1)
    point = screen("/demo")
    hold(point, '[data-point="point-4"] .push', 3300)
    expect(board.locator(".card.kind-urgent")).to_be_visible()
    expect(board.locator(".card .kind").first).to_have_text("Urgent call")
    expect(board.locator(".card")).to_have_count(2)
    assert "2 calls" in board.title()


def test_the_keyboard_presses_the_demos_buttons(demo, screen):
    point = screen("/demo")
    plate = point.locator('[data-point="point-5"]')
    plate.locator(".push").focus()
    point.keyboard.press("Space", delay=150)  # a finger stays longer than the debounce
    expect(plate.locator(".lamp")).to_have_attribute("data-lamp", "recorded")
    plate.get_by_role("button", name="Staff: I am here").click(delay=150)
    expect(plate.locator(".plate-stage")).to_have_attribute("data-stage", "arrived")


def test_a_new_call_is_said_to_screen_readers(demo, screen):
    board = screen()
    demo.press("point-1")
    said = board.locator("#announce")
    expect(said).to_have_text("Call: 1号柜台 Counter 1. Nobody is coming yet.")
    demo.act(demo.open_incident("point-1"), "accept", "101")
    expect(said).to_have_text("Call: 1号柜台 Counter 1. On the way.")


def test_a_new_call_is_said_on_every_other_page_too(demo, screen):
    page = screen("/devices")
    demo.press("point-1")
    expect(page.locator("#announce")).to_have_text("Call 1号柜台 Counter 1")


def test_a_refused_action_says_why_on_its_card(demo, screen):
    board = screen()
    demo.press("point-1")
    expect(board.locator(".card")).to_be_visible()
    # The screen hears nothing more, as over a bad radio link.
    board.route(demo.url + "/", lambda route: route.abort())
    demo.close_all_calls()
    board.get_by_role("button", name="I am coming").click()
    expect(board.locator(".card .card-error")).to_have_text("This incident is closed already.")


def test_an_incidents_page_keeps_who_did_what(demo, screen):
    page = screen("/incidents?stage=open", staff="101")
    demo.press("point-6")
    page.locator("#list").get_by_role("link", name="等候区 Waiting area").click()
    page.get_by_role("button", name="I am coming").click()
    page.fill("#note", "glasses <b>lost</b>")
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator(".timeline")).to_contain_text("Note: glasses <b>lost</b>")
    page.get_by_role("button", name="Property loss").click()
    expect(page.locator(".timeline")).to_contain_text("Situation: Property loss")
    page.select_option("#to", "103")
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator(".timeline")).to_contain_text("Handed over to 张强 Zhang Qiang")
    expect(page.locator(".responders .owner")).to_have_count(1)
    page.get_by_role("button", name="More help").click()
    expect(page.locator(".timeline")).to_contain_text("Asked for more help: More people told")
    demo.close_all_calls()
    expect(page.locator('[data-shape="closed"]')).to_be_visible()
    expect(page.locator("#do")).to_have_count(0)


def test_what_is_half_typed_survives_a_renewal(demo, screen):
    page = screen("/incidents?stage=open")
    demo.press("point-1")
    page.locator("#list").get_by_role("link", name="1号柜台 Counter 1").click()
    page.fill("#note", "half a sen")
    demo.act(demo.open_incident("point-1"), "accept", "104")
    expect(page.locator(".timeline")).to_contain_text("Accepted")
    expect(page.locator("#note")).to_have_value("half a sen")


def test_without_scripts_forms_do_the_same(demo, screen):
    demo.press("point-1")
    page = screen(java_script_enabled=False)
    page.get_by_role("button", name="I am coming").click()
    expect(page.locator(".people")).to_contain_text("李娜 Li Na is coming")
    page.get_by_role("button", name="I have arrived").click()
    page.get_by_text("Close…").click()
    page.get_by_role("button", name="Lost person").click()
    page.get_by_role("button", name="Family came").click()
    expect(page.locator(".calm-word")).to_have_text("All is well")


# What stands at a place as soon as its button has become another one.
NEXT_UNDER_THE_FINGER = """
([x, y]) => new Promise((done) => {
  const under = () => document.elementFromPoint(x, y).closest("button")?.dataset.do ?? "nothing";
  new MutationObserver(() => {
    if (document.querySelector(".card .primary[data-do=arrive]")) done(under());
  }).observe(document.body, { childList: true, subtree: true });
  document.elementFromPoint(x, y).closest("button").click();
})
"""


def test_a_second_quick_touch_of_coming_is_no_arrival(demo, screen):
    board = screen()
    demo.press("point-2")
    button = board.locator(".card .primary")
    expect(button).to_have_attribute("data-do", "accept")
    box = button.bounding_box()
    assert board.evaluate(NEXT_UNDER_THE_FINGER, [box["x"] + 20, box["y"] + 20]) == "nothing"
    assert demo.incidents()[0]["stage"] == "accepted"
    board.get_by_role("button", name="I have arrived").click()
    expect(board.locator(".card.stage-arrived")).to_be_visible()
