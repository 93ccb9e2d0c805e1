"""The thread that sends notices, so that a slow service holds nothing else up."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from gateway.channels.backlog import MAX_WAITING, Backlog, Noticed, turned_away
from gateway.channels.notice import Channel, DeliveryResult, Notice

# Waits before the second, third … try; after the last the notice has failed. About a minute in
# all: by then the policy's next step has told somebody else.
RETRY_AFTER_S = (2.0, 5.0, 15.0, 30.0)


class Sender:
    """Sends notices through one channel, one at a time.

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
        # Notices to send, and calls that have ended; None only wakes.
        self._arrived: queue.Queue[Notice | str | None] = queue.Queue(MAX_WAITING)
        self._backlog = Backlog(retry_after_s)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait: a notice that is on its way is sent again after the next start."""
        self._stopped.set()
        with suppress(queue.Full):  # then it is awake anyway
            self._arrived.put_nowait(None)

    def put(self, notice: Notice) -> None:
        """Takes a notice to send. With too many waiting it fails at once, and says so."""
        try:
            self._arrived.put_nowait(notice)
        except queue.Full:
            self._report(turned_away(notice))

    def end(self, incident_id: str) -> None:
        """A call is closed: nobody need hear of it any more."""
        with suppress(queue.Full):  # then its notices come late, as all others do
            self._arrived.put_nowait(incident_id)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._receive()
            one = self._backlog.next(time.monotonic())
            if one is not None and not self._stopped.is_set():
                result = self._try(one.notice)
                self._report(self._backlog.tried(one, result, time.monotonic()))

    def _receive(self) -> None:
        """Waits until a notice comes or is due, then takes all that have come."""
        wait_s = self._backlog.wait_s(time.monotonic())
        if len(self._backlog) >= MAX_WAITING:
            self._stopped.wait(wait_s)
            return
        with suppress(queue.Empty):
            arrived = self._arrived.get(timeout=wait_s)
            while arrived is not None:
                if isinstance(arrived, str):
                    ended = self._backlog.end(arrived)
                else:
                    ended = self._backlog.take(arrived, time.monotonic())
                for one in ended:
                    self._report(one)
                arrived = self._arrived.get_nowait()

    def _try(self, notice: Notice) -> DeliveryResult:
        try:
            return self._channel.send(notice)
        except Exception as error:  # a thread that ended would deliver nothing more, in silence
            return DeliveryResult(False, f"it cannot be used ({type(error).__name__})")


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
