"""PURE  What a report is made of, whoever reads it. Times in milliseconds, None where unknown."""

from __future__ import annotations

from typing import Protocol


class Member(Protocol):
    """A responder of an incident; the store's CrewMember is one."""

    roles: tuple[str, ...]
    to_accept_ms: int | None
    to_arrive_ms: int | None


class Line(Protocol):
    """One incident; the store's ReportLine is one.

    raised_ms: UTC. outcome: None while it is open. asked: the roles its kind asks for. crew: its
    responders in the order in which they accepted.
    """

    raised_ms: int
    incident_id: str
    kind: str
    point: str
    drill: bool
    to_accept_ms: int | None
    to_arrive_ms: int | None
    to_close_ms: int | None
    outcome: str | None
    asked: tuple[str, ...]
    crew: tuple[Member, ...]
