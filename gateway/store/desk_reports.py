"""What reports ask of the desk's records: complaints, follow-ups and walk tests of a window."""

from __future__ import annotations

import json
from typing import NamedTuple

from gateway.store.reader import Reader
from protocol.moment import rfc3339

# The follow-ups made in a window, from the log: see migration 0016.
_MADE = (
    "SELECT DISTINCT json_extract(detail, '$.id') AS id FROM log"
    " WHERE event = 'followup_made' AND at >= ? AND at < ? AND json_valid(detail)"
)


class ComplaintLine(NamedTuple):
    """A complaint. Times: RFC 3339, None for what has not happened. category: None until said."""

    opened_at: str
    category: str | None
    channel: str
    state: str
    looked_into_due_at: str
    looked_into_at: str | None
    answer_due_at: str
    answered_at: str | None


class FollowupLine(NamedTuple):
    """A follow-up. rule: what made it, "" for a person, "action" for an after-action note. due_at:
    as it is now; moved: whether that is another time than at first. done_at: None while it is to
    be done. Times: RFC 3339."""

    rule: str
    due_at: str
    done_at: str | None
    moved: bool


class WalkLine(NamedTuple):
    """A round of the walk test. points: those to be tested; tested: those that were. started_at,
    ended_at: RFC 3339; ended_at: "" while it is on."""

    id: str
    started_at: str
    started_by: str
    ended_at: str
    points: tuple[str, ...]
    tested: tuple[str, ...]


class ListLine(NamedTuple):
    """The checklist of an incident. done: of its steps those that were ticked."""

    incident_id: str
    steps: int
    done: int


class DeskReports:
    """Asks a reader; raises StoreError as it does. Windows are [start_ms, end_ms), UTC."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def complaints(self, *, start_ms: int, end_ms: int) -> list[ComplaintLine]:
        """Those recorded in the window, the oldest first, as they are now."""
        fields = ", ".join(_of(name) for name in ComplaintLine._fields)
        found = self._reader.rows(
            f"SELECT {fields} FROM records WHERE kind = 'complaint'"
            f" AND {_of('opened_at')} >= ? AND {_of('opened_at')} < ? ORDER BY 1, id",
            [rfc3339(start_ms), rfc3339(end_ms)],
        )
        return [ComplaintLine(*row) for row in found]

    def followups(self, *, start_ms: int, end_ms: int) -> list[FollowupLine]:
        """Those made in the window, in no order, as they are now. When one was made is in the log;
        an entry that somebody has made unreadable leads to none."""
        found = self._reader.rows(
            f"SELECT {_of('rule')}, {_of('due_at')}, is_open, records.at,"
            f" coalesce({_of('why')}, '') != ''"
            f" FROM ({_MADE}) AS made"
            " JOIN records ON records.kind = 'followup' AND records.id = made.id",
            [rfc3339(start_ms), rfc3339(end_ms)],
        )
        return [
            FollowupLine(rule or "", due_at, None if is_open else at, bool(moved))
            for rule, due_at, is_open, at, moved in found
        ]

    def walks(self, *, start_ms: int, end_ms: int) -> list[WalkLine]:
        """The rounds that began in the window, the oldest first."""
        names = ("started_at", "started_by", "ended_at", "points", "done")
        found = self._reader.rows(
            f"SELECT id, {', '.join(map(_of, names))} FROM records WHERE kind = 'walk'"
            f" AND {_of('started_at')} >= ? AND {_of('started_at')} < ? ORDER BY 2, id",
            [rfc3339(start_ms), rfc3339(end_ms)],
        )
        return [
            WalkLine(
                *(id, started_at, started_by, ended_at or ""),
                points=tuple(json.loads(points)),
                tested=tuple(json.loads(done or "{}")),
            )
            for id, started_at, started_by, ended_at, points, done in found
        ]

    def checklists(self, *, start_ms: int, end_ms: int, limit: int) -> list[ListLine]:
        """One for each of the newest closed real incidents raised in the window that had a list
        with steps, up to `limit` lists. Of several the last one counts."""
        found = self._reader.rows(
            "SELECT records.incident_id, records.body FROM records"
            " JOIN incidents ON incidents.incident_id = records.incident_id"
            " WHERE records.kind = 'checklist' AND drill = 0 AND stage = 'closed'"
            " AND raised_ms >= ? AND raised_ms < ? ORDER BY records.id DESC LIMIT ?",
            [start_ms, end_ms, limit],
        )
        bodies = [(incident_id, json.loads(body)) for incident_id, body in found]
        bodies.sort(key=lambda one: one[1]["begun_at"])
        return [
            ListLine(incident_id, len(steps), len(steps & set(body["ticks"])))
            for incident_id, body in dict(bodies).items()
            if (steps := {step["id"] for step in body["steps"]})
        ]


def _of(name: str) -> str:
    """A field of a record's body."""
    return f"json_extract(body, '$.{name}')"
