"""Who comes and who does not: refusing, being busy, offering, standing in, and rings."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from gateway_kit import ON_DUTY, RULES, STAFF, Desk, action, alert, at, raised

from gateway.course import (
    Changed,
    Course,
    DutyChanged,
    Outcome,
    Place,
    Refused,
    Rules,
    Unchanged,
)
from gateway.incident import Acted, Due, Joined, raise_incident, step
from gateway.policy import Policy, Step
from gateway.roster import Member, Roster

T0 = 1000
CONSENT = replace(RULES, policy=Policy(handover_needs_consent=True))
RINGING = replace(
    RULES,
    policy=Policy(
        steps=(
            Step(after_s=0, tell="kind", ring_s=5, rings=3),
            Step(after_s=60, tell="on_duty"),
            Step(after_s=120, tell="outside", ring_s=20, rings=2),
        )
    ),
)


def act(course: Course, name: str, by: str, at_s: float = 5, rules: Rules = RULES, **changes):
    return step(course, Acted(action(name, by, **changes)), at(T0 + at_s), rules)


def done(outcome: Outcome) -> Changed:
    assert isinstance(outcome, Changed), outcome
    return outcome


def begun(rules: Rules, what: str = "pressed") -> Course:
    place = Place(point="point-1", label="Counter 1")
    return raise_incident(alert(what), place, at(T0), branch="b001", rules=rules).course


# --- refusing ---


def test_who_was_told_may_refuse_and_the_others_are_still_waited_for() -> None:
    course = begun(RULES)
    assert course.incident.told == {"f01": 0, "g01": 0}
    changed = done(act(course, "refuse", "g01"))
    incident = changed.course.incident
    assert [(one.staff, one.how, one.step) for one in incident.refused] == [("g01", "refuse", 0)]
    assert [(entry.event, entry.by) for entry in changed.entries] == [("refused", "g01")]
    assert (incident.step, changed.tells) == (0, ())


def test_when_all_have_refused_or_are_busy_the_next_step_comes_at_once() -> None:
    course = done(act(begun(RULES), "refuse", "g01")).course
    changed = done(act(course, "busy", "f01", at_s=6))
    assert changed.course.incident.step == 1
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("step", ON_DUTY)]
    entry = changed.entries[-1]
    assert (entry.event, entry.detail["because"]) == ("step_taken", "all_refused")
    assert changed.course.due_ms == at(T0 + 6 + 30).mono_ms, "the one after follows its gap"


@pytest.mark.parametrize(
    ("by", "expected"),
    [("s01", "not_told"), ("nobody", "unknown_staff"), ("o01", "not_told"), ("g01", "")],
)
def test_only_who_was_told_may_refuse(by: str, expected: str) -> None:
    outcome = act(begun(RULES), "busy", by)
    assert (outcome.reason if isinstance(outcome, Refused) else "") == expected


def test_refusing_twice_is_once_and_who_accepts_after_all_has_not_refused() -> None:
    course = done(act(begun(RULES), "busy", "g01")).course
    assert act(course, "busy", "g01") == Unchanged()
    incident = done(act(course, "accept", "g01")).course.incident
    assert (incident.owner, incident.refused) == ("g01", ())


def test_who_has_accepted_cannot_refuse() -> None:
    course = done(act(begun(RULES), "accept", "g01")).course
    assert act(course, "refuse", "g01") == Refused("already_accepted")


def test_a_refusal_of_one_step_does_not_count_against_the_next() -> None:
    course = begun(RULES)
    for staff in ("g01", "f01"):
        course = done(act(course, "refuse", staff)).course
    for staff in ("s01", "l01", "g01"):
        course = done(act(course, "refuse", staff)).course
        assert course.incident.step == 1, "f01 was told again and has not refused that"
    assert done(act(course, "busy", "f01")).course.incident.step == 2


def test_nobody_waits_for_somebody_who_has_signed_out() -> None:
    course = done(act(begun(RULES), "refuse", "g01")).course
    assert course.incident.step == 0
    away = replace(RULES, roster=_without("f01"))
    assert done(act(course, "busy", "g01", rules=away)).course.incident.step == 1


def test_when_all_refuse_the_last_step_it_stays_and_is_told_again_in_its_time() -> None:
    rules = replace(RULES, policy=Policy(steps=(Step(after_s=0, tell="kind"),)))
    course = begun(rules)
    for staff in ("g01", "f01"):
        course = done(act(course, "refuse", staff, rules=rules)).course
    changed = done(step(course, Due(), at(T0 + 60), rules))
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("again", ("f01", "g01"))]


# --- signing out ---


def gone(course: Course, *staff: str, at_s: float = 5, rules: Rules = RULES) -> Outcome:
    """What comes of these being off duty."""
    rules = replace(rules, roster=_without(*staff))
    return step(course, DutyChanged(), at(T0 + at_s), rules)


def test_when_the_last_who_was_waited_for_signs_out_the_next_step_comes_at_once() -> None:
    course = done(act(begun(RULES), "refuse", "g01")).course
    changed = done(gone(course, "f01", at_s=6))
    assert changed.course.incident.step == 1
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("step", ("g01", "l01", "s01"))]
    entry = changed.entries[-1]
    assert (entry.event, entry.detail["because"]) == ("step_taken", "nobody_left")
    assert changed.course.due_ms == at(T0 + 6 + 30).mono_ms, "the one after follows its gap"


def test_while_anybody_is_waited_for_a_signing_out_changes_nothing() -> None:
    assert gone(begun(RULES), "f01") == Unchanged()
    assert gone(begun(RULES), "s01", "l01") == Unchanged()


def test_a_step_that_found_nobody_waits_for_its_clock() -> None:
    course = done(gone(begun(RULES), *STAFF)).course
    assert (course.incident.step, set(course.incident.told.values())) == (1, {0})
    assert gone(course, *STAFF) == Unchanged()
    assert step(course, DutyChanged(), at(T0 + 7), RULES) == Unchanged(), "they come back"


def test_the_last_step_stays_when_all_sign_out() -> None:
    rules = replace(RULES, policy=Policy(steps=(Step(after_s=0, tell="kind"),)))
    assert gone(begun(rules), *STAFF, rules=rules) == Unchanged()


def test_an_incident_that_somebody_owns_climbs_no_further_when_others_go() -> None:
    course = done(act(begun(RULES), "accept", "g01")).course
    assert gone(course, *STAFF) == Unchanged()


def test_a_role_whose_last_holder_signs_out_is_stood_in_for() -> None:
    rules = replace(RULES, substitutes={"security": ("first_aid", "lead")})
    place = Place(point="p", label="P", silent=True)
    course = raise_incident(alert(), place, at(T0), branch="b", rules=rules).course
    changed = done(gone(course, "s01", rules=rules))
    assert (changed.course.incident.step, changed.course.incident.substitutes) == (
        0,
        {"security": "first_aid"},
    )
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("stand_in", ("f01",))]


@pytest.mark.parametrize("is_killed", [False, True])
def test_signing_out_at_the_desk_brings_the_next_step_in_the_next_round(
    desk: Desk, is_killed: bool
) -> None:
    desk.handle(desk.pressed())
    desk.ask("duty.off", "g01")
    desk.handle()
    assert (desk.incident().step, desk.loop.wait_ms() > 0) == (0, True), "f01 is still there"
    desk.ask("duty.off", "f01")
    if is_killed:
        desk.restart()
    assert desk.loop.wait_ms() == 0
    desk.handle()
    assert desk.incident().step == 1
    (entry,) = [one for one in desk.reader.log() if one.event == "step_taken"]
    assert entry.detail["because"] == "nobody_left"
    assert set(entry.detail["told"]) == {"l01", "s01"}


def test_a_shift_that_ends_is_like_signing_out(desk: Desk) -> None:
    for staff in ("g01", "f01"):
        desk.ask("duty.off", staff)
    body = {"staff": "o01", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
    # It is 19:23:20 by the branch's clock.
    assert desk.ask("shift.save", body=body | {"starts": "08:00", "ends": "19:25"}).ok
    plan = {"name": "o01", "roles": ["customer_service"], "duty": "plan"}
    assert desk.ask("staff.save", id="o01", body=plan).ok
    desk.clock.move(90)
    desk.handle(desk.pressed())
    assert desk.incident().told == {"o01": 0}
    desk.clock.move(11)
    desk.handle()
    desk.handle()
    (entry,) = [one for one in desk.reader.log() if one.event == "step_taken"]
    assert entry.detail == {"step": 1, "told": ["l01", "s01"], "because": "nobody_left"}


def _without(*staff: str):

    return Roster(
        Member(staff=one, name=one, roles=roles, on_duty=one in ON_DUTY and one not in staff)
        for one, roles in STAFF.items()
    )


def _as(staff: str, roles: tuple[str, ...]) -> Roster:
    """The team, of which one has other roles."""
    return Roster(
        Member(staff=one, name=one, roles=theirs, on_duty=one in ON_DUTY)
        for one, theirs in (STAFF | {staff: roles}).items()
    )


# --- handing over with consent ---


def owned(rules: Rules = CONSENT) -> Course:
    return done(act(begun(rules), "accept", "g01", rules=rules)).course


def test_an_owner_offers_and_stays_until_the_other_takes_it() -> None:
    offered = done(act(owned(), "handover", "g01", rules=CONSENT, to="s01"))
    incident = offered.course.incident
    assert (incident.owner, incident.offer.to, incident.offer.by) == ("g01", "s01", "g01")
    assert [(tell.why, tell.staff) for tell in offered.tells] == [("offer", ("s01",))]
    assert act(offered.course, "take", "f01", rules=CONSENT) == Refused("no_offer")
    taken = done(act(offered.course, "take", "s01", rules=CONSENT))
    assert (taken.course.incident.owner, taken.course.incident.offer) == ("s01", None)
    assert [one.staff for one in taken.course.incident.responders] == ["g01", "s01"]
    assert [(one.event, one.by) for one in taken.entries] == [("taken_over", "s01")]


def test_who_declines_leaves_the_owner_who_hears_of_it() -> None:
    offered = done(act(owned(), "handover", "g01", rules=CONSENT, to="s01")).course
    declined = done(act(offered, "decline", "s01", rules=CONSENT))
    assert (declined.course.incident.owner, declined.course.incident.offer) == ("g01", None)
    assert [(tell.why, tell.staff) for tell in declined.tells] == [("declined", ("g01",))]
    assert act(declined.course, "take", "s01", rules=CONSENT) == Refused("no_offer")


@pytest.mark.parametrize(
    ("by", "to", "reason"),
    [
        ("s01", "f01", "not_allowed"),
        ("g01", "ghost", "recipient_unknown"),
        ("g01", "o01", "recipient_off_duty"),
    ],
)
def test_an_offer_needs_an_owner_and_somebody_who_is_there(by, to, reason) -> None:
    assert act(owned(), "handover", by, rules=CONSENT, to=to) == Refused(reason)


def test_a_lead_hands_over_at_once_and_an_offer_is_void_then() -> None:
    offered = done(act(owned(), "handover", "g01", rules=CONSENT, to="s01")).course
    changed = done(act(offered, "handover", "l01", rules=CONSENT, to="f01"))
    assert (changed.course.incident.owner, changed.course.incident.offer) == ("f01", None)
    assert act(changed.course, "take", "s01", rules=CONSENT) == Refused("no_offer")


HASTY = replace(RULES, policy=Policy(handover_needs_consent=True, offer_s=20))


def offered(rules: Rules = HASTY) -> Course:
    return done(act(owned(rules), "handover", "g01", rules=rules, to="s01")).course


def test_an_offer_that_nobody_answers_lapses_and_both_hear_of_it() -> None:
    course = offered()
    assert course.next_ms == at(T0 + 25).mono_ms
    assert step(course, Due(), at(T0 + 24.999), HASTY) == Unchanged()
    lapsed = done(step(course, Due(), at(T0 + 25), HASTY))
    assert (lapsed.course.incident.owner, lapsed.course.incident.offer) == ("g01", None)
    assert [(tell.why, tell.staff) for tell in lapsed.tells] == [("offer_lapsed", ("g01", "s01"))]
    (entry,) = lapsed.entries
    assert (entry.event, entry.by) == ("offer_lapsed", "")
    assert entry.detail == {"from": "g01", "to": "s01"}
    assert act(lapsed.course, "take", "s01", at_s=26, rules=HASTY) == Refused("no_offer")
    assert lapsed.course.next_ms == at(T0 + 5 + 120).mono_ms, "the arrival is waited for as before"


def test_the_default_bound_of_an_offer_is_a_minute() -> None:
    assert offered(CONSENT).offer_ms == at(T0 + 5 + 60).mono_ms


@pytest.mark.parametrize("answer", ["take", "decline", "close"])
def test_an_offer_that_was_answered_lapses_no_more(answer: str) -> None:
    course = offered()
    if answer == "close":
        course = done(act(course, "arrive", "g01", rules=HASTY)).course
    by = "g01" if answer == "close" else "s01"
    course = done(act(course, answer, by, rules=HASTY, outcome="helped")).course
    assert (course.incident.offer, course.offer_ms) == (None, None)


def test_a_new_offer_has_its_own_time_and_the_same_again_no_more_time() -> None:
    course = offered()
    again = act(course, "handover", "g01", at_s=20, rules=HASTY, to="s01")
    assert again == Unchanged()
    other = done(act(course, "handover", "g01", at_s=20, rules=HASTY, to="f01")).course
    assert (other.incident.offer.to, other.offer_ms) == ("f01", at(T0 + 40).mono_ms)


def test_an_offer_of_another_boot_lapses_now_and_what_else_is_due_comes_too() -> None:
    now = at(7, boot="boot-2")
    lapsed = done(step(offered(), Due(), now, HASTY))
    assert [tell.why for tell in lapsed.tells] == ["offer_lapsed"]
    late = done(step(lapsed.course, Due(), now, HASTY))
    assert [tell.why for tell in late.tells] == ["overdue_arrival"]


@pytest.mark.parametrize(("after_s", "is_there"), [(59, True), (60, False)])
def test_an_offer_keeps_its_time_when_the_gateway_is_killed(
    desk: Desk, after_s: int, is_there: bool
) -> None:
    policy = msgspec.to_builtins(desk.reader.record("policy", "default").body)
    policy["handover_needs_consent"] = True
    assert desk.ask("policy.save", id="default", version=1, body=policy).ok
    desk.handle(desk.pressed())
    desk.handle(desk.acted("accept"))
    desk.handle(desk.acted("handover", to="s01"))
    desk.clock.move(30)
    desk.restart()
    desk.clock.move(after_s - 30)
    desk.handle()
    assert (desk.incident().offer is not None) == is_there
    assert ("offer_lapsed" in desk.events()) != is_there


# --- rings ---


def lived(course: Course, rules: Rules, *, until_s: int) -> list[tuple[int, str, int]]:
    """(second, why, step) of everything told."""
    told = []
    for second in range(1, until_s + 1):
        while isinstance(outcome := step(course, Due(), at(T0 + second), rules), Changed):
            course = outcome.course
            told += [(second, tell.why, tell.step) for tell in outcome.tells]
    return told


def test_it_rings_like_a_telephone_and_the_third_unanswered_ring_brings_the_next_step() -> None:
    assert lived(begun(RINGING), RINGING, until_s=160) == [
        (5, "ring", 0),
        (10, "ring", 0),
        (15, "step", 1),
        (75, "step", 2),
        (95, "ring", 2),
        (135, "again", 2),
        (155, "ring", 2),
    ]


def test_rings_are_counted_logged_once_a_step_and_spare_who_refused() -> None:
    course = done(act(begun(RINGING), "busy", "g01", at_s=1, rules=RINGING)).course
    first = done(step(course, Due(), at(T0 + 5), RINGING))
    assert (first.course.incident.rings, [e.event for e in first.entries]) == (2, ["rung"])
    assert [tell.staff for tell in first.tells] == [("f01",)]
    second = done(step(first.course, Due(), at(T0 + 10), RINGING))
    assert (second.course.incident.rings, second.entries) == (3, ())


def test_who_accepts_stops_the_rings() -> None:
    course = done(act(begun(RINGING), "accept", "g01", rules=RINGING)).course
    assert course.ring_ms is None
    assert step(course, Due(), at(T0 + 6), RINGING) == Unchanged()


def test_rings_that_were_missed_are_not_caught_up() -> None:
    course = begun(RINGING)
    changed = done(step(course, Due(), at(T0 + 12), RINGING))
    assert changed.course.ring_ms == at(T0 + 15).mono_ms


# --- standing in ---

SUBSTITUTES = {"security": ("first_aid", "lead"), "first_aid": ("lead",)}
STANDING_IN = replace(RULES, substitutes=SUBSTITUTES)


def test_a_role_that_nobody_on_duty_has_is_stood_in_for_from_the_first_step() -> None:
    rules = replace(STANDING_IN, roster=_without("s01"))
    place = Place(point="p", label="P", silent=True)
    changed = raise_incident(alert(), place, at(T0), branch="b", rules=rules)
    incident = changed.course.incident
    assert (incident.asked_roles, incident.substitutes) == (
        ("security",),
        {"security": "first_aid"},
    )
    assert changed.tells[0].staff == ("f01",)
    assert ("substituted", {"role": "security", "instead": "first_aid"}) in [
        (entry.event, entry.detail) for entry in changed.entries
    ]
    covered = done(act(changed.course, "accept", "f01", rules=rules)).course.incident
    assert (covered.covered_by, covered.missing_roles) == ({"security": "f01"}, ())


def test_a_role_that_all_have_refused_is_stood_in_for_and_those_are_told_at_once() -> None:
    place = Place(point="p", label="P", silent=True)
    course = raise_incident(alert(), place, at(T0), branch="b", rules=STANDING_IN).course
    changed = done(act(course, "refuse", "s01", rules=STANDING_IN))
    assert changed.course.incident.step == 0, "somebody else is asked first"
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("stand_in", ("f01",))]
    again = done(act(changed.course, "busy", "f01", rules=STANDING_IN))
    assert again.course.incident.substitutes == {"security": "lead"}
    assert [tell.staff for tell in again.tells] == [("l01",)]


def test_who_has_the_role_covers_it_before_who_stands_in() -> None:
    rules = replace(STANDING_IN, roster=_without("s01"))
    place = Place(point="p", label="P", silent=True)
    course = raise_incident(alert(), place, at(T0), branch="b", rules=rules).course
    course = done(act(course, "accept", "f01", rules=rules)).course
    course = done(act(course, "accept", "s01", rules=STANDING_IN)).course
    assert course.incident.covered_by == {"security": "s01"}


def test_who_stands_in_for_first_aid_helps_but_somebody_with_a_certificate_is_missing() -> None:
    rules = replace(STANDING_IN, roster=_without("f01"))
    course = begun(rules, "held")
    assert course.incident.substitutes == {"first_aid": "lead"}
    for staff in ("l01", "s01"):
        course = done(act(course, "accept", staff, rules=rules)).course
    incident = course.incident
    assert (incident.covered_by, incident.missing_roles) == ({"security": "s01"}, ("first_aid",))


def test_without_a_rule_a_role_stays_missing() -> None:
    course = raised("held").course
    course = done(act(course, "accept", "s01")).course
    assert (course.incident.missing_roles, course.incident.substitutes) == (("first_aid",), {})


def test_a_call_that_becomes_urgent_asks_for_stand_ins_of_its_new_roles() -> None:
    rules = replace(STANDING_IN, roster=_without("f01"))
    changed = done(step(begun(rules), Joined(alert("held")), at(T0 + 3), rules))
    assert changed.course.incident.substitutes == {"first_aid": "lead"}
    assert {"s01", "l01"} <= set(changed.tells[0].staff)


def test_quiet_hours_never_hush_an_urgent_call_nor_the_leads_step() -> None:
    policy = Policy(silent_now=("chat",))
    assert policy.silent_channels(0, "call") == ("chat",)
    assert policy.silent_channels(0, "urgent") == policy.silent_channels(0, "silent") == ()
    assert policy.silent_channels(2, "call") == policy.silent_channels(3, "call") == ()


# --- more people are needed ---

FAINTED = replace(
    RULES,
    situations={"fainted": ("customer_service", "first_aid", "security"), "other": ()},
)


def test_a_situation_asks_for_its_roles_and_those_who_have_them_are_told() -> None:
    course = done(act(begun(FAINTED), "accept", "g01", rules=FAINTED)).course
    changed = done(act(course, "situation", "g01", rules=FAINTED, situation="fainted"))
    incident = changed.course.incident
    assert incident.asked_roles == ("customer_service", "first_aid", "security")
    assert incident.missing_roles == ("first_aid", "security")
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("needed", ("f01", "s01"))]
    assert changed.entries[0].detail == {
        "situation": "fainted",
        "needed": ["first_aid", "security"],
        "told": ["f01", "s01"],
    }
    held = done(step(changed.course, Joined(alert("held")), at(T0 + 9), FAINTED)).course.incident
    assert "customer_service" in held.asked_roles, "of another kind it is the situation still"


def test_a_situation_that_asks_for_nobody_new_tells_nobody() -> None:
    changed = done(act(begun(FAINTED), "situation", "g01", rules=FAINTED, situation="other"))
    assert changed.tells == ()
    assert changed.entries[0].detail == {"situation": "other"}


def test_free_text_takes_neither_the_situation_nor_its_roles_away() -> None:
    course = done(
        act(begun(FAINTED), "situation", "g01", rules=FAINTED, situation="fainted")
    ).course
    refused = act(course, "situation", "g01", rules=FAINTED, situation="nix")
    assert refused == Refused("unknown_situation")
    there = done(act(course, "arrive", "g01", rules=FAINTED)).course
    for said, kept, logged in (("nix", "fainted", "nix"), (" other ", "other", None)):
        closed = done(act(there, "close", "g01", rules=FAINTED, outcome="helped", situation=said))
        assert closed.course.incident.situation == kept
        assert closed.entries[0].detail.get("unknown_situation") == logged


def test_who_has_refused_is_not_called_again_by_the_situation() -> None:
    course = done(act(begun(FAINTED), "refuse", "f01", rules=FAINTED)).course
    changed = done(act(course, "situation", "g01", rules=FAINTED, situation="fainted"))
    assert [tell.staff for tell in changed.tells] == [("s01",)]


def test_who_comes_on_duty_with_a_role_that_is_missing_is_told() -> None:
    rules = replace(RULES, roster=_without("f01"))
    course = done(act(begun(rules, "held"), "accept", "s01", rules=rules)).course
    changed = done(step(course, DutyChanged(came=("f01", "o01")), at(T0 + 9), RULES))
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("needed", ("f01",))]
    assert [(entry.event, entry.detail) for entry in changed.entries] == [
        ("needed", {"told": ("f01",)})
    ]
    assert changed.course.incident.told["f01"] == changed.course.incident.step
    covered = done(act(changed.course, "accept", "f01")).course
    assert step(covered, DutyChanged(came=("o01",)), at(T0 + 10), RULES) == Unchanged()


NEEDS_TWO = replace(
    RULES, policy=replace(RULES.policy, roles={"urgent": ("security", "first_aid")})
)


def both_on_the_way() -> Course:
    course = begun(NEEDS_TWO, "held")
    for staff in ("s01", "f01"):
        course = done(act(course, "accept", staff, rules=NEEDS_TWO)).course
    assert course.incident.missing_roles == ()
    return course


def went(course: Course, *staff: str) -> Outcome:
    rules = replace(NEEDS_TWO, roster=_without(*staff))
    return step(course, DutyChanged(went=staff), at(T0 + 9), rules)


def test_who_goes_off_duty_on_the_way_covers_nothing_and_others_are_told() -> None:
    changed = done(went(both_on_the_way(), "f01"))
    incident = changed.course.incident
    assert (incident.missing_roles, incident.covered_by) == (("first_aid",), {"security": "s01"})
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("step", ("g01", "l01", "s01"))]
    left, step_taken = changed.entries
    assert (left.event, left.by, left.detail["needed"]) == ("left_on_the_way", "f01", ["first_aid"])
    assert (step_taken.event, step_taken.detail["because"]) == ("step_taken", "role_missing")
    back = step(changed.course, DutyChanged(came=("f01",)), at(T0 + 10), NEEDS_TWO)
    assert done(back).course.incident.missing_roles == ()
    there = done(act(changed.course, "arrive", "f01", rules=NEEDS_TWO)).course
    assert there.incident.missing_roles == (), "who comes all the same is there"


def test_who_is_there_covers_also_after_their_duty() -> None:
    course = done(act(both_on_the_way(), "arrive", "f01", rules=NEEDS_TWO)).course
    assert went(course, "f01") == Unchanged()


@pytest.mark.parametrize("is_there", [False, True])
def test_who_loses_a_role_covers_it_no_more_and_others_are_told(is_there: bool) -> None:
    course = both_on_the_way()
    if is_there:
        course = done(act(course, "arrive", "f01", rules=NEEDS_TWO)).course
    rules = replace(NEEDS_TWO, roster=_as("f01", ()))  # such as a certificate that has run out
    changed = done(step(course, DutyChanged(), at(T0 + 9), rules))
    assert changed.course.incident.missing_roles == ("first_aid",)
    assert [(entry.event, entry.by) for entry in changed.entries] == [
        ("role_lost", "f01"),
        ("step_taken", ""),
    ]
    assert step(changed.course, DutyChanged(), at(T0 + 10), rules) == Unchanged()


def test_who_is_taken_off_the_team_on_the_way_covers_nothing() -> None:
    course = both_on_the_way()
    left = Roster(
        Member(staff=one, name=one, roles=roles, on_duty=one in ON_DUTY)
        for one, roles in STAFF.items()
        if one != "f01"
    )
    rules = replace(NEEDS_TWO, roster=left)
    changed = done(step(course, DutyChanged(went=("f01",)), at(T0 + 9), rules))
    assert changed.course.incident.missing_roles == ("first_aid",)
    there = done(act(course, "arrive", "f01", rules=NEEDS_TWO)).course
    after = step(there, DutyChanged(went=("f01",)), at(T0 + 9), rules)
    assert after == Unchanged(), "who is there is there"


def test_a_call_is_handed_to_who_is_at_the_place_and_taken_by_a_lead_off_duty() -> None:
    course = done(act(both_on_the_way(), "arrive", "f01", rules=NEEDS_TWO)).course
    rules = replace(NEEDS_TWO, roster=_without("f01", "l01"))
    assert (
        done(act(course, "handover", "s01", rules=rules, to="f01")).course.incident.owner == "f01"
    )
    assert (
        done(act(course, "handover", "l01", rules=rules, to="l01")).course.incident.owner == "l01"
    )


def test_who_accepted_off_duty_goes_on_covering_when_the_roster_changes() -> None:
    course = done(act(begun(NEEDS_TWO, "held"), "accept", "o01", rules=NEEDS_TWO)).course
    assert course.incident.missing_roles == ("security",)
    rules = replace(NEEDS_TWO, roster=_without("l01"))
    after = step(course, DutyChanged(went=("l01",)), at(T0 + 9), rules)
    assert after == Unchanged() or done(after).course.incident.missing_roles == ("security",)


def test_an_offer_ends_when_the_one_it_is_made_to_goes_off_duty() -> None:
    offered = done(act(owned(), "handover", "g01", rules=CONSENT, to="s01")).course
    rules = replace(CONSENT, roster=_without("s01"))
    changed = done(step(offered, DutyChanged(went=("s01",)), at(T0 + 9), rules))
    assert (changed.course.incident.owner, changed.course.incident.offer) == ("g01", None)
    assert [(tell.why, tell.staff) for tell in changed.tells] == [("offer_lapsed", ("g01", "s01"))]
    assert act(changed.course, "take", "s01", rules=rules) == Refused("no_offer")


# --- refusing what others have accepted ---


def test_the_last_who_could_bring_a_missing_role_refuses_and_the_next_are_called_at_once() -> None:
    course = done(act(begun(NEEDS_TWO, "held"), "accept", "s01", rules=NEEDS_TWO)).course
    assert course.incident.missing_roles == ("first_aid",)
    changed = done(act(course, "busy", "f01", rules=NEEDS_TWO))
    assert changed.course.incident.step == 1
    [tell] = changed.tells
    assert (tell.why, set(tell.staff)) == ("step", set(ON_DUTY))
    [entry] = [one for one in changed.entries if one.event == "step_taken"]
    assert entry.detail["because"] == "role_missing"
    assert changed.course.due_ms == course.due_ms, "the clock for whoever accepted runs on"


def test_who_refused_before_others_accepted_is_waited_for_by_nobody() -> None:
    """Whichever comes first, the refusal or the acceptance."""
    course = done(act(begun(NEEDS_TWO, "held"), "busy", "f01", rules=NEEDS_TWO)).course
    assert course.incident.step == 0, "s01 is still waited for"
    changed = done(act(course, "accept", "s01", rules=NEEDS_TWO))
    assert (changed.course.incident.stage, changed.course.incident.step) == ("accepted", 1)
    assert {tell.why for tell in changed.tells} == {"step"}


def test_one_persons_refusals_climb_once() -> None:
    course = done(act(begun(NEEDS_TWO, "held"), "accept", "s01", rules=NEEDS_TWO)).course
    for at_s, how in enumerate(("busy", "refuse", "busy", "refuse"), start=5):
        outcome = act(course, how, "f01", at_s=at_s, rules=NEEDS_TWO)
        course = outcome.course if isinstance(outcome, Changed) else course
    assert course.incident.step == 1


def test_an_urgent_call_asks_anew_whom_it_lacks() -> None:
    course = done(act(begun(RULES), "busy", "f01")).course
    course = done(act(course, "accept", "g01")).course
    assert (course.incident.missing_roles, course.incident.step) == ((), 0)
    changed = done(step(course, Joined(alert("held")), at(T0 + 9), RULES))
    assert changed.course.incident.missing_roles == ("first_aid", "security")
    assert changed.course.incident.step == 1, "f01 has refused, and nobody else has first aid"


def test_a_role_that_the_call_does_not_need_is_lost_without_a_word() -> None:
    two = replace(NEEDS_TWO, roster=_as("s01", ("security", "maintenance")))
    course = begun(two, "held")
    for staff in ("s01", "f01"):
        course = done(act(course, "accept", staff, rules=two)).course
    changed = done(step(course, DutyChanged(), at(T0 + 9), NEEDS_TWO))
    assert (changed.entries, changed.tells) == ((), ())
    assert changed.course.incident.responders[0].roles == ("security",)


def test_a_role_that_comes_back_on_the_way_is_covered_again() -> None:
    course = both_on_the_way()
    lost = done(step(course, DutyChanged(), at(T0 + 9), replace(NEEDS_TWO, roster=_as("f01", ()))))
    back = done(step(lost.course, DutyChanged(), at(T0 + 10), NEEDS_TWO))
    assert back.course.incident.missing_roles == ()
    gone = step(
        lost.course,
        DutyChanged(went=("f01",)),
        at(T0 + 10),
        replace(NEEDS_TWO, roster=_without("f01")),
    )
    assert "left_on_the_way" in [entry.event for entry in done(gone).entries], "roles or none"


def test_the_last_who_could_bring_a_missing_role_goes_off_duty_and_the_next_are_called() -> None:
    course = done(act(begun(NEEDS_TWO, "held"), "accept", "s01", rules=NEEDS_TWO)).course
    changed = done(went(course, "f01"))
    assert changed.course.incident.step == 1
    [entry] = [one for one in changed.entries if one.event == "step_taken"]
    assert entry.detail["because"] == "role_missing"
    assert went(course, "g01") == Unchanged(), "nobody needs customer service here"


def test_a_refusal_calls_nobody_while_another_can_bring_the_role() -> None:
    course = done(act(begun(RULES), "accept", "g01")).course
    assert course.incident.missing_roles == ()
    assert done(act(course, "busy", "f01")).tells == (), "nothing is missing"
    two = replace(NEEDS_TWO, roster=_as("l01", ("lead", "first_aid")))
    course = done(act(begun(two, "held"), "accept", "s01", rules=two)).course
    changed = done(act(course, "busy", "f01", rules=two))
    assert (changed.tells, changed.course.incident.step) == ((), 0), "l01 was told and may come"
    changed = done(act(changed.course, "refuse", "l01", rules=two))
    assert changed.course.incident.step == 1


def test_who_has_no_missing_role_refuses_without_calling_the_next() -> None:
    course = done(act(begun(NEEDS_TWO, "held"), "accept", "f01", rules=NEEDS_TWO)).course
    course = replace(
        course, incident=replace(course.incident, told={**course.incident.told, "g01": 0})
    )
    changed = done(act(course, "busy", "g01", rules=NEEDS_TWO))
    assert (changed.tells, changed.course.incident.step) == ((), 0)


def test_an_owner_who_goes_off_duty_stays_owner_until_another_takes_it() -> None:
    changed = done(went(both_on_the_way(), "s01"))
    assert changed.course.incident.owner == "s01", "never without one"
    assert changed.course.incident.missing_roles == ("security",)


def test_what_becomes_of_a_call_says_in_the_log_who_was_told_of_it() -> None:
    joined, became = done(step(begun(RULES), Joined(alert("held")), at(T0 + 3), RULES)).entries
    assert (joined.event, became.event) == ("joined", "became_urgent")
    assert joined.detail["told"] == ("f01", "s01")


def test_signing_in_during_a_call_tells_whoever_is_needed(desk: Desk) -> None:
    for staff in ("f01", "s01"):
        desk.ask("duty.off", staff)
    desk.handle(desk.pressed(what="held"))
    desk.handle(desk.acted("accept", "l01"))
    desk.ask("duty.on", "s01")
    desk.handle()
    assert desk.events()[-1] == "needed"
    assert "s01" in desk.incident().told


def test_the_roles_of_a_situation_are_those_whose_steps_cannot_wait(desk: Desk) -> None:
    desk.handle()
    asked = desk.loop._desk.situations
    assert set(asked["fainted"]) == {"customer_service", "first_aid", "security"}
    assert "lead" not in asked["lost_person"], "the lead has ten minutes there"
