"""The thread that sends notices, so that a slow service holds nothing else up."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gateway.channels.notice import TEST, Channel, DeliveryResult, Notice

# Waits before the second, third … try; after the last the notice has failed. About a minute in
# all: by then the policy's next step has told somebody else.
RETRY_AFTER_S = (2.0, 5.0, 15.0, 30.0)
MAX_WAITING = 1000


@dataclass(frozen=True, slots=True)
class Noticed:
    """One try of a notice is over. is_final: delivered, or given up."""

    notice_id: str
    channel: str
    result: DeliveryResult
    attempts: int
    is_final: bool


class Sender:
    """Sends notices through one channel, in order, one at a time.

    report: called from the sender's thread with each Noticed; must only enqueue.
    retry_after_s: waits before the second, third … try.
    """

    def __init__(
        self,
        channel: Channel,
        report: Callable[[Noticed], None],
        *,
        retry_after_s: tuple[float, ...] = RETRY_AFTER_S,
    ) -> None:
        self._channel = channel
        self._report = report
        self._retry_after_s = retry_after_s
        self._waiting: queue.Queue[Notice | None] = queue.Queue(MAX_WAITING)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait: a notice that is on its way is sent again after the next start."""
        self._stopped.set()
        with suppress(queue.Full):  # then it is awake anyway
            self._waiting.put_nowait(None)

    def put(self, notice: Notice) -> None:
        """Takes a notice to send. With too many waiting it fails at once, and says so."""
        try:
            self._waiting.put_nowait(notice)
        except queue.Full:
            result = DeliveryResult(False, f"{MAX_WAITING} notices are waiting already")
            self._report(Noticed(notice.notice_id, notice.channel, result, 0, True))

    def _run(self) -> None:
        while not self._stopped.is_set():
            notice = self._next(None)
            while notice is not None:
                notice = self._send(notice)

    def _next(self, wait_s: float | None) -> Notice | None:
        """The next notice, after waiting up to wait_s (None: for ever); None when told to stop."""
        try:
            return self._waiting.get(timeout=wait_s)
        except queue.Empty:
            return None

    def _send(self, notice: Notice) -> Notice | None:
        """Tries until it is delivered or given up; gives what a test message had to give way to.

        Nobody in need waits for the second try of a test; and their own notice shows as well
        whether the channel works.
        """
        for attempt, wait_s in enumerate((*self._retry_after_s, None), start=1):
            result = self._try(notice)
            is_final = result.delivered or wait_s is None
            self._tell(notice, result, attempt, is_final=is_final)
            if is_final:
                return None
            if notice.kind == TEST:
                came = self._next(wait_s)
                if came is not None:
                    self._tell(notice, result, attempt, is_final=True)
                    return came
            else:
                self._stopped.wait(wait_s)
            if self._stopped.is_set():
                return None
        return None

    def _try(self, notice: Notice) -> DeliveryResult:
        try:
            return self._channel.send(notice)
        except Exception as error:  # a thread that ended would deliver nothing more, in silence
            return DeliveryResult(False, f"it cannot be used ({type(error).__name__})")

    def _tell(
        self, notice: Notice, result: DeliveryResult, attempt: int, *, is_final: bool
    ) -> None:
        self._report(Noticed(notice.notice_id, notice.channel, result, attempt, is_final))


def start_senders(
    channels: Mapping[str, Channel],
    report: Callable[[Noticed], None],
    *,
    retry_after_s: tuple[float, ...] = RETRY_AFTER_S,
) -> dict[str, Sender]:
    """A running sender a channel: one that stalls does not hold back the others."""
    senders = {
        name: Sender(channel, report, retry_after_s=retry_after_s)
        for name, channel in channels.items()
    }
    for sender in senders.values():
        sender.start()
    return senders
