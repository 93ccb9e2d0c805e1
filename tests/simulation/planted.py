"""Bugs to plant in the programs, each the kind of mistake that the checks are there to catch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from firmware import indicators, outgoing, point
from firmware import loop as unit_loop
from firmware.events import ReceiptHeard, SendAlert
from gateway import actions, cover, steps
from gateway import incident as machine
from gateway.branch import Branch
from gateway.course import Changed, Course, Joined, Unchanged
from gateway.desk import team
from gateway.loop import Loop
from gateway.mailroom import Mailroom
from gateway.policy import Policies, Policy, Scope, told
from gateway.round import Round
from gateway.store import Writer
from protocol.link import Received
from protocol.messages import Alert, Offer, Receipt, decode

from .link import SimulatedLink

# As pytest's monkeypatch.setattr: (owner, name, new value).
Patch = Callable[[Any, str, Any], None]


def receipt_before_commit(patch: Patch) -> None:
    """The gateway says it has an alert when it has only heard it."""
    take = Loop._take

    def hasty(self: Loop, event: Any, *rest: Any) -> None:
        take(self, event, *rest)
        if isinstance(event, Received) and event.where.name == "alert":
            alert = decode(Alert, event.payload)
            self._voice._link.send(
                "receipt", event.where.id, message=Receipt(alert_ids=[alert.alert_id])
            )

    patch(Loop, "_take", hasty)


def nothing_said_anew(patch: Patch) -> None:
    """After a reconnect the gateway trusts the broker to remember lamps and incidents."""
    patch(Loop, "_greet", lambda self: setattr(self, "_greeting_owed", False))


def alert_taken_twice(patch: Patch) -> None:
    """An alert that a unit repeats is a new one."""
    patch(Writer, "knows_alert", lambda self, alert_id: False)


def action_taken_twice(patch: Patch) -> None:
    """An action that a terminal repeats is a new one."""
    patch(Round, "judged", lambda self, action_id, stored: None)


def step_skipped(patch: Patch) -> None:
    """The second step is left out."""
    climb = steps.climb

    def skipping(course: Course, *rest: Any) -> Changed:
        number = course.incident.step
        if number == 1:
            course = replace(course, incident=replace(course.incident, step=2))
        return climb(course, *rest)

    patch(steps, "climb", skipping)


def step_slow(patch: Patch) -> None:
    """Each step comes a second after its time."""
    gap_ms = Policy.gap_ms
    patch(Policy, "gap_ms", lambda self, step: gap_ms(self, step) + 1_000)


def step_uncounted(patch: Patch) -> None:
    """The schedule counts from when the alert came, not from the press."""
    raise_incident = machine.raise_incident

    def forgetful(alert: Alert, *rest: Any, **more: Any) -> Changed:
        return raise_incident(replace(alert, age_ms=0), *rest, **more)

    patch(machine, "raise_incident", forgetful)


def notice_lost(patch: Patch) -> None:
    """Notices that waited when the gateway ended are not sent on."""
    patch(Mailroom, "resume", lambda mailroom: [])


def press_counted_twice(patch: Patch) -> None:
    """A unit that starts with a button held does not remember that it has told of it."""
    begin = point.begin
    patch(point, "begin", lambda **how: begin(**{**how, "memory": None}))


def lamp_promises(patch: Patch) -> None:
    """The lamp says that somebody comes as soon as the call is recorded."""
    shown = indicators.shown

    def promising(**how: Any) -> indicators.Shown:
        return shown(**{**how, "stage": "accepted" if how["stage"] == "raised" else how["stage"]})

    patch(indicators, "shown", promising)


def saved_before_kept(patch: Patch) -> None:
    """The lamp says "saved" although the outbox could not be written."""
    waiting = outgoing.Waiting
    patch(outgoing, "Waiting", lambda since_ms, is_kept: waiting(since_ms, True))


def silent_point_lights(patch: Patch) -> None:
    """A silent point shows what every other point does."""
    shown = indicators.shown
    patch(indicators, "shown", lambda **how: shown(**{**how, "silent": False}))


def forgets_when_sent(patch: Patch) -> None:
    """The unit takes the broker's word for the gateway's receipt."""
    do = unit_loop.Loop._do

    def trusting(self: unit_loop.Loop, command: Any, now: Any) -> Any:
        outcomes = do(self, command, now)
        if isinstance(command, SendAlert) and self._link.connected:
            return [*outcomes, ReceiptHeard(frozenset([command.alert.alert_id]))]
        return outcomes

    patch(unit_loop.Loop, "_do", trusting)


def closed_reopened(patch: Patch) -> None:
    """A press after the close joins the incident that was closed."""
    apply, raise_ = Branch._apply, Branch._raise

    def closed(branch: Branch) -> dict[str, Course]:
        return branch.__dict__.setdefault("closed", {})  # not another seed's

    def remembering(self: Branch, outcome: Any, now: Any, to: Any) -> None:
        apply(self, outcome, now, to)
        if isinstance(outcome, Changed) and not outcome.course.incident.is_open:
            closed(self)[outcome.course.incident.point] = outcome.course

    def reopening(self: Branch, alert: Alert, place: Any, now: Any, to: Any, **kind: Any) -> None:
        course = closed(self).pop(place.point, None)
        if course is None or course.boot != now.boot:
            raise_(self, alert, place, now, to, **kind)
            return
        open_again = replace(course, incident=replace(course.incident, stage="arrived"))
        self.courses.put(open_again)
        joined = machine.step(open_again, Joined(alert), now, self._rules)
        apply(self, joined, now, to)

    patch(Branch, "_apply", remembering)
    patch(Branch, "_raise", reopening)


def farewell_forgotten(patch: Patch) -> None:
    """A closed incident is not cleared at the broker once the gateway was away."""
    patch(Writer, "farewells", lambda self: [])


def stale_repeats(patch: Patch) -> None:
    """paho left to itself: what was not confirmed goes out again, as old as it is."""
    patch(SimulatedLink, "repeats_stale", True)


def refusals_ignored(patch: Patch) -> None:
    """Who has refused is waited for all the same."""
    patch(steps, "waited_for", lambda course, rules: ("somebody",))


def first_refusal_counts_for_all(patch: Patch) -> None:
    """As soon as one refuses the next step is called."""
    patch(steps, "waited_for", lambda course, rules: ())


def missing_role_left(patch: Patch) -> None:
    """Somebody comes, so nobody asks who brings what is still missing."""
    patch(steps, "for_missing_roles", lambda before, after, *how, **more: after)


def refusal_unlogged(patch: Patch) -> None:
    """Who refuses is believed, and nobody ever reads that they did."""
    refuse = actions._refuse

    def silent(*how: Any) -> Any:
        outcome = refuse(*how)
        if not isinstance(outcome, Changed):
            return outcome
        return replace(outcome, entries=tuple(e for e in outcome.entries if e.event != "refused"))

    patch(actions, "ACTIONS", {**actions.ACTIONS, "refuse": silent, "busy": silent})
    patch(machine, "ACTIONS", actions.ACTIONS)


def signing_out_forgotten(patch: Patch) -> None:
    """Who has signed out is told all the same."""
    patch(team, "_is_on_duty", lambda staff, signed, *rest: staff.duty == "always")


def owner_gone_with_the_offer(patch: Patch) -> None:
    """Whoever offers has given it away already."""
    offer = actions._offer

    def careless(*how: Any) -> Any:
        outcome = offer(*how)
        if not isinstance(outcome, Changed):
            return outcome
        incident = replace(outcome.course.incident, owner=None)
        return replace(outcome, course=replace(outcome.course, incident=incident))

    patch(actions, "_offer", careless)


def rings_for_ever(patch: Patch) -> None:
    """However often a step rings, the next one waits for its time."""

    def deaf(self: Policy, step: int) -> int:
        return gap_ms(
            replace(self, steps=tuple(replace(one, ring_s=None) for one in self.steps)), step
        )

    gap_ms = Policy.gap_ms
    patch(Policy, "gap_ms", deaf)


def rings_unheard(patch: Patch) -> None:
    """A ring is counted and logged, and nobody is told."""
    ring = steps.ring
    patch(steps, "ring", lambda *how: replace(ring(*how), tells=()))


def rings_late(patch: Patch) -> None:
    """The second ring comes a second after its time; the third and the next step keep theirs."""
    ringing = steps.ringing

    def sleepy(*how: Any) -> Course:
        course = ringing(*how)
        return replace(course, ring_ms=course.ring_ms and course.ring_ms + 1_000)

    patch(steps, "ringing", sleepy)


def one_policy_for_all(patch: Patch) -> None:
    """What a lead has written for some incidents is kept, and the default counts for them too."""
    patch(Policies, "of", lambda self, kind, point: self.default)


def kind_before_point(patch: Patch) -> None:
    """Of a policy for the place and one for the kind the wrong one counts."""
    patch(Scope, "rank", property(lambda self: bool(self.points) + 2 * bool(self.kinds)))


def stand_in_untold(patch: Patch) -> None:
    """Who stands in is named on the screen and in the log, and is not told."""

    def as_asked(*how: Any, **more: Any) -> tuple[str, ...]:
        return told(*how, **{**more, "stand_ins": ()})

    patch(steps, "told", as_asked)
    patch(machine, "told", as_asked)


def stand_in_unlogged(patch: Patch) -> None:
    """Nobody ever reads who stood in for whom."""
    patch(cover, "substitution_entries", lambda found: ())
    patch(machine, "substitution_entries", lambda found: ())


def stand_in_forgotten(patch: Patch) -> None:
    """Who stands in is looked for at the press, and not when somebody has refused or gone."""
    patch(steps, "with_stand_ins", lambda course, rules: (course, ()))


def offer_stands(patch: Patch) -> None:
    """An offer that nobody answers stands for ever."""

    def wait_on(course: Course, offer: Offer) -> Changed:
        return Changed(course=replace(course, offer_ms=None), entries=())

    patch(steps, "let_lapse", wait_on)


def leaving_unnoticed(patch: Patch) -> None:
    """A step waits for people who have gone off duty."""
    patch(machine, "duty_changed", lambda *how: Unchanged())


# Each with words of the complaint that must follow.
BUGS = {
    receipt_before_commit: "is lost",
    nothing_said_anew: "the broker keeps",
    alert_taken_twice: "was taken twice",
    action_taken_twice: "was answered differently",
    step_skipped: "comes after step 1",
    step_slow: "and not done by",
    step_uncounted: "is thought to be",
    notice_lost: "was never delivered",
    lamp_promises: "shows coming",
    saved_before_kept: "no outbox has the call",
    silent_point_lights: "it is a silent point",
    forgets_when_sent: "is lost",
    closed_reopened: "the closed incident",
    farewell_forgotten: "the broker keeps incidents",
    press_counted_twice: "was told 2 times",
    stale_repeats: "is thought to be",
    refusals_ignored: "and the next is not called",
    first_refusal_counts_for_all: "was asked",
    missing_role_left: "nobody is called for",
    refusal_unlogged: "refused, but not in the log",
    signing_out_forgotten: "had signed out and was told",
    owner_gone_with_the_offer: "has no owner",
    rings_for_ever: "and not done by",
    rings_unheard: "through everybody",
    rings_late: "is missing",
    one_policy_for_all: "told were",
    kind_before_point: "told were",
    stand_in_untold: "told were",
    stand_in_unlogged: "and the log differs",
    stand_in_forgotten: "nobody stands in",
    offer_stands: "lapsed",
    leaving_unnoticed: "all have gone",
}
