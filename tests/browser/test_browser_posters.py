"""The sheet beside a button: what customers read, and the code that leads staff to the call."""

from __future__ import annotations

import re
from collections.abc import Callable

from browser_branch import LEAD
from playwright.sync_api import Page, expect


def test_a_lead_prints_one_sheet_a_point(demo, screen: Callable[..., Page]) -> None:
    lead = screen("/points", staff=LEAD, size="desk", lang="zh")
    lead.get_by_role("link", name="张贴海报").click()
    sheets = lead.locator(".poster")
    expect(sheets).to_have_count(len(demo.ready["points"]))
    for words in ("需要帮助？请按按钮", "Need help? Press the button", "hold-up alarm"):
        expect(sheets.first).to_contain_text(words)
    paper = lead.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == len(demo.ready["points"])


def test_the_code_leads_whoever_stands_there_to_the_call(demo, screen: Callable[..., Page]) -> None:
    guard = screen("/at/point-2", staff="103", size="phone")
    expect(guard.get_by_text("No call is open there")).to_be_visible()
    expect(guard.locator("#point")).to_have_value("point-2")
    demo.press("point-2")
    guard.goto(demo.url + "/at/point-2")
    guard.get_by_role("button", name="I have arrived").click()
    expect(guard.locator(".incident-head")).to_have_class(re.compile("stage-arrived"))


def test_the_code_of_no_point_says_so(demo, screen: Callable[..., Page]) -> None:
    guard = screen("/", staff="103", size="phone")
    answer = guard.goto(demo.url + "/at/point-99")
    assert answer.status == 404
