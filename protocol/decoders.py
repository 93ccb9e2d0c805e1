"""Decoders, made while a program has one thread.

msgspec learns a dataclass when it first decodes one, and lets other threads use what it has learned
so far: a program whose first questions came all at once would end with a segmentation fault (0.22;
tests/gateway/test_gateway_first_reads.py). So whoever decodes says so while it is imported.
"""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import msgspec

T = TypeVar("T")


@cache
def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of a type, for any number of threads once it has been asked for at import."""
    return msgspec.json.Decoder(kind)
