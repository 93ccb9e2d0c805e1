"""What the wall says beside calls, and when nobody calls."""

from __future__ import annotations

import re

import pytest
from seeded import put
from test_board_reports import END_MS, incident, write

from gateway.store import Work
from protocol.messages import Fault


def wall(client, bearer, lang: str = "en") -> str:
    return client.get(f"/?lang={lang}", headers=bearer).get_data(as_text=True)


@pytest.mark.parametrize(("is_drill", "tags"), [(True, 1), (False, 0)])
def test_the_last_call_says_that_it_was_a_drill(client, bearer, store, is_drill, tags):
    write(store, incident("last", END_MS, drill=is_drill))
    last = re.search(r"<li>(?:(?!</li>).)*Last call.*?</li>", wall(client, bearer), re.S)[0]
    assert last.count("Drill") == tags


def test_faults_that_find_no_room_beside_calls_are_counted(client, bearer, store):
    found = [
        Fault(
            subject=f"unit/unit-{number}", name="silent", since=f"2026-11-24T08:00:0{number}.000Z"
        )
        for number in range(3)
    ]
    put(store, Work(faults_raised={(one.subject, one.name): one for one in found}))
    assert "fault-more" not in wall(client, bearer)
    write(store, incident("open", END_MS, stage="raised", outcome=None, responders=()))
    page = wall(client, bearer)
    assert page.count('class="fault-what"') == 1 and "3 faults" in page
    assert re.search(r'class="fault-more"[^>]*>and 2 more<', page)
