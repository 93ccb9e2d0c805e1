"""Opening and closing the branch: what stands in the way, and who takes it upon them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from gateway_kit import ROSTER, Desk, at, raised
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import StaffSettings
from gateway.desk.business_day import BranchDay, state_of
from gateway.desk.day import ROOM
from gateway.desk.hours import Hours, OpeningHours
from gateway.desk.in_the_way import Missing, asked_roles, not_over, not_ready
from gateway.desk.outside import Call
from gateway.desk.policies import PolicyPlan
from gateway.desk.record import Done, Record, Refused, World
from gateway.desk.resources import Resource
from gateway.desk.team import Certificate, Staff
from gateway.desk.walks import WalkTest
from gateway.duty import WEEKDAYS, Pause, Shift
from gateway.roster import Roster
from gateway.store import PointRecord
from protocol.messages import Fault, Request
from protocol.moment import rfc3339

# A Tuesday morning.
NOON = datetime(2026, 11, 24, 9, 30)
ALL_DAYS = list(WEEKDAYS)
HOURS = OpeningHours(week=[Hours(days=ALL_DAYS, opens="09:00", closes="17:00")])


def world(*records: Record, **changes: Any) -> World:
    kinds: dict[str, dict[str, Record]] = {}
    for one in records:
        kinds.setdefault(one.kind, {})[one.id] = one
    values: dict[str, Any] = {"records": kinds, "incidents": {}, "roster": ROSTER}
    return World(**(values | {"now": at(1000), "local": NOON} | changes))


def hours() -> Record:
    return Record(kind="hours", id="branch", body=HOURS)


def entered() -> list[Record]:
    """What a branch has that was set up: hours, though not of this Tuesday, and a resource."""
    sunday = OpeningHours(week=[replace(HOURS.week[0], days=["sun"])])
    chair = Resource(what="other", name="Chair")
    return [
        Record(kind="hours", id="branch", body=sunday),
        Record(kind="resource", id="chair", body=chair),
    ]


def keys(missing: list[Missing]) -> set[str]:
    return {one.key for one in missing}


def seat(point: str = "point-2", state: str = "occupied") -> dict[str, PointRecord]:
    return {point: PointRecord(point=point, label="Seat 2", unit="u", seat=state)}  # type: ignore[arg-type]


def asked(do: str, by: str = "l01", **reasons: str) -> Request:
    accepted = [{"key": key, "reason": reason} for key, reason in reasons.items()]
    return Request(request_id="r", do=do, by=by, terminal="t", body={"accepted": accepted})


# --- what must be right ---


def test_a_branch_without_faults_and_with_every_role_is_ready() -> None:
    assert not_ready(world(*entered())) == []


def test_a_branch_of_which_nobody_has_entered_anything_is_not_ready() -> None:
    points = {"point-1": PointRecord(point="point-1", label="Counter 1", unit="u")}
    planned = Record(kind="staff", id="a", body=Staff(name="A", roles=["lead"]))
    found = keys(not_ready(world(planned, points=points)))
    wanted = {f"{one}/branch:nothing_entered" for one in ("hours", "resources", "shifts")}
    assert found == wanted | {"buttons/branch:never_tested"}
    always = replace(planned, body=replace(planned.body, duty="always"))
    tested = Record(kind="walk_test", id="point-1", body=WalkTest())
    assert not_ready(world(always, tested, *entered(), points=points)) == []


def test_every_fault_is_named_whatever_it_is_of() -> None:
    found = {
        (subject, name): Fault(subject=subject, name=name, since="2026-11-24T00:00:00.000Z")
        for subject, name in (
            ("unit/unit-01", "silent"),
            ("channel/guards", "failing"),
            ("resource/aed", "expired"),
            ("followups/l01", "overdue"),
        )
    }
    assert keys(not_ready(world(*entered(), faults=found))) == {":".join(key) for key in found}


def test_a_role_that_nobody_on_duty_has_is_named() -> None:
    assert keys(not_ready(world(*entered(), roster=Roster()))) == {
        f"role/{role}:uncovered" for role in ("customer_service", "first_aid", "lead", "security")
    }


def test_the_policies_say_which_roles_are_asked_for() -> None:
    plan = PolicyPlan(steps=[], roles={"call": ["maintenance"], "seat": ["maintenance"]})
    silent = PolicyPlan(steps=[], roles={"silent": ["admin"]})
    records = [Record(kind="policy", id="default", body=plan)]
    records.append(Record(kind="policy", id="vault", body=silent))
    found = asked_roles(world(*records))
    assert found == ("admin", "first_aid", "lead", "maintenance", "security")


def test_a_role_that_nobody_has_later_today_is_named_with_the_time() -> None:
    first = Staff(name="A", roles=["customer_service", "security", "lead"], duty="always")
    aider = Staff(
        name="B",
        roles=["first_aid"],
        certificates=[Certificate(what="first_aid", expires="2099-01-01")],
    )
    shift = Shift(
        staff="b",
        days=ALL_DAYS,
        starts="09:00",
        ends="17:00",
        breaks=[Pause(starts="12:00", ends="13:00")],
    )
    staff = [
        Record(kind="staff", id="a", body=first),
        Record(kind="staff", id="b", body=aider),
        Record(kind="shift", id="s", body=shift),
    ]
    [found] = not_ready(world(*entered(), hours(), *staff))
    assert (found.key, found.detail) == ("role/first_aid:uncovered_later", "12:00")
    unsaid = keys(not_ready(world(*staff, entered()[1])))
    assert unsaid == {"hours/branch:nothing_entered"}, "until when, nobody has said"


def test_before_the_branch_opens_nobody_need_be_there_yet() -> None:
    always = ["customer_service", "security", "lead"]
    certificate = Certificate(what="first_aid", expires="2099-01-01")
    aider = Staff(name="B", roles=["first_aid"], certificates=[certificate])
    staff = [
        Record(kind="staff", id="a", body=Staff(name="A", roles=always, duty="always")),
        Record(kind="staff", id="b", body=aider),
    ]
    for number, (starts, ends) in enumerate([("06:00", "07:00"), ("09:00", "17:00")]):
        shift = Shift(staff="b", days=ALL_DAYS, starts=starts, ends=ends)
        staff.append(Record(kind="shift", id=f"s{number}", body=shift))
    early = datetime(2026, 11, 24, 6, 40)
    assert not_ready(world(*entered(), hours(), *staff, local=early)) == []


@pytest.mark.parametrize(
    ("expires", "name"),
    [
        ("2026-11-23", "expired"),
        ("2026-11-24", "expires_soon"),
        ("2026-12-24", "expires_soon"),
        ("2026-12-25", None),
    ],
)
def test_certificates_are_named_a_month_before(expires, name) -> None:
    body = Staff(name="B", roles=["lead"], certificates=[Certificate(what="aed", expires=expires)])
    aider = Record(kind="staff", id="b", body=replace(body, duty="always"))
    found = not_ready(world(aider, *entered()))
    assert [one.name for one in found] == ([name] if name else [])


# --- what must be over ---


def rang(incident_id: str = "i-1") -> Record:
    """Somebody rang 120 a quarter of an hour ago."""
    at_text = rfc3339(at(1000).utc_ms - 15 * 60_000)
    body = Call(contact="ambulance", number="120", called_by="g01", called_at=at_text)
    return Record(kind="outside_call", id="c-1", body=body, incident_id=incident_id)


def test_a_call_outside_says_its_point_also_once_its_call_is_closed() -> None:
    closed = replace(raised().course.incident, stage="closed")
    [found] = not_over(world(rang(), past={"i-1": closed}))
    assert found.detail == "120, Counter 1, 11-24 09:15"
    [found] = not_over(world(rang("gone")))
    assert found.detail == "120, 11-24 09:15"


@pytest.mark.parametrize("where", ["incidents", "past"])
def test_a_call_outside_of_a_drill_blocks_nothing(where) -> None:
    practice = replace(raised().course.incident, drill=True)
    found = not_over(world(rang(), **{where: {"i-1": practice}}))
    assert "outside_call/c-1:open_outside_call" not in keys(found)


def test_a_seat_a_call_and_a_call_outside_block_closing() -> None:
    incident = raised().course.incident
    now = world(rang(), incidents={"i-1": incident}, points=seat() | seat("free", "vacated"))
    assert [(one.key, one.detail) for one in not_over(now)] == [
        ("incident/i-1:open_incident", "Counter 1"),
        ("outside_call/c-1:open_outside_call", "120, Counter 1, 11-24 09:15"),
        ("seat/point-2:occupied_seat", "Seat 2"),
    ]


BLOCKS = st.sets(st.sampled_from(["incident", "outside", "seat"]))


@given(BLOCKS, st.booleans(), st.sampled_from(["l01", "g01"]), st.sampled_from(["", "a bag"]))
def test_nobody_closes_on_an_open_call_whatever_they_say(blocks, accepts, by, reason) -> None:
    now = world(
        opened_on("2026-11-24"),
        *([rang()] if "outside" in blocks else []),
        incidents={"i-1": raised().course.incident} if "incident" in blocks else {},
        points=seat() if "seat" in blocks else {},
    )
    reasons = {one.key: reason for one in not_over(now)} if accepts else {}
    outcome = ROOM.requests["day.close"](now, asked("day.close", by, **reasons))
    may_leave = accepts and bool(reason) and by == "l01"
    is_closed = blocks <= {"seat"} and (not blocks or may_leave)
    assert isinstance(outcome, Done) == is_closed
    if isinstance(outcome, Refused):
        assert outcome.faults, "it says which"


# --- the state of the day ---


@pytest.mark.parametrize(
    ("hour", "body", "state"),
    [
        (8, None, "before"),
        (9, None, "unopened"),
        (17, None, "unknown"),
        (9, BranchDay(opened_at="x"), "open"),
        (9, BranchDay(opened_at="x", closed_at="y"), "closed"),
        (18, BranchDay(closed_at="y"), "closed"),
    ],
)
def test_the_state_of_the_day(hour, body, state) -> None:
    records = [hours()]
    if body:
        records.append(Record(kind="day", id="2026-11-24", body=body))
    assert state_of(world(*records, local=NOON.replace(hour=hour, minute=0))) == state


def test_without_hours_nobody_is_told_that_it_is_not_opened() -> None:
    assert state_of(world()) == "unknown"
    sunday = replace(HOURS.week[0], days=["mon"])
    closed_today = Record(kind="hours", id="branch", body=OpeningHours(week=[sunday]))
    assert state_of(world(closed_today)) == "unknown"


# --- through the loop ---


@pytest.fixture
def ready(path) -> Any:
    """A branch where everything is as it should be."""
    desk = Desk(path)
    desk.config = replace(
        desk.config,
        units=[],
        points=desk.config.points[:0],
        staff=[
            StaffSettings(
                id="l01",
                name="Wang Wei",
                roles=["lead", "customer_service", "security", "first_aid"],
                certificates=[Certificate(what="first_aid", expires="2099-12-31")],
            ),
            StaffSettings(id="g01", name="Li Na", roles=["customer_service"]),
        ],
    )
    desk.start()
    week = [{"days": ALL_DAYS, "opens": "00:00", "closes": "23:59"}]
    assert desk.ask("hours.save", id="branch", body={"week": week}).ok
    assert desk.ask("resource.save", id="chair", body={"what": "other", "name": "Chair"}).ok
    yield desk
    desk.stop()


def today(desk: Desk) -> Record:
    day = desk.loop._desk.world({}, desk.clock()).local.date().isoformat()
    found = desk.reader.record("day", day)
    assert found is not None
    return found


def test_a_ready_branch_is_opened_by_anybody_and_logged(ready: Desk) -> None:
    assert ready.ask("day.open", "g01").ok
    assert (today(ready).body.opened_by, today(ready).body.missing) == ("g01", [])
    entry = ready.reader.log()[-1]
    assert (entry.event, entry.by, entry.detail["accepted"]) == ("day_opened", "g01", [])
    assert ready.ask("day.open").reason == "already_open"


def test_what_is_missing_is_accepted_one_by_one_with_a_reason(ready: Desk) -> None:
    kit = {"what": "first_aid_kit", "name": "Kit", "count": 0}
    ready.ask("resource.save", id="kit", body=kit)
    ready.ask("resource.save", id="aed", body=kit | {"what": "aed"})
    ready.clock.move(1)
    ready.handle()
    refused = ready.ask("day.open")
    assert refused.reason == "not_ready"
    names = {"resource/kit:too_few", "resource/aed:too_few"}
    assert {one.field for one in refused.faults} == names
    one = [{"key": "resource/kit:too_few", "reason": "comes at ten"}]
    other = [{"key": "resource/aed:too_few", "reason": "  "}]
    refused = ready.ask("day.open", body={"accepted": one + other})
    assert [(fault.field, fault.name) for fault in refused.faults] == [
        ("resource/aed:too_few", "reason_needed")
    ]
    assert ready.reader.records("day") == []
    other[0]["reason"] = "lent by the neighbours"
    refused = ready.ask("day.open", "g01", body={"accepted": one + other})
    assert refused.reason == "not_allowed"
    assert {fault.name for fault in refused.faults} == {"too_few"}, "a reason would not help"
    assert ready.ask("day.open", body={"accepted": one + other}).ok
    assert {(one.subject, one.by, one.reason) for one in today(ready).body.missing} == {
        ("resource/kit", "l01", "comes at ten"),
        ("resource/aed", "l01", "lent by the neighbours"),
    }
    assert len(ready.reader.log()[-1].detail["accepted"]) == 2


def test_an_open_call_blocks_closing_and_is_named_even_to_a_lead(desk: Desk) -> None:
    desk.handle(desk.pressed())
    incident_id = desk.incident().incident_id
    key = f"incident/{incident_id}:open_incident"
    refused = desk.ask("day.close", body={"accepted": [{"key": key, "reason": "never mind"}]})
    assert refused.reason == "still_busy"
    assert [(one.field, one.name) for one in refused.faults] == [(key, "open_incident")]
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="helped"))
    assert desk.ask("day.close").ok
    assert desk.events()[-1] == "day_closed"


def test_a_bag_on_a_seat_is_left_by_a_lead_with_a_reason(desk: Desk) -> None:
    desk.handle(desk.pressed(what="seat_occupied", point="point-2"))
    assert [one.field for one in desk.ask("day.close").faults] == ["seat/point-2:occupied_seat"]
    accepted = [{"key": "seat/point-2:occupied_seat", "reason": "a bag, at the desk now"}]
    assert desk.ask("day.close", "g01", body={"accepted": accepted}).reason == "not_allowed"
    assert desk.ask("day.close", body={"accepted": accepted}).ok
    assert today(desk).body.left[0].reason == "a bag, at the desk now"
    assert desk.ask("day.close").reason == "already_closed_day"


def test_a_branch_that_was_closed_too_early_opens_again_and_both_stretches_are_kept(
    ready: Desk,
) -> None:
    for do, by in (("day.open", "g01"), ("day.close", "l01"), ("day.open", "l01")):
        assert ready.ask(do, by).ok
    body = today(ready).body
    assert (body.closed_at, body.opened_by) == (None, "l01")
    [before] = body.earlier
    assert (before.opened_by, before.closed_by) == ("g01", "l01")
    assert before.opened_at and before.closed_at


@pytest.mark.parametrize("records", [(), (hours(),)])
def test_a_branch_that_nobody_opened_is_closed_by_a_lead_alone(records) -> None:
    now = world(*records)
    assert state_of(now) == ("unopened" if records else "unknown")
    close = ROOM.requests["day.close"]
    assert close(now, asked("day.close", "g01")) == Refused("not_allowed")
    assert isinstance(close(now, asked("day.close", "l01")), Done)


def test_what_comes_after_the_closing_is_swept_again(desk: Desk) -> None:
    assert desk.ask("day.close").ok
    desk.handle(desk.pressed())
    key = f"incident/{desk.incident().incident_id}:open_incident"
    refused = desk.ask("day.close", "g01")
    assert (refused.reason, [one.field for one in refused.faults]) == ("still_busy", [key])
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="helped"))
    assert desk.ask("day.close").reason == "already_closed_day"
    desk.handle(desk.pressed(what="seat_occupied", point="point-2"))
    accepted = [{"key": "seat/point-2:occupied_seat", "reason": "a bag"}]
    assert desk.ask("day.close", body={"accepted": accepted}).ok
    body = today(desk).body
    assert [one.subject for one in body.left] == ["seat/point-2"]
    assert [(one.closed_by, one.left) for one in body.earlier] == [("l01", [])]
    assert desk.ask("day.close").reason == "already_closed_day"


def test_a_closed_day_ends_at_midnight(ready: Desk) -> None:
    ready.ask("day.open")
    ready.ask("day.close")
    ready.clock.move(24 * 3600)
    ready.handle()
    assert ready.reader.records("day") == []
    assert "day_not_closed" not in ready.events()


# --- a day that nobody closed ---


def past_midnight(desk: Desk) -> str:
    """Opened and not closed: it is a day later now. The day that was opened."""
    assert desk.ask("day.open").ok
    day = today(desk).id
    desk.clock.move(24 * 3600)
    desk.handle()
    desk.clock.move(1)
    desk.handle()
    return day


def faults(desk: Desk) -> set[tuple[str, str]]:
    return {(one.subject, one.name) for one in desk.reader.faults()}


def test_a_day_that_nobody_closed_stays_a_fault_until_it_is_closed(ready: Desk) -> None:
    day = past_midnight(ready)
    assert ready.events().count("day_not_closed") == 1
    assert (f"day/{day}", "not_closed") in faults(ready)
    assert ready.reader.record("day", day).is_open
    assert ready.ask("day.close").ok
    ready.clock.move(1)
    ready.handle()
    assert faults(ready) == set()


def test_the_sweep_after_midnight_closes_the_day_that_is_open(ready: Desk) -> None:
    day = past_midnight(ready)
    assert ready.ask("day.close", "g01").ok
    record = ready.reader.record("day", day)
    assert (record.body.closed_by, record.is_open) == ("g01", False)
    assert record.body.opened_at and record.body.closed_at > record.body.opened_at
    assert ready.reader.records("day") == [], "nothing stands of the new day"
    assert ready.ask("day.open").ok, "nor does the fault of a second ago stand in its way"
    assert ready.reader.record("day", day).body.closed_at == record.body.closed_at


def test_the_new_day_opens_over_an_unclosed_one_only_by_a_lead_with_a_reason(ready: Desk) -> None:
    day = past_midnight(ready)
    key = f"day/{day}:not_closed"
    assert [one.field for one in ready.ask("day.open", "g01").faults] == [key]
    accepted = [{"key": key, "reason": "asked the guard: nobody was left"}]
    assert ready.ask("day.open", body={"accepted": accepted}).ok
    assert [one.subject for one in today(ready).body.missing] == [f"day/{day}"]
    given_up = ready.reader.record("day", day)
    assert (given_up.is_open, given_up.body.closed_at) == (False, None)
    ready.clock.move(1)
    ready.handle()
    assert faults(ready) == set()
    assert ready.ask("day.close").ok
    assert today(ready).body.closed_at


def opened_on(day: str = "2026-11-23") -> Record:
    return Record(kind="day", id=day, body=BranchDay(opened_at="x", opened_by="l01"))


def test_an_unclosed_day_is_the_state_whatever_the_hour() -> None:
    for hour in (0, 8, 12, 23):
        now = world(hours(), opened_on(), local=NOON.replace(hour=hour, minute=1))
        assert state_of(now) == "unclosed"
        assert "day/2026-11-23:not_closed" in keys(not_ready(now))


def test_a_branch_that_closes_after_midnight_is_open_until_then() -> None:
    late = OpeningHours(week=[Hours(days=ALL_DAYS, opens="18:00", closes="02:00")])
    records = [Record(kind="hours", id="branch", body=late), opened_on()]
    for hour, state in ((1, "open"), (2, "unclosed")):
        assert state_of(world(*records, local=NOON.replace(hour=hour, minute=0))) == state


def test_before_opening_time_there_is_nothing_to_close() -> None:
    now = world(hours(), local=NOON.replace(hour=0, minute=1))
    assert ROOM.requests["day.close"](now, asked("day.close")) == Refused("nothing_to_close")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"week": [{"days": [], "opens": "09:00", "closes": "17:00"}]}, ("week[0].days", "empty")),
        (
            {"week": [{"days": ["mon"], "opens": "09:00", "closes": "09:00"}]},
            ("week[0].closes", "same_as_start"),
        ),
        (
            {"week": [{"days": ["mon"], "opens": "09:00", "closes": "17:00"}] * 2},
            ("week[1].days", "day_twice"),
        ),
        (
            {
                "week": [
                    {"days": ["fri"], "opens": "22:00", "closes": "10:00"},
                    {"days": ["sat"], "opens": "09:00", "closes": "12:00"},
                ]
            },
            ("week[1].opens", "opens_twice"),
        ),
        (
            {"week": [{"days": ["mon"], "opens": "late", "closes": "17:00"}]},
            ("week[0].opens", "unreadable"),
        ),
    ],
)
def test_bad_hours_are_named_at_their_field(desk: Desk, body, fault) -> None:
    result = desk.ask("hours.save", id="branch", body=body)
    assert fault in [(one.field, one.name) for one in result.faults]
    assert desk.ask("hours.save", id="other", body={}).faults[0].name == "bad_id"


@pytest.mark.parametrize(
    ("opens", "closes", "hours"),
    [
        ("20:00", "06:00", None),
        ("10:00", "02:00", None),
        ("00:00", "23:59", None),
        ("09:00", "08:00", "23 h"),
        ("09:30", "02:00", "16.5 h"),
    ],
)
def test_hours_past_midnight_are_a_night_and_no_slip_of_the_pen(
    desk: Desk, opens, closes, hours
) -> None:
    week = [{"days": ["mon"], "opens": opens, "closes": closes}]
    result = desk.ask("hours.save", id="branch", body={"week": week})
    named = [(one.field, one.name, one.detail) for one in result.faults]
    assert named == ([("week[0].closes", "too_long", hours)] if hours else [])
