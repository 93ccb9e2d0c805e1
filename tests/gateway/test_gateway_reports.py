"""What reports read: a line each incident, notices counted, faults from the log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from gateway_kit import RULES, acted_through, action, at, raised
from hypothesis import given, settings
from hypothesis import strategies as st
from seeded import writing
from sqlite_utils import Database

from gateway.course import Acted, Course, Entry
from gateway.incident import step
from gateway.store import CrewMember, NoticeCount, Reader, Reports, Work, Writer
from gateway.store.migrations import migrations
from gateway.store.records import LoggedEntry, NoticeRecord
from gateway.store.report_lines import line_of, lines_of_rows, row_of
from protocol.messages import Incident, Responder
from protocol.moment import rfc3339

EVER = {"start_ms": 0, "end_ms": 2**60}


@pytest.fixture
def reports(reader: Reader) -> Reports:
    return Reports(reader)


def write(writer: Writer, *courses: Course) -> None:
    writer.commit(Work(courses={one.incident.incident_id: one for one in courses}))


def with_two_responders(seconds: float = 1000) -> Course:
    """Accepted by customer service after 10 s and by first aid after 25 s, who is there at 40."""
    course = raised(now=at(seconds)).course
    for after_s, name, by in ((10, "accept", "g01"), (25, "accept", "f01"), (40, "arrive", "f01")):
        course = step(course, Acted(action(name, by)), at(seconds + after_s), RULES).course
    return course


def closed(course: Course, seconds: float = 1100) -> Course:
    return step(course, Acted(action("close", outcome="helped")), at(seconds), RULES).course


def test_a_line_says_who_came_with_which_role_and_when():
    line = line_of(with_two_responders().incident)
    assert line.asked == ("customer_service",)
    assert line.crew == (
        CrewMember(("customer_service",), 10_000, None),
        CrewMember(("first_aid", "customer_service"), 25_000, 40_000),
    )


def test_responders_of_a_press_nobody_could_time_are_not_timed():
    incident = replace(with_two_responders().incident, to_accept_ms=None)
    assert {(one.to_accept_ms, one.to_arrive_ms) for one in line_of(incident).crew} == {
        (None, None)
    }


def test_lines_are_those_raised_in_the_window_open_or_closed(writer, reports):
    first, second, third = (with_two_responders(1000 + 100 * number) for number in range(3))
    write(writer, closed(first), closed(second, 1200), third)
    found = reports.lines(start_ms=at(1000).utc_ms, end_ms=at(1100).utc_ms)
    assert found == [line_of(closed(first).incident)]
    assert {one.incident_id for one in reports.lines(**EVER)} == {
        one.incident.incident_id for one in (first, second, third)
    }
    assert reports.lines(**EVER)[-1] == line_of(third.incident)


times = st.integers(0, 10**9).map(lambda ms: rfc3339(1_790_000_000_000 + ms))
responders = st.builds(
    Responder,
    staff=st.just("g01"),
    roles=st.lists(st.sampled_from(["first_aid", "lead"]), max_size=2, unique=True).map(tuple),
    accepted_at=times,
    arrived_at=st.none() | times,
)
incidents = st.builds(
    Incident,
    incident_id=st.uuids().map(str),
    branch=st.just("b001"),
    point=st.just("point-1"),
    label=st.just("Schalter 1 柜台"),
    kind=st.just("call"),
    stage=st.just("closed"),
    presses=st.just(1),
    drill=st.booleans(),
    raised_at=times,
    accepted_at=st.none() | times,
    to_accept_ms=st.none() | st.integers(0, 10**7),
    outcome=st.none() | st.sampled_from(["helped", '假 "quoted"']),
    responders=st.lists(responders, max_size=3).map(tuple),
    asked_roles=st.lists(st.sampled_from(["first_aid", "security"]), unique=True).map(tuple),
)


@given(st.lists(incidents, max_size=5))
def test_lines_come_back_from_their_rows_as_they_went(found):
    lines = [line_of(one) for one in found]
    assert lines_of_rows([row_of(one) for one in lines]) == lines


@settings(max_examples=20, deadline=None)
@given(st.lists(incidents, max_size=5, unique_by=lambda one: one.incident_id))
def test_incidents_closed_before_there_were_lines_get_the_same_ones(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("old") / "anling.db"
    with writing(path) as writer:
        courses = [Course(incident=one, boot="b", raised_ms=None, due_ms=0) for one in found]
        write(writer, *courses)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        written = db.execute("SELECT * FROM report_lines ORDER BY 1, 2").fetchall()
        for kind, name in (("TABLE", "report_lines"), ("INDEX", "notices_answered")):
            db.execute(f"DROP {kind} {name}")
        db.execute("DROP INDEX log_faults")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = '0011_reports'")
        migrations.apply(Database(db, execute_plugins=False))
        assert db.execute("SELECT * FROM report_lines ORDER BY 1, 2").fetchall() == written


def notice(number: int, *, state: str, channel: str = "sms", attempts: int = 1) -> NoticeRecord:
    return NoticeRecord(
        notice_id=f"n-{number}",
        incident_id="i",
        channel=channel,
        step=0,
        why="step",
        made_ms=1000 + number,
        state=state,
        attempts=attempts,
    )


def test_notices_are_counted_by_channel_and_state(writer, reports):
    made = [
        notice(1, state="delivered", attempts=3),
        notice(2, state="delivered"),
        notice(3, state="failed", attempts=5),
        notice(4, state="waiting", attempts=0, channel="chat"),
        notice(9, state="failed"),
    ]
    writer.commit(Work(notices={one.notice_id: one for one in made}))
    assert reports.notice_counts(start_ms=1000, end_ms=1009) == [
        NoticeCount("chat", "waiting", 1, 0),
        NoticeCount("sms", "delivered", 2, 4),
        NoticeCount("sms", "failed", 1, 5),
    ]


def fault_entry(second: int, event: str, **detail: object) -> LoggedEntry:
    return LoggedEntry(at_ms=at(second).utc_ms, entry=Entry(event=event, detail=detail))


def test_faults_of_the_log_come_in_order_and_damaged_ones_are_left_out(writer, reports):
    values = {"subject": "unit/u", "name": "silent"}
    writer.commit(
        Work(
            entries=[
                fault_entry(1, "fault_raised", **values),
                fault_entry(2, "noted", text="x"),
                fault_entry(3, "fault_cleared", **values),
                fault_entry(4, "fault_raised", subject="unit/u"),
                fault_entry(9, "fault_raised", **values),
            ]
        )
    )
    found = reports.fault_events(start_ms=at(1).utc_ms, end_ms=at(9).utc_ms)
    assert [(one.seq, one.event, one.subject, one.name) for one in found] == [
        (1, "fault_raised", "unit/u", "silent"),
        (3, "fault_cleared", "unit/u", "silent"),
    ]


@pytest.mark.parametrize(
    ("ask", "plan"),
    [
        (lambda r: r.lines(start_ms=0, end_ms=9), "SEARCH report_lines USING PRIMARY KEY"),
        (lambda r: r.lines(start_ms=0, end_ms=9), "INDEX incidents_open"),
        (lambda r: r.times(start_ms=0, end_ms=9), "COVERING INDEX incidents_closed"),
        (lambda r: r.times(start_ms=0, end_ms=9), "INDEX incidents_open"),
        (lambda r: r.notice_counts(start_ms=0, end_ms=9), "COVERING INDEX notices_answered"),
        (lambda r: r.notice_counts(start_ms=0, end_ms=9), "INDEX notices_waiting"),
        (lambda r: r.fault_events(start_ms=0, end_ms=9), "COVERING INDEX log_faults"),
    ],
    ids=[
        "closed lines",
        "open lines",
        "times",
        "open times",
        "notices",
        "waiting notices",
        "faults",
    ],
)
def test_no_report_reads_a_whole_table(writer, reader, monkeypatch, ask, plan):
    steps, real = [], reader.rows

    def explained(sql, parameters=()):
        steps.extend(row[3] for row in real(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return real(sql, parameters)

    monkeypatch.setattr(reader, "rows", explained)
    ask(Reports(reader))
    assert any(plan in one for one in steps), steps
    assert not any(one.startswith("SCAN") for one in steps), steps


def test_a_press_touches_nothing_of_the_reports(path: Path, writer: Writer):
    """What a receipt waits for stays as small as it was."""
    write(writer, raised().course)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM report_lines").fetchone() == (0,)
    write(writer, acted_through(raised(now=at(2000)).course))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM report_lines").fetchone() == (1,)
