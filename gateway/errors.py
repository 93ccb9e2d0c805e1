"""The gateway's own errors."""


class GatewayError(Exception):
    """Something the gateway cannot do; the text says what, and what to do about it."""


class StoreError(GatewayError):
    """The store cannot be read or written now."""


class StoreDamaged(StoreError):
    """The store is no whole database any more: it needs a person, or a backup."""
