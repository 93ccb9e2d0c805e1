"""Which call comes first, who may touch what, how long labels are shown. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from seeded import a_call

from dashboard.pages.cards import card, fault_lines, label_parts, label_size, rank
from dashboard.pages.times import duration
from protocol.messages import Fault, Responder

NOW_MS = 1_800_000_000_000
CALL = a_call(raised_at="2027-01-15T07:59:00.000Z")
MINE = replace(
    CALL, stage="accepted", owner="101", responders=(Responder(staff="101", roles=("security",)),)
)
THERE = replace(
    MINE,
    stage="arrived",
    responders=(Responder(staff="101", arrived_at="2027-01-15T07:59:30.000Z"),),
)


def test_what_needs_somebody_most_comes_first():
    in_order = [
        replace(CALL, kind="urgent"),
        replace(CALL, kind="silent"),
        replace(CALL, raised_at="2027-01-15T07:58:00.000Z"),
        CALL,
        replace(MINE, kind="seat", overdue="arrival"),
        replace(CALL, kind="urgent", drill=True),
        replace(MINE, kind="urgent"),
        MINE,
        THERE,
    ]
    in_disorder = [*in_order[5:], *in_order[2:5], *in_order[:2]]
    assert sorted(in_disorder, key=rank) == in_order


@pytest.mark.parametrize(
    ("incident", "viewer", "roles", "actions"),
    [
        (CALL, "101", (), ("accept", "arrive")),
        (MINE, "101", (), ("arrive",)),
        (MINE, "102", (), ("accept", "arrive")),
        (THERE, "101", (), ("close",)),
        (THERE, "102", (), ("accept", "arrive")),
        (THERE, "102", ("lead",), ("close", "accept", "arrive")),
        (CALL, None, (), ()),
        (replace(THERE, stage="closed"), "101", (), ()),
    ],
)
def test_only_what_the_gateway_would_allow_is_offered(incident, viewer, roles, actions):
    shown = card(incident, names={}, viewer=viewer, roles=roles, now_ms=NOW_MS)
    assert shown.actions == actions


def test_a_press_of_unknown_time_is_not_timed():
    unsure = replace(CALL, raised_uncertain_ms=24 * 3600 * 1000)
    assert card(unsure, names={}, viewer=None, now_ms=NOW_MS).is_time_unknown


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("1号柜台 Counter 1", ("1号柜台", "Counter 1")),
        ("Counter 1", ("Counter 1",)),
        ("爱心 座椅", ("爱心 座椅",)),
        ("", ("",)),
    ],
)
def test_a_label_in_two_languages_breaks_between_them(label, parts):
    assert label_parts(label) == parts


def test_a_chinese_character_takes_the_room_of_two_letters():
    texts = ("柜台", "柜台柜台柜", "x" * 15, "x" * 23, "x" * 41, "x" * 99)
    assert [label_size(text) for text in texts] == [9, 14, 18, 23, 64, 64]


@pytest.mark.parametrize(
    ("ms", "text"),
    [(None, "—"), (-5, "0:00"), (65_999, "1:05"), (3_600_000, "1:00:00"), (0, "0:00")],
)
def test_a_duration_reads_like_a_stopwatch(ms, text):
    assert duration(ms) == text


def test_what_hurts_calls_most_is_the_first_fault():
    since = "2027-01-15T07:59:00.000Z"
    faults = [
        Fault(subject="followups/101", name="overdue", since=since, detail="1: Ring"),
        Fault(subject="policy/default", name="policy_tells_few", since=since),
        Fault(subject="channel/group", name="failing", since=since),
        Fault(subject="point/point-1", name="call_cut", since=since),
        Fault(subject="point/point-2", name="untested", since=since),
    ]
    lines = fault_lines(faults, {})
    assert [one.hurts_calls for one in lines] == [True, False, True, True, False]
    assert [one.weight for one in lines] == sorted(one.weight for one in lines)
