"""The store on real SQLite: whole or not at all, chained, read-only to its readers."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from gateway_kit import Desk, acted_through, alert, at, raised
from seeded import write_staff

from gateway.chain import FIRST, Broken, LogEntry, first_broken
from gateway.errors import StoreDamaged, StoreError
from gateway.incident import Course, Entry
from gateway.store import (
    Judged,
    PointRecord,
    Reader,
    Rejected,
    StaffRecord,
    UnitRecord,
    Work,
    Writer,
)
from gateway.store.database import WAL_BYTES
from gateway.store.records import LoggedEntry, NoticeRecord, TakenAlert
from protocol.link import Connected
from protocol.messages import Fault, UnitStatus
from protocol.moment import parse_rfc3339


@contextmanager
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    """The database as somebody with a screwdriver opens it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def entry(event: str = "noted", **detail: object) -> LoggedEntry:
    return LoggedEntry(at_ms=at(1).utc_ms, entry=Entry(event=event, by="g01", detail=detail))


def work(*courses: Course, entries: int = 1) -> Work:
    found = Work(courses={one.incident.incident_id: one for one in courses})
    found.entries = [entry(text=f"文 {number}") for number in range(entries)]
    return found


def taken(**changes) -> TakenAlert:
    return TakenAlert(alert=alert(**changes), unit="unit-01", received_ms=5, incident_id=None)


# --- schema ---


def test_a_new_store_is_strict_durable_and_migrated_once(path: Path, writer: Writer) -> None:
    writer.close()
    again = Writer(str(path))
    again.open()
    assert again._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert again._db.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
    again.close()
    with plain(path) as db:
        assert [row[0] for row in db.execute("SELECT name FROM _sqlite_migrations")] == [
            "0001_branch",
            "0002_open_or_closed",
            "0003_desk",
            "0010_channels",
            "0011_reports",
            "0013_desk_salt",
            "0014_offer_lapses",
            "0015_notice_subjects",
            "0016_log_followups",
            "0017_judged_record",
        ]
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("INSERT INTO farewells VALUES (NULL)")


def test_commits_do_not_lengthen_the_write_ahead_log(path: Path, writer: Writer) -> None:
    wal = path.with_name(path.name + "-wal")
    laid_out = wal.stat().st_size
    assert laid_out == WAL_BYTES
    for minute in range(30):
        writer.commit(work(raised(alert_id=f"a-{minute}", now=at(minute)).course))
    assert wal.stat().st_size == laid_out


def test_a_commit_outlives_a_copy_taken_of_the_files(
    path: Path, writer: Writer, tmp_path: Path
) -> None:
    """What a power cut leaves behind: the zeros after the last commit are no frames."""
    course = raised().course
    writer.commit(work(course))
    cut = tmp_path / "cut.db"
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{cut}{suffix}")
    after = Writer(str(cut))
    after.open()
    assert after.courses() == [course]
    assert after._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    after.close()


def test_every_connection_begins_its_sessions_beyond_the_last(writer: Writer, path: Path) -> None:
    first = writer.begin_sessions()
    writer.close()
    again = Writer(str(path))
    again.open()
    assert again.begin_sessions() > first + 100_000
    again.close()


# --- what goes in comes out ---


def test_everything_written_is_read_again(writer: Writer, reader: Reader) -> None:
    course = raised().course
    status = UnitStatus(state="online", session=3, points={"point-1": {"call": "cut"}})
    unit = UnitRecord(unit="unit-01", configured=False, status=status, last_seen_at="2026-01-01")
    point = PointRecord(
        point="p", label="角", unit="u", configured=False, seat="occupied", seat_ms=-5
    )
    fault = Fault(subject="unit/unit-01", name="silent", since="2026-01-01T00:00:00.000Z")
    notice = NoticeRecord(
        notice_id="n", incident_id="i", channel="phone", step=1, why="step", made_ms=3
    )
    done = work(course)
    done.alerts["a"] = taken()
    done.actions["act"] = Judged(ok=False, reason="not_allowed", at_ms=7, record="r")
    done.units["unit-01"], done.points["p"] = unit, point
    done.faults_raised["unit/unit-01", "silent"] = fault
    done.notices["n"] = notice
    writer.commit(done)
    assert writer.courses() == [course]
    assert reader.incident(course.incident.incident_id) == course.incident
    assert reader.open_incidents() == [course.incident]
    assert (reader.units(), reader.points(), reader.faults()) == ([unit], [point], [fault])
    assert reader.notice("n") == notice and reader.waiting_notices() == [notice]
    assert writer.knows_alert(done.alerts["a"].alert.alert_id)
    assert writer.judged("act") == reader.judged("act") == done.actions["act"]
    assert writer.judged("other") is reader.judged("other") is None


