"""PURE. Follow-ups: what is still to be done once a call is over, by whom and until when.

Rules (plans of kind `followup_rule`) make them when an incident closes; people add, move, give and
do them. One that is overdue is amber on the board, and the leads hear of all of them once a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import msgspec

from gateway.course import Entry, Tell
from gateway.desk.asking import asked_about, read_body, refused_field, utc_ms_of
from gateway.desk.plans import LEADS, Plan
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.policy import LEAD
from gateway.supervision import Wrong
from protocol.messages import FieldFault, Id, Incident, LongId, LongText, Request, ShortText
from protocol.moment import parse_rfc3339, rfc3339

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
REMINDER = "overdue"

FALSE_CALL = "false_call"
# So many false calls at a point within a week, and somebody looks at its button.
FALSE_CALLS = 3
FALSE_CALLS_MS = 7 * DAY_MS

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Whose = Literal["owner", "lead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same in both languages; what a person wrote stands in both as it is."""

    zh: Text
    en: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A follow-up that certain endings make.

    outcomes, situations: it is made when the incident's is among them; [] = whichever. after_h:
    due so many hours after the close. whose: the incident's owner, or a lead.
    """

    zh: Text
    en: Text
    after_h: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)]
    outcomes: list[ShortText] = field(default_factory=list)
    situations: list[ShortText] = field(default_factory=list)
    whose: Whose = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """Something to be done.

    due_at: RFC 3339. rule: id of what made it, "" for a person. note: how it was done. why: of
    its last move.
    """

    what: Words
    owner: Id
    due_at: str
    rule: ShortText = ""
    note: LongText = ""
    why: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseCall:
    """A false call of the last days; its id is the incident's."""

    point: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The leads are reminded again at its time, as long as anything is overdue."""


def _rule(
    zh: str,
    en: str,
    after_h: int,
    outcomes: Iterable[str] = (),
    situations: Iterable[str] = (),
    whose: Whose = "owner",
) -> Rule:
    return Rule(
        zh=zh,
        en=en,
        after_h=after_h,
        outcomes=list(outcomes),
        situations=list(situations),
        whose=whose,
    )


# What a branch begins with; a lead changes it on a page.
DEFAULTS = {
    "family-told": _rule("通知家属", "Tell the family", 2, ["ambulance"]),
    "call-back": _rule("次日电话问候客户", "Ring the customer the next day", 24, ["ambulance"]),
    "visit": _rule("一周内上门或到院看望", "Visit the customer within a week", 168, ["ambulance"]),
    "after-action": _rule(
        "写事后总结", "Write the after-action note", 72, ["ambulance", "police"], whose="lead"
    ),
    "police-report": _rule("取得报案回执编号", "Get the police report's number", 24, ["police"]),
    "insurer": _rule("通知保险公司", "Tell the insurer", 72, ["police"]),
    "property": _rule(
        "告知客户失物查找结果", "Tell the customer what was found", 48, (), ["property_loss"]
    ),
    "fall-call-back": _rule(
        "跌倒后次日电话问候",
        "Ring the day after a fall: harm may show late",
        24,
        ["helped", "family", "left", "other"],
        ["fall"],
    ),
    "referred": _rule(
        "确认转接事项已办妥", "See that what was passed on was done", 48, ["referred"]
    ),
}
SAY_SITUATION = Words(zh="补记：当时是什么情况", en="Write down what it turned out to be")
LOOK_AT_BUTTON = "look-at-button"


def _check_rule(world: World, id: str, rule: Rule) -> Iterator[FieldFault]:
    if not rule.outcomes and not rule.situations:
        yield FieldFault(field="outcomes", name="empty")


RULES = Plan(kind="followup_rule", cls=Rule, rule=_check_rule)


# --- what a close makes ---------------------------------------------------------------------


def follow(world: World, before: Incident | None, after: Incident) -> Done:
    """What a close leads to, and a situation that is said afterwards. Nothing of a drill."""
    if after.is_open or after.drill:
        return Done()
    if before is None or before.is_open:
        return _closed(world, after)
    if before.situation is None and after.situation is not None:
        return _situation_said(world, after)
    return Done()


def _closed(world: World, incident: Incident) -> Done:
    done = _made(world, incident, matching(world, incident))
    if incident.outcome == FALSE_CALL:
        return done + _count_false_call(world, incident)
    if incident.situation is None:
        due_ms = world.now.utc_ms + DAY_MS
        done += _make(world, "situation", SAY_SITUATION, incident, incident.owner or "", due_ms)
    return done


def _situation_said(world: World, incident: Incident) -> Done:
    """What was owed is done, and the situation's own rules count now."""
    rules = [one for one in matching(world, incident) if one.body.situations]
    done = _made(world, incident, rules)
    asked = world.get("followup", f"{incident.incident_id}.situation")
    if asked is None:
        return done
    return done + Done(records=(over(world, asked, by="", note=""),))


