"""How lamps and sounders look and sound over time."""

from __future__ import annotations

import pytest

from firmware.indicators import DRILL_LAMPS, LAMPS, SOUNDERS, Indicators, Shown, light, shown


def played(pattern, for_ms):
    """[(at, lit)] of every change within for_ms, found by asking for the next one only."""
    at_ms, changes = 0, []
    while at_ms is not None and at_ms < for_ms:
        lit, at_next = light(pattern, at_ms)
        changes.append((at_ms, lit))
        at_ms = at_next
    return changes


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (LAMPS["off"], [(0, False)]),
        (LAMPS["coming"], [(0, True)]),
        (LAMPS["saved"], [(0, True), (200, False), (400, True), (600, False), (800, True)]),
        (LAMPS["recorded"], [(0, True), (800, False)]),
        (LAMPS["undelivered"], [(0, True), (150, False), (350, True), (500, False)]),
        (SOUNDERS["on"], [(0, True), (500, False)]),
    ],
)
def test_a_pattern_looks_like_this_for_a_second(pattern, expected):
    assert played(pattern, 1000) == expected


@pytest.mark.parametrize("pattern", [*LAMPS.values(), *DRILL_LAMPS.values()])
def test_no_lamp_flashes_more_than_three_times_a_second(pattern):
    starts = [at_ms for at_ms, lit in played(pattern, 20_000) if lit]
    for start_ms in starts:
        assert len([at for at in starts if start_ms <= at < start_ms + 1000]) <= 3


def test_every_state_of_the_lamp_looks_different():
    patterns = {*LAMPS.values(), *DRILL_LAMPS.values()}
    assert len(patterns) == len(LAMPS) + 2, "a drill is marked once the gateway speaks of it"


def test_a_drill_is_lit_as_much_as_a_call_but_for_its_mark():
    for lamp in ("recorded", "coming"):
        lit = [light(DRILL_LAMPS[lamp], at_ms)[0] for at_ms in range(3000)]
        as_call = [light(LAMPS[lamp], at_ms)[0] for at_ms in range(3000)]
        assert lit != as_call
        assert sum(one == other for one, other in zip(lit, as_call, strict=True)) > 2500


@pytest.mark.parametrize(
    ("stage", "is_received", "drill", "expected"),
    [
        ("raised", False, True, Shown("recorded", drill=True)),
        ("accepted", False, True, Shown("coming", drill=True)),
        ("arrived", False, False, Shown("coming")),
        ("idle", True, True, Shown("recorded")),  # a receipt alone does not say that it is one
        ("idle", False, True, Shown("off")),
    ],
)
def test_a_drill_is_marked_when_the_gateway_says_so(stage, is_received, drill, expected):
    found = shown(
        silent=False, stage=stage, calls=None, is_received=is_received, now_ms=0, drill=drill
    )
    assert found == expected


def test_a_marked_lamp_moves_as_marked():
    indicators = Indicators(lamps={"a": 19}, sounders={})
    indicators.show("a", Shown("coming", drill=True))
    assert indicators.moves(0) == ({19: True}, 2800)
    assert indicators.moves(2800) == ({19: False}, 3000)


def test_a_pattern_is_the_same_whenever_it_is_asked():
    for at_ms in range(0, 3000, 7):
        lit, next_ms = light(LAMPS["undelivered"], at_ms)
        assert light(LAMPS["undelivered"], next_ms - 1)[0] == lit
        assert light(LAMPS["undelivered"], next_ms)[0] != lit


def test_only_lines_that_change_are_moved():
    indicators = Indicators(lamps={"a": 19, "b": 20}, sounders={"a": 26})
    for point in "abc":
        indicators.show(point, Shown())
    assert indicators.moves(0) == ({19: False, 20: False, 26: False}, None)
    indicators.show("a", Shown("coming"))
    assert indicators.moves(5) == ({19: True}, None)
    indicators.show("a", Shown("undelivered", "on"))
    assert indicators.moves(1500) == ({26: True}, 1650)
    assert indicators.moves(1650) == ({19: False}, 1850)
    indicators.forget()
    assert indicators.moves(1660)[0] == {19: False, 20: False, 26: True}
