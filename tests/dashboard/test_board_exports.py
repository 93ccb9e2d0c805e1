"""What is taken away: whole, safe in a spreadsheet, by whom it may, and in bounded memory."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import time
from dataclasses import fields, replace

import psutil
import pytest
from board_branch import TOKEN, signed_in
from seeded import put

from dashboard.export_text import BOM, PIECE_BYTES, WRITERS
from gateway.chain import LogEntry, first_broken
from gateway.course import Course, Entry
from gateway.store import Judged, NoticeRecord, Reader, Rejected, Work
from gateway.store.exports import EXPORTS, PAGE, Export, Window
from gateway.store.records import LoggedEntry, TakenAlert
from protocol.messages import Alert, Incident, Responder
from protocol.moment import rfc3339
from protocol.spreadsheet import unguarded

T0_MS = 1_795_000_000_000
HOUR_MS = 3_600_000


def incident(number: int, **changes) -> Incident:
    raised_ms = T0_MS + number * HOUR_MS
    values = {
        "incident_id": f"i-{number:04d}",
        "branch": "b001",
        "point": "point-1",
        "label": '1号柜台, "Counter" 1',
        "kind": "call",
        "stage": "closed",
        "presses": 1,
        "drill": number % 2 == 0,
        "raised_at": rfc3339(raised_ms),
        "to_accept_ms": 1_000 * number,
        "outcome": "helped",
        "responders": (Responder(staff="g01", roles=("lead",), accepted_at=rfc3339(raised_ms)),),
        "asked_roles": ("lead",),
    }
    return Incident(**(values | changes))


def course(one: Incident) -> Course:
    return Course(incident=one, boot="b", raised_ms=None, due_ms=0)


@pytest.fixture
def kept(store) -> list[Incident]:
    """Five incidents, one of them open, with alerts, notices, faults and a log about them."""
    found = [incident(number) for number in range(4)]
    found.append(incident(4, stage="raised", outcome=None, label='=HYPERLINK("http://x")'))
    work = Work(courses={one.incident_id: course(one) for one in found})
    for number, one in enumerate(found):
        at_ms = T0_MS + number * HOUR_MS
        alert = Alert(alert_id=f"a-{number}", point="point-1", what="pressed", boot="u", seq=number)
        work.alerts[alert.alert_id] = TakenAlert(
            alert=alert, unit="unit-01", received_ms=at_ms, incident_id=one.incident_id
        )
        work.notices[f"n-{number}"] = NoticeRecord(
            notice_id=f"n-{number}",
            incident_id=one.incident_id,
            channel="sms",
            step=0,
            why="step",
            made_ms=at_ms,
            detail="+86 said: =1+1",
            staff=("101", "102"),
            subjects=("channel/sms:失败",),
        )
        text = Entry(event="noted", by="g01", detail={"text": f'@老太太 {number} \n "x"'})
        fault = Entry(event="fault_raised", detail={"subject": "broker", "name": "away"})
        work.entries += [
            LoggedEntry(at_ms=at_ms, entry=text, incident_id=one.incident_id),
            LoggedEntry(at_ms=at_ms + 1, entry=fault),
        ]
    work.rejected.append(Rejected(at=rfc3339(T0_MS), topic="=x", reason="r", payload=b"\xff\x00"))
    work.actions["act-1"] = Judged(ok=True, at_ms=T0_MS)
    put(store, work)
    return found


def get(client, bearer, name: str, kind: str, **query: str):
    reply = client.get(f"/api/v1/export/{name}.{kind}", query_string=query, headers=bearer)
    assert reply.status_code == 200
    return reply


def cells(reply) -> list[dict[str, str]]:
    text = reply.data.decode("utf-8")
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline=""), strict=True))


@pytest.mark.parametrize("name", EXPORTS)
def test_csv_and_json_say_the_same_and_nothing_is_a_formula(client, bearer, kept, name):
    rows = cells(get(client, bearer, name, "csv"))
    objects = get(client, bearer, name, "json").json
    assert len(rows) == len(objects) > 0
    for row, one in zip(rows, objects, strict=True):
        assert list(row) == list(one) == list(EXPORTS[name].columns)
        for column, cell in row.items():
            assert not cell.startswith(("=", "+", "-", "@"))
            assert same(unguarded(cell), one[column]), (column, cell, one[column])


def same(cell: str, value: object) -> bool:
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == str(int(value))
    if isinstance(value, dict | list):
        return json.loads(cell) == value
    return cell == str(value)


def test_incidents_are_given_whole_and_in_order(client, bearer, kept):
    found = get(client, bearer, "incidents", "json").json
    assert found == json.loads(json.dumps([as_json(one) for one in kept]))
    assert list(found[0]) == [field.name for field in fields(Incident)]


def as_json(one: Incident) -> dict:
    import msgspec

    return msgspec.to_builtins(one)


def test_a_notice_says_for_whom_it_was_and_about_what(client, bearer, kept):
    found = get(client, bearer, "notices", "json").json[0]
    assert (found["staff"], found["subjects"]) == (["101", "102"], ["channel/sms:失败"])


@pytest.mark.parametrize("name", ["incidents", "log", "alerts", "notices", "faults"])
def test_a_window_leaves_out_what_was_before_and_after(client, bearer, kept, name):
    window = {"from": rfc3339(T0_MS + HOUR_MS), "to": rfc3339(T0_MS + 3 * HOUR_MS)}
    whole, part = (get(client, bearer, name, "json", **query).json for query in ({}, window))
    each = len(whole) // 5
    assert part == whole[each : 3 * each]
    everything = get(client, bearer, name, "json", **{"from": "2026-01-01", "to": "2030-01-01"})
    assert everything.json == whole
    assert get(client, bearer, name, "json", to="2026-01-01").json == []


def test_an_exported_log_can_be_checked_alone(client, bearer, kept):
    entries = [LogEntry(**one) for one in get(client, bearer, "log", "json").json]
    assert len(entries) == 10
    assert first_broken(entries) is None
    entries[4] = replace(entries[4], by="nobody")
    assert first_broken(entries).seq == 5


def test_no_secret_is_given_away(client, bearer, kept, pin_hashes):
    for name in EXPORTS:
        text = get(client, bearer, name, "json").data.decode()
        assert not any(one in text for one in pin_hashes.values()), name
        assert "pin" not in text, name


def test_rows_come_in_pages_without_a_gap(store, kept):
    """More rows than a page has, with the same time too."""
    same_time = [replace(incident(1), incident_id=f"p-{number:05d}") for number in range(PAGE * 2)]
    put(store, Work(courses={one.incident_id: course(one) for one in same_time}))
    reader = Reader(str(store))
    found = [row[0] for row in EXPORTS["incidents"].rows(reader, Window())]
    assert len(found) == len(set(found)) == PAGE * 2 + 5
    reader.close()


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("incidents", "INDEX incidents_closed"),
        ("incidents", "INDEX incidents_open"),
        ("log", "SEARCH log USING INTEGER PRIMARY KEY"),
        ("alerts", "SEARCH alerts USING PRIMARY KEY"),
        ("notices", "SEARCH notices USING PRIMARY KEY"),
        ("faults", "INDEX log_faults"),
    ],
)
def test_no_page_reads_a_whole_table_or_sorts_it(store, kept, monkeypatch, name, plan):
    reader, steps = Reader(str(store)), []
    real = reader.rows

    def explained(sql, parameters=()):
        steps.extend(row[3] for row in real(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return real(sql, parameters)

    monkeypatch.setattr(reader, "rows", explained)
    list(EXPORTS[name].rows(reader, Window(T0_MS, T0_MS + HOUR_MS)))
    assert any(plan in one for one in steps), steps
    assert not any(one.startswith("SCAN") or "ORDER BY" in one for one in steps), steps
    reader.close()


# --- who may, and how it is asked ---


def test_a_lead_may_export_and_others_may_not(client, kept):
    assert client.get("/api/v1/export/log.csv").status_code == 401
    signed_in(client, "g01")
    for path in ("/api/v1/export/log.csv", "/reports/export"):
        assert client.get(path).status_code == 403
    assert b"/reports/export" not in client.get("/reports/month").data
    signed_in(client, "l01")
    reply = client.get("/api/v1/export/log.csv")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="anling-b001-log.csv"'
    page = client.get("/reports/export?from=2026-11-01&to=2026-11-30&lang=en").data.decode()
    assert "from=2026-10-31T16:00:00.000Z" in page.replace("%3A", ":")
    assert "to=2026-11-30T16:00:00.000Z" in page.replace("%3A", ":")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("secrets.csv", 404),
        ("facts.json", 404),
        ("log.xlsx", 404),
        ("log.csv?from=yesterday", 422),
        ("log.csv?from=2026-01-02&to=2026-01-01", 422),
        ("log.csv?from=2026-01-01&to=2026-01-01", 200),
        ("log.csv?from=2026-01-01T08:00:00Z&to=2026-01-01T07:59:59Z", 422),
        ("log.csv?from=2026-01-01&from=2026-01-02", 422),
    ],
)
def test_what_cannot_be_exported_is_named(client, bearer, kept, path, status):
    reply = client.get(f"/api/v1/export/{path}", headers=bearer)
    assert reply.status_code == status
    assert status == 200 or (reply.json["reason"] and reply.json["message"])


def test_a_store_that_is_away_is_a_plain_sentence(client, bearer, store):
    store.unlink()
    reply = client.get("/api/v1/export/log.json", headers=bearer)
    assert (reply.status_code, reply.json["reason"]) == (503, "store_unavailable")


@pytest.mark.parametrize("kind", WRITERS)
def test_pieces_are_small_however_much_there_is(kind):
    export = Export(columns=("a", "b"), rows=lambda reader, window: iter(()))
    pieces = list(WRITERS[kind][1](export, ((number, "x" * 100) for number in range(20_000))))
    assert len(pieces) > 50
    assert max(map(len, pieces)) < PIECE_BYTES + 500
    assert WRITERS[kind][1](export, ()) is not None


def test_nothing_to_export_is_a_heading_or_an_empty_list():
    export = EXPORTS["log"]
    assert b"".join(WRITERS["csv"][1](export, ())).decode("utf-8-sig") == (
        "seq,at,event,by,incident_id,detail,hash\r\n"
    )
    assert json.loads(b"".join(WRITERS["json"][1](export, ()))) == []


# --- a whole board ---


def fill_log(path, count: int) -> None:
    """Entries without a true hash: only their number matters here."""
    db = sqlite3.connect(path)
    detail = json.dumps({"text": "x" * 900})
    first = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM log").fetchone()[0]
    db.executemany(
        "INSERT INTO log VALUES (?, '2026-01-01T00:00:00.000Z', 'noted', '', NULL, ?, 'h')",
        [(first + number, detail) for number in range(count)],
    )
    db.commit()
    db.close()


def test_an_export_larger_than_memory_needs_no_memory_and_ends_with_its_visitor(own_branch):
    own_branch.stop("gateway")
    fill_log(own_branch.folder / "anling.db", 100_000)
    board = psutil.Process(own_branch.processes["board"].pid)
    assert own_branch.get("/api/v1/export/log.csv?to=2020-01-01").status == 200
    before = board.memory_info().rss
    connection = own_branch.connection()
    connection.request(
        "GET", "/api/v1/export/log.json", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    reply, size = connection.getresponse(), 0
    highest = 0
    while piece := reply.read(1 << 20):
        size += len(piece)
        highest = max(highest, board.memory_info().rss)
    connection.close()
    assert size > 90 * 2**20
    assert highest - before < 40 * 2**20, f"{(highest - before) / 2**20:.0f} MiB more"
    slow = [own_branch.connection() for _number in range(4)]
    for one in slow:  # more than there are threads for exports; none of them reads
        one.request("GET", "/api/v1/export/log.json", headers={"Authorization": f"Bearer {TOKEN}"})
    time.sleep(0.5)
    assert own_branch.get("/api/v1/units").status == 200
    for one in slow[:3]:
        one.close()
    assert own_branch.get("/api/v1/export/units.csv").status == 200
    started = time.monotonic()
    assert own_branch.stop("board") == 0  # while the fourth still waits
    assert time.monotonic() - started < 5
    slow[3].close()


def test_an_export_that_cannot_be_read_to_its_end_is_cut_off(own_branch):
    own_branch.stop("gateway")
    path = own_branch.folder / "anling.db"
    fill_log(path, 30_000)
    connection = own_branch.connection()
    connection.request(
        "GET", "/api/v1/export/log.json", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    reply = connection.getresponse()
    assert reply.read(1000)
    path.rename(path.with_name("away.db"))
    with pytest.raises(Exception) as caught:  # http.client names it in several ways
        while reply.read(1 << 16):
            continue
    assert caught.type.__name__ in ("IncompleteRead", "ConnectionResetError", "RemoteDisconnected")
    connection.close()
