"""Writes the notice that a record in the store stands for, with its link."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.channels.notice import CANARY, Notice, Scene, listed, write, write_test
from gateway.store import NoticeRecord
from protocol import call_link
from protocol.call_link import VALID_MS, CallLink
from protocol.messages import Incident

REMINDER = "reminder"


class Letters:
    """board_url: says where phones reach the board; "": notices have no link. key: signs the links.
    owner_of: the staff id of the person whose channel it is, "" when it is not one person's."""

    def __init__(
        self, *, board_url: Callable[[], str], key: str, owner_of: Callable[[str], str]
    ) -> None:
        self._board_url = board_url
        self._key = key
        self._owner_of = owner_of

    def write(self, record: NoticeRecord, incident: Incident | None, scene: Scene) -> Notice | None:
        """The notice; None when it is about an incident that does not exist.

        Written anew, as after a restart, it has the same link, which so still works only once.
        """
        if record.why == CANARY:
            return write_test(notice_id=record.notice_id, channel=record.channel)
        if incident is None:
            return None
        return write(
            incident,
            scene,
            notice_id=record.notice_id,
            channel=record.channel,
            why=record.why,
            step=record.step,
            staff=record.staff,
            subjects=record.subjects,
            link=self._link(record),
        )

    def _link(self, record: NoticeRecord) -> str | None:
        board_url = self._board_url()
        if not board_url:
            return None
        link = CallLink(
            incident_id=record.incident_id,
            staff=self._owner_of(record.channel),
            expires_ms=record.made_ms + VALID_MS,
        )
        return f"{board_url.rstrip('/')}/a/{call_link.sign(self._key, link)}"


def write_reminder(overdue: Sequence[str], record: NoticeRecord) -> Notice:
    """The notice about follow-ups that are overdue. overdue: what is to be done, oldest first."""
    return Notice(
        notice_id=record.notice_id,
        channel=record.channel,
        title=f"逾期的后续事项 Overdue follow-ups: {len(overdue)}",
        body="\n".join(listed(overdue)) or "都已处理 All are done",
        kind=REMINDER,
        step=record.step,
        why=record.why,
        staff=record.staff,
    )
