"""PURE. Whether anybody has written down the call to 120 of an incident that ended with one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.desk.record import Done, Record, Room, World
from gateway.desk.todo import DAY_MS, Followup, Words, leads, over, written
from protocol.messages import Incident
from protocol.moment import rfc3339

CONTACT, NUMBER = "ambulance", "120"
OUTCOME = "ambulance"
RULE = "ambulance-call"
WHAT = Words(
    zh="补记 120 呼叫：谁在几点打的，对方怎么说",
    en="Write down the call to 120: who rang when, and what was said",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbulanceRung:
    """120 was rung because of the open incident whose id this has; the call itself may be over."""


def rung(world: World, incident_id: str, *, contact: str, number: str, by: str) -> Done:
    """A call was written down: perhaps the one to 120, for a call that is open or that owes it."""
    if contact != CONTACT and number != NUMBER:
        return Done()
    owed = owed_of(world, incident_id)
    if owed is not None:
        return Done(records=(over(world, owed, by=by, note=""),))
    incident = world.incidents.get(incident_id)
    # In a drill nobody really rings, and it may turn out to be real.
    if incident is None or incident.drill or world.get("ambulance_rung", incident_id):
        return Done()
    at = rfc3339(world.now.utc_ms)
    body = AmbulanceRung()
    record = Record(
        kind="ambulance_rung", id=incident_id, body=body, by=by, at=at, incident_id=incident_id
    )
    return Done(records=(record,))


def owed_of(world: World, incident_id: str) -> Record | None:
    """The follow-up to write the call to 120 down."""
    return world.get("followup", f"{incident_id}.{RULE}")


def follow(world: World, before: Incident, after: Incident) -> Done:
    """The close: one that ended with an ambulance for which nobody rang leaves that to be done."""
    if after.is_open or not before.is_open:
        return Done()
    known = world.get("ambulance_rung", after.incident_id)
    if known is not None:
        return Done(records=(replace(known, version=known.version + 1, is_open=False),))
    if after.outcome != OUTCOME or after.drill:
        return Done()
    owner = after.owner or next(iter(leads(world)), "")
    due_at = rfc3339(world.now.utc_ms + DAY_MS)
    body = Followup(what=WHAT, owner=owner, due_at=due_at, rule=RULE)
    id = f"{after.incident_id}.{RULE}"
    return written(world, id, body, by="", incident_id=after.incident_id)


ROOM = Room(kinds={"ambulance_rung": AmbulanceRung}, requests={}, follow=follow)
