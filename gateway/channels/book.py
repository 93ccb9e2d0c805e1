"""What each channel did last, and its test messages.

Like the branch it puts every change into the round, and waits, writes and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from gateway.channels import canary
from gateway.channels.backlog import NEEDLESS, Noticed
from gateway.channels.notice import CANARY, DeliveryResult
from gateway.course import Entry
from gateway.round import Round
from gateway.store.records import ChannelRecord, Clocks, LoggedEntry, NoticeRecord, NoticeState
from gateway.supervision import Wrong
from protocol.moment import Moment

HANGS = DeliveryResult(False, "a test message has had no result for minutes: something hangs")


class ChannelBook:
    """How the channels of a branch do."""

    def __init__(self) -> None:
        self._channels: dict[str, ChannelRecord] = {}
        self._under_way: dict[str, str] = {}

    def load(self, channels: list[ChannelRecord], waiting: Iterable[NoticeRecord]) -> None:
        """Takes over what the store remembers. waiting: notices without a final result."""
        self._channels = {one.channel: one for one in channels}
        self._under_way = {one.channel: one.notice_id for one in waiting if one.why == CANARY}

    def follow(
        self, channels: Iterable[ChannelRecord], *, anew: Collection[str], to: Round
    ) -> set[str]:
        """From now on these are the channels; those that are gone. anew: names that are another
        channel than before, of which nothing is known so far."""
        fresh = {one.channel: one for one in channels}
        gone = self._channels.keys() - fresh.keys()
        for name in [*gone, *anew]:
            self._under_way.pop(name, None)
            to.work.channels.pop(name, None)
        self._channels = {
            name: one if name in anew else self._channels.get(name, one)
            for name, one in fresh.items()
        }
        to.work.channel_list = list(self._channels.values())
        to.work.channels |= {name: fresh[name] for name in anew if name in fresh}
        return gone

    def faults(self) -> Iterator[tuple[Wrong, bool]]:
        """(the fault of a channel whose last try was in vain, whether it is so), for each."""
        for one in self._channels.values():
            fault = Wrong(f"channel/{one.channel}", "failing", one.detail)
            yield fault, one.result == "failed"

    def take(self, event: Noticed, notice: NoticeRecord, now: Moment, to: Round) -> None:
        """Writes down one try of `notice`, and how its channel does now."""
        state = _state_after(event)
        to.work.notices[notice.notice_id] = replace(
            notice,
            state=state,
            attempts=event.attempts,
            detail=event.result.detail,
            tried_ms=now.utc_ms,
        )
        if event.is_final:
            self._log(event, notice, state, now, to)
            if self._under_way.get(event.channel) == notice.notice_id:
                del self._under_way[event.channel]
        if event.channel in self._channels and state != "replaced":
            self._tried(self._channels[event.channel], event.result, now, to)

    def _tried(
        self, channel: ChannelRecord, result: DeliveryResult, now: Moment, to: Round
    ) -> None:
        delivered = result.delivered
        after = replace(
            channel,
            delivered=_clocks(now) if delivered else channel.delivered,
            tried=_clocks(now),
            result="delivered" if delivered else "failed",
            detail=result.detail,
        )
        self._put(after, to)

    def _put(self, channel: ChannelRecord, to: Round) -> None:
        self._channels[channel.channel] = to.work.channels[channel.channel] = channel

    def _log(
        self, event: Noticed, notice: NoticeRecord, state: str, now: Moment, to: Round
    ) -> None:
        what = "canary" if notice.why == CANARY else "notice"
        detail = {"channel": event.channel, "detail": event.result.detail}
        entry = Entry(event=f"{what}_{state}", detail=detail)
        incident_id = notice.incident_id or None
        to.work.entries.append(LoggedEntry(at_ms=now.utc_ms, entry=entry, incident_id=incident_id))

    def send_canaries(
        self, now: Moment, to: Round, *, resting: Callable[[], Collection[str]]
    ) -> None:
        """Puts a test message into the round for each channel that is due and not at rest."""
        for channel in canary.overdue(self._channels.values(), now, under_way=self._under_way):
            self._tried(channel, HANGS, now, to)
        due = canary.due(self._channels.values(), now, under_way=self._under_way, resting=resting)
        for channel in due:
            notice_id = f"{CANARY}.{now.utc_ms}.{channel.channel}"
            self._under_way[channel.channel] = notice_id
            self._put(replace(channel, tested=_clocks(now)), to)
            to.work.notices[notice_id] = NoticeRecord(
                notice_id=notice_id,
                incident_id="",
                channel=channel.channel,
                step=0,
                why=CANARY,
                made_ms=now.utc_ms,
            )


def _state_after(event: Noticed) -> NoticeState:
    if not event.is_final:
        return "waiting"
    if event.result in NEEDLESS:
        return "replaced"
    return "delivered" if event.result.delivered else "failed"


def _clocks(now: Moment) -> Clocks:
    return Clocks(utc_ms=now.utc_ms, boot=now.boot, mono_ms=now.mono_ms)
