"""The gateway's own errors."""


class GatewayError(Exception):
    """Something the gateway cannot do; the text says what, and what to do about it."""


class StoreError(GatewayError):
    """The store cannot be read or written now.

    may_heal: whether it may be well by itself soon: locked, or on a full disk.
    """

    def __init__(self, text: str, *, may_heal: bool = True) -> None:
        super().__init__(text)
        self.may_heal = may_heal


class StoreDamaged(StoreError):
    """The store is no whole database any more: it needs a person, or a backup."""


class VaultError(GatewayError):
    """The key of private notes is not there, or is another."""
