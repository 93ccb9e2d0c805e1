"""python -m tests.simulation SEED: lives one seed and tells what happened in it."""

from __future__ import annotations

import sys

from .checks import verdict
from .world import lived

USAGE = "usage: python -m tests.simulation SEED\n"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].isdecimal():
        sys.stderr.write(USAGE)
        return 2
    seed = int(arguments[0])
    with lived(seed, traced=True) as world:
        wrong = verdict(world)
        for line in world.journal.lines:
            print(line)
    for what in wrong:
        print(f"WRONG: {what}")
    print(f"seed {seed}: {f'{len(wrong)} rules broken' if wrong else 'all is well'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
