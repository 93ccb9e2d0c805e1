"""PURE. The team: staff, their certificates and PINs, posts, shifts, and who is on duty now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

import msgspec

from gateway.course import Entry
from gateway.desk.asking import call_text
from gateway.desk.exception_plans import check_days, check_exception, check_whom, shift_said
from gateway.desk.hours import hours_on
from gateway.desk.leaving import is_lead, last_lead, last_pin, leave, leaves_to
from gateway.desk.plans import LEADS, Label, Plan
from gateway.desk.record import Done, Due, Outcome, Record, Refused, Room, World
from gateway.duty import (
    DAY,
    WEEKDAYS,
    Day,
    Exception_,
    Pause,
    Shift,
    Span,
    by_staff,
    comes_between,
    is_planned,
    next_extra,
    next_start,
    overlap,
    parse_day,
    span_on,
    without,
)
from gateway.roster import CERTIFIED, Member, Roster
from protocol.messages import FieldFault, Request, ShortText
from protocol.moment import rfc3339
from protocol.pin_hash import is_pin_hash

KnownRole = Literal["customer_service", "security", "first_aid", "lead", "maintenance", "admin"]
Language = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?(?![\s\S])", description="a language such as zh or en"
    ),
]
DutyMode = Literal["plan", "sign_in", "always", "never"]
CertificateName = Literal["first_aid", "aed"]

# Digits with the usual signs between them, and a + before; 120 and an extension both fit.
_PHONE = re.compile(r"\+?[0-9](?:[0-9 ()./-]{0,28}[0-9])?(?:[xX#][0-9]{1,8})?(?![\s\S])")
# From 120 to the longest international number, with a prefix to get out.
PHONE_DIGITS = range(3, 19)
# Somebody who signed in and forgot to sign out is off duty after so long.
FORGOTTEN = timedelta(hours=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """what: such as first_aid. expires: its last day."""

    what: CertificateName
    expires: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A member of staff. Its id is what they sign in with.

    duty: `plan` follows the shifts; `sign_in` is on duty while signed in at the board; `always`
    and `never` need no plan.
    """

    name: Label
    roles: list[KnownRole]
    duty: DutyMode = "plan"
    languages: list[Language] = field(default_factory=list)
    phone: ShortText = ""
    certificates: list[Certificate] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """How a member of staff signs in. hash: made by Werkzeug's generate_password_hash."""

    hash: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where somebody works, such as the guide's desk. roles: what its holder should cover."""

    name: Label
    roles: list[KnownRole] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDuty:
    """Somebody has signed in or out of duty, whatever the plan says; its id is the staff's."""

    state: Literal["on", "off"]


# --- who is on duty -------------------------------------------------------------------------


def roster_of(world: World) -> Roster:
    """Everybody, with the roles they cover today and whether they are on duty at this minute."""
    shifts = by_staff(one.body for one in world.all("shift").values())
    exceptions = by_staff(one.body for one in world.all("exception").values())
    return Roster(
        Member(
            staff=id,
            name=record.body.name,
            roles=roles_today(record.body, world.local.date()),
            on_duty=_is_on_duty(
                record.body,
                world.get("duty", id),
                shifts.get(id, ()),
                exceptions.get(id, ()),
                world.local,
            ),
        )
        for id, record in world.all("staff").items()
    )


def roles_today(staff: Staff, today: date) -> tuple[str, ...]:
    """The roles that this person covers: one that needs a certificate only with a valid one."""
    valid = {one.what for one in staff.certificates if is_valid(one, today)}
    return tuple(role for role in staff.roles if role not in CERTIFIED or CERTIFIED[role] in valid)


def is_valid(certificate: Certificate, today: date) -> bool:
    expires = parse_day(certificate.expires)
    return expires is not None and today <= expires


def _is_on_duty(
    staff: Staff,
    signed: Record | None,
    shifts: Iterable[Shift],
    exceptions: Iterable[Exception_],
    local: datetime,
) -> bool:
    if signed is not None:
        return signed.body.state == "on"
    if staff.duty == "plan":
        return is_planned(shifts, exceptions, local)
    return staff.duty == "always"


# --- what is wrong with a plan --------------------------------------------------------------


def is_phone(text: str) -> bool:
    """Whether `text` can be dialled, an extension included; never when letters are in it."""
    digits = sum(one.isdigit() for one in re.split("[xX#]", text)[0])
    return _PHONE.match(text) is not None and digits in PHONE_DIGITS


