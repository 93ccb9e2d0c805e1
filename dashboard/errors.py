"""What can go wrong on the board, by name."""

from __future__ import annotations


class DashboardError(Exception):
    """Base of the board's own errors."""


class Problem(DashboardError):
    """A request that cannot be served as asked.

    status: the HTTP status. reason: a name for programs. message: one sentence for people.
    retry_after_s: when it is worth asking again, or None.
    """

    def __init__(
        self, status: int, reason: str, message: str, *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after_s = retry_after_s


class BrokerAway(DashboardError):
    """Nothing can be sent: there is no connection to the broker."""


class GatewaySilent(DashboardError):
    """The gateway did not answer in time."""


class TooManyWaiting(DashboardError):
    """So many actions wait for the gateway that another one would block the pages."""


class TooLong(DashboardError):
    """What is asked does not fit into a message to the gateway."""


class TooManyStreams(DashboardError):
    """As many screens are connected as the board has room for."""
