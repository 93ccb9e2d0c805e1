"""PURE. Drills: planned, begun, and scored like the calls they stand for.

A drill takes the real path: the desk raises an incident that is marked as one, and the rest of the
house cannot tell the difference but for that mark. Whoever says "this is real" ends it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from gateway.course import Entry
from gateway.desk.asking import body_of, new_id, refused_field, utc_ms_at
from gateway.desk.drill_calendar import (
    DrillKind,
    DrillPlan,
    Window,
    days_in,
    ended_window,
    hidden_time,
    pick,
    window_faults,
    window_on,
)
from gateway.desk.plans import LEADS, Plan
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.desk.scores import Score, score_of
from gateway.duty import Day, parse_day
from gateway.supervision import Wrong
from protocol.messages import Alert, FieldFault, Id, Incident, Request, ShortText
from protocol.moment import parse_rfc3339, rfc3339

# What a real call, or an empty branch, keeps from beginning is tried again after so long.
POSTPONE_MS = 15 * 60_000
# A drill whose incident does not come, since a customer pressed in that instant, is let go.
LOST_MS = 60_000
# A window that was nearly over when a branch began is not held against it.
SHORTEST = timedelta(days=30)
# Windows looked through for a day that a drill may be on.
MOST_WINDOWS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill. plan: its plan's id, "" for one without. by: who began it, "" for the calendar.

    state: waiting for its incident, running, real (somebody needed help), scored, lost (not held).
    """

    point: Id
    kind: DrillKind
    plan: ShortText = ""
    by: ShortText = ""
    state: Literal["waiting", "running", "real", "scored", "lost"] = "waiting"
    score: Score | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillTime:
    """When the unannounced drill of a plan, whose id it has, begins: nobody's to read."""

    window: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillHeld:
    """The last drill of a plan, whose id it has."""

    on: Day
    drill: ShortText


DEFAULTS = {
    "half-year": DrillPlan(
        zh="半年应急演练",
        en="Half-yearly emergency drill",
        first="2026-01-01",
        last="2026-06-30",
        every_months=6,
    ),
    "first-aid": DrillPlan(
        zh="年度急救演练",
        en="Yearly first-aid drill",
        first="2026-01-01",
        last="2026-12-31",
        every_months=12,
    ),
}


# --- the calendar ---------------------------------------------------------------------------


def _check(world: World, id: str, plan: DrillPlan) -> Iterator[FieldFault]:
    first, last = parse_day(plan.first), parse_day(plan.last)
    for name, day, text in (("first", first, plan.first), ("last", last, plan.last)):
        if day is None:
            yield FieldFault(field=name, name="no_such_day", detail=text)
    if first and last:
        yield from window_faults(plan)
        if last < first:
            yield FieldFault(field="last", name="before_first", detail=plan.last)
        elif last < world.local.date() and not _had_window(world, id, plan):
            yield FieldFault(field="last", name="in_the_past", detail=plan.last)
    if plan.starts >= plan.ends:
        yield FieldFault(field="ends", name="before_start", detail=plan.ends)
    if not plan.days:
        yield FieldFault(field="days", name="empty")
    elif plan.unannounced and _never_begins(world, plan):
        yield FieldFault(field="days", name="never_begins")
    if plan.point is not None and plan.point not in world.points:
        yield FieldFault(field="point", name="unknown_point", detail=plan.point)


def _had_window(world: World, id: str, plan: DrillPlan) -> bool:
    """Whether the plan had this window already, and it comes round: the first is its anchor."""
    known = world.get(PLANS.kind, id)
    if known is None or not plan.every_months:
        return False
    return (known.body.first, known.body.last) == (plan.first, plan.last)


def _never_begins(world: World, plan: DrillPlan) -> bool:
    """Whether no day is left for an unannounced drill: in its only window, or in the next whole
    one of those that come round."""
    today = world.local.date()
    window = window_on(plan, today)
    if window is None:  # over, and named so
        return False
    after = min(today, window.first - timedelta(days=1)) if plan.every_months else today
    return not days_in(plan, window, after=after)


def is_surprise(record: Record) -> bool:
    """Whether it is the plan of a drill that staff are not to expect."""
    return record.kind == PLANS.kind and record.body.unannounced


PLANS = Plan(kind="drill_plan", cls=DrillPlan, rule=_check)


def _save_plan(world: World, request: Request) -> Outcome:
    """Saves a plan, and for an unannounced drill chooses its time."""
    outcome = PLANS.save(world, request)
    if isinstance(outcome, Refused):
        return outcome
    return outcome + _choose(world, outcome.records[0], after=world.local)


def _retire_plan(world: World, request: Request) -> Outcome:
    outcome = PLANS.retire(world, request)
    if isinstance(outcome, Refused):
        return outcome
    return outcome + _no_time(world, request.id)


