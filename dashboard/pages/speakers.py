"""Who speaks a language that not everybody speaks: for a customer whom nobody near understands."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.board import Board
from gateway.store import Record


@dataclass(frozen=True, slots=True)
class Speakers:
    """language: its code, such as "yue". people: those on duty who speak it, as the
    desk's records of them."""

    language: str
    people: tuple[Record, ...]


def speakers(board: Board) -> list[Speakers]:
    """By language, for those on duty; what all of them speak is no news and left out."""
    on_duty = {one.staff for one in board.reader.staff() if one.on_duty}
    people = [one for one in board.reader.records("staff") if one.id in on_duty]
    languages = sorted({language for one in people for language in one.body.languages})
    found = [
        Speakers(language, tuple(one for one in people if language in one.body.languages))
        for language in languages
    ]
    return [one for one in found if len(one.people) < len(people)]
