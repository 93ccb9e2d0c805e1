"""Policies as plans: which one counts, what is refused when saved, what becomes a fault later."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from gateway_kit import Desk, with_channels
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import ChannelSettings
from gateway.desk.coverage import Coverage, said
from gateway.desk.hours import Hours, OpeningHours
from gateway.desk.team import Certificate, Staff
from gateway.duty import Exception_, Pause, Shift, Span, without
from gateway.policy import Policies, Policy, Scope
from protocol.link import Connected

STEPS = [{"after_s": 0, "tell": "kind"}, {"after_s": 20, "tell": "outside"}]
PLAN: dict[str, Any] = {"name": "Vault", "kinds": ["call"], "points": ["vault"], "steps": STEPS}
CHANNELS = with_channels(
    ChannelSettings(name="phones", url="simulated://"),
    ChannelSettings(name="chat", url="simulated://"),
)


@pytest.fixture
def desk(path: Path):
    desk = Desk(path, **CHANNELS).start()
    desk.handle(Connected(1))
    yield desk
    desk.stop()


def faults_of(result: Any) -> dict[str, str]:
    return {fault.field: fault.name for fault in result.faults}


def faults(desk: Desk) -> dict[str, str]:
    """What the board shows, a second later."""
    desk.clock.move(1)
    desk.handle()
    found = desk.reader.faults()
    return {f"{one.subject} {one.name}": one.detail for one in found}


# --- which one counts ---

NAMED = {
    "default": Policy(repeat_s=1),
    "call": Policy(repeat_s=2),
    "here": Policy(repeat_s=3),
    "call here": Policy(repeat_s=4),
}


@pytest.mark.parametrize(
    ("kind", "point", "expected"),
    [
        ("call", "here", "call here"),
        ("seat", "here", "here"),
        ("call", "there", "call"),
        ("call", "corner", "here"),
        ("seat", "there", "default"),
    ],
)
def test_the_most_specific_policy_counts(kind: str, point: str, expected: str) -> None:
    special = [
        (Scope(kinds=("call",)), NAMED["call"]),
        (Scope(points=("here", "corner")), NAMED["here"]),
        (Scope(kinds=("call", "urgent"), points=("here",)), NAMED["call here"]),
    ]
    policies = Policies(NAMED["default"], special)
    assert policies.of(kind, point) is NAMED[expected]
    assert policies.of(kind, point) is NAMED[expected], "looked for once"


def test_the_configuration_file_writes_the_default_policy_until_a_page_does(desk: Desk) -> None:
    record = desk.reader.record("policy", "default")
    assert [one.after_s for one in record.body.steps] == [0, 30, 60, 120]
    assert record.body.handover_needs_consent is False
    assert desk.ask("policy.save", id="default", version=1, body={"steps": STEPS}).ok
    desk.restart()
    record = desk.reader.record("policy", "default")
    assert (record.by, len(record.body.steps)) == ("l01", 2)
    assert record.body.handover_needs_consent is True, "who writes it on a page sees it"


def test_a_policy_of_a_place_decides_about_its_calls_from_the_next_press(desk: Desk) -> None:
    assert desk.ask("policy.save", body=PLAN | {"points": ["point-2"]}).ok
    desk.handle(desk.pressed(point="point-2"), desk.pressed(point="point-1"))
    desk.clock.move(20)
    desk.handle()
    steps = {one.point: (one.step, one.outside) for one in desk.reader.open_incidents()}
    assert steps == {"point-2": (1, True), "point-1": (0, False)}


def test_a_call_that_becomes_urgent_climbs_by_the_policy_of_urgent_ones(desk: Desk) -> None:
    assert desk.ask("policy.save", body=PLAN | {"kinds": ["urgent"], "points": []}).ok
    desk.handle(desk.pressed())
    desk.clock.move(3)
    desk.handle(desk.pressed(what="held"))
    desk.clock.move(20)
    desk.handle()
    assert (desk.incident().kind, desk.incident().step, desk.incident().outside) == (
        "urgent",
        1,
        True,
    )


def test_a_policy_that_gets_shorter_meanwhile_leaves_its_open_incidents_on_the_last_step(
    desk: Desk,
) -> None:
    desk.handle(desk.pressed())
    desk.clock.move(61)
    desk.handle()
    assert desk.incident().step == 2
    assert desk.ask("policy.save", id="default", body={"steps": STEPS}).ok
    desk.clock.move(61)
    desk.handle()
    assert desk.events().count("told_again") == 1


# --- what is refused ---


def steps(*rows: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"after_s": after_s, "tell": tell} for after_s, tell in rows]


QUIET = {"starts": "20:00", "ends": "07:00", "channels": ["chat"]}


@pytest.mark.parametrize(
    ("changes", "field", "name"),
    [
        ({"steps": []}, "steps", "empty"),
        ({"steps": steps((5, "kind"))}, "steps[0].after_s", "late_start"),
        (
            {"steps": steps((0, "kind"), (9, "lead"), (9, "on_duty"))},
            "steps[2].after_s",
            "goes_back",
        ),
        ({"steps": steps((0, "outside"), (9, "lead"))}, "steps[1].tell", "after_outside"),
        ({"steps": steps((0, "roles"))}, "steps[0].roles", "empty"),
        ({"steps": [STEPS[0] | {"channels": ["pigeon"]}]}, "steps[0].channels", "unknown_channel"),
        ({"steps": [STEPS[0] | {"ring_s": 0}]}, "steps[0].ring_s", "unreadable"),
        ({"roles": {"call": []}}, "roles.call", "empty"),
        ({"roles": {"silent": ["lead"]}}, "roles.silent", "another_kind"),
        ({"name": "\u200b "}, "name", "bad_text"),
        ({"kinds": [], "points": []}, "kinds", "is_for_all"),
        ({"points": ["moon"]}, "points", "unknown_point"),
        ({"quiet": QUIET | {"channels": []}}, "quiet.channels", "empty"),
        ({"quiet": QUIET | {"channels": ["pigeon"]}}, "quiet.channels", "unknown_channel"),
        ({"quiet": QUIET | {"ends": "20:00"}}, "quiet.ends", "same_as_start"),
        ({"quiet": QUIET | {"channels": ["chat", "phones"]}}, "quiet.channels", "silences_step"),
        (
            {"steps": [STEPS[0] | {"channels": ["chat"]}], "quiet": QUIET},
            "quiet.channels",
            "silences_step",
        ),
    ],
)
def test_a_policy_that_could_leave_a_call_unanswered_is_refused(
    desk: Desk, changes: dict[str, Any], field: str, name: str
) -> None:
    result = desk.ask("policy.save", id="p-1", body=PLAN | changes)
    assert (result.ok, result.reason) == (False, "wrong_fields")
    assert (field, name) in [(fault.field, fault.name) for fault in result.faults]
    assert desk.reader.record("policy", "p-1") is None


def test_the_default_covers_everything_and_stays(desk: Desk) -> None:
    result = desk.ask("policy.save", id="default", body={"steps": STEPS, "kinds": ["call"]})
    assert faults_of(result) == {"kinds": "must_be_all"}
    assert desk.ask("policy.retire", id="default").reason == "still_needed"


def test_two_policies_for_the_same_incidents_are_refused(desk: Desk) -> None:
    assert desk.ask("policy.save", id="p-1", body=PLAN).ok
    twin = PLAN | {"kinds": ["call", "seat"], "points": ["vault", "point-1"]}
    assert faults_of(desk.ask("policy.save", id="p-2", body=twin)) == {"points": "policy_there"}
    assert desk.ask("policy.save", id="p-2", body=twin | {"kinds": ["seat"]}).ok
    assert desk.ask("policy.save", id="p-3", body=PLAN | {"kinds": []}).ok, "less specific"
    assert desk.ask("policy.save", id="p-1", body=PLAN).ok, "it is not its own twin"


@pytest.mark.parametrize(
    ("id", "instead", "field", "name"),
    [
        ("wizard", ["lead"], "id", "unknown_role"),
        ("security", [], "instead", "empty"),
        ("security", ["security"], "instead", "itself"),
        ("security", ["lead", "lead"], "instead", "twice"),
        ("security", ["wizard"], "instead", "unreadable"),
    ],
)
def test_a_substitute_rule_names_others(desk: Desk, id, instead, field, name) -> None:
    result = desk.ask("substitute.save", id=id, body={"instead": instead})
    assert any(one.field.startswith(field) and one.name == name for one in result.faults)


# --- channels, quiet hours ---


def told(desk: Desk) -> set[str]:
    return {one.channel for one in desk.reader.notices(desk.incident().incident_id)}


def quiet_now(desk: Desk) -> dict[str, Any]:
    local = desk.loop._desk.world({}, desk.clock()).local
    return {
        "starts": f"{local.hour:02d}:00",
        "ends": f"{(local.hour + 2) % 24:02d}:00",
        "channels": ["chat"],
    }


def test_a_step_tells_only_through_its_channels(desk: Desk) -> None:
    plan = {"steps": [STEPS[0] | {"channels": ["phones"]}, STEPS[1]]}
    assert desk.ask("policy.save", id="default", body=plan).ok
    desk.handle(desk.pressed())
    assert told(desk) == {"phones"}
    desk.clock.move(20)
    desk.handle()
    assert told(desk) == {"phones", "chat"}


def test_quiet_hours_hush_a_channel_but_no_urgent_call_and_not_the_outside(desk: Desk) -> None:
    plan = {"steps": STEPS, "quiet": quiet_now(desk)}
    assert desk.ask("policy.save", id="default", body=plan).ok
    desk.handle(desk.pressed())
    assert told(desk) == {"phones"}
    desk.clock.move(20)
    desk.handle()
    assert told(desk) == {"phones", "chat"}, "the last step is heard everywhere"
    desk.handle(desk.pressed(what="held", point="point-2"))
    urgent = desk.incident().incident_id
    assert {one.channel for one in desk.reader.notices(urgent)} == {"phones", "chat"}


def test_quiet_hours_end(desk: Desk) -> None:
    assert desk.ask("policy.save", id="default", body={"steps": STEPS, "quiet": quiet_now(desk)}).ok
    desk.clock.move(2 * 3600)
    desk.handle()
    desk.handle(desk.pressed())
    assert told(desk) == {"phones", "chat"}


def test_rings_are_notices_until_somebody_accepts(desk: Desk) -> None:
    plan = {"steps": [STEPS[0] | {"ring_s": 5}, STEPS[1]]}
    assert desk.ask("policy.save", id="default", body=plan).ok
    desk.handle(desk.pressed())
    for _ in range(2):
        assert desk.loop.wait_ms() <= 5_000
        desk.clock.move(5)
        desk.handle()
    notices = desk.reader.notices(desk.incident().incident_id)
    assert sorted(one.why for one in notices if one.channel == "chat") == ["ring", "ring", "step"]
    desk.clock.move(5)
    desk.handle()
    assert desk.incident().step == 1, "the third unanswered ring brings the next"
    assert desk.events().count("rung") == 1


def test_a_gateway_that_starts_again_rings_at_once(desk: Desk) -> None:
    plan = {"steps": [STEPS[0] | {"ring_s": 9}, STEPS[1]]}
    assert desk.ask("policy.save", id="default", body=plan).ok
    desk.handle(desk.pressed())
    desk.restart()
    desk.handle()
    assert [one.why for one in desk.reader.notices(desk.incident().incident_id)].count("ring") == 2
    assert desk.loop.wait_ms() > 0


def test_after_a_start_the_next_ring_comes_a_whole_while_after_the_first(desk: Desk) -> None:
    """Not with a rhythm counted from the machine's boot, perhaps a moment later."""
    plan = {"steps": [STEPS[0] | {"ring_s": 7}, STEPS[1]]}
    assert desk.ask("policy.save", id="default", body=plan).ok
    desk.handle(desk.pressed())
    desk.restart()
    desk.handle()
    desk.clock.move(6.999)
    desk.handle()
    assert desk.incident().rings == 2
    desk.clock.move(0.001)
    desk.handle()
    assert desk.incident().rings == 3


