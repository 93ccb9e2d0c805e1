"""What the gateway knows of its branch now, and what each message makes of it.

Every change goes into a `Round`: what to write, and what to say once it is written. Nothing here
waits, writes or sends. If the write fails the branch is thrown away and read from the store anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gateway import incident as machine
from gateway.config import GatewayConfig
from gateway.incident import Course, Entry, Place, Rules, Tell
from gateway.store import NoticeRecord, PointRecord, Rejected, UnitRecord, Work, Writer
from gateway.store.records import LoggedEntry, TakenAlert
from gateway.supervision import (
    Watched,
    Wrong,
    changes,
    faults_of,
    heard,
    listened_anew,
)
from protocol.messages import (
    Action,
    ActionResult,
    Alert,
    Fault,
    Feedback,
    TerminalEvent,
    TerminalStatus,
    UnitStatus,
)
from protocol.moment import MAX_AGE_MS, Moment, rfc3339

REJECTED_PAYLOAD_BYTES = 4096
CALLS = ("pressed", "held")
OF_INCIDENTS = (*CALLS, "presence")


@dataclass(slots=True)
class Round:
    """One round of the loop. work: to be written; the rest: to be said after that."""

    work: Work = field(default_factory=Work)
    receipts: dict[str, list[str]] = field(default_factory=dict)
    points: set[str] = field(default_factory=set)
    results: list[tuple[str, ActionResult]] = field(default_factory=list)
    faults_changed: bool = False
    ticked: bool = False


class Branch:
    """Open incidents, points, units and faults of one branch.

    writer: asked about what is no longer in memory, such as alerts taken long ago.
    """

    def __init__(self, config: GatewayConfig, writer: Writer) -> None:
        self._config = config
        self._writer = writer
        self._rules = Rules(policy=config.rules_policy(), roster=config.roster())
        self._seat_check_ms = {
            one.id: one.seat_check_after_s * 1000
            for one in config.points
            if one.seat_check_after_s is not None
        }
        self.courses: dict[str, Course] = {}
        self._open_at: dict[str, str] = {}
        self.points: dict[str, PointRecord] = {}
        self._units: dict[str, UnitRecord] = {}
        self._watched: dict[str, Watched] = {}
        self._screens: dict[str, Watched] = {}
        self.faults: dict[tuple[str, str], Fault] = {}
        self._own_faults: dict[tuple[str, str], Fault] = {}
        self._unsaved_units: set[str] = set()
        # Kept between changes: in a storm a thousand are open at every round.
        self._next_due_ms: int | None = None
        self._due_changed = True

    def load(
        self,
        *,
        courses: list[Course],
        points: list[PointRecord],
        units: list[UnitRecord],
        faults: list[Fault],
        now: Moment,
    ) -> None:
        """Takes over what the store remembers."""
        self.courses = {course.incident.incident_id: course for course in courses}
        self._due_changed = True
        self._open_at = {c.incident.point: c.incident.incident_id for c in courses}
        self.points = {record.point: record for record in points}
        self._units = {record.unit: record for record in units}
        self.faults = {(fault.subject, fault.name): fault for fault in faults}
        for unit in self._units:
            self._watched.setdefault(unit, Watched(heard_ms=now.mono_ms))

    def keep_watching(self, before: Branch) -> None:
        """Takes over what only memory knows: signs of life, and the gateway's own faults."""
        self._watched |= before._watched
        self._screens = before._screens
        self._own_faults = before._own_faults

    # --- alerts ---

    def take_alert(self, unit: str, alert: Alert, now: Moment, to: Round) -> None:
        """An alert of `unit`: taken once, answered each time."""
        to.receipts.setdefault(unit, []).append(alert.alert_id)
        to.points.add(alert.point)
        if alert.alert_id in to.work.alerts or self._writer.knows_alert(alert.alert_id):
            return
        point = self._point(unit, alert.point, to)
        if alert.what in CALLS:
            self._call(alert, point, now, to)
        elif alert.what == "presence":
            self._attend(alert, now, to)
        elif alert.what in ("seat_occupied", "seat_vacated"):
            self._sit(alert, point, now, to)
        # stuck, line faults and their ends: the unit's status says how the lines are now.
        to.work.alerts[alert.alert_id] = TakenAlert(
            alert=alert,
            unit=unit,
            received_ms=now.utc_ms,
            incident_id=self._open_at.get(alert.point) if alert.what in OF_INCIDENTS else None,
        )

    def _call(self, alert: Alert, point: PointRecord, now: Moment, to: Round) -> None:
        course = self._course_at(alert.point)
        if course is not None:
            self._apply(machine.step(course, machine.Joined(alert), now, self._rules), now, to)
            return
        self._raise(alert, point, now, to, kind=None)

    def _raise(
        self, alert: Alert, point: PointRecord, now: Moment, to: Round, *, kind: str | None
    ) -> None:
        place = Place(point=point.point, label=point.label, silent=point.silent)
        raised = machine.raise_incident(
            alert, place, now, branch=self._config.branch, rules=self._rules, kind=kind
        )
        self._open_at[point.point] = raised.course.incident.incident_id
        self._apply(raised, now, to)

    def _attend(self, alert: Alert, now: Moment, to: Round) -> None:
        course = self._course_at(alert.point)
        if course is not None:
            attended = machine.Attended(min(alert.age_ms or 0, MAX_AGE_MS))
            self._apply(machine.step(course, attended, now, self._rules), now, to)

    def _sit(self, alert: Alert, point: PointRecord, now: Moment, to: Round) -> None:
        record = replace(
            point,
            seat="occupied" if alert.what == "seat_occupied" else "vacated",
            seat_alert_id=alert.alert_id,
            seat_boot=now.boot,
            seat_ms=now.mono_ms - (alert.age_ms or 0),
        )
        self.points[point.point] = to.work.points[point.point] = record

    def _point(self, unit: str, point: str, to: Round) -> PointRecord:
        """The point's record; one that no configuration names is remembered under its id."""
        if point not in self.points:
            record = PointRecord(point=point, label=point, unit=unit, configured=False)
            self.points[point] = to.work.points[point] = record
        if unit not in self._units:
            self._units[unit] = to.work.units[unit] = UnitRecord(unit=unit, configured=False)
        return self.points[point]

    def _course_at(self, point: str) -> Course | None:
        return self.courses.get(self._open_at.get(point, ""))

    # --- actions ---

    def take_action(self, action: Action, now: Moment, to: Round) -> None:
        """Something a member of staff did: judged once, answered each time."""
        known = self._known_result(action.action_id, to)
        if known is None:
            reason = self._act(action, now, to)
            known = (reason == "", reason)
            to.work.actions[action.action_id] = (*known, now.utc_ms)
        result = ActionResult(action_id=action.action_id, ok=known[0], reason=known[1])
        to.results.append((action.terminal, result))

    def _known_result(self, action_id: str, to: Round) -> tuple[bool, str] | None:
        if action_id in to.work.actions:
            return to.work.actions[action_id][:2]
        return self._writer.action_result(action_id)

    def _act(self, action: Action, now: Moment, to: Round) -> str:
        """Why it is refused, "" when it is done."""
        course = self.courses.get(action.incident_id)
        if course is None:
            closed = action.incident_id in to.work.courses or self._writer.is_closed(
                action.incident_id
            )
            return "already_closed" if closed else "unknown_incident"
        outcome = machine.step(course, machine.Acted(action), now, self._rules)
        if isinstance(outcome, machine.Refused):
            return outcome.reason
        self._apply(outcome, now, to)
        return ""

    # --- time ---

    def fall_due(self, now: Moment, to: Round) -> None:
        """Everything whose deadline has come."""
        # The next step may be overdue as well, up to the last; telling again never is.
        for _ in range(len(self._rules.policy.steps) + 1):
            next_ms = self.next_due_ms(now)
            if next_ms is None or next_ms > now.mono_ms:
                break
            for course in [one for one in self.courses.values() if one.is_due(now)]:
                self._apply(machine.step(course, machine.Due(), now, self._rules), now, to)
        for point in self._seats_due(now):
            self._check_seat(point, now, to)

    def next_due_ms(self, now: Moment) -> int | None:
        """When the next deadline of an incident comes, by the monotonic clock of now's boot."""
        if self._due_changed:
            self._due_changed = False
            self._next_due_ms = min(
                (now.mono_ms if c.boot != now.boot else c.due_ms for c in self.courses.values()),
                default=None,
            )
        return self._next_due_ms

    def _seats_due(self, now: Moment) -> list[PointRecord]:
        return [
            point
            for name, limit_ms in self._seat_check_ms.items()
            if (point := self.points.get(name)) is not None
            and point.seat == "occupied"
            and point.seat_ms is not None
            and (point.seat_boot != now.boot or now.mono_ms - point.seat_ms >= limit_ms)
        ]

    def _check_seat(self, point: PointRecord, now: Moment, to: Round) -> None:
        """Somebody has sat there for very long: staff go and ask, once a sitting."""
        record = replace(point, seat_ms=None)
        self.points[point.point] = to.work.points[point.point] = record
        if self._course_at(point.point) is not None:
            return
        check = Alert(
            alert_id=f"{(point.seat_alert_id or point.point)[:58]}-seat",
            point=point.point,
            what="seat_occupied",
            boot=now.boot,
            seq=0,
            age_ms=0,
        )
        self._raise(check, point, now, to, kind="seat")
        to.points.add(point.point)

    # --- signs of life ---

    def take_unit_status(
        self, unit: str, status: UnitStatus, now: Moment, to: Round, *, retained: bool
    ) -> None:
        """A unit's birth, heartbeat or will. What the broker kept is no sign of life."""
        if retained and status.state == "offline" and unit not in self._units:
            return  # a unit that left this branch: the broker remembers it, nobody misses it
        before = self._watched.get(unit, Watched(heard_ms=now.mono_ms))
        after = heard(before, status, now.mono_ms)
        if after is None:
            return
        self._watched[unit] = listened_anew(after, before.heard_ms) if retained else after
        record = self._units.get(unit) or UnitRecord(unit=unit, configured=False)
        was = record.status
        seen_at = record.last_seen_at if retained else rfc3339(now.utc_ms)
        self._units[unit] = replace(record, status=status, last_seen_at=seen_at)
        if was is None or _lasting(was) != _lasting(status):
            to.work.units[unit] = self._units[unit]
            self._unsaved_units.discard(unit)
        else:
            self._unsaved_units.add(unit)

    def save_last_seen(self, to: Round) -> None:
        """Puts the heartbeats since the last time into the round; one commit for all of them."""
        for unit in self._unsaved_units:
            to.work.units[unit] = self._units[unit]
        self._unsaved_units.clear()

    def take_screen_status(
        self, terminal: str, status: TerminalStatus, now: Moment, *, retained: bool
    ) -> None:
        """A screen server's birth, heartbeat or will."""
        before = self._screens.get(terminal, Watched(heard_ms=now.mono_ms))
        as_unit = UnitStatus(state=status.state, session=status.session)
        after = heard(before, as_unit, now.mono_ms)
        if after is not None:
            self._screens[terminal] = listened_anew(after, before.heard_ms) if retained else after

    def take_terminal_event(self, event: TerminalEvent, now: Moment, to: Round) -> None:
        if self._known_result(event.event_id, to) is not None:
            return
        to.work.actions[event.event_id] = (True, "", now.utc_ms)
        entry = Entry(event=event.event, by=event.staff, detail={"address": event.address})
        to.work.entries.append(LoggedEntry(at_ms=now.utc_ms, entry=entry))

    def listen_anew(self, now: Moment) -> None:
        """The broker is back: nobody's silence counts from before that."""
        for watched in (self._watched, self._screens):
            for name in watched:
                watched[name] = listened_anew(watched[name], now.mono_ms)

    # --- faults ---

    def set_own_fault(self, wrong: Wrong, now: Moment, *, is_so: bool) -> None:
        """A fault of the gateway's own, such as of its store or a channel."""
        key = (wrong.subject, wrong.name)
        if not is_so:
            self._own_faults.pop(key, None)
        elif key not in self._own_faults:
            self._own_faults[key] = _fault(wrong, now)

    def present_faults(self) -> tuple[Fault, ...]:
        """Everything that does not work, also what could not be stored; the oldest first."""
        found = {**self._own_faults, **self.faults}
        return tuple(sorted(found.values(), key=lambda fault: fault.since))

    def check_faults(self, now: Moment, to: Round, *, listening: bool) -> None:
        """Raises and clears faults. listening: we hear the broker; only then does silence count."""
        found = list(self._wrongs(now.mono_ms, listening=listening))
        new, gone = changes(self.faults, found)
        for wrong in new:
            fault = self.faults[wrong.subject, wrong.name] = _fault(wrong, now)
            to.work.faults_raised[wrong.subject, wrong.name] = fault
            self._log_fault("fault_raised", wrong.subject, wrong.name, now, to)
        for subject, name in gone:
            del self.faults[subject, name]
            to.work.faults_cleared.add((subject, name))
            self._log_fault("fault_cleared", subject, name, now, to)
        to.faults_changed = to.faults_changed or bool(new or gone)

    def _wrongs(self, now_ms: int, *, listening: bool) -> Iterator[Wrong]:
        for fault in self._own_faults.values():
            yield Wrong(fault.subject, fault.name, fault.detail)
        for unit, record in self._units.items():
            if not record.configured:
                yield Wrong(f"unit/{unit}", "unconfigured", "add it to [[units]] of gateway.toml")
        for point, record in self.points.items():
            if not record.configured:
                yield Wrong(
                    f"point/{point}", "unconfigured", "add it to [[points]] of gateway.toml"
                )
        if not listening:
            yield from self._kept_while_deaf()
            return
        for unit, watched in self._watched.items():
            yield from faults_of(f"unit/{unit}", watched, now_ms)
        for terminal, watched in self._screens.items():
            yield from faults_of(f"terminal/{terminal}", watched, now_ms)

    def _kept_while_deaf(self) -> Iterator[Wrong]:
        """Without the broker nothing new is known of units and screens, so what was so stays."""
        for fault in self.faults.values():
            if fault.name != "unconfigured" and not fault.subject.startswith(_OWN_SUBJECTS):
                yield Wrong(fault.subject, fault.name, fault.detail)

    @staticmethod
    def _log_fault(event: str, subject: str, name: str, now: Moment, to: Round) -> None:
        entry = Entry(event=event, detail={"subject": subject, "name": name})
        to.work.entries.append(LoggedEntry(at_ms=now.utc_ms, entry=entry))

    # --- what others are told ---

    def feedback(self, point: str) -> Feedback:
        """What the lamp and the sounder of a point stand for now."""
        course = self._course_at(point)
        record = self.points.get(point)
        silent = record.silent if record else False
        if course is None:
            return Feedback(point=point, stage="idle", silent=silent)
        incident = course.incident
        return Feedback(
            point=point,
            stage=incident.stage,
            incident_id=incident.incident_id,
            silent=silent or incident.kind == "silent",
            version=incident.version,
        )

    def reject(self, topic: str, reason: str, payload: bytes, now: Moment, to: Round) -> None:
        """A message that cannot be taken: kept for people to look at."""
        to.work.rejected.append(
            Rejected(
                at=rfc3339(now.utc_ms),
                topic=topic[:1000],
                reason=reason[:1000],
                payload=payload[:REJECTED_PAYLOAD_BYTES],
            )
        )

    # --- applying what the machine decided ---

    def _apply(self, outcome: machine.Outcome, now: Moment, to: Round) -> None:
        if not isinstance(outcome, machine.Changed):
            return
        course = outcome.course
        incident = course.incident
        self._due_changed = True
        to.work.courses[incident.incident_id] = course
        to.points.add(incident.point)
        if incident.is_open:
            self.courses[incident.incident_id] = course
        else:
            del self.courses[incident.incident_id]
            del self._open_at[incident.point]
        for entry in outcome.entries:
            to.work.entries.append(
                LoggedEntry(at_ms=now.utc_ms, entry=entry, incident_id=incident.incident_id)
            )
        for tell in outcome.tells:
            self._notify(course, tell, now, to)

    def _notify(self, course: Course, tell: Tell, now: Moment, to: Round) -> None:
        incident = course.incident
        for channel in self._config.channels:
            if not self._reaches(channel.roles, tell):
                continue
            notice_id = f"{incident.incident_id}.{incident.version}.{tell.why}.{channel.name}"
            to.work.notices[notice_id] = NoticeRecord(
                notice_id=notice_id,
                incident_id=incident.incident_id,
                channel=channel.name,
                step=tell.step,
                why=tell.why,
                made_ms=now.utc_ms,
            )

    def _reaches(self, roles: list[str], tell: Tell) -> bool:
        """Whether a channel for `roles` (none: for all) belongs to somebody who is told."""
        if not roles or tell.everywhere:
            return True
        return any(self._rules.roster.has_role(staff, *roles) for staff in tell.staff)


_OWN_SUBJECTS = ("gateway", "broker", "channel/")


def _lasting(status: UnitStatus) -> UnitStatus:
    """The status without what changes with every heartbeat and is not worth a commit each."""
    return replace(status, uptime_s=0, cpu_c=None, disk_free_mb=None)


def _fault(wrong: Wrong, now: Moment) -> Fault:
    return Fault(
        subject=wrong.subject, name=wrong.name, since=rfc3339(now.utc_ms), detail=wrong.detail
    )
