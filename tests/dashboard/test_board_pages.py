"""What every page has around it, and what a deletion and a calm unit look like."""

from __future__ import annotations

import re

import pytest
from board_branch import signed_in
from seeded import put

from dashboard.pages.times import number_to_say, until
from gateway.desk.record import Record
from gateway.desk.team import Post
from gateway.store import Work
from protocol.messages import Fault

FORMS = (
    "/team/new",
    "/shifts/shift/new",
    "/policies/new",
    "/playbooks/new",
    "/directory/new",
    "/drills/start",
    "/hours",
    "/posters",
    "/private-notes",
    "/complaints/new",
)


@pytest.mark.parametrize("path", FORMS)
def test_who_types_hears_of_a_call_and_loses_nothing(client, path):
    page = signed_in(client).get(path).text
    assert 'id="callbar"' in page and 'id="mute"' in page and 'id="stale"' in page
    assert "data-still" in page and 'http-equiv="refresh"' not in page


@pytest.mark.parametrize(
    ("path", "marked"), [("/team", "/branch"), ("/hours", "/branch"), ("/devices", "/devices")]
)
def test_the_header_marks_where_one_is(client, path, marked):
    page = signed_in(client).get(path).text
    assert re.findall(r'href="([^"]*)" aria-current="page"', page.split("</nav>")[0]) == [marked]


def test_what_cannot_be_undone_takes_a_second_touch(client, store):
    put(
        store, Work(records={("post", "desk"): Record(kind="post", id="desk", body=Post(name="D"))})
    )
    page = signed_in(client).get("/shifts/post/desk?lang=en").text
    asked = re.search(r'<details class="ask sure">(.*?)</details>', page, re.S)[1]
    assert "This cannot be undone." in asked
    assert re.search(r"<button[^>]*danger.*?Yes, take out of the plan", asked, re.S)


def test_a_unit_whose_button_was_not_tested_is_well(client, bearer, store):
    since = "2026-11-24T08:00:00.000Z"
    fault = Fault(subject="point/point-1", name="untested", since=since)
    put(store, Work(faults_raised={(fault.subject, fault.name): fault}))
    page = client.get("/devices?lang=en", headers=bearer).text
    assert "No faults" in page and "1 thing to see to" in page


def test_deadlines_are_said_to_the_minute_or_the_end_of_a_day(client):
    with client.application.test_request_context("/?lang=en"):
        assert until("2026-12-05T15:59:59.000Z") == "the end of 5 Dec 2026"
        assert until("2026-12-05T03:05:49.000Z") == "5 Dec 2026 11:05"
        assert number_to_say("2026-11-27T18:58:07.000Z") == "1128-0258"
