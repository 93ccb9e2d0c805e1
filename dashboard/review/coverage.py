"""PURE  Whether the roles a call asked for came, and how fast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


def coverage(lines: Iterable[Line]) -> tuple[Coverage, ...]:
    """Each role that was asked for, in alphabetical order. Open incidents are not judged yet."""
    found: dict[str, list[tuple[bool, int | None]]] = {}
    for line in lines:
        if line.outcome is not None:
            for role in line.asked:
                found.setdefault(role, []).append(_covered(line, role))
    return tuple(
        Coverage(
            role=role,
            asked=len(found[role]),
            covered=sum(is_covered for is_covered, _ms in found[role]),
            to_cover_ms=figures(ms for _is_covered, ms in found[role]),
        )
        for role in sorted(found)
    )


def _covered(line: Line, role: str) -> tuple[bool, int | None]:
    """(whether somebody had the role, since when); the first who accepted counts."""
    for member in line.crew:
        if role in member.roles:
            return True, member.to_accept_ms
    return False, None
