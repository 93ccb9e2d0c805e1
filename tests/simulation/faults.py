"""What goes wrong, and when: a plan drawn from the seed. Nothing of it outlasts the healing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from .program import Program

if TYPE_CHECKING:
    from .world import World

DAY_MS = 24 * 3600 * 1000


def plan(world: World, random: Random, *, until_ms: int) -> None:
    """Spreads some faults over the time before the healing."""
    for _ in range(random.randint(2, 9)):
        fault = random.choices(list(FAULTS), weights=FAULTS.values())[0]
        world.timeline.at(random.randint(0, until_ms), partial(fault, world, random))


def heal(world: World) -> None:
    """Everything works again from now on."""
    world.journal.tell("world", "heals")
    world.network.heal()
    for program in world.killable:
        program.fuse.left = None
        program.disk_is_full = False
    world.gateway.crashes_at_close = None
    for program in world.killable:
        program.come_back()


def _link_breaks(world: World, random: Random) -> None:
    program = random.choice(world.programs)
    away_ms = random.choice((0, 300, 3_000, 20_000))
    if program.is_running:
        world.journal.tell("world", f"the connection of {program.name} breaks")
        program.link.break_off(away_ms)


def _broker_restarts(world: World, random: Random) -> None:
    world.journal.tell("world", "the broker restarts")
    world.network.restart_broker(random.randint(100, 12_000))


def _network_slows(world: World, random: Random) -> None:
    world.journal.tell("world", "the network slows down")
    world.network.slow_down(random.choice((20, 200, 800)), random.randint(1_000, 15_000))


def _program_is_killed(world: World, random: Random) -> None:
    program: Program = random.choice(world.killable)
    program.kill(power_cut=random.random() < 0.4, down_ms=_down_ms(random))


def _program_will_crash(world: World, random: Random) -> None:
    """At one of the next commits, or between two messages that follow from one."""
    program: Program = random.choice((world.gateway, *world.killable))
    program.down_ms, program.is_power_cut = _down_ms(random), random.random() < 0.3
    program.fuse.arm(random.randint(0, 12))
    world.journal.tell("world", f"{program.name} will crash")


def _gateway_will_crash_at_a_close(world: World, random: Random) -> None:
    """Between the commit of a closed incident and its last word: a corner that chance rarely
    finds."""
    gateway = world.gateway
    gateway.down_ms, gateway.is_power_cut = _down_ms(random), random.random() < 0.3
    gateway.crashes_at_close = random.randint(0, 3)
    world.journal.tell("world", "the gateway will crash when something closes")


def _disk_fills(world: World, random: Random) -> None:
    random.choice(world.killable).fill_disk(random.randint(200, 15_000))


def _wall_clock_jumps(world: World, random: Random) -> None:
    program: Program = random.choice(world.killable)
    jump_ms = random.choice((-365 * DAY_MS, -DAY_MS, -5_000, 700, 90_000, 3 * DAY_MS))
    program.machine.wall_ms += jump_ms
    world.journal.tell("world", f"the wall clock of {program.name} jumps by {jump_ms} ms")


def _down_ms(random: Random) -> int:
    return random.choice((50, 500, 3_000, random.randint(1_000, 40_000)))


FAULTS: dict[Callable[[World, Random], None], float] = {
    _link_breaks: 4,
    _program_will_crash: 4,
    _program_is_killed: 2,
    _gateway_will_crash_at_a_close: 1,
    _broker_restarts: 1,
    _network_slows: 1,
    _disk_fills: 1,
    _wall_clock_jumps: 1,
}
