"""What goes into the store and comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Literal

from gateway.course import Course, Entry
from gateway.desk.record import Record
from protocol.messages import Alert, Fault, UnitStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRecord:
    """A unit as last heard. status: None when it never was; last_seen_at: RFC 3339 or None."""

    unit: str
    configured: bool
    status: UnitStatus | None = None
    last_seen_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRecord:
    """A point as configured, or as its unit's first word of it named it.

    seat: as last told, None when the point never told. seat_alert_id, seat_boot, seat_ms: which
    alert said so and when, by the gateway's monotonic clock of that boot.
    """

    point: str
    label: str
    unit: str
    silent: bool = False
    configured: bool = True
    seat: Literal["occupied", "vacated"] | None = None
    seat_alert_id: str | None = None
    seat_boot: str | None = None
    seat_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRecord:
    """One of the staff. pin_hash: "" for somebody who cannot sign in."""

    staff: str
    name: str
    roles: tuple[str, ...]
    pin_hash: str = ""
    on_duty: bool = True
    phone: str = ""
    languages: tuple[str, ...] = ()


# replaced: a ring that a newer notice of its call made needless before it was tried.
NoticeState = Literal["waiting", "delivered", "failed", "replaced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """One notice to one channel; a test message has why "canary" and no incident ("").

    staff: ids of those it is meant for. attempts: tries so far; tried_ms: when the last one ended
    (UTC), None before the first. detail: what the channel said last. subjects: as of its Tell.
    """

    notice_id: str
    incident_id: str
    channel: str
    step: int
    why: str
    made_ms: int
    state: NoticeState = "waiting"
    attempts: int = 0
    detail: str = ""
    staff: tuple[str, ...] = ()
    tried_ms: int | None = None
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """One time by both clocks. mono_ms counts only within `boot`; utc_ms beyond it."""

    utc_ms: int
    boot: str
    mono_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRecord:
    """How a channel does.

    canary_every_s: as configured, 0 = never. tested: when its last test message was made;
    delivered: when it last delivered anything; tried: when it last tried to, with which result,
    and detail: what the service said then. Each None before the first.
    """

    channel: str
    kind: str
    canary_every_s: int
    delivered: Clocks | None = None
    tested: Clocks | None = None
    tried: Clocks | None = None
    result: Literal["delivered", "failed"] | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTime:
    """How one incident went, for reports. raised_ms: UTC; to_*: milliseconds since the press."""

    incident_id: str
    raised_ms: int
    kind: str
    point: str
    drill: bool
    to_accept_ms: int | None
    to_arrive_ms: int | None
    to_close_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A message that could not be taken. payload: its first 4 KiB."""

    at: str
    topic: str
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenAlert:
    """An alert and what became of it."""

    alert: Alert
    unit: str
    received_ms: int
    incident_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """An entry on its way into the log. at_ms: UTC."""

    at_ms: int
    entry: Entry
    incident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of an action or a request. at_ms: UTC. record: id of what a request wrote."""

    ok: bool
    at_ms: int
    reason: str = ""
    record: str = ""


@dataclass(slots=True)
class Work:
    """All that one transaction writes. Later values of the same thing replace earlier ones.

    forgotten: records (kind, id) of which nothing may be left. channel_list: the channels that
    there are from now on, None when they stay.
    """

    alerts: dict[str, TakenAlert] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    entries: list[LoggedEntry] = field(default_factory=list)
    actions: dict[str, Judged] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    notices: dict[str, NoticeRecord] = field(default_factory=dict)
    channel_list: list[ChannelRecord] | None = None
    channels: dict[str, ChannelRecord] = field(default_factory=dict)
    units: dict[str, UnitRecord] = field(default_factory=dict)
    points: dict[str, PointRecord] = field(default_factory=dict)
    points_gone: set[str] = field(default_factory=set)
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    forgotten: set[tuple[str, str]] = field(default_factory=set)
    facts: dict[str, str] = field(default_factory=dict)
    faults_raised: dict[tuple[str, str], Fault] = field(default_factory=dict)
    faults_cleared: set[tuple[str, str]] = field(default_factory=set)
    farewells_said: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return any(_PARTS(self))


# Asked of every round, and most rounds of a quiet branch have nothing to write.
_PARTS = attrgetter(*(one.name for one in fields(Work)))
