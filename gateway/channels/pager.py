"""Pagers: a notice over MQTT, to whatever listens on `pager/{channel}`.

The gateway turns its own link, so there is no thread here as other channels have: the loop hands
a notice over after the commit, and hears of the broker's confirmation as of any other event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.channels.notice import DeliveryResult, Notice
from gateway.channels.sender import MAX_WAITING, RETRY_AFTER_S, Noticed
from protocol.moment import Moment

CONFIRMED_WITHIN_MS = 5_000

AWAY = "no connection to the broker"
SILENT = "the broker did not confirm it"


class Link(Protocol):
    """What a pager needs of the link to the broker."""

    @property
    def connected(self) -> bool: ...
    def hand_over(self, name: str, *ids: str, message: object) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnderWay:
    """A notice without a final result. due_ms: of the next try, or of giving this one up.

    mid: of the try that the broker has not confirmed so far, None between two tries.
    """

    notice: Notice
    attempts: int
    due_ms: int
    mid: int | None = None


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
        self._retry_after_s = retry_after_s
        self._under_way: dict[str, _UnderWay] = {}

    def stop(self) -> None:
        """Nothing to end: what is under way is sent again after the next start."""

    def put(self, notice: Notice) -> None:
        """Takes a notice to send; at once, or when the link had time to connect."""
        now_ms = self._clock().mono_ms
        if len(self._under_way) >= MAX_WAITING:
            result = DeliveryResult(False, f"{MAX_WAITING} notices are waiting already")
            self._report(Noticed(notice.notice_id, notice.channel, result, 0, True))
            return
        wait_ms = 0 if self._link.connected else self._wait_ms(1)
        self._under_way[notice.notice_id] = _UnderWay(
            notice=notice, attempts=0, due_ms=now_ms + wait_ms
        )
        self.turn()

    def turn(self) -> None:
        """Tries what is due, and gives up what the broker has not confirmed in time."""
        now_ms = self._clock().mono_ms
        for one in [one for one in self._under_way.values() if now_ms >= one.due_ms]:
            if one.mid is None:
                self._try(one, now_ms)
            else:
                self._failed(one, SILENT, now_ms)

    def confirmed(self, mid: int) -> None:
        """The broker has taken what was handed over as `mid`, if that was a notice."""
        for one in self._under_way.values():
            if one.mid == mid:
                del self._under_way[one.notice.notice_id]
                self._tell(one, DeliveryResult(True), is_final=True)
                return

    def disconnected(self) -> None:
        """Numbers of this connection mean nothing in the next: what it left open has failed."""
        now_ms = self._clock().mono_ms
        for one in [one for one in self._under_way.values() if one.mid is not None]:
            self._failed(one, AWAY, now_ms)

    def _try(self, one: _UnderWay, now_ms: int) -> None:
        trying = replace(one, attempts=one.attempts + 1, due_ms=now_ms + CONFIRMED_WITHIN_MS)
        mid = self._link.hand_over("pager", one.notice.channel, message=one.notice)
        if mid is None:
            self._failed(trying, AWAY, now_ms)
        else:
            self._under_way[one.notice.notice_id] = replace(trying, mid=mid)

    def _failed(self, one: _UnderWay, why: str, now_ms: int) -> None:
        is_final = one.attempts > len(self._retry_after_s)
        if is_final:
            del self._under_way[one.notice.notice_id]
        else:
            self._under_way[one.notice.notice_id] = replace(
                one, mid=None, due_ms=now_ms + self._wait_ms(one.attempts)
            )
        self._tell(one, DeliveryResult(False, why), is_final=is_final)

    def _wait_ms(self, attempts: int) -> int:
        waits = self._retry_after_s
        return round(waits[attempts - 1] * 1000) if attempts <= len(waits) else 0

    def _tell(self, one: _UnderWay, result: DeliveryResult, *, is_final: bool) -> None:
        notice = one.notice
        self._report(Noticed(notice.notice_id, notice.channel, result, one.attempts, is_final))
