"""The simulation can fail, and what it finds can be found again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from . import planted
from .__main__ import main
from .oracle import TruePress, true_presses
from .seeds import first_to_say, how_to_look
from .world import lived

ENOUGH_SEEDS = 300


@pytest.mark.parametrize(
    ("bug", "words"), planted.BUGS.items(), ids=[bug.__name__ for bug in planted.BUGS]
)
def test_a_planted_bug_is_caught(
    bug: Callable[[planted.Patch], None], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch.setattr)
    assert first_to_say(words, range(ENOUGH_SEEDS)) is not None


def test_a_seed_always_tells_the_same_story() -> None:
    stories = []
    for _ in range(2):
        with lived(7, traced=True) as world:
            stories.append(world.journal.lines)
    assert stories[0] == stories[1]
    assert len(stories[0]) > 20


def test_a_failing_seed_says_how_to_look_at_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted.lamp_promises(monkeypatch.setattr)
    seed = first_to_say("shows coming", range(ENOUGH_SEEDS))
    assert f"python -m tests.simulation {seed}" in how_to_look(seed, "")
    assert main([str(seed)]) == 1
    story = capsys.readouterr().out
    assert "lamp of" in story
    assert f"seed {seed}: " in story


def test_a_seed_that_is_no_number_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["first"]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("moves", "presses"),
    [
        ([], []),
        ([(0, True), (9, False)], []),
        ([(0, True), (10, False)], [TruePress(0, 10)]),
        ([(0, True), (3, False), (5, True), (15, False)], [TruePress(5, 15)]),
        ([(0, True), (50, False), (79, True), (80, False)], [TruePress(0, 80)]),
        ([(0, True), (50, False), (80, True), (90, False)], [TruePress(0, 50), TruePress(80, 90)]),
    ],
)
def test_the_oracle_counts_presses_as_the_contract_says(
    moves: list[tuple[int, bool]], presses: list[TruePress]
) -> None:
    assert true_presses(moves) == presses
