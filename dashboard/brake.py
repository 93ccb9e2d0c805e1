"""PURE  The brake on guessing PINs: after five wrong ones each further try has to wait."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

FREE_TRIES = 5
LONGEST_WAIT_MS = 60_000
# Counts are forgotten this long after the last wrong try: longer than any wait, short enough
# that yesterday's slips do not slow anybody today.
FORGET_AFTER_MS = 15 * 60_000
MAX_KEYS = 10_000


@dataclass(slots=True)
class _Count:
    """wrong: tries not known to be right. told: this wait has been reported already."""

    wrong: int
    last_ms: int
    told: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """wait_ms: 0 = try now. is_news: the first refusal of this wait, worth a log entry."""

    wait_ms: int
    is_news: bool = False


class Brake:
    """Counts wrong tries per key (a staff id, an address), at most `max_keys` of them.

    A try counts as wrong from its start and is forgiven when it proves right, so that many at
    once gain nothing. At the bound the key that has been quiet longest is forgotten. Not
    thread-safe; times are monotonic milliseconds.
    """

    def __init__(self, *, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def attempt(self, keys: Iterable[str], now_ms: int) -> Verdict:
        """Whether a try under all of `keys` may go ahead; if so it is counted."""
        keys = list(keys)
        waits = {key: self._wait_ms(key, now_ms) for key in keys}
        longest = max(waits, key=lambda key: waits[key])
        if waits[longest] > 0:
            count = self._counts[longest]
            is_news, count.told = not count.told, True
            return Verdict(waits[longest], is_news)
        for key in keys:
            self._count(key, now_ms)
        return Verdict(0)

    def passed(self, *, cleared: str, forgiven: str) -> None:
        """The try was right: `cleared` starts anew, `forgiven` only loses this one try.

        Otherwise whoever knows one PIN could clear the count of an address between guesses.
        """
        self._counts.pop(cleared, None)
        count = self._counts.get(forgiven)
        if count is not None:
            count.wrong -= 1
            if count.wrong <= 0:
                del self._counts[forgiven]

    def _wait_ms(self, key: str, now_ms: int) -> int:
        count = self._counts.get(key)
        if count is None or count.wrong < FREE_TRIES:
            return 0
        wait_ms = min(1000 * 2 ** min(count.wrong - FREE_TRIES, 16), LONGEST_WAIT_MS)
        return max(count.last_ms + wait_ms - now_ms, 0)

    def _count(self, key: str, now_ms: int) -> None:
        before = self._counts.pop(key, None)
        if before is not None and now_ms - before.last_ms > FORGET_AFTER_MS:
            before = None
        self._counts[key] = _Count(before.wrong + 1 if before else 1, now_ms)
        while len(self._counts) > self._max_keys:
            self._counts.popitem(last=False)
