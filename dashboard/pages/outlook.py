"""What the pages show of the desk's rooms: the branch as the gateway last wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from dashboard.board import Board
from gateway.store import outlook
from gateway.store.outlook import World
from protocol.clock import now


def world_of(board: Board, kinds: Iterable[str] | None = None) -> World:
    """The branch now. kinds: the records that are asked for, None for all. Raises: StoreError."""
    zone = ZoneInfo(board.config.timezone)
    return outlook.world(board.reader, utc_ms=now().utc_ms, zone=zone, kinds=kinds)
