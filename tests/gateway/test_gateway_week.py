"""What of the plan counts on each day of a week."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from gateway.desk.record import Record, World
from gateway.desk.team import Staff
from gateway.desk.week import monday_of, week_of
from gateway.duty import Exception_, Shift
from gateway.roster import Roster
from protocol.moment import Moment

MONDAY = date(2026, 11, 23)
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def world(*plans: Shift | Exception_) -> World:
    records: dict[str, dict[str, Record]] = {
        "staff": {"g01": Record(kind="staff", id="g01", body=Staff(name="G", roles=["security"]))}
    }
    for number, body in enumerate(plans):
        kind = "shift" if isinstance(body, Shift) else "exception"
        id = f"{kind}-{number}"
        records.setdefault(kind, {})[id] = Record(kind=kind, id=id, body=body)
    return World(
        records=records,
        incidents={},
        roster=Roster(),
        now=Moment(mono_ms=0, utc_ms=0, boot=""),
        local=datetime(2026, 11, 23, 12, 0),
    )


def shift(days: list[str], hours: str = "08:30-17:30", **changes) -> Shift:
    starts, ends = hours.split("-")
    return Shift(staff="g01", days=days, starts=starts, ends=ends, **changes)


def exception(what, day: str, hours: str = "", **changes) -> Exception_:
    starts, ends = hours.split("-") if hours else (None, None)
    return Exception_(
        staff="g01", what=what, first=day, last=changes.get("last", day), starts=starts, ends=ends
    )


def said(plans, monday: date = MONDAY) -> dict[int, list[str]]:
    """{day of the week: what counts of each line}, days with nothing left out."""
    week = week_of(world(*plans), monday)["g01"]
    return {
        number: [
            f"{line.what} " + " ".join(f"{one.start:%H:%M}-{one.end:%H:%M}" for one in line.left)
            for line in lines
        ]
        for number, lines in enumerate(week)
        if lines
    }


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ([shift(["mon", "fri"])], {0: ["shift 08:30-17:30"], 4: ["shift 08:30-17:30"]}),
        ([shift(["mon"], last="2026-11-22")], {}),
        ([shift(EVERY_DAY, first="2026-11-29")], {6: ["shift 08:30-17:30"]}),
        ([shift(["mon"], every_weeks=2, first="2026-11-16")], {}),
        ([shift(["mon"], every_weeks=2, first="2026-11-09")], {0: ["shift 08:30-17:30"]}),
        (
            [shift(["tue"]), exception("away", "2026-11-24")],
            {1: ["away ", "shift "]},
        ),
        (
            [shift(["tue"]), exception("away", "2026-11-24", "12:00-14:00")],
            {1: ["shift 08:30-12:00 14:00-17:30", "away "]},
        ),
        (
            [shift(["mon"], "22:00-06:00"), exception("away", "2026-11-24")],
            {0: ["shift 22:00-00:00"], 1: ["away "]},
        ),
        (
            [shift(["sun"], "22:00-06:00"), exception("away", "2026-11-30")],
            {6: ["shift 22:00-00:00"]},
        ),
        ([exception("extra", "2026-11-28", "09:00-12:00")], {5: ["extra 09:00-12:00"]}),
    ],
)
def test_each_day_shows_what_counts_on_it(plans, expected) -> None:
    assert said(plans) == expected


def test_another_week_has_its_own_days() -> None:
    plans = [shift(["mon"], every_weeks=2, first="2026-11-16")]
    assert said(plans, monday_of(date(2026, 12, 3))) == {0: ["shift 08:30-17:30"]}


def test_plans_of_people_who_left_are_nobodys() -> None:
    gone = Shift(staff="gone", days=["mon"], starts="08:00", ends="12:00")
    assert week_of(world(gone), MONDAY) == {"g01": [[], [], [], [], [], [], []]}