# --- gaps that others bring about ---


@pytest.mark.parametrize(
    ("plan", "names"),
    [
        ({"steps": steps((0, "kind"))}, {"policy_tells_few", "policy_never_outside"}),
        ({"steps": steps((0, "kind"), (60, "lead"))}, {"policy_never_outside"}),
        ({"steps": steps((0, "kind"), (601, "on_duty"), (900, "outside"))}, {"policy_tells_few"}),
        ({"steps": steps((0, "on_duty"), (1801, "outside"))}, {"policy_never_outside"}),
        ({"steps": steps((0, "kind"), (600, "outside"))}, set()),
        ({"steps": steps((0, "outside"))}, {"policy_only_outside"}),
        (
            {"steps": [STEPS[0] | {"ring_s": 5}, {"after_s": 3600, "tell": "outside"}]},
            set(),  # the third unanswered ring brings it
        ),
        ({"steps": steps((0, "kind")), "kinds": ["seat"]}, set()),
    ],
)
def test_a_policy_that_tells_too_few_is_saved_and_named(
    desk: Desk, plan: dict[str, Any], names: set[str]
) -> None:
    result = desk.ask("policy.save", id="p-1", body=PLAN | plan)
    assert result.ok and {one.name for one in result.faults} == names
    assert {one.removeprefix("policy/p-1 ") for one in faults(desk)} == names
    assert desk.ask("policy.save", id="p-1", body=PLAN).faults == ()
    assert faults(desk) == {}, "mended"


