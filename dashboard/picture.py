"""PURE  What the board knows now, as one frozen value, and what changed between two of them.

The broker brings the news, the store is the truth: news moves the picture at once, and a look
into the store corrects it. Nothing here decides anything about an incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from dashboard.wire import GatewayView, LampView, UnitView
from protocol.messages import Fault, Feedback, GatewayStatus, Incident, UnitStatus

# A gateway or unit not heard of for this long is silent (contract: defaults).
SILENT_MS = 15_000
# Written bounds: far above any branch; a flood of made-up ids must not eat the memory.
MAX_OPEN = 10_000
MAX_CLOSED = 500
MAX_UNITS = 2_000
MAX_POINTS = 10_000
# (subject, name) of the one fault that the store cannot hold: that it cannot be written.
STORE_UNWRITABLE = ("gateway", "store_unwritable")


class StoredUnit(Protocol):
    """What the picture needs of the store's UnitRecord."""

    unit: str
    configured: bool
    status: UnitStatus | None
    last_seen_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came from a unit over the broker. at: RFC 3339, None for a retained message."""

    status: UnitStatus
    at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One look into the store. closed: incidents of the picture that the store knows as closed.

    unknown: ids of the picture that the store does not know at all. faults: None = leave those of
    the picture, because news of them came during the look.
    """

    open: tuple[Incident, ...]
    closed: tuple[Incident, ...] = ()
    unknown: tuple[str, ...] = ()
    units: tuple[StoredUnit, ...] = ()
    unit_of_point: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the board knows.

    incidents: {id: open incident}. closed: {id: the newest closed ones}, so that late news of
    them is known as old. heard: {unit: Heard}. stored: {unit: the store's record}. units:
    {unit: UnitView}, worked out from the fields above. lamps: {point: LampView}, of a demo.
    gateway_heard_ms: monotonic, None = never.
    """

    incidents: Mapping[str, Incident] = field(default_factory=dict)
    closed: Mapping[str, Incident] = field(default_factory=dict)
    heard: Mapping[str, Heard] = field(default_factory=dict)
    stored: Mapping[str, StoredUnit] = field(default_factory=dict)
    unit_of_point: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    units: Mapping[str, UnitView] = field(default_factory=dict)
    feedback: Mapping[str, Feedback] = field(default_factory=dict)
    lamps: Mapping[str, LampView] = field(default_factory=dict)
    gateway_status: GatewayStatus | None = None
    gateway_heard_ms: int | None = None
    gateway_silent: bool = True
    broker: bool = False
    store: bool = False

    @property
    def gateway(self) -> GatewayView:
        return GatewayView(
            state=_gateway_state(self),
            status=self.gateway_status,
            faults=self.faults,
            broker=self.broker,
            store=self.store,
            open=len(self.incidents),
        )

    @property
    def store_unwritable(self) -> bool:
        """Whether the gateway says that it cannot store anything."""
        return any(_is_unstorable(fault) for fault in self.faults)


def _is_unstorable(fault: Fault) -> bool:
    return (fault.subject, fault.name) == STORE_UNWRITABLE


def _gateway_state(picture: Picture) -> str:
    if picture.gateway_status is not None and picture.gateway_status.state == "offline":
        return "offline"
    return "silent" if picture.gateway_silent else "online"


# -- news from the broker ---------------------------------------------------------------------


def with_incident(picture: Picture, incident: Incident) -> Picture:
    """The picture after news of an incident; the same picture when the news is old."""
    known = picture.closed.get(incident.incident_id) or picture.incidents.get(incident.incident_id)
    if known is not None and known.version >= incident.version:
        return picture
    incidents = dict(picture.incidents)
    incidents.pop(incident.incident_id, None)
    closed = picture.closed
    if incident.is_open:
        if known is None and len(incidents) >= MAX_OPEN:
            return picture
        incidents[incident.incident_id] = incident
    else:
        closed = {**closed, incident.incident_id: incident}
        closed = dict(islice(closed.items(), max(len(closed) - MAX_CLOSED, 0), None))
    return replace(picture, incidents=incidents, closed=closed)


def with_unit_status(picture: Picture, unit: str, status: UnitStatus, *, at: str | None) -> Picture:
    """The picture after a unit spoke; the same when it is a late will of an older session."""
    known = picture.heard.get(unit)
    if known is not None and _is_late_will(status, known.status):
        return picture
    if known is None and len(picture.heard) >= MAX_UNITS:
        return picture
    if at is None and known is not None:
        at = known.at
    return _with_units(
        replace(picture, heard={**picture.heard, unit: Heard(status=status, at=at)}), [unit]
    )


def with_faults(picture: Picture, faults: Iterable[Fault]) -> Picture:
    """The picture with these faults and no others."""
    faults = tuple(faults)
    return picture if faults == picture.faults else _with_units(replace(picture, faults=faults))


def with_feedback(picture: Picture, feedback: Feedback) -> Picture:
    """The picture with what a point's lamp stands for."""
    known = feedback.point in picture.feedback
    if not known and len(picture.feedback) >= MAX_POINTS:
        return picture
    return replace(picture, feedback={**picture.feedback, feedback.point: feedback})


def with_lamp(picture: Picture, lamp: LampView) -> Picture:
    """The picture with what a simulated point shows."""
    if lamp.point not in picture.lamps and len(picture.lamps) >= MAX_POINTS:
        return picture
    return replace(picture, lamps={**picture.lamps, lamp.point: lamp})


def with_gateway(picture: Picture, status: GatewayStatus, *, now_ms: int) -> Picture:
    """The picture after the gateway spoke, or the broker in its name."""
    known = picture.gateway_status
    if known is not None and _is_late_will(status, known):
        return picture
    return replace(picture, gateway_status=status, gateway_heard_ms=now_ms, gateway_silent=False)


def at_time(picture: Picture, *, now_ms: int) -> Picture:
    """The picture as time goes by: a gateway not heard of is silent."""
    heard_ms = picture.gateway_heard_ms
    silent = heard_ms is None or now_ms - heard_ms > SILENT_MS
    return picture if silent == picture.gateway_silent else replace(picture, gateway_silent=silent)


def _is_late_will(status: UnitStatus | GatewayStatus, known: UnitStatus | GatewayStatus) -> bool:
    """Whether `status` is the will of a connection older than the one known to be up."""
    return status.state == "offline" and status.session < known.session


# -- the truth from the store -----------------------------------------------------------------


def with_stored(picture: Picture, stored: Stored) -> Picture:
    """The picture corrected by a look into the store."""
    for incident in (*stored.open, *stored.closed):
        picture = with_incident(picture, incident)
    gone = set(stored.unknown) & picture.incidents.keys()
    if gone:
        kept = {id_: item for id_, item in picture.incidents.items() if id_ not in gone}
        picture = replace(picture, incidents=kept)
    return _with_units(
        replace(
            picture,
            store=True,
            stored={record.unit: record for record in stored.units},
            unit_of_point=stored.unit_of_point,
            faults=picture.faults if stored.faults is None else _known(picture, stored.faults),
        )
    )


def _known(picture: Picture, stored: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """The store's faults, and that of the store itself, which only news can bring and take away."""
    unstorable = tuple(fault for fault in picture.faults if _is_unstorable(fault))
    return (*(fault for fault in stored if not _is_unstorable(fault)), *unstorable)


def unit_view(
    unit: str, *, record: StoredUnit | None, heard: Heard | None, faults: tuple[Fault, ...]
) -> UnitView:
    """A unit from what the store and the broker know of it; the broker's word is newer."""
    seen = [at for at in (record and record.last_seen_at, heard and heard.at) if at is not None]
    status = heard.status if heard is not None else (record.status if record else None)
    return UnitView(
        unit=unit,
        status=status,
        last_seen_at=max(seen, default=None),
        fault=gravest(faults),
        faults=faults,
        configured=record is not None and record.configured,
    )


def gravest(faults: Iterable[Fault]) -> str | None:
    """The name to show first: a silent unit cannot have told of anything else."""
    names = [fault.name for fault in faults]
    return "silent" if "silent" in names else next(iter(names), None)


def faults_by_unit(
    faults: Iterable[Fault], unit_of_point: Mapping[str, str]
) -> dict[str, tuple[Fault, ...]]:
    """{unit: its faults and those of its points}."""
    found: dict[str, tuple[Fault, ...]] = {}
    for fault in faults:
        kind, _, subject = fault.subject.partition("/")
        unit = {"unit": subject, "point": unit_of_point.get(subject)}.get(kind)
        if unit:
            found[unit] = (*found.get(unit, ()), fault)
    return found


def unit_views(
    picture: Picture, records: Mapping[str, StoredUnit], *, only: Iterable[str] | None = None
) -> dict[str, UnitView]:
    """{unit: UnitView} of all units there are, by id, or of `only` some of them."""
    faults = faults_by_unit(picture.faults, picture.unit_of_point)
    names = sorted(records.keys() | picture.heard.keys()) if only is None else only
    return {
        unit: unit_view(
            unit,
            record=records.get(unit),
            heard=picture.heard.get(unit),
            faults=faults.get(unit, ()),
        )
        for unit in names
    }


def _with_units(picture: Picture, only: Iterable[str] | None = None) -> Picture:
    fresh = unit_views(picture, picture.stored, only=only)
    return replace(picture, units=fresh if only is None else {**picture.units, **fresh})


# -- what changed -----------------------------------------------------------------------------

Event = tuple[str, object]


def present(picture: Picture) -> list[Event]:
    """[(event, whole state)]: what a screen that has just connected must know."""
    return [
        *(("incident", incident) for incident in picture.incidents.values()),
        *(("unit", unit) for unit in picture.units.values()),
        ("gateway", picture.gateway),
        *(("lamp", lamp) for lamp in picture.lamps.values()),
    ]


def changes(before: Picture, after: Picture) -> list[Event]:
    """[(event, whole state)]: what a screen that shows `before` must be told to show `after`."""
    events: list[Event] = []
    if after.closed is not before.closed:
        events += _fresh("incident", before.closed, after.closed)
    if after.incidents is not before.incidents:
        events += _fresh("incident", before.incidents, after.incidents)
    if after.units is not before.units:
        events += _fresh("unit", before.units, after.units)
    if after.lamps is not before.lamps:
        events += _fresh("lamp", before.lamps, after.lamps)
    if after.gateway != before.gateway:
        events.append(("gateway", after.gateway))
    return events


def _fresh(event: str, before: Mapping[str, object], after: Mapping[str, object]) -> list[Event]:
    """Those of `after` that are not in `before`; the quick look spares comparing the rest."""
    return [
        (event, value)
        for key, value in after.items()
        if value is not before.get(key) and value != before.get(key)
    ]
