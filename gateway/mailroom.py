"""Notices on their way: written as letters, handed to the sender of their channel, and what came of
each. It owns the channels: those of the configuration file and those made on pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gateway.branch import Branch
from gateway.channels.backlog import ENDED, Noticed
from gateway.channels.book import ChannelBook
from gateway.channels.letters import Letters, write_reminder
from gateway.channels.notice import CANARY, DeliveryResult
from gateway.channels.planned import Inbox
from gateway.channels.present import Channels
from gateway.config import GatewayConfig
from gateway.desk import todo
from gateway.desk.addresses import PlannedChannel, channels_at
from gateway.desk.desk import Desk
from gateway.desk.resting import resting_channels
from gateway.health import Health
from gateway.round import Round
from gateway.store import ChannelRecord, NoticeRecord, Reader
from gateway.supervision import Wrong
from protocol.moment import Moment

GONE = DeliveryResult(False, "this channel is no longer configured")


class Mailroom:
    """senders: one a channel of the file. make_sender: starts one for a channel of a page.
    clock: gives the present moment."""

    def __init__(
        self,
        *,
        config: GatewayConfig,
        branch: Branch,
        desk: Desk,
        health: Health,
        reader: Reader,
        senders: Mapping[str, Inbox],
        make_sender: Callable[[PlannedChannel], Inbox],
        clock: Callable[[], Moment],
    ) -> None:
        self._branch = branch
        self._desk = desk
        self._health = health
        self._reader = reader
        self._clock = clock
        self._channels = Channels(config.channels, senders, make_sender)
        self._book = ChannelBook()
        self._letters: Letters

    def start(self, *, call_link_key: str) -> list[ChannelRecord]:
        """The channels that there were when the gateway stopped, to be stored."""
        staff, addresses = (
            {one.id: one for one in self._reader.records(kind)} for kind in ("staff", "address")
        )
        self._channels.follow(channels_at(staff, addresses))
        self._branch.follow_channels(self._channels.all)
        self._letters = Letters(
            board_url=lambda: self._desk.board_url,
            key=call_link_key,
            owner_of=self._channels.owner_of,
        )
        return self._channels.records()

    def load(self) -> None:
        """Takes over what the store remembers of the channels."""
        self._book.load(self._reader.channels(), self._reader.waiting_notices())

    def resume(self) -> list[Noticed]:
        """Sends on what was still to be told; those notices that no channel is there for."""
        self._channels.turn()
        return self._hand_again(self._reader.waiting_notices())

    def stop(self) -> None:
        """Stops the senders that it has started."""
        self._channels.stop()

    # --- in a round ---

    def follow(self, now: Moment, to: Round) -> None:
        """The channels of pages as the desk has them now."""
        anew = self._channels.follow(self._desk.planned_channels)
        if anew is None:
            return
        self._branch.follow_channels(self._channels.all)
        for name in self._book.follow(self._channels.records(), anew=anew, to=to):
            gone = Wrong(f"channel/{name}", "failing")
            self._health.set_own_fault(gone, now, is_so=False)

    def take(self, event: Noticed, now: Moment, to: Round) -> bool:
        """One try of a notice; whether there is such a notice."""
        waiting = to.work.notices.get(event.notice_id) or self._reader.notice(event.notice_id)
        if waiting is None:
            return False
        self._book.take(event, waiting, now, to)
        self._show(now)
        return True

    def tick(self, now: Moment, to: Round) -> None:
        """Test messages that are due, and how the channels do."""
        self._book.send_canaries(
            now,
            to,
            resting=lambda: self._desk.asked(
                resting_channels, self._branch.courses, now, instead=frozenset()
            ),
        )
        self._show(now)

    def _show(self, now: Moment) -> None:
        for fault, is_so in self._book.faults():
            self._health.set_own_fault(fault, now, is_so=is_so)

    # --- after the commit ---

    def send(self, to: Round) -> list[Noticed]:
        """Hands over what the round has to tell, now that it is stored; what of the rounds before
        waited for a channel that is gone."""
        given_up = self._turn_planned_senders(to)
        for record in to.work.notices.values():
            if record.state == "waiting" and record.attempts == 0:
                self._hand_over(record)
        for before, after in to.changes:
            if before is not None and before.is_open and not after.is_open:
                self._channels.end(after.incident_id)
        return given_up

    def _turn_planned_senders(self, to: Round) -> list[Noticed]:
        """Starts and stops the senders of pages' channels, once what they follow is stored."""
        stopped = self._channels.turn()
        if not stopped:
            return []
        return self._hand_again(
            one
            for one in self._reader.waiting_notices()
            if one.channel in stopped and one.notice_id not in to.work.notices
        )

    def _hand_again(self, records: Iterable[NoticeRecord]) -> list[Noticed]:
        """Notices that nobody has on its way; those of a channel that is gone or of a call that has
        ended are given up."""
        given_up = []
        for record in records:
            if self._channels.sender_of(record.channel) is None:
                given_up.append(_given_up(record, GONE))
            elif record.incident_id and record.incident_id not in self._branch.courses:
                tried = DeliveryResult(False, record.detail) if record.attempts else ENDED
                given_up.append(_given_up(record, tried))
            else:
                self._hand_over(record)
        return given_up

    def _hand_over(self, record: NoticeRecord) -> None:
        sender = self._channels.sender_of(record.channel)
        if sender is not None and not record.incident_id and record.why != CANARY:
            overdue = self._desk.asked(
                todo.overdue, self._branch.courses, self._clock(), instead=[]
            )
            whats = [f"{one.body.what.zh} {one.body.what.en}" for one in overdue]
            sender.put(write_reminder(whats, record))
            return
        course = self._branch.courses.get(record.incident_id)
        incident = course.incident if course else self._reader.incident(record.incident_id)
        notice = self._letters.write(record, incident, self._desk.scene(incident))
        if sender is not None and notice is not None:
            sender.put(notice)


def _given_up(record: NoticeRecord, result: DeliveryResult) -> Noticed:
    return Noticed(record.notice_id, record.channel, result, record.attempts, is_final=True)
