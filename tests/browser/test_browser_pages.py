"""Every page, both languages, wall and phone; sound."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

PAGES = (
    "/",
    "/incidents",
    "/devices",
    "/reports/response-times",
    "/branch",
    "/team",
    "/team/104",
    "/shifts",
    "/shifts/shift/new",
    "/shifts/exception/new",
    "/shifts/post/new",
    "/channels",
    "/channels/new",
    "/demo",
    "/nothing-here",
)
LATIN_SENTENCE = re.compile(r"\b[a-z]{3,}( [a-z]{2,}){2,}")


def test_every_page_speaks_chinese_and_english(demo, screen):
    page = screen(lang="zh")
    for path in PAGES:
        page.goto(f"{demo.url}{path}?lang=zh", wait_until="domcontentloaded")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        assert not LATIN_SENTENCE.findall(page.locator("body").inner_text()), path
        page.goto(f"{demo.url}{path}?lang=en", wait_until="domcontentloaded")
        assert not re.search(r"呼叫|设备|事件|报表", page.locator("main").inner_text()), path


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_phone_never_scrolls_sideways_and_has_large_touches(demo, screen, lang):
    for point in ("point-1", "point-2"):
        demo.press(point)
    phone = screen(size="phone", lang=lang)
    incident = "/incidents/" + demo.open_incident("point-1")["incident_id"]
    for path in (*PAGES, incident):
        phone.goto(demo.url + path, wait_until="domcontentloaded")
        width = phone.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path
        assert phone.evaluate(SMALL_TOUCHES) == [], path


# Everything that can be touched and is seen, under 48 pixels high; words within a sentence or a
# table may be smaller (WCAG 2.5.8). A box to tick is touched by its whole label.
SMALL_TOUCHES = """[...document.querySelectorAll('button, summary, nav a, .btn, input, select')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().width > 1)
  .filter(one => (one.closest('label') ?? one).getBoundingClientRect().height < 48)
  .map(one => one.outerHTML.slice(0, 80))"""


def test_a_wall_shows_six_calls_without_scrolling(demo, screen):
    wall = screen()
    for number in range(1, 7):
        demo.press(f"point-{number}")
        expect(wall.locator(".card")).to_have_count(number)
        assert wall.evaluate(SPILLED_LABELS) == 0, number
    assert wall.evaluate("document.documentElement.scrollHeight") <= 1080
    overfull = """[...document.querySelectorAll('.card')]
      .filter(card => card.firstElementChild.scrollHeight > card.clientHeight + 1).length"""
    assert wall.evaluate(overfull) == 0


# Where a call is stays within its own room, also when the card says that it is overdue.
SPILLED_LABELS = """(() => {
  for (const facts of document.querySelectorAll('.facts')) {
    const overdue = '<li class="fact loud">Accepted, but nobody has arrived</li>';
    facts.insertAdjacentHTML('beforeend', overdue);
  }
  const spills = [...document.querySelectorAll('.label')].filter(label => {
    const room = label.getBoundingClientRect();
    return [...label.querySelectorAll('span')].map(one => one.getBoundingClientRect()).some(
      text => text.top < room.top - 1 || text.bottom > room.bottom + 1
        || text.right > room.right + 1);
  });
  for (const one of document.querySelectorAll('.fact.loud')) one.remove();
  return spills.length;
})()"""


def test_the_first_touch_reaches_its_button_before_the_page_moves(demo, screen):
    """The sound's bar goes with the first touch and all below moves up, but after the click."""
    wall = screen("/")
    asked = wall.evaluate(
        """() => {
          let asked = 0;
          AudioContext.prototype.resume = () => Promise.resolve(asked += 1);
          const after = ["pointerdown", "pointerup", "click"].map((name) => {
            document.body.dispatchEvent(new PointerEvent(name, { bubbles: true }));
            return asked;
          });
          return after;
        }"""
    )
    assert asked == [0, 0, 1]


def test_sound_waits_for_one_touch_then_rings_until_accepted(demo, screen):
    screen()  # another screen changes nothing
    wall = screen("/")
    wall.reload()
    page = wall.locator("html")
    expect(wall.locator("#soundbar")).to_be_visible()
    wall.get_by_role("button", name="Turn sound on").click()
    expect(wall.locator("#soundbar")).to_be_hidden()
    expect(page).to_have_attribute("data-sound", "on")
    demo.press("point-1")
    expect(page).to_have_attribute("data-rings", "1")
    expect(page).to_have_attribute("data-rings", "2")
    wall.get_by_role("button", name="Mute this screen").click()
    expect(wall.locator("#mute-left")).to_have_text(re.compile(r"1:5\d|2:00"))
    expect(wall.locator(".card")).to_be_visible()  # muted, not hidden
    expect(page).to_have_attribute("data-sound", "muted")
    wall.get_by_role("button", name="Sound again").click()
    expect(page).to_have_attribute("data-rings", "3")
    demo.close_all_calls()
    expect(wall.locator("#mute")).to_be_hidden()


