"""Watches that no lamp ever shows what has not happened."""

from __future__ import annotations

from collections.abc import Iterable

from firmware.indicators import Shown
from firmware.outgoing import CALLS
from firmware.state import UnitSettings

from .journal import Journal, Made

UNDELIVERED_MS = 5_000
# "Recorded" may come from a receipt alone for so long.
RECEIPT_MS = 2_000

DARK = Shown()
STAGES = {"recorded": {"raised"}, "coming": {"accepted", "arrived"}}


class LampWatch:
    """Beside one unit: knows what it can know, and what is true."""

    def __init__(self, settings: UnitSettings, journal: Journal) -> None:
        self._unit = settings.id
        self._silent = {one.id for one in settings.points if one.silent}
        self._points = [one.id for one in settings.points]
        self._journal = journal
        self._waiting: dict[str, Made] = {}
        self._heard_ms: dict[str, int] = {}
        self._receipts: dict[str, int] = {}

    # --- what the unit lives through ---

    def restarted(self) -> None:
        """It knows what its outbox holds, and nothing else."""
        box = self._journal.outbox[self._unit]
        self._waiting = {key: one for key, one in box.items() if one.alert.what in CALLS}
        self._heard_ms, self._receipts = {}, {}

    def went_dark(self) -> None:
        self._journal.lamps.update(dict.fromkeys(self._points, DARK))

    def made(self, made: Made) -> None:
        if made.alert.what in CALLS:
            self._waiting.setdefault(made.alert.alert_id, made)

    def heard_feedback(self, point: str, origin_ms: int) -> None:
        self._heard_ms[point] = origin_ms

    def heard_receipt(self, alert_ids: Iterable[str]) -> None:
        for alert_id in alert_ids:
            if alert_id not in self._journal.alerts:
                self._journal.blame(f"a receipt for {alert_id}, which is not stored")
            made = self._waiting.pop(alert_id, None)
            if made is not None:
                self._receipts[made.alert.point] = self._journal.now_ms

    # --- what it shows ---

    def shown(self, point: str, shown: Shown) -> None:
        self._journal.lamps[point] = shown
        self._journal.tell(self._unit, f"lamp of {point}: {shown.lamp}, sounder {shown.sounder}")
        problem = self._problem(point, shown)
        if problem:
            self._journal.blame(f"the lamp of {point} shows {shown.lamp}: {problem}")

    def look(self) -> None:
        """At the end of a turn: whoever has a call under way sees something."""
        for point in self._points:
            is_dark = self._journal.lamps.get(point, DARK).lamp == "off"
            if is_dark and point not in self._silent and self._kept_at(point):
                self._journal.blame(f"the lamp of {point} is dark with a call in the outbox")

    def _problem(self, point: str, shown: Shown) -> str:
        if point in self._silent:
            return "" if shown == DARK else "it is a silent point"
        if (shown.sounder == "on") != (shown.lamp == "undelivered"):
            return f"the sounder is {shown.sounder}"
        match shown.lamp:
            case "saved":
                return "" if self._kept_at(point) else "no outbox has the call"
            case "undelivered":
                return "" if self._is_overdue(point) else "no call has waited so long"
            case "recorded" | "coming":
                return self._untrue(point, shown.lamp)
        return ""

    def _untrue(self, point: str, lamp: str) -> str:
        """Whether the store has said so since the moment the unit last heard of it."""
        journal = self._journal
        since_ms = self._heard_ms.get(point)
        states = journal.point_states(point, since_ms) if since_ms is not None else []
        if any(one.stage in STAGES[lamp] for one in states):
            return ""
        receipt_ms = self._receipts.get(point, -RECEIPT_MS)
        if lamp == "recorded" and journal.now_ms - receipt_ms < RECEIPT_MS:
            return ""
        return f"since it last heard, the store has said {[one.stage for one in states]}"

    def _waiting_at(self, point: str) -> list[Made]:
        return [one for one in self._waiting.values() if one.alert.point == point]

    def _kept_at(self, point: str) -> list[Made]:
        kept = self._journal.ever_kept
        return [one for one in self._waiting_at(point) if one.alert.alert_id in kept]

    def _is_overdue(self, point: str) -> bool:
        now_ms = self._journal.now_ms
        boot = self._journal.runs[self._unit][-1].boot
        return any(
            one.alert.boot != boot or now_ms - one.at_ms >= UNDELIVERED_MS
            for one in self._waiting_at(point)
        )
