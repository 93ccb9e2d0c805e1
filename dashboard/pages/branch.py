"""What several pages ask about the branch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dashboard.board import Board
from dashboard.pages import closing_words, times
from dashboard.pages.cards import Card, FaultLine, ListSummary, card, fault_lines
from dashboard.pages.outlook import world_of
from gateway.store import Record
from gateway.store.outlook import nearest
from protocol.clock import now
from protocol.messages import Fault, Incident
from protocol.moment import rfc3339


def viewer_id() -> str | None:
    """The staff id of whoever looks, None for a machine, which acts through the interface."""
    if not current_user.is_authenticated or current_user.is_machine:
        return None
    return current_user.id


def staff_names(board: Board) -> dict[str, str]:
    """{staff id: name}, also of those who have left: old incidents speak of them."""
    return {one.id: one.body.name for one in board.reader.records("staff", closed_too=True)}


def point_labels(board: Board) -> dict[str, str]:
    """{point: its name for people}."""
    return {record.point: record.label for record in board.reader.points()}


def subject_labels(board: Board, *, gone_too: bool = False) -> dict[str, str]:
    """{point, or subject of a fault: its name for people}. gone_too: also of what is no longer
    there, for pages that look back."""

    def records(kind: str) -> list[Record]:
        return board.reader.records(kind, closed_too=gone_too)

    named = {
        f"{kind}/{one.id}": one.body.name
        for kind in ("resource", "policy")
        for one in records(kind)
        if one.body.name
    }
    drills = {f"drill/{one.id}": closing_words.in_words(one.body) for one in records("drill_plan")}
    people = {
        f"followups/{one.id}": _("Follow-ups of %(name)s", name=one.body.name)
        for one in records("staff")
    }
    return point_labels(board) | named | drills | people


def cards_for_viewer(board: Board, incidents: Iterable[Incident]) -> list[Card]:
    """Cards of `incidents` in their order, for whoever asks."""
    names, now_ms = staff_names(board), now().utc_ms
    lists = checklists(board)
    roles = current_user.roles if viewer_id() else ()
    cards = [
        card(
            incident,
            names=names,
            viewer=viewer_id(),
            roles=roles,
            now_ms=now_ms,
            checklist=lists.get(incident.incident_id) if incident.is_open else None,
        )
        for incident in incidents
    ]
    return _with_help(board, cards)


def _with_help(board: Board, cards: list[Card]) -> list[Card]:
    """Open calls with what is near and helps, and with why their point needs care."""
    if not any(one.incident.is_open for one in cards):
        return cards
    world = world_of(board, ("resource", "taken", "point", "care"))
    cares = world.all("care")
    return [
        replace(
            one,
            care=cares[one.incident.point].body.reason if one.incident.point in cares else "",
            near=tuple(nearest(world, one.incident)),
        )
        if one.incident.is_open
        else one
        for one in cards
    ]


def checklists(board: Board) -> dict[str | None, ListSummary]:
    """{incident id: summary} of every checklist that is open."""
    return {
        one.incident_id: ListSummary(
            done=len(one.body.ticks),
            all=len(one.body.steps),
            overdue=len(set(one.body.overdue) - set(one.body.ticks)),
        )
        for one in board.reader.records("checklist")
    }


def present_faults(board: Board) -> tuple[Fault, ...]:
    """Every fault now. The gateway's own word also has what could not be stored."""
    picture = board.live.picture
    return picture.faults if picture.broker else tuple(board.reader.faults())


def present_fault_lines(board: Board) -> list[FaultLine]:
    """Every fault now in words, what hurts calls most first."""
    return lines_of(board, present_faults(board), subject_labels(board))


def lines_of(board: Board, faults: Iterable[Fault], labels: Mapping[str, str]) -> list[FaultLine]:
    """Faults in words; of follow-ups, in the reader's language, what has waited longest."""
    faults = tuple(faults)
    said = followup_words(board) if any(_is_of_followups(one) for one in faults) else {}
    return [
        replace(one, detail=said[one.about], on_wall=said[one.about]) if one.about in said else one
        for one in fault_lines(faults, labels)
    ]


def _is_of_followups(fault: Fault) -> bool:
    return fault.subject.startswith("followups/")


def followup_words(board: Board) -> dict[str, str]:
    """{subject of a fault: how many follow-ups somebody has overdue, and which waits longest}."""
    late: dict[str, list[Record]] = {}
    for one in sorted(board.reader.records("followup"), key=lambda one: one.body.due_at):
        if one.body.due_at <= rfc3339(now().utc_ms):
            late.setdefault(f"followups/{one.body.owner}", []).append(one)
    return {subject: _overdue_words(board, records) for subject, records in late.items()}


def _overdue_words(board: Board, records: list[Record]) -> str:
    first = records[0]
    what = closing_words.in_words(first.body.what)
    incident = board.reader.incident(first.incident_id) if first.incident_id else None
    if incident is not None:
        what = f"{what} ({incident.label}, {times.day_of(incident.raised_at)})"
    num = len(records)
    return ngettext("%(num)d overdue: %(what)s", "%(num)d overdue: %(what)s", num, what=what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """Why what the pages show may be old. cause: broker, gateway, store; since: RFC 3339 or ""."""

    cause: str
    since: str


def staleness(board: Board) -> Staleness | None:
    """What lies between the pages and the truth, None when nothing does."""
    view = board.live.picture.gateway
    if view.broker and view.store and view.state == "online":
        return None
    ago_ms = board.live.heard_gateway_ms_ago
    since = "" if ago_ms is None else rfc3339(now().utc_ms - ago_ms)
    cause = "broker" if not view.broker else "gateway" if view.state != "online" else "store"
    return Staleness(cause=cause, since=since)
