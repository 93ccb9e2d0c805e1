"""Reads a log that was exported as CSV or JSON, entry by entry, so that its chain can be checked
far from the gateway that wrote it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from gateway.chain import LogEntry
from protocol.spreadsheet import unguarded
from simulator.errors import SimulatorError

FIELDS = ("seq", "at", "event", "by", "incident_id", "detail", "hash")
_CHUNK = 64 * 1024
_BLANK = " \t\r\n,"
_DATABASE = b"SQLite format 3\x00"


def is_database(path: str) -> bool:
    """Whether the file is a database. One that is not there or is empty is the store's to name."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(len(_DATABASE))
    except OSError:
        return True
    return head == _DATABASE or not head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


def entries(path: str) -> Iterator[LogEntry]:
    """The entries of a file, one after the other. Raises: SimulatorError for what is no log."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            start = file.read(_CHUNK).lstrip()[:1]
            file.seek(0)
            yield from _json_entries(file) if start in ("[", "{") else _csv_entries(file)
    except OSError as error:
        raise SimulatorError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SimulatorError("is neither a database nor an exported log in UTF-8") from error


def _csv_entries(file: TextIO) -> Iterator[LogEntry]:
    reader = csv.DictReader(file, strict=True)
    try:
        if not set(FIELDS) <= set(reader.fieldnames or ()):
            raise SimulatorError(
                "is neither a gateway's database nor an exported log, whose first line names "
                + ", ".join(FIELDS)
            )
        for row in reader:
            yield _entry(
                {
                    "seq": _number(row["seq"]),
                    "at": unguarded(row["at"] or ""),
                    "event": unguarded(row["event"] or ""),
                    "by": unguarded(row["by"] or ""),
                    "incident_id": unguarded(row["incident_id"] or "") or None,
                    "detail": _detail(unguarded(row["detail"] or "")),
                    "hash": unguarded(row["hash"] or ""),
                },
                where=f"line {reader.line_num}",
            )
    except csv.Error as error:
        raise SimulatorError(f"line {reader.line_num} is no CSV: {error}") from error


def _json_entries(file: TextIO) -> Iterator[LogEntry]:
    """The objects of one array, read a piece at a time."""
    decoder, text = json.JSONDecoder(), file.read(_CHUNK).lstrip()
    if not text.startswith("["):
        raise SimulatorError("is no exported log: a JSON array of entries is expected")
    text, number = text[1:], 0
    while True:
        text = text.lstrip(_BLANK)
        if text.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(text)
        except (json.JSONDecodeError, RecursionError) as error:
            more = file.read(max(_CHUNK, len(text)))
            if not more:
                raise SimulatorError(f"ends or is damaged after entry {number}") from error
            text += more
            continue
        number += 1
        yield _entry(value, where=f"entry {number} of the file")
        text = text[end:]


def _entry(value: Any, *, where: str) -> LogEntry:
    if not isinstance(value, Mapping) or not set(FIELDS) <= value.keys():
        raise SimulatorError(f"{where} is no entry of a log")
    found = {name: value[name] for name in FIELDS}
    if not isinstance(found["seq"], int) or not isinstance(found["detail"], dict):
        raise SimulatorError(f"{where} is no entry of a log")
    return LogEntry(**found)


def _number(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _detail(text: str) -> Any:
    """As the store reads it: what somebody has made unreadable fits no hash."""
    try:
        return json.loads(text)
    except ValueError:
        return {"unreadable": text}
