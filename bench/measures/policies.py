"""Alert → receipt with 200 staff and 50 policies, beside the branch that `anling init` makes.

Timed as in the measure `receipt`. Two branches, each with its own broker, gateway and store, the
same crowd of points; the larger one has 200 members of staff with all roles among them, on duty by
shifts, and 50 policies, each for some of the points, so that each press is decided by one of its
own and tells some hundred people. Both stand idle while the other is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.branch import Branch, calling, crowd
from bench.caller import Caller
from bench.figures import Limit, Row, in_turn, latencies
from bench.settings import Settings
from bench.staff import close_all
from gateway.desk.policies import PolicyPlan, StepPlan
from gateway.desk.record import Record
from gateway.desk.team import Staff
from gateway.duty import Shift
from gateway.store import Work, Writer

STAFF, POLICIES = 200, 50
RATE_HZ = 10
SECONDS, QUICK_SECONDS = 5, 2
UNITS = 10
LIMIT = Limit(1.2, of="ratio")
ROLES = ("customer_service", "security")
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def measure(settings: Settings) -> list[Row]:
    places = crowd(units=UNITS, points=RATE_HZ * settings.pick(SECONDS, QUICK_SECONDS) // UNITS)
    with ExitStack() as stack:
        branches = []
        for name in ("usual", "large"):
            branch = Branch(settings.folder / name, crowd=places)
            branch.write()
            stack.callback(branch.stop_all)
            if name == "large":
                fill(branch)
            for program in ("broker", "gateway"):
                branch.start(program)
            branches.append((branch, stack.enter_context(calling(branch, branch.name))))
        rounds = [lambda one=one: _round(*one) for one in branches]
        usual, large = in_turn(settings.rounds, *rounds)
    name = f"alert → receipt, {STAFF} staff, {POLICIES} policies, {RATE_HZ}/s"
    return latencies(name, ours=large, beside=usual, limit=LIMIT)


def _round(branch: Branch, caller: Caller) -> list[float]:
    caller.say_online(branch.units)
    found = caller.call_paced(branch.crowd, rate_hz=RATE_HZ)
    close_all(branch, at_least=len(branch.crowd))
    return found


def fill(branch: Branch) -> None:
    """Gives a branch that has not run yet its staff and its policies."""
    work, writer = Work(), Writer(str(branch.store))
    for kind, id, body in _plans(branch):
        work.records[kind, id] = Record(kind=kind, id=id, body=body, by="bench")
    writer.open()
    writer.commit(work)
    writer.close()


def _plans(branch: Branch) -> Iterator[tuple[str, str, object]]:
    for number in range(STAFF):
        id = f"s{number:03d}"
        yield "staff", id, Staff(name=id, roles=[ROLES[number % len(ROLES)]])
        yield "shift", id, Shift(staff=id, days=DAYS, starts="00:00", ends="23:59")
    steps = [
        StepPlan(after_s=0, tell="kind", ring_s=30),
        StepPlan(after_s=60, tell="on_duty"),
        StepPlan(after_s=120, tell="outside"),
    ]
    for number in range(POLICIES):
        points = [point for _, point in branch.crowd][number::POLICIES]
        if points:
            yield (
                "policy",
                f"p{number:02d}",
                PolicyPlan(name=str(number), points=points, steps=steps),
            )