def test_a_role_that_nobody_has_is_named_when_the_policy_is_saved(desk: Desk) -> None:
    body = PLAN | {"roles": {"call": ["maintenance"]}}
    result = desk.ask("policy.save", body=body)
    assert result.ok
    assert [(one.name, one.detail) for one in result.faults] == [("role_nobody_has", "maintenance")]


def test_a_role_that_nobody_covers_now_is_named_before_a_call_and_mended(desk: Desk) -> None:
    assert faults(desk) == {}
    desk.ask("duty.off", "s01")
    assert set(faults(desk)) == {"role/security uncovered"}
    assert desk.ask("substitute.save", id="security", body={"instead": ["lead"]}).ok
    assert faults(desk) == {}, "somebody stands in"
    desk.ask("duty.off", "l01")
    assert set(faults(desk)) == {"role/security uncovered", "role/lead uncovered"}
    desk.ask("duty.on", "s01")
    desk.ask("duty.on", "l01")
    assert faults(desk) == {}


def test_somebody_who_retires_leaves_a_policy_with_a_role_nobody_has(desk: Desk) -> None:
    assert desk.ask("staff.retire", id="s01").ok
    found = faults(desk)
    assert found["policy/default role_nobody_has"] == "security"
    body = {"name": "S", "roles": ["security"], "duty": "always"}
    assert desk.ask("staff.save", id="s02", body=body).ok
    assert faults(desk) == {}


EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NINE_TO_FIVE = [{"days": EVERY_DAY, "opens": "09:00", "closes": "17:00"}]


def the_guard_works(desk: Desk, **shift: Any) -> None:
    """The only one of security follows the plan, which is this shift each day."""
    guard = {"name": "s01", "roles": ["security"], "duty": "plan"}
    assert desk.ask("staff.save", id="s01", body=guard).ok
    assert desk.ask("shift.save", id="guard", body={"staff": "s01", "days": EVERY_DAY, **shift}).ok


def test_hours_show_when_nobody_covers_a_role(desk: Desk) -> None:
    assert desk.ask("hours.save", id="branch", body={"week": NINE_TO_FIVE}).ok
    the_guard_works(desk, starts="09:00", ends="17:00")
    assert "policy/default role_uncovered" not in faults(desk)
    lunch = [{"starts": "12:00", "ends": "12:30"}]
    the_guard_works(desk, starts="09:00", ends="17:00", breaks=lunch)
    detail = faults(desk)["policy/default role_uncovered"]
    assert detail.startswith("security ") and detail.endswith("12:00-12:30")


def test_who_does_not_say_when_the_branch_is_open_hears_of_every_gap(desk: Desk) -> None:
    the_guard_works(desk, starts="22:00", ends="21:00")
    assert "21:00-22:00" in faults(desk)["policy/default role_uncovered"]
    assert desk.ask("hours.save", id="branch", body={"week": NINE_TO_FIVE}).ok
    assert "policy/default role_uncovered" not in faults(desk)


