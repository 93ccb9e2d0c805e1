"""PURE. The kinds of channels, and what each must know of its address."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

ChannelKind = Literal["apprise", "dingtalk", "wecom", "feishu", "webhook", "pager"]
# The kinds that sign with a secret.
WITH_SECRET = ("dingtalk", "feishu", "webhook")


def is_web_address(url: str) -> bool:
    """Whether `url` names a host that a web client could ask."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        return False


def is_board_url(url: str) -> bool:
    """Whether a path can follow `url`: a web address without a question, a place in its page, a
    name that signs in, or what no browser would take as it is."""
    return is_web_address(url) and url.isascii() and not set("?#@ \t\n").intersection(url)
