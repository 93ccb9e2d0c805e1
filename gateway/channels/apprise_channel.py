"""Any of Apprise's services, by its URL."""

from __future__ import annotations

import logging
import re
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
            return self._failed(f"{type(error).__name__}: {error}")

    def _try(self, notice: Notice) -> DeliveryResult:
        import apprise

        with _Collected() as said:
            # The service itself, not Apprise's dispatcher: that one sends from a pool of threads,
            # for which Python waits before it ends, so that a service that stalls would hold back
            # a gateway that was told to stop.
            service = apprise.Apprise.instantiate(self._url)
            if service is None:
                return self._failed(f"Apprise cannot use the address: {said.text()}")
            delivered = service.notify(title=notice.title, body=text_of(notice))
        return DeliveryResult(True, "") if delivered else self._failed(said.text())

    def _failed(self, why: str) -> DeliveryResult:
        return DeliveryResult(False, without_secrets(why, self._url)[:500])


# Shorter parts of an address are words like "to", or ports, and no secrets.
SECRET_LENGTH = 5


def without_secrets(text: str, url: str) -> str:
    """The text without any part of the address, which may be a token: everybody may read why a
    message was not delivered. The name of the service stays."""
    service, _, rest = url.partition("://")
    parts = {url, rest, *re.split(r"[/:@?&=,;+ ]+", rest)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SECRET_LENGTH and part != service:
            text = text.replace(part, "…")
    return text


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
        logger = logging.getLogger("apprise")
        logger.propagate = False  # what it says may hold a secret, and a log is read by many
        logger.addHandler(self)
        return self

    def __exit__(self, *exception: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
