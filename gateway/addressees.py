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
    """A notice for each channel that belongs to somebody who is told; where the step's channels are
    for others only, through any channel that is not to be silent.

    about: what its id begins with, the same for the same telling. incident_id: "" for what is
    about no incident. made_ms: UTC.
    """
    found = for_somebody(tell, open_to(tell, channels), roster)
    if not found:
        found = for_somebody(tell, [one for one in channels if one.name not in tell.silent], roster)
    for channel, staff in found:
        yield (
            NoticeRecord(
                notice_id=f"{about}.{tell.why}.{channel.name}",
                incident_id=incident_id,
                channel=channel.name,
                step=tell.step,
                why=tell.why,
                made_ms=made_ms,
                staff=staff,
                subjects=tell.subjects,
            )
        )


def for_somebody(
    tell: Tell, channels: Sequence[AnyChannel], roster: Roster
) -> list[tuple[AnyChannel, tuple[str, ...]]]:
    """Those of the channels that belong to somebody who is told, each with whom it means."""
    named = [(one, meant(one, tell, roster)) for one in channels]
    return [
        (one, staff)
        for one, staff in named
        if staff or tell.everywhere or (one.staff is None and not one.roles)
    ]


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
