"""PURE. The outside: whom a branch can ring, what is said to them, and what became of it.

The system never dials: people do, and write down whom they rang. The number of a customer's family
is `family`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import msgspec

from gateway.course import Entry
from gateway.desk import ambulance, checklist
from gateway.desk.asking import body_of, new_id, refused_field, unseen
from gateway.desk.plans import Plan
from gateway.desk.playbooks import check_role, check_within
from gateway.desk.record import Done, Outcome, Record, Refused, Room, World
from gateway.desk.team import is_phone
from gateway.desk.translated import Translated, untranslated
from protocol.messages import FieldFault, Id, Incident, LongText, Request, ShortText
from protocol.moment import rfc3339

# Not in the directory: the number that a customer gives at that moment.
FAMILY = "family"
PLACE = "place"

Condition = Literal["yes", "no", "unclear"]
Age = Annotated[int, msgspec.Meta(ge=0, le=130)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCall:
    """What somebody here has to do once the call is made; no text: nothing."""

    text: Translated = field(default_factory=Translated)
    role: ShortText = "security"
    within_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An entry of the directory.

    number: "" while nobody has written it down. purpose: what to ring them for. note: such as a
    person to ask for. order: the smaller, the further up. comes: somebody comes after the call.
    """

    name: Translated = field(default_factory=Translated)
    number: ShortText = ""
    purpose: Translated = field(default_factory=Translated)
    note: ShortText = ""
    order: Annotated[int, msgspec.Meta(ge=0, le=999)] = 100
    comes: bool = False
    after: AfterCall = field(default_factory=AfterCall)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the branch is, in the words that an ambulance needs. Its id is `place`.

    phone: where those who were called can ring back.
    """

    name: Translated = field(default_factory=Translated)
    address: Translated = field(default_factory=Translated)
    entrance: Translated = field(default_factory=Translated)
    floor: Translated = field(default_factory=Translated)
    landmark: Translated = field(default_factory=Translated)
    phone: ShortText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What staff see of the customer, for the script; its id is the incident's. None: not known.

    age: in years, as well as known. what: in words, without names.
    """

    age: Age | None = None
    conscious: Condition | None = None
    breathing: Condition | None = None
    what: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody rang somebody. It is open while somebody is on their way because of it.

    number: "" for the family's. over_at, over: when and how that ended, or None. practice: written
    down in a drill, so that nobody was rung.
    """

    contact: ShortText
    called_by: str
    called_at: str
    name: Translated = field(default_factory=Translated)
    number: ShortText = ""
    said: LongText = ""
    over_at: str | None = None
    over_by: str = ""
    over: Literal["arrived", "cancelled"] | None = None
    practice: bool = False


# --- the directory and the place ------------------------------------------------------------


def _check_contact(world: World, id: str, contact: Contact) -> Iterator[FieldFault]:
    if id in (FAMILY, PLACE):  # the customer's, and the page of the place
        yield FieldFault(field="id", name="bad_id", detail=id)
    yield from untranslated(contact.name, "name", needed=True)
    yield from untranslated(contact.purpose, "purpose")
    yield from untranslated(contact.after.text, "after.text")
    if contact.number and not is_phone(contact.number):
        yield FieldFault(field="number", name="bad_phone", detail=contact.number)
    if not contact.number:
        yield from (replace(one, field="number") for one in _needed_contact(world, id))
    if contact.after.text:
        yield from check_role("after.role", contact.after.role)
        yield from check_within("after.within_s", contact.after.within_s)


def _needed_contact(world: World, id: str) -> Iterator[FieldFault]:
    for key, record in world.all("playbook").items():
        if any(step.calls == id for step in record.body.steps):
            yield FieldFault(field="", name="playbook_calls", detail=key)


def _check_place(world: World, id: str, place: Place) -> Iterator[FieldFault]:
    for name in ("name", "address", "entrance", "floor", "landmark"):
        is_needed = name in ("name", "address")
        yield from untranslated(getattr(place, name), name, needed=is_needed)
    if place.phone and not is_phone(place.phone):
        yield FieldFault(field="phone", name="bad_phone", detail=place.phone)


PLANS = (
    Plan(
        kind="contact",
        cls=Contact,
        rule=_check_contact,
        needed_by=_needed_contact,
        is_an_id=True,
    ),
    Plan(kind="branch", cls=Place, rule=_check_place, only=PLACE),
)


# --- one incident ---------------------------------------------------------------------------


def _report(world: World, request: Request) -> Outcome:
    """`outside.report` {age, conscious, breathing, what}: the whole of it, of an open incident."""
    refused = not_open(world, request)
    if refused:
        return refused
    report = body_of(Report, request)
    if isinstance(report, Refused):
        return report
    known = world.get("outside", request.id)
    refused = unseen(request, known)
    if refused:
        return refused
    record = Record(
        kind="outside",
        id=request.id,
        body=report,
        version=known.version + 1 if known else 1,
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        incident_id=request.id,
    )
    entry = Entry(event="outside_reported", by=request.by, detail=msgspec.to_builtins(report))
    return Done(records=(record,), entries=((entry, request.id),))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    """Body of `outside.called`. contact: of the directory, or `family`. number: if another than
    the directory's."""

    contact: Id
    number: ShortText = ""
    said: LongText = ""


