"""What must fit: cards around their content, the header in its line, the calm board on its wall."""

from __future__ import annotations

import pytest
from browser_branch import LEAD
from playwright.sync_api import expect

SCREENS = ((1024, 768), (1280, 720), (1280, 800), (1366, 768), (1440, 900), (1536, 864))
HEADERS = ((768, 1024), (1024, 768), (1280, 800), (1366, 768), (1440, 900))

# What of a card hangs over its frame, or is cut off within it.
OUT_OF_CARD = """[...document.querySelectorAll('.card .card-in > *, .card :is(.btn, summary)')]
  .filter(one => one.checkVisibility()).filter(one => {
    const card = one.closest('.card'), frame = parseFloat(getComputedStyle(card).borderBottomWidth);
    const [its, all] = [one.getBoundingClientRect(), card.getBoundingClientRect()];
    return its.bottom > all.bottom - frame + 1 || its.right > all.right - frame + 1;
  }).map(one => `${innerWidth}: ${one.className} ${one.innerText}`)"""
# What of the header hangs over the edge of the screen, or lies on its neighbour.
OUT_OF_HEADER = """[...document.querySelectorAll('.top .brand, .nav a, .tools > *, .who > *')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().width > 1)
  .filter((one, at, all) => {
    const [its, next] = [one, all[at + 1]].map(each => each?.getBoundingClientRect());
    const isBeside = next && !one.contains(all[at + 1]) && next.top < its.bottom;
    return its.right > innerWidth || (isBeside && next.left < its.right - 1);
  }).map(one => `${innerWidth}: ${one.className} ${one.innerText}`)"""


def test_every_card_is_as_high_as_its_content(demo, screen):
    """With all that a card may say: a drill, a refusal, care; and with sound bar and faults."""
    for does, body in (
        (
            "care.mark",
            {"reason": "头晕，等女儿来接 Dizzy, waits for her daughter"},
        ),
        ("drill.start", {"point": "point-4", "kind": "urgent"}),
    ):
        id = "point-3" if does == "care.mark" else ""
        demo.post("/api/v1/requests", {"do": does, "by": LEAD, "id": id, "body": body})
    demo.press("point-3", hold_s=3.4)
    demo.press("point-1")
    demo.press("point-2")
    calls = [demo.open_incident(f"point-{number}") for number in (3, 4, 1, 2)]
    demo.act(calls[0], "refuse", "103")
    demo.act(calls[2], "accept", "101")
    pages = [screen(staff="102", lang=lang, size="desk") for lang in ("en", "zh")]
    for count in (4, 3, 2, 1):
        for page in pages:
            expect(page.locator(".card")).to_have_count(count)
            for width, height in SCREENS:
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate(OUT_OF_CARD) == []
        last = calls.pop()
        demo.act(last, "arrive", LEAD)
        demo.act(last, "close", LEAD, outcome="other")
    demo.post("/api/v1/requests", {"do": "care.clear", "by": LEAD, "id": "point-3", "body": {}})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_header_fits_every_screen(demo, screen, lang):
    demo.press("point-1")
    demo.press("point-2")
    page = screen(staff=LEAD, lang=lang, size="desk")
    for path in ("/", "/incidents"):
        page.goto(demo.url + path)
        for width, height in HEADERS:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            assert page.evaluate(OUT_OF_HEADER) == [], path


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_calm_wall_shows_all_it_has_to_say(demo, screen, lang):
    for point in ("point-3", "point-4"):
        body = {"reason": "头晕，等女儿来接 Dizzy, waits for her daughter"}
        demo.post("/api/v1/requests", {"do": "care.mark", "by": LEAD, "id": point, "body": body})
    wall = screen(lang=lang)
    expect(wall.locator(".care-strip")).to_be_visible()
    # As many lines of faults as there may be.
    wall.evaluate(
        """() => {
          const line = '<li><b>Channel wecom-group</b><span class="fault-what">Messages are not'
            + ' delivered</span><span class="fault-do">Ring by telephone instead.</span></li>';
          document.getElementById('faults').innerHTML = '<section class="faults"><p'
            + ` class="faults-title">3 faults</p><ul>${line.repeat(3)}</ul></section>`;
        }"""
    )
    assert wall.evaluate("document.documentElement.scrollHeight") <= 1080
    spilled = """[...document.querySelectorAll('.calm > *')]
      .filter(one => one.getBoundingClientRect().bottom
        > document.getElementById('calls').getBoundingClientRect().bottom + 1).length"""
    assert wall.evaluate(spilled) == 0
    for point in ("point-3", "point-4"):
        demo.post("/api/v1/requests", {"do": "care.clear", "by": LEAD, "id": point, "body": {}})
