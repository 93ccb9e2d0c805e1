"""PURE. An open incident's course, what can happen to it, and what comes of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from gateway.policy import Policies, Policy
from gateway.roster import Roster
from protocol.messages import Action, Alert, Incident
from protocol.moment import Moment

Why = Literal[
    "step",
    "ring",
    "again",
    "urgent",
    "real",
    "stand_in",
    "needed",
    "overdue_arrival",
    "overdue_close",
    "offer",
    "declined",
    "offer_lapsed",
    "handover",
    "step_overdue",
    "followups_overdue",
]


@dataclass(frozen=True, slots=True)
class Rules:
    """What decisions rest on besides the incident itself.

    policy: of the incident at hand. policies: all of the branch's; None: that one for everything.
    substitutes: {role: roles that may stand in for it, in order}. situations: {situation: roles
    that its playbook wants there at once}.
    """

    policy: Policy
    roster: Roster
    substitutes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policies: Policies | None = None
    situations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def asked_roles(self, kind: str, situation: str | None) -> tuple[str, ...]:
        """The roles that an incident of the kind needs, and that its situation does."""
        by_situation = self.situations.get(situation or "", ())
        return tuple(dict.fromkeys((*self.policy.asked_roles(kind), *by_situation)))

    def knows_situation(self, situation: str) -> bool:
        """Whether the branch has a playbook for it; one without any takes whatever is said."""
        return not self.situations or situation in self.situations

    def at(self, kind: str, point: str) -> Rules:
        """The rules for an incident of `kind` at `point`."""
        policy = self.policies.of(kind, point) if self.policies else self.policy
        return self if policy is self.policy else replace(self, policy=policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The point an alert came from, as the configuration knows it."""

    point: str
    label: str
    silent: bool = False


# The ring of a course that was read from the store: due at once, and nobody knows since when.
RING_NOW = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """An open incident with the gateway's clocks of it.

    boot: which boot of this machine the monotonic times count in. raised_ms: monotonic time of
    the press, None when nobody knows it. due_ms: when the next thing happens if nobody acts.
    ring_ms: when the present step rings again, None if it does not; it is not stored, since a
    gateway that starts rings at once. offer_ms: when the hand-over that is offered lapses, None
    without an offer.
    """

    incident: Incident
    boot: str
    raised_ms: int | None
    due_ms: int
    ring_ms: int | None = None
    offer_ms: int | None = None

    @property
    def next_ms(self) -> int:
        """When something is due next, by the monotonic clock of `boot`."""
        others = [one for one in (self.ring_ms, self.offer_ms) if one is not None]
        return min(self.due_ms, *others) if others else self.due_ms

    def is_due(self, now: Moment) -> bool:
        """A deadline of another boot is due now: when in doubt, alert."""
        return self.boot != now.boot or now.mono_ms >= self.next_ms


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joined:
    """The customer pressed again, or held the button, while the incident is open."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Repeated:
    """A further copy of an alert that was taken: it may prove that the press was earlier."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Attended:
    """Somebody pressed the staff presence button at the point, age_ms ago."""

    age_ms: int = 0


@dataclass(frozen=True, slots=True)
class Vacated:
    """The seat at the point became empty age_ms ago.

    pressed_age_ms: how long ago the newest press there was, None where only the incident knows.
    """

    age_ms: int
    pressed_age_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Acted:
    """A member of staff did something to it."""

    action: Action


@dataclass(frozen=True, slots=True)
class DutyChanged:
    """Who is on duty has changed: somebody signed in or out, or a shift began or ended.

    came: who is on duty now and was not before. went: who was and is no more.
    """

    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """Its deadline has come and nobody acted."""


Event = Joined | Repeated | Attended | Vacated | Acted | DutyChanged | Due


# --- results --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the log says of a change. by: staff id, or "" when nobody did it."""

    event: str
    by: str = ""
    detail: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """People to be told.

    staff: their ids; everywhere: on every screen, whoever they are. channels: only through these,
    all if there are none; never through those in `silent`. subjects: what it is about besides the
    incident, such as steps of its checklist, each in both languages.
    """

    why: Why
    step: int
    staff: tuple[str, ...]
    everywhere: bool = False
    channels: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The incident after the event."""

    course: Course
    entries: tuple[Entry, ...]
    tells: tuple[Tell, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The event may not happen; reason is one of the contract's names."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The event is right but everything is as it says already."""


Outcome = Changed | Refused | Unchanged
