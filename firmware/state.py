"""PURE: all a unit knows, and how it begins to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from firmware import outgoing, point
from firmware.events import Remembered
from firmware.indicators import Shown
from firmware.outgoing import Outgoing
from firmware.point import Point, Role, Timing
from protocol.messages import Feedback, LineState
from protocol.moment import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSettings:
    """A point of this unit. lines: BCM number by role. silent: nothing shows or sounds there."""

    id: str
    lines: Mapping[Role, int]
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """What a unit is. drill: every alert of it is practice. max_alerts: the outbox's bound."""

    id: str
    points: tuple[PointSettings, ...]
    timing: Timing = field(default_factory=Timing)
    drill: bool = False
    max_alerts: int = 10_000
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """All a unit knows.

    token: random, of this run of the program; with `made` it makes alert ids unique for ever.
    lines: point and role of each BCM number. seq: the newest alert's number in `boot`.
    gateway_session: of the gateway we last heard; None: never; 0: it is away.
    received_ms: points whose call was receipted then and whose feedback has not come yet.
    shown: what each point shows. told: lines and faults as the last status had them.
    kept: what the outbox holds. forget: ids it still holds although nobody needs them.
    save_again_ms: when to try the outbox again; None: it works.
    """

    settings: UnitSettings
    token: str
    boot: str
    lines: Mapping[int, tuple[str, Role]]
    points: Mapping[str, Point]
    outgoing: Outgoing
    made: int = 0
    seq: int = 0
    session: int = 0
    is_connected: bool = False
    gateway_session: int | None = None
    feedback: Mapping[str, Feedback] = field(default_factory=dict)
    received_ms: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, Shown] = field(default_factory=dict)
    status_due_ms: int = 0
    told: tuple[dict[str, dict[str, LineState]], list[str]] | None = None
    kept: Remembered = field(default_factory=Remembered)
    forget: tuple[str, ...] = ()
    save_again_ms: int | None = None
    is_damaged: bool = False


def begin(
    settings: UnitSettings,
    *,
    token: str,
    remembered: Remembered,
    levels: Mapping[int, bool],
    now: Moment,
    is_damaged: bool = False,
) -> Unit:
    """The unit at program start. levels: whether each line's contact is closed, by BCM number.

    is_damaged: the outbox was, and has been replaced.
    """
    points = {
        one.id: point.begin(
            id=one.id,
            silent=one.silent,
            levels={role: levels[line] for role, line in one.lines.items()},
            memory=remembered.memories.get(one.id),
            boot=now.boot,
            now_ms=now.mono_ms,
            timing=settings.timing,
        )
        for one in settings.points
    }
    waiting = Outgoing(boot=now.boot, max_alerts=settings.max_alerts, dropped=remembered.dropped)
    return Unit(
        settings=settings,
        token=token,
        boot=now.boot,
        lines={line: (one.id, role) for one in settings.points for role, line in one.lines.items()},
        points=points,
        outgoing=outgoing.with_unsent(waiting, remembered.unsent),
        seq=remembered.seq if remembered.boot == now.boot else 0,
        session=remembered.session,
        kept=replace(remembered, unsent=()),
        is_damaged=is_damaged,
    )
