"""What the gateway's tests share: a small branch, a clock to move, a link that writes down."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec

from gateway.channels.notice import Notice, Scene
from gateway.config import ChannelSettings, GatewayConfig, PointSettings, StaffSettings
from gateway.config import UnitSettings as UnitSettings
from gateway.desk.team import Certificate
from gateway.incident import Acted, Changed, Place, Rules, raise_incident, step
from gateway.loop import Event, Loop
from gateway.policy import Policy
from gateway.roster import Member, Roster
from gateway.store import Reader, Writer
from protocol.link import Received
from protocol.messages import Action, Alert, Incident, Request, encode
from protocol.moment import Moment
from protocol.topics import Topics

TOPICS = Topics("b001")
UTC_MS = 1_795_000_000_000

# g: customer service, s: security, f: first aid, l: lead, o: off duty.
STAFF = {
    "g01": ("customer_service",),
    "s01": ("security",),
    "f01": ("first_aid", "customer_service"),
    "l01": ("lead",),
    "o01": ("customer_service", "first_aid"),
}
OFF_DUTY = frozenset({"o01"})
ON_DUTY = tuple(sorted(set(STAFF) - OFF_DUTY))

ROSTER = Roster(
    Member(staff=staff, name=staff, roles=roles, on_duty=staff not in OFF_DUTY)
    for staff, roles in STAFF.items()
)
RULES = Rules(policy=Policy(), roster=ROSTER)
SCENE = Scene(zone=UTC, roster=ROSTER)


def at(seconds: float, *, boot: str = "boot-1") -> Moment:
    """The moment so many seconds after the machine's start."""
    ms = round(seconds * 1000)
    return Moment(mono_ms=ms, utc_ms=UTC_MS + ms, boot=boot)


_numbers = itertools.count(1)


def alert(what: str = "pressed", **changes: Any) -> Alert:
    """An alert of point-1 with an id of its own."""
    number = next(_numbers)
    values: dict[str, Any] = {"alert_id": f"a-{number}", "point": "point-1", "what": what}
    values |= {"boot": "unit-boot", "seq": number, "age_ms": 0}
    return Alert(**(values | changes))


def action(name: str, by: str = "g01", **changes: Any) -> Action:
    """An action with an id of its own; incident_id matters only to the loop."""
    values: dict[str, Any] = {"action_id": f"act-{next(_numbers)}", "incident_id": "i-1"}
    values |= {"action": name, "by": by, "terminal": "board"}
    return Action(**(values | changes))


def raised(what: str = "pressed", *, now: Moment | None = None, **changes: Any) -> Changed:
    """An incident just raised at a plain point; place=… and kind=… are for raise_incident."""
    place = changes.pop("place", Place(point="point-1", label="Counter 1"))
    kind = changes.pop("kind", None)
    return raise_incident(
        alert(what, **changes), place, now or at(1000), branch="b001", rules=RULES, kind=kind
    )


def config(store: Path | str = "unused", **changes: Any) -> GatewayConfig:
    """A branch of one unit with three points, one of them silent, and the staff above."""
    values: dict[str, Any] = {
        "branch": "b001",
        "name": "Test branch",
        "store": str(store),
        "units": [UnitSettings(id="unit-01")],
        "points": [
            PointSettings(id="point-1", label="Counter 1", unit="unit-01"),
            PointSettings(id="point-2", label="Seat 2", unit="unit-01", seat_check_after_s=600),
            PointSettings(id="vault", label="Vault", unit="unit-01", silent=True),
        ],
        "staff": [
            StaffSettings(
                id=staff,
                name=staff,
                roles=list(roles),
                on_duty=staff not in OFF_DUTY,
                certificates=[Certificate(what="first_aid", expires="2099-12-31")],
            )
            for staff, roles in STAFF.items()
        ],
    }
    return GatewayConfig(**(values | changes))


def with_channels(*channels: ChannelSettings) -> dict[str, Any]:
    return {"channels": list(channels)}


@dataclass
class Clock:
    """A clock that moves when told to."""

    moment: Moment = field(default_factory=lambda: at(1000))

    def __call__(self) -> Moment:
        return self.moment

    def move(self, seconds: float) -> None:
        ms = round(seconds * 1000)
        now = self.moment
        self.moment = replace(now, mono_ms=now.mono_ms + ms, utc_ms=now.utc_ms + ms)

    def reboot(self) -> None:
        """Another boot: the monotonic clock begins anew, the calendar goes on."""
        self.moment = Moment(mono_ms=5_000, utc_ms=self.moment.utc_ms + 60_000, boot="boot-2")


