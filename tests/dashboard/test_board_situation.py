"""The pages of a situation: checklist, script, card, complaints, playbooks, directory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import seeded
from board_branch import signed_in
from hypothesis import given
from hypothesis import strategies as st

from dashboard.script import BREATHING, CONSCIOUS, OPENING, Known, missing, script
from gateway import shipped
from gateway.course import Course
from gateway.desk.checklist import Checklist, Clock, Tick
from gateway.desk.complaint_days import ComplaintDay
from gateway.desk.complaints import Complaint
from gateway.desk.family import FamilyContact
from gateway.desk.outside import Call, Place, Report
from gateway.desk.record import Due, Record
from gateway.desk.todo import Followup, Words
from gateway.desk.translated import Translated
from gateway.store import Vault, Work, Writer, key_path
from protocol.clock import now
from protocol.messages import Incident, Responder
from protocol.moment import rfc3339

ID = "20261124-081530-abcdef123456"
NUMBER = "139 1234 5678"
PLACE = Place(
    name=Translated(zh="人民路支行", en="Renmin Road branch"),
    address=Translated(zh="人民路1号", en="1 Renmin Road"),
    entrance=Translated(zh="东门", en="the east door"),
    phone="010-5555 6666",
)

# --- the script: pure ---


def known(language: str = "en", **changes: Any) -> Known:
    values = {"language": language, "contact": "ambulance", "where": "Counter 1"}
    return Known(**(values | changes))


FULL = {
    "branch": "Renmin Road branch",
    "address": "1 Renmin Road",
    "entrance": "the east door",
    "floor": "first floor",
    "happened": "A customer has collapsed",
    "what": "Lies on the floor.",
    "since": "14:03",
    "minutes": 5,
    "age": 78,
    "conscious": "no",
    "breathing": "unclear",
    "phone": "010-5555 6666",
}


def test_a_script_says_where_first_and_what_then() -> None:
    assert script(known(**FULL)) == (
        "Hello, we need an ambulance.",
        "The address is 1 Renmin Road, Renmin Road branch.",
        "Come in by the east door, first floor, Counter 1.",
        "A customer has collapsed.",
        "It was at 14:03, about 5 min ago.",
        "About 78 years old.",
        "They cannot be woken.",
        "We are not sure about the breathing.",
        "Lies on the floor.",
        "You can ring us back at 010-5555 6666.",
        "Somebody will meet you at the door. Please tell me what to do now.",
    )
    assert missing(known(**FULL)) == ()


def test_the_chinese_script_says_the_same() -> None:
    said = script(known("zh", **FULL | {"address": "人民路1号", "happened": "一位客户晕倒在地"}))
    assert said[0] == "您好，我们需要救护车。"
    assert said[3:7] == (
        "一位客户晕倒在地。",
        "时间：14:03，大约5分钟前。",
        "大约78岁。",
        "人叫不醒。",
    )


def test_what_nobody_knows_is_not_said_but_asked_for() -> None:
    said = " ".join(script(known()))
    assert "years" not in said and "breathe" not in said and "woken" not in said
    assert missing(known()) == ("address", "phone", "conscious", "breathing", "age")


def test_the_police_are_told_nothing_of_breathing() -> None:
    said = script(known(contact="police", **FULL))
    assert said[0] == OPENING["police"]["en"]
    assert "breathing" not in " ".join(said)
    assert missing(known(contact="police")) == ("address", "phone")


facts = st.fixed_dictionaries(
    {
        "language": st.sampled_from(["zh", "en"]),
        "contact": st.sampled_from(["ambulance", "police", "fire", "hospital", "insurer", ""]),
        "address": st.sampled_from(["", "1 Renmin Road"]),
        "since": st.none() | st.just("14:03"),
        "minutes": st.none() | st.integers(0, 500),
        "age": st.none() | st.integers(0, 130),
        "conscious": st.none() | st.sampled_from(sorted(CONSCIOUS)),
        "breathing": st.none() | st.sampled_from(sorted(BREATHING)),
        "what": st.text(max_size=40),
    }
)


@given(facts)
def test_whatever_is_known_the_script_is_whole_sentences_and_never_says_none(found) -> None:
    said = script(Known(where="Counter 1", **found))
    assert all(one.strip().endswith(("。", ".")) for one in said if one.strip(" .。"))
    assert not any("None" in one for one in said) or "None" in found["what"]
    is_medical = found["contact"] in ("ambulance", "hospital", "")
    assert any("Counter 1" in one for one in said)
    if found["age"] is not None and is_medical:
        assert any(str(found["age"]) in one for one in said)


# --- pages ---


@pytest.fixture
def writing(store: Path):
    with seeded.writing(store) as writer:
        yield lambda *records, **more: write(writer, *records, **more)


def write(writer: Writer, *records: Record, incident: Incident | None = None) -> None:
    work = Work()
    for kind, id, body in shipped.plans():
        work.records[kind, id] = Record(kind=kind, id=id, body=body)
    for record in records:
        work.records[record.kind, record.id] = record
    if incident:
        work.courses[ID] = Course(incident=incident, boot="b", raised_ms=0, due_ms=0)
    writer.commit(work)


def an_incident(**changes: Any) -> Incident:
    values: dict[str, Any] = {
        "incident_id": ID,
        "branch": "b001",
        "point": "point-1",
        "label": "1号柜台 Counter 1",
        "kind": "call",
        "stage": "arrived",
        "presses": 1,
        "drill": False,
        "raised_at": rfc3339(now().utc_ms - 300_000),
        "situation": "fainted",
        "responders": (Responder(staff="g01"),),
        "owner": "g01",
    }
    return Incident(**(values | changes))


def a_list(**changes: Any) -> Record:
    playbook = next(b for k, i, b in shipped.plans() if (k, i) == ("playbook", "fainted"))
    at = rfc3339(now().utc_ms)
    body = Checklist(
        situation="fainted",
        playbook="fainted",
        playbook_version=1,
        begun_at=at,
        name=playbook.name,
        warning=playbook.warning,
        steps=playbook.steps,
        ticks={"stay": Tick(by="g01", at=at, late_ms=0)},
        clocks={"check_breathing": Clock(due_ms=0, boot="b", due_at=at)},
        overdue=["check_breathing"],
    )
    return Record(
        kind="checklist", id=f"{ID}.2", body=replace(body, **changes), incident_id=ID, at=at
    )


def test_nothing_of_a_drill_dials(client, writing) -> None:
    writing(a_list(), incident=replace(an_incident(), drill=True))
    signed_in(client, "g01")
    for path in ("", "/script"):
        page = client.get(f"/incidents/{ID}{path}?lang=en").text
        assert "tel:120" not in page and "Drill: do not really call" in page
    assert "Drill: write it down" in client.get(f"/incidents/{ID}?lang=en").text


def test_an_incidents_page_has_its_checklist(client, writing) -> None:
    writing(a_list(), incident=an_incident())
    signed_in(client, "g01")
    page = client.get(f"/incidents/{ID}").text
    assert "Do not move them or sit them up." in page
    assert "<b>1</b> / 12" in page
    assert 'class="step is-overdue" data-key="step-check_breathing"' in page
    assert 'class="step is-done" data-key="step-stay"' in page
    assert 'href="tel:120"' in page
    chinese = client.get(f"/incidents/{ID}?lang=zh").text
    assert "不要搬动" in chinese and "已超时" in chinese


def test_the_board_counts_what_is_overdue(client, writing, bearer) -> None:
    writing(a_list(), incident=an_incident())
    page = client.get("/", headers=bearer).text
    assert "1 step overdue" in page and "Fainted 1/12" in page


def a_number(store) -> Record:
    """The number of the customer's daughter, sealed with the store's key."""
    vault = Vault(key_path(store))
    vault.make_key()
    sealed = FamilyContact(sealed=vault.seal(NUMBER), relation="daughter")
    return Record(kind="family_contact", id=ID, body=sealed, incident_id=ID)


def test_the_family_number_is_shown_to_those_who_answered_and_to_nobody_else(
    client, writing, bearer, store
) -> None:
    secret = a_number(store)
    other = an_incident(responders=(), owner=None)
    writing(a_list(), secret, incident=other)
    signed_in(client, "g01")
    assert NUMBER not in client.get(f"/incidents/{ID}").text
    assert client.get("/api/v1/records/family_contact", headers=bearer).status_code == 404
    writing(incident=replace(other, responders=(Responder(staff="g01"),), version=2))
    assert NUMBER in client.get(f"/incidents/{ID}").text
    assert NUMBER not in client.get(f"/incidents/{ID}/handover-card").text
    assert NUMBER not in client.get(f"/incidents/{ID}/script").text


@pytest.mark.parametrize("who", ["g01", "f01"])
def test_a_number_kept_after_the_close_is_on_the_calls_page_and_on_the_followups(
    client, writing, store, who
) -> None:
    secret = replace(a_number(store), due=Due(1_795_600_000_000))
    what = Words(zh="通知家属", en="Tell the family")
    due_at = "2026-11-24T12:00:00.000Z"
    to_ring = Followup(what=what, owner="g01", due_at=due_at, family=True)
    other = Followup(what=what, owner="g01", due_at=due_at)
    closed = an_incident(
        stage="closed", closed_at=due_at, outcome="helped", responders=(Responder(staff=who),)
    )
    writing(
        secret,
        Record(kind="followup", id="to-ring", body=to_ring, incident_id=ID),
        Record(kind="followup", id="other", body=other, incident_id=ID),
        incident=closed,
    )
    signed_in(client, "g01")
    page = client.get(f"/incidents/{ID}?lang=en").text
    is_theirs = who == "g01"
    assert (NUMBER in page, "A number was noted" in page) == (is_theirs, not is_theirs)
    assert ("Kept until the family has been told, at the latest until" in page) == is_theirs
    assert "Forget it now" in page and 'name="relation"' not in page
    assert 'data-shape="closed, a number kept"' in page, "an open page loads anew once it has gone"
    assert (NUMBER in client.get("/follow-ups/to-ring").text) == is_theirs
    assert NUMBER not in client.get("/follow-ups/other").text


def test_the_script_is_there_in_both_languages(client, writing) -> None:
    report = Record(kind="outside", id=ID, body=Report(age=78, conscious="no"), incident_id=ID)
    place = Record(kind="branch", id="place", body=PLACE)
    writing(a_list(), report, place, incident=an_incident())
    signed_in(client, "g01")
    page = client.get(f"/incidents/{ID}/script?contact=ambulance").text
    for sentence in (
        "地址：人民路1号，人民路支行。",
        "从东门进，一楼，1号柜台。",
        "一位客户晕倒在地。",
        "大约78岁。",
        "Come in by the east door, Counter 1.",
        "They cannot be woken.",
    ):
        assert sentence in page
    assert client.get(f"/incidents/{ID}/script?contact=<b>").status_code == 200
    assert client.get("/incidents/none/script").status_code == 404


def test_the_card_tells_times_and_what_was_done_and_leaves_the_name_blank(client, writing) -> None:
    at = rfc3339(now().utc_ms)
    call = Call(
        contact="ambulance",
        called_by="g01",
        called_at=at,
        name=Translated(zh="急救中心", en="Ambulance"),
        number="120",
    )
    record = Record(kind="outside_call", id=f"{ID}.1", body=call, incident_id=ID)
    writing(a_list(), record, Record(kind="branch", id="place", body=PLACE), incident=an_incident())
    signed_in(client, "g01")
    page = client.get(f"/incidents/{ID}/handover-card").text
    assert "Ambulance rung" in page and "1 Renmin Road" in page
    assert "One person stays with them all the time" in page
    assert "Fetch the AED" not in page, "what is not done is not on it"
    assert "Name, if the customer agrees" in page


def test_words_of_customers_are_no_html(client, writing) -> None:
    report = Record(kind="outside", id=ID, body=Report(what="<script>x</script>"), incident_id=ID)
    writing(a_list(), report, incident=an_incident())
    signed_in(client, "g01")
    for path in ("", "/script", "/handover-card"):
        page = client.get(f"/incidents/{ID}{path}").text
        assert "<script>x" not in page and "&lt;script&gt;x" in page


def test_a_situation_of_the_branchs_own_is_offered_and_named(client, writing) -> None:
    own = Record(
        kind="playbook",
        id="playbook-1",
        body=replace(shipped.plans()[-1][2], name=Translated(zh="中暑", en="Heat stroke")),
    )
    writing(own, incident=an_incident(situation="playbook-1"))
    signed_in(client, "g01")
    page = client.get(f"/incidents/{ID}?lang=zh").text
    assert 'value="playbook-1"' in page and "情况：中暑" in page


def closed_incident(**changes: Any) -> Incident:
    values = {"stage": "closed", "outcome": "ambulance", "closed_at": rfc3339(now().utc_ms)}
    return an_incident(**(values | changes))


def rang_120(**changes: Any) -> Record:
    body = Call(
        contact="ambulance",
        called_by="g01",
        called_at="2026-11-24T08:16:00.000Z",
        name=Translated(zh="急救", en="Ambulance"),
        number="120",
    )
    return Record(kind="outside_call", id=f"{ID}.c", body=body, incident_id=ID, **changes)


def test_a_closed_call_says_who_is_still_on_the_way_and_what_is_open(client, writing) -> None:
    complaint = replace(a_complaint("c-1"), incident_id=ID)
    writing(rang_120(), complaint, incident=closed_incident())
    signed_in(client, "g01")
    page = client.get(f"/incidents/{ID}?lang=en").text
    assert "Still on the way: Ambulance, rung at 16:16." in page
    assert "The complaint is still open." in page
    assert "Nothing is left to do." not in page


def test_a_closed_call_of_which_all_is_over_says_so_and_so_does_a_drill(client, writing) -> None:
    signed_in(client, "g01")
    for record, drill in ((rang_120(is_open=False), False), (rang_120(), True)):
        writing(record, incident=closed_incident(drill=drill))
        page = client.get(f"/incidents/{ID}?lang=en").text
        assert "Nothing is left to do." in page and "Still on the way" not in page


def test_a_closed_call_that_owes_the_call_to_120_has_the_place_to_write_it(client, writing) -> None:
    what = Words(zh="补记", en="Write it down")
    body = Followup(what=what, owner="g01", due_at="2099-01-01T00:00:00Z", rule="ambulance-call")
    owed = Record(kind="followup", id=f"{ID}.ambulance-call", body=body, incident_id=ID)
    writing(owed, incident=closed_incident())
    signed_in(client, "g01")
    assert '<option value="ambulance" selected>' in client.get(f"/incidents/{ID}").text
    assert f"/incidents/{ID}#outside-now" in client.get(f"/follow-ups/{owed.id}").text


def test_the_page_of_a_closed_call_says_what_was_and_not_what_is_to_come(client, writing) -> None:
    there = Responder(staff="l01", arrived_at="2026-11-24T08:18:00.000Z")
    steps = {"clocks": {"call_120": Clock(due_ms=0, boot="b", due_at="2026-11-24T08:17:00.000Z")}}
    writing(a_list(**steps), incident=an_incident(responders=(Responder(staff="g01"), there)))
    signed_in(client, "g01")
    page = client.get(f"/incidents/{ID}?lang=en").text
    assert "is coming" in page and "data-count-to" in page
    writing(incident=closed_incident(responders=(Responder(staff="g01"), there), version=2))
    page = client.get(f"/incidents/{ID}").text
    assert "accepted, did not arrive" in page and "is coming" not in page
    assert "not done" in page and "data-count-to" not in page and "Overdue" not in page
    assert 'class="step is-done" data-key="step-stay"' in page


def a_complaint(id: str, **changes: Any) -> Record:
    body = Complaint(
        opened_at="2026-11-01T08:00:00.000Z",
        opened_by="g01",
        looked_into_due_at="2026-11-02T08:00:00.000Z",
        answer_due_at="2026-11-16T08:00:00.000Z",
        what="waited long",
    )
    is_open = changes.pop("is_open", True)
    return Record(kind="complaint", id=id, body=replace(body, **changes), is_open=is_open)


def test_leads_see_what_is_overdue_and_a_rise_on_the_board_and_others_do_not(
    client, app, writing
) -> None:
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    day = ComplaintDay(count=5, usual=1.5, is_rise=True)
    writing(
        a_complaint("c-1", overdue="first_look"),
        a_complaint("c-2"),
        Record(kind="complaint_day", id=today, body=day),
    )
    signed_in(client, "l01")
    page = client.get("/").text
    assert "1 complaint overdue" in page
    assert "More complaints than usual today: 5; on this weekday mostly 2" in page
    guide = app.test_client()
    signed_in(guide, "g01")
    page = guide.get("/").text
    assert "complaint overdue" not in page and "than usual" not in page


def test_the_list_of_complaints_begins_with_what_is_overdue(client, writing) -> None:
    writing(
        a_complaint("c-1"),
        a_complaint("c-2", overdue="answer", state="looked_into", what="late one"),
        a_complaint("c-3", state="done", what="old one", is_open=False),
    )
    signed_in(client, "g01")
    page = client.get("/complaints").text
    assert page.index("late one") < page.index("waited long")
    assert "old one" not in page
    assert "old one" in client.get("/complaints?state=closed").text
    assert "until" in client.get("/complaints/c-1").text
    assert client.get("/complaints/none").status_code == 404


@pytest.mark.parametrize("path", ["/complaints", "/complaints/c-1"])
def test_an_answered_complaint_says_until_when_the_customer_is_asked(client, writing, path) -> None:
    answered = {"answered_at": "2026-11-02T08:00:00.000Z", "state": "answered"}
    writing(a_complaint("c-1", word_due_at="2031-02-03T08:00:00.000Z", **answered))
    signed_in(client, "g01")
    assert "until 3 Feb 2031" in client.get(f"{path}?lang=en").text
    writing(a_complaint("c-1", overdue="word", **answered))
    assert "The customer&#39;s word is overdue" in client.get(path).text


def test_a_complaint_with_a_low_mark_says_what_is_still_to_be_done(client, writing) -> None:
    spoken = {"answered_at": "2026-11-02T08:00:00.000Z", "state": "marked"}
    writing(
        a_complaint("c-1", satisfaction=2, category="service", **spoken),
        a_complaint("c-2", satisfaction=5, **spoken),
    )
    signed_in(client, "l01")
    page = client.get("/complaints/c-1?lang=en").text
    assert "The mark is low" in page and "Close the complaint" in page
    assert "/complaints/c-1/satisfaction" not in page
    page = client.get("/complaints/c-2?lang=en").text
    assert "The mark is low" not in page and "Write down the class" in page


def test_what_cannot_be_sent_stays_in_the_form(client, writing) -> None:
    """The board is cut off here: nothing is saved, nothing typed is lost."""
    writing()
    signed_in(client, "l01")
    page = client.get("/playbooks/fainted").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {
        "csrf_token": token,
        "version": "1",
        "name_zh": "晕倒",
        "name_en": "Passed out",
        "steps-0-id": "look",
        "steps-0-place": "10",
        "steps-0-text_zh": "看",
        "steps-0-text_en": "Look closely",
        "steps-0-role": "first_aid",
        "steps-0-calls": "",
    }
    page = client.post("/playbooks/fainted", data=form).text
    assert "cut off from the gateway" in page
    assert 'value="Passed out"' in page and 'value="Look closely"' in page
    more = client.post("/playbooks/fainted", data=form | {"more": "yes"}).text
    assert "cut off from the gateway" not in more and "steps-2-text_zh" in more


@pytest.mark.parametrize(
    "path",
    ["/playbooks", "/playbooks/fall", "/directory", "/directory/police", "/directory/place"],
)
def test_everybody_reads_the_plans_and_only_leads_get_a_button_to_save(
    client, app, writing, path
) -> None:
    writing()
    signed_in(client, "g01")
    reply = client.get(path)
    assert reply.status_code == 200 and ">Save<" not in reply.text
    lead = app.test_client()
    signed_in(lead, "l01")
    assert lead.get(path).status_code == 200


def test_a_directory_without_an_address_says_so(client, writing) -> None:
    writing()
    signed_in(client, "g01")
    assert "Not written down yet" in client.get("/directory").text
    assert client.get("/directory/none").status_code == 404
