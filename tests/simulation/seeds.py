"""Lives many seeds, and says of those that went wrong how to look at them."""

from __future__ import annotations

from collections.abc import Iterable

from .checks import verdict
from .world import lived

SHOWN = 5


def judge(seed: int) -> list[str]:
    """The rules that the seed's world broke. Raises: RuntimeError when a program failed in it."""
    try:
        with lived(seed) as world:
            return verdict(world)
    except Exception as error:
        raise RuntimeError(how_to_look(seed, f"{type(error).__name__}: {error}")) from error


def all_is_well(seeds: Iterable[int]) -> None:
    """Raises: AssertionError that names each seed with broken rules."""
    found = {seed: wrong for seed in seeds if (wrong := judge(seed))}
    told = [how_to_look(seed, wrong[0]) for seed, wrong in list(found.items())[:SHOWN]]
    assert not found, f"{len(found)} seeds went wrong:\n" + "\n".join(told)


def first_to_say(words: str, seeds: Iterable[int]) -> int | None:
    """The first seed of which a complaint holds these words."""
    return next((seed for seed in seeds if any(words in one for one in judge(seed))), None)


def how_to_look(seed: int, what: str) -> str:
    return f"seed {seed}: {what}\n    to see it: python -m tests.simulation {seed}"
