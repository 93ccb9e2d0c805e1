"""PURE  What became of the notices, by channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from dashboard.review.tally import by_name


class Counted(Protocol):
    """Notices of one channel in one state; the store's NoticeCount is one."""

    channel: str
    state: str
    count: int
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelNotices:
    """One channel. sent: all but the rings that a newer notice replaced before they were tried;
    delivered, failed, waiting: what became of them; tries: of all of them together."""

    channel: str
    sent: int
    delivered: int
    failed: int
    waiting: int
    tries: int


def by_channel(counts: Iterable[Counted]) -> tuple[ChannelNotices, ...]:
    """Each channel that was used, in alphabetical order."""
    channels = by_name(counts, lambda one: one.channel)
    return tuple(_channel(name, group) for name, group in channels.items())


def _channel(name: str, counts: list[Counted]) -> ChannelNotices:
    def of(state: str) -> int:
        return sum(one.count for one in counts if one.state == state)

    return ChannelNotices(
        channel=name,
        sent=sum(one.count for one in counts if one.state != "replaced"),
        delivered=of("delivered"),
        failed=of("failed"),
        waiting=of("waiting"),
        tries=sum(one.tries for one in counts),
    )
