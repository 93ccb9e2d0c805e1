"""PURE: what a unit has to tell: its outbox, the lamps, the gateway, and everybody."""

from __future__ import annotations

from dataclasses import replace

from firmware import indicators, outgoing, point
from firmware.events import Save, SendAlert, SendStatus, Show
from firmware.indicators import Shown
from firmware.outgoing import Unsent
from firmware.state import Unit
from protocol.messages import Alert, Feedback, UnitStatus
from protocol.moment import MAX_AGE_MS, Moment

HEARTBEAT_MS = 5000
# Between a receipt and the feedback of the same call: long for a broker, short for a customer.
FEEDBACK_MS = 2000

IDLE = Feedback(point="idle", stage="idle")


def save(unit: Unit, now: Moment) -> Save | None:
    """What the outbox lacks, when it is time to give it."""
    waiting = unit.outgoing.unkept
    is_new = any(one.storage == "new" for one in waiting)
    is_failing = unit.save_again_ms is not None
    if is_failing and not is_new and now.mono_ms < unit.save_again_ms:
        return None
    memories = [point.memory(one, unit.boot) for one in unit.points.values()]
    changed = tuple(one for one in memories if one != unit.kept.memories.get(one.point))
    is_same = unit.session == unit.kept.session and unit.outgoing.dropped == unit.kept.dropped
    if is_same and not (waiting or unit.forget or changed or is_failing):
        return None
    return Save(
        add=waiting,
        forget=unit.forget,
        memories=changed,
        session=unit.session,
        boot=unit.boot,
        seq=unit.seq,
        dropped=unit.outgoing.dropped,
    )


def show(unit: Unit, now: Moment) -> tuple[Unit, list[Show]]:
    """The points that must show something else from now on."""
    shown = {name: _shown(unit, name, now.mono_ms) for name in unit.points}
    changes = [Show(name, what) for name, what in shown.items() if what != unit.shown.get(name)]
    return (replace(unit, shown=shown) if changes else unit), changes


def _shown(unit: Unit, name: str, now_ms: int) -> Shown:
    feedback = unit.feedback.get(name, IDLE)
    received_ms = unit.received_ms.get(name)
    return indicators.shown(
        silent=unit.points[name].silent or feedback.silent,
        stage=feedback.stage,
        calls=unit.outgoing.calls.get(name),
        is_received=received_ms is not None and now_ms - received_ms < FEEDBACK_MS,
        now_ms=now_ms,
        drill=feedback.drill,
    )


def send(unit: Unit, now: Moment) -> tuple[Unit, list[SendAlert]]:
    """The alerts that are due, while there is a connection."""
    if not unit.is_connected:
        return unit, []
    waiting, due = outgoing.to_send(unit.outgoing, now.mono_ms)
    sends = [SendAlert(_aged(one, now)) for one in due]
    return (unit if waiting is unit.outgoing else replace(unit, outgoing=waiting)), sends


def _aged(unsent: Unsent, now: Moment) -> Alert:
    """The alert with its age now; none when it happened in a boot whose clock is gone."""
    if unsent.alert.boot != now.boot:
        return unsent.alert
    age_ms = min(max(0, now.mono_ms - unsent.mono_ms), MAX_AGE_MS)
    return replace(unsent.alert, age_ms=age_ms)


def tell(unit: Unit, now: Moment) -> tuple[Unit, list[SendStatus]]:
    """A status with each heartbeat, and at once when a line or a fault changes."""
    timing = unit.settings.timing
    told = (
        {
            name: point.line_states(one, now_ms=now.mono_ms, timing=timing)
            for name, one in unit.points.items()
        },
        _faults(unit),
    )
    if told == unit.told and now.mono_ms < unit.status_due_ms:
        return unit, []
    unit = replace(unit, told=told, status_due_ms=now.mono_ms + HEARTBEAT_MS)
    return unit, ([SendStatus(_status(unit, now))] if unit.is_connected else [])


def _faults(unit: Unit) -> list[str]:
    faults = {
        "outbox_damaged": unit.is_damaged,
        "outbox_unwritable": unit.save_again_ms is not None,
    }
    return [name for name, is_there in faults.items() if is_there]


def _status(unit: Unit, now: Moment) -> UnitStatus:
    points, faults = unit.told or ({}, [])
    return UnitStatus(
        state="online",
        session=unit.session,
        version=unit.settings.version,
        boot=unit.boot,
        uptime_s=max(0, now.mono_ms // 1000),
        pending=len(unit.outgoing.unsent),
        points=points,
        dropped=unit.outgoing.dropped,
        faults=faults,
    )
