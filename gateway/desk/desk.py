"""Carries between the rooms of the desk and the gateway's round."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any, TypeVar

from gateway.channels.notice import Scene
from gateway.course import Course
from gateway.desk.addresses import PlannedChannel, board_url, planned_channels
from gateway.desk.asking import fitting
from gateway.desk.guard import Guard
from gateway.desk.plans import seeded
from gateway.desk.playbooks import roles_of_situations
from gateway.desk.points import place_of
from gateway.desk.policies import policies_of, substitutes_of
from gateway.desk.record import SEALED_LENGTH, Done, Record, Refused, Room, World
from gateway.desk.rooms import ROOMS
from gateway.desk.team import roster_of
from gateway.desk.worlds import Memory, Worlds
from gateway.errors import VaultError
from gateway.policy import Policies
from gateway.roster import Roster
from gateway.round import Round
from gateway.store.records import Judged, LoggedEntry, PointRecord
from gateway.supervision import Wrong
from protocol.messages import ActionResult, Alert, Fault, Incident, Request
from protocol.moment import Moment, rfc3339

T = TypeVar("T")

MINUTE_MS = 60_000
# Kinds whose plans the configuration file may write, and may write no more.
SEEDED = frozenset({"staff", "pin", "point", "channel", "board"})
# Kinds whose records decide who is told of a call; a tick on a checklist need not count the staff.
DECIDES_WHO = frozenset(
    {
        *("staff", "shift", "exception", "duty", "hours", "point", "channel", "address", "board"),
        *("policy", "substitute", "playbook"),
    }
)
# What decides who is told, by its name here; made of the plans together.
FOLLOWED: Mapping[str, Callable[[World], Any]] = {
    "roster": roster_of,
    "policies": policies_of,
    "substitutes": substitutes_of,
    "planned_channels": planned_channels,
    "situations": roles_of_situations,
    "board_url": board_url,
}
UNKNOWN, FAILED, NOTHING = Refused("unknown_request"), Refused("room_failed"), Done()


class Desk:
    """The open records of one branch. Like the branch it puts every change into the round."""

    def __init__(
        self,
        memory: Memory,
        *,
        zone: tzinfo,
        seal: Callable[[str], str],
        rooms: tuple[Room, ...] = ROOMS,
    ) -> None:
        self._memory = memory
        self._zone = zone
        self._seal = seal
        self._sealed = {do: secret for room in rooms for do, secret in room.sealed.items()}
        self._room_of = {kind: room for room in rooms for kind in room.kinds}
        self._decide = {do: decide for room in rooms for do, decide in room.requests.items()}
        self._meet = [room.meet for room in rooms if room.meet]
        self._follow = [room.follow for room in rooms if room.follow]
        self._takes = [pair for room in rooms for pair in room.takes.items()]
        self._ended = [pair for room in rooms for pair in room.ended.items()]
        self._ask_wrongs = [room.wrongs for room in rooms if room.wrongs]
        self._guard = Guard()
        self._worlds = Worlds(memory, zone=zone)
        self._records: dict[str, dict[str, Record]] = {}
        self._timed: dict[tuple[str, str], Record] = {}
        self._minute: int | None = None
        self._is_new = True
        self.changes = 0
        self._wrongs: tuple[Wrong, ...] = ()
        self._wrongs_minute: int | None = None
        self.roster = Roster()
        self.policies = Policies()
        self.substitutes: Mapping[str, tuple[str, ...]] = {}
        self.planned_channels: tuple[PlannedChannel, ...] = ()
        self.situations: Mapping[str, tuple[str, ...]] = {}
        self.board_url = ""

    def load(self) -> None:
        """Takes over what the store remembers."""
        self._records, self._timed = {}, {}
        for record in self._memory.records():
            self._keep(record)
        self._worlds.load()
        self._minute, self._is_new = None, True
        self._wrongs_minute = None

    def look_at(
        self, points: Mapping[str, PointRecord], faults: Mapping[tuple[str, str], Fault]
    ) -> None:
        """From now on the rooms see these, as they change."""
        self._worlds.look_at(points, faults)

    # --- what comes ---

    def seed(
        self,
        plans: Iterable[tuple[str, str, Any]],
        courses: Mapping[str, Course],
        now: Moment,
        to: Round,
    ) -> None:
        """What the configuration file says: it speaks until a person does.

        plans: (kind, id, body) of each.
        """
        said = {(kind, id): body for kind, id, body in plans}
        for (kind, id), body in said.items():
            known = self._of(kind).get(id) or self._memory.record(kind, id)
            record = seeded(known, kind, id, body, rfc3339(now.utc_ms))
            if record is not None:
                self._put(record, to)
        for kind in SEEDED | {kind for kind, _ in said}:
            for record in [one for one in self._of(kind).values() if not one.by]:
                if (kind, record.id) not in said:
                    ended = Done(records=(_closed(record, now),))
                    self._apply(ended, self.world(courses, now), to)

    def take_request(
        self, request: Request, courses: Mapping[str, Course], now: Moment, to: Round
    ) -> None:
        """Something a member of staff wants: done once, answered each time. What was refused has
        changed nothing, so it is judged anew, with all that is wrong with it."""
        self.follow(courses, now, to)  # a drill may have become real in this very round
        known = to.judged(request.request_id, self._memory.judged)
        if known is not None:
            result = self._as_before(request, known)
        else:
            result = self._judge(request, courses, now, to)
            if result.ok:
                to.work.actions[request.request_id] = Judged(
                    ok=True, record=result.id, at_ms=now.utc_ms
                )
        to.results.append((request.terminal, result))

    def _as_before(self, request: Request, known: Judged) -> ActionResult:
        """The answer that there was, with the record's version of now."""
        return ActionResult(
            action_id=request.request_id,
            ok=known.ok,
            reason=known.reason,
            id=known.record,
            version=self._version_now(request, known.record),
        )

    def _version_now(self, request: Request, id: str) -> int:
        present = self._of(request.do.partition(".")[0]).get(id)
        return present.version if present else 0

    def take_press(
        self, alert: Alert, courses: Mapping[str, Course], now: Moment, to: Round
    ) -> bool:
        """Whether a room takes a press for its own, so that it is no call."""
        for kind, take in self._takes:
            record = self._of(kind).get(alert.point)
            if record is None:  # as with nearly every press: nothing to look at
                continue
            world = self.world(courses, now)
            done = self._guard.ask(take, world, record, alert, instead=None)
            if done is not None:
                self._apply(done, world, to)
                return True
        return False

    def _judge(
        self, request: Request, courses: Mapping[str, Course], now: Moment, to: Round
    ) -> ActionResult:
        decide, world = self._decide.get(request.do), self.world(courses, now)
        try:
            request = self._with_seal(request)
            outcome = self._guard.ask(decide, world, request, instead=FAILED) if decide else UNKNOWN
        except VaultError:
            outcome = Refused("private_key_missing")
        if isinstance(outcome, Refused):
            return ActionResult(
                action_id=request.request_id,
                ok=False,
                reason=outcome.reason,
                faults=fitting(outcome.faults),
                id=request.id,
                version=self._version_now(request, request.id),
            )
        self._apply(outcome, world, to)
        written = outcome.records[0] if outcome.records else None
        return ActionResult(
            action_id=request.request_id,
            ok=True,
            faults=fitting(outcome.named),
            id=written.id if written else request.id,
            version=written.version if written else 0,
        )

    def _with_seal(self, request: Request) -> Request:
        """The request with what nobody may read sealed, before a room or the log sees it.

        Raises: VaultError.
        """
        secret = self._sealed.get(request.do)
        if secret is None:
            return request
        told = request.body.get(secret.field)
        text = told.strip() if isinstance(told, str) else ""
        is_right = 0 < len(text) <= SEALED_LENGTH and secret.takes(text)
        sealed = {"sealed": self._seal(text)} if is_right else None
        return replace(request, body={**request.body, secret.field: sealed})

    def fall_due(self, courses: Mapping[str, Course], now: Moment, to: Round) -> None:
        """Everything whose time has come."""
        for record in [one for one in self._timed.values() if one.due and one.due.has_come(now)]:
            room = self._room_of[record.kind]
            if room.fall_due is not None:
                world = self.world(courses, now)
                done = self._guard.ask(room.fall_due, world, record, instead=None)
                if done is None:  # it would be asked again each second, for ever
                    del self._timed[record.kind, record.id]
                else:
                    self._apply(done, world, to)

    def follow(self, courses: Mapping[str, Course], now: Moment, to: Round) -> None:
        """What the round's changes of incidents lead to, each once."""
        changes, to.followed = to.changes[to.followed :], len(to.changes)
        if not changes:
            return
        self._wrongs_minute = None
        world = self.world(courses, now)  # it sees what is put into it meanwhile
        for before, after in changes:
            if before is None:
                for meet in self._meet:
                    self._apply(self._guard.ask(meet, world, after, instead=NOTHING), world, to)
            else:
                for follow in self._follow:
                    done = self._guard.ask(follow, world, before, after, instead=NOTHING)
                    self._apply(done, world, to)

    def settle(self, courses: Mapping[str, Course], now: Moment, to: Round) -> bool:
        """Who is on duty and which policies count: looked at once a minute, and when something
        that decides it has changed.

        Whether it was looked at.
        """
        minute = now.utc_ms // MINUTE_MS
        if minute == self._minute:
            return False
        self._minute, before = minute, self.roster.on_duty()
        self._wrongs_minute = None
        world = self.world(courses, now)
        self._follow_plans(world)
        if self.roster.on_duty() != before or self._is_new:
            self._is_new = False
            to.work.facts["on_duty"] = json.dumps(self.roster.on_duty())
        return True

    def _follow_plans(self, world: World) -> None:
        """What decides who is told, each as it was where the plans cannot be followed."""
        for name, made in FOLLOWED.items():
            setattr(self, name, self._guard.ask(made, world, instead=getattr(self, name)))

    def wrongs(self, courses: Mapping[str, Course], now: Moment) -> tuple[Wrong, ...]:
        """What the rooms find wrong: looked for once a minute, and after a change."""
        minute = now.utc_ms // MINUTE_MS
        is_settled = self._minute is not None  # else the roster is older than what it comes from
        if is_settled and minute != self._wrongs_minute:
            self._wrongs_minute = minute
            world = self.world(courses, now)
            self._wrongs = tuple(
                one for ask in self._ask_wrongs for one in self._guard.ask_all(ask, world)
            )
        return (*self._wrongs, *self._guard.wrongs())

    # --- applying ---

    def _apply(self, done: Done, world: World, to: Round) -> None:
        """Puts it into the round, and what comes of the records that have ended with it."""
        for record in done.records:
            self._put(record, to)
        for entry, incident_id in done.entries:
            to.work.entries.append(
                LoggedEntry(at_ms=world.now.utc_ms, entry=entry, incident_id=incident_id)
            )
        for key in done.deletes:
            self._forget(key, to)
        to.tells.extend(done.tells)
        to.raises.extend(done.raises)
        for record in done.records:
            for kind, ended in self._ended:
                if kind == record.kind and not record.is_open:
                    done = self._guard.ask(ended, world, record, instead=NOTHING)
                    self._apply(done, world, to)

    def _forget(self, key: tuple[str, str], to: Round) -> None:
        to.work.records.pop(key, None)
        to.work.forgotten.add(key)
        self.changes += 1
        self._of(key[0]).pop(key[1], None)
        self._timed.pop(key, None)
        self._wrongs_minute = None

    def _put(self, record: Record, to: Round) -> None:
        to.work.records[record.kind, record.id] = record
        self.changes += 1
        self._keep(record)
        self._wrongs_minute = None
        if record.kind in DECIDES_WHO:
            self._minute = None
            self._worlds.forget_week()

    def _keep(self, record: Record) -> None:
        key = (record.kind, record.id)
        self._of(record.kind).pop(record.id, None)
        self._timed.pop(key, None)
        if record.is_open:
            self._records.setdefault(record.kind, {})[record.id] = record
            if record.due is not None:
                self._timed[key] = record

    def _of(self, kind: str) -> dict[str, Record]:
        return self._records.get(kind, {})

    # --- what is so now ---

    def asked(
        self, room: Callable[[World], T], courses: Mapping[str, Course], now: Moment, *, instead: T
    ) -> T:
        """What a room says of everything as it is now."""
        return self._guard.ask(room, self.world(courses, now), instead=instead)

    def scene(self, incident: Incident | None) -> Scene:
        """What people here call what a notice about the incident speaks of."""
        place = place_of(self.points, incident.point) if incident else ""
        return Scene(zone=self._zone, roster=self.roster, place=place)

    @property
    def points(self) -> Mapping[str, Record]:
        """The plan of each point."""
        return self._of("point")

    def world(self, courses: Mapping[str, Course], now: Moment) -> World:
        """What a room may look at now."""
        return self._worlds.at(now, records=self._records, roster=self.roster, courses=courses)


def _closed(record: Record, now: Moment) -> Record:
    return Record(
        kind=record.kind,
        id=record.id,
        body=record.body,
        version=record.version + 1,
        is_open=False,
        at=rfc3339(now.utc_ms),
        incident_id=record.incident_id,
    )
