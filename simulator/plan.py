"""What a new branch consists of: units, points, staff and their secrets."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.messages import ID_PATTERN
from simulator import lines
from simulator.errors import UsageError

MAX_UNITS = 99
TOKEN_NAME = "api"
# The name under which all pagers of a branch listen.
PAGER = "pager"

# Everybody a branch needs at least once; edit them in gateway.toml.
PEOPLE = (
    ("101", "王芳 Wang Fang", ("customer_service",)),
    ("102", "李娜 Li Na", ("customer_service", "first_aid")),
    ("103", "张强 Zhang Qiang", ("security",)),
    ("104", "赵敏 Zhao Min", ("lead",)),
    ("105", "陈杰 Chen Jie", ("maintenance",)),
    ("106", "刘洋 Liu Yang", ("admin",)),
)
# Whom an empty branch has: everybody and everything else is written on the pages.
FIRST_LEAD = ("101", "值班主管 Duty lead", ("lead",))
COUNTER = "{n}号柜台 Counter {n}"
# The first places of a branch; counters follow.
PLACES = (
    "1号柜台 Counter 1",
    "2号柜台 Counter 2",
    "爱心座椅 Courtesy seat",
    "填单台 Writing desk",
    "自助服务区 Self-service area",
    "等候区 Waiting area",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A call point. label: its name for people, "" when the pages are to give it one. lines:
    {part: BCM number}, see simulator.lines."""

    id: str
    label: str
    unit: str
    lines: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of staff. pin: six digits, in clear."""

    id: str
    name: str
    roles: tuple[str, ...]
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole branch.

    passwords: {program: MQTT password}; empty when the broker lets anybody in. token: a machine's
    bearer token in clear. state_folder: where databases go; "" is beside the configuration.
    empty: the points and the team are left to the pages, but for one lead.
    """

    branch: str
    simulated: bool
    broker: str
    mqtt_port: int
    board_port: int
    units: tuple[str, ...]
    points: tuple[Point, ...]
    staff: tuple[Person, ...]
    token: str
    secret_key: str
    passwords: dict[str, str] = field(default_factory=dict)
    state_folder: str = ""
    empty: bool = False


def make(
    *,
    branch: str,
    units: int,
    points: int,
    simulated: bool,
    mqtt_port: int,
    board_port: int,
    broker: str = "mosquitto",
    state_folder: str = "",
    empty: bool = False,
) -> Plan:
    """A new branch with secrets of its own. Raises: UsageError."""
    _check(branch=branch, units=units, points=points, simulated=simulated, broker=broker)
    _check_ports(mqtt=mqtt_port, board=board_port)
    names = tuple(f"unit-{number:02d}" for number in range(1, units + 1))
    programs = () if simulated else (*names, "gateway", "board", PAGER)
    return Plan(
        branch=branch,
        simulated=simulated,
        broker=broker,
        mqtt_port=mqtt_port,
        board_port=board_port,
        units=names,
        points=_points(names, points, named=not empty),
        staff=_staff((FIRST_LEAD,) if empty else PEOPLE),
        token=secrets.token_urlsafe(32),
        secret_key=secrets.token_hex(32),
        passwords={program: secrets.token_urlsafe(24) for program in programs},
        state_folder=state_folder,
        empty=empty,
    )


def _check(*, branch: str, units: int, points: int, simulated: bool, broker: str) -> None:
    if not re.match(ID_PATTERN, branch):
        raise UsageError(
            f"--branch {branch} is no id: use 1 to 32 small letters, digits and hyphens, "
            "a letter or digit first, such as b001."
        )
    if not 1 <= units <= MAX_UNITS:
        raise UsageError(f"--units {units} is out of range: 1 to {MAX_UNITS} are allowed.")
    if points < units:
        raise UsageError(f"--points {points} is fewer than the units: each needs at least one.")
    if broker == "embedded" and not simulated:
        raise UsageError(
            "The embedded broker has no passwords and is for simulated branches only: "
            "add --simulated, or choose --broker mosquitto."
        )


def _check_ports(*, mqtt: int, board: int) -> None:
    if mqtt == board:
        raise UsageError(
            f"--mqtt-port and --board-port are both {mqtt}; the broker and the board each need "
            "their own."
        )


def _points(units: tuple[str, ...], count: int, *, named: bool) -> tuple[Point, ...]:
    """point-1, point-2 … over the units in turn."""
    of_unit = {
        unit: iter(lines.share(len(range(number, count, len(units)))))
        for number, unit in enumerate(units)
    }
    return tuple(
        Point(
            id=f"point-{number + 1}",
            label=_label(number) if named else "",
            unit=units[number % len(units)],
            lines=next(of_unit[units[number % len(units)]]),
        )
        for number in range(count)
    )


def _label(number: int) -> str:
    if number < len(PLACES):
        return PLACES[number]
    return COUNTER.format(n=number - len(PLACES) + 3)


def _staff(people: Iterable[tuple[str, str, tuple[str, ...]]]) -> tuple[Person, ...]:
    return tuple(
        Person(id=staff, name=name, roles=roles, pin=f"{secrets.randbelow(10**6):06d}")
        for staff, name, roles in people
    )
