"""Which kind of channel a configuration asks for."""

from __future__ import annotations

from gateway.channels.apprise_channel import AppriseChannel
from gateway.channels.dingtalk import DingTalkChannel
from gateway.channels.feishu import FeishuChannel
from gateway.channels.notice import Channel
from gateway.channels.webhook import WebhookChannel
from gateway.channels.wecom import WeComChannel


def make_channel(kind: str, url: str, *, secret: str = "") -> Channel:
    """A channel that a sender's thread can send through; a pager has none (see pager.py).

    Raises: KeyError for any other kind.
    """
    with_secret = {
        "dingtalk": DingTalkChannel,
        "feishu": FeishuChannel,
        "webhook": WebhookChannel,
    }
    if kind in with_secret:
        return with_secret[kind](url, secret=secret)
    return {"apprise": AppriseChannel, "wecom": WeComChannel}[kind](url)
