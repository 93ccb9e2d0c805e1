"""PURE: one point's lines → what happened there.

A point has up to four contacts, called by their roles: `call`, `call_nc`, `seat`, `presence`.
Times are monotonic milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from firmware.buttons import debounce as contacts
from firmware.buttons import seat, wiring
from firmware.buttons.debounce import Change, Contact, Debounce
from firmware.buttons.wiring import Wire
from protocol.messages import LineState, What

Role = Literal["call", "call_nc", "seat", "presence"]
PressStage = Literal["idle", "pressed", "held", "stuck"]

# A line must have been whole for so long before it is called restored: a loose cable is one fault
# and not one a second.
WHOLE_MS = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things last that count."""

    call: Debounce = field(default_factory=Debounce)
    seat: Debounce = field(default_factory=lambda: seat.debounce(2000))
    held_ms: int = 3000
    stuck_ms: int = 60_000

    def of(self, role: Role) -> Debounce:
        return self.seat if role == "seat" else self.call


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened at a point, and when."""

    what: What
    at_ms: int


@dataclass(frozen=True, slots=True)
class Press:
    """The press under way. since_ms: when it began; 0 while idle."""

    stage: PressStage = "idle"
    since_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the unit must still know of a point after a restart.

    since_ms counts from the start of `boot`. occupied: the seat's last alert said so. faulty: a
    line_fault was told and no line_restored.
    """

    point: str
    press: PressStage = "idle"
    since_ms: int = 0
    boot: str = ""
    occupied: bool = False
    faulty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point. contacts: by role, only those that are wired. whole_ms: since when every line is."""

    id: str
    silent: bool = False
    contacts: Mapping[Role, Contact] = field(default_factory=dict)
    press: Press = Press()
    wire: Wire = field(default_factory=Wire)
    faulty: bool = False
    whole_ms: int | None = None


def begin(
    *,
    id: str,
    silent: bool,
    levels: Mapping[Role, bool],
    memory: Memory | None,
    boot: str,
    now_ms: int,
    timing: Timing,
) -> Point:
    """The point as the program finds it.

    levels: each line as first read. A button that is closed already is a press unless `memory`
    knows that press. A presence button counts only once it has been seen open: nobody arrives by
    a restart.
    """
    memory = memory or Memory(point=id)
    settled = {
        "call": memory.press != "idle",
        "seat": memory.occupied,
        "presence": levels.get("presence", False),
        "call_nc": levels.get("call_nc", False),
    }
    return Point(
        id=id,
        silent=silent,
        contacts={
            role: Contact(closed=settled[role], level=level, since_ms=now_ms)
            for role, level in levels.items()
        },
        press=_remembered(
            memory, is_closed=levels["call"], boot=boot, now_ms=now_ms, timing=timing
        ),
        wire=Wire(since_ms=now_ms),
        faulty=memory.faulty,
        whole_ms=now_ms if memory.faulty else None,
    )


def edge(
    point: Point, role: Role, *, level: bool, at_ms: int, timing: Timing
) -> tuple[Point, list[Happening]]:
    """The point after an edge of one of its lines, and what that settled."""
    contact, changes = contacts.edge(
        point.contacts[role], level=level, at_ms=at_ms, debounce=timing.of(role)
    )
    point, happenings = _follow(_with(point, role, contact), role, changes, timing)
    return _read_wire(point, at_ms), happenings


def look(
    point: Point, levels: Mapping[Role, bool], *, now_ms: int, timing: Timing
) -> tuple[Point, list[Happening]]:
    """The point after reading its lines now: what they settled, and what time brought."""
    happenings = []
    for role, level in levels.items():
        contact, changes = contacts.look(
            point.contacts[role], level=level, now_ms=now_ms, debounce=timing.of(role)
        )
        point, more = _follow(_with(point, role, contact), role, changes, timing)
        happenings += more
    point = _read_wire(point, now_ms)
    for pass_time in (_hold, _stick, _mind_lines):
        point, more = pass_time(point, now_ms, timing)
        happenings += more
    return point, happenings


def due_ms(point: Point, timing: Timing) -> int | None:
    """When to look at the point's lines next, without an edge before; None: never; 0: now."""
    times = [contacts.due_ms(contact, timing.of(role)) for role, contact in point.contacts.items()]
    if "call_nc" in point.contacts:
        times.append(wiring.due_ms(point.wire))
    if _is_down(point) and point.press.stage in ("pressed", "held"):
        lasts_ms = timing.held_ms if point.press.stage == "pressed" else timing.stuck_ms
        times.append(point.press.since_ms + lasts_ms)
    if _has_line_fault(point) != point.faulty:
        times.append(0 if point.whole_ms is None else point.whole_ms + WHOLE_MS)
    return min((time for time in times if time is not None), default=None)


def memory(point: Point, boot: str) -> Memory:
    """What of the point must be kept over a restart."""
    seat_contact = point.contacts.get("seat")
    is_idle = point.press.stage == "idle"
    return Memory(
        point=point.id,
        press=point.press.stage,
        since_ms=point.press.since_ms,
        boot="" if is_idle else boot,
        occupied=seat_contact is not None and seat_contact.closed,
        faulty=point.faulty,
    )


