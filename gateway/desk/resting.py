"""PURE. Which channels are at rest: a test message through them would only wake somebody."""

from __future__ import annotations

from datetime import timedelta

from gateway.desk.hours import BRANCH, hours_on
from gateway.desk.policies import is_quiet
from gateway.desk.record import World
from gateway.duty import DAY

# So long before the branch opens its channels are tested, so that the opening check knows.
BEFORE_OPENING = timedelta(hours=1)


def resting_channels(world: World) -> frozenset[str]:
    """The channels that a policy keeps silent at this minute; all while the branch is closed.

    A branch that has not said when it is open, or that somebody must be in day and night, is
    never closed here: calls may need its channels at any hour.
    """
    plans = [one.body for one in world.all("policy").values()]
    if _is_closed(world) and not any(plan.day_and_night for plan in plans):
        return frozenset(world.all("channel"))
    quiet = [plan.quiet for plan in plans if plan.quiet and is_quiet(plan.quiet, world.local)]
    return frozenset(name for one in quiet for name in one.channels)


def _is_closed(world: World) -> bool:
    """Whether no customer comes now, nor within the hour."""
    hours = world.get("hours", BRANCH)
    if hours is None or not hours.body.week:
        return False
    today = world.local.date()
    spans = (hours_on(world, day) for day in (today - DAY, today, today + DAY))
    return not any(one and one[0] - BEFORE_OPENING <= world.local < one[1] for one in spans)
