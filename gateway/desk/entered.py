"""PURE. What nobody has entered yet: a list that is empty is none in which all is well."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.desk.hours import BRANCH
from gateway.desk.record import World
from gateway.supervision import Wrong

NOTHING = "nothing_entered"
NEVER_TESTED = "never_tested"


def not_entered(world: World) -> Iterator[Wrong]:
    """Each thing that an opening check can say nothing about, since nobody has told the system."""
    hours = world.get("hours", BRANCH)
    if hours is None or not hours.body.week:
        yield Wrong("hours/branch", NOTHING)
    if not world.all("resource"):
        yield Wrong("resources/branch", NOTHING)
    if not world.all("shift") and _is_anybody_planned(world):
        yield Wrong("shifts/branch", NOTHING)
    points = [id for id, point in world.points.items() if point.configured]
    if points and not any(world.get("walk_test", id) for id in points):
        yield Wrong("buttons/branch", NEVER_TESTED)


def _is_anybody_planned(world: World) -> bool:
    """Whether somebody works by the shifts, which then are what is missing."""
    return any(one.body.duty == "plan" for one in world.all("staff").values())
