"""The senders of channels made on pages, which come and go while the gateway runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from gateway.channels.notice import Notice
from gateway.channels.sender import Sender
from gateway.desk.addresses import PlannedChannel


class Inbox(Protocol):
    """What takes notices for a channel."""

    def put(self, notice: Notice) -> None: ...
    def end(self, incident_id: str) -> None: ...


class PlannedSenders:
    """A running sender for each channel. make: starts one."""

    def __init__(self, make: Callable[[PlannedChannel], Inbox]) -> None:
        self._make = make
        self._running: dict[PlannedChannel, Inbox] = {}

    def get(self, name: str) -> Inbox | None:
        return next((one for channel, one in self._running.items() if channel.name == name), None)

    def all(self) -> Iterable[Inbox]:
        return self._running.values()

    def follow(self, channels: Iterable[PlannedChannel]) -> set[str]:
        """From now on these run and no others; the names of those that were stopped."""
        wanted = set(channels)
        stopped = [channel for channel in self._running if channel not in wanted]
        for channel in stopped:
            _stop(self._running.pop(channel))
        for channel in wanted - self._running.keys():
            self._running[channel] = self._make(channel)
        return {channel.name for channel in stopped}

    def stop(self) -> None:
        for sender in self._running.values():
            _stop(sender)


def _stop(sender: Inbox) -> None:
    """A pager's is shared by all pagers, and runs on."""
    if isinstance(sender, Sender):
        sender.stop()
