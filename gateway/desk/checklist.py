"""PURE. Checklists: a playbook at work in one incident, ticked by name and time.

A checklist holds the steps as they were when it began: a playbook that is changed later changes
no list that somebody has in hand, and an old incident still shows what was asked of people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from gateway.course import Entry, Tell
from gateway.desk import playbooks
from gateway.desk.asking import body_of, refused_field
from gateway.desk.playbooks import FALLBACK, Playbook, Step
from gateway.desk.policies import policies_of
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.desk.translated import Translated
from gateway.policy import LEAD
from protocol.messages import Incident, Request, ShortText
from protocol.moment import Moment, rfc3339

How = Literal["done", "not_needed", "called"]

# A closed incident's list can still be ticked so long, and as long as anything else is open of it.
LINGER_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Somebody did a step, or found that it is not needed; `called`: by telephoning.

    late_ms: after its clock had run out; 0 in time or without a clock; None: nobody knows, since
    the gateway's machine was started anew in between.
    """

    by: str
    at: str
    how: How = "done"
    late_ms: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When a step is due: by the monotonic clock of a boot, and for people (RFC 3339)."""

    due_ms: int
    boot: str
    due_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """playbook, playbook_version: where the steps come from, "" and 0 when only a telephone call
    has made the list. ticks: {step id: Tick}. clocks: {step id: Clock}, of those that have one.
    overdue: steps whose clock ran out before somebody ticked them.
    """

    situation: str
    playbook: str
    playbook_version: int
    begun_at: str
    name: Translated = field(default_factory=Translated)
    warning: Translated = field(default_factory=Translated)
    steps: list[Step] = field(default_factory=list)
    ticks: dict[str, Tick] = field(default_factory=dict)
    clocks: dict[str, Clock] = field(default_factory=dict)
    overdue: list[str] = field(default_factory=list)

    def step(self, id: str) -> Step | None:
        return next((one for one in self.steps if one.id == id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Which:
    """Body of `checklist.tick` and `checklist.untick`."""

    step: ShortText
    how: Literal["done", "not_needed"] = "done"


def of_incident(world: World, incident_id: str) -> Record | None:
    """The incident's checklist that can be ticked now."""
    found = world.all("checklist").values()
    return next((one for one in found if one.incident_id == incident_id), None)


# --- beginning and ending -------------------------------------------------------------------


def follow(world: World, before: Incident, after: Incident) -> Done:
    """A new situation begins a new list, and a drill that has become real begins it anew; the
    close stops its clocks."""
    if before.drill and not after.drill:
        return _begin_anew(world, after)
    if after.situation and after.situation != before.situation:
        return _begin(world, after, of_incident(world, after.incident_id))
    if before.is_open and not after.is_open:
        return _rest(world, after)
    return Done()


def _begin_anew(world: World, incident: Incident) -> Done:
    """The list without what was only practised: nobody has rung 120, and each clock runs again."""
    practised = of_incident(world, incident.incident_id)
    if practised is None:
        return Done()
    entry = Entry(event="checklist_anew", detail={"ticks": len(practised.body.ticks)})
    ended = Done(records=(_closed(world, practised),), entries=((entry, incident.incident_id),))
    return ended + (_begin(world, incident, None) if incident.situation else Done())


def _begin(world: World, incident: Incident, old: Record | None) -> Done:
    """The situation's list, in place of `old`; what is done already stays done in it."""
    situation = incident.situation or ""
    found = world.get("playbook", situation) or world.get("playbook", FALLBACK)
    if found is None:
        return Done()
    new = _from_playbook(found, situation, world.now, timed=incident.is_open)
    done = Done() if old is None else _replaced(world, old, new)
    if old is not None:
        new = _with_what_is_done(new, old.body)
    record = Record(
        kind="checklist",
        id=f"{incident.incident_id}.{incident.version}",
        body=new,
        at=rfc3339(world.now.utc_ms),
        incident_id=incident.incident_id,
        due=_next_due(new, world.now) if incident.is_open else _long_after(world),
    )
    detail = {"situation": situation, "playbook": new.playbook, "version": new.playbook_version}
    entry = Entry(event="checklist_begun", detail=detail)
    return Done(
        records=(record, *done.records),
        entries=(*done.entries, (entry, incident.incident_id)),
    )


