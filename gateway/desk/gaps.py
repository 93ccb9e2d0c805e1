"""PURE. Where a policy could leave a call unanswered because of who is there, and when.

What cannot be meant is refused when a policy is saved. What a branch may mean but had better not
(few are told, nobody calls for help from outside) is saved and named: in the answer, and as a fault
on the board while it is so. What others bring about (somebody retires, a certificate runs out, a
shift is moved) is such a fault too, before any call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gateway.desk.addresses import is_heard_by, shared_channels
from gateway.desk.coverage import said
from gateway.desk.points import is_point
from gateway.desk.record import World
from gateway.policy import DEFAULT_ROLES, LEAD
from gateway.supervision import Wrong
from protocol.messages import FieldFault

if TYPE_CHECKING:  # which registers what is here
    from gateway.desk.policies import PolicyPlan, StepPlan

# Steps that tell more than the few whom a call asks for first.
_WIDE = ("on_duty", LEAD, "outside")
# One of them must come so soon after a press, and the call for help from outside so soon.
WIDE_WITHIN_S = 600
OUTSIDE_WITHIN_S = 1800
# So long at most until people are told again of a call that nobody has accepted, to which nobody
# has come or that nobody has closed; and until an offer that nobody answers lapses.
LONGEST_S = {"repeat_s": 600, "arrival_s": 600, "close_s": 4 * 3600, "offer_s": 600}


def gaps(world: World) -> Iterator[Wrong]:
    """Faults `policy/<id>` of what is planned, and `role/<role>` of what is so now."""
    for id, record in sorted(world.all("policy").items()):
        yield from _of_steps(f"policy/{id}", record.body)
        yield from _of_channels(world, f"policy/{id}", record.body)
        yield from _of_roles(world, f"policy/{id}", record.body)
        yield from _of_names(world, f"policy/{id}", record.body)
    yield from _now(world)


def named(world: World, id: str, plan: PolicyPlan) -> Iterator[FieldFault]:
    """What whoever saves a policy is told of it, although it is saved."""
    for wrong in (*_of_steps(f"policy/{id}", plan), *_of_channels(world, f"policy/{id}", plan)):
        yield FieldFault(field="steps", name=wrong.name, detail=wrong.detail)
    for wrong in _of_roles(world, f"policy/{id}", plan):
        yield FieldFault(field="roles", name=wrong.name, detail=wrong.detail)


def roles_of(plan: PolicyPlan) -> list[str]:
    """The roles that a policy asks for or tells, in order."""
    found: dict[str, None] = {}
    for kind in plan.kinds or DEFAULT_ROLES:
        found |= dict.fromkeys(plan.roles.get(kind) or DEFAULT_ROLES[kind])
    for step in plan.steps:
        if step.tell == LEAD:
            found[LEAD] = None
        elif step.tell == "roles":
            found |= dict.fromkeys(step.roles)
    return list(found)


def _of_channels(world: World, subject: str, plan: PolicyPlan) -> Iterator[Wrong]:
    """Steps through channels that are for others than those whom they tell."""
    deaf = [
        str(number)
        for number, step in enumerate(plan.steps, start=1)
        if step.channels and not all(_is_heard(world, step, roles) for roles in _told(step, plan))
    ]
    if deaf:
        yield Wrong(subject, "channels_for_others", ", ".join(deaf))


def _is_heard(world: World, step: StepPlan, roles: Sequence[str]) -> bool:
    return any(is_heard_by(world, one, roles) for one in step.channels)


def _told(step: StepPlan, plan: PolicyPlan) -> list[Sequence[str]]:
    """The roles that the step tells, for each kind of call apart; none when it tells everybody."""
    if step.tell == "kind":
        return [plan.roles.get(kind) or DEFAULT_ROLES[kind] for kind in plan.kinds or DEFAULT_ROLES]
    return {"lead": [(LEAD,)], "roles": [step.roles]}.get(step.tell, [])


def _of_steps(subject: str, plan: PolicyPlan) -> Iterator[Wrong]:
    """Steps that end before everybody could have heard. A seat that is only looked after may."""
    waits = {name: getattr(plan, name) for name in LONGEST_S}
    late = [f"{name} {waits[name]}" for name, most in LONGEST_S.items() if waits[name] > most]
    if late:
        yield Wrong(subject, "policy_waits_long", ", ".join(late))
    if plan.kinds == ["seat"]:
        return
    if plan.steps[0].tell == "outside":
        yield Wrong(subject, "policy_only_outside")
    came = list(zip(_come_s(plan), plan.steps, strict=True))
    if not any(_is_wide(step) and at_s <= WIDE_WITHIN_S for at_s, step in came):
        yield Wrong(subject, "policy_tells_few")
    if not any(step.tell == "outside" and at_s <= OUTSIDE_WITHIN_S for at_s, step in came):
        yield Wrong(subject, "policy_never_outside")


def _is_wide(step: StepPlan) -> bool:
    return step.tell in _WIDE or (step.tell == "roles" and LEAD in step.roles)


def _come_s(plan: PolicyPlan) -> Iterator[int]:
    """How many seconds after a press each step comes, at the latest."""
    at_s = 0
    for number, step in enumerate(plan.steps):
        if number:
            before = plan.steps[number - 1]
            gap_s = step.after_s - before.after_s
            at_s += gap_s if before.ring_s is None else min(gap_s, before.ring_s * before.rings)
        yield at_s


def _of_roles(world: World, subject: str, plan: PolicyPlan) -> Iterator[Wrong]:
    """Roles that nobody has, or that nobody with them is there for at some time of the week."""
    coverage = world.coverage
    nobody, uncovered = [], []
    for role in roles_of(plan):
        able = _able(world, role)
        if not any(coverage.has(one) for one in able):
            nobody.append(role)
            continue
        gap = coverage.gap(able, day_and_night=plan.day_and_night)
        if gap is not None:
            uncovered.append(f"{role} {said(gap)}")
    if nobody:
        yield Wrong(subject, "role_nobody_has", ", ".join(nobody))
    if uncovered:
        yield Wrong(subject, "role_uncovered", ", ".join(uncovered))


def _of_names(world: World, subject: str, plan: PolicyPlan) -> Iterator[Wrong]:
    """Channels and points that were there when the policy was saved."""
    used = {one for step in plan.steps for one in step.channels}
    used |= set(plan.quiet.channels) if plan.quiet else set()
    gone = sorted(used - shared_channels(world))
    if gone:
        yield Wrong(subject, "unknown_channel", ", ".join(gone))
    lost = [one for one in plan.points if not is_point(world, one)]
    if lost:
        yield Wrong(subject, "unknown_point", ", ".join(lost))


def _now(world: World) -> Iterator[Wrong]:
    """Roles that a call would ask for now, and that nobody on duty has or stands in for."""
    is_open = world.coverage.is_open(world.local)
    asked: dict[str, None] = {}
    for record in world.all("policy").values():
        if is_open or record.body.day_and_night:
            asked |= dict.fromkeys(roles_of(record.body))
    for role in asked:
        if not world.roster.on_duty_with(_able(world, role)):
            yield Wrong(f"role/{role}", "uncovered", "nobody on duty has this role")


def _able(world: World, role: str) -> tuple[str, ...]:
    """The role, and those that stand in for it."""
    rule = world.get("substitute", role)
    return (role, *(rule.body.instead if rule else ()))
