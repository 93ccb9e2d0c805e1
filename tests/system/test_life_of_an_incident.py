"""One call from the press to the close, over the real programs."""

from __future__ import annotations

import re
import signal

import pytest
from running_branch import RunningBranch, anling, wait_until

RFC3339_MS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def test_call_accept_arrive_close(branch: RunningBranch):
    branch.press("point-1")
    branch.wait_for_lamp("point-1", "recorded")
    incident = branch.open_incident("point-1")
    assert (incident["kind"], incident["stage"], incident["presses"]) == ("call", "raised", 1)
    assert RFC3339_MS.match(incident["raised_at"])

    guide = branch.staff_with("customer_service")["id"]
    accepted = branch.act(incident, "accept", guide)
    assert (accepted["stage"], accepted["owner"]) == ("accepted", guide)
    branch.wait_for_lamp("point-1", "coming")

    arrived = branch.act(incident, "arrive", guide)
    assert arrived["stage"] == "arrived"
    closed = branch.act(incident, "close", guide, outcome="helped")
    assert (closed["stage"], closed["outcome"]) == ("closed", "helped")
    assert closed["to_accept_ms"] <= closed["to_arrive_ms"] <= closed["to_close_ms"]
    branch.wait_for_lamp("point-1", "off")
    assert incident["incident_id"] not in {one["incident_id"] for one in branch.incidents("open")}


def test_the_whole_branch_hears_the_same_incident(branch: RunningBranch):
    branch.press("point-2")
    incident = branch.open_incident("point-2")
    topic = f"incident/{incident['incident_id']}"
    wait_until("the incident on MQTT", lambda: branch.ear.newest(topic))
    guide = branch.staff_with("customer_service")["id"]
    for action, more in (("accept", {}), ("arrive", {}), ("close", {"outcome": "helped"})):
        branch.act(incident, action, guide, **more)
    wait_until("the retained copy is cleared", lambda: (topic, None) in branch.ear.heard)
    heard = [body["stage"] for name, body in branch.ear.heard if name == topic and body]
    stages = ["raised", "accepted", "arrived", "closed"]
    # When more waits already, a stage is told with the next.
    assert heard == sorted(heard, key=stages.index)
    assert (heard[0], heard[-1]) == ("raised", "closed")


def test_a_second_press_joins_and_a_held_button_is_urgent(branch: RunningBranch):
    branch.press("point-3")
    first = branch.open_incident("point-3")
    branch.press("point-3", hold_s=3.3)
    urgent = wait_until(
        "it is urgent",
        lambda: next((i for i in branch.incidents("open") if i["kind"] == "urgent"), None),
    )
    assert urgent["incident_id"] == first["incident_id"]
    assert urgent["presses"] >= 2


def test_the_presence_button_is_an_arrival(branch: RunningBranch):
    branch.press("point-4")
    incident = branch.open_incident("point-4")
    branch.act(incident, "accept", branch.staff_with("security")["id"])
    branch.press("point-4", part="presence")
    wait_until(
        "somebody has arrived",
        lambda: (
            branch.get(f"/api/v1/incidents/{incident['incident_id']}").body["stage"] == "arrived"
        ),
    )


def test_closing_needs_arrival(branch: RunningBranch):
    branch.press("point-5")
    incident = branch.open_incident("point-5")
    answer = branch.post(
        f"/api/v1/incidents/{incident['incident_id']}/actions",
        {"action": "close", "by": branch.staff_with("lead")["id"], "outcome": "helped"},
    )
    assert answer.status == 409
    assert answer.body["reason"] == "arrival_needed"


def test_the_log_of_all_this_is_whole(branch: RunningBranch):
    done = anling("check", "--log", branch.folder / "anling.db")
    assert done.returncode == 0, done.stderr


def test_press_presses(branch: RunningBranch):
    done = anling("press", "point-6", "--ready-file", branch.ready_file)
    assert done.returncode == 0, done.stderr
    assert "Pressed point-6" in done.stdout
    assert branch.open_incident("point-6")["label"]


def test_press_by_a_units_file(branch: RunningBranch):
    point = branch.point("point-6")
    done = anling("press", "point-6", "--config", branch.folder / f"{point['unit']}.toml")
    assert done.returncode == 0, done.stderr


def test_press_of_an_unknown_point_names_the_known_ones(branch: RunningBranch):
    done = anling("press", "point-99", "--ready-file", branch.ready_file)
    assert done.returncode == 2
    assert "point-1, point-2" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("program", ["gateway", "board", "unit-01"])
def test_each_program_stops_when_told_and_starts_again(
    branch: RunningBranch, program: str, number: signal.Signals
):
    branch.kill(program, number)
    branch.wait_until_well()
    assert "Traceback" not in branch.log_of(program)
