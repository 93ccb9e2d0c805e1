"""Resources: how many, until when, who has them, and which is near."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from gateway_kit import ROSTER, Desk, at, raised
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk.points import Point
from gateway.desk.record import Done, Record, World
from gateway.desk.resources import Resource, Taken, amber, left_of, nearest
from gateway.desk.taking import ROOM
from protocol.messages import Request
from protocol.moment import rfc3339

TODAY = date(2026, 11, 24)
NOW = at(1000)
KIT = {"what": "first_aid_kit", "name": "Kit at the door", "place": "Hall", "count": 2}


def resource(id: str = "kit", **changes: Any) -> Record:
    body = {"what": "first_aid_kit", "name": id, "count": 2} | changes
    return Record(kind="resource", id=id, body=Resource(**body))


def taken(of: str = "kit", count: int = 1, incident_id: str | None = "i-1", **more: Any) -> Record:
    body = Taken(resource=of, count=count, by="g01")
    values = {"at": rfc3339(NOW.utc_ms)} | more
    return Record(
        kind="taken", id=f"{of}.{incident_id}", body=body, incident_id=incident_id, **values
    )


def world(*records: Record, incidents: tuple[str, ...] = ("i-1",)) -> World:
    kinds: dict[str, dict[str, Record]] = {}
    for one in records:
        kinds.setdefault(one.kind, {})[one.id] = one
    incident = raised().course.incident
    return World(
        records=kinds,
        incidents={id: replace(incident, incident_id=id) for id in incidents},
        roster=ROSTER,
        now=NOW,
        local=datetime.combine(TODAY, datetime.min.time()),
    )


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def faults_of(result: Any) -> dict[str, str]:
    return {fault.field: fault.name for fault in result.faults}


# --- amber ---


@pytest.mark.parametrize(
    ("body", "out", "names"),
    [
        ({}, [], set()),
        ({"expires": day(31)}, [], set()),
        ({"expires": day(30)}, [], {"expires_soon"}),
        ({"expires": day(0)}, [], {"expires_soon"}),
        ({"expires": day(-1)}, [], {"expired"}),
        ({"expires": day(-1), "count": 0, "minimum": 0}, [], set()),
        ({"check_every_days": 7, "last_checked": day(-7)}, [], set()),
        ({"check_every_days": 7, "last_checked": day(-8)}, [], {"check_overdue"}),
        ({"check_every_days": 7}, [], {"check_overdue"}),
        ({"count": 1, "minimum": 2}, [], {"too_few"}),
        ({"count": 2, "minimum": 2}, [taken()], {"too_few"}),
        ({}, [taken()], set()),
        ({}, [taken(incident_id="gone")], {"still_out"}),
        ({}, [taken(incident_id=None)], set()),
        ({}, [taken(incident_id=None, at=rfc3339(NOW.utc_ms - 13 * 3600_000))], {"still_out"}),
    ],
)
def test_amber_names_what_somebody_must_see_to(body, out, names) -> None:
    found = list(amber(world(resource(**body), *out)))
    assert {one.name for one in found} == names
    assert {one.subject for one in found} <= {"resource/kit"}


def test_what_is_amber_is_a_fault_until_it_is_seen_to(desk: Desk) -> None:
    made = desk.ask("resource.save", id="kit", body=KIT | {"check_every_days": 30})
    desk.clock.move(1)
    desk.handle()
    assert names(desk) == {"resource/kit check_overdue"}
    assert desk.ask("resource.checked", "g01", id="kit", version=made.version).ok
    desk.clock.move(1)
    desk.handle()
    assert names(desk) == set()
    desk.clock.move(31 * 24 * 3600)
    desk.handle()
    assert names(desk) == {"resource/kit check_overdue"}, "time alone brings it back"


def names(desk: Desk) -> set[str]:
    found = (f"{one.subject} {one.name}" for one in desk.reader.faults())
    return {one for one in found if one.startswith("resource/")}


# --- taken, back, used up ---


def test_what_is_taken_belongs_to_the_incident_until_it_is_back(desk: Desk) -> None:
    desk.ask("resource.save", id="kit", body=KIT)
    desk.handle(desk.pressed())
    incident_id = desk.incident().incident_id
    where = {"incident_id": incident_id}
    assert desk.ask("resource.take", "g01", id="kit", body={"count": 1} | where).ok
    [out] = desk.reader.records_of(incident_id)
    assert (out.kind, out.body.count, out.body.by) == ("taken", 1, "g01")
    [entry] = [one for one in desk.reader.log(incident_id) if one.event == "resource_taken"]
    assert (entry.by, entry.detail["name"]) == ("g01", "Kit at the door")
    desk.handle(desk.acted("arrive"))
    desk.handle(desk.acted("close", outcome="helped"))
    desk.clock.move(1)
    desk.handle()
    assert names(desk) == {"resource/kit still_out"}
    desk.restart()
    assert desk.ask("resource.back", "s01", id="kit", body=where).ok
    desk.clock.move(1)
    desk.handle()
    assert names(desk) == set()
    assert desk.reader.records("taken") == []


def test_of_two_takers_of_the_last_one_the_second_is_told(desk: Desk) -> None:
    desk.ask("resource.save", id="aed", body=KIT | {"what": "aed", "count": 1})
    for point in ("point-1", "point-2"):
        desk.handle(desk.pressed(point=point))
    first, second = (one.incident_id for one in desk.reader.open_incidents())
    assert desk.ask("resource.take", "g01", id="aed", body={"incident_id": first}).ok
    refused = desk.ask("resource.take", "s01", id="aed", body={"incident_id": second})
    assert (refused.reason, faults_of(refused)) == ("not_enough", {"count": "not_enough"})
    assert refused.faults[0].detail == "0"


def test_what_is_used_up_is_there_no_more(desk: Desk) -> None:
    desk.ask("resource.save", id="kit", body=KIT)
    desk.ask("resource.take", id="kit", body={"count": 2})
    assert desk.ask("resource.used", id="kit", body={"count": 1}).ok
    assert desk.reader.record("resource", "kit").body.count == 1
    assert [one.body.count for one in desk.reader.records("taken")] == [1]
    assert desk.ask("resource.used", id="kit", body={"count": 2}).reason == "not_enough"
    assert desk.ask("resource.back", id="kit").ok
    assert desk.ask("resource.back", id="kit").reason == "none_out"
    desk.clock.move(1)
    desk.handle()
    assert names(desk) == set()


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        ({"do": "resource.take", "id": "none"}, "unknown_record"),
        ({"do": "resource.take", "id": "kit", "by": "ghost"}, "unknown_staff"),
        ({"do": "resource.take", "id": "kit", "body": {"count": 3}}, "not_enough"),
        ({"do": "resource.take", "id": "kit", "body": {"count": 0}}, "wrong_fields"),
        ({"do": "resource.take", "id": "kit", "body": {"count": -1}}, "wrong_fields"),
        ({"do": "resource.take", "id": "kit", "body": {"incident_id": "x"}}, "unknown_incident"),
        ({"do": "resource.used", "id": "kit", "body": {"incident_id": "x"}}, "unknown_incident"),
        ({"do": "resource.back", "id": "kit"}, "none_out"),
        ({"do": "resource.checked", "id": "kit", "version": 7}, "changed_meanwhile"),
        ({"do": "resource.save", "id": "kit", "by": "g01", "body": KIT}, "not_allowed"),
    ],
)
def test_a_refusal_has_a_name_and_changes_nothing(desk: Desk, ask, reason) -> None:
    desk.ask("resource.save", id="kit", body=KIT)
    assert desk.ask(**ask).reason == reason
    assert (desk.reader.record("resource", "kit").version, desk.reader.records("taken")) == (1, [])


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["resource.take", "resource.back", "resource.used", "resource.save"]),
        st.integers(0, 4),
        st.sampled_from([None, "i-1", "i-2"]),
    ),
    max_size=30,
)


@given(STEPS)
def test_counts_are_never_negative_nor_above_what_there_is(steps) -> None:
    kinds: dict[str, dict[str, Record]] = {"resource": {"kit": resource(count=4)}, "taken": {}}
    for number, (do, count, incident_id) in enumerate(steps):
        now = replace(world(incidents=("i-1", "i-2")), records=kinds)
        body: dict[str, Any] = {"count": count, "incident_id": incident_id}
        if do == "resource.save":
            body = KIT | {"count": count}
        request = Request(
            request_id=f"r{number}", do=do, by="l01", terminal="t", id="kit", body=body
        )
        outcome = ROOM.requests[do](now, request)
        if isinstance(outcome, Done):
            for one in outcome.records:
                kinds[one.kind].pop(one.id, None)
                if one.is_open:
                    kinds[one.kind][one.id] = one
        now = replace(now, records=kinds)
        record = kinds["resource"]["kit"]
        assert 0 <= left_of(now, record) <= record.body.count
        assert all(one.body.count > 0 for one in kinds["taken"].values())


# --- the plan ---


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (KIT | {"count": -1}, ("count", "unreadable")),
        (KIT | {"count": 1.5}, ("count", "unreadable")),
        (KIT | {"count": "many"}, ("count", "unreadable")),
        (KIT | {"count": True}, ("count", "unreadable")),
        (KIT | {"count": 10_000}, ("count", "unreadable")),
        (KIT | {"minimum": -1}, ("minimum", "unreadable")),
        (KIT | {"check_every_days": 0}, ("check_every_days", "unreadable")),
        (KIT | {"expires": "9999-12-31"}, ("expires", "no_such_day")),
        (KIT | {"what": "banana"}, ("what", "unreadable")),
        (KIT | {"name": ""}, ("name", "unreadable")),
        (KIT | {"point": "moon"}, ("point", "unknown_point")),
        (KIT | {"expires": "2026-02-30"}, ("expires", "no_such_day")),
        (KIT | {"expires": "2020-01-01"}, ("expires", "in_the_past")),
        (KIT | {"last_checked": "2099-01-01"}, ("last_checked", "in_the_future")),
        (KIT | {"situations": ["boredom"]}, ("situations[0]", "unknown_situation")),
    ],
)
def test_bad_input_is_named_at_its_field(desk: Desk, body, fault) -> None:
    result = desk.ask("resource.save", id="kit", body=body)
    assert (result.reason, fault in faults_of(result).items()) == ("wrong_fields", True), result
    assert desk.reader.record("resource", "kit") is None


def test_what_expired_meanwhile_can_still_be_edited(desk: Desk) -> None:
    tomorrow = {"expires": desk.loop._desk.world({}, desk.clock()).local.date().isoformat()}
    desk.ask("resource.save", id="kit", body=KIT | tomorrow)
    desk.clock.move(3 * 24 * 3600)
    assert desk.ask("resource.save", id="kit", body=KIT | tomorrow | {"count": 1}).ok


def test_what_is_out_is_neither_retired_nor_counted_away(desk: Desk) -> None:
    desk.ask("resource.save", id="kit", body=KIT)
    desk.ask("resource.take", id="kit", body={"count": 2})
    assert faults_of(desk.ask("resource.retire", id="kit")) == {"": "out_there"}
    fewer = desk.ask("resource.save", id="kit", body=KIT | {"count": 1})
    assert faults_of(fewer) == {"count": "less_than_out"}


def test_a_point_that_a_resource_stands_at_is_needed(desk: Desk) -> None:
    desk.ask("resource.save", id="kit", body=KIT | {"point": "point-1"})
    assert desk.ask("point.retire", id="point-1").faults[0].name == "resource_there"


def heat(desk: Desk) -> dict[str, Any]:
    """A kit for a situation of the branch's own, whose playbook there is now."""
    step = {"id": "look", "text": {"zh": "看", "en": "Look"}, "role": "first_aid"}
    playbook = {"name": {"zh": "中暑", "en": "Heat stroke"}, "steps": [step]}
    assert desk.ask("playbook.save", id="heat", body=playbook).ok
    return KIT | {"situations": ["heat"]}


