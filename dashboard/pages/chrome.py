"""What every page has around it: names, the clock, the way to the others, the stale screen."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request

from dashboard.board import the_board
from dashboard.language import LOCALES, get_locale
from dashboard.pages.branch import staleness
from dashboard.pages.directory import PLACE
from dashboard.pages.hub import is_of_branch
from dashboard.pages.situation_words import spoken
from dashboard.store import StoreError
from protocol.clock import now
from protocol.moment import rfc3339


def for_every_page() -> dict[str, object]:
    """The values that `base.html` uses; must not fail while the store is away."""
    board = the_board()
    return {
        "branch_name": _branch_name(),
        "now_text": rfc3339(now().utc_ms),
        "timezone": board.config.timezone,
        "is_demo": board.config.demo,
        "stale": staleness(board),
        "is_of_branch": is_of_branch(request.endpoint),
        "other_language": next(name for name in LOCALES if name != get_locale()),
        "other_language_url": _in_language(next(n for n in LOCALES if n != get_locale())),
    }


def _branch_name() -> str:
    """As a lead wrote it with the address, else as the gateway's file does."""
    board = the_board()
    try:
        site = board.reader.record("branch", PLACE)
        named = spoken(site.body.name) if site is not None and site.is_open else ""
        return named or board.reader.branch_name() or board.config.branch
    except StoreError:
        return board.config.branch


def _in_language(name: str) -> str:
    """The address of this page in another language; of the board for what is no page."""
    if request.method != "GET" or request.endpoint is None:
        return f"/?lang={name}"
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return f"{request.path}?{urlencode([*kept, ('lang', name)])}"