def line_states(point: Point, *, now_ms: int, timing: Timing) -> dict[str, LineState]:
    """How each line is, as the status says it: the two wires of a button are one line, `call`."""
    states: dict[str, LineState] = {"call": _call_state(point)}
    for role in ("seat", "presence"):
        contact = point.contacts.get(role)
        if contact is not None:
            states[role] = "floating" if contact.floating else "ok"
    presence = point.contacts.get("presence")
    if presence is not None and presence.closed and now_ms - presence.since_ms >= timing.stuck_ms:
        states["presence"] = "stuck"
    return states


def _remembered(
    memory: Memory, *, is_closed: bool, boot: str, now_ms: int, timing: Timing
) -> Press:
    """The press that was under way. What was to come in an earlier boot is due now."""
    if not is_closed:
        # Nobody knows when it was let go, so nobody may say that it was held.
        return Press() if memory.press == "idle" else Press(memory.press, now_ms)
    if memory.press == "idle" or memory.boot == boot:
        return Press(memory.press, memory.since_ms)
    lasted_ms = timing.held_ms if memory.press == "pressed" else timing.stuck_ms
    return Press(memory.press, now_ms - lasted_ms)


def _with(point: Point, role: Role, contact: Contact) -> Point:
    if contact is point.contacts[role]:  # as with each look at a line that rests
        return point
    return replace(point, contacts={**point.contacts, role: contact})


def _follow(
    point: Point, role: Role, changes: Iterable[Change], timing: Timing
) -> tuple[Point, list[Happening]]:
    happenings = []
    for change in changes:
        if role == "call":
            point, more = _follow_call(point, change, timing)
            happenings += more
        elif role == "seat":
            happenings.append(Happening(seat.what(change), change.at_ms))
        elif role == "presence" and change.closed:
            happenings.append(Happening("presence", change.at_ms))
    return point, happenings


def _follow_call(point: Point, change: Change, timing: Timing) -> tuple[Point, list[Happening]]:
    if change.closed:
        point = replace(point, press=Press("pressed", change.at_ms))
        return point, [Happening("pressed", change.at_ms)]
    held_at_ms = point.press.since_ms + timing.held_ms
    happenings = []
    if point.press.stage == "pressed" and change.at_ms >= held_at_ms and not _call_fault(point):
        happenings.append(Happening("held", held_at_ms))
    if point.press.stage == "stuck":
        happenings.append(Happening("unstuck", change.at_ms))
    return replace(point, press=Press()), happenings


def _hold(point: Point, now_ms: int, timing: Timing) -> tuple[Point, list[Happening]]:
    at_ms = point.press.since_ms + timing.held_ms
    if point.press.stage != "pressed" or now_ms < at_ms or not _is_down(point):
        return point, []
    return replace(point, press=replace(point.press, stage="held")), [Happening("held", at_ms)]


def _stick(point: Point, now_ms: int, timing: Timing) -> tuple[Point, list[Happening]]:
    at_ms = point.press.since_ms + timing.stuck_ms
    if point.press.stage != "held" or now_ms < at_ms or not _is_down(point):
        return point, []
    return replace(point, press=replace(point.press, stage="stuck")), [Happening("stuck", at_ms)]


def _mind_lines(point: Point, now_ms: int, timing: Timing) -> tuple[Point, list[Happening]]:
    if _has_line_fault(point):
        happenings = [] if point.faulty else [Happening("line_fault", now_ms)]
        return replace(point, faulty=True, whole_ms=None), happenings
    if not point.faulty:
        return point, []
    if point.whole_ms is None:
        return replace(point, whole_ms=now_ms), []
    if now_ms - point.whole_ms < WHOLE_MS:
        return point, []
    restored = Happening("line_restored", now_ms)
    return replace(point, faulty=False, whole_ms=None), [restored]


def _read_wire(point: Point, at_ms: int) -> Point:
    if "call_nc" not in point.contacts:
        return point
    wire = wiring.read(
        point.wire,
        call=point.contacts["call"].level,
        call_nc=point.contacts["call_nc"].level,
        at_ms=at_ms,
    )
    return replace(point, wire=wire)


def _is_down(point: Point) -> bool:
    """Whether a hand holds the button: a line known to be at fault is no hand."""
    call = point.contacts["call"]
    return call.closed and call.level and call.doubt_ms is None and _call_fault(point) is None


def _call_fault(point: Point) -> LineState | None:
    if point.wire.fault is not None:
        return point.wire.fault
    roles = ("call", "call_nc")
    if any(role in point.contacts and point.contacts[role].floating for role in roles):
        return "floating"
    return None


def _call_state(point: Point) -> LineState:
    return _call_fault(point) or ("stuck" if point.press.stage == "stuck" else "ok")


def _has_line_fault(point: Point) -> bool:
    is_floating = any(contact.floating for contact in point.contacts.values())
    return is_floating or point.wire.fault is not None
