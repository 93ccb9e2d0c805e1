"""What must be true when everything has settled; each check yields what is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from firmware.indicators import Shown
from gateway.chain import first_broken
from protocol.messages import Feedback, GatewayStatus, Incident, decode

from .link import TOPICS
from .oracle import Schedule, able
from .presses import check_calls
from .rings import notices_were_handed_on, rings_were_heard
from .rules import Rules, plans_were_kept
from .told import (
    offers_lapse,
    owners_stay,
    who_can_bring,
    who_left,
    who_refused,
    who_stands_in,
    who_was_told,
)
from .world import World

# What an alert may be late by when its unit knew its age: twice through a slow network.
UNDER_WAY_MS = 2_000

LAMPS = {
    "idle": Shown("off"),
    "raised": Shown("recorded"),
    "accepted": Shown("coming"),
    "arrived": Shown("coming"),
}
# How often each thing is told for each entry of the log.
TOLD_BY = {
    "raised": "step",
    "step_taken": "step",
    "told_again": "again",
    "overdue_arrival": "overdue_arrival",
    "overdue_close": "overdue_close",
    "handed_over": "handover",
    "offered": "offer",
    "declined": "declined",
    "offer_lapsed": "offer_lapsed",
    "needed": "needed",
}


def verdict(world: World) -> list[str]:
    """Everything that broke a rule, on the way and at the end."""
    found = list(world.journal.wrong)
    for check in CHECKS:
        found += check(world)
    return found


def _alerts_are_in_incidents(world: World) -> Iterator[str]:
    """Every alert of every outbox is stored; every call is in one incident and counted once."""
    journal, reader = world.journal, world.gateway.reader
    rows = reader.rows("SELECT alert_id, what, incident_id FROM alerts")
    for alert_id in journal.ever_kept - {row[0] for row in rows}:
        yield f"the alert {alert_id} ({journal.made[alert_id].alert.what}) is lost"
    logged = Counter(
        stored.entry.detail["alert_id"]
        for stored in journal.entries
        if stored.entry.event in ("raised", "joined")
    )
    presses: Counter[str] = Counter()
    for alert_id, what, incident_id in rows:
        if what not in ("pressed", "held"):
            continue
        if incident_id is None or logged[alert_id] != 1:
            yield f"{alert_id} ({what}) is {logged[alert_id]} times in the log, in {incident_id}"
        presses[incident_id] += what == "pressed" or _raised_by(world, incident_id) == alert_id
    for incident in reader.incidents(limit=1000):
        expected = presses[incident.incident_id]
        if incident.presses != expected:
            yield f"{incident.incident_id} counts {incident.presses} presses, not {expected}"


def _raised_by(world: World, incident_id: str) -> str:
    raisings = (
        stored.entry.detail["alert_id"]
        for stored in world.journal.entries
        if stored.incident_id == incident_id and stored.entry.event == "raised"
    )
    return next(raisings, "")


def _outboxes_are_empty(world: World) -> Iterator[str]:
    for unit, box in world.journal.outbox.items():
        if box:
            yield f"the outbox of {unit} still holds {sorted(box)}"


def _policy_was_kept(world: World) -> Iterator[str]:
    journal, rules = world.journal, Rules(world)
    windows = able(journal.runs["gateway"], journal.unwritable["gateway"])
    entries = defaultdict(list)
    for stored in journal.entries:
        if stored.incident_id is not None and not stored.entry.event.startswith("notice_"):
            entries[stored.incident_id].append(stored)
    for incident_id, found in entries.items():
        point = journal.incidents[incident_id][0].incident.point
        schedule = Schedule(rules=rules, point=point, able=windows)
        schedule.follow(found, end_ms=world.timeline.now_ms)
        yield from (f"{incident_id}: {what}" for what in schedule.wrong)


def _ages_are_honest(world: World) -> Iterator[str]:
    """The gateway's idea of when a call was, where its unit knew the age."""
    for stored in world.journal.entries:
        alert_id = stored.entry.detail.get("alert_id")
        if stored.entry.event != "raised" or alert_id not in world.journal.alerts:
            continue
        if world.journal.alerts[alert_id][1].age_ms is None:
            continue
        off_ms = stored.ms - stored.entry.detail["late_ms"] - world.journal.made[alert_id].at_ms
        if not 0 <= off_ms <= UNDER_WAY_MS:
            yield f"the call {alert_id} is thought to be {off_ms} ms after it was"


def _log_is_whole(world: World) -> Iterator[str]:
    entries = list(world.gateway.reader.whole_log())
    broken = first_broken(entries)
    if broken is not None:
        yield f"the chain is broken: {broken}"
    told = [(one.event, one.incident_id) for one in entries]
    if told != [(one.entry.event, one.incident_id) for one in world.journal.entries]:
        yield "the log is not what was committed"


def _store_remembers(world: World) -> Iterator[str]:
    """What was last committed of each incident is what the store says of it."""
    stored = {one.incident_id: one for one in world.gateway.reader.incidents(limit=1000)}
    for incident_id, history in world.journal.incidents.items():
        if stored.get(incident_id) != history[-1].incident:
            yield f"{incident_id} is forgotten or has changed by itself"
    points = Counter(one.point for one in stored.values() if one.is_open)
    yield from (f"{point} has {n} open incidents" for point, n in points.items() if n > 1)


