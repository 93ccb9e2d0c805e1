"""Which channels there are now: those of the configuration file, and those made on pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gateway.channels.planned import Inbox, PlannedSenders
from gateway.desk.addresses import PlannedChannel
from gateway.store.records import ChannelRecord

if TYPE_CHECKING:
    from gateway.config import ChannelSettings


class Channels:
    """configured: of the file, with their senders by name. make_sender: starts one for a
    channel of a page."""

    def __init__(
        self,
        configured: Sequence[ChannelSettings],
        senders: Mapping[str, Inbox],
        make_sender: Callable[[PlannedChannel], Inbox],
    ) -> None:
        self._configured = configured
        self._senders = senders
        self._planned: tuple[PlannedChannel, ...] = ()
        self._planned_senders = PlannedSenders(make_sender)

    def follow(self, planned: Sequence[PlannedChannel]) -> set[str] | None:
        """From now on these are the channels of pages; the names that are another channel than
        before, None when all is as it was. A name that the file has taken since is the file's."""
        taken = {one.name for one in self._configured}
        before = self._planned
        self._planned = tuple(one for one in planned if one.name not in taken)
        if self._planned == before:
            return None
        return {one.name for one in set(self._planned) - set(before)}

    @property
    def all(self) -> list[ChannelSettings | PlannedChannel]:
        return [*self._configured, *self._planned]

    def records(self) -> list[ChannelRecord]:
        """The channels as the store keeps them."""
        return [
            ChannelRecord(channel=one.name, kind=one.kind, canary_every_s=one.canary_every_s)
            for one in self.all
        ]

    def owner_of(self, name: str) -> str:
        """The staff id of the person whose channel it is; "" when it is not one person's."""
        return next((one.staff or "" for one in self.all if one.name == name), "")

    def sender_of(self, name: str) -> Inbox | None:
        return self._senders.get(name) or self._planned_senders.get(name)

    def end(self, incident_id: str) -> None:
        """A call is closed: no sender need send anything of it any more."""
        for sender in (*self._senders.values(), *self._planned_senders.all()):
            sender.end(incident_id)

    def turn(self) -> set[str]:
        """Starts and stops their senders; the names of those that were stopped."""
        return self._planned_senders.follow(self._planned)

    def stop(self) -> None:
        """Stops the senders that it has started."""
        self._planned_senders.stop()
