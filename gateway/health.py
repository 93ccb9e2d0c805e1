"""Whether everything is there and works: signs of life of units and screens, and all faults.

Like the branch it puts every change into the round, and waits, writes and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gateway.course import Entry
from gateway.round import Round
from gateway.store import PointRecord, UnitRecord
from gateway.store.records import LoggedEntry
from gateway.supervision import Watched, Wrong, changes, faults_of, heard, listened_anew
from protocol.messages import Fault, TerminalStatus, UnitStatus
from protocol.moment import Moment, rfc3339

# What only units and screens themselves can say: names of their points' lines begin so.
_HEARD_SUBJECTS = ("unit/", "terminal/")
_LINE_FAULTS = ("call_", "seat_")


class Health:
    """Units, screens and faults of one branch."""

    def __init__(self) -> None:
        self._units: dict[str, UnitRecord] = {}
        self._watched: dict[str, Watched] = {}
        self._screens: dict[str, Watched] = {}
        self.faults: dict[tuple[str, str], Fault] = {}
        self._own_faults: dict[tuple[str, str], Fault] = {}
        self._unsaved_units: set[str] = set()

    def load(self, *, units: list[UnitRecord], faults: list[Fault], now: Moment) -> None:
        """Takes over what the store remembers; what only memory knows (signs of life, the
        gateway's own faults) stays."""
        self._units = {record.unit: record for record in units}
        self.faults = {(fault.subject, fault.name): fault for fault in faults}
        for unit in self._units:
            self._watched.setdefault(unit, Watched(heard_ms=now.mono_ms))

    # --- signs of life ---

    def meet(self, unit: str, to: Round) -> None:
        """A unit has said something; one that no configuration names is remembered."""
        if unit not in self._units:
            self._units[unit] = to.work.units[unit] = UnitRecord(unit=unit, configured=False)

    def take_unit_status(
        self, unit: str, status: UnitStatus, now: Moment, to: Round, *, retained: bool
    ) -> None:
        """A unit's birth, heartbeat or will. What the broker kept is no sign of life."""
        if retained and status.state == "offline" and unit not in self._units:
            return  # a unit that left this branch: the broker remembers it, nobody misses it
        before = self._watched.get(unit, Watched(heard_ms=now.mono_ms))
        after = heard(before, status, now.mono_ms)
        if after is None:
            return
        self._watched[unit] = listened_anew(after, before.heard_ms) if retained else after
        record = self._units.get(unit) or UnitRecord(unit=unit, configured=False)
        was = record.status
        seen_at = record.last_seen_at if retained else rfc3339(now.utc_ms)
        self._units[unit] = replace(record, status=status, last_seen_at=seen_at)
        if was is None or _lasting(was) != _lasting(status):
            to.work.units[unit] = self._units[unit]
            self._unsaved_units.discard(unit)
        else:
            self._unsaved_units.add(unit)

    def save_last_seen(self, to: Round) -> None:
        """Puts the heartbeats since the last time into the round; one commit for all of them."""
        for unit in self._unsaved_units:
            to.work.units[unit] = self._units[unit]
        self._unsaved_units.clear()

    def take_screen_status(
        self, terminal: str, status: TerminalStatus, now: Moment, *, retained: bool
    ) -> None:
        """A screen server's birth, heartbeat or will."""
        before = self._screens.get(terminal, Watched(heard_ms=now.mono_ms))
        as_unit = UnitStatus(state=status.state, session=status.session)
        after = heard(before, as_unit, now.mono_ms)
        if after is not None:
            self._screens[terminal] = listened_anew(after, before.heard_ms) if retained else after

    def listen_anew(self, now: Moment) -> None:
        """The broker is back: nobody's silence counts from before that."""
        for watched in (self._watched, self._screens):
            for name in watched:
                watched[name] = listened_anew(watched[name], now.mono_ms)

    # --- faults ---

    def set_own_fault(self, wrong: Wrong, now: Moment, *, is_so: bool) -> bool:
        """A fault of the gateway's own, such as of its store or a channel; True if that is new."""
        key = (wrong.subject, wrong.name)
        if (key in self._own_faults) == is_so:
            return False
        if is_so:
            self._own_faults[key] = _fault(wrong, now)
        else:
            del self._own_faults[key]
        return True

    def present_faults(self) -> tuple[Fault, ...]:
        """Everything that does not work, also what could not be stored; the oldest first."""
        found = {**self._own_faults, **self.faults}
        return tuple(sorted(found.values(), key=lambda fault: fault.since))

    def check_faults(
        self,
        points: Mapping[str, PointRecord],
        now: Moment,
        to: Round,
        *,
        listening: bool,
        desk: Iterable[Wrong] = (),
    ) -> None:
        """Raises and clears faults. listening: we hear the broker; only then does silence count.

        desk: what the rooms of the desk find wrong now.
        """
        found = [*self._wrongs(points, now.mono_ms, listening=listening), *desk]
        new, gone = changes(self.faults, found)
        self._follow_details(found, to)
        for wrong in new:
            fault = self.faults[wrong.subject, wrong.name] = _fault(wrong, now)
            to.work.faults_raised[wrong.subject, wrong.name] = fault
            self._log_fault("fault_raised", wrong.subject, wrong.name, now, to)
        for subject, name in sorted(gone):
            del self.faults[subject, name]
            to.work.faults_cleared.add((subject, name))
            self._log_fault("fault_cleared", subject, name, now, to)
        to.faults_changed = to.faults_changed or bool(new or gone)

    def _follow_details(self, found: list[Wrong], to: Round) -> None:
        """A fault that goes on may say something else now, such as how many are left."""
        for key, wrong in {(one.subject, one.name): one for one in found}.items():
            known = self.faults.get(key)
            if known is not None and known.detail != wrong.detail:
                self.faults[key] = to.work.faults_raised[key] = replace(known, detail=wrong.detail)
                to.faults_changed = True

    def _wrongs(
        self, points: Mapping[str, PointRecord], now_ms: int, *, listening: bool
    ) -> Iterator[Wrong]:
        for fault in self._own_faults.values():
            yield Wrong(fault.subject, fault.name, fault.detail)
        for unit, record in self._units.items():
            if not record.configured:
                yield Wrong(f"unit/{unit}", "unconfigured", "add it to [[units]] of gateway.toml")
        for point, record in points.items():
            if not record.configured:
                yield Wrong(
                    f"point/{point}", "unconfigured", "give it a name on the page of points"
                )
        if not listening:
            yield from self._kept_while_deaf()
            return
        for unit, watched in self._watched.items():
            yield from faults_of(f"unit/{unit}", watched, now_ms)
        for terminal, watched in self._screens.items():
            yield from faults_of(f"terminal/{terminal}", watched, now_ms)

    def _kept_while_deaf(self) -> Iterator[Wrong]:
        """Without the broker nothing new is known of units and screens, so what was so stays."""
        for fault in self.faults.values():
            if _is_heard(fault):
                yield Wrong(fault.subject, fault.name, fault.detail)

    @staticmethod
    def _log_fault(event: str, subject: str, name: str, now: Moment, to: Round) -> None:
        entry = Entry(event=event, detail={"subject": subject, "name": name})
        to.work.entries.append(LoggedEntry(at_ms=now.utc_ms, entry=entry))


def _is_heard(fault: Fault) -> bool:
    """Whether only the broker could tell that this fault is over."""
    if fault.name == "unconfigured":
        return False
    is_line = fault.subject.startswith("point/") and fault.name.startswith(_LINE_FAULTS)
    return is_line or fault.subject.startswith(_HEARD_SUBJECTS)


def _lasting(status: UnitStatus) -> UnitStatus:
    """The status without what changes with every heartbeat and is not worth a commit each."""
    return replace(status, uptime_s=0, cpu_c=None, disk_free_mb=None)


def _fault(wrong: Wrong, now: Moment) -> Fault:
    return Fault(
        subject=wrong.subject, name=wrong.name, since=rfc3339(now.utc_ms), detail=wrong.detail
    )
