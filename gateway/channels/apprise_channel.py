"""Any of Apprise's services, by its URL."""

from __future__ import annotations

import logging

from gateway.channels.notice import DeliveryResult, Notice


class AppriseChannel:
    """A channel by one Apprise URL.

    Apprise is imported at the first notice: it takes half a second and 20 MiB, which a gateway
    without channels need not spend.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, notice: Notice) -> DeliveryResult:
        """Tries once. Apprise's own log is what says why it failed."""
        import apprise

        sender = apprise.Apprise()
        if not sender.add(self._url):
            return DeliveryResult(False, "Apprise does not know this kind of address")
        with _Collected() as said:
            try:
                delivered = sender.notify(title=notice.title, body=notice.body)
            except Exception as error:  # plugins are foreign code: whatever they raise is a failure
                return DeliveryResult(False, f"{type(error).__name__}: {error}"[:500])
        return DeliveryResult(bool(delivered), "" if delivered else said.text())


class _Collected(logging.Handler):
    """Gathers what Apprise logs while a notice is on its way."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def text(self) -> str:
        return "; ".join(self._lines)[:500] or "not delivered; the service did not say why"

    def __enter__(self) -> _Collected:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *exception: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
