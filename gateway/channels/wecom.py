"""WeCom's (企业微信) group robot; its address is its only secret.

Source: https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

from gateway.channels.notice import DeliveryResult, Notice
from gateway.channels.post import PATIENCE, Patience
from gateway.channels.robot import deliver, robot_text

# WeCom refuses a text with more.
MAX_TEXT_BYTES = 2048


class WeComChannel:
    """A channel by one robot."""

    def __init__(
        self,
        url: str,
        *,
        patience: Patience = PATIENCE,
    ) -> None:
        self._url = url
        self._patience = patience

    def send(self, notice: Notice) -> DeliveryResult:
        """Tries once. Delivered: status 200 and errcode 0."""
        text = robot_text(notice).encode()[:MAX_TEXT_BYTES].decode(errors="ignore")
        return deliver(
            self._url,
            {"msgtype": "text", "text": {"content": text}},
            code="errcode",
            why="errmsg",
            patience=self._patience,
        )
