"""What one round of the loop gathers before anything of it is written or said."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.store import Work
from protocol.messages import ActionResult


@dataclass(slots=True)
class Round:
    """One round of the loop. work: to be written; the rest: to be said after that."""

    work: Work = field(default_factory=Work)
    receipts: dict[str, list[str]] = field(default_factory=dict)
    points: set[str] = field(default_factory=set)
    results: list[tuple[str, ActionResult]] = field(default_factory=list)
    faults_changed: bool = False
    ticked: bool = False
