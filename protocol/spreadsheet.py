"""PURE  Text in a CSV file that a spreadsheet must show and never run.

A cell that begins with one of a few characters is a formula to a spreadsheet. It gets an
apostrophe in front, which spreadsheets do not show and which a reader takes away again.
Source: OWASP, CSV Injection.
"""

from __future__ import annotations

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A text that begins with our own mark gets it once more, so that every text comes back as it was.
_GUARDED = (*_STARTS_FORMULA, "'")


def guarded(text: str) -> str:
    """The text as a cell may hold it."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` made a cell of; a cell that needed no guard stays as it is."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell
