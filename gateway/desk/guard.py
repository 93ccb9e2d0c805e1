"""Asks the rooms of the desk, so that a slip in one of them keeps no call from being taken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from gateway.errors import GatewayError
from gateway.supervision import Wrong

log = logging.getLogger(__name__)

T = TypeVar("T")
MAX_DETAIL = 500


class Guard:
    """What rooms were asked and could not answer: nothing, in a gateway without bugs.

    A room is PURE: one that fails has changed nothing, so whoever asked goes on as if it had
    nothing to say. It would fail again after a start, and a gateway that ends at each start takes
    no presses.
    """

    def __init__(self) -> None:
        self._failed: dict[str, str] = {}

    def ask(self, room: Callable[..., T], *what: Any, instead: T) -> T:
        """What the room makes of `what`, or `instead` when it fails, which is a fault from then on.

        Raises: GatewayError, which is the store's, and not the room's fault.
        """
        try:
            return room(*what)
        except GatewayError:
            raise
        except Exception as error:
            self._note(room, error)
            return instead

    def ask_all(self, room: Callable[..., Iterable[T]], *what: Any) -> tuple[T, ...]:
        """Everything that the room yields, or nothing."""
        try:
            return tuple(room(*what))
        except GatewayError:
            raise
        except Exception as error:
            self._note(room, error)
            return ()

    def _note(self, room: Callable[..., object], error: Exception) -> None:
        name = _name_of(room)
        if name not in self._failed:
            log.exception("%s failed; the gateway goes on without it", name)
        self._failed[name] = f"{name}: {type(error).__name__}"

    def wrongs(self) -> Iterator[Wrong]:
        """That something has failed since the start."""
        if self._failed:
            detail = ", ".join(sorted(self._failed.values()))
            yield Wrong("gateway", "room_failed", detail[:MAX_DETAIL])


def _name_of(room: Callable[..., object]) -> str:
    """Such as `hours.save` of a plan, or `drills.follow` of a room."""
    plan = getattr(room, "__self__", None)
    where = getattr(plan, "kind", "") or room.__module__.rpartition(".")[2]
    return f"{where}.{getattr(room, '__name__', '')}"