def _choose(world: World, plan: Record, *, after: datetime) -> Done:
    """The hidden time of the plan's next drill after a day; none for one that is announced."""
    body: DrillPlan = plan.body
    held = world.get("drill_held", plan.id)
    held_on = parse_day(held.body.on) if held else None
    window = window_on(body, after.date())
    for _ in range(MOST_WINDOWS if body.unannounced else 0):
        if window is None:
            break
        is_held = held_on is not None and window.first <= held_on <= window.last
        at = hidden_time(body, plan.id, window, salt=world.salt, after=after)
        if at is not None and not is_held:
            time = Record(
                kind="drill_time",
                id=plan.id,
                body=DrillTime(window=window.first.isoformat()),
                at=rfc3339(world.now.utc_ms),
                due=Due(utc_ms_at(world, at)),
            )
            return Done(records=(time,))
        window = window_on(body, window.last + timedelta(days=1))
    return _no_time(world, plan.id)


def _no_time(world: World, id: str) -> Done:
    known = world.get("drill_time", id)
    return Done(records=(replace(known, is_open=False, due=None),) if known else ())


def wrongs(world: World) -> Iterator[Wrong]:
    """Plans whose last window is over without a drill."""
    for id, plan in sorted(world.all("drill_plan").items()):
        window = overdue_window(world, plan)
        if window is not None:
            detail = f"{plan.body.zh} {plan.body.en}, {window.last.isoformat()}"
            yield Wrong(f"drill/{id}", "overdue", detail)


def overdue_window(world: World, plan: Record) -> Window | None:
    """The window that ended without a drill since it began, None when there is none."""
    since = _since(world, plan)
    window = ended_window(plan.body, world.local.date(), since=since)
    if window is None:
        return None
    held = world.get("drill_held", plan.id)
    held_on = parse_day(held.body.on) if held else None
    return None if held_on and held_on >= window.first else window


def _since(world: World, plan: Record) -> date:
    """The day from which the plan counts: later for one that nobody wrote."""
    try:
        ago_ms = world.now.utc_ms - parse_rfc3339(plan.at)
    except ValueError:
        ago_ms = 0
    made = (world.local - timedelta(milliseconds=ago_ms)).date()
    return made if plan.by else made + SHORTEST


# --- beginning ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    plan: ShortText | None = None
    point: Id | None = None
    kind: DrillKind | None = None


def _start(world: World, request: Request) -> Outcome:
    """`drill.start`: by a lead; of a plan, or without one at a point, or at any."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    if not world.roster.has_role(request.by, *LEADS):
        return Refused("not_allowed")
    asked = body_of(_Start, request)
    if isinstance(asked, Refused):
        return asked
    plan = world.get("drill_plan", asked.plan) if asked.plan else None
    if asked.plan and plan is None:
        return refused_field("plan", "unknown_plan", asked.plan)
    id = new_id("drill", request)
    point = asked.point or (_place(world, plan) if plan else _any_point(world, id))
    if point is None or point not in world.points:
        return refused_field("point", "unknown_point", point or "")
    if at_point(world, point):
        return Refused("point_busy")
    if world.all("drill"):
        return Refused("drill_running")
    kind = asked.kind or (plan.body.kind if plan else "urgent")
    return _begin(world, id, Drill(point=point, kind=kind, plan=asked.plan or "", by=request.by))


def at_point(world: World, point: str) -> Incident | None:
    """The open incident of a point."""
    return next((one for one in world.incidents.values() if one.point == point), None)


def _any_point(world: World, id: str) -> str | None:
    """One of the points where nobody calls, as nobody can foresee; None when there is none."""
    free = [one for one in _points(world) if at_point(world, one) is None]
    return pick(free, f"{world.salt}|{id}") if free else None


def _points(world: World) -> list[str]:
    return sorted(id for id, one in world.points.items() if one.configured and not one.silent)


def _place(world: World, plan: Record) -> str | None:
    points = _points(world)
    window = window_on(plan.body, world.local.date())
    if plan.body.point or not points or window is None:
        return plan.body.point or next(iter(points), None)
    return pick(points, f"{world.salt}|{plan.id}|{window.first.isoformat()}|point")


def _begin(world: World, id: str, drill: Drill) -> Done:
    record = Record(
        kind="drill",
        id=id,
        body=drill,
        by=drill.by,
        at=rfc3339(world.now.utc_ms),
        due=Due(world.now.mono_ms + LOST_MS, world.now.boot),
    )
    alert = Alert(
        alert_id=id,
        point=drill.point,
        what="held" if drill.kind == "urgent" else "pressed",
        boot=world.now.boot,
        seq=0,
        age_ms=0,
        drill=True,
    )
    detail = {"id": id, "plan": drill.plan, "point": drill.point, "kind": drill.kind}
    entry = Entry(event="drill_started", by=drill.by, detail=detail)
    return Done(records=(record,), entries=((entry, None),), raises=(alert,))


def fall_due(world: World, record: Record) -> Done:
    """An unannounced drill's time has come; or a drill was never heard of again."""
    if record.kind == "drill_time":
        return _begin_unannounced(world, record)
    if record.body.state != "waiting":
        return Done()
    return _over(
        world,
        record,
        replace(record.body, state="lost"),
        Entry(event="drill_lost", detail={"id": record.id}),
    )


