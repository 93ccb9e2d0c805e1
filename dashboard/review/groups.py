"""PURE  Response times by place, role and time of the day and of the week."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dashboard.figures import Figures, ResponseFigures, figures_of_runs
from dashboard.review.calendar import LocalTime
from dashboard.review.lines import Line
from dashboard.review.sample import Sample, Samples, runs_of, sample

HOURS = tuple(f"{hour:02d}" for hour in range(24))
WEEKDAYS = tuple(str(day) for day in range(1, 8))
NOTHING = Sample(0, (), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFigures:
    """How fast responders with a role were. count: how often one of them accepted."""

    count: int
    to_accept_ms: Figures
    to_arrive_ms: Figures


# --- samples of lines ---


def by_kind(lines: Iterable[Line]) -> Samples:
    return _grouped(lines, lambda line: (line.kind,))


def by_point(lines: Iterable[Line]) -> Samples:
    return _grouped(lines, lambda line: (line.point,))


def by_first_role(lines: Iterable[Line]) -> Samples:
    """{role: incidents whose first responder had it}.

    A person with several roles counts for each. Incidents that nobody accepted by name are left
    out.
    """
    return _grouped(lines, lambda line: line.crew[0].roles if line.crew else ())


def by_hour(lines: Iterable[Line], local: LocalTime) -> Samples:
    """{hour "00" to "23": incidents}, by the branch's clock."""
    return _grouped(lines, lambda line: (HOURS[local.hour(line.raised_ms)],))


def by_weekday(lines: Iterable[Line], local: LocalTime) -> Samples:
    """{weekday "1" (Monday) to "7": incidents}, by the branch's calendar."""
    return _grouped(lines, lambda line: (WEEKDAYS[local.weekday(line.raised_ms) - 1],))


def by_role(lines: Iterable[Line]) -> Samples:
    """{role: each responder who had it}, the first as well as those who joined; times are their
    own."""
    groups: dict[str, tuple[list[int | None], list[int | None]]] = {}
    for line in lines:
        for member in line.crew:
            for role in member.roles:
                accepted, arrived = groups.setdefault(role, ([], []))
                accepted.append(member.to_accept_ms)
                arrived.append(member.to_arrive_ms)
    return {
        role: Sample(len(accepted), runs_of(accepted), runs_of(arrived))
        for role, (accepted, arrived) in groups.items()
    }


def _grouped(lines: Iterable[Line], names: Callable[[Line], Iterable[str]]) -> Samples:
    """{name: its incidents}; an incident is in as many groups as it has names."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        for name in names(line):
            group = groups.get(name)
            if group is None:
                groups[name] = [line]
            else:
                group.append(line)
    return {name: sample(group) for name, group in groups.items()}


# --- figures of samples ---


def figures_of(samples: Samples) -> dict[str, ResponseFigures]:
    """{name: figures}, in alphabetical order."""
    return {name: samples[name].figures for name in sorted(samples)}


def figures_of_all(samples: Samples, names: Iterable[str]) -> dict[str, ResponseFigures]:
    """{name: figures} of every name, also of those with no incident."""
    return {name: samples.get(name, NOTHING).figures for name in names}


def role_figures_of(samples: Samples) -> dict[str, RoleFigures]:
    """{role: figures}, in alphabetical order."""
    return {
        role: RoleFigures(
            count=samples[role].count,
            to_accept_ms=figures_of_runs(samples[role].to_accept_ms),
            to_arrive_ms=figures_of_runs(samples[role].to_arrive_ms),
        )
        for role in sorted(samples)
    }