def _from_playbook(found: Record, situation: str, now: Moment, *, timed: bool) -> Checklist:
    playbook: Playbook = found.body
    return Checklist(
        situation=situation,
        playbook=found.id,
        playbook_version=found.version,
        begun_at=rfc3339(now.utc_ms),
        name=playbook.name,
        warning=playbook.warning,
        steps=list(playbook.steps),
        clocks=_clocks(playbook.steps, now) if timed else {},
    )


def _clocks(steps: Iterable[Step], now: Moment) -> dict[str, Clock]:
    return {
        step.id: Clock(
            due_ms=now.mono_ms + step.within_s * 1000,
            boot=now.boot,
            due_at=rfc3339(now.utc_ms + step.within_s * 1000),
        )
        for step in steps
        if step.within_s is not None
    }


def _with_what_is_done(new: Checklist, old: Checklist) -> Checklist:
    """The new list with the ticks of the old one's steps that mean the very same, and with those
    steps that calls have added, whoever may stand at the door already."""
    added = [one for one in old.steps if is_added(one) and new.step(one.id) is None]
    ticks = {
        mine.id: old.ticks[theirs.id]
        for mine in new.steps
        for theirs in old.steps
        if theirs.id in old.ticks and _is_same(mine, theirs)
    }
    return replace(
        new,
        steps=[*new.steps, *added],
        ticks=ticks | {one.id: old.ticks[one.id] for one in added if one.id in old.ticks},
        clocks=new.clocks | {one.id: old.clocks[one.id] for one in added if one.id in old.clocks},
        overdue=[one.id for one in added if one.id in old.overdue],
    )


def _is_same(one: Step, other: Step) -> bool:
    if one.calls or other.calls:
        return one.calls == other.calls
    return one.id == other.id and one.text == other.text


def _replaced(world: World, old: Record, new: Checklist) -> Done:
    detail = {"situation": old.body.situation, "by_situation": new.situation}
    entry = Entry(event="checklist_replaced", detail=detail)
    return Done(records=(_closed(world, old),), entries=((entry, old.incident_id),))


def _closed(world: World, record: Record) -> Record:
    at = rfc3339(world.now.utc_ms)
    return replace(record, version=record.version + 1, is_open=False, at=at, due=None, by="")


def _rest(world: World, incident: Incident) -> Done:
    """After the close nothing runs out any more; the list waits for what is still to be ticked."""
    record = of_incident(world, incident.incident_id)
    if record is None:
        return Done()
    changed = replace(record, version=record.version + 1, due=_long_after(world))
    return Done(records=(changed,))


def _long_after(world: World) -> Due:
    return Due(world.now.utc_ms + LINGER_MS)


# --- ticking --------------------------------------------------------------------------------


def _tick(world: World, request: Request) -> Outcome:
    """`checklist.tick` {step, how}: two people may tick two steps at once, whatever the version."""
    found = _found(world, request)
    if isinstance(found, Refused):
        return found
    record, asked = found
    known = record.body.ticks.get(asked.step)
    if known is not None and known.by != request.by:
        return Refused("already_ticked")
    if known is not None:
        return Done()
    return ticked(world, record, asked.step, by=request.by, how=asked.how)


def ticked(world: World, record: Record, step: str, *, by: str, how: How) -> Done:
    """The list with a step done now."""
    checklist: Checklist = record.body
    tick = Tick(
        by=by,
        at=rfc3339(world.now.utc_ms),
        how=how,
        late_ms=_late_now(world, record, step),
    )
    detail = _named(checklist, step) | {"how": how, "late_ms": tick.late_ms}
    after = replace(checklist, ticks=checklist.ticks | {step: tick})
    return _changed(world, record, after, Entry(event="step_ticked", by=by, detail=detail))


