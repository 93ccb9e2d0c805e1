"""Writes exports piece by piece: rows become CSV or JSON.

CSV is for spreadsheets: UTF-8 with a byte order mark, without which Chinese shows as rubbish, and
no cell that a spreadsheet would run. JSON is one array with one object a line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gateway.store.exports import Export
from protocol.spreadsheet import guarded

BOM = "\ufeff"
# As much as is handed to the network at once: large enough to be fast, small enough to be nothing.
PIECE_BYTES = 32 * 1024

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_ascii = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def csv_pieces(export: Export, rows: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """A heading and a line for each row."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write(BOM)
    writer.writerow(export.columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if out.tell() >= PIECE_BYTES:
            yield _taken(out)
    yield _taken(out)


def json_pieces(export: Export, rows: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """An array of objects with the columns as names."""
    piece, before = bytearray(b"["), b"\n"
    for row in rows:
        values = zip(export.columns, row, strict=True)
        piece += before + _object({name: _value(export, name, value) for name, value in values})
        before = b",\n"
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b"\n]\n"


WRITERS: dict[str, tuple[str, Callable[..., Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_pieces),
    "json": ("application/json", json_pieces),
}


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode("utf-8", "replace")


def _cell(value: object) -> object:
    """A value as a cell: numbers as they are, lists and objects as JSON, text under guard."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    return guarded(value if isinstance(value, str) else _compact(value))


def _value(export: Export, name: str, value: Any) -> Any:
    if name in export.flags:
        return bool(value)
    if name in export.json and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:  # somebody has made it unreadable: it is shown, and fits no hash
            return {"unreadable": value}
    return value


def _object(values: dict[str, Any]) -> bytes:
    try:
        return _compact(values).encode()
    except UnicodeEncodeError:  # half of a pair of surrogates, which JSON may name but UTF-8 not
        return _ascii(values).encode()