def _begin_unannounced(world: World, time: Record) -> Done:
    """Never beside a real call, and never for an empty branch; then a little later."""
    plan = world.get("drill_plan", time.id)
    if plan is None:
        return _no_time(world, time.id)
    point = _place(world, plan)
    is_late = f"{world.local:%H:%M}" >= plan.body.ends
    if point is None or is_late:
        return _choose(world, plan, after=world.local)
    if world.incidents or world.all("drill") or not world.roster.on_duty():
        return Done(records=(replace(time, due=Due(world.now.utc_ms + POSTPONE_MS)),))
    digest = hashlib.sha256(f"{plan.id}|{time.at}|{world.local.date()}".encode()).hexdigest()
    drill = Drill(point=point, kind=plan.body.kind, plan=plan.id)
    return _no_time(world, time.id) + _begin(world, f"drill-{digest[:12]}", drill)


# --- while it runs --------------------------------------------------------------------------


def follow(world: World, before: Incident, after: Incident) -> Done:
    """A drill's incident becomes real, or is closed and scored."""
    record = _of_incident(world, after.incident_id)
    if record is None:
        return Done()
    if before.drill and not after.drill:
        return _became_real(world, record)
    if before.is_open and not after.is_open and after.drill:
        return _scored(world, record, after)
    return Done()


def _of_incident(world: World, incident_id: str) -> Record | None:
    drills = world.all("drill").values()
    return next((one for one in drills if one.incident_id == incident_id), None)


def meet(world: World, incident: Incident) -> Done:
    """The incident of a drill that waits for it; or of one that a unit in practice raised."""
    if not incident.drill:
        return Done()
    waiting = (
        one
        for one in world.all("drill").values()
        if one.body.state == "waiting" and one.body.point == incident.point
    )
    record = next(waiting, None)
    if record is None:
        kind = "urgent" if incident.kind == "urgent" else "call"
        record = Record(
            kind="drill",
            id=f"drill-{incident.incident_id}",
            body=Drill(point=incident.point, kind=kind),
            at=rfc3339(world.now.utc_ms),
        )
    running = replace(record.body, state="running")
    return Done(
        records=(replace(record, body=running, incident_id=incident.incident_id, due=None),)
    )


def _became_real(world: World, record: Record) -> Done:
    """It does not count; an unannounced one is held another day."""
    entry = Entry(event="drill_became_real", detail={"id": record.id})
    done = _over(world, record, replace(record.body, state="real"), entry)
    return done + _next_time(world, record)


def _scored(world: World, record: Record, incident: Incident) -> Done:
    plan = world.get("drill_plan", record.body.plan)
    limits = plan.body if plan else DEFAULTS["half-year"]
    lists = world.all("checklist").values()
    checklist = next((one.body for one in lists if one.incident_id == incident.incident_id), None)
    score = score_of(
        incident, accept_s=limits.accept_s, arrive_s=limits.arrive_s, checklist=checklist
    )
    detail = {"id": record.id, "passed": score.passed, "failed": score.failed}
    entry = Entry(event="drill_scored", detail=detail)
    done = _over(world, record, replace(record.body, state="scored", score=score), entry)
    if plan is None:
        return done
    held = Record(
        kind="drill_held",
        id=plan.id,
        body=DrillHeld(on=world.local.date().isoformat(), drill=record.id),
        at=rfc3339(world.now.utc_ms),
        incident_id=incident.incident_id,
    )
    return done + Done(records=(held,)) + _next_window(world, plan)


def _over(world: World, record: Record, body: Drill, entry: Entry) -> Done:
    after = replace(
        record,
        body=body,
        version=record.version + 1,
        is_open=False,
        at=rfc3339(world.now.utc_ms),
        due=None,
    )
    return Done(records=(after,), entries=((entry, record.incident_id),))


def _next_time(world: World, record: Record) -> Done:
    plan = world.get("drill_plan", record.body.plan)
    return _choose(world, plan, after=world.local) if plan else Done()


def _next_window(world: World, plan: Record) -> Done:
    """The time in the window after the one that is open: this one has had its drill."""
    window = window_on(plan.body, world.local.date())
    if window is None or window.first > world.local.date():
        return _choose(world, plan, after=world.local)
    return _choose(world, plan, after=datetime.combine(window.last, world.local.time()))


ROOM = Room(
    kinds={
        PLANS.kind: PLANS.cls,
        "drill": Drill,
        "drill_time": DrillTime,
        "drill_held": DrillHeld,
    },
    secret=frozenset({"drill_time"}),
    for_leads=is_surprise,
    requests={
        "drill_plan.save": _save_plan,
        "drill_plan.retire": _retire_plan,
        "drill.start": _start,
    },
    fall_due=fall_due,
    meet=meet,
    follow=follow,
    wrongs=wrongs,
    defaults=tuple((PLANS.kind, id, body) for id, body in DEFAULTS.items()),
)