def test_what_rings_can_be_muted_on_every_page(demo, screen):
    phone = screen("/incidents", size="phone")
    demo.press("point-2")
    phone.get_by_role("button", name="Mute this screen").tap()
    expect(phone.locator("#mute-left")).to_be_visible()
    expect(phone.locator("#callbar")).to_be_visible()  # muted, not hidden


def test_other_pages_lead_to_a_new_call(demo, screen):
    page = screen("/devices")
    demo.press("point-2")
    bar = page.get_by_role("link", name="Call 2号柜台 Counter 2")
    expect(bar).to_be_visible()
    bar.click()
    expect(page.locator(".card")).to_be_visible()


def test_plots_keep_their_words_as_text(demo, screen):
    page = screen()
    for lang, word in (("zh", "真实呼叫"), ("en", "Real calls")):
        for name in ("time-to-accept", "by-day"):
            reply = page.request.get(f"{demo.url}/reports/response-times/{name}.svg?lang={lang}")
            assert reply.headers["content-type"].startswith("image/svg+xml")
            if name == "time-to-accept" and "<text" in reply.text():
                assert word in reply.text() or "No calls" in reply.text() or "没有" in reply.text()


def test_nothing_inline_runs_on_any_page(demo, screen):
    page = screen()
    for path in PAGES:
        page.goto(demo.url + path, wait_until="domcontentloaded")
        inline = "[...document.querySelectorAll('script:not([src]), style, [style], [onclick]')]"
        assert page.evaluate(f"{inline}.length") == 0, path


def test_bad_dates_and_filters_are_answered_in_words(demo, screen):
    page = screen()
    for path in ("/reports/response-times?from=soon", "/incidents?stage=lost"):
        reply = page.goto(demo.url + path)
        assert reply.status == 422
        expect(page.locator("h1")).to_be_visible()
    reply = page.goto(demo.url + "/incidents/no-such-incident")
    assert reply.status == 404
    expect(page.locator("h1")).to_have_text("There is no such incident.")


def test_how_it_ended_can_be_chosen_below_the_edge_of_a_phone(demo, screen):
    for number in range(1, 4):
        demo.press(f"point-{number}")
        demo.act(demo.open_incident(f"point-{number}"), "arrive", "102")
    phone = screen(size="phone")
    expect(phone.locator(".card")).to_have_count(3)
    phone.locator("details.closer summary").last.tap()
    expect(phone.get_by_role("button", name="Not yet").last).to_be_in_viewport()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("height", [640, 800])
def test_how_it_ended_is_chosen_within_the_edges_of_its_card(demo, screen, lang, height):
    demo.press("point-1")
    demo.act(demo.open_incident("point-1"), "arrive", "102")
    page = screen(size="desk", lang=lang)
    page.set_viewport_size({"width": 1280 if height == 800 else 1024, "height": height})
    page.locator("details.closer summary").click()
    for first in ("fainted", "helped"):  # what it was, then how it ended
        expect(page.locator(f".outcome[value={first}]")).to_be_in_viewport()
        expect(page.locator(".outcome-back")).to_be_in_viewport()
        assert page.evaluate(OVER_THE_EDGE) == []
        if first == "fainted":
            page.locator(".outcome[value=fainted]").click()


# Touches of the card that hang over its frame.
OVER_THE_EDGE = """(() => {
  const card = document.querySelector('.card')
  const frame = parseFloat(getComputedStyle(card).borderWidth)
  const end = card.getBoundingClientRect().bottom - frame
  return [...card.querySelectorAll('.outcomes button')]
    .filter(one => one.getBoundingClientRect().bottom > end).map(one => one.innerText)
})()"""


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("size", "count"), [("wall", 6), ("wall", 4), ("desk", 3), ("desk", 1)])
def test_what_a_card_offers_stays_within_its_frame(demo, screen, lang, size, count):
    for number in range(1, count + 1):
        demo.press(f"point-{number}")
    page = screen(size=size, lang=lang)
    expect(page.locator(".answers")).to_have_count(count)
    assert page.evaluate(OUT_OF_FRAME) == []
    page.locator(".answers summary").last.click()
    assert page.evaluate(OUT_OF_FRAME) == []
    page.locator(".answers[open] [data-do=busy]").click()
    expect(page.locator(".gone")).to_contain_text("正忙" if lang == "zh" else "is busy")


# Touches that hang over the frame of their card.
OUT_OF_FRAME = """[...document.querySelectorAll('.card .actions :is(.btn, summary)')]
  .filter(one => one.checkVisibility()).filter(one => {
    const card = one.closest('.card'), frame = parseFloat(getComputedStyle(card).borderWidth);
    const [its, all] = [one.getBoundingClientRect(), card.getBoundingClientRect()];
    return its.left < all.left + frame || its.right > all.right - frame
      || its.bottom > all.bottom - frame;
  }).map(one => one.innerText)"""


def test_a_whole_line_of_the_list_leads_to_its_incident(demo, screen):
    page = screen("/incidents")
    demo.press("point-1")
    expect(page.locator("tr.open")).to_have_count(1)
    page.locator("tr.open td").last.click(force=True)  # what is touched is the link above it
    expect(page.locator(".timeline")).to_be_visible()
