"""Tables as every report shows them: words already chosen, ready for one template."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """head: its first cell, which names it. link: where that leads, or "". tone: "", "total" or
    "drill-row"."""

    head: str
    cells: tuple[str, ...]
    link: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """caption: what it says. heads: of all columns, the first of the rows' heads. words: columns
    that are words and no figures, counted without the first. note: a line below, or ""."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    words: frozenset[int] = frozenset()
    note: str = ""
