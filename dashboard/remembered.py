"""What has been reckoned once and need not be again, while nothing new was written."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

# A page, its plots and a neighbour or two; the figures of a window are some hundred numbers.
KEPT = 16


class Remembered:
    """The newest answers by their question, for the threads that serve pages.

    stamp: what an answer rests on; with another stamp it is reckoned anew. A page and its plots
    ask the same within a second, and a year's figures take one to reckon.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()

    def answer(self, question: Hashable, stamp: Hashable, reckon: Callable[[], T]) -> T:
        """The answer to `question`. What `reckon` raises is raised, and nothing is kept."""
        with self._lock:
            found = self._answers.get(question)
            if found is not None and found[0] == stamp:
                self._answers.move_to_end(question)
                return found[1]
        value = reckon()
        with self._lock:
            self._answers[question] = (stamp, value)
            self._answers.move_to_end(question)
            while len(self._answers) > self._kept:
                self._answers.popitem(last=False)
        return value
