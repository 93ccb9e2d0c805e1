"""A storm: 1,000 alerts of 1,000 units at once, beside the bare pipeline with group commit.

Timed in the sender's process: from just before the first alert is published until the last of the
1,000 receipts is there. The 1,000 units are configured and have said that they are online; one
connection carries them all (the simulated branch lets anybody speak for any unit), so neither
side pays for 1,000 sockets. Each alert raises an incident. Every round starts a new process with
an empty store, which has answered one alert before.
"""

from __future__ import annotations

from bench.branch import BARE, Branch, calling, crowd, running
from bench.figures import Limit, Row, compared, in_turn
from bench.settings import Settings

UNITS = 1000
LIMIT = Limit(1.5, of="ratio")


def measure(settings: Settings) -> list[Row]:
    places = crowd(units=UNITS + 1, points=1)
    with running(settings.folder, crowd=places) as branch:
        beside, mine = in_turn(
            settings.rounds,
            lambda: _storm(branch, "bare-group", "bare-group.db", of=BARE),
            lambda: _storm(branch, "gateway", "anling.db", of=branch.name),
        )
        single = [
            _storm(branch, "bare", "bare.db", of=BARE) for _ in range(min(3, settings.rounds))
        ]
    name = "storm of 1,000 alerts until the last receipt"
    return [
        compared(name, "s", beside=beside, ours=mine, limit=LIMIT),
        compared(
            "  beside the bare pipeline with a commit each",
            "s",
            beside=single,
            ours=mine[: len(single)],
        ),
    ]


def _storm(branch: Branch, program: str, database: str, *, of: str) -> float:
    branch.forget(database)
    branch.start(program)
    try:
        with calling(branch, of) as caller:
            if of != BARE:
                caller.say_online(branch.units)
                # Answered after all that was sent before it: the births are dealt with.
                caller.wait_for_taker(branch.crowd[0])
            return caller.call_at_once(branch.crowd[1:])
    finally:
        branch.stop(program)
