"""A gateway with 1,000,000 closed incidents, beside one with 1,000.

Both stores have the same month: 500 incidents in the last 30 days and 6 open ones now; the large
one has the rest in the ten years before (see `bench/past.py`). Two whole branches run, and each
question is put to the small and the large in turn. Timed: the store's read-only `Reader` in this
process, the same over the board's HTTP interface, an alert until its receipt, and a gateway's start
until it answers an alert. Each figure of a round is the median of several questions; one incident
is another one each time. The large store is written once and kept in .cache/bench (2 GB).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from bench.branch import Branch, calling, crowd, running
from bench.caller import Caller
from bench.figures import Limit, Row, compared, in_turn
from bench.past import A_MONTH, Past
from bench.screen import get, wait_for_board
from bench.settings import Settings
from gateway.store import Reader
from protocol.moment import rfc3339

SMALL, LARGE, QUICK_LARGE = 1_000, 1_000_000, 20_000
OPEN = 6
QUESTIONS = 5
RATE_HZ = 20
LIMIT = Limit(20, of="ratio")
# Fixed, so that the large store is made once and used again.
END_MS = 1_767_225_600_000  # 2026-01-01


@dataclass(slots=True)
class Archive:
    """A branch with a past, ready to be asked. start_s: its gateway's start until it answered."""

    branch: Branch
    past: Past
    reader: Reader
    caller: Caller
    ids: Iterator[str]
    start_s: float


def measure(settings: Settings) -> list[Row]:
    large = settings.pick(LARGE, QUICK_LARGE)
    with ExitStack() as stack:
        one, other = (stack.enter_context(_archive(settings, count)) for count in (SMALL, large))
        rows = [
            _row(settings, name, ask, one, other, limit) for name, ask, limit in _questions(large)
        ]
    start = Row(
        measure="  gateway's start until it answers an alert",
        unit="s",
        beside=one.start_s,
        ours=other.start_s,
        ratio=other.start_s / one.start_s,
    )
    return [*rows, start]


@contextmanager
def _archive(settings: Settings, count: int) -> Iterator[Archive]:
    past, places = Past(count, END_MS), crowd(units=1, points=OPEN)
    with ExitStack() as stack:
        folder = settings.folder / str(count)
        branch = stack.enter_context(running(folder, crowd=places))
        past.write(branch.store)
        begin = time.perf_counter()
        branch.start("gateway")
        caller = stack.enter_context(calling(branch, branch.name))
        start_s = time.perf_counter() - begin
        branch.start("board")
        wait_for_board(branch)
        caller.call_paced(places, rate_hz=RATE_HZ)
        reader = Reader(str(branch.store))
        stack.callback(reader.close)
        ids = itertools.cycle(past.ids(A_MONTH))
        yield Archive(branch, past, reader, caller, ids, start_s)


Ask = Callable[[Archive], object]


def _questions(large: int) -> list[tuple[str, Ask, Limit | None]]:
    over = f"of {large:,} incidents, beside {SMALL:,}:"
    return [
        (f"month's report {over} store", _month, LIMIT),
        ("  month's report: board's HTTP", _month_by_http, LIMIT),
        ("  open list: store", lambda one: one.reader.open_incidents(), None),
        (
            "  open list: board's HTTP",
            lambda one: get(one.branch, "/api/v1/incidents?stage=open"),
            None,
        ),
        ("  one incident and its log: store", _one_incident, None),
        (
            "  one incident and its log: board's HTTP",
            lambda one: get(one.branch, f"/api/v1/incidents/{next(one.ids)}"),
            None,
        ),
        (
            "  newest 50 closed: board's HTTP",
            lambda one: get(one.branch, "/api/v1/incidents?stage=closed&limit=50"),
            None,
        ),
    ]


def _month(one: Archive) -> object:
    start_ms, end_ms = one.past.month
    found = one.reader.response_times(start_ms=start_ms, end_ms=end_ms)
    assert len(found) == A_MONTH, f"{len(found)} incidents in the month"
    return found


def _month_by_http(one: Archive) -> object:
    start, end = map(rfc3339, one.past.month)
    return get(one.branch, f"/api/v1/reports/response-times?from={start}&to={end}")


def _one_incident(one: Archive) -> object:
    id_ = next(one.ids)
    return one.reader.incident(id_), one.reader.log(id_)


def _row(
    settings: Settings, name: str, ask: Ask, one: Archive, other: Archive, limit: Limit | None
) -> Row:
    beside, mine = in_turn(
        settings.rounds, lambda: _median_ms(ask, one), lambda: _median_ms(ask, other)
    )
    return compared(name, "ms", beside=beside, ours=mine, limit=limit)


def _median_ms(ask: Ask, archive: Archive) -> float:
    def once_ms() -> float:
        begin_ns = time.perf_counter_ns()
        ask(archive)
        return (time.perf_counter_ns() - begin_ns) / 1e6

    return median(once_ms() for _ in range(QUESTIONS))
