"""The pages of the team and of its shifts: what they say of what the desk has written."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from board_branch import signed_in
from seeded import a_call, put

from dashboard.desk import Answer
from gateway.course import Course
from gateway.desk.addresses import Address
from gateway.desk.day import Missing
from gateway.desk.drills import DEFAULTS as DRILLS
from gateway.desk.record import Due, Record
from gateway.desk.team import SignedDuty, Staff
from gateway.duty import Exception_, Shift
from gateway.store import Work
from protocol.clock import now
from protocol.messages import FieldFault


@pytest.fixture
def write(store: Path):
    """Writes records as the gateway would."""

    def write(*records: Record) -> None:
        put(store, Work(records={(one.kind, one.id): one for one in records}))

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


def test_an_open_call_names_who_speaks_what_not_everybody_speaks(client, write, store) -> None:
    body = {"roles": ["security"], "duty": "always"}
    write(
        record("staff", "g01", Staff(name="Li Na", languages=["zh", "yue"], phone="139 1", **body)),
        record("staff", "s01", Staff(name="Wang", languages=["zh"], **body)),
        record("staff", "a01", Staff(name="Zhou", languages=["sgn"], **body)),
    )
    put(store, Work(facts={"on_duty": '["g01", "s01"]'}, courses={"it": open_call("it")}))
    page = signed_in(client).get("/incidents/it").text
    panel = re.search(r'id="speakers".*?</section>', page, re.S)[0]
    assert "Cantonese" in panel and "Li Na" in panel and 'href="tel:1391"' in panel
    assert "Mandarin" not in panel, "everybody speaks it"
    assert "Sign language" not in panel, "nobody who is here does"


def open_call(id: str) -> Course:
    return Course(incident=a_call(incident_id=id), boot="b", raised_ms=0, due_ms=0)


# --- the week ---


@pytest.fixture
def planned(write) -> None:
    """Li Na works on Mondays of every other week from 2030-01-07 on, and is away once."""
    body = Shift(
        staff="g01", days=["mon"], starts="08:30", ends="17:30", every_weeks=2, first="2030-01-07"
    )
    away = Exception_(staff="g01", what="away", first="2030-01-21", last="2030-01-21")
    write(
        record("staff", "g01", Staff(name="Li Na", roles=["security"])),
        record("shift", "s-1", body),
        record("exception", "e-1", away),
    )


def row_of(page: str) -> str:
    table = re.search(r"<tbody>(.*?)</tbody>", page, re.S)[1]
    row = next(one for one in table.split("<tr>") if "Li Na" in one)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row))


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        ("2030-01-07", "08:30–17:30"),
        ("2030-01-13", "08:30–17:30"),
        ("2030-01-14", None),
        ("2030-01-21", "does not count: away"),
        ("2030-02-04", "08:30–17:30"),
    ],
)
def test_a_week_shows_its_own_days_and_what_counts_on_them(client, planned, week, expected) -> None:
    row = row_of(signed_in(client).get(f"/shifts?week={week}").text)
    assert expected in row if expected else "08:30" not in row


def test_weeks_have_dates_and_lead_to_the_next_and_the_one_before(client, planned) -> None:
    page = signed_in(client).get("/shifts?week=2030-01-09").text
    assert "Mon 7 Jan" in page and "Sun 13 Jan" in page
    assert 'href="/shifts?week=2029-12-31"' in page and 'href="/shifts?week=2030-01-14"' in page
    now = client.get("/shifts").text
    assert 'aria-current="date"' in now and "This week" not in now


@pytest.mark.parametrize("week", ["", "monday", "1999-12-31", "9999-12-31", "2026-02-30"])
def test_a_week_that_does_not_exist_is_refused(client, week) -> None:
    assert signed_in(client).get(f"/shifts?week={week}").status_code == 422


def test_a_week_says_whose_shifts_change_nothing(client, planned, write) -> None:
    write(record("staff", "g01", Staff(name="Li Na", roles=["security"], duty="always")))
    client = signed_in(client)
    assert "shifts change nothing" in row_of(client.get("/shifts?week=2030-01-07").text)
    assert "shifts change nothing" not in row_of(client.get("/shifts?week=2030-01-14").text)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "works at that time already. (Monday 08:00-17:00, Guide&#39;s desk)"),
        ("zh", "(星期一 08:00-17:00, Guide&#39;s desk)"),
    ],
)
def test_a_shift_in_the_way_is_named_as_people_know_it(client, monkeypatch, lang, expected) -> None:
    detail = "mon 08:00-17:00, Guide's desk"
    fault = FieldFault(field="starts", name="overlaps", detail=detail)
    answer = Answer(ok=False, reason="wrong_fields", faults=(fault,))
    monkeypatch.setattr("dashboard.pages.forms.ask_desk", lambda *asked, **more: answer)
    client = signed_in(client)
    page = client.get(f"/shifts/shift/new?lang={lang}", follow_redirects=True).text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
    form = {"csrf_token": token, "staff": "g01", "days": "mon", "every_weeks": "1"}
    form |= {"starts": "09:00", "ends": "10:00"}
    assert expected in client.post("/shifts/shift/new", data=form).text


# --- what only leads may know ---


@pytest.fixture
def surprise(write) -> None:
    body = replace(DRILLS["half-year"], en="Surprise", unannounced=True)
    write(record("drill_plan", "surprise", body), record("drill_plan", "told", DRILLS["half-year"]))


PLACES = ("/drills", "/drills/start", "/api/v1/records/drill_plan")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("staff", "sees"), [("l01", True), ("g01", False)])
def test_only_leads_see_that_a_surprise_is_planned(client, surprise, place, staff, sees) -> None:
    text = signed_in(client, staff).get(place).text
    assert ("Surprise" in text) is sees
    assert "Half-yearly" in text, "what is announced is for everybody"


@pytest.mark.parametrize("place", ["/drills/plans/surprise", "/api/v1/records/drill_plan/surprise"])
def test_the_plan_of_a_surprise_is_not_there_for_others(client, surprise, bearer, place) -> None:
    if place.startswith("/api"):
        assert client.get(place, headers=bearer).status_code == 200, "a program may"
    assert signed_in(client, "g01").get(place).status_code == 404
    assert signed_in(client, "l01").get(place).status_code == 200


# --- plain sentences ---

PLANS = (
    "/team/new",
    "/team/l01",
    "/shifts/shift/new",
    "/policies/new",
    "/policies/substitute/new",
    "/hours",
    "/drills/plans/new",
    "/resources/new",
)
LOOK_ONLY = "You may look at this, but not change it. Ask a duty lead."


@pytest.mark.parametrize("place", PLANS)
@pytest.mark.parametrize("staff", ["l01", "g01"])
def test_whoever_may_only_look_is_told_why_there_is_no_button(client, place, staff) -> None:
    page = signed_in(client, staff).get(place).text
    assert (LOOK_ONLY in page) is (staff == "g01")


def test_nobody_is_told_that_of_their_own_pin(client) -> None:
    page = signed_in(client, "g01").get("/team/g01").text
    assert page.count(LOOK_ONLY) == 1 and "Set the PIN" in page


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("en", "Nobody covers this role later today · from 12:00"), ("zh", "担任此角色 · 12:00 起")],
)
def test_a_role_that_nobody_covers_later_is_a_whole_sentence(
    client, monkeypatch, lang, expected
) -> None:
    gap = Missing(subject="role/first_aid", name="uncovered_later", detail="12:00")
    monkeypatch.setattr("dashboard.pages.day.not_ready", lambda world: [gap])
    reply = signed_in(client).get(f"/opening?lang={lang}", follow_redirects=True)
    assert expected in reply.text


# --- channels of their own ---


def test_a_persons_channels_are_listed_without_their_addresses(client, write) -> None:
    body = Address(staff="g01", kind="dingtalk", url="https://robot.example/s3cret", secret="hush")
    write(record("address", "g01-1", body))
    lead = signed_in(client).get("/team/g01").text
    assert "g01-1" in lead and "DingTalk robot" in lead and "Take it away" in lead
    assert "s3cret" not in lead and "hush" not in lead
    theirs = signed_in(client, "g01").get("/team/g01").text
    assert "g01-1" in theirs and "Add this channel" not in theirs and "Take it away" not in theirs


def test_addresses_are_nobodys_to_read_over_the_interface(client, write, bearer) -> None:
    write(record("address", "g01-1", Address(staff="g01", url="mailto://me:s3cret@example.com")))
    assert client.get("/api/v1/records/address", headers=bearer).status_code == 404
    for kind in ("csv", "json"):
        text = client.get(f"/api/v1/export/records.{kind}", headers=bearer).text
        assert "Li Na" in text and "s3cret" not in text


def test_a_lead_adds_a_channel_named_after_the_person(client, write, monkeypatch) -> None:
    write(record("address", "g01-1", Address(staff="g01", url="mailto://example.com")))
    asked: list[Any] = []

    def ask(do: str, **more: Any) -> Answer:
        asked.append((do, more["id"], more["body"]))
        fault = FieldFault(field="url", name="bad_address")
        return Answer(ok=False, reason="wrong_fields", faults=(fault,))

    monkeypatch.setattr("dashboard.pages.forms.ask_desk", ask)
    client = signed_in(client)
    page = client.get("/team/g01").text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
    form = {"csrf_token": token, "kind": "wecom", "url": " example ", "secret": ""}
    page = client.post("/team/g01/address", data=form).text
    body = {"staff": "g01", "kind": "wecom", "url": "example", "secret": ""}
    assert asked == [("address.save", "g01-2", body)]
    assert "This is no address of such a channel." in page


# --- PINs ---


@pytest.mark.parametrize(
    ("pin", "is_taken"),
    [
        ("111111", False),
        ("123456", False),
        ("987654", False),
        ("abcdef", False),
        ("112233", True),
        ("135790", True),
        ("240613", True),
    ],
)
def test_a_pin_that_is_guessed_at_once_is_refused(client, monkeypatch, pin, is_taken) -> None:
    asked: list[str] = []

    def ask(do: str, **more: Any) -> Answer:
        asked.append(do)
        return Answer(ok=True)

    monkeypatch.setattr("dashboard.pages.team.ask_desk", ask)
    client = signed_in(client)
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/team/g01").text)[1]
    page = client.post("/team/g01/pin", data={"csrf_token": token, "pin": pin})
    assert (asked == ["pin.save"]) == is_taken
    assert ("guessed at once" in page.text) != is_taken
