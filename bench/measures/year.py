"""The board's pages with a year of 50,000 incidents, beside a week's 350.

Two whole branches run. Timed: each page, asked of the small and the large in turn over HTTP. The
same question of both: the list of incidents, and the review of the last month. Everything each has:
response times of the week beside those of the year. "Something new": a press was written since, so
the figures are put together anew, from the months that the board has read already. "Never asked":
the first time since the board has started, once each and not judged. Plots are asked for once
before: the board then has its drawing library. Each figure of a round is the median of several
questions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from bench.branch import Branch, calling, crowd, running
from bench.caller import Caller
from bench.figures import Limit, Row, compared, in_turn
from bench.past import DAY_MS, Past
from bench.screen import get, wait_for_board
from bench.settings import Settings
from protocol.moment import rfc3339

WEEK, YEAR, QUICK_YEAR = 350, 50_000, 5_000
WEEK_MS, YEAR_MS = 7 * DAY_MS, 365 * DAY_MS
QUESTIONS = 3
RATE_HZ = 20
# The same question costs about the same; all of a year has 140 times a week's incidents in it.
SAME, ALL = Limit(3, of="ratio"), Limit(20, of="ratio")
# Fixed, so that the large store is made once and used again.
END_MS = 1_767_225_600_000  # 2026-01-01
MONTH = "2025-12"


@dataclass(slots=True)
class Archive:
    """A branch with a past, ready to be asked. first_ms: its response times, never asked before."""

    branch: Branch
    past: Past
    caller: Caller
    first_ms: float = 0.0

    @property
    def days(self) -> str:
        """The days that hold its whole past, as pages take them."""
        first = rfc3339(END_MS - (self.past.evenly_ms or 0))[:10]
        return f"from={first}&to={rfc3339(END_MS)[:10]}"

    def write_something(self) -> None:
        """A press and what comes of it in the log: figures must be reckoned anew."""
        self.caller.call_paced(self.branch.crowd[:1], rate_hz=RATE_HZ)


Page = Callable[[Archive], str]


def measure(settings: Settings) -> list[Row]:
    year = settings.pick(YEAR, QUICK_YEAR)
    with ExitStack() as stack:
        small = stack.enter_context(_archive(settings, Past(WEEK, END_MS, WEEK_MS)))
        large = stack.enter_context(_archive(settings, Past(year, END_MS, YEAR_MS)))
        rows = [
            _row(settings, name, page, small, large, limit=limit, is_new=is_new)
            for name, page, limit, is_new in _pages(year)
        ]
    first = Row(
        measure="  all response times, never asked",
        unit="ms",
        beside=small.first_ms,
        ours=large.first_ms,
        ratio=large.first_ms / small.first_ms,
    )
    return [*rows, first]


@contextmanager
def _archive(settings: Settings, past: Past) -> Iterator[Archive]:
    with ExitStack() as stack:
        folder = settings.folder / str(past.count)
        places = crowd(units=1, points=1)
        branch = stack.enter_context(running(folder, crowd=places))
        past.write(branch.store)
        branch.start("gateway")
        caller = stack.enter_context(calling(branch, branch.name))
        branch.start("board")
        wait_for_board(branch)
        archive = Archive(branch, past, caller)
        get(branch, "/incidents")  # the board has made its first page
        archive.first_ms = _timed_ms(archive, _times(archive))
        get(branch, _plot(archive))
        yield archive


def _pages(year: int) -> list[tuple[str, Page, Limit | None, bool]]:
    return [
        (f"year of {year:,} incidents, beside {WEEK}: incidents", _incidents, SAME, False),
        ("  incidents, an older page", _older, SAME, False),
        ("  last month's review, something new", _month, SAME, True),
        ("  last month's review, again", _month, SAME, False),
        ("  all response times, something new", _times, ALL, True),
        ("  all response times, again", _times, SAME, False),
        ("  plot of all hours, again", _plot, SAME, False),
        ("  plot of all days", _days_plot, None, False),
    ]


def _incidents(one: Archive) -> str:
    return "/incidents?stage=all"


def _older(one: Archive) -> str:
    return f"/incidents?stage=closed&before={one.past.ids(1)[0]}"


def _month(one: Archive) -> str:
    return f"/reports/month?month={MONTH}"


def _times(one: Archive) -> str:
    return f"/reports/response-times?{one.days}"


def _plot(one: Archive) -> str:
    return f"/reports/response-times/by-hour.svg?{one.days}"


def _days_plot(one: Archive) -> str:
    return f"/reports/response-times/by-day.svg?{one.days}"


def _row(
    settings: Settings,
    name: str,
    page: Page,
    small: Archive,
    large: Archive,
    *,
    limit: Limit | None,
    is_new: bool,
) -> Row:
    beside, mine = in_turn(
        settings.rounds,
        lambda: _median_ms(page, small, is_new=is_new),
        lambda: _median_ms(page, large, is_new=is_new),
    )
    return compared(name, "ms", beside=beside, ours=mine, limit=limit)


def _median_ms(page: Page, archive: Archive, *, is_new: bool) -> float:
    path = page(archive)
    if not is_new:
        get(archive.branch, path)

    def once_ms() -> float:
        if is_new:
            archive.write_something()
        return _timed_ms(archive, path)

    return median(once_ms() for _ in range(QUESTIONS))


def _timed_ms(archive: Archive, path: str) -> float:
    begin_ns = time.perf_counter_ns()
    get(archive.branch, path)
    return (time.perf_counter_ns() - begin_ns) / 1e6
