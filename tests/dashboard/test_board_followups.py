"""The pages of what comes after a call, of drills and of walk tests."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from board_branch import TOKEN, eventually, signed_in, token_of
from seeded import a_call, put
from test_board_day import write

from dashboard.pages import words
from dashboard.pages.private_rule import kept_days
from gateway.course import Course
from gateway.desk import walks
from gateway.desk.drills import DEFAULTS as DRILLS
from gateway.desk.drills import Drill, DrillHeld
from gateway.desk.endings import DEFAULTS as RULES
from gateway.desk.endings import OUTCOMES
from gateway.desk.private import PrivateNote, PrivateRule
from gateway.desk.record import Record
from gateway.desk.reviews import Review
from gateway.desk.scores import Score
from gateway.desk.todo import Followup, Words
from gateway.store import Vault, Work, key_path
from protocol.messages import Fault, Responder
from protocol.moment import rfc3339

ID = "20261124-081530-abcdef123456"
NOW = datetime.now(UTC)
TODO = Followup(
    what=Words(zh="通知家属", en="Tell the family"),
    owner="g01",
    due_at=rfc3339(round((NOW - timedelta(hours=3)).timestamp() * 1000)),
)
LATER = Followup(
    what=Words(zh="<b>送花</b>", en="<b>Flowers</b>"),
    owner="l01",
    due_at="2099-01-01T00:00:00.000Z",
)
SECRET = "Mr Zhao, 138 0013 8000"
PAGES = (
    "/follow-ups",
    "/follow-ups?show=all",
    "/follow-ups?show=overdue",
    "/follow-ups?show=done",
    "/follow-ups/new",
    f"/follow-ups/new?incident={ID}",
    "/follow-ups/f-1",
    "/follow-ups/rules",
    "/follow-ups/rules/new",
    "/follow-ups/rules/family-told",
    f"/incidents/{ID}",
    f"/incidents/{ID}/review",
    f"/incidents/{ID}/private",
    "/private-notes",
    "/drills",
    "/drills/start",
    "/drills/start?plan=half-year",
    "/drills/plans/new",
    "/drills/plans/half-year",
    "/walk-test",
    "/walk-test/walk-1",
)


def a_record(kind: str, id: str, body: object, **changes) -> Record:
    return Record(kind=kind, id=id, body=body, at="2026-11-24T08:00:00.000Z", **changes)


@pytest.fixture
def filled(store):
    """The store with one of everything."""
    vault = Vault(key_path(store))
    vault.make_key()
    incident = a_call(
        incident_id=ID,
        stage="closed",
        raised_at="2026-11-24T08:15:30.000Z",
        closed_at="2026-11-24T08:20:00.000Z",
        owner="g01",
        outcome="helped",
        responders=(Responder(staff="g01"),),
    )
    score = Score(passed=["accept", "roles"], failed=["arrive"], to_accept_ms=9000, roles_asked=2)
    drill = Drill(point="point-1", kind="urgent", plan="half-year", state="scored", score=score)
    tested = walks.Tested(at="2026-11-24T08:00:00.000Z", by="l01", how="armed")
    walk = walks.Walk(
        points=["point-1", "point-2"],
        started_by="l01",
        started_at="2026-11-24T07:59:00.000Z",
        done={"point-1": tested},
        ended_at="2026-11-24T08:30:00.000Z",
    )
    records = (
        *(a_record("followup_rule", id, body) for id, body in RULES.items()),
        *(a_record("drill_plan", id, body) for id, body in DRILLS.items()),
        a_record("followup", "f-1", TODO, incident_id=ID),
        a_record("followup", "f-2", LATER),
        a_record("followup", "f-3", TODO, is_open=False, by="l01"),
        a_record("review", ID, Review(well="Two came", change="<i>chair</i>"), incident_id=ID),
        a_record(
            "private",
            "private-1",
            PrivateNote(sealed=vault.seal(SECRET), delete_on="2027-01-01", writer="g01"),
            incident_id=ID,
        ),
        a_record("drill", "drill-1", drill, is_open=False, incident_id=ID),
        a_record("drill_held", "half-year", DrillHeld(on="2026-11-24", drill="drill-1")),
        a_record("walk", "walk-1", walk, is_open=False),
        a_record("walk_test", "point-1", walks.WalkTest(round="walk-1")),
        a_record("walk_rule", "branch", walks.WalkRule()),
    )
    write(store, *records)
    course = Course(incident=incident, boot="", raised_ms=None, due_ms=0)
    put(store, Work(courses={ID: course}))
    return store


@pytest.mark.parametrize("path", ["/follow-ups?show=all", "/follow-ups/f-4"])
def test_a_time_that_no_page_can_show_stands_as_it_was_written(filled, client, path):
    far = "9999-12-31T23:59:59.000Z"
    write(filled, a_record("followup", "f-4", replace(LATER, due_at=far)))
    reply = signed_in(client).get(path)
    assert reply.status_code == 200 and far in reply.text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_there_in_both_languages_and_names_nobody_private(filled, client, path, lang):
    signed_in(client).get(f"/?lang={lang}")
    reply = client.get(path)
    assert reply.status_code == 200
    assert "Zhao" not in reply.text
    assert "<b>Flowers" not in reply.text and "<b>送花" not in reply.text
    assert "<i>chair" not in reply.text


@pytest.mark.parametrize("path", PAGES)
def test_a_machine_may_look_at_every_page(filled, client, bearer, path):
    reply = client.get(path, headers=bearer)
    assert reply.status_code == 200
    assert "Zhao" not in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/follow-ups/nothing",
        "/follow-ups/rules/nothing",
        "/incidents/nothing/review",
        "/incidents/nothing/private",
        "/drills/plans/nothing",
        "/walk-test/nothing",
    ],
)
def test_what_is_not_there_is_not_found(filled, client, path):
    assert signed_in(client).get(path).status_code == 404


def test_ones_own_come_first_and_overdue_ones_say_so(filled, client):
    mine = signed_in(client).get("/follow-ups")
    assert "Flowers" in mine.text and "Tell the family" not in mine.text
    late = client.get("/follow-ups?show=overdue").text
    assert "Tell the family" in late and "Overdue since" in late and "Flowers" not in late
    assert client.get("/follow-ups?show=nonsense").status_code == 422


def test_a_closed_call_without_a_situation_asks_for_it(filled, client):
    page = signed_in(client).get(f"/incidents/{ID}").text
    assert "Nobody said so at the close." in page
    assert 'name="situation" value="fall"' in page


def test_how_long_notes_are_kept_is_found_from_the_branch_and_changed_by_leads_alone(
    filled, client, board, bearer
):
    assert kept_days(board) == PrivateRule().max_days
    write(filled, a_record("private_rule", "branch", PrivateRule(max_days=30), version=2))
    for headers, may in ((bearer, False), ({}, True)):
        if may:
            signed_in(client)
        assert 'href="/private-notes"' in client.get("/branch", headers=headers).text
        page = client.get("/private-notes", headers=headers).text
        assert re.search(r'name="version"[^>]*value="2"', page)
        assert re.search(r'name="max_days"[^>]*value="30"', page)
        assert ('<button class="btn primary">Save' in page) is may
        note = client.get(f"/incidents/{ID}/private", headers=headers).text
        assert ("Empty: in 30 days." in note) is may
        assert ('href="/private-notes"' in note) is may


@pytest.mark.parametrize("days", ["", "0", "366", "-1", "ninety", "1e2", "9" * 40])
def test_a_span_that_cannot_be_is_named_at_its_field(filled, client, days):
    form = {"csrf_token": token_of(signed_in(client).get("/private-notes").text), "max_days": days}
    page = client.post("/private-notes", data=form).text
    assert 'id="max_days-error"' in page
    assert "cut off from the gateway" not in page, "it was not even asked"


@pytest.mark.parametrize("kind", ["private", "drill_time"])
def test_secret_kinds_are_no_records_of_the_interface(filled, client, bearer, kind):
    assert client.get(f"/api/v1/records/{kind}", headers=bearer).status_code == 404


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/follow-ups/new", {"what": "x", "due": "2030-01-01T10:00", "owner": "l01"}),
        ("/follow-ups/f-1/move", {"due": "2030-01-01T10:00", "why": "x"}),
        (f"/incidents/{ID}/review", {"well": "x"}),
        (f"/incidents/{ID}/private", {"text": "x"}),
        ("/private-notes", {"max_days": "30"}),
        ("/drills/start", {"point": "point-1", "kind": "call"}),
    ],
)
def test_without_the_gateway_nothing_is_claimed_to_have_happened(filled, client, path, form):
    signed_in(client)
    token = token_of(client.get("/follow-ups").text)
    reply = client.post(path, data={"csrf_token": token, "version": "1", **form})
    assert "cut off from the gateway" in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/follow-ups/f-1/done",
        f"/incidents/{ID}/private/private-1/look",
        f"/incidents/{ID}/private/private-1/delete",
        "/drills/plans/half-year/retire",
        "/walk-test/start",
    ],
)
def test_nothing_is_done_without_the_pages_token(filled, client, path):
    signed_in(client)
    assert client.post(path).status_code in (400, 403)


def test_a_look_without_the_gateways_word_shows_nothing(filled, client):
    signed_in(client)
    token = token_of(client.get("/follow-ups").text)
    reply = client.post(f"/incidents/{ID}/private/private-1/look", data={"csrf_token": token})
    assert reply.status_code == 503
    assert "Zhao" not in reply.text


# --- with a gateway ---


def ask(branch, do, by="l01", **more):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    return branch.request("POST", "/api/v1/requests", {"do": do, "by": by, **more}, **bearer)


def test_the_board_offers_the_outcomes_that_the_gateway_knows():
    assert words.OUTCOMES.keys() == OUTCOMES


def test_who_asks_again_after_a_lost_answer_makes_nothing_twice(branch):
    body = {"what": "Ring the insurer", "due": "2030-01-01"}
    replies = [ask(branch, "followup.add", request_id="mine-1", body=body) for _ in range(2)]
    assert [one.status for one in replies] == [200, 200]
    assert replies[0].json == replies[1].json
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    open_ = branch.request("GET", "/api/v1/records/followup", **bearer).json
    assert [one["body"]["what"]["en"] for one in open_].count("Ring the insurer") == 1


def test_a_private_note_from_writing_to_the_last_look_over_the_interface(branch):
    with branch.voice() as voice:
        voice.press("point-1")
        incident = branch.incident(voice)
    id = incident["incident_id"]
    body = {"incident_id": id, "text": SECRET}
    made = ask(branch, "private.note", body=body).json
    assert made["ok"]
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    path = f"/api/v1/private/{made['id']}/look"
    assert branch.request("POST", path, {"by": "g01"}, **bearer).status == 403
    reply = branch.request("POST", path, {"by": "l01"}, **bearer)
    assert (reply.status, reply.json["text"]) == (200, SECRET)
    for address in (f"/api/v1/incidents/{id}", "/api/v1/incidents?limit=50"):
        assert "Zhao" not in json.dumps(branch.get(address).json)
    log = branch.get(f"/api/v1/incidents/{id}").json["log"]
    assert [one["by"] for one in log if one["event"] == "private_looked"] == ["l01"]
    assert ask(branch, "private.delete", id=made["id"]).json["ok"]
    assert branch.request("POST", path, {"by": "l01"}, **bearer).status == 404
    for action in ("arrive", "close"):
        branch.act(id, action=action, by="l01", outcome="helped")


def test_a_drill_and_its_end_over_the_interface(branch):
    started = ask(branch, "drill.start", body={"point": "point-2", "kind": "call"}).json
    assert started["ok"]
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    open_ = eventually(
        lambda: [one for one in branch.get("/api/v1/incidents?stage=open").json if one["drill"]]
    )
    id = open_[0]["incident_id"]
    assert branch.act(id, action="real", by="g01").json["drill"] is False
    drill = branch.request("GET", f"/api/v1/records/drill/{started['id']}", **bearer).json
    assert drill["body"]["state"] == "real"
    for action in ("arrive", "close"):
        branch.act(id, action=action, by="l01", outcome="helped", situation="other")


def test_ledger_and_certificate_agree_on_a_button_that_a_call_proved(filled, client):
    tested = walks.Tested(at="2026-11-24T08:10:00.000Z", by="", how="call")
    at = "2026-11-24T07:59:00.000Z"
    walk = walks.Walk(points=["point-1"], started_by="l01", started_at=at, done={"point-1": tested})
    write(
        filled,
        a_record("walk", "walk-2", walk, is_open=False),
        a_record("walk_test", "point-1", walks.WalkTest(round="walk-2", how="call")),
        a_record("walk_left", "point-1", walks.WalkLeft(round="walk-2")),
    )
    page = signed_in(client).get("/walk-test?lang=en").text
    assert re.search(r"16:00[^<]*, by a call", page), "by nobody by name"
    assert "left out of the last round" in page
    assert client.get("/walk-test/walk-2").text.count("<td>by a call</td>") == 2


def test_a_follow_up_in_the_list_says_and_leads_to_its_call_or_complaint(filled, client):
    mark = replace(LATER, rule="complaint-mark")
    write(filled, a_record("followup", "complaint-1.complaint-mark", mark))
    page = signed_in(client).get("/follow-ups?show=all&lang=en").text
    link = rf'<a class="textlink" href="/incidents/{ID}">Counter 1, <time[^>]*>[^<]*16:15'
    assert len(re.findall(link, page)) == 1, "of the one that has a call"
    assert 'href="/complaints/complaint-1"' in page
    assert (
        'href="/complaints/complaint-1"'
        in client.get("/follow-ups/complaint-1.complaint-mark").text
    )


def test_the_wall_says_which_follow_up_is_overdue(filled, client):
    detail = "1: Tell the family (Counter 1, 11-24 16:15)"
    since = "2026-11-24T10:00:00.000Z"
    fault = Fault(subject="followups/g01", name="overdue", since=since, detail=detail)
    put(filled, Work(faults_raised={(fault.subject, fault.name): fault}))
    for path in ("/?lang=en", "/opening", "/devices"):
        page = signed_in(client).get(path).text
        assert "1 overdue: Tell the family (Counter 1, 24 Nov 2026)" in page, path
