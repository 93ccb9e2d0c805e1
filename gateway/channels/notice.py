"""What a channel is handed and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from gateway.roster import Roster
from protocol.messages import Incident, Notice

__all__ = ["Channel", "DeliveryResult", "Notice", "Scene", "text_of", "write", "write_test"]

CANARY = "canary"
TEST = "test"
# Told again every few seconds, as a telephone rings.
RING = "ring"
# A notice names so many of what it is about, and counts the rest.
NAMED = 5

_KINDS = {
    "call": "呼叫 Call",
    "urgent": "紧急呼叫 URGENT call",
    "silent": "静默呼叫 Silent call",
    "seat": "请查看座位 Please check the seat",
}
_WHY = {
    "step": "",
    "again": "仍无人接单 Still unanswered",
    "urgent": "已升级为紧急 Now urgent",
    "real": "不再是演练 No drill any more: this is real",
    "overdue_arrival": "已接单，但无人到场 Accepted, but nobody has arrived",
    "step_overdue": "清单步骤超时 Overdue on the checklist",
    "overdue_close": "已到场，但未关闭 Arrived, but not closed",
    "handover": "已移交给您 Handed over to you",
    "ring": "请接单 Please answer",
    "stand_in": "请您代替 Please stand in",
    "needed": "现场需要您 You are needed there",
    "offer": "请您接手 Please take this over",
    "declined": "对方不接手，仍由您负责 Not taken over: it is still yours",
    "offer_lapsed": "移交无人应答，负责人不变 Hand-over not answered: the owner stays",
}


_ROLES = {
    "customer_service": "客户服务 customer service",
    "security": "保安 security",
    "first_aid": "急救员 first aid",
    "lead": "值班主管 duty lead",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What people call things here. zone: of the branch's clock. place: the part of the branch
    that the point is in, or ""."""

    zone: tzinfo
    roster: Roster
    place: str = ""

    def time(self, at: str) -> str:
        return datetime.fromisoformat(at).astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def names(self, staff: Iterable[str]) -> str:
        return ", ".join(map(self.roster.name_of, staff))


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of one try. detail: what the service said, for people, or ""."""

    delivered: bool
    detail: str = ""


class Channel(Protocol):
    """Somewhere a notice can be sent."""

    def send(self, notice: Notice) -> DeliveryResult:
        """Tries once, within a few seconds; never raises."""


def write(
    incident: Incident,
    scene: Scene,
    *,
    notice_id: str,
    channel: str,
    why: str,
    step: int = 0,
    staff: tuple[str, ...] = (),
    subjects: Sequence[str] = (),
    link: str | None = None,
) -> Notice:
    """The notice about an incident, in words a person can act on at once.

    link: dropped once the incident is closed, when there is nothing left to accept.
    """
    drill = "【演练 DRILL】" if incident.drill else ""
    lines = [
        _WHY.get(why, ""),
        *listed(subjects),
        f"位置 Place: {scene.place}" if scene.place else "",
        f"按下时间 Pressed at: {scene.time(incident.raised_at)}",
        f"通知 For: {scene.names(staff)}" if staff else "",
        f"接单人 Accepted by: {scene.names([incident.owner]) if incident.owner else '无 nobody'}",
        *(_how_it_goes(incident) if incident.is_open else _how_it_ended(incident, scene)),
    ]
    return Notice(
        notice_id=notice_id,
        channel=channel,
        title=f"{drill}{_KINDS[incident.kind]}: {incident.label}",
        body="\n".join(line for line in lines if line),
        incident_id=incident.incident_id,
        point=incident.point,
        kind=incident.kind,
        step=step,
        why=why,
        drill=incident.drill,
        staff=staff,
        link=link if incident.is_open else None,
    )


def _how_it_goes(incident: Incident) -> Iterator[str]:
    if incident.missing_roles:
        yield "还需要 Still needed: " + ", ".join(_ROLES.get(r, r) for r in incident.missing_roles)
    if incident.outside:
        yield "请立即拨打 120 / 110 Call 120 / 110 now"


def _how_it_ended(incident: Incident, scene: Scene) -> Iterator[str]:
    if incident.closed_at:
        yield f"已关闭 Closed at: {scene.time(incident.closed_at)}"


def listed(whats: Sequence[str]) -> list[str]:
    """A line for each, and one that counts those that are too many to name."""
    more = len(whats) - NAMED
    lines = [f"· {what}" for what in whats[:NAMED]]
    return [*lines, f"… 另有 {more} 项 and {more} more"] if more > 0 else lines


def write_test(*, notice_id: str, channel: str) -> Notice:
    """The test message that shows whether a channel works before it is needed."""
    return Notice(
        notice_id=notice_id,
        channel=channel,
        title="【测试 TEST】安铃测试通知，无需处理 Anling test message, nothing to do",
        body=f"通知渠道正常 This channel works: {channel}",
        kind=TEST,
        why=CANARY,
    )


def text_of(notice: Notice) -> str:
    """The body with its link, for services that carry text and nothing else."""
    if notice.link is None:
        return notice.body
    return f"{notice.body}\n查看并接单 See and accept: {notice.link}"
