"""A point that needs care: marked by anybody, for a while, and calm."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_kit import Desk

REASON = {"reason": "Dizzy, waits for a relative"}


def marks(desk: Desk) -> dict[str, str]:
    return {one.id: one.body.reason for one in desk.reader.records("care")}


def a_second(desk: Desk) -> None:
    desk.clock.move(1)
    desk.handle()


def local(desk: Desk) -> Any:
    return desk.loop._desk.world({}, desk.clock()).local


def test_a_mark_says_who_why_and_until_when(desk: Desk) -> None:
    assert desk.ask("care.mark", "g01", id="point-2", body=REASON).ok
    [mark] = desk.reader.records("care")
    assert (mark.id, mark.body.by, mark.body.reason) == ("point-2", "g01", REASON["reason"])
    entry = desk.reader.log()[-1]
    assert (entry.event, entry.by, entry.detail["point"]) == ("care_marked", "g01", "point-2")
    assert desk.reader.incidents() == [], "it is no alarm"


def test_who_marks_a_point_anew_is_told_what_another_had_written(desk: Desk) -> None:
    assert desk.ask("care.mark", "g01", id="point-2", body=REASON).faults == ()
    assert desk.ask("care.mark", "g01", id="point-2", body=REASON).faults == ()
    [named] = desk.ask("care.mark", "s01", id="point-2", body={"reason": "tired"}).faults
    assert (named.name, named.detail) == ("replaced", REASON["reason"])


def test_it_ends_by_itself_and_outlives_a_restart(desk: Desk) -> None:
    desk.ask("care.mark", id="point-2", body=REASON)
    desk.clock.move(2 * 3600 - 2)
    desk.restart()
    a_second(desk)
    assert marks(desk)
    a_second(desk)
    assert marks(desk) == {}
    assert desk.events()[-1] == "care_ended"


def test_screens_hear_of_a_mark_and_of_its_end_within_a_second(desk: Desk) -> None:
    """They look again when the count is another one."""

    def told() -> int:
        a_second(desk)
        return desk.link.sent("gateway/status")[-1].desk

    calm = told()
    desk.ask("care.mark", id="point-2", body=REASON)
    marked = told()
    desk.ask("care.clear", id="point-2")
    assert len({calm, marked, told()}) == 3
    desk.ask("care.mark", id="point-2", body=REASON)
    again = told()
    desk.clock.move(2 * 3600)
    assert told() not in (calm, marked, again)


def test_until_is_a_time_of_the_branchs_clock(desk: Desk) -> None:
    until = local(desk).replace(second=0, microsecond=0)
    soon = until.replace(minute=(until.minute + 5) % 60, hour=until.hour + (until.minute >= 55))
    text = soon.strftime("%H:%M")
    assert desk.ask("care.mark", id="point-2", body=REASON | {"until": text}).ok
    wait_s = (soon - local(desk)).total_seconds()
    desk.clock.move(wait_s - 1)
    desk.handle()
    assert marks(desk)
    desk.clock.move(1)
    desk.handle()
    assert marks(desk) == {}


def test_it_is_cleared_by_anybody_and_the_second_is_told(desk: Desk) -> None:
    made = desk.ask("care.mark", "g01", id="point-2", body=REASON)
    assert desk.ask("care.clear", "s01", id="point-2", version=made.version).ok
    assert desk.ask("care.clear", "g01", id="point-2").reason == "unknown_record"
    assert marks(desk) == {}


@pytest.mark.parametrize(
    ("ask", "reason", "fault"),
    [
        ({"id": "moon", "body": REASON}, "unknown_point", None),
        ({"id": "point-2", "by": "ghost", "body": REASON}, "unknown_staff", None),
        ({"id": "point-2", "body": REASON, "version": 3}, "changed_meanwhile", None),
        ({"id": "point-2", "body": {"reason": ""}}, "wrong_fields", ("reason", "unreadable")),
        ({"id": "point-2", "body": {"reason": "  "}}, "wrong_fields", ("reason", "missing")),
        ({"id": "point-2", "body": {"reason": "\u200b"}}, "wrong_fields", ("reason", "missing")),
        ({"id": "point-2"}, "wrong_fields", ("reason", "unreadable")),
        (
            {"id": "point-2", "body": REASON | {"until": "26:00"}},
            "wrong_fields",
            ("until", "unreadable"),
        ),
    ],
)
def test_a_bad_mark_is_named_at_its_field(desk: Desk, ask, reason, fault) -> None:
    result = desk.ask("care.mark", **ask)
    assert result.reason == reason
    if fault:
        assert fault in [(one.field, one.name) for one in result.faults]
    assert marks(desk) == {}


def test_a_time_that_is_over_is_named(desk: Desk) -> None:
    hour = (local(desk).hour - 1) % 24
    result = desk.ask("care.mark", id="point-2", body=REASON | {"until": f"{hour:02d}:00"})
    assert [(one.field, one.name) for one in result.faults] == [("until", "in_the_past")]
