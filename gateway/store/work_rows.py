"""How a round's work goes into the store: the rows of each table, in the open transaction."""

from __future__ import annotations

import json
import sqlite3

import msgspec

from gateway.course import RING_NOW, Course
from gateway.store import channel_rows
from gateway.store.desk_rows import record_row
from gateway.store.records import Judged, PointRecord, UnitRecord, Work
from gateway.store.report_lines import line_of, row_of
from protocol.decoders import decoder
from protocol.messages import Incident
from protocol.moment import parse_rfc3339

# The newest rejected messages that are kept for people to look at; all are counted.
REJECTED_KEPT = 1000
_NO_CLOCKS = (None, None, None, None)
JUDGED = "SELECT ok, reason, taken_ms, record FROM actions WHERE action_id = ?"


def write_work(db: sqlite3.Connection, work: Work, log: list[tuple]) -> None:
    """log: the rows of work.entries, chained."""
    _write_alerts(db, work)
    _write_courses(db, work)
    _many(db, "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", log)
    _many(
        db,
        "INSERT INTO actions VALUES (?, ?, ?, ?, ?) ON CONFLICT (action_id) DO NOTHING",
        [(id, one.ok, one.reason, one.at_ms, one.record) for id, one in work.actions.items()],
    )
    if work.rejected:
        _write_rejected(db, work)
    _write_notices(db, work)
    if work.channel_list is not None:
        channel_rows.configure(db, work.channel_list)
    _many(db, channel_rows.UPDATE, list(map(channel_rows.changes, work.channels.values())))
    _write_branch(db, work)


def _write_alerts(db: sqlite3.Connection, work: Work) -> None:
    _many(
        db,
        "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (alert_id) DO NOTHING",
        [
            (
                taken.alert.alert_id,
                taken.unit,
                taken.alert.point,
                taken.alert.what,
                taken.alert.boot,
                taken.alert.seq,
                taken.alert.age_ms,
                taken.alert.wall,
                taken.alert.drill,
                taken.received_ms,
                taken.incident_id,
            )
            for taken in work.alerts.values()
        ],
    )


def _write_courses(db: sqlite3.Connection, work: Work) -> None:
    _many(
        db,
        "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (incident_id) DO UPDATE SET kind = excluded.kind,"
        " stage = excluded.stage, drill = excluded.drill,"
        " to_accept_ms = excluded.to_accept_ms, to_arrive_ms = excluded.to_arrive_ms,"
        " to_close_ms = excluded.to_close_ms, body = excluded.body, boot = excluded.boot,"
        " press_ms = excluded.press_ms, due_ms = excluded.due_ms, offer_ms = excluded.offer_ms",
        [_incident_row(course) for course in work.courses.values()],
    )
    closed = [one.incident for one in work.courses.values() if not one.incident.is_open]
    _many(db, "INSERT OR IGNORE INTO farewells VALUES (?)", [(one.incident_id,) for one in closed])
    _many(
        db,
        "INSERT OR REPLACE INTO report_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [row_of(line_of(one)) for one in closed],
    )
    _many(db, "DELETE FROM farewells WHERE incident_id = ?", [(i,) for i in work.farewells_said])


def _write_rejected(db: sqlite3.Connection, work: Work) -> None:
    _many(
        db,
        "INSERT INTO rejected (at, topic, reason, payload) VALUES (?, ?, ?, ?)",
        [(one.at, one.topic, one.reason, one.payload) for one in work.rejected],
    )
    db.execute(
        "DELETE FROM rejected WHERE id <= (SELECT max(id) FROM rejected) - ?", [REJECTED_KEPT]
    )


def _write_notices(db: sqlite3.Connection, work: Work) -> None:
    _many(
        db,
        "INSERT OR REPLACE INTO notices (notice_id, incident_id, channel, step, why, made_ms,"
        " state, attempts, detail, staff, tried_ms, subjects)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.notice_id,
                one.incident_id,
                one.channel,
                one.step,
                one.why,
                one.made_ms,
                one.state,
                one.attempts,
                one.detail,
                json.dumps(one.staff),
                one.tried_ms,
                json.dumps(one.subjects, ensure_ascii=False),
            )
            for one in work.notices.values()
        ],
    )


