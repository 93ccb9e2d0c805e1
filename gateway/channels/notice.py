"""What a channel is handed and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from protocol.messages import Incident

_KINDS = {
    "call": "呼叫 Call",
    "urgent": "紧急呼叫 URGENT call",
    "silent": "无声报警 Silent call",
    "seat": "请查看座位 Please check the seat",
}
# A reminder names so many of what is overdue, and counts the rest.
NAMED = 5
_WHY = {
    "step": "",
    "again": "仍无人应答 Still unanswered",
    "urgent": "已升级为紧急 Now urgent",
    "real": "不再是演练 No drill any more: this is real",
    "overdue_arrival": "已接受但无人到场 Accepted, but nobody has arrived",
    "overdue_close": "已到场但未结束 Arrived, but not closed",
    "handover": "已交接给您 Handed over to you",
    "ring": "请应答 Please answer",
    "stand_in": "请您代替 Please stand in",
    "offer": "请您接手 Please take this over",
    "declined": "对方不接手，仍由您负责 Not taken over: it is still yours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one channel. title: a line; body: some lines; both Chinese and English."""

    notice_id: str
    channel: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of one try. detail: what the service said, for people, or ""."""

    delivered: bool
    detail: str = ""


class Channel(Protocol):
    """Somewhere a notice can be sent."""

    def send(self, notice: Notice) -> DeliveryResult:
        """Tries once, within a few seconds; never raises."""


def write(incident: Incident, *, notice_id: str, channel: str, why: str) -> Notice:
    """The notice about an incident, in words a person can act on at once."""
    drill = "【演练 DRILL】" if incident.drill else ""
    title = f"{drill}{_KINDS[incident.kind]}: {incident.label}"
    lines = [
        _WHY.get(why, ""),
        f"按下时间 Pressed at: {incident.raised_at}",
        f"接受人 Accepted by: {incident.owner or '无 nobody'}",
        "" if incident.is_open else f"已结束 Closed at: {incident.closed_at}",
        "请立即拨打 120 / 110 Call 120 / 110 now" if incident.outside and incident.is_open else "",
    ]
    return Notice(
        notice_id=notice_id,
        channel=channel,
        title=title,
        body="\n".join(line for line in lines if line),
    )


def write_reminder(overdue: Sequence[str], *, notice_id: str, channel: str) -> Notice:
    """The notice about follow-ups that are overdue. overdue: what is to be done, oldest first."""
    more = len(overdue) - NAMED
    lines = [f"· {what}" for what in overdue[:NAMED]]
    if more > 0:
        lines.append(f"… 另有 {more} 项 and {more} more")
    return Notice(
        notice_id=notice_id,
        channel=channel,
        title=f"逾期的后续事项 Overdue follow-ups: {len(overdue)}",
        body="\n".join(lines) or "都已处理 All are done",
    )