def matching(world: World, incident: Incident) -> list[Record]:
    """The rules that this ending makes count, by id."""
    return [
        record
        for _, record in sorted(world.all("followup_rule").items())
        if _fits(record.body.outcomes, incident.outcome)
        and _fits(record.body.situations, incident.situation)
    ]


def _fits(wanted: list[str], value: str | None) -> bool:
    return not wanted or value in wanted


def _made(world: World, incident: Incident, rules: Iterable[Record]) -> Done:
    done = Done()
    for record in rules:
        rule = record.body
        owner = incident.owner or "" if rule.whose == "owner" else _a_lead(world, incident)
        due_ms = world.now.utc_ms + rule.after_h * HOUR_MS
        done += _make(world, record.id, Words(zh=rule.zh, en=rule.en), incident, owner, due_ms)
    return done


def _make(
    world: World, rule: str, what: Words, incident: Incident, owner: str, due_ms: int
) -> Done:
    """One follow-up of an incident; its id is made of both, so that none is made twice."""
    id = f"{incident.incident_id}.{rule}"
    body = Followup(what=what, owner=owner, due_at=rfc3339(due_ms), rule=rule)
    return _new(world, id, body, by="", incident_id=incident.incident_id)


def _new(world: World, id: str, body: Followup, *, by: str, incident_id: str | None) -> Done:
    record = Record(
        kind="followup",
        id=id,
        body=body,
        by=by,
        at=rfc3339(world.now.utc_ms),
        incident_id=incident_id,
        due=Due(parse_rfc3339(body.due_at)),
    )
    detail = {"id": id, "what": msgspec.to_builtins(body.what), "owner": body.owner}
    entry = Entry(event="followup_made", by=by, detail={**detail, "due_at": body.due_at})
    return Done(records=(record,), entries=((entry, incident_id),))


def _a_lead(world: World, incident: Incident) -> str:
    """A lead on duty, or any, or whoever owned the incident."""
    return next(iter((*_leads(world), incident.owner or "")))


def _leads(world: World) -> tuple[str, ...]:
    """The leads on duty; all of them when none is."""
    return world.roster.on_duty_with((LEAD,)) or _with_role(world, LEAD)


def _with_role(world: World, role: str) -> tuple[str, ...]:
    return tuple(sorted(id for id in world.all("staff") if world.roster.has_role(id, role)))


def _count_false_call(world: World, incident: Incident) -> Done:
    """A false call is remembered for a week; the third within it makes somebody look."""
    record = Record(
        kind="false_call",
        id=incident.incident_id,
        body=FalseCall(point=incident.point),
        at=rfc3339(world.now.utc_ms),
        incident_id=incident.incident_id,
        due=Due(world.now.utc_ms + FALSE_CALLS_MS),
    )
    before = [one for one in world.all("false_call").values() if one.body.point == incident.point]
    done = Done(records=(record,))
    if len(before) + 1 < FALSE_CALLS or _is_button_looked_at(world, incident.point):
        return done
    words = Words(
        zh=f"一周内第 {len(before) + 1} 次误按：检查按钮（{incident.label}）"[:200],
        en=f"False call number {len(before) + 1} in a week: look at the button ({incident.label})"[
            :120
        ],
    )
    owner = next(iter((*_with_role(world, "maintenance"), _a_lead(world, incident))))
    return done + _make(world, LOOK_AT_BUTTON, words, incident, owner, world.now.utc_ms + DAY_MS)


