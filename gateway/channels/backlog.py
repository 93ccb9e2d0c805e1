"""PURE. The notices of one channel that wait for a try: which comes next, and which need none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.channels.notice import RING, TEST, DeliveryResult, Notice

MAX_WAITING = 1000
REPLACED = DeliveryResult(False, "a newer notice of the same call took its place")
ENDED = DeliveryResult(False, "the call has ended: nobody need come any more")
# Why a notice was sent no more although nothing had failed.
NEEDLESS = (REPLACED, ENDED)
# What says the whole of a call, so that an earlier ring of it has nothing to add.
_SAYS_ALL = ("step", "again", "urgent", RING)


@dataclass(frozen=True, slots=True)
class Noticed:
    """One try of a notice is over. is_final: delivered, or given up; without any try it was given
    up untried."""

    notice_id: str
    channel: str
    result: DeliveryResult
    attempts: int
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A notice without a final result.

    attempts, result: tries so far, and what became of the last. due_s: when the next may be.
    """

    notice: Notice
    due_s: float
    attempts: int = 0
    result: DeliveryResult | None = None


class Backlog:
    """What one channel still has to send. retry_after_s: waits before the second, third … try.

    A notice that waits for its next try holds no other back. A ring has one try: the next ring is
    the second. One that has not even been tried when a newer notice of its call comes is replaced,
    so that a channel which stalled does not ring for minutes when it is back. Of a call that has
    ended nothing is sent any more: nobody shall run to a customer who has been helped.
    """

    def __init__(self, retry_after_s: tuple[float, ...]) -> None:
        self._retry_after_s = retry_after_s
        self._waiting: list[Waiting] = []
        # The newest calls that have ended, for a try that was under way just then.
        self._ended: deque[str] = deque(maxlen=MAX_WAITING)

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, notice: Notice, due_s: float) -> list[Noticed]:
        """Takes a notice to send, not before due_s; what came of those that need no further try
        since it came."""
        ended = list(self._ended_by(notice))
        self._waiting = [one for one in self._waiting if one not in ended]
        self._waiting.append(Waiting(notice=notice, due_s=due_s))
        return [
            _noticed(one.notice, one.result or REPLACED, attempts=one.attempts, is_final=True)
            for one in ended
        ]

    def end(self, incident_id: str) -> list[Noticed]:
        """The call is closed; what came of its notices that wait. One that was refused has failed:
        that nobody needs it any more makes the channel no better."""
        self._ended.append(incident_id)
        ended = [one for one in self._waiting if one.notice.incident_id == incident_id]
        self._waiting = [one for one in self._waiting if one not in ended]
        return [
            _noticed(one.notice, one.result or ENDED, attempts=one.attempts, is_final=True)
            for one in ended
        ]

    def _ended_by(self, notice: Notice) -> Iterator[Waiting]:
        says_all = notice.why in _SAYS_ALL
        for one in self._waiting:
            is_old_ring = one.notice.why == RING and one.notice.incident_id == notice.incident_id
            # What people need is the better test of a channel.
            is_failed_test = one.notice.kind == TEST and one.attempts > 0
            if (says_all and is_old_ring) or is_failed_test:
                yield one

    def next(self, now_s: float) -> Waiting | None:
        """The notice whose turn it is, taken out; None while none is due."""
        found = min(self._waiting, key=lambda one: one.due_s, default=None)
        if found is None or found.due_s > now_s:
            return None
        self._waiting.remove(found)
        return found

    def wait_s(self, now_s: float) -> float | None:
        """How long nothing is due; None: for ever."""
        due_s = min((one.due_s for one in self._waiting), default=None)
        return None if due_s is None else max(0.0, due_s - now_s)

    def tried(self, one: Waiting, result: DeliveryResult, now_s: float) -> Noticed:
        """What came of this try of a notice; if it was not the last, it waits for the next."""
        attempts = one.attempts + 1
        is_once = one.notice.why == RING or one.notice.incident_id in self._ended
        waits = () if is_once else self._retry_after_s
        is_final = result.delivered or attempts > len(waits)
        if not is_final:
            due_s = now_s + waits[attempts - 1]
            self._waiting.append(replace(one, due_s=due_s, attempts=attempts, result=result))
        return _noticed(one.notice, result, attempts=attempts, is_final=is_final)


def turned_away(notice: Notice) -> Noticed:
    """What becomes of a notice that finds too many before it."""
    result = DeliveryResult(False, f"{MAX_WAITING} notices are waiting already")
    return _noticed(notice, result, attempts=0, is_final=True)


def _noticed(notice: Notice, result: DeliveryResult, *, attempts: int, is_final: bool) -> Noticed:
    return Noticed(notice.notice_id, notice.channel, result, attempts, is_final)
