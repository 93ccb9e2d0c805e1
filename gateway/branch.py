"""What the gateway knows of its branch now, and what each message makes of it.

Every change goes into a `Round`: what to write, and what to say once it is written. Nothing here
waits, writes or sends. If the write fails the branch is loaded from the store anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from gateway import incident as machine
from gateway import seats
from gateway.addressees import notices_of
from gateway.config import ChannelSettings, GatewayConfig
from gateway.course import (
    Acted,
    Attended,
    Changed,
    Course,
    Due,
    DutyChanged,
    Entry,
    Joined,
    Outcome,
    Place,
    Refused,
    Repeated,
    Rules,
    Tell,
    Vacated,
)
from gateway.courses import OpenCourses
from gateway.desk.addresses import PlannedChannel
from gateway.desk.points import known_as, seat_limits_ms
from gateway.desk.record import Record
from gateway.policy import Policies, Policy
from gateway.roster import Roster
from gateway.round import Round
from gateway.store import HEARD_ON_DUTY, Judged, PointRecord, Rejected, Writer
from gateway.store.records import LoggedEntry, TakenAlert
from protocol.messages import (
    ID_PATTERN,
    Action,
    ActionResult,
    Alert,
    Feedback,
    Incident,
    TerminalEvent,
)
from protocol.moment import MAX_AGE_MS, Moment, rfc3339

REJECTED_PAYLOAD_BYTES = 4096
CALLS = ("pressed", "held")
OF_INCIDENTS = (*CALLS, "presence")
_IS_ID = re.compile(ID_PATTERN).match


class Branch:
    """Open incidents and points of one branch.

    writer: asked about what is no longer in memory, such as alerts taken long ago.
    """

    def __init__(self, config: GatewayConfig, writer: Writer) -> None:
        self._config = config
        self._channels: Sequence[ChannelSettings | PlannedChannel] = config.channels
        self._writer = writer
        self._rules = Rules(policy=Policy(), roster=Roster())
        self._seat_check_ms: dict[str, int] = {}
        # The newest press of each point, by this run's monotonic clock.
        self._pressed_ms: dict[str, int] = {}
        self.courses = OpenCourses()
        self.points: dict[str, PointRecord] = {}
        # Who was on duty when the calls last heard of it; None: they never have.
        self._heard_on_duty: frozenset[str] | None = None
        # Looked at in the next round, which is at once: this one may be at its end.
        self._has_new_roster = False

    def load(self, *, courses: list[Course], points: list[PointRecord]) -> None:
        """Takes over what the store remembers."""
        self._pressed_ms = {}
        self.courses = OpenCourses(courses)
        self.points = {record.point: record for record in points}
        self._heard_on_duty = self._writer.heard_on_duty()

    def follow_roster(self, roster: Roster) -> None:
        """From now on these are the people, with what they cover and whether they are on duty."""
        if roster is not self._rules.roster:
            self._has_new_roster = True
            self._rules = replace(self._rules, roster=roster)

    def follow_policies(
        self,
        policies: Policies,
        substitutes: Mapping[str, tuple[str, ...]],
        situations: Mapping[str, tuple[str, ...]],
    ) -> None:
        """From now on people are told by these, those stand in for one another, and a situation
        calls for the roles of its playbook."""
        if policies is not self._rules.policies:  # all three are made anew together
            self._rules = replace(
                self._rules,
                policy=policies.default,
                policies=policies,
                substitutes=substitutes,
                situations=situations,
            )

    def follow_channels(self, channels: Sequence[ChannelSettings | PlannedChannel]) -> None:
        """From now on people are told through these."""
        self._channels = channels

    def follow_points(self, plans: Mapping[str, Record], to: Round) -> None:
        """From now on these are the points; one that is planned no more goes, unless it calls."""
        self._seat_check_ms = seat_limits_ms(plans)
        for id, plan in plans.items():
            known = self.points.get(id)
            record = known_as(plan, known or PointRecord(point=id, label=id, unit=""))
            if record != known:
                self._put_point(record, to)
                to.points.add(id)
        for record in [one for one in self.points.values() if one.configured]:
            if record.point in plans:
                continue
            if self.courses.at(record.point) is not None:
                self._put_point(replace(record, configured=False), to)
            else:
                del self.points[record.point]
                to.work.points.pop(record.point, None)
                to.work.points_gone.add(record.point)

    def _put_point(self, record: PointRecord, to: Round) -> None:
        self.points[record.point] = to.work.points[record.point] = record
        to.work.points_gone.discard(record.point)

    # --- alerts ---

    def take_alert(
        self,
        unit: str,
        alert: Alert,
        now: Moment,
        to: Round,
        *,
        is_test: Callable[[Alert], bool] = lambda alert: False,
    ) -> None:
        """An alert of `unit`: taken once, answered each time.

        is_test: whether a press that would raise an incident is a walk test's instead.
        """
        to.receipts.setdefault(unit, []).append(alert.alert_id)
        if alert.alert_id in to.work.alerts or self._writer.knows_alert(alert.alert_id):
            to.points.add(alert.point)
            self._hear_again(alert, now, to)
            return
        if self._may_be_test(unit, alert) and is_test(alert):
            # The receipt alone lets the lamp blink, as shall be seen; feedback would put it out.
            to.work.alerts[alert.alert_id] = TakenAlert(
                alert=alert, unit=unit, received_ms=now.utc_ms, incident_id=None
            )
            return
        to.points.add(alert.point)
        point = self._point(unit, alert.point, to)
        if alert.what in CALLS:
            self._call(alert, point, now, to)
        elif self.is_foreign(unit, alert.point):
            pass  # a press counts whoever says it; that somebody came or sits there does not
        elif alert.what == "presence":
            self._attend(alert, now, to)
        elif alert.what in ("seat_occupied", "seat_vacated"):
            self._sit(alert, point, now, to)
        # stuck, line faults and their ends: the unit's status says how the lines are now.
        to.work.alerts[alert.alert_id] = TakenAlert(
            alert=alert,
            unit=unit,
            received_ms=now.utc_ms,
            incident_id=self._incident_at(alert.point) if alert.what in OF_INCIDENTS else None,
        )

    def _incident_at(self, point: str) -> str | None:
        course = self.courses.at(point)
        return course.incident.incident_id if course else None

    def _may_be_test(self, unit: str, alert: Alert) -> bool:
        """Whether it could be a walk test's press: no incident is open there, and it is said by
        the unit that has the button."""
        is_free = self.courses.at(alert.point) is None and not self.is_foreign(unit, alert.point)
        return alert.what == "pressed" and is_free

    def is_foreign(self, unit: str, point: str) -> bool:
        """Whether the unit speaks for a point that the configuration gives to another."""
        record = self.points.get(point)
        return record is not None and record.configured and record.unit != unit

    def _hear_again(self, alert: Alert, now: Moment, to: Round) -> None:
        course = self.courses.at(alert.point)
        if course is not None and alert.what in CALLS:
            self._apply(machine.step(course, Repeated(alert), now, self._rules), now, to)

    def _call(self, alert: Alert, point: PointRecord, now: Moment, to: Round) -> None:
        course = self.courses.at(alert.point)
        if course is not None:
            self._apply(machine.step(course, Joined(alert), now, self._rules), now, to)
        else:
            self._raise(alert, point, now, to, kind=None)
        if alert.age_ms is not None:
            pressed_ms = now.mono_ms - alert.age_ms
            self._pressed_ms[alert.point] = max(
                pressed_ms, self._pressed_ms.get(alert.point, pressed_ms)
            )
        # The news of the empty seat may have overtaken the press.
        empty_ms = seats.vacated_for_ms(point, now)
        if empty_ms is not None:
            self._look_for_fall(point.point, empty_ms, now, to)

    def _look_for_fall(self, point: str, age_ms: int, now: Moment, to: Round) -> None:
        """The seat at the point was vacated age_ms ago: soon after a press?"""
        course = self.courses.at(point)
        if course is not None:
            pressed_ms = self._pressed_ms.get(point)
            vacated = Vacated(age_ms, None if pressed_ms is None else now.mono_ms - pressed_ms)
            self._apply(machine.step(course, vacated, now, self._rules), now, to)

    def _raise(
        self, alert: Alert, point: PointRecord, now: Moment, to: Round, *, kind: str | None
    ) -> None:
        place = Place(point=point.point, label=point.label, silent=point.silent)
        raised = machine.raise_incident(
            alert, place, now, branch=self._config.branch, rules=self._rules, kind=kind
        )
        self._apply(raised, now, to)

    def raise_for_desk(self, now: Moment, to: Round) -> None:
        """The desk's own alerts, such as drills. A customer who was faster goes first."""
        for alert in to.raises:
            point = self.points.get(alert.point)
            if point is None or self.courses.at(alert.point) is not None:
                continue
            self._call(alert, point, now, to)
            to.work.alerts[alert.alert_id] = TakenAlert(
                alert=alert,
                unit=point.unit,
                received_ms=now.utc_ms,
                incident_id=self._incident_at(alert.point),
            )

    def _attend(self, alert: Alert, now: Moment, to: Round) -> None:
        course = self.courses.at(alert.point)
        if course is not None:
            attended = Attended(min(alert.age_ms or 0, MAX_AGE_MS))
            self._apply(machine.step(course, attended, now, self._rules), now, to)

    def _sit(self, alert: Alert, point: PointRecord, now: Moment, to: Round) -> None:
        if alert.what == "seat_vacated" and alert.age_ms is not None:
            self._look_for_fall(point.point, alert.age_ms, now, to)
        record = seats.with_seat(point, alert, now)
        if record is not None:
            self._put_point(record, to)

    def _point(self, unit: str, point: str, to: Round) -> PointRecord:
        """The point's record; one that no configuration names is remembered under its ids."""
        known = self.points.get(point)
        if known is None:
            known = PointRecord(point=point, label=f"{unit} {point}", unit=unit, configured=False)
            self._put_point(known, to)
        elif not known.unit:
            known = replace(known, unit=unit)
            self._put_point(known, to)
        return known

    def meet_points(self, unit: str, points: Iterable[str], to: Round) -> None:
        """The points that a unit says it has: one without a name is known before it calls."""
        for point in points:
            if point not in self.points and _IS_ID(point):
                self._point(unit, point, to)

    # --- actions ---

    def take_action(self, action: Action, now: Moment, to: Round) -> None:
        """Something a member of staff did: judged once, answered each time. Whoever was refused has
        heard so, and a late copy must not do it behind their back."""
        known = to.judged(action.action_id, self._writer.judged)
        if known is None:
            reason = self._act(action, now, to)
            known = Judged(ok=not reason, reason=reason, at_ms=now.utc_ms)
            to.work.actions[action.action_id] = known
        result = ActionResult(action_id=action.action_id, ok=known.ok, reason=known.reason)
        to.results.append((action.terminal, result))

    def _act(self, action: Action, now: Moment, to: Round) -> str:
        """Why it is refused, "" when it is done."""
        course = self.courses.get(action.incident_id)
        if course is None:
            return self._act_afterwards(action, now, to)
        outcome = machine.step(course, Acted(action), now, self._rules)
        if isinstance(outcome, Refused):
            return outcome.reason
        self._apply(outcome, now, to)
        return ""

    def _act_afterwards(self, action: Action, now: Moment, to: Round) -> str:
        """Why an action on a closed incident is refused, "" when it is done."""
        changed = to.work.courses.get(action.incident_id)
        before = changed.incident if changed else self._writer.closed_incident(action.incident_id)
        if before is None:
            return "unknown_incident"
        outcome = machine.amend(before, action, self._rules)
        if isinstance(outcome, Refused):
            return outcome.reason
        if isinstance(outcome, Changed):
            self._put(outcome, before, now, to)
        return ""

    # --- time ---

    def fall_due(self, now: Moment, to: Round) -> None:
        """Everything whose deadline has come, or whose people have gone."""
        if self._has_new_roster:
            self._has_new_roster = False
            self._hear_of_duty(now, to)
        # The next step may be overdue as well, up to the last; telling again never is.
        for _ in range(self._most_steps() + 1):
            next_ms = self.courses.next_due_ms(now)
            if next_ms is None or next_ms > now.mono_ms:
                break
            for course in self.courses.due(now):
                self._apply(machine.step(course, Due(), now, self._rules), now, to)
        for point in seats.due_for_check(self.points, self._seat_check_ms, now):
            self._check_seat(point, now, to)

    def _hear_of_duty(self, now: Moment, to: Round) -> None:
        """The calls hear who has come and gone, and it is stored that they have: a gateway that
        ends before lets them hear of it when it is back."""
        there = frozenset(self._rules.roster.on_duty())
        heard = there if self._heard_on_duty is None else self._heard_on_duty
        changed = DutyChanged(came=tuple(sorted(there - heard)), went=tuple(sorted(heard - there)))
        for course in list(self.courses.values()):
            self._apply(machine.step(course, changed, now, self._rules), now, to)
        if there != self._heard_on_duty:
            self._heard_on_duty = there
            to.work.facts[HEARD_ON_DUTY] = json.dumps(sorted(there))

    def _most_steps(self) -> int:
        policies = self._rules.policies
        return policies.most_steps if policies else len(self._rules.policy.steps)

    def next_due_ms(self, now: Moment) -> int | None:
        """When the next deadline of an incident comes, by the monotonic clock of now's boot; now
        when its people may have gone."""
        if self._has_new_roster and self.courses:
            return now.mono_ms
        return self.courses.next_due_ms(now)

    def _check_seat(self, point: PointRecord, now: Moment, to: Round) -> None:
        """Somebody has sat there for very long: staff go and ask, once a sitting."""
        self._put_point(seats.checked(point), to)
        if self.courses.at(point.point) is None:
            self._raise(seats.check_alert(point, now), point, now, to, kind="seat")

    # --- other messages ---

    def take_terminal_event(self, event: TerminalEvent, now: Moment, to: Round) -> None:
        if to.judged(event.event_id, self._writer.judged) is not None:
            return
        to.work.actions[event.event_id] = Judged(ok=True, at_ms=now.utc_ms)
        entry = Entry(event=event.event, by=event.staff, detail={"address": event.address})
        to.work.entries.append(LoggedEntry(at_ms=now.utc_ms, entry=entry))

    # --- what others are told ---

    def feedback(self, point: str) -> Feedback:
        """What the lamp and the sounder of a point stand for now.

        version: of the branch's log, which never goes back, so that an older word is known.
        """
        course = self.courses.at(point)
        record = self.points.get(point)
        silent = record.silent if record else False
        # Nobody called from a seat that is only looked after: no lamp, and no tone beside it.
        if course is None or course.incident.kind == "seat":
            return Feedback(point=point, stage="idle", silent=silent, version=self._writer.log_seq)
        incident = course.incident
        return Feedback(
            point=point,
            stage=incident.stage,
            incident_id=incident.incident_id,
            silent=silent or incident.kind == "silent",
            version=self._writer.log_seq,
            drill=incident.drill,
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

    def _apply(self, outcome: Outcome, now: Moment, to: Round) -> None:
        if not isinstance(outcome, Changed):
            return
        course = outcome.course
        incident = course.incident
        before = self.courses.get(incident.incident_id)
        self.courses.put(course)
        to.points.add(incident.point)
        self._put(outcome, before.incident if before else None, now, to)
        about = f"{incident.incident_id}.{incident.version}"
        for tell in outcome.tells:
            self._notify(
                tell, to, about=about, incident_id=incident.incident_id, made_ms=now.utc_ms
            )

    def _put(self, outcome: Changed, before: Incident | None, now: Moment, to: Round) -> None:
        """What is to be written of a change."""
        course, incident = outcome.course, outcome.course.incident
        to.changes.append((before, incident))
        to.work.courses[incident.incident_id] = course
        for entry in outcome.entries:
            to.work.entries.append(
                LoggedEntry(at_ms=now.utc_ms, entry=entry, incident_id=incident.incident_id)
            )

    def tell_for_desk(self, now: Moment, to: Round) -> None:
        """Notices of what the desk has to tell, each about an incident or about none."""
        for tell, incident_id in to.tells:
            about = f"{incident_id or 'desk'}.{now.utc_ms}"
            self._notify(tell, to, about=about, incident_id=incident_id or "", made_ms=now.utc_ms)

    def _notify(
        self, tell: Tell, to: Round, *, about: str, incident_id: str = "", made_ms: int
    ) -> None:
        for notice in notices_of(
            tell,
            self._channels,
            self._rules.roster,
            about=about,
            incident_id=incident_id,
            made_ms=made_ms,
        ):
            to.work.notices[notice.notice_id] = notice
