"""Through which channels a telling goes, and whom each of them means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gateway.course import Tell
from gateway.roster import Roster
from gateway.store.records import NoticeRecord

if TYPE_CHECKING:
    from gateway.config import ChannelSettings
    from gateway.desk.addresses import PlannedChannel

    AnyChannel = ChannelSettings | PlannedChannel


def notices_of(
    tell: Tell,
    channels: Sequence[AnyChannel],
    roster: Roster,
    *,
    about: str,
    incident_id: str = "",
    made_ms: int,
) -> Iterator[NoticeRecord]:
    """A notice for each channel that belongs to somebody who is told.

    about: what its id begins with, the same for the same telling. incident_id: "" for what is
    about no incident. made_ms: UTC.
    """
    for channel in open_to(tell, channels):
        staff = meant(channel, tell, roster)
        is_for_all = channel.staff is None and not channel.roles
        if is_for_all or tell.everywhere or staff:
            yield NoticeRecord(
                notice_id=f"{about}.{tell.why}.{channel.name}",
                incident_id=incident_id,
                channel=channel.name,
                step=tell.step,
                why=tell.why,
                made_ms=made_ms,
                staff=staff,
                subjects=tell.subjects,
            )


def open_to(tell: Tell, channels: Sequence[AnyChannel]) -> Sequence[AnyChannel]:
    """The channels that may carry it; all of them rather than none."""
    return [
        one
        for one in channels
        if (not tell.channels or one.name in tell.channels) and one.name not in tell.silent
    ] or channels


def meant(channel: AnyChannel, tell: Tell, roster: Roster) -> tuple[str, ...]:
    """Those of the staff who are told that this channel is for."""
    if channel.staff is not None:
        return tuple(staff for staff in tell.staff if staff == channel.staff)
    if not channel.roles:
        return tell.staff
    return tuple(staff for staff in tell.staff if roster.has_role(staff, *channel.roles))