def test_a_policy_for_day_and_night_finds_the_gap_at_night(desk: Desk) -> None:
    body = {"steps": STEPS, "kinds": ["silent"], "day_and_night": True, "name": "Night"}
    assert desk.ask("policy.save", id="night", body=body).ok
    assert faults(desk) == {}
    the_guard_works(desk, starts="22:00", ends="21:00")
    assert "21:00-22:00" in faults(desk)["policy/night role_uncovered"]


def test_a_channel_that_the_file_no_longer_has_is_named(desk: Desk) -> None:
    plan = PLAN | {"steps": [STEPS[0] | {"channels": ["chat"]}, STEPS[1]]}
    assert desk.ask("policy.save", id="p-1", body=plan).ok
    desk.stop()
    again = Desk(desk.path, **with_channels(CHANNELS["channels"][0])).start()
    try:
        again.handle(Connected(1))
        assert faults(again) == {"policy/p-1 unknown_channel": "chat"}
        again.handle(again.pressed(point="vault"))
        assert {one.channel for one in again.reader.notices(again.incident().incident_id)} == {
            "phones"
        }, "rather another channel than none"
    finally:
        again.stop()
        desk.start()


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"tell": "kind", "channels": ["leads"]}, "1"),  # a call asks for customer service
        ({"tell": "roles", "roles": ["security"], "channels": ["leads"]}, "1"),
        ({"tell": "lead", "channels": ["leads"]}, None),
        ({"tell": "on_duty", "channels": ["leads"]}, None),
        ({"tell": "kind", "channels": ["leads", "chat"]}, None),
        ({"tell": "kind", "channels": []}, None),
    ],
)
def test_a_step_that_those_it_tells_do_not_hear_is_named_and_told_otherwise(
    desk: Desk, step: dict[str, Any], expected: str | None
) -> None:
    group = {"kind": "webhook", "url": "http://127.0.0.1:9/", "roles": ["lead"]}
    assert desk.ask("address.save", id="leads", body=group).ok
    plan = {"kinds": ["call"], "steps": [{"after_s": 0} | step, *STEPS[1:]]}
    result = desk.ask("policy.save", id="p-1", body=plan)
    named = {one.name: one.detail for one in result.faults}
    assert result.ok and named.get("channels_for_others") == expected
    assert faults(desk).get("policy/p-1 channels_for_others") == expected
    desk.handle(desk.pressed())
    told = {one.channel for one in desk.reader.notices(desk.incident().incident_id)}
    assert told, "those who are told hear of it"


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("repeat_s", 601), ("arrival_s", 86400), ("close_s", 86400), ("offer_s", 601)],
)
def test_a_policy_that_lets_people_wait_for_very_long_is_named(desk: Desk, name, seconds) -> None:
    result = desk.ask("policy.save", id="p-1", body=PLAN | {name: seconds})
    assert result.ok
    assert ("policy_waits_long", f"{name} {seconds}") in [
        (one.name, one.detail) for one in result.faults
    ]
    assert "policy/p-1 policy_waits_long" in faults(desk)