def _late_now(world: World, record: Record, step: str) -> int | None:
    """How late the step is done; nobody measures it once the incident is closed."""
    if world_runs(world, record):
        return late_ms(record.body.clocks.get(step), world.now)
    return None if step in record.body.overdue else 0


def _untick(world: World, request: Request) -> Outcome:
    """`checklist.untick` {step}: it was ticked by mistake; the log keeps that it was."""
    found = _found(world, request)
    if isinstance(found, Refused):
        return found
    record, asked = found
    if asked.step not in record.body.ticks:
        return Refused("not_ticked")
    ticks = {key: tick for key, tick in record.body.ticks.items() if key != asked.step}
    entry = Entry(event="step_unticked", by=request.by, detail=_named(record.body, asked.step))
    return _changed(world, record, replace(record.body, ticks=ticks), entry)


def _found(world: World, request: Request) -> tuple[Record, _Which] | Refused:
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    record = world.get("checklist", request.id)
    if record is None:
        return Refused("unknown_record")
    asked = body_of(_Which, request)
    if isinstance(asked, Refused):
        return asked
    if record.body.step(asked.step) is None:
        return refused_field("step", "unknown_step", asked.step)
    return record, asked


def _changed(world: World, record: Record, body: Checklist, entry: Entry) -> Done:
    changed = replace(
        record,
        body=body,
        version=record.version + 1,
        by=entry.by,
        at=rfc3339(world.now.utc_ms),
        due=_next_due(body, world.now) if world_runs(world, record) else record.due,
    )
    return Done(records=(changed,), entries=((entry, record.incident_id),))


def _named(checklist: Checklist, step: str) -> dict[str, object]:
    """A step for the log, in words."""
    found = checklist.step(step)
    return {"step": step} | (found.text.as_detail() if found else {})


# --- steps that telephone calls add ---------------------------------------------------------

_ADDED = "after_"


def is_added(step: Step) -> bool:
    return step.id.startswith(_ADDED)


def after_call(contact: str, *, text: Translated, role: str, within_s: int | None) -> Step:
    """The step that a call to `contact` adds, such as a guard who meets the ambulance."""
    return Step(id=f"{_ADDED}{contact}", text=text, role=role, within_s=within_s)


def with_step(world: World, incident: Incident, step: Step, record: Record | None) -> Done:
    """The incident's list, `record`, with the step added; without one a list of this step alone."""
    if record is not None and record.body.step(step.id):
        return Done()
    clocks = _clocks([step], world.now) if incident.is_open else {}
    detail = {"step": step.id, "role": step.role} | step.text.as_detail()
    entry = Entry(event="step_added", detail=detail)
    if record is not None:
        body = replace(
            record.body,
            steps=[*record.body.steps, step],
            clocks=record.body.clocks | clocks,
        )
        return _changed(world, record, body, entry)
    at = rfc3339(world.now.utc_ms)
    alone = Checklist(
        situation="", playbook="", playbook_version=0, begun_at=at, steps=[step], clocks=clocks
    )
    made = Record(
        kind="checklist",
        id=f"{incident.incident_id}.{incident.version}-calls",
        body=alone,
        at=at,
        incident_id=incident.incident_id,
        due=_next_due(alone, world.now),
    )
    return Done(records=(made,), entries=((entry, incident.incident_id),))


# --- clocks ---------------------------------------------------------------------------------


def world_runs(world: World, record: Record) -> bool:
    """Whether the list's clocks run: while its incident is open."""
    return record.incident_id in world.incidents


def late_ms(clock: Clock | None, now: Moment) -> int | None:
    """How long ago the clock ran out; 0: not yet; None: it is of another boot, so nobody knows."""
    if clock is None:
        return 0
    if clock.boot != now.boot:
        return None
    return max(0, now.mono_ms - clock.due_ms)


