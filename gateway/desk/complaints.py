"""PURE. Complaints: recorded, looked into within a day, answered, asked how it was, and counted.

One begins with an incident whose situation is `complaint`, or at a desk, by telephone, by mail or
online without any button.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import msgspec

from gateway.course import Entry
from gateway.desk import complaint_dates, complaint_days, complaint_marks
from gateway.desk.asking import asked_about, body_of, new_id, refused_field, unseen, words_of
from gateway.desk.complaint_dates import ANSWER_MS, FIRST_LOOK_MS, WORD_MS, Late, due_of, late_ms
from gateway.desk.complaint_days import ComplaintDay
from gateway.desk.plans import LEADS
from gateway.desk.record import Done, Outcome, Record, Refused, Room, World
from protocol.messages import FieldFault, Incident, LongText, Request, ShortText, is_seen
from protocol.moment import rfc3339

SITUATION = "complaint"

Category = Literal["claims", "service", "product", "other"]
Channel = Literal["counter", "telephone", "mail", "online"]
State = Literal["open", "looked_into", "answered", "marked", "done", "withdrawn"]
Score = Annotated[int, msgspec.Meta(ge=1, le=5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One complaint. category: None until somebody has said; group: who is in charge of it.

    what, found, answer: in words, without names. looked_into_due_at, answer_due_at, word_due_at:
    until when (RFC 3339; the customer's word once there is an answer). satisfaction: 1 to 5, or
    None; satisfaction_text: in the customer's words. overdue: what is late now. state marked: the
    customer has spoken, and yet it is not over.
    """

    opened_at: str
    opened_by: str
    looked_into_due_at: str
    answer_due_at: str
    state: State = "open"
    category: Category | None = None
    channel: Channel = "counter"
    group: ShortText = ""
    what: LongText = ""
    looked_into_at: str | None = None
    looked_into_by: str = ""
    found: LongText = ""
    answered_at: str | None = None
    answered_by: str = ""
    answer: LongText = ""
    satisfaction: Score | None = None
    satisfaction_text: ShortText = ""
    word_due_at: str | None = None
    overdue: Late | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """Body of `complaint.open` and `complaint.change`."""

    category: Category | None = None
    channel: Channel = "counter"
    group: ShortText = ""
    what: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Body of `complaint.look_into` (what was found) and `complaint.answer` (what was said)."""

    text: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class _Satisfaction:
    """Body of `complaint.satisfaction`."""

    score: Score | None = None
    text: ShortText = ""


# --- beginning ------------------------------------------------------------------------------


def _open(world: World, request: Request) -> Outcome:
    """`complaint.open` {category, channel, group, what}: without a button."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    about = body_of(_About, request)
    if isinstance(about, Refused):
        return about
    if not is_seen(about.what):
        return refused_field("what", "nothing_said")
    id = new_id("complaint", request)
    return _opened(world, _new(world, about, by=request.by), id=id, by=request.by, incident_id=None)


def follow(world: World, before: Incident, after: Incident) -> Done:
    """A real incident that turns out to be a complaint begins one; one that was none ends it."""
    was, is_now = _is_complaint(before), _is_complaint(after)
    if was == is_now:
        return Done()
    known = next(
        (one for one in world.all("complaint").values() if one.incident_id == after.incident_id),
        None,
    )
    if is_now and known is None:
        id = f"{after.incident_id}.{after.version}"
        about = _new(world, _About(), by=after.owner or "")
        return _opened(world, about, id=id, by="", incident_id=after.incident_id)
    # Whatever somebody has worked on stays theirs to finish.
    if not is_now and known is not None and known.version == 1:
        return _withdrawn(world, known)
    return Done()


def _is_complaint(incident: Incident) -> bool:
    return incident.situation == SITUATION and not incident.drill


