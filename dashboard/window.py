"""PURE  The time a report is about, from what a visitor typed."""

from __future__ import annotations

import re

from protocol.moment import parse_rfc3339

DAY_MS = 24 * 3600 * 1000
DEFAULT_DAYS = 30
# RFC 3339, or a date alone. `fromisoformat` would take more, such as week numbers.
TIME_PATTERN = (
    r"^\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+\-]\d{2}:\d{2}))?(?![\s\S])"
)
_TIME = re.compile(TIME_PATTERN, re.ASCII)


class BadTime(ValueError):
    """A text that is no time; `field` says which one. is_before: it is one, but before `from`."""

    def __init__(self, field: str, *, is_before: bool = False) -> None:
        super().__init__(field)
        self.field = field
        self.is_before = is_before


def window(*, start: str | None, end: str | None, now_ms: int) -> tuple[int, int]:
    """(start_ms, end_ms), UTC milliseconds: from `start` up to, not including, `end`.

    A date as `end` means the whole of that day. None: the 30 days before `end`, until now.
    Given in the wrong order they are turned round. Raises: BadTime.
    """
    if start is not None and end is not None and _read("from", start) > _read("to", end):
        start, end = end, start
    end_ms = now_ms if end is None else _read("to", end) + (DAY_MS if len(end) == 10 else 0)
    start_ms = end_ms - DEFAULT_DAYS * DAY_MS if start is None else _read("from", start)
    return min(start_ms, end_ms), max(start_ms, end_ms)  # a start in the future, no end


def span(*, start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """(start_ms, end_ms) as `window` reads them, None where there is no bound.

    Raises: BadTime, also for two with nothing between them: what is filed must be what was meant.
    """
    start_ms = None if start is None else _read("from", start)
    end_ms = None if end is None else _read("to", end) + (DAY_MS if len(end) == 10 else 0)
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise BadTime("to", is_before=True)
    return start_ms, end_ms


def _read(field: str, text: str) -> int:
    if not _TIME.match(text):
        raise BadTime(field)
    try:
        return parse_rfc3339(text.upper())
    except (ValueError, OverflowError) as error:
        raise BadTime(field) from error
