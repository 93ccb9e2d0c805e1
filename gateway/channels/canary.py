"""PURE. When a channel is due for a test message, so that a dead one shows before it is needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from gateway.store.records import ChannelRecord, Clocks
from protocol.moment import Moment

# A channel that failed is tried again after this; or sooner, where canary_every_s is less.
AGAIN_MS = 15 * 60 * 1000
# All tries of a test message take some two minutes: by now something hangs.
OVERDUE_MS = 5 * 60 * 1000
# A channel at rest is left in peace, but not for longer than a branch may be closed for a holiday:
# hours that somebody wrote down wrong must not end all tests.
LONGEST_REST_MS = 10 * 24 * 3600 * 1000


def due(
    channels: Iterable[ChannelRecord],
    now: Moment,
    *,
    under_way: Collection[str] = (),
    resting: Callable[[], Collection[str]] = tuple,
) -> list[ChannelRecord]:
    """The channels that are due for a test message now.

    under_way: channels whose last test message has no result so far; they are not due. resting:
    asks for the channels that would only wake somebody; they are due when their rest is over.
    """
    found = [one for one in channels if one.channel not in under_way and _is_due(one, now)]
    if not found:  # as at nearly every second: nobody asks who rests
        return []
    at_rest = resting()
    return [one for one in found if not (one.channel in at_rest and _may_rest(one, now))]


def overdue(
    channels: Iterable[ChannelRecord], now: Moment, *, under_way: Collection[str]
) -> list[ChannelRecord]:
    """The channels whose test message has had no result for too long, and that look well."""
    return [
        one
        for one in channels
        if one.channel in under_way
        and one.result != "failed"
        and has_passed(one.tested, OVERDUE_MS, now)
    ]


def _is_due(channel: ChannelRecord, now: Moment) -> bool:
    """Whatever was delivered shows that the channel works, so it counts from there."""
    every_ms = channel.canary_every_s * 1000
    if every_ms == 0:
        return False
    if channel.result == "failed":
        return has_passed(channel.tried, min(every_ms, AGAIN_MS), now)
    return has_passed(channel.delivered, every_ms, now)


def _may_rest(channel: ChannelRecord, now: Moment) -> bool:
    """A new channel may not: whoever has just set it up waits for its first message."""
    rest_ms = channel.canary_every_s * 1000 + LONGEST_REST_MS
    return channel.tried is not None and not has_passed(channel.tried, rest_ms, now)


def has_passed(since: Clocks | None, ms: int, now: Moment) -> bool:
    """Whether `ms` have gone by since then; never counts as yes.

    Within a boot by the monotonic clock. Beyond it only the wall clock knows, and one that was
    set back, so that it happened in the future, counts as yes: err towards sending.
    """
    if since is None:
        return True
    if since.boot == now.boot:
        return now.mono_ms - since.mono_ms >= ms
    return not 0 <= now.utc_ms - since.utc_ms < ms
