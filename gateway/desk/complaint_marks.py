"""PURE. What a customer's mark leads to: a low one is no end of a complaint, but a beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.desk.record import Done, Record, World
from gateway.desk.todo import DAY_MS, Followup, Words, leads, over, written
from protocol.messages import is_seen
from protocol.moment import rfc3339

if TYPE_CHECKING:  # which asks us, and so reads this file first
    from gateway.desk.complaints import Complaint

# Of five: so few say that the answer did not help.
LOW = 2
RULE = "complaint-mark"


def is_low(complaint: Complaint) -> bool:
    return complaint.satisfaction is not None and complaint.satisfaction <= LOW


def may_end(complaint: Complaint) -> bool:
    """Whether the customer's word is all that was missing."""
    is_known = complaint.category is not None and is_seen(complaint.what)
    return is_known and not is_low(complaint)


def again(world: World, record: Record, complaint: Complaint) -> Done:
    """Somebody speaks with the customer again: a lead on duty, or whoever answered."""
    score, group = complaint.satisfaction, complaint.group
    words = Words(
        zh=f"投诉处理后客户只给 {score} 分：请再次联系客户" + (f"（{group}）" if group else ""),
        en=f"Complaint marked {score} of 5: speak with the customer again"
        + (f" ({group[:100]})" if group else ""),
    )
    owner = next(iter((*leads(world), complaint.answered_by)))
    body = Followup(what=words, owner=owner, due_at=rfc3339(world.now.utc_ms + DAY_MS), rule=RULE)
    return written(world, _id(record), body, by="", incident_id=record.incident_id)


def settled(world: World, record: Record, *, by: str) -> Done:
    """Who closes the complaint has done what was owed for its mark."""
    owed = world.get("followup", _id(record))
    return Done(records=(over(world, owed, by=by, note=""),)) if owed else Done()


def _id(complaint: Record) -> str:
    return f"{complaint.id}.{RULE}"
