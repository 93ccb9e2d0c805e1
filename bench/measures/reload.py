"""50 screens that reload at once.

50 streams are open; all are cut, and at that moment each screen fetches the status board's page
and then opens its stream anew. Timed: until the last of them has the present state again; and,
while that goes on, how long one more visitor waits for the same page, over and over. Not timed:
style sheets and scripts, which browsers keep.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

from bench.branch import running
from bench.figures import Limit, Row
from bench.screen import Screen, wait_for_board
from bench.settings import Settings

SCREENS = 50
LIMIT = Limit(1.0, of="ours")


def measure(settings: Settings) -> list[Row]:
    with running(settings.folder, "gateway", "board") as branch:
        wait_for_board(branch)
        screens = [Screen(port=branch.board_port, token=branch.token) for _ in range(SCREENS + 1)]
        rounds = asyncio.run(_rounds(screens, settings.rounds))
    back, streams, longest, middle = (median(column) for column in zip(*rounds, strict=True))
    return [
        Row(
            measure="50 screens reload: all have page and stream", unit="s", ours=back, limit=LIMIT
        ),
        Row(measure="  their streams alone", unit="s", ours=streams),
        Row(measure="  a page meanwhile: p50", unit="s", ours=middle),
        Row(measure="  a page meanwhile: longest", unit="s", ours=longest, limit=LIMIT),
    ]


async def _rounds(screens: list[Screen], rounds: int) -> list[tuple[float, float, float, float]]:
    """Each round: seconds until all are back, the streams alone, a page's longest and p50."""
    *many, visitor = screens
    await visitor.page()
    await asyncio.gather(*(screen.watch() for screen in many))
    found = []
    for _ in range(rounds):
        streams_s, _ = await _storm(many, visitor, _watch)
        back_s, pages_s = await _storm(many, visitor, _page_and_watch)
        found.append((back_s, streams_s, max(pages_s), median(pages_s)))
    for screen in many:
        screen.leave()
    return found


async def _storm(
    many: list[Screen], visitor: Screen, reload: Callable[[Screen], Awaitable[float]]
) -> tuple[float, list[float]]:
    """(seconds until the last screen is back, seconds of each page meanwhile)."""
    begin = time.perf_counter()
    for screen in many:
        screen.leave()
    storm = asyncio.gather(*(reload(screen) for screen in many))
    pages_s = []
    while not storm.done():
        asked = time.perf_counter()
        await visitor.page()
        pages_s.append(time.perf_counter() - asked)
    return max(await storm) - begin, pages_s


async def _watch(screen: Screen) -> float:
    """When the screen was back, by `perf_counter`."""
    await screen.watch()
    return time.perf_counter()


async def _page_and_watch(screen: Screen) -> float:
    await screen.page()
    return await _watch(screen)
