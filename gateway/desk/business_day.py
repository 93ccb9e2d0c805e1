"""PURE. A day of business: opened, closed, or never closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from gateway.desk.hours import hours_on
from gateway.desk.record import Record, World
from gateway.supervision import Wrong

NOT_CLOSED = "not_closed"
State = Literal["unknown", "before", "unopened", "open", "closed", "unclosed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Something that was not right and that somebody took upon them, with the reason."""

    subject: str
    name: str
    detail: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From an opening to the closing after it. at, by: when and by whom, or None.

    missing: what was not right at the opening. left: what was not over at the closing.
    """

    opened_at: str | None = None
    opened_by: str | None = None
    missing: list[Accepted] = field(default_factory=list)
    closed_at: str | None = None
    closed_by: str | None = None
    left: list[Accepted] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDay(Stretch):
    """One day of business; the record's id is its date, even if it is closed after midnight.

    earlier: its stretches before the present one, when it was closed and opened again.
    """

    earlier: list[Stretch] = field(default_factory=list)


def state_of(world: World) -> State:
    """How the branch stands; "unknown" without opening hours and without an opening.

    "unclosed": a day that is over was opened, and nobody has closed it.
    """
    if unclosed(world) is not None:
        return "unclosed"
    day = present_day(world)
    if day is not None:
        return "closed" if day.body.closed_at else "open"
    hours = hours_on(world, world.local.date())
    if hours is None:
        return "unknown"
    opens, closes = hours
    if world.local < opens:
        return "before"
    return "unopened" if world.local < closes else "unknown"


def present_day(world: World) -> Record | None:
    """The day that is open, of whichever date; else today's, if it was opened or closed."""
    opened = [one for one in world.all("day").values() if not one.body.closed_at]
    today = world.get("day", world.local.date().isoformat())
    return max(opened, key=lambda one: one.id, default=today)


def unclosed(world: World) -> Record | None:
    """The day that is still open although its date and its opening hours are over."""
    day = present_day(world)
    if day is None or day.body.closed_at:
        return None
    return day if end_of(world, day.id) <= world.local else None


def end_of(world: World, day: str) -> datetime:
    """When a day of business is over: at midnight, or when the branch closes after that."""
    date_ = date.fromisoformat(day)
    midnight = datetime.combine(date_ + timedelta(days=1), time())
    hours = hours_on(world, date_)
    return max(midnight, hours[1]) if hours else midnight


def wrongs(world: World) -> Iterator[Wrong]:
    """A day that is over and that nobody has closed."""
    day = unclosed(world)
    if day is not None:
        yield Wrong(f"day/{day.id}", NOT_CLOSED)