@dataclass
class RecordingLink:
    """The edge of the network, written down in order: ("send", topic, message), ("ack", mid) …"""

    connected: bool = True
    has_waiting: bool = False
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    on_call: Any = None

    def _note(self, *call: Any) -> int | None:
        if self.on_call is not None:
            self.on_call(call)
        self.calls.append(call)
        return len(self.calls) if self.connected else None

    def send(self, name: str, *ids: str, message: object) -> int | None:
        encode(message)  # as the real one: what does not fit is an error
        return self._note("send", TOPICS.build(name, *ids).removeprefix("anling/v1/b001/"), message)

    def clear(self, name: str, *ids: str) -> int | None:
        return self._note("clear", TOPICS.build(name, *ids).removeprefix("anling/v1/b001/"))

    def ack(self, received: Received) -> None:
        self._note("ack", received.mid)

    def sent(self, topic: str) -> list[Any]:
        """The messages said under a topic, or under those that begin with it and end in `/`."""
        return [
            call[2]
            for call in self.calls
            if call[0] == "send"
            and (call[1] == topic or (topic.endswith("/") and call[1].startswith(topic)))
        ]

    def acked(self) -> list[int]:
        return [call[1] for call in self.calls if call[0] == "ack"]


@dataclass
class KeptNotices:
    """A sender that keeps what it is handed."""

    notices: list[Notice] = field(default_factory=list)

    def put(self, notice: Notice) -> None:
        self.notices.append(notice)

    def end(self, incident_id: str) -> None:
        pass


class Desk:
    """A gateway's loop with a real store, a recording link and a clock to move."""

    def __init__(self, path: Path, **changes: Any) -> None:
        self.path = path
        self.config = config(path, **changes)
        self.clock = Clock()
        self.link = RecordingLink()
        self.senders = {one.name: KeptNotices() for one in self.config.channels}
        self.own: dict[str, KeptNotices] = {}
        self.make_sender: Any = self._own_sender
        self.mids = itertools.count(1)
        self.writer: Writer
        self.reader: Reader
        self.loop: Loop

    def start(self) -> Desk:
        self.writer, self.reader = Writer(str(self.path)), Reader(str(self.path))
        self.writer.open()
        self.loop = Loop(
            config=self.config,
            writer=self.writer,
            reader=self.reader,
            link=self.link,
            senders=self.senders,
            clock=self.clock,
            make_sender=self.make_sender,
        )
        self.loop.start()
        return self

    def _own_sender(self, channel: Any) -> KeptNotices:
        """A sender of somebody's own channel, which keeps what it is handed."""
        self.own[channel.name] = KeptNotices()
        return self.own[channel.name]

    def stop(self) -> None:
        self.writer.close()
        self.reader.close()

    def restart(self) -> None:
        """As after SIGKILL: nothing but the file goes on."""
        self.stop()
        self.link = RecordingLink()
        self.senders = {one.name: KeptNotices() for one in self.config.channels}
        self.start()

    def message(
        self, name: str, *ids: str, body: object | bytes, retained: bool = False
    ) -> Received:
        payload = body if isinstance(body, bytes) else encode(body)
        topic = TOPICS.build(name, *ids)
        return Received(topic, TOPICS.parse(topic), payload, retained, next(self.mids))

    def pressed(self, **changes: Any) -> Received:
        unit = changes.pop("unit", "unit-01")
        return self.message("alert", unit, body=alert(**changes))

    def acted(self, name: str, by: str = "g01", **changes: Any) -> Received:
        if "incident_id" not in changes:
            changes["incident_id"] = self.incident().incident_id
        return self.message("action", body=action(name, by, **changes))

    def ask(self, do: str, by: str = "l01", *, id: str = "", body: Any = None, **changes: Any):
        """Has the branch's desk do something; what it answered.

        A plan is saved as by a page, which knows the version that there is.
        """
        kind, _, verb = do.partition(".")
        if verb in ("save", "retire") and "version" not in changes:
            known = self.loop._desk.world({}, self.clock()).get(kind, id)
            changes["version"] = known.version if known else 0
        values = {"request_id": f"req-{next(_numbers)}", "do": do, "by": by, "id": id}
        request = Request(**(values | {"terminal": "board", "body": body or {}} | changes))
        self.handle(self.message("request", body=request))
        return self.link.sent("terminal/board/result")[-1]

    def handle(self, *events: Event) -> None:
        self.loop.handle(list(events))

    def incident(self) -> Incident:
        """The newest incident of the store."""
        return self.reader.incidents(limit=1)[0]

    def events(self) -> list[str]:
        """The names in the log, the oldest first."""
        return [entry.event for entry in self.reader.log()]

    def fault_names(self) -> set[str]:
        """The faults last said to everybody."""
        return {fault.name for fault in self.link.sent("gateway/faults")[-1].faults}


def as_json(message: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(message))


def acted_through(course: Any) -> Any:
    """The course accepted, attended and closed, ten seconds each."""
    for name in ("accept", "arrive", "close"):
        ms = (course.raised_ms or 0) + 10_000
        now = Moment(mono_ms=ms, utc_ms=UTC_MS + ms, boot=course.boot)
        event = Acted(action(name, outcome="helped"))
        outcome = step(course, event, now, RULES)
        assert isinstance(outcome, Changed)
        course = outcome.course
    return course
