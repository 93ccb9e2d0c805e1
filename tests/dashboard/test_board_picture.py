from dataclasses import replace

import pytest
from seeded import a_call

from dashboard.picture import (
    MAX_CLOSED,
    SILENT_MS,
    Picture,
    Stored,
    at_time,
    changes,
    present,
    with_faults,
    with_gateway,
    with_incident,
    with_stored,
    with_unit_status,
)
from gateway.store import UnitRecord
from protocol.messages import Fault, GatewayStatus, UnitStatus

INCIDENT = a_call()
CLOSED = replace(INCIDENT, stage="closed", version=5)


def _after(*incidents):
    picture = Picture()
    for incident in incidents:
        picture = with_incident(picture, incident)
    return picture


def test_news_of_an_incident_is_one_event_with_the_whole_incident():
    assert changes(Picture(), _after(INCIDENT))[0] == ("incident", INCIDENT)


def test_old_news_changes_nothing():
    newer = replace(INCIDENT, version=3, stage="accepted")
    picture = _after(newer)
    assert with_incident(picture, INCIDENT) is picture
    assert changes(picture, with_incident(picture, newer)) == []


def test_a_close_is_told_once_and_then_the_incident_is_gone():
    before, after = _after(INCIDENT), _after(INCIDENT, CLOSED)
    assert ("incident", CLOSED) in changes(before, after)
    assert not any(event == "incident" for event, _ in present(after))


def test_a_closed_incident_stays_closed_when_older_news_comes_late():
    assert _after(CLOSED, replace(INCIDENT, version=4)).incidents == {}


def test_the_memory_of_closed_incidents_is_bounded():
    many = [replace(CLOSED, incident_id=f"i-{number}") for number in range(MAX_CLOSED + 10)]
    picture = _after(*many)
    assert len(picture.closed) == MAX_CLOSED
    assert "i-0" not in picture.closed


def test_the_store_corrects_what_was_missed():
    """A close that happened while the broker was away is told from the store."""
    before = _after(INCIDENT, replace(INCIDENT, incident_id="i-2"))
    raised = replace(INCIDENT, incident_id="i-3")
    after = with_stored(before, Stored(open=(raised,), closed=(CLOSED,), unknown=("i-2",)))
    assert set(after.incidents) == {"i-3"}
    told = [state for event, state in changes(before, after) if event == "incident"]
    assert told == [CLOSED, raised]


def test_news_that_comes_during_a_look_into_the_store_survives_it():
    picture = _after(INCIDENT)
    assert set(with_stored(picture, Stored(open=())).incidents) == {"i-1"}


def _stored_unit(**values):
    return Stored(
        open=(),
        units=(UnitRecord(unit="unit-01", configured=True, **values),),
        unit_of_point={"point-1": "unit-01"},
    )


UNWRITABLE = Fault(subject="gateway", name="store_unwritable", since="2026-11-24T08:00:00.000Z")
SILENT = replace(UNWRITABLE, subject="unit/unit-01", name="silent")


def test_that_the_store_cannot_be_written_is_known_by_news_alone():
    """The store cannot hold that fault, and once it can, the fault is over."""
    picture = with_faults(Picture(), [UNWRITABLE])
    picture = with_stored(picture, Stored(open=(), faults=(SILENT,)))
    assert picture.store_unwritable
    assert set(picture.faults) == {SILENT, UNWRITABLE}
    healed = with_faults(picture, [SILENT])
    healed = with_stored(healed, Stored(open=(), faults=(SILENT, UNWRITABLE)))
    assert not healed.store_unwritable
    assert healed.faults == (SILENT,)


def test_the_broker_knows_a_unit_better_than_the_store():
    stored = UnitStatus(state="online", session=1, pending=7)
    picture = with_stored(
        Picture(), _stored_unit(status=stored, last_seen_at="2026-11-24T08:00:00.000Z")
    )
    assert picture.units["unit-01"].status.pending == 7
    heard = UnitStatus(state="online", session=1, pending=0)
    later = with_unit_status(picture, "unit-01", heard, at="2026-11-24T08:00:05.000Z")
    assert later.units["unit-01"].status.pending == 0
    assert later.units["unit-01"].last_seen_at == "2026-11-24T08:00:05.000Z"
    assert [event for event, _ in changes(picture, later)] == ["unit"]


def test_a_late_will_of_an_older_session_is_not_believed():
    online = UnitStatus(state="online", session=4)
    picture = with_unit_status(Picture(), "unit-01", online, at=None)
    assert (
        with_unit_status(picture, "unit-01", replace(online, state="offline", session=3), at=None)
        is picture
    )
    will = replace(online, state="offline")
    assert with_unit_status(picture, "unit-01", will, at=None).units["unit-01"].status == will


def test_a_unit_nobody_configured_is_shown_as_such():
    picture = with_unit_status(Picture(), "unit-9", UnitStatus(state="online", session=1), at=None)
    assert picture.units["unit-9"].configured is False


def test_a_unit_shows_its_gravest_fault_and_those_of_its_points():
    stuck = Fault(subject="point/point-1", name="stuck", since="2026-11-24T08:00:00.000Z")
    silent = Fault(subject="unit/unit-01", name="silent", since="2026-11-24T08:00:01.000Z")
    other = Fault(subject="channel/phone", name="failing", since="2026-11-24T08:00:02.000Z")
    picture = with_stored(Picture(), _stored_unit())
    assert picture.units["unit-01"].fault is None
    picture = with_faults(picture, [stuck, silent, other])
    unit = picture.units["unit-01"]
    assert (unit.fault, unit.faults) == ("silent", (stuck, silent))
    assert with_faults(picture, []).units["unit-01"].fault is None


@pytest.mark.parametrize(
    ("after_ms", "state"), [(0, "online"), (SILENT_MS, "online"), (SILENT_MS + 1, "silent")]
)
def test_a_gateway_not_heard_of_for_fifteen_seconds_is_silent(after_ms, state):
    picture = with_gateway(Picture(), GatewayStatus(state="online", session=1), now_ms=100)
    assert at_time(picture, now_ms=100 + after_ms).gateway.state == state


def test_a_gateway_never_heard_of_is_silent_and_one_that_left_is_offline():
    assert Picture().gateway.state == "silent"
    picture = with_gateway(Picture(), GatewayStatus(state="offline", session=1), now_ms=0)
    assert picture.gateway.state == "offline"


def test_a_heartbeat_that_says_nothing_new_is_no_event():
    status = GatewayStatus(state="online", session=1)
    before = with_gateway(Picture(), status, now_ms=0)
    assert changes(before, with_gateway(before, status, now_ms=5000)) == []


def test_a_change_at_the_desk_is_news_for_every_screen():
    status = GatewayStatus(state="online", session=1, desk=7)
    before = with_gateway(Picture(), status, now_ms=0)
    after = with_gateway(before, replace(status, desk=8), now_ms=900)
    assert changes(before, after) == [("gateway", after.gateway)]
    assert after.gateway.status.desk == 8


def test_the_gateway_is_told_again_when_the_count_of_open_incidents_changes():
    before = Picture()
    events = dict(changes(before, with_incident(before, INCIDENT)))
    assert events["gateway"].open == 1


def test_the_present_state_is_every_open_incident_every_unit_and_the_gateway():
    picture = with_stored(_after(INCIDENT), _stored_unit())
    assert [event for event, _ in present(picture)] == ["incident", "unit", "gateway"]
