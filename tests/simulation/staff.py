"""Staff at a terminal: they see incidents, act on them, and repeat what was not answered."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Any

from protocol.link import Connected, Received
from protocol.messages import Action, ActionResult, Incident, Request, decode

from .link import TOPICS, SimulatedLink
from .network import Network
from .plans import ALONE, Writing
from .program import NEVER_MS, Program

ROLES = {
    "g01": ("customer_service",),
    "g02": ("customer_service",),
    "s01": ("security",),
    "f01": ("first_aid",),
    "l01": ("lead",),
    "o01": ("customer_service",),
}
OFF_DUTY = ("o01",)
LEAD = "l01"
STRANGER = "x99"

REPEAT_MS = 5_000

# What people do about an incident: (earliest s, latest s, action, who). "owner": who accepted
# first in this script; "any": anybody; "told": each whom the present step told, as the screen shows
# it then; "offered": to whom the owner would hand over. Some of it is refused, as it must be.
SCRIPTS = (
    (),
    ((1, 60, "accept", "owner"),),
    ((1, 20, "accept", "owner"), (5, 50, "arrive", "owner"), (55, 90, "close", "owner")),
    ((0, 4, "accept", "owner"), (0, 4, "accept", "any"), (2, 3, "arrive", "any")),
    ((0, 3, "accept", "owner"), (3, 5, "arrive", "owner"), (5, 7, "close", "owner")),
    ((1, 5, "accept", "owner"), (6, 20, "handover", "owner"), (20, 30, "close", "any")),
    ((1, 40, "escalate", "any"), (1, 70, "escalate", "any"), (70, 80, "arrive", "owner")),
    ((1, 40, "note", "any"), (1, 40, "situation", "any"), (30, 130, "accept", "owner")),
    ((1, 9, "accept", "stranger"), (1, 9, "close", "any"), (10, 60, "handover", "any")),
    ((1, 30, "arrive", "owner"), (31, 60, "close", "owner"), (31, 60, "close", "any")),
    ((1, 20, "busy", "told"), (21, 50, "refuse", "told"), (60, 90, "accept", "any")),
    ((1, 20, "refuse", "told"), (1, 20, "busy", "any"), (20, 25, "accept", "any")),
    ((1, 4, "accept", "owner"), (5, 15, "handover", "owner"), (16, 30, "take", "offered")),
    ((1, 4, "accept", "owner"), (5, 15, "handover", "owner"), (16, 30, "decline", "offered")),
)
# How often somebody signs out of duty in one life, and in again.
MOST_SIGNINGS = 4


class Terminal(Program):
    """A screen with staff before it. It is never killed, but its connection breaks like others."""

    def __init__(self, *, network: Network, pace: float, **common) -> None:
        super().__init__("board", **common)
        self.is_retired = False
        self.open: dict[str, Incident] = {}
        self.unanswered: dict[str, Action | Request] = {}
        self._network = network
        self._pace = pace
        self._seen: set[str] = set()
        self.link: SimulatedLink

    def begin(self) -> None:
        self.link = SimulatedLink(
            network=self._network,
            client="board",
            subscriptions=[TOPICS.build("incident"), TOPICS.build("result", "board")],
            deliver=self.put,
        )
        self.link.start()

    def turn(self, events: list[tuple[object, int | None]]) -> int:
        for event, _ in events:
            match event:
                case Connected():
                    self.open.clear()
                case Received():
                    self._hear(event)
        return NEVER_MS

    def _hear(self, received: Received) -> None:
        if received.where.name == "result":
            self._hear_result(decode(ActionResult, received.payload))
        elif not received.payload:
            self.open.pop(received.where.id, None)
        else:
            self._see(decode(Incident, received.payload))

    def _see(self, incident: Incident) -> None:
        self.open[incident.incident_id] = incident
        if incident.incident_id not in self._seen:
            self._seen.add(incident.incident_id)
            self._plan(incident.incident_id)

    def _hear_result(self, result: ActionResult) -> None:
        self.journal.results[result.action_id].append(result)
        self.journal.tell("board", f"{result}")
        self.unanswered.pop(result.action_id, None)

    def _plan(self, incident_id: str) -> None:
        owner = self.random.choice(list(ROLES))
        for earliest_s, latest_s, name, who in self.random.choice(SCRIPTS):
            after_ms = self.random.randint(earliest_s * 1000, latest_s * 1000)
            if who in ("told", "offered"):
                act = partial(self._look_and_act, incident_id, name, who)
            else:
                people = {"owner": owner, "stranger": STRANGER}
                by = people.get(who) or self.random.choice(list(ROLES))
                act = partial(self._act, incident_id, name, by)
            self.timeline.after(round(after_ms * self._pace), act)

    def _look_and_act(self, incident_id: str, name: str, who: str) -> None:
        incident = self.open.get(incident_id)
        if incident is None:
            return
        if who == "told":
            people = [one for one, step in incident.told.items() if step == incident.step]
        else:
            people = [incident.offer.to] if incident.offer else []
        for by in people:
            self.timeline.after(
                self.random.randint(0, 900), partial(self._act, incident_id, name, by)
            )

    # --- duty ---

    def plan_signings(self, until_ms: int) -> None:
        """People sign out of duty and in again, until then."""
        for _ in range(self.random.randint(0, MOST_SIGNINGS)):
            staff, out_ms = self.random.choice(list(ROLES)), self.random.randint(0, until_ms)
            self.timeline.at(out_ms, partial(self._sign, "duty.off", staff))
            if self.random.random() < 0.6:
                in_ms = self.random.randint(out_ms, until_ms)
                self.timeline.at(in_ms, partial(self._sign, "duty.on", staff))

    def _sign(self, do: str, staff: str) -> None:
        if self.is_running:
            self._ask(do, staff)

    def plan_writings(self, writings: Iterable[Writing], random: Random) -> None:
        """A lead writes these plans; where somebody may stand in, who alone has a role may go."""
        for at_ms, do, id, body in writings:
            ask = partial(self._ask, do, LEAD, id=id, body=body)
            self.timeline.at(at_ms, ask)
            if do == "substitute.save" and random.random() < 0.6:
                leave = partial(self._ask, "duty.off", random.choice(ALONE))
                self.timeline.at(at_ms + random.randint(-2_000, 30_000), leave)

    def _ask(self, do: str, by: str, **what: Any) -> None:
        if not self.is_running:  # it has not begun: nobody has a screen to ask at
            self.timeline.after(100, partial(self._ask, do, by, **what))
            return
        number = len(self.journal.requests) + 1
        request = Request(request_id=f"req-{number}", do=do, by=by, terminal="board", **what)
        self.journal.requests[request.request_id] = request
        self.unanswered[request.request_id] = request
        self.journal.tell("board", f"{by} asks for {do} {request.id} ({request.request_id})")
        self._send(request)

    # --- actions ---

    def _act(self, incident_id: str, name: str, by: str) -> None:
        if self.is_retired:
            return
        action = Action(
            action_id=f"act-{len(self.journal.actions) + 1}",
            incident_id=incident_id,
            action=name,
            by=by,
            terminal="board",
            outcome="helped",
            text=f"note {len(self.journal.actions) + 1}",
            to=self.random.choice(list(ROLES)),
            situation="fall",
        )
        self.journal.actions[action.action_id] = action
        self.unanswered[action.action_id] = action
        self.journal.tell("board", f"{by} does {name} ({action.action_id}) to {incident_id}")
        self._send(action)
        if self.random.random() < 0.2:
            # A finger that trembles: the same message again, answered or not.
            self.timeline.after(self.random.randint(0, 9_000), partial(self._say, action))

    def _send(self, asked: Action | Request) -> None:
        """Says it until it is answered."""
        if _id_of(asked) in self.unanswered:
            self._say(asked)
            self.timeline.after(REPEAT_MS, partial(self._send, asked))

    def _say(self, asked: Action | Request) -> None:
        self.link.send("action" if isinstance(asked, Action) else "request", message=asked)


def _id_of(asked: Action | Request) -> str:
    return asked.action_id if isinstance(asked, Action) else asked.request_id
