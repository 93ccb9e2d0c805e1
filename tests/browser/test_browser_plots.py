"""Plots: words stay words, in both languages, and figures land in their bars."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from dashboard import language, plots
from gateway.store import ResponseTime

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = (date(2026, 11, 1), date(2026, 11, 30))
NOON_MS = 1_793_505_600_000  # 1 November 2026, 12:00 in Shanghai


@pytest.fixture
def app() -> Flask:
    app = Flask("dashboard")
    language.set_up(app, default="zh", timezone="Asia/Shanghai")
    return app


def answered(accept_ms: int | None, *, drill: bool = False) -> ResponseTime:
    return ResponseTime(
        incident_id="i1",
        raised_ms=NOON_MS,
        kind="call",
        point="point-1",
        drill=drill,
        to_accept_ms=accept_ms,
        to_arrive_ms=None,
        to_close_ms=None,
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(plots.PLOTS))
def test_words_of_a_plot_are_text(app: Flask, name: str, lang: str):
    words = {"zh": "呼叫次数", "en": "Calls"}
    with app.test_request_context(f"/?lang={lang}"):
        svg = plots.PLOTS[name](
            real=[answered(4_000)], drills=[answered(9_000, drill=True)], zone=ZONE, days=DAYS
        ).decode()
    assert f">{words[lang]}</text>" in svg


@pytest.mark.parametrize("name", sorted(plots.PLOTS))
def test_days_without_calls_say_so(app: Flask, name: str):
    with app.test_request_context("/?lang=en"):
        svg = plots.PLOTS[name](real=[], drills=[], zone=ZONE, days=DAYS).decode()
    assert ">No calls in these days</text>" in svg


@pytest.mark.parametrize(("lang", "day"), [("zh", "11/1"), ("en", "1 Nov")])
def test_days_are_named_as_their_readers_name_them(app: Flask, lang: str, day: str):
    with app.test_request_context(f"/?lang={lang}"):
        svg = plots.by_day(real=[answered(4_000)], drills=[], zone=ZONE, days=DAYS).decode()
    assert f">{day}</text>" in svg


@pytest.mark.parametrize(("first", "last"), [(DAYS[0], DAYS[0]), (date(2016, 1, 1), DAYS[1])])
def test_a_day_and_ten_years_can_be_drawn(app: Flask, first: date, last: date):
    with app.test_request_context("/?lang=zh"):
        svg = plots.by_day(real=[answered(4_000)], drills=[], zone=ZONE, days=(first, last))
    assert svg.startswith(b"<?xml")


@pytest.mark.parametrize(
    ("accept_ms", "bar"),
    [(0, 0), (5_000, 0), (5_001, 1), (120_000, 8), (120_001, 9), (None, 10)],
)
def test_a_call_counts_in_the_bar_of_its_time(accept_ms: int | None, bar: int):
    counts = plots.in_bins([answered(accept_ms)])
    assert counts.index(1) == bar and sum(counts) == 1