def _called(world: World, request: Request) -> Outcome:
    """`outside.called` {contact, number, said}: written down after somebody has dialled.

    It ticks the step of the checklist that asked for it, and adds the step that follows from it.
    """
    refused = _not_known(world, request)
    if refused:
        return refused
    asked = body_of(_Called, request)
    if isinstance(asked, Refused):
        return asked
    contact = _contact(world, asked.contact)
    if contact is None:
        return refused_field("contact", "unknown_contact")
    incident = world.incident(request.id)
    number = "" if asked.contact == FAMILY else asked.number.strip() or contact.number
    if number and not is_phone(number):
        return refused_field("number", "bad_phone", number)
    if not number and asked.contact != FAMILY:
        return refused_field("number", "missing")
    call = Call(
        contact=asked.contact,
        called_by=request.by,
        called_at=rfc3339(world.now.utc_ms),
        name=contact.name,
        number=number,
        said=asked.said.strip(),
        practice=incident is not None and incident.drill,
    )
    return _written_down(world, request, call, contact)


def _written_down(world: World, request: Request, call: Call, contact: Contact) -> Done:
    record = Record(
        kind="outside_call",
        id=f"{request.id[:40]}.{new_id('call', request)}",
        body=call,
        is_open=contact.comes,
        by=request.by,
        at=call.called_at,
        incident_id=request.id,
    )
    detail = {
        "contact": call.contact,
        "number": call.number,
        "said": call.said,
        "call": record.id,
        **call.name.as_detail(),
    }
    entry = Entry(event="outside_called", by=request.by, detail=detail)
    on_list = _on_the_list(world, request, call, contact)
    rung = ambulance.rung(
        world, request.id, contact=call.contact, number=call.number, by=request.by
    )
    return Done(records=(record,), entries=((entry, request.id),)) + on_list + rung


def _on_the_list(world: World, request: Request, call: Call, contact: Contact) -> Done:
    """What the call does to the incident's checklist."""
    incident, entries = world.incidents.get(request.id), ()
    record = checklist.of_incident(world, request.id)
    asked = record and next((s for s in record.body.steps if s.calls == call.contact), None)
    if record and asked and asked.id not in record.body.ticks:
        done = checklist.ticked(world, record, asked.id, by=request.by, how="called")
        (record,), entries = done.records, done.entries
    after = contact.after
    if not after.text or incident is None:
        return Done(records=(record,) if entries else (), entries=entries)
    step = checklist.after_call(
        call.contact, text=after.text, role=after.role, within_s=after.within_s
    )
    added = checklist.with_step(world, incident, step, record)
    records = added.records or ((record,) if entries else ())
    return Done(records=records, entries=(*entries, *added.entries))


def _contact(world: World, id: str) -> Contact | None:
    if id == FAMILY:
        return Contact(name=Translated(zh="家属", en="Family"))
    record = world.get("contact", id)
    return record.body if record else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """Body of `outside.over`."""

    how: Literal["arrived", "cancelled"] = "arrived"


def _over(world: World, request: Request) -> Outcome:
    """`outside.over` {how}, of a call: those who were called have come, or need not any more."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    record = world.get("outside_call", request.id)
    if record is None:
        return Refused("unknown_record")
    asked = body_of(_Over, request)
    if isinstance(asked, Refused):
        return asked
    at = rfc3339(world.now.utc_ms)
    body = replace(record.body, over_at=at, over_by=request.by, over=asked.how)
    changed = replace(
        record, body=body, version=record.version + 1, is_open=False, by=request.by, at=at
    )
    detail = {"contact": body.contact, "call": record.id, **body.name.as_detail()}
    entry = Entry(event=f"outside_{asked.how}", by=request.by, detail=detail)
    return Done(records=(changed,), entries=((entry, record.incident_id),))


def _not_known(world: World, request: Request) -> Refused | None:
    """Calls are written down also after the close, while the incident's checklist is open, or as
    long as it owes the call to 120."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    if request.id in world.incidents or checklist.of_incident(world, request.id):
        return None
    if ambulance.owed_of(world, request.id):
        return None
    return Refused("unknown_incident")


def not_open(world: World, request: Request) -> Refused | None:
    """Why the request is refused where it must be of an open incident and by one of the staff."""
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    return None if request.id in world.incidents else Refused("unknown_incident")


def follow(world: World, before: Incident, after: Incident) -> Done:
    """A drill that has become real: nobody practised is on their way, and what was seen was played.
    The close: nobody adds to the report any more."""
    report = world.get("outside", after.incident_id)
    if before.drill and not after.drill:
        return _nobody_was_rung(world, after) + _nothing_was_seen(world, report)
    if after.is_open or not before.is_open or report is None:
        return Done()
    return Done(records=(replace(report, version=report.version + 1, is_open=False),))


def _nothing_was_seen(world: World, report: Record | None) -> Done:
    """The report of the drill is blank."""
    if report is None:
        return Done()
    at = rfc3339(world.now.utc_ms)
    blank = replace(report, body=Report(), version=report.version + 1, by="", at=at)
    return Done(records=(blank,))


def _nobody_was_rung(world: World, incident: Incident) -> Done:
    """The calls of the drill are over."""
    mine = [
        one
        for one in world.all("outside_call").values()
        if one.incident_id == incident.incident_id and one.body.practice
    ]
    at = rfc3339(world.now.utc_ms)
    return Done(
        records=tuple(
            replace(
                one,
                body=replace(one.body, over_at=at, over="cancelled"),
                version=one.version + 1,
                is_open=False,
                at=at,
            )
            for one in mine
        )
    )


ROOM = Room(
    kinds={
        **{plan.kind: plan.cls for plan in PLANS},
        "outside": Report,
        "outside_call": Call,
    },
    requests={
        **{name: decide for plan in PLANS for name, decide in plan.requests.items()},
        "outside.report": _report,
        "outside.called": _called,
        "outside.over": _over,
    },
    follow=follow,
)
