"""A store with a past: many closed incidents, written by the gateway's own writer.

Every incident has its alert and the four entries of its log, chained, so the store is as large as
one that grew over years, and `anling check --log` finds it whole.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.processes import ROOT
from gateway.course import Course, Entry
from gateway.store import Work, Writer
from gateway.store.records import LoggedEntry, TakenAlert
from protocol.messages import Alert, Incident, Responder
from protocol.moment import rfc3339

DAY_MS = 24 * 3600 * 1000
MONTH_MS = 30 * DAY_MS
YEARS_MS = 10 * 365 * DAY_MS
# A busy branch: some sixteen calls a day.
A_MONTH = 500
A_COMMIT = 2000
POINTS = 30
CACHE = ROOT / ".cache" / "bench"


@dataclass(frozen=True, slots=True)
class Past:
    """count incidents before end_ms (UTC): A_MONTH in the last 30 days, the rest evenly over the
    ten years before; or all evenly over evenly_ms, if that is given."""

    count: int
    end_ms: int
    evenly_ms: int | None = None

    @property
    def month(self) -> tuple[int, int]:
        return self.end_ms - MONTH_MS, self.end_ms

    def ids(self, how_many: int) -> list[str]:
        """Ids of some of its incidents, anywhere in it, the same ones each time."""
        chosen = random.Random(self.count).sample(range(self.count), how_many)
        return [incident_id(self._raised_ms(number), number) for number in chosen]

    def write(self, store: Path) -> None:
        """Writes it as the database `store`; a copy is kept for the next time."""
        span = "" if self.evenly_ms is None else f"-{self.evenly_ms}"
        kept = CACHE / f"past-{self.count}-{self.end_ms}{span}-{_version()}.db"
        if not kept.exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            for old in CACHE.glob(f"past-{self.count}-*"):
                old.unlink()
            unfinished = kept.with_suffix(".new")
            for left in CACHE.glob(f"{unfinished.name}*"):
                left.unlink()
            print(f"writing {self.count:,} incidents, once; kept in {CACHE}", file=sys.stderr)
            self.make(unfinished)
            unfinished.rename(kept)
        shutil.copyfile(kept, store)

    def make(self, store: Path) -> None:
        """Writes it as a new database, some 5,000 incidents a second."""
        writer = Writer(str(store))
        writer.open()
        for work in self._works():
            writer.commit(work)
        writer.close()

    def _works(self) -> Iterator[Work]:
        for start in range(0, self.count, A_COMMIT):
            work = Work()
            for number in range(start, min(start + A_COMMIT, self.count)):
                _add(work, number, self._raised_ms(number))
            yield work

    def _raised_ms(self, number: int) -> int:
        if self.evenly_ms is not None:
            return self.end_ms - self.evenly_ms + number * self.evenly_ms // self.count
        older = self.count - A_MONTH
        begin_ms, _ = self.month
        if number >= older:
            return begin_ms + (number - older) * MONTH_MS // A_MONTH
        return begin_ms - YEARS_MS + number * (YEARS_MS // older)


def incident_id(raised_ms: int, number: int) -> str:
    """Like the gateway's own: time and a piece of a hash."""
    stamp = rfc3339(raised_ms)[:19].replace("-", "").replace(":", "").replace("T", "-")
    return f"{stamp}-{hashlib.sha256(str(number).encode()).hexdigest()[:12]}"


def _version() -> str:
    """Changes with the schema, the writer and this file, so that no stale copy is used."""
    names = ("store/migrations.py", "store/writer.py", "chain.py")
    sources = [*(ROOT / "gateway" / name for name in names), Path(__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def _add(work: Work, number: int, raised_ms: int) -> None:
    """One closed incident with everything that belongs to it."""
    incident = _incident(number, raised_ms)
    id_ = incident.incident_id
    alert = Alert(
        alert_id=f"past-{number:09d}", point=incident.point, what="pressed", boot="past", seq=number
    )
    work.courses[id_] = Course(incident=incident, boot="past", raised_ms=None, due_ms=0)
    work.farewells_said.add(id_)
    work.alerts[alert.alert_id] = TakenAlert(
        alert=replace(alert, age_ms=0), unit="unit-01", received_ms=raised_ms, incident_id=id_
    )
    for event, after_ms, by in (
        ("raised", 0, ""),
        ("accepted", incident.to_accept_ms, "101"),
        ("arrived", incident.to_arrive_ms, "101"),
        ("closed", incident.to_close_ms, "101"),
    ):
        work.entries.append(
            LoggedEntry(
                at_ms=raised_ms + after_ms,
                entry=Entry(event=event, by=by, detail={"alert_id": alert.alert_id}),
                incident_id=id_,
            )
        )


def _incident(number: int, raised_ms: int) -> Incident:
    accept_ms = 2_000 + number * 7919 % 40_000
    arrive_ms = accept_ms + 5_000 + number * 104_729 % 60_000
    close_ms = arrive_ms + 60_000 + number * 1_299_709 % 600_000
    point = number % POINTS
    accepted_at, arrived_at = rfc3339(raised_ms + accept_ms), rfc3339(raised_ms + arrive_ms)
    return Incident(
        incident_id=incident_id(raised_ms, number),
        branch="b001",
        point=f"point-{point}",
        label=f"{point}号柜台 Counter {point}",
        kind="urgent" if number % 10 == 0 else "call",
        stage="closed",
        presses=1 + number % 3,
        drill=number % 50 == 0,
        raised_at=rfc3339(raised_ms),
        accepted_at=accepted_at,
        arrived_at=arrived_at,
        closed_at=rfc3339(raised_ms + close_ms),
        to_accept_ms=accept_ms,
        to_arrive_ms=arrive_ms,
        to_close_ms=close_ms,
        owner="101",
        responders=(
            Responder(
                staff="101",
                roles=("customer_service",),
                accepted_at=accepted_at,
                arrived_at=arrived_at,
            ),
        ),
        asked_roles=("customer_service",),
        outcome="helped",
        version=4,
    )
