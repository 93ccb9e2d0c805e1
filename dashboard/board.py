"""What every page and route needs, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from dashboard.config import BoardConfig
from dashboard.live import Live
from dashboard.store import Reader, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """`reader` is the truth, `live` the news and the voice; `vault` unseals private notes."""

    config: BoardConfig
    reader: Reader
    live: Live
    vault: Vault


def the_board() -> Board:
    """The board this request belongs to."""
    return current_app.extensions["anling"]
