"""Whoever is on a call hears of a step of the checklist that runs out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from gateway_kit import Desk

from gateway.config import ChannelSettings
from protocol.messages import Notice

CHANNELS = [
    ChannelSettings(name=name, url="json://x", canary_every_s=0, staff=staff)
    for name, staff in (("all", None), ("g01s", "g01"), ("f01s", "f01"), ("l01s", "l01"))
]
BREATHING = "check_breathing"  # asks for first aid, within 60 s


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    desk = Desk(path, channels=CHANNELS).start()
    yield desk
    desk.stop()


def fainted(desk: Desk, *responders: str, **press: Any) -> str:
    """A customer has fainted, these have accepted, and all but the breathing is seen to."""
    desk.handle(desk.pressed(**press))
    for staff in responders:
        desk.handle(desk.acted("accept", staff))
    desk.handle(desk.acted("situation", responders[0], situation="fainted"))
    record = desk.reader.records("checklist")[-1]
    for step in record.body.steps:
        if step.within_s and step.id != BREATHING:
            desk.ask("checklist.tick", "g01", id=record.id, body={"step": step.id})
    return desk.incident().incident_id


def run_out(desk: Desk, seconds: float = 61) -> None:
    desk.clock.move(seconds)
    desk.handle()


def said(desk: Desk, channel: str = "all") -> list[Notice]:
    return [one for one in desk.senders[channel].notices if one.why == "step_overdue"]


def test_who_accepted_hears_which_step_of_which_incident_has_run_out(desk: Desk) -> None:
    incident_id = fainted(desk, "f01", "g01")
    run_out(desk, 59)
    assert said(desk) == []
    run_out(desk, 2)
    (notice,) = said(desk)
    assert notice.staff == ("f01", "g01")
    assert (notice.incident_id, notice.point, notice.step) == (incident_id, "point-1", 0)
    assert "清单步骤超时 Overdue on the checklist" in notice.body
    assert "Tap both shoulders" in notice.body and "呼吸" in notice.body
    assert len(said(desk, "g01s")) == len(said(desk, "f01s")) == 1
    assert said(desk, "l01s") == [], "a first-aider is there"
    (entry,) = [one for one in desk.reader.log() if one.event == "step_overdue"]
    assert entry.detail["told"] == ["f01", "g01"]


def test_people_are_told_once_a_step_also_when_it_is_ticked_and_unticked(desk: Desk) -> None:
    fainted(desk, "f01")
    run_out(desk)
    record = desk.reader.records("checklist")[-1]
    for do in ("tick", "untick"):
        desk.ask(f"checklist.{do}", "f01", id=record.id, body={"step": BREATHING})
    run_out(desk, 300)
    assert len(said(desk)) == 1


def test_the_lead_hears_too_when_nobody_there_has_the_role(desk: Desk) -> None:
    fainted(desk, "g01")
    run_out(desk)
    assert said(desk)[0].staff == ("g01", "l01")
    assert len(said(desk, "l01s")) == 1


def test_who_has_signed_out_since_has_peace_and_the_lead_hears(desk: Desk) -> None:
    fainted(desk, "g01", "f01")
    assert desk.ask("duty.off", "f01").ok
    run_out(desk)
    assert said(desk)[0].staff == ("g01", "l01")
    assert said(desk, "f01s") == []


def test_somebody_hears_of_it_while_anybody_is_there(desk: Desk) -> None:
    owner = {"name": "Owner", "roles": ["customer_service"]}
    assert desk.ask("staff.save", id="o01", body=owner | {"duty": "always"}).ok
    fainted(desk, "f01")
    desk.handle(desk.acted("handover", "f01", to="o01"))
    assert desk.ask("staff.save", id="o01", body=owner | {"duty": "never"}).ok
    for staff in ("f01", "l01"):
        assert desk.ask("duty.off", staff).ok
    run_out(desk)
    assert said(desk)[0].staff == ("g01", "s01")


def test_it_is_said_through_the_channels_of_the_present_step(desk: Desk) -> None:
    policy = msgspec.to_builtins(desk.reader.record("policy", "default").body)
    policy["steps"][0]["channels"] = ["f01s"]
    assert desk.ask("policy.save", id="default", version=1, body=policy).ok
    fainted(desk, "f01", "g01")
    run_out(desk)
    assert (len(said(desk, "f01s")), said(desk), said(desk, "g01s")) == (1, [], [])


def test_a_drills_overdue_step_is_marked_as_drill(desk: Desk) -> None:
    fainted(desk, "f01", drill=True)
    run_out(desk)
    (notice,) = said(desk)
    assert notice.drill and notice.title.startswith("【演练 DRILL】")


def test_two_calls_whose_steps_run_out_at_once_are_two_notices(desk: Desk) -> None:
    first = fainted(desk, "f01")
    desk.clock.move(0.5)  # so that the second is the newest
    second = fainted(desk, "g01", point="point-2")
    run_out(desk)
    assert {one.incident_id for one in said(desk)} == {first, second}


def test_what_runs_out_at_once_is_one_notice_that_names_five(desk: Desk) -> None:
    desk.handle(desk.pressed())
    desk.handle(desk.acted("accept", "f01"))
    steps = [
        {"id": f"s{n}", "text": {"zh": f"第{n}步", "en": f"Step {n}"}, "role": "first_aid"}
        | {"within_s": 10}
        for n in range(7)
    ]
    body = {"name": {"zh": "多", "en": "Many"}, "steps": steps}
    assert desk.ask("playbook.save", id="many", body=body).ok
    desk.handle(desk.acted("situation", "f01", situation="many"))
    run_out(desk)
    (notice,) = said(desk)
    assert "· 第4步 Step 4\n… 另有 2 项 and 2 more" in notice.body


def test_a_notice_that_a_kill_kept_back_says_the_same_after_the_start(desk: Desk) -> None:
    fainted(desk, "f01")
    run_out(desk)
    (before,) = said(desk)
    desk.restart()
    assert said(desk) == [before]
