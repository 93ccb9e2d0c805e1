"""The pages of reports and their interface, on a store with incidents."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask_babel import force_locale
from seeded import put

from dashboard.pages import finding_words, sections
from dashboard.remembered import Remembered
from dashboard.review.findings import Finding
from gateway.course import Course, Entry
from gateway.desk import walks
from gateway.desk.checklist import Checklist, Tick
from gateway.desk.complaints import Complaint
from gateway.desk.playbooks import Step
from gateway.desk.record import Record
from gateway.desk.resources import Resource
from gateway.desk.todo import Followup, Words
from gateway.store import NoticeRecord, Work
from gateway.store.records import LoggedEntry
from protocol.clock import now
from protocol.messages import Incident, Responder
from protocol.moment import parse_rfc3339, rfc3339

# The first and last moments of November 2026 in Shanghai.
START_MS = parse_rfc3339("2026-10-31T16:00:00Z")
END_MS = parse_rfc3339("2026-11-30T16:00:00Z")


def incident(id_: str, raised_ms: int, **changes) -> Incident:
    values = {
        "incident_id": id_,
        "branch": "b001",
        "point": "point-1",
        "label": "Counter 1",
        "kind": "call",
        "stage": "closed",
        "presses": 1,
        "drill": False,
        "raised_at": rfc3339(raised_ms),
        "accepted_at": rfc3339(raised_ms + 70_000),
        "to_accept_ms": 70_000,
        "to_arrive_ms": 90_000,
        "to_close_ms": 300_000,
        "outcome": "false_call",
        "responders": (
            Responder(
                staff="g01",
                roles=("customer_service",),
                accepted_at=rfc3339(raised_ms + 70_000),
                arrived_at=rfc3339(raised_ms + 90_000),
            ),
        ),
        "asked_roles": ("customer_service", "security"),
    }
    return Incident(**(values | changes))


def write(store, *found: Incident, entries=(), notices=(), records=()) -> None:
    courses = {
        one.incident_id: Course(incident=one, boot="b", raised_ms=None, due_ms=0) for one in found
    }
    work = Work(
        courses=courses,
        entries=list(entries),
        records={(one.kind, one.id): one for one in records},
        notices={one.notice_id: one for one in notices},
    )
    put(store, work)


@pytest.fixture
def past(store) -> None:
    """Calls at the very edges of November and just outside of it, a drill, a fault, a notice."""
    write(
        store,
        incident("before", START_MS - 1, to_accept_ms=10_000),
        incident("first", START_MS),
        incident("last", END_MS - 1, to_accept_ms=5_000),
        incident("after", END_MS),
        incident("drill", START_MS + 5, drill=True, to_accept_ms=1),
        entries=[
            LoggedEntry(
                at_ms=START_MS + 60_000 * minutes,
                entry=Entry(event=event, detail={"subject": "point/point-1", "name": "call_cut"}),
            )
            for minutes, event in ((0, "fault_raised"), (150, "fault_cleared"))
        ],
        notices=[
            NoticeRecord(
                notice_id="n",
                incident_id="first",
                channel="sms",
                step=0,
                why="step",
                made_ms=START_MS,
                state="failed",
                attempts=5,
            )
        ],
    )


def test_a_month_is_that_of_the_branch_and_stands_beside_the_one_before(client, bearer, past):
    found = client.get("/api/v1/reports/month?month=2026-11", headers=bearer).json
    assert (found["month"], found["before"]) == ("2026-11", "2026-10")
    assert (found["starts_at"], found["ends_at"]) == (rfc3339(START_MS), rfc3339(END_MS))
    assert (found["real"]["count"], found["drills"]["count"]) == (2, 1)
    assert found["real_before"]["count"] == 1
    assert found["against"]["to_accept_ms"]["p90"] == {
        "now": 70_000,
        "before": 10_000,
        "change": 60_000,
    }
    assert [one["incident_id"] for one in found["slowest"]] == ["first", "last"]
    assert found["by_hour"]["00"]["count"] == found["by_hour"]["23"]["count"] == 1
    assert found["faults"][0]["lasted_ms"] == 150 * 60_000
    assert found["notices"] == [
        {"channel": "sms", "sent": 1, "delivered": 0, "failed": 1, "waiting": 0, "tries": 5}
    ]
    assert {"slow", "uncovered", "notices_failed", "long_fault"} <= {
        one["name"] for one in found["findings"]
    }


def test_the_printed_review_names_branch_month_and_time_and_leads_to_the_slowest(
    client, bearer, past
):
    page = client.get("/reports/month?month=2026-11&lang=en", headers=bearer).data.decode()
    for text in (
        "Monthly review · November 2026",
        "Test branch · 1 Nov 2026 – 30 Nov 2026",
        "Printed ",
        "1 call waited more than 60 s.",
        "Security did not come to 2 calls of the 2 that asked for it.",
        "Channel sms: 1 message of 1 was not delivered.",
        "Counter 1: Button line cut, for 2 h 30 min altogether.",
        "1 drill.",
        "Signature",
    ):
        assert text in page, text
    assert page.count('href="/incidents/first"') == 1
    assert "month=2026-10" in page


def test_every_table_has_a_caption_and_heads_and_every_picture_words(client, bearer, past):
    pictures = {"/reports/month?month=2026-11": 6, "/reports/response-times?from=2026-11-01": 5}
    for path, count in pictures.items():
        page = client.get(f"{path}&to=2026-11-30&lang=zh", headers=bearer).data.decode()
        tables = re.findall(r"<table.*?</table>", page, re.S)
        assert len(tables) > 8
        for table in tables:
            assert "<caption>" in table and 'scope="col"' in table and 'scope="row"' in table
        images = re.findall(r"<img[^>]*>", page)
        assert len(images) == count and all(re.search(r'alt="[^"]{9,}"', one) for one in images)


def test_sections_with_nothing_to_show_are_not_there(client, bearer, store):
    page = client.get("/reports/response-times?lang=en", headers=bearer).data.decode()
    assert not any(f'id="{one.anchor}"' in page for one in sections.SECTIONS)
    page = client.get("/reports/month?lang=en", headers=bearer).data.decode()
    assert "No calls in this month or the one before." in page
    assert "This month is not over yet." in page


def test_every_plot_is_drawn_with_and_without_calls(client, bearer, past):
    names = ("time-to-accept", "by-day", "by-hour", "by-weekday", "by-point")
    for name in names:
        for span in ("from=2026-11-01&to=2026-11-30", "from=2020-01-01&to=2020-01-02"):
            reply = client.get(f"/reports/response-times/{name}.svg?{span}", headers=bearer)
            assert reply.status_code == 200 and reply.data.startswith(b"<?xml"), (name, span)
    for month in ("2026-11", "2020-01"):
        reply = client.get(f"/reports/month/accepted.svg?month={month}&lang=en", headers=bearer)
        assert reply.data.startswith(b"<?xml")
        path = f"/reports/month/comparison.svg?month={month}&lang=en"
        compared = client.get(path, headers=bearer)
        assert compared.data.startswith(b"<?xml")
        assert (">No calls in these days</text>" in compared.text) == (month == "2020-01")
    assert "No calls in these days" in reply.text
    assert client.get("/reports/response-times/by-mood.svg", headers=bearer).status_code == 404


def test_plots_write_words_and_the_branchs_own_names(client, bearer, past):
    span = "from=2026-11-01&to=2026-11-30"
    point = client.get(f"/reports/response-times/by-point.svg?{span}&lang=en", headers=bearer).text
    assert ">Counter 1</text>" in point
    assert ">90 % within</text>" in point
    day = client.get(f"/reports/response-times/by-weekday.svg?{span}&lang=zh", headers=bearer).text
    assert ">星期日</text>" in day
    months = client.get("/reports/month/accepted.svg?month=2026-11&lang=zh", headers=bearer).text
    assert ">2026年11月</text>" in months and ">2026年10月</text>" in months


def test_the_picture_of_two_months_writes_each_figure_at_its_bar(client, bearer, past):
    """One call of 0:10 in October, two of 0:05 and 1:10 in November, and a drill."""
    path = "/reports/month/comparison.svg?month=2026-11&lang=zh"
    texts = re.findall(r">([^<]+)</text>", client.get(path, headers=bearer).text)
    for text in ("2026年10月", "2026年11月", "接单用时", "半数以内", "0:05", "0:10", "1:10", "2"):
        assert text in texts, text


DAY_MS = 24 * 3600 * 1000


def logged(day: float, event: str, **detail: str) -> LoggedEntry:
    at_ms = START_MS + round(day * DAY_MS)
    return LoggedEntry(at_ms=at_ms, entry=Entry(event=event, detail=detail))


def day(number: float) -> str:
    return rfc3339(START_MS + round(number * DAY_MS))


@pytest.fixture
def owed(store) -> None:
    """What November left to do: a late complaint, follow-ups, a round, an overdue button, a kit."""
    todo = {"what": Words(zh="问候", en="Ring"), "owner": "g01", "rule": "call-back"}
    write(
        store,
        records=[
            Record(
                kind="complaint",
                id="c-1",
                is_open=False,
                body=Complaint(
                    opened_at=day(1),
                    opened_by="g01",
                    looked_into_due_at=day(2),
                    answer_due_at=day(16),
                    category="claims",
                    channel="mail",
                    state="done",
                    looked_into_at=day(1.5),
                    answered_at=day(17),
                ),
            ),
            Record(kind="followup", id="f-1", body=Followup(due_at=day(5), **todo)),
            Record(
                kind="followup",
                id="f-2",
                is_open=False,
                at=day(4),
                body=Followup(due_at=day(5), **todo),
            ),
            Record(
                kind="walk",
                id="walk-1",
                is_open=False,
                body=walks.Walk(
                    points=["point-1", "point-2"],
                    started_by="g01",
                    started_at=day(2),
                    ended_at=day(2.1),
                    done={"point-2": walks.Tested(at=day(2), by="g01", how="armed")},
                ),
            ),
            Record(
                kind="resource",
                id="resource-0a4c10ef26c5",
                is_open=False,
                body=Resource(what="first_aid_kit", name="Kit at the door"),
            ),
        ],
        entries=[
            logged(3, "followup_made", id="f-1"),
            logged(3, "followup_made", id="f-2"),
            logged(4, "fault_raised", subject="point/point-1", name="untested"),
            logged(6, "fault_raised", subject="resource/resource-0a4c10ef26c5", name="expired"),
        ],
    )


def test_a_month_says_what_the_branch_owes_and_what_it_tested(client, bearer, owed):
    found = client.get("/api/v1/reports/month?month=2026-11", headers=bearer).json
    late = {"opened": 1, "answered_late": 1, "answered_in_time": 0, "first_look_late": 0}
    for one in (
        found["complaints"]["all"],
        found["complaints"]["by_category"]["claims"],
        found["complaints"]["by_channel"]["mail"],
    ):
        assert late.items() <= one.items()
    assert {"made": 2, "done_in_time": 1, "open": 1}.items() <= found["followups"]["all"].items()
    assert found["walks"]["rounds"][0]["left"] == ["point-1"]
    assert (found["walks"]["tested"], found["walks"]["overdue"]) == (1, ["point-1"])
    names = {one["name"] for one in found["findings"]}
    assert {"complaints_late", "buttons_untested"} <= names
    october = client.get("/api/v1/reports/month?month=2026-10", headers=bearer).json
    assert october["complaints"]["all"]["opened"] == october["followups"]["all"]["made"] == 0
    assert october["walks"]["rounds"] == []


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        (
            "en",
            ("Claims", "By mail", "Answered late", "Done in time", "for a test: Counter 1"),
        ),
        ("zh", ("理赔", "信函", "逾期答复", "按期完成", "测试已逾期的按钮：Counter 1", "共 1 轮")),
    ],
)
def test_the_printed_month_has_tables_of_it_by_name(client, bearer, owed, lang, texts):
    page = client.get(f"/reports/month?month=2026-11&lang={lang}", headers=bearer).data.decode()
    for text in texts:
        assert text in page, text
    assert 'href="/walk-test/walk-1"' in page
    assert "Kit at the door" in page and "resource-0a4c10ef26c5" not in page


def test_real_calls_beside_the_drills_have_roles_and_checklist_too(client, bearer, store):
    steps = [Step(id=id) for id in ("look", "ask", "stay")]
    listed = Checklist(
        situation="fall",
        playbook="fall",
        playbook_version=1,
        begun_at=day(0),
        steps=steps,
        ticks={id: Tick(by="g01", at=day(0)) for id in ("look", "ask")},
    )
    record = Record(kind="checklist", id="real.2", body=listed, incident_id="real", is_open=False)
    yesterday_ms = now().utc_ms - DAY_MS
    drill = incident("drill", yesterday_ms, drill=True, to_accept_ms=1)
    assert real_row(client, bearer) == ["—", "—", "—", "—"]
    closed = [logged(0, "closed")]
    write(store, incident("real", yesterday_ms), drill, records=[record], entries=closed)
    assert real_row(client, bearer) == ["1:10", "1:30", "1 / 2", "2 / 3"]


def real_row(client, bearer) -> list[str]:
    """Accepted, arrived, roles, checklist of the row of real calls."""
    page = client.get("/drills?lang=en", headers=bearer).data.decode()
    row = re.search(r"Real calls of 182 days.*?</tr>", page, re.S)[0]
    return re.findall(r"<td>([^<]*)</td>", row)


@pytest.mark.parametrize("month", ["2026-13", "soon", "2026-11-01", "1970-01"])
def test_what_is_no_month_is_named(client, bearer, store, month):
    for path in ("/reports/month", "/api/v1/reports/month"):
        assert client.get(f"{path}?month={month}", headers=bearer).status_code == 422
    reply = client.get(f"/api/v1/reports/month?month={month}", headers=bearer)
    assert reply.json["reason"] == "bad_month"


def test_response_times_count_exactly_the_window_open_ones_too_and_drills_apart(
    client, bearer, store, past
):
    write(
        store,
        incident("urgent", START_MS + 7, kind="urgent", to_accept_ms=3),
        incident(
            "open",
            START_MS + 8,
            stage="accepted",
            to_arrive_ms=None,
            to_close_ms=None,
            outcome=None,
            to_accept_ms=9,
        ),
    )
    window = f"from={rfc3339(START_MS)}&to={rfc3339(END_MS)}"
    found = client.get(f"/api/v1/reports/response-times?{window}", headers=bearer).json
    assert found["real"]["count"] == 4
    assert list(found["by_kind"]) == ["call", "urgent"]
    assert found["by_kind"]["call"]["to_accept_ms"] == {
        "count": 3,
        "p50": 5_000,
        "p90": 70_000,
        "p99": 70_000,
        "max": 70_000,
    }
    assert found["real"]["to_close_ms"]["count"] == 3, "the open one has no end yet"
    assert found["by_kind"]["urgent"]["to_accept_ms"]["max"] == 3
    assert (found["drills"]["count"], found["drills"]["to_accept_ms"]["max"]) == (1, 1)
    empty = "from=2020-01-01&to=2020-01-02"
    found = client.get(f"/api/v1/reports/response-times?{empty}", headers=bearer).json
    assert (found["real"]["count"], found["real"]["to_accept_ms"]["p50"]) == (0, None)


def test_a_call_that_is_closed_shows_at_once(client, bearer, store, past):
    path = "/api/v1/reports/month?month=2026-11"
    assert client.get(path, headers=bearer).json["real"]["count"] == 2
    noted = LoggedEntry(at_ms=END_MS, entry=Entry(event="closed", detail={}))
    write(store, incident("late", START_MS + 9), entries=[noted])
    assert client.get(path, headers=bearer).json["real"]["count"] == 3


def test_what_is_remembered_is_reckoned_once_and_anew_when_something_was_written():
    remembered, reckoned = Remembered(kept=2), []

    def ask(question: str, stamp: int) -> int:
        return remembered.answer(
            question, stamp, lambda: reckoned.append(question) or len(reckoned)
        )

    assert [ask("a", 1), ask("a", 1), ask("a", 2)] == [1, 1, 2]
    ask("b", 2), ask("c", 2)  # a is the oldest of three, and goes
    assert ask("a", 2) == 5


@pytest.mark.parametrize("name", finding_words._SPOKEN)
@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_every_finding_has_words_in_both_languages(app, name, locale):
    values = dict.fromkeys(
        ("count", "before", "seconds", "asked", "calls", "sent", "percent", "now_ms", "before_ms"),
        2,
    )
    finding = Finding(name=name, subject="unit/u silent", values={**values, "lasted_ms": 7_200_000})
    with app.test_request_context("/"), force_locale(locale):
        text = finding_words.sentence(finding, {})
        assert finding_words.sentence(replace(finding, name="newer"), {}) == "newer"
    assert text and "%(" not in text and text != name
    assert bool(re.search("[一-鿿]", text)) == (locale == "zh_Hans")
