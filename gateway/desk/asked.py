"""PURE. What a request brings with it, read into the dataclass that it must look like."""

from __future__ import annotations

from typing import TypeVar

from gateway.desk.record import Refused
from protocol.messages import FieldFault, Request
from protocol.settings import ConfigError, from_table

T = TypeVar("T")


def body_of(kind: type[T], request: Request) -> T | Refused:
    """The request's body as a `kind`, or every fault of it by field."""
    try:
        return from_table(kind, request.body)
    except ConfigError as error:
        return wrong_fields(
            *(FieldFault(field=f.key, name="unreadable", detail=f.text) for f in error.faults)
        )


def wrong_fields(*faults: FieldFault) -> Refused:
    return Refused("wrong_fields", faults)
