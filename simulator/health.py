"""Whether a press in the demo would be answered: who is online, and does the board say ok."""

from __future__ import annotations

import http.client
import time

from protocol.inbox import Inbox
from protocol.link import Broker, Link, LinkEvent, Received
from protocol.messages import GatewayStatus, MessageError, UnitStatus, decode
from protocol.topics import Topics
from simulator.folder import BranchFolder
from simulator.ports import LOOPBACK

BOARD_ANSWER_S = 2.0
# The board is asked no more often than this.
BOARD_EVERY_S = 0.25
MAX_EVENTS = 200


class Health:
    """Listens to the branch's own words."""

    def __init__(self, *, branch: BranchFolder, mqtt_port: int, board_port: int, name: str) -> None:
        topics = Topics(branch.branch)
        self._units = branch.units
        self._board_port = board_port
        self._board_asked_at = 0.0
        self._online: dict[str, bool] = {}
        self._inbox: Inbox[LinkEvent] = Inbox()
        self._link = Link(
            broker=Broker(host=LOOPBACK, port=mqtt_port),
            topics=topics,
            client_id=f"anling-{branch.branch}-{name}",
            deliver=self._inbox.put,
            subscriptions=[topics.build("unit_status"), topics.build("gateway_status")],
        )

    def start(self) -> None:
        self._link.start()

    def stop(self) -> None:
        self._link.stop()

    def listen(self, *, wait_s: float) -> None:
        """Takes what was said, after waiting up to wait_s for the first word."""
        for event in self._inbox.take(wait_s=wait_s, most=MAX_EVENTS):
            if isinstance(event, Received) and event.where is not None:
                self._hear(event)

    def _hear(self, event: Received) -> None:
        kind = UnitStatus if event.where.name == "unit_status" else GatewayStatus
        try:
            status = decode(kind, event.payload)
        except MessageError:
            return  # on a simulated branch anybody may say anything
        self._online[event.where.id or "gateway"] = status.state == "online"

    def missing(self) -> list[str]:
        """The programs that a press would still wait for; the board is asked last."""
        away = [name for name in ("gateway", *self._units) if not self._online.get(name)]
        return away or ([] if self._board_is_well() else ["board"])

    def _board_is_well(self) -> bool:
        if time.monotonic() - self._board_asked_at < BOARD_EVERY_S:
            return False
        self._board_asked_at = time.monotonic()
        connection = http.client.HTTPConnection(LOOPBACK, self._board_port, timeout=BOARD_ANSWER_S)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