def _next_due(checklist: Checklist, now: Moment) -> Due | None:
    """When the next step that nobody has ticked runs out."""
    waiting = [
        Due(clock.due_ms, clock.boot)
        for id, clock in checklist.clocks.items()
        if id not in checklist.ticks and id not in checklist.overdue
    ]
    # Clocks of two boots cannot be compared; those of an earlier one are due at once.
    return min(waiting, key=lambda due: (not due.has_come(now), due.ms), default=None)


def fall_due(world: World, record: Record) -> Done:
    """Steps have run out, and people hear of it; or the incident has been closed for long."""
    if not world_runs(world, record):
        return _let_go(world, record)
    checklist: Checklist = record.body
    run_out = [
        (id, late_ms(clock, world.now))
        for id, clock in checklist.clocks.items()
        if id not in checklist.ticks
        and id not in checklist.overdue
        and Due(clock.due_ms, clock.boot).has_come(world.now)
    ]
    after = replace(checklist, overdue=[*checklist.overdue, *(id for id, _ in run_out)])
    changed = replace(
        record, body=after, version=record.version + 1, due=_next_due(after, world.now)
    )
    return Done(
        records=(changed,),
    ) + _said(world, record, run_out)


def _said(world: World, record: Record, run_out: list[tuple[str, int | None]]) -> Done:
    """The log and people hear of the steps that have run out (with by how much), once a step.

    What runs out in one moment, as all clocks do after a reboot, is one notice.
    """
    if not run_out:
        return Done()
    incident = world.incidents[record.incident_id or ""]
    steps = [step for id, _ in run_out if (step := record.body.step(id))]
    tell = _tell(world, incident, steps)
    entries = tuple(
        (_run_out(record.body, id, late, tell.staff), record.incident_id) for id, late in run_out
    )
    return Done(entries=entries, tells=((tell, record.incident_id),))


def _tell(world: World, incident: Incident, steps: list[Step]) -> Tell:
    """As a step of the policy tells, but to those who are on it."""
    policy = policies_of(world).of(incident.kind, incident.point)
    return Tell(
        why="step_overdue",
        step=incident.step,
        staff=_who_hears(world, incident, {step.role for step in steps}),
        channels=policy.step(incident.step).channels,
        silent=policy.silent_channels(incident.step, incident.kind),
        subjects=tuple(f"{step.text.zh} {step.text.en}" for step in steps),
    )


def _who_hears(world: World, incident: Incident, roles: set[str]) -> tuple[str, ...]:
    """Who accepted and is on duty; the leads too when none of them has a role that is asked for.
    Never nobody while anybody is on duty."""
    roster = world.roster
    people = tuple(one.staff for one in incident.responders if roster.is_on_duty(one.staff))
    if not all(any(roster.has_role(one, role) for one in people) for role in roles):
        people += tuple(one for one in roster.on_duty_with((LEAD,)) if one not in people)
    return people or roster.on_duty()


def _run_out(checklist: Checklist, id: str, late: int | None, told: tuple[str, ...]) -> Entry:
    step = checklist.step(id)
    role = step.role if step else ""
    detail = _named(checklist, id) | {"role": role, "late_ms": late, "told": told}
    return Entry(event="step_overdue", detail=detail)


def _let_go(world: World, record: Record) -> Done:
    """Nobody needs the list any more, unless something else of its incident is still open."""
    is_needed = any(
        one.incident_id == record.incident_id
        for kind, records in world.records.items()
        if kind != record.kind
        for one in records.values()
    )
    if is_needed:
        again = replace(record, version=record.version + 1, due=_long_after(world))
        return Done(records=(again,))
    return Done(records=(_closed(world, record),))


ROOM = Room(
    kinds={playbooks.PLAN.kind: playbooks.PLAN.cls, "checklist": Checklist},
    requests={
        **playbooks.PLAN.requests,
        "checklist.tick": _tick,
        "checklist.untick": _untick,
    },
    fall_due=fall_due,
    follow=follow,
)
