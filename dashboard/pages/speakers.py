"""Who speaks a language that not everybody speaks: for a customer whom nobody near understands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.store import StaffRecord


@dataclass(frozen=True, slots=True)
class Speakers:
    """language: its code, such as "yue". people: those on duty who speak it."""

    language: str
    people: tuple[StaffRecord, ...]


def speakers(staff: Iterable[StaffRecord]) -> list[Speakers]:
    """By language, for those on duty; what all of them speak is no news and left out."""
    people = [one for one in staff if one.on_duty]
    languages = sorted({language for one in people for language in one.languages})
    found = [
        Speakers(language, tuple(one for one in people if language in one.languages))
        for language in languages
    ]
    return [one for one in found if len(one.people) < len(people)]
