"""Which Anling this is."""

from __future__ import annotations

from functools import cache


@cache
def version() -> str:
    """The installed version; "0" where the project runs without being installed."""
    # Takes a while on a small Pi, so only whoever asks pays for it.
    from importlib import metadata

    try:
        return metadata.version("anling")
    except metadata.PackageNotFoundError:
        return "0"
