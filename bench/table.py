"""Writes rows as a table for people and as JSON for machines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from bench.figures import Limit, Row

HEADINGS = ("measure", "beside", "Anling", "ratio", "limit", "")


def table(sections: Iterable[tuple[str, Sequence[Row]]]) -> str:
    """The sections' rows below one heading, columns aligned, a blank line between sections."""
    blocks = [[_cells(row) for row in rows] for _, rows in sections]
    widths = [
        max(map(_width, column))
        for column in zip(HEADINGS, *(cells for block in blocks for cells in block), strict=True)
    ]
    lines = [_line(HEADINGS, widths), "  ".join("-" * width for width in widths)]
    for number, block in enumerate(blocks):
        lines += [""] if number else []
        lines += [_line(cells, widths) for cells in block]
    return "\n".join(line.rstrip() for line in lines)


def record(row: Row) -> dict[str, object]:
    """The row as JSON has it."""
    return {
        "measure": row.measure,
        "unit": row.unit,
        "beside": row.beside,
        "anling": row.ours,
        "ratio": row.ratio,
        "limit": row.limit.at_most if row.limit else None,
        "limit_of": row.limit.of if row.limit else None,
        "met": row.is_met,
    }


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.measure,
        _figure(row.beside, row.unit),
        _figure(row.ours, row.unit),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        _limit(row.limit, row.unit),
        {None: "", True: "ok", False: "missed"}[row.is_met],
    )


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def _limit(limit: Limit | None, unit: str) -> str:
    if limit is None:
        return ""
    return f"≤ {limit.at_most:g}" + ("" if limit.of == "ratio" else f" {unit}")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """First column to the left, the figures to the right."""
    first, *rest = zip(cells, widths, strict=True)
    return "  ".join([_padded(*first, left=True), *(_padded(*one, left=False) for one in rest)])


def _padded(text: str, width: int, *, left: bool) -> str:
    blank = " " * (width - _width(text))
    return text + blank if left else blank + text


def _width(text: str) -> int:
    """Columns on a terminal; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
