"""What only the libraries know that a gateway's file is for: addresses of channels, hashes of PINs.

`anling check` asks them; a gateway starts all the same, since calls matter more than a notice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from protocol.pin_hash import is_pin_hash
from protocol.settings import ConfigFault, as_far_as_read, readable
from simulator.kinds import File


def faults_of(gateway: File) -> list[ConfigFault]:
    """Every address and hash in a gateway's file that cannot work; repeats no secret."""
    return [
        ConfigFault(gateway.path, key, text)
        for rule in (_bad_addresses, _bad_hashes)
        for key, text in as_far_as_read(rule, gateway.config)
    ]


def _bad_addresses(config: Any) -> Iterator[tuple[str, str]]:
    for number, url in readable(config.channels, _apprise_url):
        if url and not _apprise_takes(url):
            yield (
                f"channels[{number}].url",
                "is no address that Apprise can use; see how your service is written: "
                "https://github.com/caronc/apprise/wiki",
            )


def _apprise_url(channel: Any) -> str:
    """Nothing for a channel that goes another way than through Apprise."""
    return channel.url if getattr(channel, "kind", "apprise") == "apprise" else ""


def _apprise_takes(url: str) -> bool:
    # Imported here: it takes half a second, which only a file with channels need spend.
    import apprise

    with _silent("apprise"):
        try:
            return apprise.Apprise.instantiate(url) is not None
        except Exception:  # plugins are foreign code: whatever they raise, this will not work
            return False


@contextmanager
def _silent(logger_name: str) -> Iterator[None]:
    """Nothing is logged under the name: Apprise would repeat the address."""
    logger = logging.getLogger(logger_name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _bad_hashes(config: Any) -> Iterator[tuple[str, str]]:
    for number, text in readable(config.staff, lambda one: one.pin_hash):
        if text and not is_pin_hash(text):
            yield (
                f"staff[{number}].pin_hash",
                "is no hash of Werkzeug's (method$salt$hash), so no PIN would ever fit; "
                'docs/operations.md says how to make one; "" for nobody to sign in',
            )
