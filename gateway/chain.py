"""The log's hash chain: each entry carries the hash of the one before, so a change shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

FIRST = "0" * 64

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the log.

    seq: counts up from 1 without a gap. at: RFC 3339. by: staff id or "". detail: what the event
    needs. hash: of all this and of the hash of the entry before.
    """

    seq: int
    at: str
    event: str
    by: str
    incident_id: str | None
    detail: dict
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not fit. what: why, for people."""

    seq: int
    what: str


def digest(
    before: str, *, seq: int, at: str, event: str, by: str, incident_id: str | None, detail: dict
) -> str:
    """The hash of an entry: SHA-256 over the hash before it and its fields as compact JSON."""
    body = _compact([seq, at, event, by, incident_id, detail])
    return hashlib.sha256(f"{before}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()


def first_broken(entries: Iterable[LogEntry], *, after: LogEntry | None = None) -> Broken | None:
    """The first entry that was changed, or stands where another was taken out; None if all fit.

    after: an entry that is taken as it is and that the others must follow; None: they must begin
    with the very first.
    """
    before, expected = (FIRST, 1) if after is None else (after.hash, after.seq + 1)
    for entry in entries:
        if entry.seq != expected:
            return Broken(expected, f"entry {expected} is missing; entry {entry.seq} follows")
        if entry.hash != _digest_of(entry, before):
            return Broken(entry.seq, f"entry {entry.seq} or its hash was changed")
        before, expected = entry.hash, expected + 1
    return None


def _digest_of(entry: LogEntry, before: str) -> str:
    return digest(
        before,
        seq=entry.seq,
        at=entry.at,
        event=entry.event,
        by=entry.by,
        incident_id=entry.incident_id,
        detail=entry.detail,
    )
