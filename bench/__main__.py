"""`python -m bench`: prints one table of Anling beside a bare pipeline.

Nothing here is part of Anling. Each measure is a module of `bench/measures/` whose docstring says
exactly what is timed; `--explain` prints them. Judged figures say "ok" or "missed"; since machines
are noisy the exit code is 0 all the same, unless something broke, or with `--strict`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from bench.branch import mosquitto
from bench.errors import BenchError
from bench.figures import Row
from bench.past import CACHE
from bench.settings import Settings
from bench.table import record, table

NAMES = (
    "receipt",
    "policies",
    "storm",
    "press",
    "stream",
    "reload",
    "million",
    "year",
    "rest",
    "start",
)
ROUNDS, QUICK_ROUNDS = 5, 2

NOTES = """\
beside: the bare pipeline of bench/bare.py on the same broker in the same run; for the million and
the year, the small store; for policies, the branch as it is made; for imports, the libraries
alone. ratio: median over the rounds of Anling / beside, the two measured in turn. p50: median of
the rounds' medians; p95, p99, max: over all rounds' samples, printed and not judged, since a bare
sleep of 10 ms on a virtual machine wakes up to 27 ms late.

Published figures to hold these against, from another run on a machine like this one: bare pipeline
p50 2.2 ms, p99 about 7 ms; storm of 1,000 alerts 0.24 s with group commit, 0.66 s with single
ones; 44 ms an alert when Nagle's algorithm is left on. mosquitto 7,200 messages a second, amqtt
1,700. 50 screens that reload: with threaded servers 8 of 50 came back, with asynchronous ones all
in 20 to 45 ms (streams alone)."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.explain:
        print("\n".join(f"{name}: {_module(name).__doc__}" for name in NAMES))
        return 0
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    try:
        print(_machine(rounds), flush=True)
        sections = list(_sections(options.only or NAMES, rounds=rounds, is_quick=options.quick))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\n{table(sections)}\n\n{NOTES}")
    if options.json:
        options.json.write_text(json.dumps(_report(rounds, sections), indent=2) + "\n")
    return _verdict([row for _, rows in sections for row in rows], strict=options.strict)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=_positive, help=f"of each comparison, {ROUNDS}")
    parser.add_argument(
        "--quick", action="store_true", help="a minute: shows that all works, not how fast"
    )
    parser.add_argument(
        "--only", action="append", choices=NAMES, help="this measure; may be given several times"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a limit is missed")
    parser.add_argument("--explain", action="store_true", help="say what each measure times")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _module(name: str):
    return importlib.import_module(f"bench.measures.{name}")


def _sections(
    names: Sequence[str], *, rounds: int, is_quick: bool
) -> Iterator[tuple[str, list[Row]]]:
    """Each measure's name and rows.

    Everything is written beside the sources and not to /tmp, which is memory on newer systems: a
    commit there costs nothing.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=CACHE) as folder:
        for name in names:
            settings = Settings(folder=Path(folder) / name, rounds=rounds, is_quick=is_quick)
            begin = time.monotonic()
            print(f"{name} …", file=sys.stderr, flush=True)
            yield name, _module(name).measure(settings)
            print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)


def _leave(*_: object) -> NoReturn:
    """Ends the bench on SIGTERM, and with it, on the way out, every program it has started."""
    raise SystemExit(1)


def _machine(rounds: int) -> str:
    version = subprocess.run([mosquitto(), "-h"], capture_output=True, text=True, check=False)
    broker = version.stdout.partition("\n")[0].strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"Python {platform.python_version()}, {broker}, {os.cpu_count()} cores "
        f"({platform.machine()}), load {load}; {rounds} rounds"
    )


def _report(rounds: int, sections: Sequence[tuple[str, Sequence[Row]]]) -> dict[str, object]:
    return {
        "machine": _machine(rounds),
        "rounds": rounds,
        "measures": {name: [record(row) for row in rows] for name, rows in sections},
    }


def _verdict(rows: Sequence[Row], *, strict: bool) -> int:
    missed = [row.measure.strip() for row in rows if row.is_met is False]
    if missed:
        print("\nmissed: " + "; ".join(missed))
    return 1 if missed and strict else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    sys.exit(main())
