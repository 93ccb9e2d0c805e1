"""PURE  Response times by place, role and time of the day and of the week."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dashboard.figures import Figures, ResponseFigures, figures, response_figures
from dashboard.review.calendar import LocalTime
from dashboard.review.lines import Line

HOURS = tuple(f"{hour:02d}" for hour in range(24))
WEEKDAYS = tuple(str(day) for day in range(1, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFigures:
    """How fast responders with a role were. count: how often one of them accepted."""

    count: int
    to_accept_ms: Figures
    to_arrive_ms: Figures


def by_point(lines: Iterable[Line]) -> dict[str, ResponseFigures]:
    """{point: figures}, in the order of the points' ids."""
    return _sorted(grouped(lines, lambda line: (line.point,)))


def by_first_role(lines: Iterable[Line]) -> dict[str, ResponseFigures]:
    """{role: figures of the incidents whose first responder had it}.

    A person with several roles counts for each. Incidents that nobody accepted by name are left
    out.
    """
    return _sorted(grouped(lines, lambda line: line.crew[0].roles if line.crew else ()))


def by_role(lines: Iterable[Line]) -> dict[str, RoleFigures]:
    """{role: how fast each responder who had it was}, the first as well as those who joined."""
    groups: dict[str, tuple[list[int | None], list[int | None]]] = {}
    for line in lines:
        for member in line.crew:
            for role in member.roles:
                accepted, arrived = groups.setdefault(role, ([], []))
                accepted.append(member.to_accept_ms)
                arrived.append(member.to_arrive_ms)
    return {
        role: RoleFigures(
            count=len(groups[role][0]),
            to_accept_ms=figures(groups[role][0]),
            to_arrive_ms=figures(groups[role][1]),
        )
        for role in sorted(groups)
    }


def by_hour(lines: Iterable[Line], local: LocalTime) -> dict[str, ResponseFigures]:
    """{hour "00" to "23": figures}, by the branch's clock; every hour is there."""
    found = grouped(lines, lambda line: (HOURS[local.hour(line.raised_ms)],))
    return {hour: response_figures(found.get(hour, ())) for hour in HOURS}


def by_weekday(lines: Iterable[Line], local: LocalTime) -> dict[str, ResponseFigures]:
    """{weekday "1" (Monday) to "7": figures}, by the branch's calendar; every day is there."""
    found = grouped(lines, lambda line: (WEEKDAYS[local.weekday(line.raised_ms) - 1],))
    return {day: response_figures(found.get(day, ())) for day in WEEKDAYS}


def grouped(
    lines: Iterable[Line], names: Callable[[Line], Iterable[str]]
) -> dict[str, Sequence[Line]]:
    """{name: its lines}; a line is in as many groups as it has names."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        for name in names(line):
            group = groups.get(name)
            if group is None:
                groups[name] = [line]
            else:
                group.append(line)
    return groups


def _sorted(groups: dict[str, Sequence[Line]]) -> dict[str, ResponseFigures]:
    return {name: response_figures(groups[name]) for name in sorted(groups)}
