"""PURE. Silence and broken lines become faults; what is heard again is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from protocol.messages import UnitStatus

# The contract: a unit silent for 15 s is a fault, shown within 20 s of the cause.
SILENT_MS = 15_000


class Wrong(NamedTuple):
    """Something that does not work now. subject, name, detail: as in messages.Fault."""

    subject: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A unit as supervision sees it.

    heard_ms: monotonic time of its last sign of life, or of when we began to listen.
    session: of the newest status, so that a late will of an older one is not believed.
    """

    heard_ms: int
    session: int = 0
    status: UnitStatus | None = None


def heard(before: Watched, status: UnitStatus, now_ms: int) -> Watched | None:
    """The unit after a status message; None when it is a late will of an older session.

    An online status always counts: a unit with a new memory begins its sessions anew.
    """
    if status.state == "offline" and status.session < before.session:
        return None
    return Watched(heard_ms=now_ms, session=status.session, status=status)


def faults_of(subject: str, watched: Watched, now_ms: int) -> Iterator[Wrong]:
    """What is wrong with a unit and its lines, or with a screen. subject: such as unit/unit-01."""
    status = watched.status
    if status is not None and status.state == "offline":
        yield Wrong(subject, "offline", "its connection has ended")
        return
    if now_ms - watched.heard_ms >= SILENT_MS:
        yield Wrong(subject, "silent", "nothing heard; look at its power and its network")
        return
    if status is None:
        return
    for name in status.faults:
        yield Wrong(subject, name)
    for point, lines in status.points.items():
        for line, state in lines.items():
            if state != "ok":
                yield Wrong(f"point/{point}", f"{line}_{state}", f"at {subject}")


def changes(
    present: Iterable[tuple[str, str]], wrong: Iterable[Wrong]
) -> tuple[list[Wrong], set[tuple[str, str]]]:
    """(new faults, faults that are gone), from those known and those that are so now."""
    known = set(present)
    now: Mapping[tuple[str, str], Wrong] = {(one.subject, one.name): one for one in wrong}
    return [one for key, one in now.items() if key not in known], known - now.keys()


def listened_anew(watched: Watched, now_ms: int) -> Watched:
    """The unit once we hear the broker again: its silence counts from now, not from our own."""
    return replace(watched, heard_ms=now_ms)