def _new(world: World, about: _About, *, by: str) -> Complaint:
    now_ms = world.now.utc_ms
    return Complaint(
        opened_at=rfc3339(now_ms),
        opened_by=by,
        looked_into_due_at=rfc3339(now_ms + FIRST_LOOK_MS),
        answer_due_at=rfc3339(now_ms + ANSWER_MS),
        category=about.category,
        channel=about.channel,
        group=about.group.strip(),
        what=about.what.strip(),
    )


def _opened(
    world: World, complaint: Complaint, *, id: str, by: str, incident_id: str | None
) -> Done:
    record = Record(
        kind="complaint",
        id=id,
        body=complaint,
        by=by,
        at=complaint.opened_at,
        incident_id=incident_id,
        due=due_of(complaint),
    )
    detail = {"complaint": id, "category": complaint.category, "channel": complaint.channel}
    entry = Entry(event="complaint_opened", by=by, detail=detail)
    counted = complaint_days.counted(world)
    return Done(
        records=(record, *counted.records), entries=((entry, incident_id), *counted.entries)
    )


def _withdrawn(world: World, record: Record) -> Done:
    """The situation was set by mistake: nothing was done about it, and it does not count."""
    body = replace(record.body, state="withdrawn", overdue=None)
    done = _changed(world, record, body, Entry(event="complaint_withdrawn", detail={}))
    return done + complaint_days.uncounted(world, record.body.opened_at)


# --- going on -------------------------------------------------------------------------------


def _change(world: World, request: Request) -> Outcome:
    """`complaint.change` {category, channel, group, what}: the whole of it."""
    record = asked_about(world, "complaint", request)
    if isinstance(record, Refused):
        return record
    about = unseen(request, record) or body_of(_About, request)
    if isinstance(about, Refused):
        return about
    faults = tuple(_blanked(record.body, about))
    if faults:
        return Refused("wrong_fields", faults)
    changes = {"category": about.category, "channel": about.channel, "group": about.group.strip()}
    body = replace(record.body, what=words_of(about.what), **changes)
    entry = Entry(event="complaint_changed", by=request.by, detail=changes)
    if body.state != "marked" or not complaint_marks.may_end(body):
        return _changed(world, record, body, entry)
    done = _changed(world, record, replace(body, state="done"), entry)
    ended = Entry(event="complaint_done", by=request.by, detail={"complaint": record.id})
    return done + Done(entries=((ended, record.incident_id),))


def _blanked(known: Complaint, about: _About) -> Iterator[FieldFault]:
    """What is written down of a complaint is corrected, and not taken away."""
    if known.category is not None and about.category is None:
        yield FieldFault(field="category", name="missing")
    if is_seen(known.what) and not is_seen(about.what):
        yield FieldFault(field="what", name="nothing_said")


def _look_into(world: World, request: Request) -> Outcome:
    """`complaint.look_into` {text}: the first investigation, which is due within a day."""
    found = _words(world, request)
    if isinstance(found, Refused):
        return found
    record, text = found
    if record.body.looked_into_at is not None:
        return Refused("looked_into_already")
    at = rfc3339(world.now.utc_ms)
    body = replace(
        record.body,
        state="looked_into",
        looked_into_at=at,
        looked_into_by=request.by,
        found=text,
        overdue=None,
    )
    detail = {"text": text, "late_ms": late_ms(record.body.looked_into_due_at, world)}
    return _changed(
        world, record, body, Entry(event="complaint_looked_into", by=request.by, detail=detail)
    )


def _answer(world: World, request: Request) -> Outcome:
    """`complaint.answer` {text}: what the customer was told."""
    found = _words(world, request)
    if isinstance(found, Refused):
        return found
    record, text = found
    if record.body.looked_into_at is None:
        return Refused("look_into_first")
    if record.body.answered_at is not None:
        return Refused("answered_already")
    at = rfc3339(world.now.utc_ms)
    body = replace(
        record.body,
        state="answered",
        answered_at=at,
        answered_by=request.by,
        answer=text,
        word_due_at=rfc3339(world.now.utc_ms + WORD_MS),
        overdue=None,
    )
    detail = {"text": text, "late_ms": late_ms(record.body.answer_due_at, world)}
    return _changed(
        world, record, body, Entry(event="complaint_answered", by=request.by, detail=detail)
    )


