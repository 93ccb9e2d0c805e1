"""What the gateway says over MQTT, once it is stored: answers at once, then how everything is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec

from gateway.round import Round
from protocol.link import Received
from protocol.messages import Fault, Faults, Feedback, GatewayStatus, Incident, Receipt
from protocol.service import Loopback

HEARTBEAT_MS = 5_000
# In a storm screens and lamps lag behind the receipts by at most this.
UNTOLD_MS = 250
# An id has up to 64 characters, and a character up to 6 bytes in JSON: so many fit into 64 KiB.
IDS_A_RECEIPT = 150

# So that they fit into one payload; a branch with more has one fault: everything.
MAX_FAULTS_SAID = 100
FAULTS_BYTES = 60_000

# Messages left unconfirmed while the store cannot be written. A broker hands out only so many at
# a time (mosquitto: 20); with all of them held back the gateway would hear no heartbeat either.
MAX_UNCONFIRMED = 8


class Outside(Protocol):
    """What the gateway needs of its link to the broker."""

    @property
    def has_waiting(self) -> bool: ...
    def send(self, name: str, *ids: str, message: object) -> int | None: ...
    def clear(self, name: str, *ids: str) -> int | None: ...
    def ack(self, received: Received) -> None: ...


@dataclass(slots=True)
class _Untold:
    """What is stored but not yet said. due_ms: when it must be said, however much still comes."""

    feedback: dict[str, Feedback] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    due_ms: int = 0


class Voice:
    """The gateway's side of the link. Nothing said while the broker is away is kept: whoever is
    connected anew calls `say_anew`."""

    def __init__(self, link: Outside) -> None:
        self._link = link
        self._untold = _Untold()
        self._farewells: dict[int, str] = {}
        self._unconfirmed: list[Received] = []
        self._said_status: GatewayStatus | None = None
        self._heartbeat_due_ms = 0
        self.loopback = Loopback()

    def reconnected(self) -> None:
        """The broker took us: numbers of the connection before mean nothing in this one."""
        self._farewells.clear()
        self._unconfirmed.clear()
        self._heartbeat_due_ms = 0

    # --- answers ---

    def answer(self, to: Round) -> None:
        """Receipts and results of a round: somebody waits for each."""
        for unit, alert_ids in to.receipts.items():
            for start in range(0, len(alert_ids), IDS_A_RECEIPT):
                receipt = Receipt(alert_ids=alert_ids[start : start + IDS_A_RECEIPT])
                self._link.send("receipt", unit, message=receipt)
        for terminal, result in to.results:
            self._link.send("result", terminal, message=result)

    def confirm(self, messages: Iterable[Received]) -> None:
        """Lets the broker forget what is stored now."""
        for received in [*self._unconfirmed, *messages]:
            self._link.ack(received)
        self._unconfirmed = []

    def leave_unconfirmed(self, messages: Iterable[Received]) -> None:
        """Keeps the newest messages unconfirmed; units repeat alerts until the receipt anyway."""
        waiting = [*self._unconfirmed, *messages]
        for received in waiting[:-MAX_UNCONFIRMED]:
            self._link.ack(received)
        self._unconfirmed = waiting[-MAX_UNCONFIRMED:]

    # --- how everything is ---

    def tell(
        self, feedback: Mapping[str, Feedback], incidents: Mapping[str, Incident], *, now_ms: int
    ) -> None:
        """Lamps and incidents that have changed, with the next round when more waits already.

        So in a storm each is told once, as it is at the end, and not with every round.
        """
        self._untold.feedback |= feedback
        self._untold.incidents |= incidents
        if now_ms < self._untold.due_ms and self._link.has_waiting:
            return
        self._say_state(self._untold.feedback.values(), self._untold.incidents.values())
        self._untold = _Untold(due_ms=now_ms + UNTOLD_MS)

    def say_anew(
        self, feedback: Iterable[Feedback], incidents: Iterable[Incident], faults: tuple[Fault, ...]
    ) -> None:
        """Everything that the broker is to keep; closed incidents whose farewell is still owed."""
        self._say_state(feedback, incidents)
        self.say_faults(faults)

    def _say_state(self, feedback: Iterable[Feedback], incidents: Iterable[Incident]) -> None:
        for one in feedback:
            self._link.send("feedback", one.point, message=one)
        for incident in incidents:
            self._say_incident(incident)

    def _say_incident(self, incident: Incident) -> None:
        """The whole incident; a closed one once more, and then its retained copy goes."""
        self._link.send("incident", incident.incident_id, message=incident)
        if not incident.is_open:
            mid = self._link.clear("incident", incident.incident_id)
            if mid is not None:
                self._farewells[mid] = incident.incident_id

    def said_farewell(self, mid: int) -> str | None:
        """The closed incident that the broker has let go of with this confirmation, if any."""
        return self._farewells.get(mid)

    def forget_farewells(self, incident_ids: set[str]) -> None:
        """It is stored that these farewells were said."""
        if incident_ids:
            kept = self._farewells.items()
            self._farewells = {mid: one for mid, one in kept if one not in incident_ids}

    def say_faults(self, faults: tuple[Fault, ...]) -> None:
        """The oldest of the faults, as many as fit into one payload."""
        faults = faults[:MAX_FAULTS_SAID]
        while len(msgspec.json.encode(faults)) > FAULTS_BYTES:
            faults = faults[: len(faults) // 2]
        self._link.send("faults", message=Faults(faults=faults))

    def is_heartbeat_due(self, now_ms: int) -> bool:
        return now_ms >= self._heartbeat_due_ms

    def say_status(self, status: GatewayStatus, *, now_ms: int) -> None:
        """Our sign of life: each few seconds, and at once when what it counts has changed."""
        said = self._said_status
        is_news = said is None or replace(said, log_head=status.log_head) != status
        if not is_news and not self.is_heartbeat_due(now_ms):
            return
        if self._link.send("gateway_status", message=status) is not None:
            self.loopback.sent(now_ms)
            self._said_status = status
        self._heartbeat_due_ms = now_ms + HEARTBEAT_MS
