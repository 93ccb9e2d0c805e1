"""The reports in a real Chromium: on the wall, on a phone, on A4, and the files taken away."""

from __future__ import annotations

import csv
import io
import json
import re
import time

import pytest
import report_past
from browser_branch import LEAD
from playwright.sync_api import expect
from running_branch import anling

PAGES = ("/reports/response-times", "/reports/month?month={}", "/reports/export")


@pytest.fixture(scope="module")
def month(demo) -> str:
    """The last month of three that the branch has behind it."""
    now_ms = time.time_ns() // 1_000_000
    report_past.write(demo.folder / "anling.db", end_ms=now_ms)
    now = time.gmtime(now_ms / 1000 - 8 * 3600 - 31 * 24 * 3600)
    return f"{now.tm_year}-{now.tm_mon:02d}"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", ["wall", "phone"])
def test_reports_fit_their_screen_and_every_picture_is_drawn(demo, screen, month, lang, size):
    page = screen(staff=LEAD, size=size, lang=lang)
    for path in PAGES:
        page.goto(demo.url + path.format(month), wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert page.evaluate("[...document.images].every(one => one.naturalWidth > 300)"), path
        assert page.evaluate(WORDLESS) == [], path
        words = page.locator("main").inner_text()
        if lang == "en":
            assert not re.search("呼叫|本月|导出|角色", words), path
        else:
            assert not re.search(r"\b[a-z]{3,}( [a-z]{2,}){2,}", words), path


# Tables, pictures and scrolling boxes that do not say what they are.
WORDLESS = """[
  ...[...document.querySelectorAll('main table')].filter(one => !one.caption?.innerText.trim()),
  ...[...document.querySelectorAll('main table')].filter(one => !one.querySelector('[scope=col]')),
  ...[...document.querySelectorAll('main img')].filter(one => one.alt.length < 9),
  ...[...document.querySelectorAll('.table-scroll')].filter(one => !one.ariaLabel),
].map(one => one.outerHTML.slice(0, 80))"""


def test_a_month_leads_to_its_slowest_calls_and_to_other_months(demo, screen, month):
    page = screen(f"/reports/month?month={month}", staff=LEAD)
    expect(page.locator(".findings li")).not_to_have_count(0)
    page.get_by_role("region", name="The calls that waited longest").get_by_role(
        "link"
    ).first.click()
    expect(page).to_have_url(re.compile("/incidents/past-"))
    page.go_back()
    page.get_by_role("navigation", name="Months").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/reports/month"))
    expect(page.locator("h1")).not_to_contain_text(month)
    page.evaluate("window.print = () => document.body.dataset.printed = 'yes'")
    page.get_by_role("button", name="Print").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_review_prints_on_a4_without_navigation_and_with_room_to_sign(
    demo, screen, month, lang, tmp_path
):
    page = screen(f"/reports/month?month={month}&lang={lang}", staff=LEAD, lang=lang)
    page.wait_for_load_state("load")
    page.emulate_media(media="print")
    for hidden in (".top", ".report-nav", ".days", ".months", ".soundbar", "#stale"):
        expect(page.locator(hidden)).to_be_hidden()
    for shown in (".signatures", ".printed", "h1", ".findings", ".tiles"):
        expect(page.locator(shown)).to_be_visible()
    white = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(white) == "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 688, "height": 1000})  # what A4 leaves between its margins
    assert page.evaluate(CUT) == []
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = {tuple(map(float, one.split())) for one in re.findall(rb"/MediaBox ?\[([^\]]+)\]", pdf)}
    assert {(round(right), round(top)) for _left, _low, right, top in boxes} == {(595, 842)}
    pages = len(re.findall(rb"/Type ?/Page\b", pdf))
    assert 3 <= pages <= 9


# Tables and pictures that are wider than the paper.
CUT = """[...document.querySelectorAll('table, img, .tiles, .findings')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.outerHTML.slice(0, 100))"""


def test_who_is_no_lead_is_not_offered_the_export(demo, screen, month):
    page = screen("/reports/month", staff="101")
    expect(page.get_by_role("link", name="Export")).to_have_count(0)
    assert page.goto(demo.url + "/reports/export").status == 403
    expect(page.locator("main")).to_contain_text("Only a duty lead")


def test_what_a_lead_takes_away_is_what_is_kept_and_the_log_can_be_checked(
    demo, screen, month, tmp_path
):
    page = screen("/reports/export", staff=LEAD)
    files = {}
    for name in ("Incidents: CSV", "Incidents: JSON", "Log: CSV", "Log: JSON"):
        with page.expect_download() as started:
            page.get_by_role("link", name=name).click()
        files[name] = tmp_path / started.value.suggested_filename
        started.value.save_as(files[name])
    objects = json.loads(files["Incidents: JSON"].read_bytes())
    text = files["Incidents: CSV"].read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [row["incident_id"] for row in rows] == [one["incident_id"] for one in objects]
    assert len(rows) > 300 and any("柜台" in row["label"] for row in rows)
    for kind in ("CSV", "JSON"):
        done = anling("check", "--log", files[f"Log: {kind}"])
        assert "the log is whole" in done.stdout, done.stderr
