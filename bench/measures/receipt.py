"""Alert → receipt, beside the bare pipeline.

Timed in the sender's process: from just before it publishes an alert (QoS 1) until it has the
receipt for it. Each alert is a press at a point of its own, so Anling raises an incident each
time: log entry, feedback and incident message included. Both stand idle on the same broker while
the other is measured; between rounds all incidents are closed.
"""

from __future__ import annotations

from bench.branch import BARE, Branch, calling, crowd, running
from bench.caller import Caller
from bench.figures import Limit, Row, in_turn, latencies
from bench.settings import Settings
from bench.staff import close_all

RATES_HZ = (10, 100)
SECONDS, QUICK_SECONDS = 5, 2
UNITS = 10
LIMIT = Limit(1.3, of="ratio")


def measure(settings: Settings) -> list[Row]:
    seconds = settings.pick(SECONDS, QUICK_SECONDS)
    places = crowd(units=UNITS, points=max(RATES_HZ) * seconds // UNITS)
    with (
        running(settings.folder, "bare", "gateway", crowd=places) as branch,
        calling(branch, BARE) as bare,
        calling(branch, branch.name) as ours,
    ):
        return [row for rate in RATES_HZ for row in _at(rate, settings, branch, bare, ours)]


def _at(rate_hz: int, settings: Settings, branch: Branch, bare: Caller, ours: Caller) -> list[Row]:
    places = branch.crowd[: rate_hz * settings.pick(SECONDS, QUICK_SECONDS)]

    def round_of_bare() -> list[float]:
        ours.say_online(branch.units)
        return bare.call_paced(places, rate_hz=rate_hz)

    def round_of_ours() -> list[float]:
        ours.say_online(branch.units)
        found = ours.call_paced(places, rate_hz=rate_hz)
        close_all(branch, at_least=len(places))
        return found

    beside, mine = in_turn(settings.rounds, round_of_bare, round_of_ours)
    return latencies(f"alert → receipt, {rate_hz}/s", ours=mine, beside=beside, limit=LIMIT)
