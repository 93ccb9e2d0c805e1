"""Incidents and faults as the pages show them: which comes first, and who may touch what."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.pages import care_words, closing_words, policy_words, words
from gateway.store.outlook import Nearest
from protocol.messages import Fault, Incident
from protocol.moment import parse_rfc3339

# An alert under way for longer than the contract's "undelivered" came late, and says so.
LATE_MS = 5_000
# The gateway's mark for a press of which nobody knows the time (a day or more either way).
UNKNOWN_MS = 24 * 3600 * 1000
# How wide labels are, in letters, a Chinese character taking two; board.css has letters for each.
SIZES = (9, 14, 18, 23, 40, 64)
# Faults whose detail says more than their name does.
NEWS = frozenset(
    {
        "failing",
        "store_unwritable",
        "records_unreadable",
        *care_words.FAULTS,
        *closing_words.NEWS,
        *policy_words.NEWS,
    }
)
# What somebody must see to, but no call suffers from today.
QUIET = ("resource/", "drill/")
QUIET_NAMES = frozenset({"untested", "left_untested", "not_tested_yet"})
# What a fault is about, what hurts calls most first; of the rest nobody suffers at a call.
_WEIGHTS = ("gateway", "broker", "unit", "point", "channel", "terminal", "role", "policy")
CLOSERS = frozenset({"lead", "admin"})

_KIND_ORDER = {"urgent": 0, "silent": 1, "call": 2, "seat": 3}
_STAGE_ORDER = {"raised": 0, "accepted": 1, "arrived": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A responder. is_owner: it is theirs to see through. arrived_at: RFC 3339 or None."""

    staff: str
    name: str
    roles: tuple[str, ...]
    is_owner: bool
    arrived_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Somebody who was told and will not come. how: of words.REFUSALS."""

    name: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSummary:
    """What a card says of its incident's checklist: how many steps, done and overdue."""

    done: int
    all: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One incident to show to one viewer.

    size: how wide its label is; wide: the widest of its label_parts (both of SIZES).
    waited_ms: since the press, by the server's clock.
    actions: what the viewer may do, the one that is due first. answers: what else they may say to
    being told. gone: who will not come. offered_to, offered_by: names, "" without an offer.
    may_not_close: why there is no
    close button although somebody has arrived. care: why its point needs care besides. near:
    what helps, the nearest first.
    """

    incident: Incident
    size: int
    wide: int
    label_parts: tuple[str, ...]
    waited_ms: int
    people: tuple[Person, ...]
    actions: tuple[str, ...]
    may_not_close: bool
    is_late: bool
    is_time_unknown: bool
    answers: tuple[str, ...] = ()
    gone: tuple[Gone, ...] = ()
    offered_to: str = ""
    offered_by: str = ""
    checklist: ListSummary | None = None
    care: str = ""
    near: tuple[Nearest, ...] = ()

    @property
    def id(self) -> str:
        return self.incident.incident_id

    @property
    def kind(self) -> str:
        """A kind we know how to show; a newer gateway's is shown as a call."""
        return self.incident.kind if self.incident.kind in _KIND_ORDER else "call"


def rank(incident: Incident) -> tuple[bool, bool, int, int, str]:
    """Sorts what needs somebody most to the front: unanswered, real, grave, then old."""
    is_forgotten = incident.overdue is not None
    return (
        incident.stage != "raised" and not is_forgotten,
        incident.drill,
        _KIND_ORDER.get(incident.kind, 2),
        _STAGE_ORDER.get(incident.stage, 3),
        incident.raised_at,
    )


def card(
    incident: Incident,
    *,
    names: Mapping[str, str],
    viewer: str | None,
    roles: Iterable[str] = (),
    now_ms: int,
    checklist: ListSummary | None = None,
) -> Card:
    """An incident for a viewer. viewer: a staff id, None for one who only looks."""
    end_ms = parse_rfc3339(incident.closed_at) if incident.closed_at else now_ms
    may_close = _may_close(incident, viewer, roles)
    parts = label_parts(incident.label)
    return Card(
        incident=incident,
        size=label_size(incident.label),
        wide=label_size(max(parts, key=_columns)),
        label_parts=parts,
        waited_ms=max(end_ms - parse_rfc3339(incident.raised_at), 0),
        people=_people(incident, names),
        actions=_actions(incident, viewer, may_close=may_close),
        may_not_close=viewer is not None and incident.stage == "arrived" and not may_close,
        is_late=incident.late_ms >= LATE_MS,
        is_time_unknown=incident.raised_uncertain_ms >= UNKNOWN_MS,
        answers=_answers(incident, viewer, roles),
        gone=tuple(
            Gone(name=names.get(one.staff, one.staff), how=one.how) for one in incident.refused
        ),
        offered_to=_name(names, incident.offer and incident.offer.to),
        offered_by=_name(names, incident.offer and incident.offer.by),
        checklist=checklist,
    )


def _name(names: Mapping[str, str], staff: str | None) -> str:
    return names.get(staff, staff) if staff else ""


