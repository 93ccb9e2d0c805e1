"""What reports read of the desk's records: complaints, follow-ups and walk tests of a window."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from gateway_kit import at, raised

from gateway.course import Course, Entry
from gateway.desk import walks
from gateway.desk.checklist import Checklist, Tick
from gateway.desk.complaints import Complaint
from gateway.desk.playbooks import Step
from gateway.desk.record import Record
from gateway.desk.todo import Followup, Words
from gateway.desk.translated import Translated
from gateway.store import (
    ComplaintLine,
    DeskReports,
    FollowupLine,
    ListLine,
    Reader,
    WalkLine,
    Work,
    Writer,
    desk_reports,
)
from gateway.store.records import LoggedEntry
from protocol.moment import rfc3339

WINDOW = {"start_ms": at(1000).utc_ms, "end_ms": at(2000).utc_ms}


def time_of(seconds: float) -> str:
    return rfc3339(at(seconds).utc_ms)


def write(writer: Writer, *records: Record, entries: tuple[LoggedEntry, ...] = ()) -> None:
    writer.commit(Work(records={(one.kind, one.id): one for one in records}, entries=list(entries)))


def made(id: str, seconds: float) -> LoggedEntry:
    entry = Entry(event="followup_made", detail={"id": id, "due_at": time_of(seconds)})
    return LoggedEntry(at_ms=at(seconds).utc_ms, entry=entry)


def followup(id: str, *, done_s: float | None = None, **body: str) -> Record:
    values = {"due_at": time_of(5000), "rule": "call-back"} | body
    what = Words(zh="问候", en="Ring")
    return Record(
        kind="followup",
        id=id,
        body=Followup(what=what, owner="g01", **values),
        is_open=done_s is None,
        at=time_of(done_s or 0),
    )


@pytest.fixture
def reports(reader: Reader) -> DeskReports:
    return DeskReports(reader)


def test_follow_ups_are_those_made_in_the_window_however_late_they_were_done(writer, reports):
    write(
        writer,
        followup("before"),
        followup("first", done_s=9000),
        followup("moved", why="on leave", rule=""),
        followup("after"),
        entries=(
            made("before", 999.999),
            made("first", 1000),
            made("moved", 1999.999),
            made("after", 2000),
            made("first", 1500),
        ),
    )
    assert sorted(reports.followups(**WINDOW)) == [
        FollowupLine("", time_of(5000), None, moved=True),
        FollowupLine("call-back", time_of(5000), time_of(9000), moved=False),
    ]


def test_an_entry_that_somebody_has_spoilt_spoils_no_report(writer, reports, path: Path):
    write(writer, followup("one"), entries=(made("one", 1500),))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE log SET detail = 'spoilt {'")
    assert reports.followups(**WINDOW) == []


def test_a_month_of_follow_ups_is_found_without_reading_the_whole_log(writer, path: Path):
    with closing(sqlite3.connect(path)) as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {desk_reports._MADE}", ["a", "b"]).fetchall()
    assert "log_followups (at>? AND at<?)" in str(plan)


def test_complaints_are_those_recorded_in_the_window_open_or_closed(writer, reports):
    def complaint(id: str, seconds: float, **changes: object) -> Record:
        body = Complaint(
            opened_at=time_of(seconds),
            opened_by="g01",
            looked_into_due_at=time_of(seconds + 1),
            answer_due_at=time_of(seconds + 2),
            **changes,
        )
        return Record(kind="complaint", id=id, body=body, is_open=body.state == "open")

    write(
        writer,
        complaint("before", 999),
        complaint("done", 1001, state="done", channel="mail", answered_at=time_of(1300)),
        complaint("new", 1000, category="claims"),
        complaint("after", 2000),
    )
    found = reports.complaints(**WINDOW)
    assert [(one.category, one.channel, one.state) for one in found] == [
        ("claims", "counter", "open"),
        (None, "mail", "done"),
    ]
    assert found[1] == ComplaintLine(
        opened_at=time_of(1001),
        category=None,
        channel="mail",
        state="done",
        looked_into_due_at=time_of(1002),
        looked_into_at=None,
        answer_due_at=time_of(1003),
        answered_at=time_of(1300),
    )


def test_checklists_are_the_last_of_each_closed_real_call_in_the_window(writer, reports):
    def closed(id: str, seconds: float, **changes: bool) -> Course:
        values = {"incident_id": id, "raised_at": time_of(seconds), "stage": "closed"}
        incident = replace(raised().course.incident, **values, **changes)
        return Course(incident=incident, boot="b", raised_ms=None, due_ms=0)

    def listed(incident_id: str, version: int, *ticked: str) -> Record:
        names = Translated(zh="看", en="Look")
        body = Checklist(
            situation="fall",
            playbook="fall",
            playbook_version=1,
            begun_at=time_of(version),
            steps=[Step(id=id, text=names) for id in ("look", "ask")],
            ticks={id: Tick(by="g01", at=time_of(9), how="done") for id in ticked},
        )
        id = f"{incident_id}.{version}"
        return Record(kind="checklist", id=id, body=body, incident_id=incident_id, is_open=False)

    courses = (
        *(closed("i-1", 1000), closed("i-2", 1999), closed("i-3", 2000)),
        closed("i-4", 1500, drill=True),
    )
    records = (
        *(listed("i-1", 9, "look", "ask"), listed("i-1", 10, "look", "gone")),
        *(listed("i-2", 3, "ask", "look"), listed("i-3", 3), listed("i-4", 3)),
    )
    writer.commit(
        Work(
            courses={one.incident.incident_id: one for one in courses},
            records={(one.kind, one.id): one for one in records},
        )
    )
    assert sorted(reports.checklists(**WINDOW, limit=10)) == [
        ListLine("i-1", 2, 1),
        ListLine("i-2", 2, 2),
    ]
    assert reports.checklists(**WINDOW, limit=1) == [ListLine("i-2", 2, 2)]


def test_rounds_are_those_begun_in_the_window_with_what_they_tested(writer, reports):
    def walk(id: str, seconds: float, **changes: object) -> Record:
        values = {"points": ["p1", "p2"], "started_by": "m01"} | changes
        return Record(kind="walk", id=id, body=walks.Walk(started_at=time_of(seconds), **values))

    tested = {"p2": walks.Tested(at=time_of(1100), by="m01", how="armed")}
    write(
        writer,
        walk("w0", 999),
        walk("w2", 1999, ended_at=time_of(2100), done=tested),
        walk("w1", 1000),
        walk("w3", 2000),
    )
    assert reports.walks(**WINDOW) == [
        WalkLine("w1", time_of(1000), "m01", "", ("p1", "p2"), ()),
        WalkLine("w2", time_of(1999), "m01", time_of(2100), ("p1", "p2"), ("p2",)),
    ]
