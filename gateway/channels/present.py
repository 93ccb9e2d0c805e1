"""Which channels there are now: those of the configuration file, and people's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gateway.channels.own import Inbox, OwnSenders
from gateway.desk.addresses import OwnChannel
from gateway.store.records import ChannelRecord

if TYPE_CHECKING:
    from gateway.config import ChannelSettings


class Channels:
    """configured: of the file, with their senders by name. make_sender: starts one for a person's
    own channel."""

    def __init__(
        self,
        configured: Sequence[ChannelSettings],
        senders: Mapping[str, Inbox],
        make_sender: Callable[[OwnChannel], Inbox],
    ) -> None:
        self._configured = configured
        self._senders = senders
        self._own: tuple[OwnChannel, ...] = ()
        self._own_senders = OwnSenders(make_sender)

    def follow(self, own: Sequence[OwnChannel]) -> set[str] | None:
        """From now on people have these; the names that are another channel than before, None when
        all is as it was. A name that the file has taken since is the file's."""
        taken = {one.name for one in self._configured}
        before, self._own = self._own, tuple(one for one in own if one.name not in taken)
        if self._own == before:
            return None
        return {one.name for one in set(self._own) - set(before)}

    @property
    def all(self) -> list[ChannelSettings | OwnChannel]:
        return [*self._configured, *self._own]

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
        return self._senders.get(name) or self._own_senders.get(name)

    def end(self, incident_id: str) -> None:
        """A call is closed: no sender need send anything of it any more."""
        for sender in (*self._senders.values(), *self._own_senders.all()):
            sender.end(incident_id)

    def turn(self) -> set[str]:
        """Starts and stops people's senders; the names of those that were stopped."""
        return self._own_senders.follow(self._own)

    def stop(self) -> None:
        """Stops the senders that it has started."""
        self._own_senders.stop()
