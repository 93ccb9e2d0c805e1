"""PURE. What the end of a call leaves to do: rules by outcome and situation, and false calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from gateway.desk.plans import Plan
from gateway.desk.playbooks import unknown_situations
from gateway.desk.record import Done, Due, Record, World
from gateway.desk.todo import (
    DAY_MS,
    HOUR_MS,
    Followup,
    Text,
    Words,
    leads,
    over,
    with_role,
    written,
)
from protocol.messages import FieldFault, Id, Incident, ShortText
from protocol.moment import rfc3339

FALSE_CALL = "false_call"
OTHER = "other"
# How a call can end. Programs may close with other words: those count as OTHER, and somebody looks.
OUTCOMES = frozenset(
    {"helped", "ambulance", "police", "family", "referred", FALSE_CALL, "left", OTHER}
)
# So many false calls at a point within a week, and somebody looks at its button.
FALSE_CALLS = 3
FALSE_CALLS_MS = 7 * DAY_MS

Whose = Literal["owner", "lead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A follow-up that certain endings make.

    outcomes, situations: it is made when the incident's is among them; [] = whichever. after_h:
    due so many hours after the close. whose: the incident's owner, or a lead. family: whoever does
    it rings the customer's family, whose number is kept until then.
    """

    zh: Text
    en: Text
    after_h: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)]
    outcomes: list[ShortText] = field(default_factory=list)
    situations: list[ShortText] = field(default_factory=list)
    whose: Whose = "owner"
    family: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseCall:
    """A false call of the last days; its id is the incident's."""

    point: Id


def _rule(
    zh: str,
    en: str,
    after_h: int,
    outcomes: Iterable[str] = (),
    situations: Iterable[str] = (),
    whose: Whose = "owner",
    *,
    family: bool = False,
) -> Rule:
    return Rule(
        zh=zh,
        en=en,
        after_h=after_h,
        outcomes=list(outcomes),
        situations=list(situations),
        whose=whose,
        family=family,
    )


# What a branch begins with; a lead changes it on a page.
DEFAULTS = {
    "family-told": _rule("通知家属", "Tell the family", 2, ["ambulance"], family=True),
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
    "illness-call-back": _rule(
        "晕倒或急病后次日电话问候，确认家属已知情",
        "Ring the day after fainting or illness, and see that the family knows",
        24,
        ["helped", "family", "left", "other"],
        ["fainted", "sudden_illness"],
    ),
    "referred": _rule(
        "确认转接事项已办妥", "See that what was passed on was done", 48, ["referred"]
    ),
}
SITUATION = "situation"
OUTCOME = "outcome"
SAY_SITUATION = Words(zh="补记：当时是什么情况", en="Write down what it turned out to be")
LOOK_AT_BUTTON = "look-at-button"


def _check_rule(world: World, id: str, rule: Rule) -> Iterator[FieldFault]:
    if not rule.outcomes and not rule.situations:
        yield FieldFault(field="outcomes", name="empty")


def _never_counts(world: World, id: str, rule: Rule) -> Iterator[FieldFault]:
    """What no call here ends with, such as an outcome of one's own: that counts as OTHER. It is
    kept, since its playbook may be written yet."""
    for number, outcome in enumerate(rule.outcomes):
        if outcome not in OUTCOMES:
            yield FieldFault(field=f"outcomes[{number}]", name="unknown_outcome", detail=outcome)
    yield from unknown_situations(world, rule.situations)


RULES = Plan(kind="followup_rule", cls=Rule, rule=_check_rule, named=_never_counts)


# --- what a close makes ---------------------------------------------------------------------


def follow(world: World, before: Incident, after: Incident) -> Done:
    """What a close leads to, and a situation that is said afterwards. Nothing of a drill."""
    if after.is_open or after.drill:
        return Done()
    if before.is_open:
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
        done += _make(world, SITUATION, SAY_SITUATION, incident, incident.owner or "", due_ms)
    if incident.outcome not in OUTCOMES:
        done += _look_at_outcome(world, incident)
    return done


