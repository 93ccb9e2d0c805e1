"""A point in time as Anling sees it: two clocks and the boot they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

# An age or a label beyond these bounds is a broken clock, not a time.
MAX_AGE_MS = 30 * 24 * 3600 * 1000
MAX_UTC_MS = 253_402_300_799_999  # 9999-12-31, the last day RFC 3339 can write


@dataclass(frozen=True, slots=True)
class Moment:
    """Now.

    mono_ms: milliseconds of the machine's monotonic clock; comparable only within `boot`.
    utc_ms: milliseconds since 1970 by the machine's wall clock; a label for people.
    boot: names the boot of the machine that mono_ms counts from.
    """

    mono_ms: int
    utc_ms: int
    boot: str


def rfc3339(utc_ms: int) -> str:
    """The UTC time `utc_ms` as people and programs read it: 2026-11-24T08:15:30.250Z."""
    second, ms = divmod(min(max(utc_ms, 0), MAX_UTC_MS), 1000)
    return f"{_second(second)}.{ms:03d}Z"


# One press is labelled half a dozen times within its second.
@lru_cache(maxsize=8)
def _second(utc_s: int) -> str:
    return datetime.fromtimestamp(utc_s, UTC).isoformat()[:19]


def parse_rfc3339(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 time or a plain date (taken as its first moment, UTC).

    Raises: ValueError for anything else.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