def _satisfaction(world: World, request: Request) -> Outcome:
    """`complaint.satisfaction` {score, text}: how the customer found the answer.

    It ends the complaint when its mark is not low and all else is known; see `complaint_marks`.
    """
    record = asked_about(world, "complaint", request)
    if isinstance(record, Refused):
        return record
    asked = body_of(_Satisfaction, request)
    if isinstance(asked, Refused):
        return asked
    text = words_of(asked.text)
    if record.body.answered_at is None:
        return Refused("answer_first")
    if record.body.state == "marked":
        return Refused("marked_already")
    if asked.score is None and not text:
        return refused_field("text", "nothing_said")
    body = replace(record.body, satisfaction=asked.score, satisfaction_text=text, overdue=None)
    return _marked(world, record, body, by=request.by)


def _marked(world: World, record: Record, body: Complaint, *, by: str) -> Done:
    state: State = "done" if complaint_marks.may_end(body) else "marked"
    detail = {"score": body.satisfaction, "text": body.satisfaction_text}
    entry = Entry(event=f"complaint_{state}", by=by, detail=detail)
    done = _changed(world, record, replace(body, state=state), entry)
    if not complaint_marks.is_low(body):
        return done
    return done + complaint_marks.again(world, record, body)


def _close(world: World, request: Request) -> Outcome:
    """`complaint.close` {text}: by a lead, who says why; one that was answered has its class by
    then."""
    found = _words(world, request)
    if isinstance(found, Refused):
        return found
    record, text = found
    if not world.roster.has_role(request.by, *LEADS):
        return Refused("not_allowed")
    state: State = "done" if record.body.answered_at else "withdrawn"
    if state == "done" and record.body.category is None:
        return Refused("category_needed")
    body = replace(record.body, state=state, overdue=None)
    entry = Entry(event="complaint_closed", by=request.by, detail={"text": text})
    done = _changed(world, record, body, entry)
    return done + complaint_marks.settled(world, record, by=request.by)


def _words(world: World, request: Request) -> tuple[Record, str] | Refused:
    record = asked_about(world, "complaint", request)
    if isinstance(record, Refused):
        return record
    words = body_of(_Words, request)
    if isinstance(words, Refused):
        return words
    text = words_of(words.text)
    return (record, text) if text else refused_field("text", "nothing_said")


def _changed(world: World, record: Record, body: Complaint, entry: Entry) -> Done:
    changed = replace(
        record,
        body=body,
        version=record.version + 1,
        is_open=body.state not in ("done", "withdrawn"),
        by=entry.by,
        at=rfc3339(world.now.utc_ms),
        due=due_of(body) if body.overdue is None else record.due,
    )
    told = replace(entry, detail={"complaint": record.id, **entry.detail})
    done = Done(records=(changed,), entries=((told, record.incident_id),))
    if body.overdue is not None:
        return done
    return done + complaint_dates.settled(world, record, by=entry.by)


def fall_due(world: World, record: Record) -> Done:
    """A complaint that is late, or a day too long ago to count."""
    if isinstance(record.body, ComplaintDay):
        return complaint_days.forgotten(world, record)
    return complaint_dates.fall_due(world, record)


ROOM = Room(
    kinds={"complaint": Complaint, "complaint_day": ComplaintDay},
    requests={
        "complaint.open": _open,
        "complaint.change": _change,
        "complaint.look_into": _look_into,
        "complaint.answer": _answer,
        "complaint.satisfaction": _satisfaction,
        "complaint.close": _close,
    },
    fall_due=fall_due,
    follow=follow,
)
