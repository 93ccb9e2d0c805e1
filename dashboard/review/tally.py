"""PURE  How the review's tables count: by name, and against a date."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from protocol.moment import parse_rfc3339

One = TypeVar("One")


def by_name(found: Iterable[One], name: Callable[[One], str]) -> dict[str, list[One]]:
    """{name: those that have it, in their order}, names in alphabetical order."""
    groups: dict[str, list[One]] = {}
    for one in found:
        groups.setdefault(name(one), []).append(one)
    return {key: groups[key] for key in sorted(groups)}


def is_late(at: str | None, due_at: str, now_ms: int) -> bool:
    """Whether it was done after its date, or is still to be done and its date is over.

    at: RFC 3339 as due_at, None while it is to be done.
    """
    return (now_ms if at is None else parse_rfc3339(at)) > parse_rfc3339(due_at)
