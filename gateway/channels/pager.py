"""Pagers: a notice over MQTT, to whatever listens on `pager/{channel}`.

The gateway turns its own link, so there is no thread here as other channels have: the loop hands
a notice over after the commit, and hears of the broker's confirmation as of any other event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from gateway.channels.backlog import MAX_WAITING, Backlog, Noticed, Waiting, turned_away
from gateway.channels.notice import DeliveryResult, Notice
from gateway.channels.sender import RETRY_AFTER_S
from protocol.moment import Moment

CONFIRMED_WITHIN_MS = 5_000

AWAY = "no connection to the broker"
SILENT = "the broker did not confirm it"


class Link(Protocol):
    """What a pager needs of the link to the broker."""

    @property
    def connected(self) -> bool: ...
    def hand_over(self, name: str, *ids: str, message: object) -> int | None: ...


class _Handed(NamedTuple):
    """A notice that the broker has not confirmed. until_ms: then this try has failed."""

    one: Waiting
    until_ms: int


class Pagers:
    """All pager channels. Every method is for the loop's thread.

    report: called with each Noticed; must only enqueue. retry_after_s: waits before the second,
    third … try.
    """

    def __init__(
        self,
        link: Link,
        report: Callable[[Noticed], None],
        *,
        clock: Callable[[], Moment],
        retry_after_s: tuple[float, ...] = RETRY_AFTER_S,
    ) -> None:
        self._link = link
        self._report = report
        self._clock = clock
        self._connects_in_s = retry_after_s[0] if retry_after_s else 0.0
        self._backlog = Backlog(retry_after_s)
        # {number of the message: what it carries}
        self._handed: dict[int, _Handed] = {}

    def stop(self) -> None:
        """Nothing to end: what is under way is sent again after the next start."""

    def put(self, notice: Notice) -> None:
        """Takes a notice to send; at once, or when the link had time to connect."""
        if len(self._backlog) + len(self._handed) >= MAX_WAITING:
            self._report(turned_away(notice))
            return
        due_s = self._now_s() + (0 if self._link.connected else self._connects_in_s)
        for ended in self._backlog.take(notice, due_s):
            self._report(ended)
        self.turn()

    def end(self, incident_id: str) -> None:
        """A call is closed: nobody need hear of it any more."""
        for ended in self._backlog.end(incident_id):
            self._report(ended)

    def turn(self) -> None:
        """Tries what is due, and gives up what the broker has not confirmed in time."""
        now_ms = self._clock().mono_ms
        self._failed([mid for mid, one in self._handed.items() if now_ms >= one.until_ms], SILENT)
        while (one := self._backlog.next(now_ms / 1000)) is not None:
            mid = self._link.hand_over("pager", one.notice.channel, message=one.notice)
            if mid is None:
                self._over(one, DeliveryResult(False, AWAY))
            else:
                self._handed[mid] = _Handed(one, now_ms + CONFIRMED_WITHIN_MS)

    def confirmed(self, mid: int) -> None:
        """The broker has taken what was handed over as `mid`, if that was a notice."""
        handed = self._handed.pop(mid, None)
        if handed is not None:
            self._over(handed.one, DeliveryResult(True))

    def disconnected(self) -> None:
        """Numbers of this connection mean nothing in the next: what it left open has failed."""
        self._failed(list(self._handed), AWAY)

    def _failed(self, mids: Iterable[int], why: str) -> None:
        for mid in mids:
            self._over(self._handed.pop(mid).one, DeliveryResult(False, why))

    def _over(self, one: Waiting, result: DeliveryResult) -> None:
        """A try is over."""
        self._report(self._backlog.tried(one, result, self._now_s()))

    def _now_s(self) -> float:
        return self._clock().mono_ms / 1000
