"""Any value that a field of a message or a plan may have, by its type and its own bounds."""

from __future__ import annotations

import dataclasses
import typing
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=300),
    int: st.integers(0, 2**53),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    NoneType: st.none(),
    # Of a request's body: whatever JSON can say.
    Any: st.one_of(st.none(), st.booleans(), st.text(max_size=9), st.integers(0, 2**53)),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value that a field of this type may have."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is typing.Annotated:
        return _bounded(inner[0], inner[1])
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if origin is list:
        return st.lists(values_of(inner[0]), max_size=4)
    if origin is tuple:
        return st.lists(values_of(inner[0]), max_size=4).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(inner[0]), values_of(inner[1]), max_size=3)
    if dataclasses.is_dataclass(hint):
        return made(hint)
    return st.one_of(*map(values_of, inner)) if inner else PLAIN[hint]


def _bounded(kind: type, meta: msgspec.Meta) -> st.SearchStrategy[Any]:
    if kind is int:
        return st.integers(meta.ge, meta.le)
    if meta.pattern is not None:
        # Without the end, which is said by looking ahead: Hypothesis would only try and fail.
        pattern = meta.pattern.removesuffix(r"(?![\s\S])")
        texts = st.from_regex(pattern, fullmatch=pattern != meta.pattern)
        return texts.filter(lambda text: len(text) <= (meta.max_length or 1000))
    return st.text(min_size=meta.min_length or 0, max_size=meta.max_length)


def made(kind: type) -> st.SearchStrategy[Any]:
    """Any value of a dataclass."""
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in fields})
