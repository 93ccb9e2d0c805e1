"""Programs killed with SIGKILL at random moments while customers press: nothing is lost.

What a button's finger is to a real unit, a message at the broker is to a simulated one; so a press
counts as made only where it certainly reached the unit: broker and unit ran around it. Everything a
unit has felt must then be in exactly one incident, whoever was killed.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from running_branch import RunningBranch, wait_until

KILLS = 5
# All of a file's seeds: a failure names the one to set here.
SEED = random.SystemRandom().randrange(10**6)

pytestmark = pytest.mark.timeout(180)


class Customers:
    """Press here and there. made: presses that certainly reached a unit."""

    def __init__(self, branch: RunningBranch, chance: random.Random) -> None:
        self._branch = branch
        self._chance = chance
        self._points = branch.ready["points"]
        self.made: Counter[str] = Counter()

    def press_until(
        self, is_over: Callable[[], bool], *, unsure_of: AbstractSet[str] = frozenset()
    ) -> None:
        """unsure_of: units whose points are pressed too, but not counted on."""
        while not is_over():
            self.press_all(unsure_of)

    def press_all(self, unsure_of: AbstractSet[str] = frozenset()) -> None:
        """Everybody once, overlapping, in a new order each time.

        Contacts stay closed and open far longer than a busy machine delays a message: two that
        arrive together would rightly be taken for bounce.
        """
        self._chance.shuffle(self._points)
        for level in ("1", "0"):
            for point in self._points:
                self._branch.contact(point["id"], level)
                time.sleep(self._chance.random() * 0.08)
            time.sleep(0.3)
        self.made.update(p["id"] for p in self._points if p["unit"] not in unsure_of)


@pytest.mark.parametrize("victim", ["gateway", "board"])
def test_no_press_is_lost_when_it_is_killed(own_branch: RunningBranch, victim: str):
    customers = Customers(own_branch, random.Random(SEED))
    with _deaths_of(own_branch, victim) as is_over:
        customers.press_until(is_over)
    _check_nothing_lost(own_branch, customers)
    assert _pressed_alerts(own_branch) == customers.made


def test_no_press_is_lost_when_a_unit_is_killed(own_branch: RunningBranch):
    customers = Customers(own_branch, random.Random(SEED))
    with _deaths_of(own_branch, "unit-01") as is_over:
        customers.press_until(is_over, unsure_of={"unit-01"})
    _check_nothing_lost(own_branch, customers)


def test_no_press_is_lost_when_the_broker_is_killed(own_branch: RunningBranch):
    customers = Customers(own_branch, random.Random(SEED))
    for _ in range(2):
        sessions = own_branch.sessions()
        with _deaths_of(own_branch, "broker", times=2) as is_over:
            customers.press_until(is_over, unsure_of=set(own_branch.ready["units"]))
        own_branch.wait_for_new_sessions(sessions)
        customers.press_all()
    _check_nothing_lost(own_branch, customers)


def test_a_press_saved_before_the_gateway_comes_back_is_not_lost(own_branch: RunningBranch):
    """Gateway and unit die together after the lamp said saved; the outbox remembers."""
    own_branch.kill("gateway")
    own_branch.press("point-1")
    own_branch.wait_for_lamp("point-1", "saved", "undelivered", "recorded")
    own_branch.kill("unit-01")
    own_branch.wait_until_well()
    own_branch.wait_for_lamp("point-1", "recorded")
    assert own_branch.open_incident("point-1")["presses"] >= 1


@contextmanager
def _deaths_of(
    branch: RunningBranch, victim: str, *, times: int = KILLS
) -> Iterator[Callable[[], bool]]:
    """Kills the victim at random moments while the caller goes on; yields whether it is over."""
    print(f"seed {SEED}")
    chance = random.Random(SEED + 1)

    def work() -> None:
        for _ in range(times):
            time.sleep(0.1 + chance.random())
            branch.kill(victim)

    with ThreadPoolExecutor(max_workers=1) as pool:
        deaths = pool.submit(work)
        yield deaths.done
        deaths.result()


def _check_nothing_lost(branch: RunningBranch, customers: Customers) -> None:
    branch.wait_until_well()
    wait_until("every outbox is empty", lambda: _pending(branch) == 0, within_s=30)
    felt = _pressed_alerts(branch)
    for point, made in customers.made.items():
        assert felt[point] >= made, f"{point}: pressed {made} times, {felt[point]} recorded"
    _check_each_alert_once(branch)
    _check_lamps(branch)


def _pending(branch: RunningBranch) -> int:
    """Alerts that still wait in the units' outboxes, read from their databases."""
    return sum(
        _query(branch, f"{unit}.db", "SELECT count(*) FROM alerts")[0][0]
        for unit in branch.ready["units"]
    )


def _pressed_alerts(branch: RunningBranch) -> Counter[str]:
    rows = _query(branch, "anling.db", "SELECT point FROM alerts WHERE what = 'pressed'")
    return Counter(point for (point,) in rows)


def _check_each_alert_once(branch: RunningBranch) -> None:
    """Every alert that was ever said is in one incident, and presses add up."""
    stored = dict(
        _query(
            branch, "anling.db", "SELECT alert_id, incident_id FROM alerts WHERE what = 'pressed'"
        )
    )
    said = {
        body["alert_id"]
        for topic, body in branch.ear.heard
        if topic.endswith("/alert") and body and body["what"] == "pressed"
    }
    assert said <= stored.keys()
    assert None not in stored.values()
    presses = {one["incident_id"]: one["presses"] for one in branch.incidents()}
    assert Counter(stored.values()) == presses
    open_points = [one["point"] for one in branch.incidents("open")]
    assert len(open_points) == len(set(open_points)), "two open incidents at one point"


def _check_lamps(branch: RunningBranch) -> None:
    called = {one["point"] for one in branch.incidents("open")}
    for point in (one["id"] for one in branch.ready["points"]):
        branch.wait_for_lamp(point, "recorded" if point in called else "off")


def _query(branch: RunningBranch, name: str, sql: str) -> list[tuple]:
    connection = sqlite3.connect(f"file:{branch.folder / name}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