def test_the_configuration_is_taken_over_and_what_it_drops_goes(
    writer: Writer, reader: Reader
) -> None:
    points = [PointRecord(point=name, label=name, unit="u", silent=True) for name in "ba"]
    staff = [StaffRecord(staff="g01", name="李娜", roles=("lead",), pin_hash="h", on_duty=False)]
    writer.configure(name="支行", units=["u"], points=points)
    write_staff(writer, staff)
    assert [one.point for one in reader.points()] == ["b", "a"], "in the order of the file"
    assert (reader.branch_name(), reader.staff()) == ("支行", staff)
    writer.configure(name="", units=[], points=points[:1])
    assert [(one.point, one.configured) for one in reader.points()] == [("b", True)]
    assert reader.units() == []


# --- all or nothing ---


@pytest.mark.parametrize("broken", ["alerts", "incidents", "log", "notices", "units", "rejected"])
def test_a_commit_that_fails_leaves_nothing(path, writer, reader, broken) -> None:
    writer.commit(work(entries=2))
    head = writer.log_head
    with plain(path) as db:
        db.execute(
            f"CREATE TRIGGER no BEFORE INSERT ON {broken} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    course = raised().course
    everything = work(course)
    everything.alerts["a"] = taken(alert_id="a")
    everything.rejected.append(Rejected(at="", topic="t", reason="r", payload=b""))
    everything.units["u"] = UnitRecord(unit="u", configured=False)
    everything.notices["n"] = NoticeRecord(
        notice_id="n", incident_id="i", channel="c", step=0, why="step", made_ms=0
    )
    with pytest.raises(StoreError):
        writer.commit(everything)
    assert writer.log_head == head, "the next entry hangs on the last one stored"
    assert not writer.knows_alert("a")
    writer.abandon()
    assert (reader.incidents(), reader.units(), reader.rejected_count()) == ([], [], 0)
    with plain(path) as db:
        db.execute("DROP TRIGGER no")
    writer.commit(everything)
    assert writer.knows_alert("a")
    assert first_broken(reader.whole_log()) is None


def test_an_alert_is_kept_once(path: Path, writer: Writer) -> None:
    for _ in range(2):
        done = Work(alerts={"a": taken(alert_id="a")})
        writer.commit(done)
    with plain(path) as db:
        assert db.execute("SELECT count(*) FROM alerts").fetchone() == (1,)


# --- the log's chain ---


@pytest.fixture
def log_of_nine(path: Path, writer: Writer) -> Path:
    for _ in range(3):
        writer.commit(work(entries=3))
    return path


@pytest.mark.parametrize(
    ("tampering", "first"),
    [
        ("UPDATE log SET detail = '{}' WHERE seq = 4", 4),
        ("UPDATE log SET detail = 'no json' WHERE seq = 4", 4),
        ("UPDATE log SET by = 's01' WHERE seq = 5", 5),
        ("UPDATE log SET at = '2026-01-01T00:00:00.000Z' WHERE seq = 1", 1),
        ("UPDATE log SET incident_id = 'x' WHERE seq = 9", 9),
        ("UPDATE log SET hash = '' WHERE seq = 3", 3),
        ("DELETE FROM log WHERE seq = 1", 1),
        ("DELETE FROM log WHERE seq = 6", 6),
        ("INSERT INTO log SELECT 10, at, event, by, incident_id, detail, hash FROM log"
         " WHERE seq = 9", 10),
        ("INSERT INTO log SELECT 0, at, event, by, incident_id, detail, hash FROM log"
         " WHERE seq = 1", 1),
        ("UPDATE log SET seq = 100 WHERE seq = 7", 7),
    ],
)  # fmt: skip
def test_the_first_entry_that_was_tampered_with_is_named(log_of_nine, reader, tampering, first):
    assert first_broken(reader.whole_log()) is None
    with plain(log_of_nine) as db:
        db.execute(tampering)
    broken = first_broken(reader.whole_log())
    assert isinstance(broken, Broken)
    assert broken.seq == first
    assert str(first) in broken.what


def test_two_entries_that_changed_places_show(log_of_nine: Path, reader: Reader) -> None:
    with plain(log_of_nine) as db:
        for old, new in ((3, 33), (4, 3), (33, 4)):
            db.execute("UPDATE log SET seq = ? WHERE seq = ?", [new, old])
    assert first_broken(reader.whole_log()).seq == 3


def test_a_tail_cut_off_shows_by_the_head(
    log_of_nine: Path, writer: Writer, reader: Reader
) -> None:
    """The chain alone cannot know; the head that gateway/status tells to all can."""
    with plain(log_of_nine) as db:
        db.execute("DELETE FROM log WHERE seq = 9")
    assert first_broken(reader.whole_log()) is None
    assert reader.log(limit=1)[-1].hash != writer.log_head


def test_an_empty_log_is_whole() -> None:
    assert first_broken([]) is None
    assert first_broken(
        [LogEntry(seq=2, at="", event="", by="", incident_id=None, detail={}, hash=FIRST)]
    ) == Broken(1, "entry 1 is missing; entry 2 follows")


def test_the_chain_goes_on_after_a_restart(log_of_nine: Path, writer: Writer, reader) -> None:
    writer.close()
    again = Writer(str(log_of_nine))
    again.open()
    again.commit(work(entries=2))
    assert [one.seq for one in reader.whole_log()] == list(range(1, 12))
    assert first_broken(reader.whole_log()) is None
    again.close()


# --- rejected ---


def test_a_thousand_rejected_messages_are_kept_and_all_are_counted(path, writer, reader) -> None:
    for start in (0, 700):
        done = Work()
        done.rejected = [
            Rejected(at="", topic=f"t{number}", reason="r", payload=b"\0\xff")
            for number in range(start, start + 700)
        ]
        writer.commit(done)
    assert reader.rejected_count() == 1400
    topics = [row[0] for row in reader.rows("SELECT topic FROM rejected ORDER BY id")]
    assert topics == [f"t{number}" for number in range(400, 1400)]


# --- the reader ---


@pytest.mark.parametrize(
    "sql", ["DELETE FROM log", "INSERT INTO facts VALUES ('a', 'b')", "CREATE TABLE t (a)"]
)
def test_a_reader_cannot_write(writer: Writer, reader: Reader, sql: str) -> None:
    with pytest.raises(StoreError, match="readonly"):
        reader.rows(sql)


def test_a_reader_of_nothing_says_so_and_finds_the_store_when_it_comes(path: Path) -> None:
    reader = Reader(str(path))
    with pytest.raises(StoreError, match="not there"):
        reader.open()
    assert not path.exists(), "reading makes no file"
    writer = Writer(str(path))
    writer.open()
    assert reader.incidents() == []
    writer.close()
    reader.close()


def test_a_reader_follows_a_store_that_was_replaced(path, writer, reader, tmp_path) -> None:
    writer.commit(work(raised().course))
    assert len(reader.open_incidents()) == 1
    writer.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    with pytest.raises(StoreError):
        reader.open_incidents()
    fresh = Writer(str(path))
    fresh.open()
    assert reader.open_incidents() == [], "not the old news"
    fresh.close()


@pytest.mark.parametrize(
    "content", [b"no database at all" * 99, b"SQLite format 3\0" + b"\1" * 9000]
)
def test_a_damaged_store_is_called_damaged(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    writer, reader = Writer(str(path)), Reader(str(path))
    with pytest.raises(StoreDamaged, match="damaged"):
        writer.open()
    with pytest.raises(StoreDamaged):
        reader.incidents()
    writer.close()
    reader.close()


def test_a_torn_page_is_called_damage_when_it_is_used(path: Path, writer: Writer) -> None:
    writer.commit(work(*[raised().course for _ in range(200)], entries=500))
    writer.close()
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 8192 * 4096
    whole[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    reader = Reader(str(path))
    with pytest.raises(StoreDamaged):
        list(reader.whole_log()), reader.incidents(limit=1000)
    reader.close()


def test_a_store_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be used"):
        Writer(str(tmp_path / "gone" / "anling.db")).open()


# --- questions ---


@pytest.fixture
def twelve(writer: Writer) -> list[Course]:
    """Twelve incidents, two at each of six moments; every third one closed."""
    courses = []
    for number in range(12):
        course = raised(now=at(1000 + number // 2 * 100)).course
        courses.append(acted_through(course) if number % 3 == 0 else course)
    writer.commit(work(*courses))
    return courses


def test_pages_follow_each_other_without_a_gap(twelve: list[Course], reader: Reader) -> None:
    for stage in ("all", "open", "closed"):
        whole, before = [], None
        while page := reader.incidents(stage=stage, limit=3, before=before):
            whole += page
            before = page[-1].incident_id
        expected = [
            c.incident for c in twelve if stage == "all" or c.incident.is_open == (stage == "open")
        ]
        expected.sort(key=lambda one: (one.raised_at, one.incident_id), reverse=True)
        assert whole == expected
    assert reader.incidents(before="unknown") == []


def test_a_report_has_one_line_an_incident_raised_in_the_window(twelve, reader) -> None:
    start, end = at(1100).utc_ms, at(1300).utc_ms
    found = reader.response_times(start_ms=start, end_ms=end)
    expected = {
        c.incident.incident_id for c in twelve if start <= parse_rfc3339(c.incident.raised_at) < end
    }
    assert {one.incident_id for one in found} == expected
    assert len(found) == 4, "the end is not in it"
    closed = [one for one in found if one.to_close_ms is not None]
    assert all(one.to_accept_ms <= one.to_arrive_ms <= one.to_close_ms for one in closed)


@pytest.mark.parametrize(
    ("call", "plan"),
    [
        (lambda r: r.response_times(start_ms=0, end_ms=9), "COVERING INDEX incidents_closed"),
        (lambda r: r.open_incidents(), "INDEX incidents_open"),
        (lambda r: r.incidents(limit=5), "INDEX incidents_closed"),
        (lambda r: r.incidents(limit=5, before="x"), "INDEX incidents_closed"),
        (lambda r: r.incidents(limit=5, stage="open"), "INDEX incidents_open"),
        (lambda r: r.log("i"), "INDEX log_incident"),
        (lambda r: r.waiting_notices(), "INDEX notices_waiting"),
        (lambda r: r.notices("i"), "INDEX notices_incident"),
    ],
    ids=["report", "open", "page", "next page", "open page", "log", "waiting", "notices"],
)
def test_no_question_reads_a_whole_table(writer, reader, monkeypatch, call, plan) -> None:
    asked = []
    real = reader.rows
    monkeypatch.setattr(
        reader,
        "rows",
        lambda sql, parameters=(): asked.append((sql, parameters)) or real(sql, parameters),
    )
    call(reader)
    steps = [
        row[3] for sql, parameters in asked for row in real(f"EXPLAIN QUERY PLAN {sql}", parameters)
    ]
    assert any(plan in one for one in steps), steps
    assert not any(one.startswith("SCAN") and "INDEX" not in one for one in steps), steps
    if "incidents" in plan or "log" in plan:
        assert not any("ORDER BY" in one for one in steps), steps


def test_closed_incidents_keep_no_clocks(writer: Writer, reader: Reader) -> None:
    closed = acted_through(raised().course)
    writer.commit(work(closed))
    assert writer.courses() == []
    assert writer.closed_incident(closed.incident.incident_id) == closed.incident
    assert reader.rows("SELECT boot, press_ms, due_ms FROM incidents") == [(None,) * 3]
    assert writer.farewells() == [closed.incident.incident_id]
    writer.commit(Work(farewells_said={closed.incident.incident_id}))
    assert writer.farewells() == []


def test_a_fault_is_raised_and_cleared(writer: Writer, reader: Reader) -> None:
    fault = Fault(subject="gateway", name="x", since="2026-01-01T00:00:00.000Z")
    writer.commit(Work(faults_raised={("gateway", "x"): fault}))
    writer.commit(Work(faults_raised={("gateway", "x"): replace(fault, detail="more")}))
    assert [one.detail for one in reader.faults()] == ["more"]
    writer.commit(Work(faults_cleared={("gateway", "x")}))
    assert reader.faults() == []


# --- what another version has written ---


def test_a_record_that_cannot_be_read_is_left_out_named_and_written_anew(path: Path) -> None:
    """As after an update that takes less than the version before: no press waits for it."""
    desk = Desk(path).start()
    week = [{"days": ["mon"], "opens": "08:00", "closes": "17:00"}]
    assert desk.ask("hours.save", id="branch", body={"week": week}).ok
    with desk.writer._transaction():
        odd = "UPDATE records SET body = replace(body, '17:00', '1\uff17:00') WHERE kind = 'hours'"
        desk.writer._db.execute(odd)
        desk.writer._db.execute(
            'INSERT INTO records (kind, id, version, is_open, "by", at, body)'
            " VALUES ('unheard_of', 'x', 1, 1, '', '', '{}')"
        )
    desk.restart()
    desk.handle(Connected(1), desk.pressed())
    assert desk.link.sent("unit/unit-01/receipt")
    desk.clock.move(1)
    desk.handle()
    [fault] = [one for one in desk.reader.faults() if one.name == "records_unreadable"]
    assert set(fault.detail.split(", ")) == {"hours/branch", "unheard_of/x"}
    assert desk.reader.record("hours", "branch") is None and desk.reader.records("hours") == []
    assert desk.ask("hours.save", id="branch", version=0, body={"week": week}).ok
    assert desk.reader.record("hours", "branch").body.week[0].closes == "17:00"
    desk.stop()
