"""Any program on the web: the notice as JSON, with a signature it can check."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

import msgspec

from gateway.channels.notice import DeliveryResult, Notice
from gateway.channels.post import PATIENCE, Patience, PostFailed, post


class WebhookChannel:
    """A channel to one address. secret: "" sends without a signature.

    clock: seconds since 1970, for the timestamp.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str = "",
        patience: Patience = PATIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._secret = secret
        self._patience = patience
        self._clock = clock

    def send(self, notice: Notice) -> DeliveryResult:
        """Tries once. Delivered: any status from 200 to 299."""
        body = msgspec.json.encode(notice)
        headers = stamps(self._secret, body, self._clock())
        try:
            answer = post(self._url, body, headers=headers, patience=self._patience)
        except PostFailed as error:
            return DeliveryResult(False, str(error))
        if 200 <= answer.status < 300:
            return DeliveryResult(True)
        return DeliveryResult(False, f"it answered with status {answer.status}")


def stamps(secret: str, body: bytes, now_s: float) -> dict[str, str]:
    """The headers that say when the body was sent and, with a secret, that it is ours.

    The signature covers time and body, so that an old message cannot be sent again as a new one.
    """
    timestamp = str(round(now_s))
    headers = {"X-Anling-Timestamp": timestamp}
    if secret:
        signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
        headers["X-Anling-Signature"] = f"sha256={signed.hexdigest()}"
    return headers