def _look_at_outcome(world: World, incident: Incident) -> Done:
    """Nobody knows which follow-ups a word needs that is none of the outcomes: a lead looks."""
    said = (incident.outcome or "")[:60]
    what = Words(
        zh=f"结束时写的是“{said}”，不是已知的结果：核实还要跟进什么",
        en=f"Closed as “{said}”, which is no known outcome: see what is left to do",
    )
    owner = _a_lead(world, incident)
    return _make(world, OUTCOME, what, incident, owner, world.now.utc_ms + DAY_MS)


def _situation_said(world: World, incident: Incident) -> Done:
    """What was owed is done, and the situation's own rules count now."""
    rules = [one for one in matching(world, incident) if one.body.situations]
    done = _made(world, incident, rules)
    asked = world.get("followup", f"{incident.incident_id}.{SITUATION}")
    if asked is None:
        return done
    return done + Done(records=(over(world, asked, by="", note=""),))


def matching(world: World, incident: Incident) -> list[Record]:
    """The rules that this ending makes count, by id."""
    return [
        record
        for _, record in sorted(world.all("followup_rule").items())
        if _fits(record.body.outcomes, _counted(incident.outcome))
        and _fits(record.body.situations, incident.situation)
    ]


def may_still_be_made(world: World, incident: Incident) -> list[Record]:
    """The rules of a closed incident that may count yet: somebody is to say its situation."""
    if world.get("followup", f"{incident.incident_id}.{SITUATION}") is None:
        return []
    return [
        record
        for record in world.all("followup_rule").values()
        if record.body.situations and _fits(record.body.outcomes, _counted(incident.outcome))
    ]


def _counted(outcome: str | None) -> str:
    """The outcome as the rules count it."""
    return outcome if outcome in OUTCOMES else OTHER


def _fits(wanted: list[str], value: str | None) -> bool:
    return not wanted or value in wanted


def _made(world: World, incident: Incident, rules: Iterable[Record]) -> Done:
    done = Done()
    for record in rules:
        rule = record.body
        owner = incident.owner or "" if rule.whose == "owner" else _a_lead(world, incident)
        due_ms = world.now.utc_ms + rule.after_h * HOUR_MS
        what = Words(zh=rule.zh, en=rule.en)
        done += _make(world, record.id, what, incident, owner, due_ms, family=rule.family)
    return done


def _make(
    world: World,
    rule: str,
    what: Words,
    incident: Incident,
    owner: str,
    due_ms: int,
    *,
    family: bool = False,
) -> Done:
    """One follow-up of an incident; its id is made of both, so that none is made twice."""
    id = f"{incident.incident_id}.{rule}"
    body = Followup(what=what, owner=owner, due_at=rfc3339(due_ms), rule=rule, family=family)
    return written(world, id, body, by="", incident_id=incident.incident_id)


def _a_lead(world: World, incident: Incident) -> str:
    """A lead on duty, or any, or whoever owned the incident."""
    return next(iter((*leads(world), incident.owner or "")))


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
        zh=f"一周内第 {len(before) + 1} 次误触：检查按钮（{incident.label}）"[:200],
        en=f"False call number {len(before) + 1} in a week: look at the button ({incident.label})"[
            :120
        ],
    )
    owner = next(iter((*with_role(world, "maintenance"), _a_lead(world, incident))))
    return done + _make(world, LOOK_AT_BUTTON, words, incident, owner, world.now.utc_ms + DAY_MS)


def _is_button_looked_at(world: World, point: str) -> bool:
    """Whether somebody has that to do for this point already."""
    calls = {id for id, one in world.all("false_call").items() if one.body.point == point}
    return any(
        record.body.rule == LOOK_AT_BUTTON and record.incident_id in calls
        for record in world.all("followup").values()
    )
