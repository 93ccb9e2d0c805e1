"""Three months of a branch's past, as varied as life: for pages that look back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from seeded import put

from gateway.course import Course, Entry
from gateway.store import NoticeRecord, Work
from gateway.store.records import LoggedEntry
from protocol.messages import Incident, Responder
from protocol.moment import rfc3339

DAY_MS = 24 * 3600 * 1000
DAYS = 92
A_DAY = 6
# When customers come: few at noon, none at night. Hours of the day in UTC+8.
HOURS = (9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16)
OUTCOMES = ("helped",) * 8 + ("false_call", "left", "family", "referred", "ambulance")
GUIDE, GUARD, AID = ("customer_service",), ("security",), ("first_aid", "customer_service")


def write(store: Path, *, end_ms: int, with_log: bool = False) -> None:
    """Adds closed incidents and notices of the days before end_ms, the same ones each time.

    with_log: faults too. They stand in the log, so no gateway may be running.
    """
    work = Work()
    for incident in incidents(end_ms):
        id_ = incident.incident_id
        work.courses[id_] = Course(incident=incident, boot="past", raised_ms=None, due_ms=0)
        work.farewells_said.add(id_)
    for number, incident in enumerate(incidents(end_ms)):
        for channel in ("duty-phone", "wecom-group"):
            notice = _notice(number, incident.incident_id, channel, end_ms)
            work.notices[notice.notice_id] = notice
    if with_log:
        work.entries = list(_faults(end_ms))
    put(store, work)


def incidents(end_ms: int) -> Iterator[Incident]:
    """The past itself, the oldest first."""
    chance = random.Random(20261124)
    first_day = end_ms // DAY_MS - DAYS
    for day in range(DAYS):
        busy = A_DAY if day % 7 < 5 else A_DAY // 2
        for number in range(chance.randint(busy - 2, busy + 2)):
            hour = chance.choice(HOURS) - 8
            raised_ms = (first_day + day) * DAY_MS + hour * 3_600_000
            raised_ms += chance.randrange(3_600_000)
            if raised_ms < end_ms:
                yield _incident(chance, f"past-{day:03d}-{number:02d}", raised_ms, day)


def _incident(chance: random.Random, id_: str, raised_ms: int, day: int) -> Incident:
    kind = chance.choices(("call", "urgent", "seat", "silent"), (70, 12, 15, 3))[0]
    asked = {"urgent": ("first_aid", "security"), "silent": GUARD}.get(kind, GUIDE)
    point = chance.choices(range(1, 7), (4, 3, 2, 2, 1, 6))[0]
    accept_ms = round(chance.lognormvariate(2.6 - day / 400 + point / 20, 0.7) * 1000)
    arrive_ms = accept_ms + round(chance.lognormvariate(3.1, 0.5) * 1000)
    close_ms = arrive_ms + round(chance.lognormvariate(5.5, 0.6) * 1000)
    crew = [GUIDE if kind in ("call", "seat") else GUARD]
    if kind == "urgent" and chance.random() < 0.85:
        crew.append(AID)
    outcome = chance.choice(OUTCOMES)
    if point == 6 and chance.random() < 0.25:
        outcome = "false_call"
    present = {role for roles in crew for role in roles}
    return Incident(
        incident_id=id_,
        branch="b001",
        point=f"point-{point}",
        label=f"{point}号柜台 Counter {point}",
        kind=kind,
        stage="closed",
        presses=1,
        drill=chance.random() < 0.03,
        raised_at=rfc3339(raised_ms),
        accepted_at=rfc3339(raised_ms + accept_ms),
        arrived_at=rfc3339(raised_ms + arrive_ms),
        closed_at=rfc3339(raised_ms + close_ms),
        to_accept_ms=accept_ms,
        to_arrive_ms=arrive_ms,
        to_close_ms=close_ms,
        owner="101",
        responders=tuple(
            Responder(
                staff=f"10{number + 1}",
                roles=roles,
                accepted_at=rfc3339(raised_ms + accept_ms + number * 9_000),
                arrived_at=rfc3339(raised_ms + arrive_ms + number * 15_000),
            )
            for number, roles in enumerate(crew)
        ),
        asked_roles=asked,
        missing_roles=tuple(role for role in asked if role not in present),
        outcome=outcome,
        version=4,
    )


def _notice(number: int, incident_id: str, channel: str, end_ms: int) -> NoticeRecord:
    has_failed = channel == "wecom-group" and number % 41 == 0
    return NoticeRecord(
        notice_id=f"{incident_id}.{channel}",
        incident_id=incident_id,
        channel=channel,
        step=0,
        why="step",
        made_ms=end_ms - (number % DAYS) * DAY_MS,
        state="failed" if has_failed else "delivered",
        attempts=5 if has_failed else 1,
    )


def _faults(end_ms: int) -> Iterator[LoggedEntry]:
    """(days ago, hours it lasted or None, subject, name)."""
    for ago, hours, subject, name in (
        (33, 70, "unit/unit-02", "silent"),
        (20, 3, "point/point-3", "call_stuck"),
        (12, 0.2, "broker", "away"),
        (9, 26, "channel/wecom-group", "failing"),
        (2, None, "point/point-5", "seat_cut"),
    ):
        detail = {"subject": subject, "name": name}
        at_ms = end_ms - ago * DAY_MS
        yield LoggedEntry(at_ms=at_ms, entry=Entry(event="fault_raised", detail=detail))
        if hours is not None:
            ended_ms = at_ms + round(hours * 3_600_000)
            yield LoggedEntry(at_ms=ended_ms, entry=Entry(event="fault_cleared", detail=detail))