def _check_staff(world: World, id: str, staff: Staff) -> Iterator[FieldFault]:
    if not staff.roles:
        yield FieldFault(field="roles", name="empty")
    if len(set(staff.roles)) < len(staff.roles):
        yield FieldFault(field="roles", name="twice")
    if staff.phone and not is_phone(staff.phone):
        yield FieldFault(field="phone", name="bad_phone", detail=staff.phone)
    known = world.get("staff", id)
    had = known.body.certificates if known else []
    for number, one in enumerate(staff.certificates):
        if one.what in [other.what for other in staff.certificates[:number]]:
            yield FieldFault(field=f"certificates[{number}].what", name="twice")
        path = f"certificates[{number}].expires"
        if parse_day(one.expires) is None:
            yield FieldFault(field=path, name="no_such_day", detail=one.expires)
        elif one not in had and not is_valid(one, world.local.date()):
            yield FieldFault(field=path, name="in_the_past", detail=one.expires)
    if not is_lead(staff.roles):
        yield from last_lead(world, id, "roles")


def _needed_staff(world: World, id: str) -> Iterator[FieldFault]:
    yield from last_lead(world, id, "roles")
    yield from _owned(world, id)


def _owned(world: World, id: str) -> Iterator[FieldFault]:
    """A call never loses its owner: who has one hands it over before they go."""
    for one in world.incidents.values():
        if one.owner == id:
            yield FieldFault(field="", name="owns_incident", detail=call_text(world, one))


def _check_shift(world: World, id: str, shift: Shift) -> Iterator[FieldFault]:
    yield from check_whom(world, shift.staff)
    if not shift.days:
        yield FieldFault(field="days", name="empty")
    if shift.every_weeks > 1 and shift.first is None:  # which of the weeks nobody could tell
        yield FieldFault(field="first", name="missing")
    if shift.starts == shift.ends:
        yield FieldFault(field="ends", name="same_as_start")
    if shift.post is not None and world.get("post", shift.post) is None:
        yield FieldFault(field="post", name="unknown_post", detail=shift.post)
    bad_days = list(check_days(shift.first, shift.last))
    yield from bad_days or _check_when(world, id, shift)
    yield from _check_breaks(shift)
    if bad_days:
        return
    for key, record in world.all("shift").items():
        other = record.body
        if key != id and other.staff == shift.staff and (day := overlap(other, shift)):
            detail = shift_said(world, other, WEEKDAYS[day.weekday()])
            yield FieldFault(field="starts", name="overlaps", detail=detail)


def _check_when(world: World, id: str, shift: Shift) -> Iterator[FieldFault]:
    """A shift that never comes, or comes no more."""
    last = parse_day(shift.last) if shift.last else None
    known = world.get("shift", id)
    is_new = known is None or known.body.last != shift.last
    if last and last < world.local.date() and is_new:
        yield FieldFault(field="last", name="in_the_past", detail=shift.last)
    first = parse_day(shift.first) if shift.first else None
    if first and last and shift.days and not comes_between(shift, first, last):
        yield FieldFault(field="days", name="never_comes")


def _doubtful(world: World, id: str, shift: Shift) -> Iterator[FieldFault]:
    """A shift is kept, and named, of somebody whose duty no plan decides, since it changes nothing;
    and of somebody who does not cover what the post asks of its holder."""
    body = world.get("staff", shift.staff).body  # type: ignore[union-attr]  # the rule has looked
    if body.duty != "plan":
        yield FieldFault(field="staff", name="shift_not_followed", detail=body.name)
    post = world.get("post", shift.post) if shift.post else None
    covered = roles_today(body, world.local.date())
    lacking = [role for role in (post.body.roles if post else ()) if role not in covered]
    if lacking:
        yield FieldFault(field="post", name="role_lacking", detail=", ".join(lacking))


def _check_breaks(shift: Shift) -> Iterator[FieldFault]:
    day = date(2026, 1, 5)
    worked = span_on(day, shift.starts, shift.ends)
    before: list[Span] = []
    for number, pause in enumerate(shift.breaks):
        span = span_on(day, pause.starts, pause.ends)
        if span.start < worked.start:
            span = span_on(day + timedelta(days=1), pause.starts, pause.ends)
        if not (worked.start <= span.start and span.end <= worked.end):
            yield FieldFault(field=f"breaks[{number}]", name="outside_shift")
        elif any(span.meets(other) for other in before):
            yield FieldFault(field=f"breaks[{number}]", name="breaks_meet")
        before.append(span)
    if not without([worked], before):
        yield FieldFault(field="breaks", name="nothing_left")


def _needed_post(world: World, id: str) -> Iterator[FieldFault]:
    for key, record in world.all("shift").items():
        if record.body.post == id:
            yield FieldFault(field="", name="shift_there", detail=key)


