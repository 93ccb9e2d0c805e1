"""A broker in a process of its own, for machines without mosquitto: demo only.

Run as `python -m simulator.embedded_broker HOST PORT`. It knows no passwords and is several times
slower than mosquitto.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig
from amqtt.errors import BrokerError


class Subscriptions(dict):
    """Can change while somebody goes through it.

    amqtt 0.12.1 goes through its subscriptions with pauses in between, and drops whoever connects
    while another one subscribes: "dictionary changed size during iteration".
    """

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def items(self) -> list[tuple[str, object]]:
        return list(super().items())


def configuration(host: str, port: int) -> BrokerConfig:
    """One listener; anybody may come, as in every simulated branch."""
    return BrokerConfig.from_dict(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )


async def serve(host: str, port: int) -> int:
    """Runs the broker until SIGTERM or SIGINT; returns the exit code."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    broker = Broker(configuration(host, port))
    broker._subscriptions = Subscriptions()
    try:
        await broker.start()
    except (BrokerError, OSError) as error:
        print(f"The broker cannot listen on {host} port {port}: {error}", file=sys.stderr)
        return 1
    await stopping.wait()
    await broker.shutdown()
    return 0


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    return asyncio.run(serve(sys.argv[1], int(sys.argv[2])))


if __name__ == "__main__":
    sys.exit(main())
