"""What the command line chose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """folder: an empty one for everything that is written. rounds: of each comparison.

    is_quick: fewer samples and a smaller big store; shows that everything works, not how fast.
    """

    folder: Path
    rounds: int
    is_quick: bool = False

    def pick(self, full: int, quick: int) -> int:
        return quick if self.is_quick else full
