"""PURE. Until when the next thing about a complaint is to be done, and what comes of being late.

It is said in the log and on the leads' board, and becomes a follow-up of a lead's, of which they
hear as of any that is overdue.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gateway.course import Entry
from gateway.desk.record import Done, Due, Record, World
from gateway.desk.todo import DAY_MS, HOUR_MS, Followup, Words, in_charge, over, written
from protocol.moment import parse_rfc3339, rfc3339

if TYPE_CHECKING:  # which asks us, and so reads this file first
    from gateway.desk.complaints import Complaint

FIRST_LOOK_MS = 24 * HOUR_MS
# Banks and insurers answer within 15 days: the trade's measures of 2020 for handling complaints.
ANSWER_MS = 15 * DAY_MS
# After the answer the customer has had time to read it, and still knows what it was about.
WORD_MS = 3 * DAY_MS
# What is overdue comes back so often.
AGAIN_MS = DAY_MS

Late = Literal["first_look", "answer", "word"]

_WORDS: dict[Late, Words] = {
    "first_look": Words(
        zh="投诉超过 24 小时尚未初步调查", en="A complaint waits for its first look: overdue"
    ),
    "answer": Words(zh="投诉答复已超期", en="The answer to a complaint is overdue"),
    "word": Words(
        zh="投诉答复后尚未回访客户",
        en="A customer was not asked how they found the answer to their complaint",
    ),
}


def due_of(complaint: Complaint) -> Due | None:
    """When the next thing about it is late."""
    found = _next(complaint)
    return Due(parse_rfc3339(found[1])) if found else None


def late_ms(due_at: str, world: World) -> int:
    return max(0, world.now.utc_ms - parse_rfc3339(due_at))


def _next(complaint: Complaint) -> tuple[Late, str] | None:
    """What is to be done next about it and until when; None when nothing has a date."""
    if complaint.state == "open":
        return "first_look", complaint.looked_into_due_at
    if complaint.state == "looked_into":
        return "answer", complaint.answer_due_at
    if complaint.state == "answered" and complaint.word_due_at is not None:
        return "word", complaint.word_due_at
    return None


def fall_due(world: World, record: Record) -> Done:
    """The complaint that is late: said now, and again each day until it is done."""
    found = _next(record.body)
    if found is None:
        return Done(records=(replace(record, due=None),))
    what, due_at = found
    is_new = record.body.overdue != what
    # Its version stays: nobody has written anything, and whoever is typing shall not be told that
    # somebody was faster.
    late = replace(
        record,
        body=replace(record.body, overdue=what),
        due=Due(world.now.utc_ms + AGAIN_MS),
    )
    detail = {"complaint": record.id, "what": what, "late_ms": late_ms(due_at, world)}
    entry = Entry(event="complaint_overdue", detail=detail)
    done = Done(records=(late,), entries=((entry, record.incident_id),))
    return done + _to_do(world, record, what) if is_new else done


def _to_do(world: World, record: Record, what: Late) -> Done:
    """The lead's follow-up, overdue from its beginning."""
    body: Complaint = record.body
    known = (*in_charge(world), body.answered_by, body.looked_into_by, body.opened_by)
    owner = next((one for one in known if one), None)
    if owner is None:
        return Done()
    words, group = _WORDS[what], body.group[:100]
    if group:
        words = Words(zh=f"{words.zh}（{group}）", en=f"{words.en} ({group})")
    due_at = rfc3339(world.now.utc_ms)
    todo = Followup(what=words, owner=owner, due_at=due_at, rule=f"complaint-{what}")
    return written(world, _id(record, what), todo, by="", incident_id=record.incident_id)


def settled(world: World, record: Record, *, by: str) -> Done:
    """Whoever has done what was late has done the follow-up for it."""
    owed = (world.get("followup", _id(record, what)) for what in _WORDS)
    return Done(records=tuple(over(world, one, by=by, note="") for one in owed if one))


def _id(complaint: Record, what: Late) -> str:
    return f"{complaint.id}.complaint-{what}"
