"""What an incident's page shows of its situation: the checklist, the outside, the script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import g
from flask_babel import format_datetime
from flask_login import current_user

from dashboard.board import Board, the_board
from dashboard.language import get_locale
from dashboard.pages import words
from dashboard.pages.branch import staff_names, viewer_id
from dashboard.pages.cards import CLOSERS, label_parts
from dashboard.pages.situation_words import spoken
from dashboard.pages.times import moment_of
from dashboard.script import LANGUAGES, Known, missing, script
from dashboard.store import VaultError
from gateway.store import Record
from protocol.clock import now
from protocol.messages import Incident
from protocol.moment import parse_rfc3339, rfc3339

MINUTE_MS = 60_000
LARGE_NUMBERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of a checklist. state: done, not_needed, overdue, timed (its clock runs), open, or
    not_done: nobody ticked it before the call was closed.

    by: a name. late_ms: of a done one; None: nobody knows. due_at: RFC 3339 or None. calls: the
    contact that it rings, or None.
    """

    id: str
    text: str
    hint: str
    role: str
    state: str
    by: str = ""
    at: str | None = None
    how: str = ""
    late_ms: int | None = 0
    due_at: str | None = None
    calls: Record | None = None

    @property
    def is_ticked(self) -> bool:
        return self.state in ("done", "not_needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A checklist. may_tick: it is still open."""

    record: Record
    name: str
    warning: str
    steps: tuple[StepLine, ...]
    may_tick: bool

    @property
    def done(self) -> int:
        return sum(step.is_ticked for step in self.steps)

    @property
    def overdue(self) -> tuple[StepLine, ...]:
        return tuple(step for step in self.steps if step.state == "overdue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The family's number for those who may see it; "" when its key is not to be had.

    until: when it goes at the latest, RFC 3339; None while the call is open.
    """

    number: str
    relation: str
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All of it, for one incident and one viewer.

    contacts: the directory, those first whom the checklist rings. calls: made so far. report: as
    ticked, or None. family: for those who may see it; has_family: there is one.
    missing: what a dispatcher will ask and nobody knows. complaint: an open one of the incident.
    owes_call: the call to 120 is still to be written down.
    """

    checklist: ListView | None
    contacts: tuple[Record, ...]
    calls: tuple[Record, ...]
    report: Any
    report_version: int
    script: tuple[str, ...]
    missing: tuple[str, ...]
    has_family: bool
    family: Family | None
    complaint: Record | None
    owes_call: bool

    @property
    def awaited(self) -> tuple[Record, ...]:
        """The calls because of which somebody is still on their way."""
        return tuple(one for one in self.calls if one.is_open)

    @property
    def first_numbers(self) -> tuple[Record, ...]:
        """The few that stand large on the page."""
        return tuple(one for one in self.contacts if one.body.number)[:LARGE_NUMBERS]


def panel_of(board: Board, incident: Incident, *, contact: str = "") -> Panel:
    """What the page of an incident shows besides the call itself. contact: whom to ring."""
    records = board.reader.records_of(incident.incident_id)
    contacts = contacts_by_order(board)
    checklist = _list_view(
        board, _newest(records, "checklist"), contacts, is_over=not incident.is_open
    )
    report = _newest(records, "outside")
    contact = contact or _first_called(checklist) or "ambulance"
    known = known_of(board, incident, report, contact=contact, language=get_locale())
    family = _newest(records, "family_contact")
    return Panel(
        checklist=checklist,
        contacts=tuple(contacts.values()),
        calls=_calls_made(incident, records),
        report=report.body if report else None,
        report_version=report.version if report else 0,
        script=script(known),
        missing=missing(known),
        has_family=family is not None,
        family=_family(board, family) if family and may_see_family(incident) else None,
        complaint=next((one for one in records if one.kind == "complaint" and one.is_open), None),
        owes_call=any(_is_owed_call(one) for one in records),
    )


def _calls_made(incident: Incident, records: Iterable[Record]) -> tuple[Record, ...]:
    """The calls outside; of a drill that has become real not those that were practised."""
    made = (one for one in records if one.kind == "outside_call")
    return tuple(one for one in made if incident.drill or not one.body.practice)


def _is_owed_call(record: Record) -> bool:
    return record.kind == "followup" and record.is_open and record.body.rule == "ambulance-call"


def _newest(records: Iterable[Record], kind: str) -> Record | None:
    """The open one of a kind; else the one changed last."""
    found = [one for one in records if one.kind == kind]
    return max(found, key=lambda one: (one.is_open, one.at, one.version), default=None)


def _family(board: Board, record: Record) -> Family:
    try:
        number = board.vault.unseal(record.body.sealed)
    except VaultError:
        number = ""
    until = rfc3339(record.due.ms) if record.due else None
    return Family(number=number, relation=record.body.relation, until=until)


def family_of(board: Board, incident: Incident) -> Family | None:
    """The number of the customer's family, if there is one and the viewer may see it."""
    record = board.reader.record("family_contact", incident.incident_id)
    return _family(board, record) if record and may_see_family(incident) else None


def may_see_family(incident: Incident) -> bool:
    """Those who answered the call, and leads."""
    viewer = viewer_id()
    is_responder = any(one.staff == viewer for one in incident.responders)
    return viewer is not None and (is_responder or not CLOSERS.isdisjoint(current_user.roles))


def contacts_by_order(board: Board) -> dict[str, Record]:
    """The directory, in the order that the branch has given it."""
    records = board.reader.records("contact")
    return {one.id: one for one in sorted(records, key=lambda one: (one.body.order, one.id))}


def _first_called(checklist: ListView | None) -> str:
    steps = checklist.steps if checklist else ()
    return next((s.calls.id for s in steps if s.calls and not s.is_ticked), "")


def _list_view(
    board: Board, record: Record | None, contacts: Mapping[str, Record], *, is_over: bool
) -> ListView | None:
    if record is None:
        return None
    names, body = staff_names(board), record.body
    lines = (_line(step, body, contacts, names) for step in body.steps)
    steps = tuple(_at_rest(one) if is_over else one for one in lines)
    return ListView(
        record=record,
        name=spoken(body.name),
        warning=spoken(body.warning),
        steps=steps,
        may_tick=record.is_open and viewer_id() is not None,
    )


def _at_rest(line: StepLine) -> StepLine:
    """The step once the call is closed: then no clock runs any more."""
    return line if line.is_ticked else replace(line, state="not_done", due_at=None)


def _line(
    step: Any, body: Any, contacts: Mapping[str, Record], names: Mapping[str, str]
) -> StepLine:
    tick, clock = body.ticks.get(step.id), body.clocks.get(step.id)
    state = "timed" if clock else "open"
    if tick:
        state = "not_needed" if tick.how == "not_needed" else "done"
    elif step.id in body.overdue:
        state = "overdue"
    return StepLine(
        id=step.id,
        text=spoken(step.text),
        hint=spoken(step.hint),
        role=step.role,
        state=state,
        by=names.get(tick.by, tick.by) if tick else "",
        at=tick.at if tick else None,
        how=tick.how if tick else "",
        late_ms=tick.late_ms if tick else 0,
        due_at=clock.due_at if clock else None,
        calls=contacts.get(step.calls),
    )


# --- the script -----------------------------------------------------------------------------


def scripts_of(board: Board, incident: Incident, contact: str) -> dict[str, tuple[str, ...]]:
    """{language: sentences} for ringing `contact`."""
    report = board.reader.record("outside", incident.incident_id)
    return {
        language: script(known_of(board, incident, report, contact=contact, language=language))
        for language in LANGUAGES
    }


def known_of(
    board: Board, incident: Incident, report: Record | None, *, contact: str, language: str
) -> Known:
    """What is known of an incident, for its script in a language."""
    place = board.reader.record("branch", "place")
    playbook = board.reader.record("playbook", incident.situation) if incident.situation else None
    parts = label_parts(incident.label)
    ago_ms = now().utc_ms - parse_rfc3339(incident.raised_at)
    is_sure = incident.raised_uncertain_ms < MINUTE_MS

    def said(record: Record | None, name: str) -> str:
        return str(getattr(getattr(record.body, name, None), language, "")) if record else ""

    seen = report.body if report else None
    return Known(
        language=language,
        contact=contact,
        branch=said(place, "name") or board.reader.branch_name(),
        address=said(place, "address"),
        landmark=said(place, "landmark"),
        entrance=said(place, "entrance"),
        floor=said(place, "floor"),
        phone=place.body.phone if place else "",
        where=parts[0] if language == "zh" else parts[-1],
        happened=said(playbook, "tell"),
        what=seen.what if seen else "",
        since=format_datetime(moment_of(incident.raised_at), "HH:mm") if is_sure else None,
        minutes=max(ago_ms, 0) // MINUTE_MS if is_sure else None,
        age=seen.age if seen else None,
        conscious=seen.conscious if seen else None,
        breathing=seen.breathing if seen else None,
    )


# --- situations by name ---------------------------------------------------------------------


def situations_now() -> dict[str, str]:
    """The situations to choose from, read once a request."""
    if "situations" not in g:
        g.situations = situations(the_board())
    return g.situations


def situations(board: Board) -> dict[str, str]:
    """{situation: its name} of every playbook that is in use, those of the product first."""
    names = {one.id: spoken(one.body.name) for one in board.reader.records("playbook")}
    order = {name: number for number, name in enumerate(words.SITUATIONS)}
    known = sorted(names, key=lambda one: (order.get(one, len(order)), one == "other", one))
    return {one: names[one] for one in known} or {
        name: str(text) for name, text in words.SITUATIONS.items()
    }
