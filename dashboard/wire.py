"""What the board says and takes over HTTP, as frozen dataclasses; JSON by msgspec.

`openapi.py` describes the interface from these, so that the description cannot drift.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

import msgspec

from dashboard.figures import ResponseFigures
from protocol.messages import (
    ActionName,
    Count,
    Fault,
    FieldFault,
    GatewayStatus,
    Id,
    Incident,
    Lamp,
    LongId,
    LongText,
    Name,
    ShortText,
    Sounder,
    UnitStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """What somebody does to an incident. by: a staff id; a signed-in session may leave it out.
    action_id: as DeskRequest.request_id."""

    action: ActionName
    by: Id | None = None
    outcome: ShortText | None = None
    text: LongText | None = None
    to: Id | None = None
    situation: ShortText | None = None
    action_id: LongId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRequest:
    """What somebody wants of the desk; fields as protocol.messages.Request. by: a staff id; a
    signed-in session may leave it out. request_id: an id of one's own, to ask again without doing
    it twice when the answer was lost; without one it is a new request each time."""

    do: Name
    by: Id | None = None
    id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    version: Count | None = None
    body: dict[str, Any] = field(default_factory=dict)
    request_id: LongId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskReply:
    """What became of a request. reason, message: why not. faults: what is wrong, field by field;
    of what was granted all the same, what had better be seen to.

    id, version: of the record after it, or as it is now when somebody else was faster.
    """

    ok: bool
    reason: str = ""
    message: str = ""
    faults: tuple[FieldFault, ...] = ()
    id: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """Who wants to read a private note; a signed-in session may leave it out."""

    by: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateText:
    """What a private note says. delete_on: the day on which it goes."""

    id: str
    incident_id: str | None
    text: str
    delete_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """One record of the desk. due_at: RFC 3339, None without a date. body: as its kind says."""

    kind: str
    id: str
    version: int
    is_open: bool
    by: str
    at: str
    incident_id: str | None
    due_at: str | None
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearResource:
    """A resource that fits an incident. where: at the point, in the same area, or elsewhere; left:
    how many are at their place; away_m: how far on the plan, null when that does not say."""

    id: str
    what: str
    name: str
    place: str
    where: Literal["point", "place", "branch"]
    left: int
    away_m: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """Something that stands in the way of opening or closing. key: to accept it by; may_accept:
    whether a lead may."""

    key: str
    subject: str
    name: str
    detail: str
    may_accept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """How the branch stands today. opens_at, closes_at: by its own clock, None when not known.

    unclosed: the date of a day that is over and that nobody has closed, or None.
    """

    date: str
    state: Literal["unknown", "before", "unopened", "open", "closed", "unclosed"]
    unclosed: str | None
    opens_at: str | None
    closes_at: str | None
    not_ready: tuple[InTheWay, ...]
    not_over: tuple[InTheWay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReply:
    """Why a request was not served. reason: for programs; message: for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One entry of an incident's log; `detail` holds what belongs to this event."""

    at: str
    event: str
    by: str | None
    seq: int
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """A unit as the board sees it.

    status: the newest it said, or None. last_seen_at: RFC 3339, or None. fault: the name of the
    gravest fault, `silent` first, or None. faults: all of the unit and of its points.
    configured: False when it speaks but the gateway's configuration does not know it.
    """

    unit: str
    status: UnitStatus | None
    last_seen_at: str | None
    fault: str | None
    faults: tuple[Fault, ...]
    configured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """How a message channel does.

    state: as its last try ended; `untried` before the first. detail: what the service said then.
    canary_every_s: a test message goes when nothing was delivered for so long, 0 = never.
    last_canary_at, last_delivery_at (of anything), last_try_at: RFC 3339, None before the first.
    """

    id: str
    kind: str
    state: Literal["works", "fails", "untried"]
    canary_every_s: int
    last_canary_at: str | None
    last_delivery_at: str | None
    last_try_at: str | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayView:
    """The gateway and what lies between it and the board.

    state: `silent` when nothing was heard of it for 15 s. faults: every fault of the branch.
    broker, store: whether the board reaches them. open: incidents not closed.
    """

    state: Literal["online", "offline", "silent"]
    status: GatewayStatus | None
    faults: tuple[Fault, ...]
    broker: bool
    store: bool
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LampView:
    """What a simulated point shows (event `lamp`, demo only). drill: marked as practice."""

    unit: str
    point: str
    lamp: Lamp
    sounder: Sounder
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Sent every second: a screen that misses it is stale. at: RFC 3339."""

    at: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """missing: those of broker, gateway and store that the board does not reach; store also when
    the gateway cannot write it.
    """

    status: Literal["ok", "unwell"]
    missing: tuple[Literal["broker", "gateway", "store"], ...] = ()


class ResponseTimesReport(msgspec.Struct, frozen=True, kw_only=True):
    """How fast incidents raised from `from` until `to` (RFC 3339) were answered.

    A Struct, since `from` is no name for a dataclass's field. by_kind: real ones only.
    """

    start: str = msgspec.field(name="from")
    to: str
    real: ResponseFigures
    drills: ResponseFigures
    by_kind: dict[str, ResponseFigures]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentWithLog(Incident):
    """An incident and everything that was written down about it, oldest first."""

    log: tuple[LogLine, ...] = ()


def with_log(incident: Incident, log: tuple[LogLine, ...]) -> IncidentWithLog:
    """The incident with its log."""
    values = {item.name: getattr(incident, item.name) for item in fields(incident)}
    return IncidentWithLog(**values, log=log)
