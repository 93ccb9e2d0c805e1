"""One branch in virtual time, built and lived through as its seed says."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

from firmware.state import PointSettings, UnitSettings
from gateway import config as gateway_config
from gateway.desk.team import Certificate

from . import faults, plans
from .customers import Hands
from .disks import MEMORY
from .gateway_side import GatewaySide
from .journal import Journal
from .network import Network
from .program import Program
from .staff import OFF_DUTY, ROLES, Terminal
from .timeline import Timeline
from .unit_side import UnitSide

# The contract's policy, but that it minds an incident nobody closes sooner; its last step comes
# twice after the last fault. Most branches live faster, and so tell more in less time.
PACES = {1.0: 1, 0.3: 7}
STEPS_S = (0, 30, 60, 120)
REPEAT_S, ARRIVAL_S, CLOSE_S = 60, 40, 70
RING_S, OFFER_S = 6, 15
SETTLE_MS = 190_000
# The last people act so long before the end, the last customer after the healing.
LAST_ACTION_MS = 20_000
LAST_PRESS_MS = 20_000
QUIET_MS = 400
GESTURES = {"press": 6, "twice": 2, "spike": 2, "hold": 2, "jam": 0.2}


class World:
    """Made by a seed. folder: for the databases. traced: tells its story."""

    def __init__(self, seed: int, folder: Path, *, traced: bool = False) -> None:
        self.timeline = Timeline()
        self.journal = Journal(self.timeline, traced=traced)
        self._seed = seed
        self._random = self._stream("world")
        self.network = Network(self.timeline, self._stream("network"))
        self.hands = Hands(self.timeline, self._stream("hands"))
        self.settings = _settings(self._random)
        self.pace = self._random.choices(list(PACES), list(PACES.values()))[0]
        self.config = replace(
            _config(self.settings, self._random, self.pace), store=str(folder / "anling.db")
        )
        self.units = [
            UnitSide(settings=one, outbox=folder / f"{one.id}.db", **self._parts(one.id))
            for one in self.settings
        ]
        self.gateway = GatewaySide(
            config=self.config, store=folder / "anling.db", **self._parts("gateway")
        )
        self.terminal = Terminal(pace=self.pace, **self._parts("board"))
        self.killable: list[UnitSide | GatewaySide] = [self.gateway, *self.units]
        self.programs: list[Program] = [*self.killable, self.terminal]

    def live(self) -> None:
        """From the first start, through the time of faults, to the quiet end."""
        heal_ms = self._random.randint(15_000, 50_000)
        end_ms = heal_ms + round(SETTLE_MS * self.pace)
        for program in self.programs:
            self.timeline.at(self._random.randint(0, 3_000), program.come_back)
        self._plan_customers(heal_ms + LAST_PRESS_MS)
        self.terminal.plan_signings(heal_ms + LAST_PRESS_MS)
        self._plan_writings(heal_ms)
        faults.plan(self, self._stream("faults"), until_ms=heal_ms)
        self.timeline.at(heal_ms, partial(faults.heal, self))
        self.timeline.at(
            end_ms - LAST_ACTION_MS, partial(setattr, self.terminal, "is_retired", True)
        )
        self.timeline.run(end_ms)
        while self.timeline.now_ms - self.journal.last_change_ms < QUIET_MS:
            self.timeline.run(self.timeline.now_ms + QUIET_MS // 4)

    def close(self) -> None:
        for program in self.killable:
            if program.is_running:
                program.end(power_cut=True)

    def _plan_customers(self, until_ms: int) -> None:
        random = self._random
        for _ in range(random.randint(2, 10)):
            unit = random.choice(self.units)
            point = random.choice(unit.settings.points)
            role = random.choices(list(point.lines), [8 if r == "call" else 1 for r in point.lines])
            gesture = random.choices(list(GESTURES), list(GESTURES.values()))[0]
            gesture = {"call": gesture, "presence": "press", "seat": "sit"}[role[0]]
            act = partial(self.hands.do, unit, point.lines[role[0]], gesture)
            self.timeline.at(random.randint(0, until_ms), act)

    def _plan_writings(self, until_ms: int) -> None:
        random = self._stream("plans")
        points = [point.id for unit in self.settings for point in unit.points]
        writings = plans.drawn(random, points, pace=self.pace, until_ms=until_ms)
        self.terminal.plan_writings(writings, random)

    def _parts(self, name: str) -> dict:
        return {
            "network": self.network,
            "timeline": self.timeline,
            "journal": self.journal,
            "random": self._stream(name),
        }

    def _stream(self, name: str) -> Random:
        """Chance of its own for each part, so that one does not disturb the others."""
        return Random(f"{self._seed} {name}")


@contextmanager
def lived(seed: int, *, traced: bool = False) -> Iterator[World]:
    """The world of a seed at its end, with its programs still there."""
    logging.disable()
    try:
        with tempfile.TemporaryDirectory(prefix="anling-", dir=MEMORY) as folder:
            world = World(seed, Path(folder), traced=traced)
            try:
                world.live()
                yield world
            finally:
                world.close()
    finally:
        logging.disable(logging.NOTSET)


def _settings(random: Random) -> list[UnitSettings]:
    return [
        UnitSettings(
            id=f"unit-0{number}",
            points=tuple(
                PointSettings(
                    id=f"point-{number}{letter}",
                    lines=_lines(random, 4 * place),
                    silent=random.random() < 0.2,
                )
                for place, letter in enumerate("abc"[: random.randint(1, 3)])
            ),
            drill=random.random() < 0.1,
        )
        for number in range(1, random.choices((1, 2, 3), (5, 4, 2))[0] + 1)
    ]


def _lines(random: Random, first: int) -> dict[str, int]:
    lines = {"call": first}
    if random.random() < 0.5:
        lines["presence"] = first + 1
    if random.random() < 0.4:
        lines["seat"] = first + 2
    return lines


def _config(units: list[UnitSettings], random: Random, pace: float) -> gateway_config.GatewayConfig:
    return gateway_config.GatewayConfig(
        branch="b001",
        units=[gateway_config.UnitSettings(id=one.id) for one in units],
        points=[
            gateway_config.PointSettings(
                id=point.id,
                label=point.id,
                unit=unit.id,
                silent=point.silent,
                seat_check_after_s=random.choice((None, 15)),
            )
            for unit in units
            for point in unit.points
        ],
        staff=[
            gateway_config.StaffSettings(
                id=staff,
                name=staff,
                roles=list(roles),
                on_duty=staff not in OFF_DUTY,
                certificates=[Certificate(what="first_aid", expires="2099-12-31")],
            )
            for staff, roles in ROLES.items()
        ],
        policy=gateway_config.PolicySettings(
            steps=[
                gateway_config.StepSettings(
                    after_s=round(after_s * pace),
                    tell=tell,
                    ring_s=random.choice((None, None, None, round(RING_S * pace))),
                )
                for after_s, tell in zip(
                    STEPS_S, ("kind", "on_duty", "lead", "outside"), strict=True
                )
            ],
            repeat_s=round(REPEAT_S * pace),
            arrival_s=round(ARRIVAL_S * pace),
            close_s=round(CLOSE_S * pace),
            offer_s=round(OFFER_S * pace),
            handover_needs_consent=random.random() < 0.5,
        ),
        channels=[
            gateway_config.ChannelSettings(name="everybody", url="simulated://"),
            gateway_config.ChannelSettings(name="guards", url="simulated://", roles=["security"]),
        ],
    )
