"""`anling demo`: starts, says where everything is, heals, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from running_branch import ROOT, RunningBranch, anling, wait_until


def test_the_ready_file_is_the_contracts(branch: RunningBranch):
    ready = branch.ready
    assert ready["board_url"].startswith("http://127.0.0.1:")
    assert ready["mqtt"].keys() == {"host", "port", "username", "password"}
    assert ready["branch"] == "b001"
    assert ready["units"] == ["unit-01", "unit-02", "unit-03"]
    assert [point["id"] for point in ready["points"]] == [f"point-{n}" for n in range(1, 7)]
    assert ready["points"][0]["lines"] == {"call": 5, "seat": 6, "presence": 13}
    assert ready["pids"].keys() == {"broker", "gateway", "board", "unit-01", "unit-02", "unit-03"}
    assert all(psutil.pid_exists(pid) for pid in ready["pids"].values())
    assert {"id", "pin", "roles"} <= ready["staff"][0].keys()
    assert stat.S_IMODE(branch.ready_file.stat().st_mode) == 0o600


def test_the_words_printed_say_where_and_who_in_both_languages(branch: RunningBranch):
    ready = branch.ready
    assert f"{ready['board_url']}/demo" in branch.output
    assert "大屏" in branch.output
    for one in ready["staff"]:
        assert one["pin"] in branch.output


def test_the_demo_page_and_the_board_answer(branch: RunningBranch):
    assert branch.get("/healthz", bearer=False).status == 200
    assert branch.get("/api/v1/units").status == 200
    assert branch.get("/").status == 200
    assert branch.get("/demo").status == 200


def test_a_second_demo_in_the_same_folder_is_refused(branch: RunningBranch):
    done = anling("demo", "--dir", branch.folder, "--port", "0")
    assert done.returncode == 1
    assert "Another demo" in done.stderr


@pytest.mark.parametrize("option", ["--port", "--mqtt-port"])
def test_a_taken_port_is_a_plain_sentence(option: str, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["demo", "--port", "0", "--ready-file", tmp_path / "r.json"]
        done = anling(*words, option, port)
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_ready_file_that_cannot_be_written_is_refused_at_once(tmp_path: Path):
    done = anling("demo", "--port", "0", "--ready-file", tmp_path / "no" / "r.json")
    assert done.returncode == 2
    assert "--ready-file" in done.stderr


def test_interrupted_it_stops_everything_and_takes_its_ready_file_away(own_branch: RunningBranch):
    pids = own_branch.ready["pids"].values()
    own_branch.process.send_signal(signal.SIGINT)
    assert own_branch.process.wait(20) == 0
    assert not own_branch.ready_file.exists()
    assert not [pid for pid in pids if _runs(pid)]


def test_killed_it_leaves_no_program_behind(tmp_path: Path):
    branch = RunningBranch(tmp_path)
    branch.start()
    pids = branch.ready["pids"].values()
    branch.ear.stop()
    branch.process.kill()
    branch.process.wait()
    wait_until("all have ended", lambda: not [pid for pid in pids if _runs(pid)])


def test_started_again_in_its_folder_it_knows_what_was(tmp_path: Path):
    branch = RunningBranch(tmp_path)
    branch.start()
    branch.press("point-1")
    before = branch.open_incident("point-1")
    token, port = branch.ready["token"], branch.ready["mqtt"]["port"]
    assert branch.stop() == 0
    with socket.create_server(("127.0.0.1", port)):
        branch.start()
        assert branch.ready["mqtt"]["port"] != port
        assert branch.ready["token"] == token
        assert branch.open_incident("point-1")["incident_id"] == before["incident_id"]
        branch.wait_for_lamp("point-1", "recorded")
        assert branch.stop() == 0


def test_the_embedded_broker_carries_a_whole_call(tmp_path: Path):
    branch = RunningBranch(tmp_path, "--broker", "embedded", "--units", "2", "--points", "2")
    branch.start()
    try:
        branch.press("point-2")
        branch.wait_for_lamp("point-2", "recorded")
        incident = branch.open_incident("point-2")
        guide = branch.staff_with("customer_service")["id"]
        branch.act(incident, "accept", guide)
        branch.wait_for_lamp("point-2", "coming")
        branch.act(incident, "arrive", guide)
        branch.act(incident, "close", guide, outcome="helped")
        branch.wait_for_lamp("point-2", "off")
        sessions = branch.sessions()
        branch.kill("broker")
        branch.wait_for_new_sessions(sessions)
        branch.press("point-1")
        branch.open_incident("point-1")
    finally:
        assert branch.stop() == 0


def test_without_options_it_keeps_nothing_and_press_finds_it(tmp_path: Path):
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    command = [sys.executable, str(ROOT / "anling.py")]
    ready = tmp_path / "anling-demo.json"
    with (tmp_path / "out").open("w") as out:
        demo = subprocess.Popen(
            [*command, "demo", "--port", "0", "--units", "1", "--points", "1"],
            stdout=out,
            stderr=out,
            env=environment,
        )
    wait_until("it is ready", ready.exists, within_s=60)
    kept = Path(json.loads(ready.read_text())["dir"])
    assert kept.is_dir()
    press = subprocess.run(
        [*command, "press", "point-1"], env=environment, capture_output=True, text=True, check=False
    )
    assert press.returncode == 0, press.stderr
    demo.terminate()
    assert demo.wait(20) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out"]


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
