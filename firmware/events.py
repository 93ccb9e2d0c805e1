"""PURE: what can happen to a unit, and what it wants done about it.

Events are in the past tense, commands imperative. The loop carries commands out in their order;
the outcome of a `Save` comes back as an event before anything else does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from firmware.indicators import Shown
from firmware.outgoing import Unsent
from firmware.point import Memory
from protocol.messages import Alert, Feedback, GatewayStatus, UnitStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the outbox holds when the program starts. unsent: oldest first; the rest as in Save."""

    unsent: tuple[Unsent, ...] = ()
    memories: Mapping[str, Memory] = field(default_factory=dict)
    session: int = 0
    boot: str = ""
    seq: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class LineChanged:
    """An edge. line: BCM number. closed: of the contact. at_ms: the kernel's monotonic time."""

    line: int
    closed: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Looked:
    """All lines were read now. closed: by BCM number."""

    closed: Mapping[int, bool]


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker took us."""

    session: int


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The broker is away."""


@dataclass(frozen=True, slots=True)
class ReceiptHeard:
    """The gateway has these alerts for good."""

    alert_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class FeedbackHeard:
    """The gateway says what a point shows."""

    feedback: Feedback


@dataclass(frozen=True, slots=True)
class GatewayHeard:
    """The gateway is there, or not. retained: the broker told it from memory."""

    status: GatewayStatus
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """Command: put all of this into the outbox in one transaction.

    add: alerts. forget: ids of alerts to delete. memories: of points that changed. session: of
    the newest connection. boot, seq: the newest alert's. dropped: alerts let go, ever.
    """

    add: tuple[Unsent, ...] = ()
    forget: tuple[str, ...] = ()
    memories: tuple[Memory, ...] = ()
    session: int = 0
    boot: str = ""
    seq: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """The outbox has it."""

    save: Save


@dataclass(frozen=True, slots=True)
class SaveFailed:
    """The outbox does not have it."""

    save: Save


@dataclass(frozen=True, slots=True)
class OutboxFound:
    """The outbox can be opened after all; it held these."""

    unsent: tuple[Unsent, ...]


@dataclass(frozen=True, slots=True)
class OutboxReplaced:
    """The outbox was damaged; there is a new, empty one."""


@dataclass(frozen=True, slots=True)
class Show:
    """Command: let a point show this."""

    point: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class SendAlert:
    """Command: publish an alert; its age is right now."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class SendStatus:
    """Command: publish the status, with the machine's health filled in."""

    status: UnitStatus


Event = (
    LineChanged
    | Looked
    | LinkUp
    | LinkDown
    | ReceiptHeard
    | FeedbackHeard
    | GatewayHeard
    | Saved
    | SaveFailed
    | OutboxFound
    | OutboxReplaced
)
Command = Save | Show | SendAlert | SendStatus
