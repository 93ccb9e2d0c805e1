"""What reports count of an incident, and how it is kept: one line of table `report_lines`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from protocol.messages import Incident, Responder
from protocol.moment import parse_rfc3339


class CrewMember(NamedTuple):
    """A responder of a past incident, without their name.

    to_accept_ms, to_arrive_ms: milliseconds since the press, None when that cannot be known or
    did not happen.
    """

    roles: tuple[str, ...]
    to_accept_ms: int | None
    to_arrive_ms: int | None


class ReportLine(NamedTuple):
    """What reports count of one incident.

    raised_ms: UTC. to_*: milliseconds since the press, or None. asked: the roles its kind asked
    for. crew: its responders in the order in which they accepted.
    """

    raised_ms: int
    incident_id: str
    kind: str
    point: str
    drill: bool
    to_accept_ms: int | None
    to_arrive_ms: int | None
    to_close_ms: int | None
    outcome: str | None
    asked: tuple[str, ...]
    crew: tuple[CrewMember, ...]


def line_of(incident: Incident) -> ReportLine:
    """The line of an incident, open or closed."""
    return ReportLine(
        raised_ms=parse_rfc3339(incident.raised_at),
        incident_id=incident.incident_id,
        kind=incident.kind,
        point=incident.point,
        drill=incident.drill,
        to_accept_ms=incident.to_accept_ms,
        to_arrive_ms=incident.to_arrive_ms,
        to_close_ms=incident.to_close_ms,
        outcome=incident.outcome,
        asked=incident.asked_roles,
        crew=tuple(_member(incident, one) for one in incident.responders),
    )


def _member(incident: Incident, responder: Responder) -> CrewMember:
    """The first answer is timed by the monotonic clock, those after it by what the wall clock says
    lies between."""

    def since_press_ms(text: str | None) -> int | None:
        if text is None or incident.accepted_at is None or incident.to_accept_ms is None:
            return None
        later_ms = parse_rfc3339(text) - parse_rfc3339(incident.accepted_at)
        return max(0, incident.to_accept_ms + later_ms)

    return CrewMember(
        roles=responder.roles,
        to_accept_ms=since_press_ms(responder.accepted_at),
        to_arrive_ms=since_press_ms(responder.arrived_at),
    )


# --- as a row ---


def row_of(line: ReportLine) -> tuple[object, ...]:
    """The row of table `report_lines`."""
    return (*line[:-2], _text(line.asked), _text([tuple(one) for one in line.crew]))


def lines_of_rows(rows: Sequence[tuple]) -> list[ReportLine]:
    """The lines of rows. Raises: msgspec.MsgspecError for what are none.

    All crews are read in one go: fifty thousand one by one take three times as long.
    """
    crews = _crews.decode(f"[{','.join([row[10] for row in rows])}]")
    return [
        ReportLine(*row[:4], row[4] != 0, *row[5:9], _asked(row[9]), crew)
        for row, crew in zip(rows, crews, strict=True)
    ]


_crews = msgspec.json.Decoder(list[tuple[CrewMember, ...]])


# A branch asks for a handful of different roles; the same few texts stand in every line.
@lru_cache(maxsize=256)
def _asked(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