def _answers(incident: Incident, viewer: str | None, roles: Iterable[str]) -> tuple[str, ...]:
    """Who was told and has not said anything yet may say that they will not come; of a call that
    others are on, who could bring a role that is missing."""
    if viewer is None or viewer not in incident.told:
        return ()
    if incident.stage != "raised" and not _is_awaited(incident, viewer, roles):
        return ()
    said = {one.how for one in incident.refused if one.staff == viewer}
    return tuple(name for name in ("busy", "refuse") if name not in said)


def _is_awaited(incident: Incident, viewer: str, roles: Iterable[str]) -> bool:
    away = {one.staff for one in (*incident.responders, *incident.refused)}
    wanted = {*incident.missing_roles}
    wanted |= {incident.substitutes.get(role, role) for role in incident.missing_roles}
    return incident.is_open and viewer not in away and not wanted.isdisjoint(roles)


def _people(incident: Incident, names: Mapping[str, str]) -> tuple[Person, ...]:
    return tuple(
        Person(
            staff=one.staff,
            name=names.get(one.staff, one.staff),
            roles=one.roles,
            is_owner=one.staff == incident.owner,
            arrived_at=one.arrived_at,
        )
        for one in incident.responders
    )


def _may_close(incident: Incident, viewer: str | None, roles: Iterable[str]) -> bool:
    """As the gateway judges it: a button that is always refused would only cost time."""
    is_responder = any(one.staff == viewer for one in incident.responders)
    return incident.owner is None or is_responder or not CLOSERS.isdisjoint(roles)


def _actions(incident: Incident, viewer: str | None, *, may_close: bool) -> tuple[str, ...]:
    if viewer is None or not incident.is_open:
        return ()
    mine = next((one for one in incident.responders if one.staff == viewer), None)
    offered = []
    if incident.offer is not None and incident.offer.to == viewer:
        return ("take", "decline")
    if incident.stage == "arrived" and may_close:
        offered.append("close")
    if mine is None:
        offered.append("accept")
    if mine is None or mine.arrived_at is None:
        offered.append("arrive")
    if mine is not None and incident.stage != "arrived":
        offered.sort(key=("arrive", "close", "accept").index)
    return tuple(offered)


def label_size(label: str) -> int:
    """The smallest of SIZES that has room for the text."""
    columns = _columns(label)
    return next((size for size in SIZES if columns <= size), SIZES[-1])


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def label_parts(label: str) -> tuple[str, ...]:
    """A label in two languages, "1号柜台 Counter 1", in its two parts; any other whole.

    Between the parts is the best place for a line to end.
    """
    words = label.split(" ")
    for number in range(1, len(words)):
        head, tail = " ".join(words[:number]), " ".join(words[number:])
        if not head.isascii() and tail.isascii():
            return (head, tail)
    return (label,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLine:
    """A fault in words. subject: what it is about; what: is wrong; remedy: what to do. on_wall:
    what the wall says of it besides, mostly the remedy. is_quiet: somebody must see to it, but no
    call suffers from it today, so the wall does not show it. weight: the lower, the sooner it is
    shown. about: the fault's own subject."""

    subject: str
    what: str
    remedy: str
    detail: str
    since: str
    on_wall: str = ""
    is_quiet: bool = False
    weight: int = 0
    about: str = ""

    @property
    def kind(self) -> str:
        """What the subject is, such as "unit" or "policy"."""
        return self.about.partition("/")[0]

    @property
    def hurts_calls(self) -> bool:
        """Whether a call may go wrong for it, so that it is said beside calls too."""
        return self.weight < len(_WEIGHTS) and not self.is_quiet


def fault_lines(faults: Iterable[Fault], labels: Mapping[str, str]) -> list[FaultLine]:
    """Faults in words, what hurts calls most first. labels: {point: its name for people}."""
    found = [_fault_line(fault, labels) for fault in faults]
    return sorted(found, key=lambda one: one.weight)


def is_quiet(fault: Fault) -> bool:
    """Whether somebody must see to it, but no call suffers from it today."""
    return fault.subject.startswith(QUIET) or fault.name in QUIET_NAMES


def _weight(kind: str) -> int:
    return _WEIGHTS.index(kind) if kind in _WEIGHTS else len(_WEIGHTS)


def _fault_line(fault: Fault, labels: Mapping[str, str]) -> FaultLine:
    what, remedy = words.fault_words(fault.name, fault.subject)
    # The gateway's own details repeat in English what the words say; a channel's or an unknown
    # fault's detail is the only news there is.
    is_news = fault.name not in words.FAULTS or fault.name in NEWS
    kind = fault.subject.partition("/")[0]
    return FaultLine(
        subject=words.subject_words(fault.subject, labels),
        what=what,
        remedy=remedy,
        detail=words.fault_detail(fault.name, fault.detail) if is_news else "",
        since=fault.since,
        on_wall=fault.detail if kind == "followups" else remedy,
        is_quiet=is_quiet(fault),
        weight=_weight(kind),
        about=fault.subject,
    )