# --- the week ---

MONDAY = datetime(2026, 3, 2, 8, 0)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
GUARD = Staff(name="G", roles=["security"])
OPEN = OpeningHours(week=[Hours(days=WEEKDAYS, opens="09:00", closes="17:00")])


def coverage(staff: dict[str, Staff], *plans: Shift | Exception_, hours=OPEN) -> Coverage:
    return Coverage(
        staff=staff,
        shifts=[one for one in plans if isinstance(one, Shift)],
        exceptions=[one for one in plans if isinstance(one, Exception_)],
        hours=hours,
        local=MONDAY,
    )


def shift(starts: str, ends: str, *breaks: Pause, staff: str = "g", days=WEEKDAYS) -> Shift:
    return Shift(staff=staff, days=list(days), starts=starts, ends=ends, breaks=list(breaks))


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ([shift("09:00", "17:00")], None),
        ([shift("09:00", "16:00")], "2026-03-02 16:00-17:00"),
        ([shift("09:00", "13:00"), shift("13:00", "17:00")], None),
        ([shift("09:00", "17:00", days=WEEKDAYS[1:])], "2026-03-02 09:00-17:00"),
        (
            [shift("09:00", "17:00", Pause(starts="12:00", ends="12:30"))],
            "2026-03-02 12:00-12:30",
        ),
        (
            [
                shift("09:00", "17:00"),
                Exception_(staff="g", what="away", first="2026-03-04", last="2026-03-04"),
            ],
            "2026-03-04 09:00-17:00",
        ),
        (
            [
                shift("09:00", "17:00", days=WEEKDAYS[:4]),
                Exception_(staff="g", what="extra", first="2026-03-06", last="2026-03-06"),
            ],
            None,
        ),
    ],
)
def test_the_first_time_that_nobody_is_there_while_the_branch_is_open(plans, expected) -> None:
    gap = coverage({"g": GUARD}, *plans).gap(("security",), day_and_night=False)
    assert (said(gap) if gap else None) == expected


def test_a_certificate_covers_until_its_last_day(desk: Desk) -> None:
    aider = Staff(
        name="F",
        roles=["first_aid"],
        duty="always",
        certificates=[Certificate(what="first_aid", expires="2026-03-03")],
    )
    gap = coverage({"f": aider}).gap(("first_aid",), day_and_night=False)
    assert gap is not None and said(gap) == "2026-03-04 09:00-17:00"
    assert coverage({"f": aider}).has("first_aid")
    assert not coverage({}).has("first_aid")


def test_who_signs_in_by_themselves_may_always_come_and_who_never_does_does_not() -> None:
    for duty, expected in (("sign_in", True), ("always", True), ("never", False), ("plan", False)):
        one = Staff(name="G", roles=["security"], duty=duty)
        gap = coverage({"g": one}).gap(("security",), day_and_night=True)
        assert (gap is None) is expected, duty


MOMENTS = st.integers(0, 60).map(lambda n: datetime(2026, 3, 2, n // 60, n % 60))
SPANS = st.lists(
    st.tuples(MOMENTS, MOMENTS).filter(lambda two: two[0] < two[1]).map(lambda two: Span(*two)),
    max_size=5,
)


@given(spans=SPANS, holes=SPANS, moment=MOMENTS)
def test_what_is_left_is_in_a_span_and_in_no_hole(spans, holes, moment) -> None:
    is_left = any(one.holds(moment) for one in without(spans, holes))
    in_span = any(one.holds(moment) for one in spans)
    assert is_left == (in_span and not any(one.holds(moment) for one in holes))