def test_a_resource_is_for_a_situation_of_the_branchs_own(desk: Desk) -> None:
    assert desk.ask("resource.save", id="kit", body=heat(desk)).ok
    gone = desk.ask("playbook.retire", id="heat")
    assert [(one.name, one.detail) for one in gone.faults] == [
        ("resource_names_it", "Kit at the door")
    ]
    assert desk.ask("resource.save", id="kit", body=KIT | {"situations": ["heat"]}).ok
    assert not desk.ask("resource.save", id="aed", body=KIT | {"situations": ["heat"]}).ok


# --- the nearest ---


def point(id: str, place: str) -> Record:
    return Record(kind="point", id=id, body=Point(label=id, place=place))


def test_the_nearest_of_each_sort_comes_first() -> None:
    here = world(
        point("point-1", "Hall"),
        point("point-2", "Hall"),
        resource("kit-far", place="Cellar"),
        resource("kit-near", place="Hall"),
        resource("aed-far", what="aed"),
        resource("aed-here", what="aed", point="point-1"),
        resource("chair", what="wheelchair", point="point-2"),
    )
    urgent = raised("held").course.incident
    found = [(one.record.id, one.where) for one in nearest(here, urgent)]
    assert found == [("aed-here", "point"), ("kit-near", "place")]
    fall = replace(urgent, situation="fall")
    assert [one.record.id for one in nearest(here, fall)] == ["chair", "kit-near"]


