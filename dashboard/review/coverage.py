"""PURE  Whether the roles a call asked for came, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.figures import Figures, figures
from dashboard.review.lines import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One role. asked: closed incidents that asked for it; covered: those in which somebody with
    it had accepted by the close; to_cover_ms: from the press until the first of them accepted."""

    role: str
    asked: int
    covered: int
    to_cover_ms: Figures

    @property
    def missed(self) -> int:
        return self.asked - self.covered


class Covered(NamedTuple):
    """What a role's coverage is made of. times_ms: those that are known."""

    asked: int
    covered: int
    times_ms: tuple[int, ...]


def covered(lines: Iterable[Line]) -> dict[str, Covered]:
    """{role that was asked for: …}. Open incidents are not judged yet."""
    found: dict[str, list[tuple[bool, int | None]]] = {}
    for line in lines:
        if line.outcome is not None:
            for role in line.asked:
                found.setdefault(role, []).append(_covered(line, role))
    return {
        role: Covered(
            asked=len(each),
            covered=sum(is_covered for is_covered, _ms in each),
            times_ms=tuple(ms for _is_covered, ms in each if ms is not None),
        )
        for role, each in found.items()
    }


def merged(all_found: Iterable[Mapping[str, Covered]]) -> dict[str, Covered]:
    """The same of several parts together."""
    together: dict[str, Covered] = {}
    for found in all_found:
        for role, one in found.items():
            other = together.get(role, Covered(0, 0, ()))
            together[role] = Covered(
                *(mine + theirs for mine, theirs in zip(other, one, strict=True))
            )
    return together


def coverage(found: Mapping[str, Covered]) -> tuple[Coverage, ...]:
    """Each role that was asked for, in alphabetical order."""
    return tuple(
        Coverage(
            role=role,
            asked=found[role].asked,
            covered=found[role].covered,
            to_cover_ms=figures(found[role].times_ms),
        )
        for role in sorted(found)
    )


def _covered(line: Line, role: str) -> tuple[bool, int | None]:
    """(whether somebody had the role, since when); the first who accepted counts."""
    for member in line.crew:
        if role in member.roles:
            return True, member.to_accept_ms
    return False, None
