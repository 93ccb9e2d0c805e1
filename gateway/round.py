"""What one round of the loop gathers before anything of it is written or said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.course import Tell
from gateway.store import Judged, Work
from protocol.messages import ActionResult, Alert, Incident


@dataclass(slots=True)
class Round:
    """One round of the loop. work: to be written; changes: incidents before and after, for the
    desk, which has followed so many of them; tells, raises: whom the desk wants to tell, each with
    the incident it is about or None, and its own alerts; the rest: to be said after the commit."""

    work: Work = field(default_factory=Work)
    changes: list[tuple[Incident | None, Incident]] = field(default_factory=list)
    followed: int = 0
    tells: list[tuple[Tell, str | None]] = field(default_factory=list)
    raises: list[Alert] = field(default_factory=list)
    receipts: dict[str, list[str]] = field(default_factory=dict)
    points: set[str] = field(default_factory=set)
    results: list[tuple[str, ActionResult]] = field(default_factory=list)
    faults_changed: bool = False
    ticked: bool = False

    def judged(self, action_id: str, stored: Callable[[str], Judged | None]) -> Judged | None:
        """What became of an action or request that came before, in this round or, as `stored`
        knows, in an earlier one; None for a new one."""
        return self.work.actions.get(action_id) or stored(action_id)
