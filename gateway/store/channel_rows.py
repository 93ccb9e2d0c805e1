"""The table `channels`: its rows as records, and back."""

from __future__ import annotations

from typing import Any

from gateway.store.records import ChannelRecord, Clocks
from gateway.store.sqlite import Database

COLUMNS = (
    "channel, kind, canary_every_s, delivered_ms, delivered_boot, delivered_mono_ms,"
    " tested_ms, tested_boot, tested_mono_ms, tried_ms, tried_boot, tried_mono_ms, result, detail"
)
UPDATE = (
    "UPDATE channels SET delivered_ms = ?, delivered_boot = ?, delivered_mono_ms = ?,"
    " tested_ms = ?, tested_boot = ?, tested_mono_ms = ?,"
    " tried_ms = ?, tried_boot = ?, tried_mono_ms = ?, result = ?, detail = ?"
    " WHERE channel = ?"
)


def record(row: tuple[Any, ...]) -> ChannelRecord:
    """The record of a row of COLUMNS."""
    channel, kind, every_s, *clocks, result, detail = row
    return ChannelRecord(
        channel=channel,
        kind=kind,
        canary_every_s=every_s,
        delivered=_clocks(clocks[:3]),
        tested=_clocks(clocks[3:6]),
        tried=_clocks(clocks[6:]),
        result=result,
        detail=detail,
    )


def changes(one: ChannelRecord) -> tuple[Any, ...]:
    """What UPDATE wants to know."""
    return (
        *_columns(one.delivered),
        *_columns(one.tested),
        *_columns(one.tried),
        one.result,
        one.detail,
        one.channel,
    )


def configure(db: Database, channels: list[ChannelRecord]) -> None:
    """Makes the table hold these channels and no others.

    A channel whose kind has changed is another one: what it did says nothing about the new.
    """
    keys = [(one.channel, one.kind) for one in channels]
    for known in db.execute("SELECT channel, kind FROM channels").fetchall():
        if known not in keys:
            db.execute("DELETE FROM channels WHERE channel = ?", [known[0]])
    for position, one in enumerate(channels):
        db.execute(
            "INSERT INTO channels (channel, kind, canary_every_s, position) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (channel) DO UPDATE SET canary_every_s = excluded.canary_every_s,"
            " position = excluded.position",
            [one.channel, one.kind, one.canary_every_s, position],
        )


def _clocks(columns: list[Any]) -> Clocks | None:
    utc_ms, boot, mono_ms = columns
    return None if utc_ms is None else Clocks(utc_ms=utc_ms, boot=boot, mono_ms=mono_ms)


def _columns(clocks: Clocks | None) -> tuple[Any, ...]:
    return (None, None, None) if clocks is None else (clocks.utc_ms, clocks.boot, clocks.mono_ms)