def _check_pin(world: World, id: str, pin: Pin) -> Iterator[FieldFault]:
    yield from check_whom(world, id)
    if not is_pin_hash(pin.hash):
        yield FieldFault(field="hash", name="no_hash")


PLANS = (
    Plan(
        kind="staff",
        cls=Staff,
        rule=_check_staff,
        needed_by=_needed_staff,
        leaves=leaves_to,
        is_an_id=True,
    ),
    Plan(
        kind="pin",
        cls=Pin,
        rule=_check_pin,
        needed_by=last_pin,
        is_secret=True,
        is_ones_own=True,
    ),
    Plan(kind="post", cls=Post, needed_by=_needed_post, is_an_id=True),
    Plan(kind="shift", cls=Shift, rule=_check_shift, named=_doubtful),
    Plan(kind="exception", cls=Exception_, rule=check_exception),
)


# --- signing in and out of duty -------------------------------------------------------------


def _sign(world: World, request: Request) -> Outcome:
    """`duty.on`, `duty.off`: for oneself, or by a lead for somebody else; `duty.plan`: as planned.

    Who signs out is off duty until signing in, until the next shift or day besides begins, and at
    most for a day: nobody who went home today is left out tomorrow. Whoever is always on duty is
    called again when the branch opens tomorrow, or at midnight when nobody has said when it does.
    Who signs in is on duty until signing out, or the next shift, or FORGOTTEN.
    """
    staff = request.id or request.by
    if not world.roster.knows(request.by):
        return Refused("unknown_staff")
    if world.get("staff", staff) is None:
        return Refused("unknown_record")
    if staff != request.by and not world.roster.has_role(request.by, *LEADS):
        return Refused("not_allowed")
    state = request.do.removeprefix("duty.")
    owned = tuple(_owned(world, staff)) if _goes(world, staff, state) else ()
    if owned:
        return Refused("owns_incident", owned)
    record = Record(
        kind="duty",
        id=staff,
        body=SignedDuty(state="on" if state == "on" else "off"),
        version=_next_version(world, staff),
        is_open=state != "plan",
        by=request.by,
        at=rfc3339(world.now.utc_ms),
        due=_until(world, staff, state) if state != "plan" else None,
    )
    entry = Entry(event=f"duty_{state}", by=request.by, detail={"staff": staff})
    return Done(records=(record,), entries=((entry, None),))


def _goes(world: World, staff: str, state: str) -> bool:
    """Whether this person is off duty once they have said so."""
    if state != "plan":
        return state == "off"
    present = roster_of(replace(world, records={**world.records, "duty": {}}))
    return not present.is_on_duty(staff)


def _next_version(world: World, staff: str) -> int:
    known = world.get("duty", staff)
    return known.version + 1 if known else 1


def _until(world: World, staff: str, state: str) -> Due:
    """When the plan counts again after signing in or out."""
    longest = FORGOTTEN if state == "on" else DAY
    begins = [world.local + longest, *_begins(world, staff)]
    ahead_ms = round((min(begins) - world.local).total_seconds() * 1000)
    return Due(world.now.utc_ms + ahead_ms)


def _begins(world: World, staff: str) -> Iterator[datetime]:
    """When this person's duty begins next by the plan, as far as it is known."""
    if world.get("staff", staff).body.duty == "always":  # type: ignore[union-attr]
        tomorrow = world.local.date() + DAY
        hours = hours_on(world, tomorrow)
        yield hours[0] if hours else datetime.combine(tomorrow, time())
        return
    shifts = by_staff(one.body for one in world.all("shift").values()).get(staff, [])
    exceptions = by_staff(one.body for one in world.all("exception").values()).get(staff, [])
    for begins in (next_start(shifts, world.local), next_extra(exceptions, world.local)):
        if begins is not None:
            yield begins


def _duty_ends(world: World, record: Record) -> Done:
    """A signed duty is over: the plan counts again."""
    over = Record(
        kind="duty",
        id=record.id,
        body=record.body,
        version=record.version + 1,
        is_open=False,
        at=rfc3339(world.now.utc_ms),
    )
    entry = Entry(event="duty_plan", detail={"staff": record.id})
    return Done(records=(over,), entries=((entry, None),))


ROOM = Room(
    kinds={plan.kind: plan.cls for plan in PLANS} | {"duty": SignedDuty},
    secret=frozenset(plan.kind for plan in PLANS if plan.is_secret),
    requests={name: decide for plan in PLANS for name, decide in plan.requests.items()}
    | {f"duty.{state}": _sign for state in ("on", "off", "plan")},
    fall_due=_duty_ends,
    ended={"staff": leave},
)

__all__ = ["ROOM", "Certificate", "Pause", "Pin", "Post", "SignedDuty", "Staff", "roster_of"]
