"""PURE: the alerts that wait for the gateway's receipt: their order, resending, and bound."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from protocol.messages import Alert

# So many of the oldest alerts are under way at once.
WINDOW = 100
RESEND_MS = 1000
RESEND_MOST_MS = 5000

CALLS = ("pressed", "held")
SEAT_EVENTS = ("seat_occupied", "seat_vacated")

# new: the outbox has not been asked yet. kept: it is in the outbox. memory: the outbox failed.
Storage = Literal["new", "kept", "memory"]


@dataclass(frozen=True, slots=True)
class Unsent:
    """An alert without a receipt. mono_ms: when it happened, in the alert's own boot.

    sent: it is under way on this connection.
    """

    alert: Alert
    mono_ms: int
    storage: Storage = "new"
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The unsent calls of one point. since_ms: of the oldest; None: of an earlier boot.

    is_kept: one of them is in the outbox, so the point's call is saved.
    """

    since_ms: int | None
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """unsent: oldest first. resend_ms: when to send again what is under way; None: nothing is.

    wait_ms: how long the next wait for a receipt is. dropped: alerts let go at the bound, ever.
    calls, unkept: the unsent calls by point, and those not in the outbox; told from `unsent`.
    """

    boot: str
    max_alerts: int
    unsent: tuple[Unsent, ...] = ()
    resend_ms: int | None = None
    wait_ms: int = RESEND_MS
    dropped: int = 0
    calls: Mapping[str, Waiting] = field(default_factory=dict)
    unkept: tuple[Unsent, ...] = ()


def with_unsent(outgoing: Outgoing, unsent: Iterable[Unsent]) -> Outgoing:
    """The same with other alerts."""
    unsent = tuple(unsent)
    resend_ms = outgoing.resend_ms if any(one.sent for one in unsent[:WINDOW]) else None
    return replace(
        outgoing,
        unsent=unsent,
        resend_ms=resend_ms,
        calls=_calls(unsent, outgoing.boot),
        unkept=tuple(one for one in unsent if one.storage != "kept"),
    )


def add(outgoing: Outgoing, new: Iterable[Unsent]) -> tuple[Outgoing, list[str]]:
    """With more alerts at the end; and the ids of those let go to stay within the bound."""
    unsent = [*outgoing.unsent, *new]
    gone = []
    while len(unsent) > outgoing.max_alerts:
        victim = _least_needed(unsent)
        if victim is None:
            break
        gone.append(unsent.pop(victim).alert.alert_id)
    outgoing = replace(outgoing, dropped=outgoing.dropped + len(gone))
    return with_unsent(outgoing, unsent), gone


def stored(outgoing: Outgoing, ids: Collection[str], storage: Storage) -> Outgoing:
    """After the outbox has taken, or not taken, the alerts with these ids."""
    return with_unsent(
        outgoing,
        (
            replace(one, storage=storage) if one.alert.alert_id in ids else one
            for one in outgoing.unsent
        ),
    )


def receipted(
    outgoing: Outgoing, ids: Collection[str], now_ms: int
) -> tuple[Outgoing, list[Unsent]]:
    """Without the alerts the gateway has; and those. Ids of others are none of our business."""
    gone = [one for one in outgoing.unsent if one.alert.alert_id in ids]
    if not gone:
        return outgoing, []
    rest = with_unsent(outgoing, (one for one in outgoing.unsent if one.alert.alert_id not in ids))
    resend_ms = None if rest.resend_ms is None else now_ms + RESEND_MS
    return replace(rest, resend_ms=resend_ms, wait_ms=RESEND_MS), gone


def anew(outgoing: Outgoing) -> Outgoing:
    """With nothing under way: whoever had it before may have lost it."""
    outgoing = with_unsent(outgoing, (replace(one, sent=False) for one in outgoing.unsent))
    return replace(outgoing, wait_ms=RESEND_MS)


def to_send(outgoing: Outgoing, now_ms: int) -> tuple[Outgoing, list[Unsent]]:
    """After sending what is due; and that, oldest first."""
    if outgoing.resend_ms is not None and now_ms >= outgoing.resend_ms:
        wait_ms = min(2 * outgoing.wait_ms, RESEND_MOST_MS)
        outgoing = replace(anew(outgoing), wait_ms=wait_ms)
    window = _ready(outgoing.unsent[:WINDOW])
    due = [one for one in window if not one.sent]
    if not due:
        return outgoing, []
    resend_ms = outgoing.resend_ms
    if resend_ms is None:
        resend_ms = now_ms + outgoing.wait_ms
    sent = [replace(one, sent=True) for one in window]
    outgoing = replace(outgoing, unsent=(*sent, *outgoing.unsent[len(sent) :]))
    return replace(outgoing, resend_ms=resend_ms), due


def _ready(window: tuple[Unsent, ...]) -> list[Unsent]:
    """Those before the first that the outbox has not been asked about: commit, then tell."""
    ready = []
    for one in window:
        if one.storage == "new":
            break
        ready.append(one)
    return ready


def _calls(unsent: Iterable[Unsent], boot: str) -> dict[str, Waiting]:
    calls: dict[str, Waiting] = {}
    for one in unsent:
        if one.alert.what not in CALLS:
            continue
        is_kept = one.storage == "kept"
        before = calls.get(one.alert.point)
        if before is None:
            since_ms = one.mono_ms if one.alert.boot == boot else None
            calls[one.alert.point] = Waiting(since_ms, is_kept)
        elif is_kept and not before.is_kept:
            calls[one.alert.point] = replace(before, is_kept=True)
    return calls


def _least_needed(unsent: list[Unsent]) -> int | None:
    """Index of the alert to let go: the oldest seat event; else the oldest that is no call; else a
    call that an older one of its kind at the same point stands for; None: none may go."""
    for wanted in (SEAT_EVENTS, None):
        for index, one in enumerate(unsent):
            if one.alert.what in wanted if wanted else one.alert.what not in CALLS:
                return index
    for what in CALLS:
        points = set()
        for index, one in enumerate(unsent):
            if one.alert.what == what and one.alert.point in points:
                return index
            if one.alert.what == what:
                points.add(one.alert.point)
    return None
