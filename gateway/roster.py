"""PURE. Who is there with which role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# A role that only somebody with a valid certificate of that name covers.
CERTIFIED: Mapping[str, str] = {"first_aid": "first_aid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of the staff. roles: what they can do. on_duty: whether they are told of calls."""

    staff: str
    name: str
    roles: tuple[str, ...]
    on_duty: bool = True


class Roster:
    """The staff of a branch by id."""

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._members = {member.staff: member for member in members}
        self._on_duty = tuple(sorted(m.staff for m in self._members.values() if m.on_duty))
        self._on_duty_set = frozenset(self._on_duty)
        self._on_duty_with: dict[tuple[str, ...], tuple[str, ...]] = {}

    def knows(self, staff: str) -> bool:
        return staff in self._members

    def name_of(self, staff: str) -> str:
        """The person's name; the id of somebody unknown."""
        member = self._members.get(staff)
        return member.name if member else staff

    def roles_of(self, staff: str) -> tuple[str, ...]:
        """The person's roles; none for somebody unknown."""
        member = self._members.get(staff)
        return member.roles if member else ()

    def has_role(self, staff: str, *roles: str) -> bool:
        return not set(roles).isdisjoint(self.roles_of(staff))

    def on_duty(self) -> tuple[str, ...]:
        """Everybody on duty, in order of their ids."""
        return self._on_duty

    def is_on_duty(self, staff: str) -> bool:
        return staff in self._on_duty_set

    def on_duty_with(self, roles: Iterable[str]) -> tuple[str, ...]:
        """Those on duty who have one of the roles. Looked for once: every press asks this anew."""
        wanted = tuple(roles)
        found = self._on_duty_with.get(wanted)
        if found is None:
            found = tuple(staff for staff in self._on_duty if self.has_role(staff, *wanted))
            self._on_duty_with[wanted] = found
        return found
