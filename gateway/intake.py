"""Takes each message from the broker to whom it concerns: the branch, its desk, or its health."""

from __future__ import annotations

from gateway.branch import Branch
from gateway.desk.desk import Desk
from gateway.health import Health
from gateway.round import Round
from gateway.supervision import Wrong
from protocol.link import Received
from protocol.messages import (
    Action,
    Alert,
    MessageError,
    Request,
    TerminalEvent,
    TerminalStatus,
    UnitStatus,
    decode,
)
from protocol.moment import Moment
from protocol.service import Loopback


class Intake:
    """loopback: hears when our own sign of life comes back."""

    def __init__(self, *, branch: Branch, desk: Desk, health: Health, loopback: Loopback) -> None:
        self._branch = branch
        self._desk = desk
        self._health = health
        self._loopback = loopback

    def take(self, received: Received, now: Moment, to: Round) -> None:
        """What cannot be taken is kept as rejected."""
        try:
            if received.where is None:
                raise MessageError("the topic holds what is no id")
            self._take(received, now, to)
        except MessageError as error:
            self._branch.reject(received.topic, str(error), received.payload, now, to)

    def _take(self, received: Received, now: Moment, to: Round) -> None:
        ident, payload, retained = received.where.id, received.payload, received.retained
        match received.where.name:
            case "alert":
                self._take_alert(ident, decode(Alert, payload), now, to)
            case "action":
                self._branch.take_action(decode(Action, payload), now, to)
            case "request":
                request = decode(Request, payload)
                self._desk.take_request(request, self._branch.courses, now, to)
            case "unit_status":
                status = decode(UnitStatus, payload)
                self._health.take_unit_status(ident, status, now, to, retained=retained)
                if status.state == "online":
                    self._branch.meet_points(ident, status.points, to)
            case "terminal_status":
                screen = decode(TerminalStatus, payload)
                self._health.take_screen_status(ident, screen, now, retained=retained)
            case "terminal_event":
                self._branch.take_terminal_event(decode(TerminalEvent, payload), now, to)
            case "gateway_status":
                self._loopback.heard()

    def _take_alert(self, unit: str, alert: Alert, now: Moment, to: Round) -> None:
        courses = self._branch.courses
        self._branch.take_alert(
            unit,
            alert,
            now,
            to,
            is_test=lambda alert: self._desk.take_press(alert, courses, now, to),
        )
        self._health.meet(unit, to)
        if self._branch.is_foreign(unit, alert.point):
            wrong = Wrong(f"point/{alert.point}", "foreign_unit", f"{unit} speaks for it")
            self._health.set_own_fault(wrong, now, is_so=True)
