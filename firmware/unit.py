"""PURE: the unit: what happened + what it knew → what it knows and what is to be done.

`step` takes an event and gives commands. A `Save` comes alone: whatever follows from it (lamp,
sending) waits for its outcome, so that nothing is told before it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from firmware import outgoing, point, telling
from firmware.events import (
    Command,
    Event,
    FeedbackHeard,
    GatewayHeard,
    LineChanged,
    LinkDown,
    LinkUp,
    Looked,
    OutboxFound,
    OutboxReplaced,
    ReceiptHeard,
    Remembered,
    Save,
    Saved,
    SaveFailed,
)
from firmware.indicators import UNDELIVERED_MS
from firmware.outgoing import CALLS, Unsent
from firmware.point import Happening, Point, Role
from firmware.state import Unit
from firmware.telling import FEEDBACK_MS
from protocol.messages import Alert, Feedback
from protocol.moment import Moment, rfc3339

SAVE_AGAIN_MS = 5000
# A Pi without a clock of its own starts in the past; such a time helps nobody.
CLOCK_SET_MS = 1_735_689_600_000  # 2025-01-01


def step(unit: Unit, event: Event, now: Moment) -> tuple[Unit, list[Command]]:
    """The unit after the event, and what is to be done now."""
    before, unit = unit, _hear(unit, event, now)
    if isinstance(event, LineChanged) and _is_mere_bounce(before, unit, event):
        return unit, []
    save = telling.save(unit, now)
    if save is not None:
        return unit, [save]
    unit, shows = telling.show(unit, now)
    unit, alerts = telling.send(unit, now)
    unit, statuses = telling.tell(unit, now)
    return unit, [*shows, *alerts, *statuses]


def due_ms(unit: Unit, now: Moment) -> int:
    """When the unit wants to look at its lines, by the monotonic clock; the past means now."""
    timing = unit.settings.timing
    lines = [point.due_ms(one, timing) for one in unit.points.values()]
    return min(
        (time for time in (*lines, *_later(unit, now.mono_ms)) if time is not None),
        default=unit.status_due_ms,
    )


def _later(unit: Unit, now_ms: int) -> Iterable[int]:
    """Times to come at which something else than a line needs us."""
    times = [unit.status_due_ms, unit.save_again_ms, unit.outgoing.resend_ms]
    times += [calls.since_ms + UNDELIVERED_MS for calls in _dated(unit)]
    times += [received_ms + FEEDBACK_MS for received_ms in unit.received_ms.values()]
    return (time for time in times if time is not None and time > now_ms)


def _dated(unit: Unit) -> Iterable[outgoing.Waiting]:
    return (calls for calls in unit.outgoing.calls.values() if calls.since_ms is not None)


def _hear(unit: Unit, event: Event, now: Moment) -> Unit:
    match event:
        case LineChanged():
            return _hear_edge(unit, event, now)
        case Looked(closed):
            return _look(unit, closed, now)
        case LinkUp(session):
            waiting = outgoing.anew(unit.outgoing)
            return replace(
                unit, is_connected=True, session=session, outgoing=waiting, status_due_ms=0
            )
        case LinkDown():
            return replace(unit, is_connected=False, outgoing=outgoing.anew(unit.outgoing))
        case ReceiptHeard(alert_ids):
            return _hear_receipt(unit, alert_ids, now)
        case FeedbackHeard(feedback):
            return _hear_feedback(unit, feedback)
        case GatewayHeard():
            return _hear_gateway(unit, event)
        case _:
            return _hear_outbox(unit, event, now)


def _is_mere_bounce(before: Unit, after: Unit, event: LineChanged) -> bool:
    """Whether an edge settled nothing, as most do: a line that floats must cost little."""
    if event.line not in after.lines:
        return True
    if after.outgoing is not before.outgoing:
        return False
    name, _ = after.lines[event.line]
    old, new = (point.memory(unit.points[name], unit.boot) for unit in (before, after))
    return old == new


def _hear_outbox(unit: Unit, event: Event, now: Moment) -> Unit:
    match event:
        case Saved(save):
            return _kept(unit, save)
        case SaveFailed(save):
            ids = {one.alert.alert_id for one in save.add}
            return replace(
                unit,
                outgoing=outgoing.stored(unit.outgoing, ids, "memory"),
                # What the outbox holds of the points may be old by the time it works again.
                kept=replace(unit.kept, memories={}),
                save_again_ms=now.mono_ms + SAVE_AGAIN_MS,
            )
        case OutboxFound(unsent):
            return _found(unit, unsent)
        case OutboxReplaced():
            ids = {one.alert.alert_id for one in unit.outgoing.unsent}
            waiting = outgoing.stored(unit.outgoing, ids, "new")
            return replace(unit, outgoing=waiting, kept=Remembered(), forget=(), is_damaged=True)
    raise TypeError(f"{event!r} is no event of a unit")


def _hear_edge(unit: Unit, event: LineChanged, now: Moment) -> Unit:
    if event.line not in unit.lines:
        return unit
    name, role = unit.lines[event.line]
    changed, happenings = point.edge(
        unit.points[name],
        role,
        level=event.closed,
        at_ms=event.at_ms,
        timing=unit.settings.timing,
    )
    return _record(_with_point(unit, changed), name, happenings, now)


def _look(unit: Unit, closed: Mapping[int, bool], now: Moment) -> Unit:
    levels: dict[str, dict[Role, bool]] = {name: {} for name in unit.points}
    for line, level in closed.items():
        if line in unit.lines:
            name, role = unit.lines[line]
            levels[name][role] = level
    for name, found in levels.items():
        changed, happenings = point.look(
            unit.points[name], found, now_ms=now.mono_ms, timing=unit.settings.timing
        )
        unit = _record(_with_point(unit, changed), name, happenings, now)
    return unit


def _with_point(unit: Unit, changed: Point) -> Unit:
    if changed is unit.points[changed.id]:
        return unit
    return replace(unit, points={**unit.points, changed.id: changed})


def _record(unit: Unit, name: str, happenings: Iterable[Happening], now: Moment) -> Unit:
    """With an alert for each happening at a point."""
    for happening in happenings:
        unit = replace(unit, made=unit.made + 1, seq=unit.seq + 1)
        new = Unsent(_alert(unit, name, happening, now), happening.at_ms)
        waiting, gone = outgoing.add(unit.outgoing, [new])
        unit = replace(unit, outgoing=waiting, forget=(*unit.forget, *gone))
    return unit


def _alert(unit: Unit, name: str, happening: Happening, now: Moment) -> Alert:
    wall_ms = now.utc_ms - (now.mono_ms - happening.at_ms)
    return Alert(
        alert_id=f"{unit.token}-{unit.made}",
        point=name,
        what=happening.what,
        boot=unit.boot,
        seq=unit.seq,
        wall=rfc3339(wall_ms) if wall_ms >= CLOCK_SET_MS else None,
        drill=unit.settings.drill,
    )


def _hear_receipt(unit: Unit, alert_ids: frozenset[str], now: Moment) -> Unit:
    waiting, gone = outgoing.receipted(unit.outgoing, alert_ids, now.mono_ms)
    received = {one.alert.point: now.mono_ms for one in gone if one.alert.what in CALLS}
    kept = [one.alert.alert_id for one in gone if one.storage == "kept"]
    return replace(
        unit,
        outgoing=waiting,
        forget=(*unit.forget, *kept),
        received_ms={**unit.received_ms, **received},
    )


def _hear_feedback(unit: Unit, feedback: Feedback) -> Unit:
    if feedback.point not in unit.points:
        return unit
    received = {name: at for name, at in unit.received_ms.items() if name != feedback.point}
    return replace(unit, feedback={**unit.feedback, feedback.point: feedback}, received_ms=received)


def _hear_gateway(unit: Unit, event: GatewayHeard) -> Unit:
    """A gateway that has just come may not have what was sent before: send it again."""
    if event.status.state == "offline":
        return replace(unit, gateway_session=0)
    if event.status.session == unit.gateway_session:
        return unit
    was_there = event.retained and unit.gateway_session is None
    if not was_there:
        unit = replace(unit, outgoing=outgoing.anew(unit.outgoing))
    return replace(unit, gateway_session=event.status.session)


def _kept(unit: Unit, save: Save) -> Unit:
    ids = {one.alert.alert_id for one in save.add}
    forgotten = set(save.forget)
    memories = {**unit.kept.memories, **{one.point: one for one in save.memories}}
    return replace(
        unit,
        outgoing=outgoing.stored(unit.outgoing, ids, "kept") if ids else unit.outgoing,
        forget=tuple(one for one in unit.forget if one not in forgotten),
        kept=Remembered(memories=memories, session=save.session, dropped=save.dropped),
        save_again_ms=None,
    )


def _found(unit: Unit, unsent: Iterable[Unsent]) -> Unit:
    known = {one.alert.alert_id for one in unit.outgoing.unsent} | set(unit.forget)
    older = [one for one in unsent if one.alert.alert_id not in known]
    waiting = outgoing.with_unsent(unit.outgoing, [*older, *unit.outgoing.unsent])
    waiting, gone = outgoing.add(waiting, [])
    return replace(unit, outgoing=waiting, forget=(*unit.forget, *gone))
