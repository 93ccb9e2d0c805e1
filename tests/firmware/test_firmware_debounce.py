"""Waveforms of one contact: what counts as closed and open."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.buttons import debounce as contacts
from firmware.buttons.debounce import Change, Contact, Debounce

DEBOUNCE = Debounce(close_ms=10, open_ms=30)

# Seen on an oscilloscope: a tactile switch bounces for a few milliseconds at both ends.
CRISP = [(100, 1), (300, 0)]
BOUNCING = [(100, 1), (101, 0), (102, 1), (105, 0), (106, 1), (300, 0), (302, 1), (303, 0)]
WEAK = [(100, 1), (120, 0)]
CHATTERING = [(100, 1), (104, 0), (105, 1), (117, 0), (119, 1), (140, 0)]
SPIKE = [(100, 1), (103, 0)]
SPIKES = [(at, at % 20 == 0) for at in range(100, 160, 10)]
DIP = [(100, 1), (200, 0), (229, 1), (400, 0)]
TWICE = [(100, 1), (150, 0), (200, 1), (250, 0)]


def play(edges, *, end_ms: int = 1000, debounce: Debounce = DEBOUNCE, contact=Contact()):  # noqa: B008
    """The changes of a contact whose line does this, looked at whenever it wants to be."""
    changes = []
    level = contact.level
    for at_ms, new in [*edges, (end_ms, None)]:
        contact, more = look_until(contact, level=level, until_ms=at_ms, debounce=debounce)
        changes += more
        if new is not None:
            level = bool(new)
            contact, more = contacts.edge(contact, level=level, at_ms=at_ms, debounce=debounce)
            changes += more
    return changes, contact


def look_until(contact, *, level, until_ms, debounce):
    changes = []
    while (due_ms := contacts.due_ms(contact, debounce)) is not None and due_ms < until_ms:
        contact, more = contacts.look(contact, level=level, now_ms=due_ms, debounce=debounce)
        changes += more
    return contact, changes


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        pytest.param(CRISP, [(True, 100), (False, 300)], id="crisp"),
        pytest.param(BOUNCING, [(True, 106), (False, 303)], id="bouncing"),
        pytest.param(WEAK, [(True, 100), (False, 120)], id="weak 20 ms"),
        pytest.param([(100, 1), (110, 0)], [(True, 100), (False, 110)], id="just long enough"),
        pytest.param([(100, 1), (109, 0)], [], id="just too short"),
        pytest.param(CHATTERING, [(True, 105), (False, 140)], id="chattering"),
        pytest.param(SPIKE, [], id="a spike of 3 ms"),
        pytest.param([(100, 1), (103, 0), (108, 1), (111, 0)], [], id="two spikes"),
        pytest.param(DIP, [(True, 100), (False, 400)], id="a dip is no release"),
        pytest.param(
            TWICE, [(True, 100), (False, 150), (True, 200), (False, 250)], id="two presses"
        ),
    ],
)
def test_only_a_level_that_lasts_counts(edges, expected):
    changes, _ = play(edges)
    assert [(change.closed, change.at_ms) for change in changes] == expected


def test_a_contact_closed_at_the_start_counts_once_it_has_lasted():
    changes, _ = play([], contact=Contact(level=True, since_ms=50))
    assert changes == [Change(True, 50)]


def test_an_edge_that_comes_late_is_judged_by_its_own_time():
    """The loop was busy for half a second; the press of 20 ms was real all the same."""
    contact, _ = contacts.edge(Contact(), level=True, at_ms=100, debounce=DEBOUNCE)
    _, changes = contacts.edge(contact, level=False, at_ms=120, debounce=DEBOUNCE)
    assert changes == [Change(True, 100)]


def test_a_look_settles_nothing_while_an_edge_is_under_way():
    """The spike ended at 103; its edge is read at 115, after the look at 110."""
    contact, _ = contacts.edge(Contact(), level=True, at_ms=100, debounce=DEBOUNCE)
    contact, changes = contacts.look(contact, level=False, now_ms=110, debounce=DEBOUNCE)
    assert changes == []
    contact, changes = contacts.edge(contact, level=False, at_ms=103, debounce=DEBOUNCE)
    assert changes == []
    assert contacts.due_ms(contact, DEBOUNCE) is None


@pytest.mark.parametrize("level", [True, False])
def test_a_lost_edge_is_healed_by_looking(level):
    contact = Contact(closed=not level, level=not level, since_ms=0)
    contact, changes = contacts.look(contact, level=level, now_ms=5000, debounce=DEBOUNCE)
    assert changes == []
    due_ms = contacts.due_ms(contact, DEBOUNCE)
    contact, changes = contacts.look(contact, level=level, now_ms=due_ms, debounce=DEBOUNCE)
    assert changes == [Change(level, 5000)]


def test_a_press_whose_opening_edge_was_lost_still_counts():
    contact, _ = contacts.edge(Contact(), level=True, at_ms=100, debounce=DEBOUNCE)
    _, changes = look_until(contact, level=False, until_ms=2000, debounce=DEBOUNCE)
    assert changes == [Change(True, 100), Change(False, 110)]


def hum(*, from_ms: int, lasts_ms: int, every_ms: int = 10):
    return [
        (at_ms, number % 2 == 0)
        for number, at_ms in enumerate(range(from_ms, from_ms + lasts_ms, every_ms))
    ]


def test_mains_hum_is_called_floating_within_two_seconds():
    _, contact = play(hum(from_ms=0, lasts_ms=2000), end_ms=2000)
    assert contact.floating


def test_a_floating_line_calls_at_most_once():
    changes, _ = play(hum(from_ms=0, lasts_ms=60_000), end_ms=60_000)
    assert len([change for change in changes if change.closed]) <= 1


def test_a_floating_line_is_believed_again_after_silence():
    _, contact = play(hum(from_ms=0, lasts_ms=10_000), end_ms=15_100)
    assert not contact.floating
    assert contacts.due_ms(contact, DEBOUNCE) is None


def test_every_hand_gets_through_on_a_floating_line():
    edges = hum(from_ms=0, lasts_ms=30_000)
    hands = [(10_000, 10_200), (20_000, 20_200)]
    for start_ms, end_ms in hands:
        edges = [edge for edge in edges if not start_ms <= edge[0] < end_ms] + [(start_ms, 1)]
    changes, contact = play(sorted(edges), end_ms=30_000)
    assert contact.floating
    assert [change.at_ms for change in changes if change.closed] == [0, 10_000, 20_000]


def test_a_frantic_shaky_presser_is_not_muted():
    """Six presses a second for ten seconds, each with four bounces at both ends."""
    edges = []
    for at_ms in range(0, 10_000, 166):
        edges += [(at_ms + step, step % 2 == 0) for step in range(5)]
        edges += [(at_ms + 80 + step, step % 2 == 1) for step in range(5)]
    changes, _ = play(edges, end_ms=10_100)
    assert len([change for change in changes if change.closed]) >= 12


def test_one_wild_bounce_does_not_make_a_line_float():
    edges = [(100 + number // 4, number % 2 == 0) for number in range(120)]
    _, contact = play([*edges, (200, 1)], end_ms=400)
    assert not contact.floating


waveforms = st.lists(st.integers(1, 400), max_size=60).map(
    lambda gaps: [(1000 + sum(gaps[: number + 1]), number % 2 == 0) for number in range(len(gaps))]
)


@given(waveforms)
def test_closings_and_openings_take_turns_in_order(edges):
    changes, _ = play(edges, end_ms=100_000)
    assert [change.closed for change in changes] == [
        number % 2 == 0 for number in range(len(changes))
    ]
    times = [change.at_ms for change in changes]
    assert times == sorted(times)


def segments(edges, end_ms):
    return [(level, at_ms, end) for (at_ms, level), (end, _) in pairwise([*edges, (end_ms, None)])]


@given(waveforms)
def test_a_stable_close_is_never_lost_and_a_spike_never_counts(edges):
    """Quiet lines: on one that floats more is asked, see above."""
    changes, _ = play(edges, end_ms=100_000)
    if _floated(edges):
        return
    lasting = {
        at_ms for level, at_ms, end in segments(edges, 100_000) if level and end - at_ms >= 10
    }
    counted = {change.at_ms for change in changes if change.closed}
    assert counted <= lasting
    for at_ms in lasting - counted:  # it belongs to a press under way
        before = [change for change in changes if change.at_ms < at_ms]
        assert before
        assert before[-1].closed


def _floated(edges):
    contact = Contact()
    for at_ms, level in edges:
        contact, _ = contacts.edge(contact, level=level, at_ms=at_ms, debounce=DEBOUNCE)
        if contact.floating:
            return True
    return False


@given(waveforms, st.integers(0, 40))
def test_late_edges_change_nothing(edges, late_ms):
    """Every edge is read late_ms after it happened; looks see the true level meanwhile.

    Where three edges come together a look may find the level it expects although the contact
    bounced in between; then the press counts from the first of them, which is no harm.
    """
    times = [at_ms for at_ms, _ in edges]
    is_tight = any(
        third - first <= late_ms + 30 for first, third in zip(times, times[2:], strict=False)
    )
    if is_tight or _floated(edges):
        return
    on_time, _ = play(edges, end_ms=100_000)
    assert play_late(edges, late_ms=late_ms, end_ms=100_000) == on_time


def play_late(edges, *, late_ms, end_ms):
    contact, changes = Contact(), []
    for at_ms, level in [*edges, (end_ms, None)]:
        while True:
            due_ms = contacts.due_ms(contact, DEBOUNCE)
            if due_ms is None or due_ms >= at_ms + late_ms:
                break
            true = next((bool(new) for at, new in reversed(edges) if at <= due_ms), False)
            seen = contact
            contact, more = contacts.look(contact, level=true, now_ms=due_ms, debounce=DEBOUNCE)
            changes += more
            if contact == seen and not more:
                break
        if level is not None:
            contact, more = contacts.edge(
                contact, level=bool(level), at_ms=at_ms, debounce=DEBOUNCE
            )
            changes += more
    return changes
