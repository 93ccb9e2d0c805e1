"""The one error of this rig, so that a reader sees a plain sentence instead of a traceback."""

from __future__ import annotations


class RigError(Exception):
    """The virtual Pi cannot be built or run; the text says what to do next."""
