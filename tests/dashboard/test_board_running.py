"""The whole board as a process, with a real mosquitto and the real gateway."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psutil
import pytest
from board_branch import TOKEN, UNIT, eventually

from dashboard.main import run

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def test_a_press_becomes_an_event_and_an_incident(branch):
    with branch.events() as events, branch.voice() as voice:
        assert events.status == 200
        events.until(lambda event: event["event"] == "gateway")
        pressed_at = time.monotonic()
        voice.press("point-1")
        told = events.until(
            lambda event: event["event"] == "incident" and event["data"]["stage"] == "raised"
        )
        print(f"alert → event: {(time.monotonic() - pressed_at) * 1000:.1f} ms")
    incident = branch.get(f"/api/v1/incidents/{told['data']['incident_id']}").json
    log = incident.pop("log")
    assert incident["point"] == "point-1"
    assert {"at", "event", "by"} <= log[0].keys()
    gateway = branch.get("/healthz").json
    assert gateway == {"status": "ok"}


def test_accept_arrive_close_by_a_machine_in_the_name_of_staff(branch):
    with branch.voice() as voice:
        incident_id = branch.incident(voice, "point-2")["incident_id"]
    early = branch.act(incident_id, action="close", by="g01", outcome="helped")
    assert (early.status, early.json["reason"]) == (409, "arrival_needed")
    for action, stage in (("accept", "accepted"), ("arrive", "arrived")):
        reply = branch.act(incident_id, action=action, by="g01")
        assert (reply.status, reply.json["stage"]) == (200, stage)
    untold = branch.act(incident_id, action="close", by="g01")
    assert (untold.status, untold.json["reason"]) == (409, "outcome_needed")
    with branch.events() as events:
        closed = branch.act(incident_id, action="close", by="g01", outcome="helped")
        assert (closed.json["stage"], closed.json["outcome"]) == ("closed", "helped")
        events.until(
            lambda event: (
                event["event"] == "incident"
                and event["data"]["incident_id"] == incident_id
                and event["data"]["stage"] == "closed"
            )
        )
    with branch.events() as events:
        for event in events:
            assert event["data"].get("incident_id") != incident_id
            if event["event"] == "gateway":
                break
    again = branch.act(incident_id, action="accept", by="g01")
    assert (again.status, again.json["reason"]) == (409, "already_closed")
    report = branch.get("/api/v1/reports/response-times").json
    assert report["real"]["to_close_ms"]["count"] >= 1
    assert report["drills"]["count"] == 0
    assert {"from", "to", "by_kind"} <= report.keys()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"action": "accept", "by": "nobody"}, 403, "unknown_staff"),
        ({"action": "accept"}, 422, "bad_by"),
        ({"action": "explode", "by": "g01"}, 422, "bad_body"),
        ({"by": "g01"}, 422, "bad_body"),
        (b"[]", 422, "bad_body"),
        (b"\xff{", 422, "bad_body"),
    ],
)
def test_a_bad_action_is_refused_by_name(branch, body, status, reason):
    with branch.voice() as voice:
        incident_id = branch.incident(voice)["incident_id"]
    path = f"/api/v1/incidents/{incident_id}/actions"
    reply = branch.request("POST", path, body, **BEARER, Content_Type="application/json")
    assert (reply.status, reply.json["reason"]) == (status, reason)
    assert reply.json["message"]


def test_an_action_on_an_unknown_incident_is_not_found(branch):
    reply = branch.act("no-such-thing", action="accept", by="g01")
    assert (reply.status, reply.json["reason"]) == (404, "unknown_incident")


def test_a_unit_that_speaks_is_an_event_and_shows_as_seen(branch):
    with branch.events() as events, branch.voice() as voice:
        voice.say_unit(session=7, pending=3, version="9.9")
        event = events.until(
            lambda event: (
                event["event"] == "unit"
                and event["data"]["status"]
                and event["data"]["status"]["session"] == 7
            )
        )
    assert event["data"]["configured"] is True
    assert event["data"]["last_seen_at"]
    unit = next(unit for unit in branch.get("/api/v1/units").json if unit["unit"] == UNIT)
    assert unit["status"]["pending"] == 3
    assert unit.keys() == event["data"].keys()


def test_a_screen_hears_a_beat_every_second(branch):
    with branch.events() as events:
        beats = 0
        for event in events:
            beats += event["event"] == "beat"
            if beats == 2:
                break


def test_fifty_screens_that_reload_at_once_all_come_back_while_a_page_answers(branch):
    """Each screen drops its stream and opens a new one in the same moment as all others."""
    screens, barrier = 50, threading.Barrier(51)

    def reload_screen(_number):
        with branch.events() as events:
            events.until(lambda event: event["event"] == "gateway")
        barrier.wait(30)
        with branch.events() as events:
            assert events.status == 200
            events.until(lambda event: event["event"] == "gateway")
            back_at = time.monotonic()
            barrier.wait(30)
            barrier.wait(30)
            return back_at

    with ThreadPoolExecutor(screens) as pool:
        reloading = [pool.submit(reload_screen, number) for number in range(screens)]
        barrier.wait(30)
        started_at = time.monotonic()
        asked_at = time.monotonic()
        assert branch.get("/api/v1/units").status == 200
        page_ms = (time.monotonic() - asked_at) * 1000
        barrier.wait(30)
        asked_at = time.monotonic()
        assert branch.get("/api/v1/incidents").status == 200
        full_ms = (time.monotonic() - asked_at) * 1000
        streams = branch.get("/metrics").body.decode()
        assert "anling_streams 50.0" in streams
        barrier.wait(30)
        back_ms = [(future.result() - started_at) * 1000 for future in reloading]
    board = psutil.Process(branch.processes["board"].pid)
    print(
        f"50 screens back: last after {max(back_ms):.0f} ms; a page meanwhile {page_ms:.0f} ms, "
        f"with all of them watching {full_ms:.0f} ms; "
        f"board {board.memory_info().rss / 2**20:.0f} MiB, {board.num_threads()} threads"
    )


def test_a_storm_of_calls_reaches_a_screen_whole(own_branch):
    """More events than may wait for one screen come in one go; it is not cut for it."""
    points = {f"storm-{number}" for number in range(600)}
    with own_branch.events() as events, own_branch.voice() as voice:
        events.until(lambda event: event["event"] == "gateway")
        for point in points:
            voice.press(point)
        for event in events:
            if event["event"] == "incident":
                points.discard(event["data"]["point"])
            if not points:
                break
    assert not points


def test_a_slow_visitor_holds_no_thread(branch):
    """Forty visitors send half a request each; pages answer all the same."""
    slow = []
    try:
        for _ in range(40):
            sock = socket.create_connection(("127.0.0.1", branch.http_port))
            sock.sendall(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
            slow.append(sock)
        assert branch.get("/api/v1/units").status == 200
    finally:
        for sock in slow:
            sock.close()


def test_a_chunked_body_is_limited_too(branch):
    def chunks():
        for _ in range(70):
            yield b"x" * 1024

    connection = branch.connection()
    connection.request(
        "POST",
        "/api/v1/incidents/i/actions",
        chunks(),
        {**BEARER, "Content-Type": "application/json"},
        encode_chunked=True,
    )
    response = connection.getresponse()
    assert response.status == 413
    assert b"too_large" in response.read()
    connection.close()


def test_junk_on_the_broker_disturbs_nobody(branch):
    with branch.voice() as voice, branch.events() as events:
        for name, ids in (
            ("incident", ("junk",)),
            ("unit_status", (UNIT,)),
            ("gateway_status", ()),
            ("feedback", ("point-1",)),
            ("result", ("board",)),
        ):
            voice.link.send(name, *ids, message={"no": ["such", "thing"]})
        voice.link.send("result", "board", message={"action_id": "unknown", "ok": True})
        voice.say_unit(session=8)
        events.until(
            lambda event: (
                event["event"] == "unit"
                and event["data"]["status"]
                and event["data"]["status"]["session"] == 8
            )
        )
    assert "anling_board_rejected_total 5.0" in branch.get("/metrics").body.decode()
    assert branch.get("/healthz").status == 200


def test_sigterm_ends_open_streams_and_the_board_with_exit_0(own_branch):
    with own_branch.events() as events:
        events.until(lambda event: event["event"] == "beat")
        assert own_branch.stop("board") == 0
        for _event in events:  # ends, instead of waiting for ever
            continue


def test_a_board_killed_comes_back_to_the_present_state(own_branch):
    with own_branch.voice() as voice:
        incident_id = own_branch.incident(voice)["incident_id"]
    own_branch.stop("board", number=signal.SIGKILL)
    own_branch.start_board()
    with own_branch.events() as events:
        events.until(lambda event: event["data"].get("incident_id") == incident_id)


def test_a_gateway_that_does_not_answer_is_said_so(own_branch):
    with own_branch.voice() as voice:
        incident_id = own_branch.incident(voice)["incident_id"]
    with own_branch.events() as events:
        os.kill(own_branch.processes["gateway"].pid, signal.SIGSTOP)
        try:
            reply = own_branch.act(incident_id, action="accept", by="g01")
            assert (reply.status, reply.json["reason"]) == (504, "gateway_silent")
            silent = events.until(
                lambda event: event["event"] == "gateway" and event["data"]["state"] != "online"
            )
            assert silent["data"]["state"] in ("silent", "offline")
            assert own_branch.get("/healthz").json == {"status": "unwell", "missing": ["gateway"]}
        finally:
            os.kill(own_branch.processes["gateway"].pid, signal.SIGCONT)
        events.until(
            lambda event: event["event"] == "gateway" and event["data"]["state"] == "online"
        )


def test_without_a_broker_the_board_shows_what_it_knows_and_heals(own_branch):
    with own_branch.voice() as voice:
        incident_id = own_branch.incident(voice)["incident_id"]
    own_branch.stop("broker", number=signal.SIGKILL)
    eventually(lambda: "broker" in own_branch.get("/healthz").json.get("missing", ()))
    reply = own_branch.act(incident_id, action="accept", by="g01")
    assert (reply.status, reply.json["reason"]) == (503, "broker_away")
    assert own_branch.get(f"/api/v1/incidents/{incident_id}").status == 200
    own_branch.start_broker()
    eventually(lambda: own_branch.get("/healthz").status == 200)
    reply = eventually(
        lambda: (r := own_branch.act(incident_id, action="accept", by="g01")).status == 200 and r
    )
    assert reply.json["owner"] == "g01"


def test_a_store_that_the_gateway_cannot_write_makes_the_board_unwell(own_branch):
    """It can still be read, so only the gateway knows."""
    unwell = {"status": "unwell", "missing": ["store"]}
    with (
        closing(sqlite3.connect(own_branch.folder / "anling.db", isolation_level=None)) as other,
        own_branch.voice() as voice,
        own_branch.events() as events,
    ):
        other.execute("BEGIN IMMEDIATE")
        voice.press()
        events.until(lambda event: "store_unwritable" in str(event["data"]))
        reply = own_branch.get("/healthz")
        assert (reply.status, reply.json) == (503, unwell)
        other.execute("ROLLBACK")
    eventually(lambda: own_branch.get("/healthz").status == 200)


def test_a_close_that_the_board_could_not_hear_is_told_from_the_store(own_branch):
    """The incident is closed while the board is stopped still; its screens must not keep it."""
    with own_branch.voice() as voice:
        incident_id = own_branch.incident(voice)["incident_id"]
    with own_branch.events() as events:
        events.until(lambda event: event["data"].get("incident_id") == incident_id)
        own_branch.stop("broker", number=signal.SIGKILL)
        own_branch.stop("gateway", number=signal.SIGKILL)
        _close_in_store(own_branch.folder / "anling.db", incident_id)
        closed = events.until(lambda event: event["data"].get("stage") == "closed")
        assert closed["data"]["incident_id"] == incident_id


def _close_in_store(path, incident_id):
    """What a gateway would have written; only the columns the board reads."""
    db = sqlite3.connect(path)
    db.execute(
        "UPDATE incidents SET stage = 'closed', boot = NULL, body ="
        " json_set(body, '$.stage', 'closed', '$.version', 99) WHERE incident_id = ?",
        [incident_id],
    )
    db.commit()
    db.close()


def test_the_board_starts_without_a_store_and_heals_when_it_appears(dark_branch):
    branch = dark_branch
    branch.start_board()
    assert branch.get("/healthz").json["missing"] == ["broker", "gateway", "store"]
    for path in ("/api/v1/incidents", "/api/v1/units", "/api/v1/incidents/i"):
        reply = branch.get(path)
        assert (reply.status, reply.json["reason"]) == (503, "store_unavailable")
    assert "anling_store_up 0.0" in branch.get("/metrics").body.decode()
    branch.start_broker()
    branch.start_gateway()
    eventually(lambda: branch.get("/healthz").status == 200)
    with branch.events() as events:
        events.until(lambda event: event["data"].get("unit") == UNIT)


def test_a_damaged_store_is_a_plain_sentence_and_another_in_its_place_is_read(own_branch):
    with own_branch.voice() as voice:
        incident_id = own_branch.incident(voice)["incident_id"]
    own_branch.stop("gateway")
    path = own_branch.folder / "anling.db"
    for name in ("anling.db-wal", "anling.db-shm"):
        (own_branch.folder / name).unlink(missing_ok=True)
    damaged = own_branch.folder / "damaged.db"
    damaged.write_bytes(b"this is no database " * 1000)
    damaged.rename(path)
    reply = own_branch.get("/api/v1/incidents")
    assert (reply.status, reply.json["reason"]) == (503, "store_unavailable")
    assert "Traceback" not in reply.body.decode()
    with own_branch.events() as events:
        events.until(lambda event: event["data"].get("incident_id") == incident_id)
        own_branch.start_gateway()  # moves the damaged one aside and begins anew
        for _event in events:  # ends: no event could say that the incident never was
            continue
    eventually(lambda: own_branch.get("/healthz").status == 200)
    assert own_branch.get(f"/api/v1/incidents/{incident_id}").status == 404
    assert "Traceback" not in own_branch.log_of("board")


def test_a_row_that_is_no_record_is_a_plain_sentence(own_branch):
    with own_branch.voice() as voice:
        incident_id = own_branch.incident(voice)["incident_id"]
    db = sqlite3.connect(own_branch.folder / "anling.db")
    db.execute("UPDATE incidents SET body = '{\"incident_id\": 3'")
    db.commit()
    db.close()
    reply = own_branch.get(f"/api/v1/incidents/{incident_id}")
    assert (reply.status, reply.json["reason"]) == (503, "store_unavailable")
    with own_branch.events() as events:  # what the board had heard is still there
        events.until(lambda event: event["event"] == "gateway" and event["data"]["store"] is False)
    assert own_branch.processes["board"].poll() is None


def test_a_taken_port_is_a_plain_sentence_and_exit_1(dark_branch):
    with socket.create_server(("127.0.0.1", dark_branch.http_port)):
        code = "import sys; from dashboard.main import run; sys.exit(run('board.toml'))"
        ended = subprocess.run(
            [sys.executable, "-c", code],
            cwd=dark_branch.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p) or "."},
            capture_output=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode == 1
    assert str(dark_branch.http_port) in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()


def test_a_wrong_configuration_is_exit_2_with_every_fault(tmp_path, capsys):
    path = tmp_path / "board.toml"
    path.write_text("branch = 3\n")
    assert run(path) == 2
    said = capsys.readouterr().err
    assert "branch" in said
    assert "secret_key" in said


def test_systemd_hears_ready_watchdog_and_stopping(dark_branch, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        address = dark_branch.folder / "notify"
        sock.bind(str(address))
        sock.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        dark_branch.start_broker()
        dark_branch.start_board()
        said = set()
        while not {b"READY=1", b"WATCHDOG=1"} <= said:
            said.add(sock.recv(100))
        assert dark_branch.stop("board") == 0
        while b"STOPPING=1" not in said:
            said.add(sock.recv(100))