def _is_button_looked_at(world: World, point: str) -> bool:
    """Whether somebody has that to do for this point already."""
    calls = {id for id, one in world.all("false_call").items() if one.body.point == point}
    return any(
        record.body.rule == LOOK_AT_BUTTON and record.incident_id in calls
        for record in world.all("followup").values()
    )


# --- what people ask ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Added:
    """due: a day, or a time by the branch's clock, or RFC 3339. owner: None for oneself."""

    what: Text
    due: ShortText
    owner: Id | None = None
    incident_id: LongId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Noted:
    note: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    due: ShortText
    why: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    to: Id


def _add(world: World, request: Request) -> Outcome:
    """`followup.add`: anybody may give themselves or somebody else something to do."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    asked = read_body(_Added, request)
    if isinstance(asked, Refused):
        return asked
    owner = asked.owner or request.by
    faults = [*_owner_faults(world, "owner", owner), *_due_faults(world, "due", asked.due)]
    if asked.incident_id is not None and world.incident(asked.incident_id) is None:
        faults.append(FieldFault(field="incident_id", name="unknown_incident"))
    if faults:
        return Refused("wrong_fields", tuple(faults))
    return new_followup(
        world,
        id=f"followup-{request.request_id[:12].lower()}",
        what=asked.what,
        owner=owner,
        due=asked.due,
        by=request.by,
        incident_id=asked.incident_id,
    )


def new_followup(
    world: World,
    *,
    id: str,
    what: str,
    owner: str,
    due: str,
    by: str,
    incident_id: str | None,
    rule: str = "",
) -> Done:
    """A follow-up that a person wrote; owner and due must be faultless."""
    due_at = rfc3339(utc_ms_of(world, due) or world.now.utc_ms)
    body = Followup(what=Words(zh=what, en=what), owner=owner, due_at=due_at, rule=rule)
    return _new(world, id, body, by=by, incident_id=incident_id)


def new_faults(world: World, path: str, owner: str, due: str) -> Iterator[FieldFault]:
    """What is wrong with the owner and the due time of a new follow-up; path: before the fields."""
    yield from _owner_faults(world, f"{path}owner", owner)
    yield from _due_faults(world, f"{path}due", due)


def _owner_faults(world: World, field: str, owner: str) -> Iterator[FieldFault]:
    if not world.roster.knows(owner):
        yield FieldFault(field=field, name="unknown_staff", detail=owner)


def _due_faults(world: World, field: str, due: str) -> Iterator[FieldFault]:
    due_ms = utc_ms_of(world, due)
    if due_ms is None:
        yield FieldFault(field=field, name="no_such_time", detail=due)
    elif due_ms <= world.now.utc_ms:
        yield FieldFault(field=field, name="in_the_past", detail=due)


def _do(world: World, request: Request) -> Outcome:
    """`followup.done`: by whoever did it; the log says who."""
    record = asked_about(world, "followup", request)
    asked = read_body(_Noted, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    after = over(world, record, by=request.by, note=asked.note.strip())
    return _changed(after, "followup_done", request, note=after.body.note)


def _move(world: World, request: Request) -> Outcome:
    """`followup.move`: by its owner or a lead, with a reason."""
    record = _own(world, request)
    asked = read_body(_Moved, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    faults = tuple(_due_faults(world, "due", asked.due))
    if faults:
        return Refused("wrong_fields", faults)
    due_ms = utc_ms_of(world, asked.due) or 0
    body = replace(record.body, due_at=rfc3339(due_ms), why=asked.why)
    after = replace(_next(world, record, request.by), body=body, due=Due(due_ms))
    return _changed(after, "followup_moved", request, due_at=body.due_at, why=asked.why)


def _give(world: World, request: Request) -> Outcome:
    """`followup.give`: by its owner or a lead, to somebody of the staff."""
    record = _own(world, request)
    asked = read_body(_Given, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    if not world.roster.knows(asked.to):
        return refused_field("to", "unknown_staff", asked.to)
    after = replace(_next(world, record, request.by), body=replace(record.body, owner=asked.to))
    return _changed(after, "followup_given", request, to=asked.to)


def _own(world: World, request: Request) -> Record | Refused:
    """The record, if the asker is its owner or a lead."""
    record = asked_about(world, "followup", request)
    if isinstance(record, Refused):
        return record
    if request.by != record.body.owner and not world.roster.has_role(request.by, *LEADS):
        return Refused("not_allowed")
    return record


def _next(world: World, record: Record, by: str) -> Record:
    return replace(record, version=record.version + 1, by=by, at=rfc3339(world.now.utc_ms))


def over(world: World, record: Record, *, by: str, note: str) -> Record:
    """The follow-up, done."""
    after = _next(world, record, by)
    return replace(after, body=replace(record.body, note=note), is_open=False, due=None)


def _changed(after: Record, event: str, request: Request, **detail: object) -> Done:
    what = msgspec.to_builtins(after.body.what)
    entry = Entry(event=event, by=request.by, detail={"id": after.id, "what": what, **detail})
    return Done(records=(after,), entries=((entry, after.incident_id),))


# --- time -----------------------------------------------------------------------------------


def fall_due(world: World, record: Record) -> Done:
    """A follow-up becomes overdue; a false call is forgotten; the leads are reminded."""
    match record.kind:
        case "followup":
            return _become_overdue(world, record)
        case "reminder":
            return _remind_again(world, record)
    return Done(records=(replace(record, is_open=False, due=None),))


def _become_overdue(world: World, record: Record) -> Done:
    # Its version stays: nobody has written anything, and whoever does it now shall not be told
    # that somebody was faster.
    late = replace(record, due=None)
    detail = {"what": msgspec.to_builtins(record.body.what), "owner": record.body.owner}
    entry = Entry(event="followup_overdue", detail={"id": record.id, **detail})
    done = Done(records=(late,), entries=((entry, record.incident_id),))
    if world.get("reminder", REMINDER) is not None:
        return done
    return done + _remind(world)


def _remind_again(world: World, record: Record) -> Done:
    if not overdue(world):
        return Done(records=(replace(record, is_open=False, due=None),))
    return _remind(world)


def _remind(world: World) -> Done:
    """The leads hear of it now, and in a day again."""
    record = Record(
        kind="reminder",
        id=REMINDER,
        body=Reminder(),
        at=rfc3339(world.now.utc_ms),
        due=Due(world.now.utc_ms + DAY_MS),
    )
    tell = Tell(why="followups_overdue", step=0, staff=_leads(world))
    return Done(records=(record,), tells=(tell,))


def overdue(world: World) -> list[Record]:
    """The follow-ups whose time is over, the oldest first."""
    late = [
        one
        for one in world.all("followup").values()
        if parse_rfc3339(one.body.due_at) <= world.now.utc_ms
    ]
    return sorted(late, key=lambda one: (one.body.due_at, one.id))


def wrongs(world: World) -> Iterator[Wrong]:
    """One a person who has something overdue: a long list would hide the units beside it."""
    by_owner: dict[str, list[Record]] = {}
    for record in overdue(world):
        by_owner.setdefault(record.body.owner, []).append(record)
    for owner, records in sorted(by_owner.items()):
        what = records[0].body.what
        words = what.zh if what.zh == what.en else f"{what.zh} {what.en}"
        yield Wrong(f"followups/{owner}", "overdue", f"{len(records)}: {words}")


ROOM = Room(
    kinds={
        RULES.kind: RULES.cls,
        "followup": Followup,
        "false_call": FalseCall,
        "reminder": Reminder,
    },
    requests=RULES.requests
    | {
        "followup.add": _add,
        "followup.done": _do,
        "followup.move": _move,
        "followup.give": _give,
    },
    fall_due=fall_due,
    follow=follow,
    wrongs=wrongs,
    defaults=tuple((RULES.kind, id, body) for id, body in DEFAULTS.items()),
)
