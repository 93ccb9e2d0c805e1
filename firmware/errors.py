"""The unit's own errors."""


class UnitError(Exception):
    """Something the unit cannot do; the text says what, and what to do about it."""


class GpioError(UnitError):
    """The lines cannot be opened or read."""


class OutboxError(UnitError):
    """The outbox cannot be read or written now; it may heal."""


class OutboxDamaged(OutboxError):
    """The outbox is no whole database any more: only a new one helps."""
