"""Every message between Anling's programs, as a frozen dataclass, and its JSON form.

Payloads are JSON objects in UTF-8 of at most 64 KiB. Unknown fields are ignored, so that a newer
program may say more. Times are RFC 3339 UTC texts with milliseconds; durations are whole
milliseconds and end in `_ms`; `None` is JSON's null and means "not known" or "not yet".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, is_dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from protocol.decoders import decoder

MAX_PAYLOAD_BYTES = 64 * 1024

# The end is written `(?![\s\S])` because `$` would also accept a final line feed.
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}(?![\s\S])"
Id = Annotated[
    str,
    msgspec.Meta(
        pattern=ID_PATTERN,
        description="1 to 32 small letters, digits and hyphens, a letter or digit first",
    ),
]
Role = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}(?![\s\S])")]
LongId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, msgspec.Meta(max_length=200)]
LongText = Annotated[str, msgspec.Meta(max_length=2000)]
Name = Annotated[str, msgspec.Meta(max_length=32)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


# What leaves no ink on a page: blanks, marks of no width and of direction, fillers that stand for
# a letter, selectors of a variant.
_UNSEEN = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\u180b-\u180f\ufff9-\ufffb"
    "\U000e0000-\U000e01ef"
)
_SEEN = f"[^{_UNSEEN}]"


def is_seen(text: str) -> bool:
    """Whether anything of the text can be seen: whatever must say something says it so."""
    return re.search(_SEEN, text) is not None


def seen_text(most: int) -> msgspec.Meta:
    """A text of at most so many characters, one of which can be seen."""
    return msgspec.Meta(
        min_length=1,
        max_length=most,
        pattern=_SEEN,
        description=f"a text of 1 to {most} characters, not all blank",
    )


What = Literal[
    "pressed",
    "held",
    "seat_occupied",
    "seat_vacated",
    "presence",
    "stuck",
    "unstuck",
    "line_fault",
    "line_restored",
]
Kind = Literal["call", "urgent", "silent", "seat"]
Stage = Literal["raised", "accepted", "arrived", "closed"]
FeedbackStage = Literal["idle", "raised", "accepted", "arrived"]
ActionName = Literal[
    "accept",
    "arrive",
    "close",
    "escalate",
    "handover",
    "note",
    "situation",
    "refuse",
    "busy",
    "take",
    "decline",
    "real",
]
Lamp = Literal["off", "saved", "recorded", "coming", "undelivered"]
Sounder = Literal["off", "on"]
LineState = Literal["ok", "stuck", "cut", "short", "floating"]
Presence = Literal["online", "offline"]


class MessageError(Exception):
    """A payload that cannot be taken; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something happened at a point (unit → gateway).

    alert_id: unique for ever. boot, seq: this boot of the unit and the alert's number in it.
    age_ms: since it happened, when sent; None: in an earlier boot, so nobody knows.
    wall: the unit's own idea of the time it happened, for people only.
    """

    alert_id: LongId
    point: Id
    what: What
    boot: LongId
    seq: Count
    age_ms: Count | None = None
    wall: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStatus:
    """How a unit is (unit → all, retained; as last will with state offline).

    session: counts up with each connection, so that a late will is known by its number.
    pending: alerts not yet receipted. points: {point: {"call": LineState, "seat": LineState}}.
    cpu_c (degrees), throttled, disk_free_mb: None where the machine has none to tell.
    dropped: alerts let go because the outbox had reached its bound.
    """

    state: Presence
    session: Count
    version: ShortText = ""
    boot: ShortText = ""
    uptime_s: Count = 0
    pending: Count = 0
    points: dict[Name, dict[Name, LineState]] = field(default_factory=dict)
    cpu_c: float | None = None
    throttled: bool | None = None
    disk_free_mb: Count | None = None
    dropped: Count = 0
    faults: list[ShortText] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """These alerts are stored for good (gateway → unit)."""

    alert_ids: list[LongId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a point's lamp and sounder stand for (gateway → units, retained)."""

    point: Id
    stage: FeedbackStage
    incident_id: LongId | None = None
    silent: bool = False
    version: Count = 0
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """A member of staff who accepted, or was found at the point. off_duty: went off duty on the
    way, and so covers nothing."""

    staff: Id
    roles: tuple[Role, ...] = ()
    accepted_at: str | None = None
    arrived_at: str | None = None
    off_duty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A member of staff who was told and will not come.

    how: "busy" with something else, or "refuse". step: the one that counted then. at: RFC 3339.
    """

    staff: Id
    how: Literal["refuse", "busy"]
    step: Count
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The owner `by` would hand over to `to`, who has neither taken nor declined it yet."""

    to: Id
    by: Id
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One emergency, whole, from the first press to the close (gateway → all).

    Times and durations are as `docs/contract.md` says. asked_roles: what its kind asks for;
    missing_roles: those no responder covers. covered_by: {role: who covers it}. substitutes:
    {role: the role that stands in for it}. told: {staff: the last step that told them}. rings: how
    often the present step has rung, 0 when it does not. overdue: told again because nobody arrived
    ("arrival") or it was not closed ("close"). outside: the policy has reached "call 120 / 110
    now". possible_fall: the seat was empty soon after the press. version counts up with every
    change.
    """

    incident_id: str
    branch: str
    point: str
    label: str
    kind: Kind
    stage: Stage
    presses: int
    drill: bool
    raised_at: str
    raised_uncertain_ms: int = 0
    late_ms: int = 0
    accepted_at: str | None = None
    arrived_at: str | None = None
    closed_at: str | None = None
    to_accept_ms: int | None = None
    to_arrive_ms: int | None = None
    to_close_ms: int | None = None
    step: int = 0
    owner: str | None = None
    responders: tuple[Responder, ...] = ()
    asked_roles: tuple[str, ...] = ()
    missing_roles: tuple[str, ...] = ()
    situation: str | None = None
    outcome: str | None = None
    overdue: Literal["arrival", "close"] | None = None
    outside: bool = False
    told: dict[str, int] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    rings: int = 0
    offer: Offer | None = None
    covered_by: dict[str, str] = field(default_factory=dict)
    substitutes: dict[str, str] = field(default_factory=dict)
    possible_fall: bool = False
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.stage != "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a member of staff does to an incident (terminal → gateway)."""

    action_id: LongId
    incident_id: LongId
    action: ActionName
    by: Id
    terminal: Id
    outcome: ShortText | None = None
    text: LongText | None = None
    to: Id | None = None
    situation: ShortText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a member of staff wants from the branch's desk: its plans and what follows from calls
    (terminal → gateway).

    request_id: taken once. do: which, such as "shift.save". id: of the record it is about, "" for
    a new one whose id the gateway chooses. version: of that record as the asker saw it, 0 for a
    new one, None for whichever it is. body: what it needs.
    """

    request_id: LongId
    do: Name
    by: Id
    terminal: Id
    id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    version: Count | None = None
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """What is wrong with one field of a request's body.

    field: its path, such as breaks[1].ends; "" for the whole. name: for programs and to be put
    into people's words. detail: what the name alone does not say.
    """

    field: ShortText
    name: Name
    detail: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """What the gateway made of an action or a request (gateway → terminal).

    action_id: the action's or the request's. reason: "" when ok. faults: of a request's body; of
    one that was granted, what had better be seen to all the same.
    id, version: of the record after a request, or as it is now when somebody else was faster.
    """

    action_id: LongId
    ok: bool
    reason: ShortText = ""
    faults: tuple[FieldFault, ...] = ()
    id: ShortText = ""
    version: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus:
    """How the gateway is (gateway → all, retained; as last will with state offline).

    open: incidents not closed. rejected: messages that could not be taken, so far.
    log_head: hash of the newest log entry, so that a cut-off tail of the log shows.
    desk: another number whenever something of the desk has changed, so that screens look again.
    """

    state: Presence
    session: Count
    version: ShortText = ""
    open: Count = 0
    rejected: Count = 0
    log_head: ShortText = ""
    desk: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that does not work, until it does.

    subject: what it is about, such as unit/unit-01, point/point-3, channel/duty-phone, gateway.
    name: one of the names in `docs/operations.md`, such as silent, stuck, disk_full.
    since: RFC 3339. detail: a sentence for people, or "".
    """

    subject: ShortText
    name: ShortText
    since: str
    detail: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Every fault there is now (gateway → all, retained)."""

    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalStatus:
    """A screen server is there (terminal → all, retained; as last will with state offline)."""

    state: Presence
    session: Count
    version: ShortText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEvent:
    """Something at a terminal that belongs in the log (terminal → gateway).

    staff: the id that was typed, known or not. address: of the screen.
    """

    event_id: LongId
    event: Literal["signed_in", "sign_in_refused", "sign_in_slowed"]
    staff: ShortText
    address: ShortText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to people who are not looking at a screen (gateway → pagers, webhooks).

    notice_id: the same however often it is sent. title: a line; body: some lines; both Chinese
    and English. kind: that of the incident; "reminder" or "test" for what belongs to no incident.
    step, why: the rung of the escalation, and why people are told. staff: ids of those it is
    meant for. link: an address that shows the incident and accepts it, or None.
    """

    notice_id: str
    channel: str
    title: str
    body: str
    incident_id: str = ""
    point: str = ""
    kind: str = ""
    step: int = 0
    why: str = ""
    drill: bool = False
    staff: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLamp:
    """What a simulated point shows (simulated unit → all, retained)."""

    lamp: Lamp
    sounder: Sounder
    drill: bool = False


M = TypeVar("M")


def encode(message: object) -> bytes:
    """The message's payload. Raises: MessageError when it is over 64 KiB."""
    payload = msgspec.json.encode(message)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"{len(payload)} bytes; a payload has at most {MAX_PAYLOAD_BYTES}")
    return payload


def decode(kind: type[M], payload: bytes) -> M:
    """The message in `payload`. Raises: MessageError, whose text names the field at fault."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"{len(payload)} bytes; a payload has at most {MAX_PAYLOAD_BYTES}")
    try:
        return decoder(kind).decode(payload)
    # Text that is no UTF-8 inside a string is a UnicodeDecodeError; deep nesting a RecursionError.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(str(error)) from error


for _kind in [one for one in vars().values() if isinstance(one, type) and is_dataclass(one)]:
    decoder(_kind)
