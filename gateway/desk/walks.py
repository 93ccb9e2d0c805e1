"""PURE. Walk tests: maintenance presses every button in turn, and the round ticks itself off.

A press is a call. It is a test only when somebody of the staff has said, a moment before and on
the spot, that the next press of this button is theirs; see docs/decisions/0015-walk-test.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import msgspec

from gateway.course import Entry
from gateway.desk.asking import asked_about, body_of, new_id, refused_field
from gateway.desk.plans import LEADS, Plan
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.supervision import Wrong
from protocol.messages import Alert, FieldFault, Id, Incident, LongText, Request, ShortText
from protocol.moment import parse_rfc3339, rfc3339

TESTERS = ("maintenance", *LEADS)
ARM_MS = 60_000
DAY_MS = 24 * 3_600_000
# A round that nobody ends is over after so long.
ROUND_MS = DAY_MS
RULE = "branch"
How = Literal["armed", "call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkRule:
    """days: a button that was not tested for longer is amber."""

    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A button worked. how: by a press that was said before, or by a call in the round.

    by: who pressed it for the test; "" for a call, which a customer made.
    """

    at: str
    by: ShortText
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A round. points: those to be tested. done: {point: Tested}. started_by: who walks."""

    points: list[Id]
    started_by: Id
    started_at: str
    done: dict[str, Tested] = field(default_factory=dict)
    ended_at: str = ""
    note: LongText = ""

    @property
    def left(self) -> list[str]:
        """The points that are still to be tested, in order."""
        return [one for one in self.points if one not in self.done]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkTest:
    """The last test of a point, whose id it has; at as its record says. round: "" before any."""

    round: ShortText = ""
    how: How = "armed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkArm:
    """The next press of this point, whose id it has, is a test of the round by this person."""

    round: ShortText
    by: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkLeft:
    """A point, whose id it has, that a round ended without; until it is tested."""

    round: ShortText


RULES = Plan(kind="walk_rule", cls=WalkRule, editors=TESTERS, only=RULE)


# --- what people ask ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """points: None for all."""

    points: list[Id] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arm:
    point: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    note: LongText = ""


def _start(world: World, request: Request) -> Outcome:
    """`walk.start`: by maintenance, a lead or an admin; one round at a time."""
    refused = _may(world, request)
    if refused:
        return refused
    asked = body_of(_Start, request)
    if isinstance(asked, Refused):
        return asked
    known = [id for id, one in world.points.items() if one.configured]
    points = known if asked.points is None else list(dict.fromkeys(asked.points))
    faults = tuple(_point_faults(world, points))
    if faults:
        return Refused("wrong_fields", faults)
    if world.all("walk"):
        return Refused("round_open")
    round_ = Record(
        kind="walk",
        id=new_id("walk", request),
        body=Walk(points=points, started_by=request.by, started_at=rfc3339(world.now.utc_ms)),
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        due=Due(world.now.utc_ms + ROUND_MS),
    )
    entry = Entry(event="walk_started", by=request.by, detail={"id": round_.id, "points": points})
    return Done(records=(round_,), entries=((entry, None),))


def _may(world: World, request: Request) -> Refused | None:
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    if not world.roster.has_role(request.by, *TESTERS):
        return Refused("not_allowed")
    return None


def _point_faults(world: World, points: Iterable[str]) -> Iterator[FieldFault]:
    if not points:
        yield FieldFault(field="points", name="empty")
    for point in points:
        if point not in world.points:
            yield FieldFault(field="points", name="unknown_point", detail=point)


def _arm(world: World, request: Request) -> Outcome:
    """`walk.arm`: the next press of the point, within a minute, is a test."""
    record = _round(world, request)
    asked = body_of(_Arm, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    if asked.point not in record.body.points:
        return refused_field("point", "not_in_round", asked.point)
    if any(one.point == asked.point for one in world.incidents.values()):
        return Refused("point_busy")
    known = world.get("walk_arm", asked.point)
    arm = Record(
        kind="walk_arm",
        id=asked.point,
        body=WalkArm(round=record.id, by=request.by),
        version=known.version + 1 if known else 1,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        due=Due(world.now.mono_ms + ARM_MS, world.now.boot),
    )
    entry = Entry(event="walk_armed", by=request.by, detail={"id": record.id, "point": asked.point})
    return Done(records=(arm,), entries=((entry, None),))


def _end(world: World, request: Request) -> Outcome:
    """`walk.end`: what was not pressed is named."""
    record = _round(world, request)
    asked = body_of(_End, request)
    for refused in (record, asked):
        if isinstance(refused, Refused):
            return refused
    return _over(world, record, by=request.by, note=asked.note.strip())


def _round(world: World, request: Request) -> Record | Refused:
    return _may(world, request) or asked_about(world, "walk", request)


# --- what is pressed ------------------------------------------------------------------------


def take(world: World, arm: Record, alert: Alert) -> Done | None:
    """What a press at a point that is armed comes to; None: it is a call.

    Whatever is in doubt is one: a press that is held, that is of an unknown time, or from before
    the arming, as a customer's may be that was long under way; and every one after the first.
    """
    record = world.get("walk", arm.body.round)
    if record is None or alert.what != "pressed" or alert.age_ms is None:
        return None
    due = arm.due
    if due is None or due.boot != world.now.boot or due.has_come(world.now):
        return None
    if world.now.mono_ms - alert.age_ms < due.ms - ARM_MS:
        return None
    return _disarmed(world, arm) + _tick(world, record, arm.id, by=arm.body.by, how="armed")


def meet(world: World, incident: Incident) -> Done:
    """A call at a point of the round is a call, and its button works all the same."""
    done, point = Done(), incident.point
    if incident.drill or incident.kind == "seat":
        return done
    arm = world.get("walk_arm", point)
    if arm is not None:  # a customer is there now: the next press is no test either
        done += _disarmed(world, arm)
    for record in world.all("walk").values():
        if point in record.body.left:
            done += _tick(world, record, point, by="", how="call")
    return done


def _tick(world: World, record: Record, point: str, *, by: str, how: How) -> Done:
    now = rfc3339(world.now.utc_ms)
    tested = Tested(at=now, by=by, how=how)
    body = replace(record.body, done={**record.body.done, point: tested})
    # The version stays: the round ticks itself off under the eyes of whoever ends it.
    after = replace(record, body=body, at=now)
    known = world.get("walk_test", point)
    ledger = Record(
        kind="walk_test",
        id=point,
        body=WalkTest(round=record.id, how=how),
        version=known.version + 1 if known else 1,
        by=by,
        at=now,
    )
    left = world.get("walk_left", point)
    ledgers = (
        (ledger, replace(left, version=left.version + 1, is_open=False)) if left else (ledger,)
    )
    detail = {"id": record.id, "point": point, "how": how}
    done = Done(
        records=ledgers, entries=((Entry(event="walk_tested", by=by, detail=detail), None),)
    )
    return done + (Done(records=(after,)) if body.left else _over(world, after, by="", note=""))


def _disarmed(world: World, arm: Record) -> Done:
    return Done(records=(replace(arm, is_open=False, due=None),))


# --- time -----------------------------------------------------------------------------------


def fall_due(world: World, record: Record) -> Done:
    """An arming is over, or a round that nobody ended."""
    if record.kind == "walk":
        return _over(world, record, by="", note="")
    return _disarmed(world, record)


def _over(world: World, record: Record, *, by: str, note: str) -> Done:
    now = rfc3339(world.now.utc_ms)
    body = replace(record.body, ended_at=now, note=note)
    after = replace(record, body=body, version=record.version + 1, is_open=False, at=now, due=None)
    detail = {"id": record.id, "tested": len(body.done), "untested": body.left}
    entry = Entry(event="walk_ended", by=by, detail=detail)
    arms = [_disarmed(world, arm) for arm in world.all("walk_arm").values()]
    left = tuple(_left_out(world, after, point) for point in body.left)
    return sum(arms, Done(records=(after, *left), entries=((entry, None),)))


def _left_out(world: World, round_: Record, point: str) -> Record:
    known = world.get("walk_left", point)
    return Record(
        kind="walk_left",
        id=point,
        body=WalkLeft(round=round_.id),
        version=known.version + 1 if known else 1,
        at=rfc3339(world.now.utc_ms),
    )


def wrongs(world: World) -> Iterator[Wrong]:
    """The points that the last round left out, those whose last test is too long ago, and those
    that never had one where others had: a branch that is new says so at its opening check."""
    left = world.all("walk_left")
    for id in sorted(left):
        if id in world.points and world.points[id].configured:
            yield Wrong(f"point/{id}", "left_untested")
    rule = world.get("walk_rule", RULE)
    days = (rule.body if rule else WalkRule()).days
    tested = world.all("walk_test")
    in_round = {id for one in world.all("walk").values() for id in one.body.left}
    for id, point in sorted(world.points.items()):
        if tested and point.configured and id not in {*tested, *in_round, *left}:
            yield Wrong(f"point/{id}", "not_tested_yet")
            continue
        tested_ms = last_test_ms(world, id) if point.configured else None
        if tested_ms is not None and world.now.utc_ms - tested_ms > days * DAY_MS:
            passed = (world.now.utc_ms - tested_ms) // DAY_MS
            yield Wrong(f"point/{id}", "untested", f"{passed}")


def last_test_ms(world: World, point: str) -> int | None:
    """When the point was last tested, or began to be there; None when nobody knows."""
    record = world.get("walk_test", point) or world.get("point", point)
    try:
        return parse_rfc3339(record.at) if record else None
    except ValueError:
        return None


ROOM = Room(
    kinds={
        RULES.kind: RULES.cls,
        "walk": Walk,
        "walk_test": WalkTest,
        "walk_arm": WalkArm,
        "walk_left": WalkLeft,
    },
    requests={
        **RULES.requests,
        "walk.start": _start,
        "walk.arm": _arm,
        "walk.end": _end,
    },
    takes={"walk_arm": take},
    fall_due=fall_due,
    meet=meet,
    wrongs=wrongs,
    defaults=((RULES.kind, RULE, WalkRule()),),
)
