"""PURE. What a room is handed and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.course import Entry, Tell
from gateway.roster import Roster
from gateway.supervision import Wrong
from protocol.messages import Alert, Fault, FieldFault, Incident, Request
from protocol.moment import Moment

if TYPE_CHECKING:  # which keeps records of ours, and so reads this file first
    from gateway.desk.coverage import Coverage
    from gateway.store.records import PointRecord


SEALED_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Due:
    """When something happens by itself.

    boot "": ms is UTC, for dates people live by; else it is the monotonic clock of that boot.
    """

    ms: int
    boot: str = ""

    def has_come(self, now: Moment) -> bool:
        """A deadline of another boot is due now: when in doubt, remind."""
        if not self.boot:
            return now.utc_ms >= self.ms
        return self.boot != now.boot or now.mono_ms >= self.ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing the desk keeps.

    kind, id: which. version: counts up with each change. body: its fields, as the dataclass of
    its kind. is_open: False once retired or done; then it is kept and counts no more. by: who
    changed it last, "" for the configuration or the clock. at: RFC 3339. incident_id: the
    incident it belongs to, or None.
    """

    kind: str
    id: str
    body: Any
    version: int = 1
    is_open: bool = True
    by: str = ""
    at: str = ""
    incident_id: str | None = None
    due: Due | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a room may look at.

    records: the open ones, by kind and id. incidents: the open ones by id. local: the branch's
    own date and time. points: every point by id, with its seat. faults: what does not work now,
    by subject and name. past: the closed incidents, each asked of the store when it is needed.
    salt: the branch's own, for what nobody is to foresee.
    coverage: who is on duty with which role in the coming week. last_version: of a record that is
    open no more, 0 for one that there never was.
    """

    records: Mapping[str, Mapping[str, Record]]
    incidents: Mapping[str, Incident]
    roster: Roster
    now: Moment
    local: datetime
    points: Mapping[str, PointRecord] = field(default_factory=dict)
    faults: Mapping[tuple[str, str], Fault] = field(default_factory=dict)
    past: Mapping[str, Incident] = field(default_factory=dict)
    salt: str = ""
    coverage: Coverage = field(kw_only=True, default=None)  # type: ignore[assignment]
    last_version: Callable[[str, str], int] = lambda kind, id: 0

    def incident(self, id: str) -> Incident | None:
        """An incident, open or closed."""
        return self.incidents.get(id) or self.past.get(id)

    def all(self, kind: str) -> Mapping[str, Record]:
        """The open records of a kind, by id."""
        return self.records.get(kind, {})

    def get(self, kind: str, id: str) -> Record | None:
        return self.all(kind).get(id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The request is granted.

    records: as they are from now on. entries: for the log, and tells: people to be told, each with
    the incident it belongs to or None. deletes: records (kind, id) that are to be gone for good,
    and not merely closed. raises: alerts of the desk's own. named: what the asker is
    told of what was granted all the same.
    """

    records: tuple[Record, ...] = ()
    entries: tuple[tuple[Entry, str | None], ...] = ()
    tells: tuple[tuple[Tell, str | None], ...] = ()
    deletes: tuple[tuple[str, str], ...] = ()
    raises: tuple[Alert, ...] = ()
    named: tuple[FieldFault, ...] = ()

    def __add__(self, other: Done) -> Done:
        """Both."""
        return Done(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class Refused:
    """The request is not granted. reason: a name. faults: of the fields, if that is why."""

    reason: str
    faults: tuple[FieldFault, ...] = ()


Outcome = Done | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A field of a request's body that nobody may read. takes: whether a text can be taken, since
    no room can look at it afterwards."""

    field: str
    takes: Callable[[str], bool] = lambda text: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Some kinds of records and what may be done to them.

    kinds: {kind: its dataclass}. secret: kinds that neither pages, exports nor the log show.
    for_leads: which of its records are shown only to those who write plans.
    requests: {Request.do: what decides it}. fall_due: what becomes of a record whose time has
    come. meet: what a new incident leads to; it is asked before the press has its receipt. follow:
    what a change of an incident (before, after) leads to.
    wrongs: what is not as it should be now; each is a fault on the devices page until it is said
    no more. It is asked each minute, and within a second of a change. defaults: plans (kind, id,
    body) that a branch begins with, until a person writes them anew or retires them. sealed:
    {Request.do: the field of its body that nobody may read}: the room gets {"sealed": …} there, or
    None for what cannot be taken, such as more than SEALED_LENGTH characters. takes: {kind: what
    becomes of a press at the point that has a record of it, by id}; None: it is a call. ended:
    {kind: what it leads to that a record of it, of whichever room, is open no more}.
    """

    kinds: Mapping[str, type]
    requests: Mapping[str, Callable[[World, Request], Outcome]]
    secret: frozenset[str] = frozenset()
    for_leads: Callable[[Record], bool] = lambda record: False
    fall_due: Callable[[World, Record], Done] | None = None
    meet: Callable[[World, Incident], Done] | None = None
    follow: Callable[[World, Incident, Incident], Done] | None = None
    wrongs: Callable[[World], Iterable[Wrong]] | None = None
    defaults: tuple[tuple[str, str, Any], ...] = ()
    sealed: Mapping[str, Sealed] = field(default_factory=dict)
    takes: Mapping[str, Callable[[World, Record, Alert], Done | None]] = field(default_factory=dict)
    ended: Mapping[str, Callable[[World, Record], Done]] = field(default_factory=dict)
