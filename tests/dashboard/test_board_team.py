"""The pages of the team and of its shifts: what they say of what the desk has written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from board_branch import PINS

from gateway.desk.record import Due, Record
from gateway.desk.team import SignedDuty
from gateway.store import Work, Writer
from protocol.clock import now


def signed_in(client, staff="l01"):
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
    form = {"staff": staff, "pin": PINS[staff], "csrf_token": token}
    assert client.post("/sign-in", data=form).status_code == 302
    return client


@pytest.fixture
def write(store: Path):
    """Writes records as the gateway would."""

    def write(*records: Record) -> None:
        work, writer = Work(), Writer(str(store))
        work.records = {(one.kind, one.id): one for one in records}
        writer.open()
        writer.commit(work)
        writer.close()

    return write


def record(kind: str, id: str, body: Any, **more: Any) -> Record:
    return Record(kind=kind, id=id, body=body, **more)


def test_the_team_shows_until_when_somebody_is_signed_out(client, write) -> None:
    due = Due(now().utc_ms + 3600_000)
    write(record("duty", "g01", SignedDuty(state="off"), due=due))
    page = signed_in(client).get("/team").text
    assert re.search(r"signed out until \d+ \w+ \d{4} \d\d:\d\d:\d\d", page)


def test_the_page_of_somebody_whom_no_shift_moves_says_so(client) -> None:
    page = signed_in(client).get("/team/g01").text
    assert "Shifts change nothing for this person" in page
