"""Feishu's group robot.

Source: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
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


class FeishuChannel:
    """A channel by one robot. secret: of its signature setting, "" without one.

    clock: seconds since 1970; Feishu refuses a signature more than an hour off.
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
        """Tries once. Delivered: status 200 and code 0."""
        signed = signature(self._secret, self._clock()) if self._secret else {}
        return deliver(
            self._url,
            {**signed, "msg_type": "text", "content": {"text": robot_text(notice)}},
            code="code",
            why="msg",
            patience=self._patience,
        )


def signature(secret: str, now_s: float) -> dict[str, str]:
    """What signs a message: time in seconds, and an HMAC of nothing keyed with both, in base64."""
    timestamp = str(round(now_s))
    signed = hmac.digest(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)
    return {"timestamp": timestamp, "sign": base64.b64encode(signed).decode()}
