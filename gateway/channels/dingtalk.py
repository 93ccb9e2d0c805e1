"""DingTalk's group robot.

Source: https://open.dingtalk.com/document/robots/custom-robot-access
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

from gateway.channels.notice import DeliveryResult, Notice
from gateway.channels.post import PATIENCE, Patience
from gateway.channels.robot import deliver, robot_text


class DingTalkChannel:
    """A channel by one robot. secret: of its "sign" setting, "" without one.

    clock: seconds since 1970; DingTalk refuses a signature more than an hour off.
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
        """Tries once. Delivered: status 200 and errcode 0."""
        return deliver(
            self._url,
            {"msgtype": "text", "text": {"content": robot_text(notice)}},
            params=signature(self._secret, self._clock()) if self._secret else None,
            code="errcode",
            why="errmsg",
            patience=self._patience,
        )


def signature(secret: str, now_s: float) -> dict[str, str]:
    """The query that signs a message: time in milliseconds, and its HMAC in base64."""
    timestamp = str(round(now_s * 1000))
    signed = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return {"timestamp": timestamp, "sign": base64.b64encode(signed).decode()}
