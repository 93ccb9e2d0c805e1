"""PURE. Texts that stand in both languages of a branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec

from protocol.messages import FieldFault, is_seen

Text = Annotated[str, msgspec.Meta(max_length=400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A text in Chinese and English. Both are there or, where nothing need be said, neither."""

    zh: Text = ""
    en: Text = ""

    def __bool__(self) -> bool:
        return is_seen(self.zh) or is_seen(self.en)

    def as_detail(self) -> dict[str, object]:
        """For the log, so that its reader needs no playbook to understand it."""
        return {"zh": self.zh, "en": self.en}


def untranslated(text: Translated, path: str, *, needed: bool = False) -> Iterator[FieldFault]:
    """The languages that are missing, each at its field. needed: nothing at all is a fault too."""
    for language in ("zh", "en"):
        if not is_seen(getattr(text, language)) and (needed or text):
            yield FieldFault(field=f"{path}.{language}", name="missing_translation")
