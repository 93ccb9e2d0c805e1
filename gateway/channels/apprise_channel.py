"""Any of Apprise's services, by its URL."""

from __future__ import annotations

import logging
import threading

from gateway.channels.notice import DeliveryResult, Notice, text_of


class AppriseChannel:
    """A channel by one Apprise URL.

    Apprise is imported at the first notice: it takes half a second and 20 MiB, which a gateway
    without channels need not spend.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, notice: Notice) -> DeliveryResult:
        """Tries once. Apprise's own log is what says why it failed."""
        try:
            return self._try(notice)
        except Exception as error:  # plugins are foreign code: whatever they raise is a failure
            return DeliveryResult(False, f"{type(error).__name__}: {error}"[:500])

    def _try(self, notice: Notice) -> DeliveryResult:
        import apprise

        with _Collected() as said:
            # The service itself, not Apprise's dispatcher: that one sends from a pool of threads,
            # for which Python waits before it ends, so that a service that stalls would hold back
            # a gateway that was told to stop.
            service = apprise.Apprise.instantiate(self._url)
            if service is None:
                return DeliveryResult(False, f"Apprise cannot use the address: {said.text()}"[:500])
            delivered = service.notify(title=notice.title, body=text_of(notice))
        return DeliveryResult(bool(delivered), "" if delivered else said.text())


class _Collected(logging.Handler):
    """Gathers what Apprise logs in this thread while a notice is on its way."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self._lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:  # other channels send in theirs
            self._lines.append(record.getMessage())

    def text(self) -> str:
        return "; ".join(self._lines)[:500] or "not delivered; the service did not say why"

    def __enter__(self) -> _Collected:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *exception: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