@pytest.mark.parametrize(
    ("changes", "out"),
    [({"count": 0}, []), ({"expires": day(-1)}, []), ({"count": 1}, [taken()])],
)
def test_what_is_not_there_or_expired_helps_nobody(changes, out) -> None:
    here = world(resource(**changes), *out)
    assert nearest(here, raised("held").course.incident) == []


def test_its_own_situations_go_before_the_usual_ones() -> None:
    lost = replace(raised().course.incident, situation="lost_person")
    assert nearest(world(resource()), lost) == []
    assert nearest(world(resource(situations=["lost_person"])), lost)


@pytest.mark.parametrize("situation", ["heat", "other"])
def test_what_helps_first_stays_when_the_situation_says_no_more(situation) -> None:
    here = world(
        resource("kit"), resource("aed", what="aed"), resource("fan", what="other"), point("x", "")
    )
    urgent = raised("held").course.incident
    first = [one.record.id for one in nearest(here, urgent)]
    assert first == ["aed", "kit"]
    assert [one.record.id for one in nearest(here, replace(urgent, situation=situation))] == first


def test_what_is_for_a_branchs_own_situation_is_shown_beside_what_helps_first() -> None:
    here = world(resource("kit"), resource("fan", what="other", situations=["heat"]))
    hot = replace(raised("held").course.incident, situation="heat")
    assert [one.record.id for one in nearest(here, hot)] == ["fan", "kit"]


@pytest.mark.parametrize("situation", ["complaint", "lost_person", "property_loss"])
def test_where_nothing_of_the_kind_helps_nothing_is_shown(situation) -> None:
    known = replace(raised("held").course.incident, situation=situation)
    assert nearest(world(resource("kit"), resource("aed", what="aed")), known) == []
