"""Who is told, who is there, and whose silence is a fault: tables."""

from __future__ import annotations

import pytest
from gateway_kit import ON_DUTY, ROSTER

from gateway.policy import DEFAULT_STEPS, Policy, Step, told
from gateway.roster import Member, Roster
from gateway.supervision import (
    SILENT_MS,
    Watched,
    Wrong,
    changes,
    faults_of,
    heard,
    listened_anew,
)
from protocol.messages import UnitStatus

ALONE = Roster([Member(staff="g01", name="G", roles=("customer_service",))])
NOBODY = Roster([Member(staff="g01", name="G", roles=("lead",), on_duty=False)])


@pytest.mark.parametrize(
    ("roster", "step", "kind", "expected"),
    [
        (ROSTER, 0, "call", ("f01", "g01")),
        (ROSTER, 0, "urgent", ("f01", "s01")),
        (ROSTER, 0, "silent", ("s01",)),
        (ROSTER, 0, "seat", ("f01", "g01")),
        (ROSTER, 1, "call", ON_DUTY),
        (ROSTER, 2, "call", ("l01",)),
        (ROSTER, 3, "call", ON_DUTY),
        (ALONE, 0, "silent", ("g01",)),
        (ALONE, 2, "call", ("g01",)),
        (NOBODY, 0, "call", ()),
    ],
)
def test_whom_a_step_tells(roster, step, kind, expected) -> None:
    assert told(Policy(), roster, step=step, kind=kind) == expected


def test_the_default_steps_are_those_of_the_contract() -> None:
    assert [(s.after_s, s.tell) for s in DEFAULT_STEPS] == [
        (0, "kind"),
        (30, "on_duty"),
        (60, "lead"),
        (120, "outside"),
    ]
    policy = Policy()
    assert [policy.gap_ms(step) for step in range(4)] == [30_000, 30_000, 60_000, 60_000]
    assert (policy.arrival_s, policy.close_s) == (120, 900)


def test_a_branch_may_have_its_own_roles_and_steps() -> None:
    policy = Policy(
        steps=(Step(after_s=0, tell="lead"), Step(after_s=7, tell="outside")),
        roles={"call": ("security",), "seat": ()},
    )
    assert policy.asked_roles("call") == ("security",)
    assert policy.asked_roles("seat") == ("customer_service",), "never nobody"
    assert told(policy, ROSTER, step=0, kind="call") == ("l01",)
    assert policy.gap_ms(0) == 7_000


def test_the_roster_knows_people_off_duty_but_does_not_call_them() -> None:
    assert ROSTER.knows("o01") and not ROSTER.knows("x")
    assert "o01" not in ROSTER.on_duty()
    assert ROSTER.roles_of("x") == ()
    assert ROSTER.has_role("f01", "security", "first_aid")
    assert not ROSTER.has_role("f01", "lead")
    assert ROSTER.on_duty_with([]) == ()


# --- supervision ---


def online(session: int = 1, **changes) -> UnitStatus:
    return UnitStatus(state="online", session=session, **changes)


def offline(session: int = 1) -> UnitStatus:
    return UnitStatus(state="offline", session=session)


@pytest.mark.parametrize(
    ("before", "status", "believed"),
    [
        (1, online(1), True),
        (1, online(2), True),
        (1, offline(1), True),
        (1, offline(2), True),
        (5, offline(4), False),
        (5, online(1), True),
    ],
)
def test_a_late_will_is_not_believed(before, status, believed) -> None:
    after = heard(Watched(heard_ms=0, session=before), status, 100)
    assert (after is not None) is believed
    if after is not None:
        assert (after.heard_ms, after.session, after.status) == (100, status.session, status)


@pytest.mark.parametrize(
    ("status", "silence_ms", "names"),
    [
        (online(), SILENT_MS - 1, []),
        (online(), SILENT_MS, ["silent"]),
        (None, SILENT_MS - 1, []),
        (None, SILENT_MS, ["silent"]),
        (offline(), 0, ["offline"]),
        (offline(), SILENT_MS, ["offline"]),
        (online(points={"point-1": {"call": "ok", "seat": "ok"}}), 0, []),
        (
            online(points={"point-1": {"call": "cut", "seat": "stuck"}}),
            0,
            ["call_cut", "seat_stuck"],
        ),
        (online(faults=["disk_full"]), 0, ["disk_full"]),
        (online(faults=["disk_full"]), SILENT_MS, ["silent"]),
    ],
)
def test_what_is_wrong_with_a_unit(status, silence_ms, names) -> None:
    watched = Watched(heard_ms=50, status=status)
    found = list(faults_of("unit/unit-01", watched, 50 + silence_ms))
    assert [one.name for one in found] == names


def test_silence_is_seen_within_twenty_seconds() -> None:
    """15 s of silence and a look each second; the rest is the way to the screen."""
    assert SILENT_MS + 1000 < 20_000


def test_a_unit_that_is_heard_again_is_fine() -> None:
    watched = Watched(heard_ms=0, status=online())
    assert list(faults_of("u", watched, SILENT_MS))
    again = heard(watched, online(2), SILENT_MS + 5)
    assert again is not None
    assert not list(faults_of("u", again, SILENT_MS + 6))


def test_the_silence_of_the_gateway_itself_is_nobodys_fault() -> None:
    watched = listened_anew(Watched(heard_ms=0, status=online()), 60_000)
    assert not list(faults_of("u", watched, 60_000 + SILENT_MS - 1))
    assert list(faults_of("u", watched, 60_000 + SILENT_MS))


def test_what_is_new_and_what_is_gone() -> None:
    new, gone = changes(
        [("unit/a", "silent"), ("unit/b", "silent")],
        [Wrong("unit/b", "silent"), Wrong("unit/b", "disk_full")],
    )
    assert new == [Wrong("unit/b", "disk_full")]
    assert gone == {("unit/a", "silent")}
