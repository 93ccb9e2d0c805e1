"""The incident machine under any order of events and times: what always holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gateway_kit import OFF_DUTY, STAFF, action, alert, at
from gateway_kit import RULES as PLAIN
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gateway import incident as machine
from gateway import steps
from gateway.actions import ACTIONS
from gateway.course import Rules
from gateway.incident import Acted, Attended, Changed, Due, DutyChanged, Event, Joined, Place
from gateway.policy import Policy, Step
from gateway.roster import CERTIFIED, Member, Roster
from protocol.messages import Incident
from protocol.moment import Moment

RANK = ["raised", "accepted", "arrived", "closed"]
KINDS = ["seat", "call", "urgent", "silent"]
PEOPLE = [*STAFF, "nobody"]

# A policy with all that pages may ask of one: it rings, wants consent, and lets others stand in.
RICH = Rules(
    policy=Policy(
        steps=(
            Step(after_s=0, tell="kind", ring_s=5),
            Step(after_s=30, tell="roles", roles=("security",), channels=("phones",), ring_s=9),
            Step(after_s=60, tell="lead"),
            Step(after_s=120, tell="outside", ring_s=10, rings=4),
        ),
        handover_needs_consent=True,
        silent_now=("chat",),
    ),
    roster=PLAIN.roster,
    substitutes={"first_aid": ("lead", "security"), "security": ("customer_service",)},
)


class IncidentMachine(RuleBasedStateMachine):
    """One incident, a clock that moves and jumps, and people who do anything at any time."""

    @initialize(
        what=st.sampled_from(["pressed", "held"]),
        silent=st.booleans(),
        drill=st.booleans(),
        age_ms=st.none() | st.integers(0, 200_000),
        rules=st.sampled_from([PLAIN, RICH]),
    )
    def press(self, what: str, silent: bool, drill: bool, age_ms: int | None, rules: Rules) -> None:
        self.now, self.rules = at(1000), rules
        self.signed_out = set(OFF_DUTY)
        self.steps_taken = [0]
        place = Place(point="p", label="P", silent=silent)
        first = alert(what, drill=drill, age_ms=age_ms)
        raised = machine.raise_incident(first, place, self.now, branch="b", rules=self.rules)
        self.course = raised.course
        self.due_ms_raised = raised.course.due_ms

    @rule(seconds=st.sampled_from([0, 0.2, 1, 10, 29.999, 30, 61, 121, 900, 5000]))
    def time_passes(self, seconds: float) -> None:
        ms = round(seconds * 1000)
        self.now = Moment(self.now.mono_ms + ms, self.now.utc_ms + ms, self.now.boot)

    @rule(seconds=st.integers(-(10**9), 10**9))
    def the_wall_clock_jumps(self, seconds: int) -> None:
        self.now = Moment(self.now.mono_ms, self.now.utc_ms + seconds * 1000, self.now.boot)

    @rule()
    def the_machine_reboots(self) -> None:
        boot = f"boot-{int(self.now.boot.split('-')[1]) + 1}"
        self.now = Moment(4_000, self.now.utc_ms + 60_000, boot)

    @rule(what=st.sampled_from(["pressed", "held"]), drill=st.booleans())
    def pressed_again(self, what: str, drill: bool) -> None:
        before = self.course.incident
        self._happens(Joined(alert(what, drill=drill)))
        if before.is_open:
            after = self.course.incident
            assert after.presses == before.presses + (what == "pressed")
            assert after.drill == (before.drill and drill)

    @rule(staff=st.sampled_from(list(STAFF)), on_duty=st.booleans())
    def signs_in_or_out(self, staff: str, on_duty: bool) -> None:
        was_on_duty = staff not in self.signed_out
        (self.signed_out.discard if on_duty else self.signed_out.add)(staff)
        members = [
            Member(staff=one, name=one, roles=roles, on_duty=one not in self.signed_out)
            for one, roles in STAFF.items()
        ]
        self.rules = replace(self.rules, roster=Roster(members))
        came = (staff,) if on_duty and not was_on_duty else ()
        went = (staff,) if was_on_duty and not on_duty else ()
        self._happens(DutyChanged(came=came, went=went))

    @rule()
    def attended(self) -> None:
        self._happens(Attended())

    @rule(
        name=st.sampled_from(list(ACTIONS)),
        by=st.sampled_from(PEOPLE),
        to=st.sampled_from([*PEOPLE, None]),
        text=st.sampled_from([None, "", "helped"]),
    )
    def acts(self, name: str, by: str, to: str | None, text: str | None) -> None:
        was = self.course.incident
        self._happens(Acted(action(name, by, to=to, text=text, outcome=text, situation=text)))
        if self.course.incident is not was:
            assert by in STAFF, "only known people change anything"

    @rule()
    def the_loop_turns(self) -> None:
        """Everything due happens, and it ends."""
        for _ in range(len(self.rules.policy.steps) + 1):
            if not (self.course.incident.is_open and self.course.is_due(self.now)):
                break
            self._happens(Due())
        if self.course.incident.is_open:
            assert not self.course.is_due(self.now), "the future has the next deadline"

    def _happens(self, event: Event) -> None:
        before = self.course
        outcome = machine.step(before, event, self.now, self.rules)
        if not before.incident.is_open:
            assert outcome == machine.Refused("already_closed")
        if not isinstance(outcome, Changed):
            return
        self.course = outcome.course
        was, now = before.incident, outcome.course.incident
        assert now.version == was.version + 1
        assert outcome.entries or now.rings > 1 or was.rings, "only a ring is not logged each time"
        assert RANK.index(now.stage) >= RANK.index(was.stage), "never back"
        assert KINDS.index(now.kind) >= KINDS.index(was.kind), "never less urgent"
        assert now.step in (was.step, was.step + 1), "no step is skipped"
        assert now.outside >= was.outside
        for name in ("raised_at", "incident_id", "point", "late_ms", "raised_uncertain_ms"):
            assert getattr(now, name) == getattr(was, name)
        times = {"accepted_at", "to_accept_ms", "arrived_at", "to_arrive_ms", "closed_at"}
        if was.drill and not now.drill:
            assert now.to_accept_ms is now.to_arrive_ms is None, "practice is no time of the call"
            times -= {"to_accept_ms", "to_arrive_ms"}
        for name in times:
            if getattr(was, name) is not None:
                assert getattr(now, name) == getattr(was, name), "the first time counts"
        if was.owner is not None:
            assert now.owner is not None, "an owner at every moment"
        for tell in outcome.tells:
            if tell.why not in ("handover", "declined", "offer_lapsed"):
                assert self.signed_out.isdisjoint(tell.staff), "who is off duty has peace"
            assert tell.staff or not self.rules.roster.on_duty(), "somebody is told"
        if now.is_open:
            self._calls_the_next(event, was, now)

    def _calls_the_next(self, event: Event, was: Incident, now: Incident) -> None:
        """When all whom a step told have refused or gone, it is not the step any more."""
        if isinstance(event, Acted) and event.action.action in ("refuse", "busy"):
            assert event.action.by in was.told
            self._somebody_is_waited_for(now)
            self._a_missing_role_is_waited_for(event.action.by, was, now)
        elif isinstance(event, DutyChanged) and self.rules.roster.on_duty():
            self._somebody_is_waited_for(now)

    def _somebody_is_waited_for(self, now: Incident) -> None:
        asked = {one for one, step in now.told.items() if step == now.step}
        gone = {one.staff for one in now.refused if one.step == now.step} | self.signed_out
        is_last = now.step == len(self.rules.policy.steps) - 1
        assert is_last or now.stage != "raised" or asked - gone

    def _a_missing_role_is_waited_for(self, by: str, was: Incident, now: Incident) -> None:
        """On an accepted call: by somebody who was told, or the next are told. Who had refused, or
        was off duty, was waited for no more before."""
        if by in self.signed_out or by in {one.staff for one in was.refused}:
            return
        wanted = [role for role in now.missing_roles if role in STAFF[by]]
        able = {*wanted, *(now.substitutes[role] for role in wanted if role in now.substitutes)}
        away = {one.staff for one in (*now.refused, *now.responders)} | self.signed_out
        left = [one for one in now.told if one not in away and able.intersection(STAFF[one])]
        is_last = now.step >= len(self.rules.policy.steps) - 1 or now.kind == "seat"
        assert was.stage == "raised" or not wanted or left or is_last or now.step > was.step

    @invariant()
    def durations_are_never_negative_and_in_order(self) -> None:
        incident = self.course.incident
        known = [incident.to_accept_ms, incident.to_arrive_ms, incident.to_close_ms]
        known = [one for one in known if one is not None]
        assert known == sorted(known)
        assert all(one >= 0 for one in known)

    @invariant()
    def missing_roles_are_those_asked_and_not_covered(self) -> None:
        incident = self.course.incident
        roles = {one.staff: one.roles for one in incident.responders}
        for role, staff in incident.covered_by.items():
            assert role in roles[staff] or incident.substitutes[role] in roles[staff]
        covered = {role for one in roles.values() for role in one}
        covered |= {
            role
            for role, other in incident.substitutes.items()
            if other in covered and role not in CERTIFIED
        }
        assert set(incident.missing_roles) == set(incident.asked_roles) - covered
        assert set(incident.covered_by) == set(incident.asked_roles) & covered

    @invariant()
    def stage_and_times_agree(self) -> None:
        incident = self.course.incident
        rank = RANK.index(incident.stage)
        assert (incident.accepted_at is not None) == (rank >= 1)
        assert (incident.arrived_at is not None) == (rank >= 2)
        assert (incident.closed_at is not None) == (rank >= 3)
        assert (incident.outcome is not None) == (rank >= 3)

    @invariant()
    def the_owner_is_a_responder(self) -> None:
        incident = self.course.incident
        staff = [one.staff for one in incident.responders]
        assert len(staff) == len(set(staff))
        if incident.stage == "accepted":
            assert incident.owner is not None
        if incident.owner is not None and incident.is_open:
            assert incident.owner in staff

    @invariant()
    def an_offer_is_the_owners_and_to_another(self) -> None:
        incident = self.course.incident
        if incident.offer is not None:
            assert incident.is_open and incident.offer.by == incident.owner != incident.offer.to
        assert (incident.offer is None) == (self.course.offer_ms is None), "it lapses some time"

    @invariant()
    def only_a_raised_incident_rings(self) -> None:
        if self.course.ring_ms is not None:
            assert self.course.incident.stage == "raised"
            assert self.course.incident.rings >= 1

    @invariant()
    def who_is_on_it_has_not_refused(self) -> None:
        incident = self.course.incident
        refused = [one.staff for one in incident.refused]
        assert len(refused) == len(set(refused))
        assert set(refused).isdisjoint(one.staff for one in incident.responders)

    @invariant()
    def the_deadline_is_near(self) -> None:
        """Never further away than the longest wait of the policy, so that nothing is forgotten."""
        if self.course.incident.is_open and self.course.boot == self.now.boot:
            assert self.course.due_ms - self.now.mono_ms <= self.rules.policy.close_s * 1000


TestIncidentMachine = IncidentMachine.TestCase
TestIncidentMachine.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, derandomize=True, database=None
)


def test_the_machine_above_would_see_a_step_that_is_skipped(monkeypatch) -> None:
    """A planted bug: the properties are no decoration."""
    real = steps.next_step

    def skips(course, now, *, from_ms, rules, **more):
        if course.incident.step == 0:
            course, *_ = real(course, now, from_ms=from_ms, rules=rules, **more)
        return real(course, now, from_ms=from_ms, rules=rules, **more)

    monkeypatch.setattr(steps, "next_step", skips)
    quick = settings(TestIncidentMachine.settings, phases=[Phase.generate], print_blob=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(IncidentMachine, settings=quick)
