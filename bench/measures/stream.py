"""Alert → event at a browser's stream.

Timed in one process that both sends and watches: from just before it publishes the alert until
the line of the event with the new incident has been read from `GET /events` of the board. Gateway,
store, broker and board lie between; drawing it on a screen comes on top.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.branch import Branch, calling, crowd, running
from bench.caller import Caller, Place
from bench.errors import BenchError
from bench.figures import Row, latencies
from bench.screen import events, wait_for_board
from bench.settings import Settings
from bench.staff import close_all

CALLS, QUICK_CALLS = 20, 5
UNITS = 5
PAUSE_S = 0.05


def measure(settings: Settings) -> list[Row]:
    places = crowd(units=UNITS, points=settings.pick(CALLS, QUICK_CALLS) // UNITS)
    with (
        running(settings.folder, "gateway", "board", crowd=places) as branch,
        calling(branch, branch.name) as caller,
    ):
        wait_for_board(branch)
        close_all(branch, at_least=1)  # the incident of the alert that waited for the gateway
        rounds = [_round(branch, caller) for _ in range(settings.rounds)]
    return latencies("alert → event at a browser's stream", ours=rounds)


def _round(branch: Branch, caller: Caller) -> list[float]:
    caller.say_online(branch.units)
    stream = events(branch)
    next(stream)
    found = []
    for place in branch.crowd:
        time.sleep(PAUSE_S)
        found.append(_shown_ms(stream, caller, place))
    stream.close()
    close_all(branch, at_least=len(branch.crowd))
    return found


def _shown_ms(stream: Iterator[tuple[str, dict]], caller: Caller, place: Place) -> float:
    begin_ns = caller.call(place)
    for event, state in stream:
        if event == "incident" and state["point"] == place[1] and state["stage"] == "raised":
            return (time.perf_counter_ns() - begin_ns) / 1e6
    raise BenchError("the board ended the stream")