def _shown_stage(incident: Incident | None) -> str:
    """What a point shows: nothing for a seat that is only looked after."""
    return incident.stage if incident and incident.kind != "seat" else "idle"


def _lamps_are_right(world: World) -> Iterator[str]:
    now = _open_by_point(world)
    for unit in world.settings:
        for point in unit.points:
            incident = now.get(point.id)
            right = Shown() if point.silent else LAMPS[_shown_stage(incident)]
            if incident and incident.drill and right.lamp != "off":
                right = replace(right, drill=True)
            shown = world.journal.lamps.get(point.id, Shown())
            if shown != right:
                yield f"at the end the lamp of {point.id} shows {shown}, not {right}"


def _broker_says_what_is(world: World) -> Iterator[str]:
    """Whoever comes now hears the truth from what is retained."""
    retained, now = world.network.broker.retained, _open_by_point(world)
    silent = {point.id for unit in world.settings for point in unit.points if point.silent}
    for point in world.gateway.reader.points():
        packet = retained.get(TOPICS.build("feedback", point.point))
        incident = now.get(point.point)
        right = Feedback(
            point=point.point,
            stage=_shown_stage(incident),
            incident_id=incident.incident_id if _shown_stage(incident) != "idle" else None,
            silent=point.point in silent,
            drill=_shown_stage(incident) != "idle" and incident.drill,
        )
        said = replace(decode(Feedback, packet.payload), version=0) if packet else None
        if said != right:
            yield f"the broker keeps {said} for {point.point}, not {right}"
    incidents = {one.incident_id: one for one in now.values()}
    prefix = TOPICS.build("incident").removesuffix("+")
    kept = {t.removeprefix(prefix): p for t, p in retained.items() if t.startswith(prefix)}
    if {i: msgspec.json.decode(p.payload, type=Incident) for i, p in kept.items()} != incidents:
        yield f"the broker keeps incidents {sorted(kept)}; open are {sorted(incidents)}"
    status = decode(GatewayStatus, retained[TOPICS.build("gateway_status")].payload)
    if (status.state, status.open) != ("online", len(incidents)):
        yield f"the gateway says {status}, but {len(incidents)} are open"


def _screens_show_what_is(world: World) -> Iterator[str]:
    shown = {i: one for i, one in world.terminal.open.items() if one.is_open}
    right = {one.incident_id: one for one in _open_by_point(world).values()}
    if shown != right:
        yield f"the terminal shows {sorted(shown)}; open are {sorted(right)}, or they differ"


def _actions_were_taken_once(world: World) -> Iterator[str]:
    """Every action has one result, told until heard, and left as many marks as it should."""
    journal = world.journal
    yield from (f"{one} was never answered" for one in world.terminal.unanswered)
    yield from (
        f"{action_id} was answered differently: {results}"
        for action_id, results in journal.results.items()
        if len({(one.ok, one.reason) for one in results}) > 1
    )
    done = [
        journal.actions[one]
        for one, results in journal.results.items()
        if results[0].ok and one in journal.actions
    ]
    entries = [stored.entry for stored in journal.entries]
    notes = Counter(one.detail["text"] for one in entries if one.event == "noted")
    if notes != Counter(one.text for one in done if one.action == "note"):
        yield f"the notes in the log are {dict(notes)}"
    for name, event in (("close", "closed"), ("escalate", "escalated")):
        marks = Counter(one.by for one in entries if one.event == event)
        if marks != Counter(one.by for one in done if one.action == name):
            yield f"{event} is in the log of {dict(marks)}, not once for each {name}"


def _notices_arrived(world: World) -> Iterator[str]:
    """Everything that was told to people was told by the channel for everybody; of a call that has
    ended a gateway that starts anew tells nobody any more."""
    reader = world.gateway.reader
    entries = defaultdict(Counter)
    for stored in world.journal.entries:
        if stored.entry.event in TOLD_BY:
            entries[stored.incident_id][TOLD_BY[stored.entry.event]] += 1
    for incident_id, expected in entries.items():
        notices = reader.notices(incident_id)
        told = Counter(one.why for one in notices if one.channel == "everybody")
        if any(told[why] < count for why, count in expected.items()):
            yield f"{incident_id}: notices {dict(told)}, but the log says {dict(expected)}"
        for one in notices:
            is_fresh = world.timeline.now_ms - world.journal.last_change_ms < UNDER_WAY_MS
            incident = reader.incident(incident_id)
            # Untried, or refused until the call had ended.
            is_over = incident is not None and not incident.is_open
            is_needless = is_over and one.state in ("replaced", "failed")
            if one.notice_id not in world.journal.notices and not (is_fresh or is_needless):
                yield f"the notice {one.notice_id} was never delivered"


def _open_by_point(world: World) -> dict[str, Incident]:
    return {one.point: one for one in world.gateway.reader.open_incidents()}


CHECKS = (
    check_calls,
    plans_were_kept,
    who_was_told,
    who_stands_in,
    rings_were_heard,
    notices_were_handed_on,
    who_refused,
    who_can_bring,
    who_left,
    owners_stay,
    offers_lapse,
    _alerts_are_in_incidents,
    _outboxes_are_empty,
    _policy_was_kept,
    _ages_are_honest,
    _log_is_whole,
    _store_remembers,
    _lamps_are_right,
    _broker_says_what_is,
    _screens_show_what_is,
    _actions_were_taken_once,
    _notices_arrived,
)