def _write_branch(db: sqlite3.Connection, work: Work) -> None:
    _many(
        db,
        "INSERT INTO units VALUES (?, ?, ?, ?) ON CONFLICT (unit) DO UPDATE SET"
        " status = excluded.status, last_seen_at = excluded.last_seen_at",
        [_unit_row(record) for record in work.units.values()],
    )
    _many(db, "DELETE FROM points WHERE point = ?", [(one,) for one in work.points_gone])
    _many(
        db,
        "INSERT INTO points VALUES (?, ?, ?, ?, ?, 1000000, ?, ?, ?, ?)"
        " ON CONFLICT (point) DO UPDATE SET label = excluded.label, unit = excluded.unit,"
        " silent = excluded.silent, configured = excluded.configured, seat = excluded.seat,"
        " seat_alert_id = excluded.seat_alert_id, seat_boot = excluded.seat_boot,"
        " seat_ms = excluded.seat_ms",
        [_point_row(record) for record in work.points.values()],
    )
    _many(
        db,
        "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [record_row(record) for record in work.records.values()],
    )
    if work.forgotten:
        _forget(db, work.forgotten)
    _many(db, "INSERT OR REPLACE INTO facts VALUES (?, ?)", list(work.facts.items()))
    _many(db, "DELETE FROM faults WHERE subject = ? AND name = ?", list(work.faults_cleared))
    _many(
        db,
        "INSERT OR REPLACE INTO faults VALUES (?, ?, ?, ?)",
        [(f.subject, f.name, f.since, f.detail) for f in work.faults_raised.values()],
    )


def _forget(db: sqlite3.Connection, keys: set[tuple[str, str]]) -> None:
    """Deletes records and overwrites where they were, their overflow pages too."""
    db.execute("PRAGMA secure_delete = ON")
    _many(db, "DELETE FROM records WHERE kind = ? AND id = ?", list(keys))
    db.execute("PRAGMA secure_delete = FAST")


def _many(db: sqlite3.Connection, sql: str, rows: list[tuple]) -> None:
    if rows:
        db.executemany(sql, rows)


def read_course(
    body: str, boot: str, press_ms: int | None, due_ms: int, offer_ms: int | None
) -> Course:
    """The course of a row. Its ring, if it rings, was not stored: it is due at once."""
    incident = decoder(Incident).decode(body)
    rings = incident.stage == "raised" and incident.rings > 0
    return Course(
        incident=incident,
        boot=boot,
        raised_ms=press_ms,
        due_ms=due_ms,
        ring_ms=RING_NOW if rings else None,
        offer_ms=offer_ms,
    )


def _incident_row(course: Course) -> tuple:
    """The row of table `incidents` for a course; a closed one needs its clocks no more."""
    incident = course.incident
    clocks = (course.boot, course.raised_ms, course.due_ms, course.offer_ms)
    return (
        incident.incident_id,
        incident.point,
        incident.kind,
        incident.stage,
        incident.drill,
        parse_rfc3339(incident.raised_at),
        incident.to_accept_ms,
        incident.to_arrive_ms,
        incident.to_close_ms,
        msgspec.json.encode(incident).decode(),
        *(clocks if incident.is_open else _NO_CLOCKS),
    )


def _unit_row(record: UnitRecord) -> tuple:
    status = msgspec.json.encode(record.status).decode() if record.status else None
    return (record.unit, record.configured, status, record.last_seen_at)


def _point_row(record: PointRecord) -> tuple:
    return (
        record.point,
        record.label,
        record.unit,
        record.silent,
        record.configured,
        record.seat,
        record.seat_alert_id,
        record.seat_boot,
        record.seat_ms,
    )


def read_judged(row: tuple) -> Judged:
    """What JUDGED has found."""
    return Judged(ok=bool(row[0]), reason=row[1], at_ms=row[2], record=row[3])
