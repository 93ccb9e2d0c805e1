"""GET /api/v1/export/…: everything that is kept, as CSV or JSON, in bounded memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_login import current_user

from dashboard.api import bad_time, one_parameter
from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.export_text import WRITERS
from dashboard.store import StoreError
from dashboard.transfer import Transfer, transfer_of
from dashboard.window import BadTime, span
from gateway.store.exports import EXPORTS, Window

log = logging.getLogger(__name__)

blueprint = Blueprint("api_export", __name__)

EXPORTERS = frozenset({"lead", "admin"})


def may_export() -> bool:
    """Whether whoever asks may take the records away: a lead, an administrator or a program."""
    return current_user.is_machine or not EXPORTERS.isdisjoint(current_user.roles)


@blueprint.get("/api/v1/export/<name>.<kind>")
def export(name: str, kind: str) -> Response:
    """One of the tables. from, to: RFC 3339 or dates (UTC); without them everything."""
    if name not in EXPORTS or kind not in WRITERS:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    if not may_export():
        text = _("Only a duty lead, an administrator or a program with a token may export.")
        raise Problem(403, "not_allowed", text)
    try:
        window = Window(*span(start=one_parameter("from"), end=one_parameter("to")))
    except BadTime as error:
        raise bad_time(error) from error
    mimetype, write = WRITERS[kind]
    board, one = the_board(), EXPORTS[name]
    pieces = write(one, one.rows(board.reader, window))
    first = next(pieces)  # a store that cannot be read at all is a plain 503
    sent = _sent(chain([first], pieces), transfer_of(request.environ))
    response = Response(sent, content_type=mimetype)
    file_name = f"anling-{board.config.branch}-{name}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def _sent(pieces: Iterator[bytes], transfer: Transfer) -> Iterator[bytes]:
    """The pieces, while somebody takes them. What cannot be read to its end is cut off, so that
    nobody takes half for the whole."""
    try:
        for piece in pieces:
            if transfer.has_ended:
                return
            yield piece
    except (StoreError, ValueError) as error:
        log.warning("An export was cut off: %s", error)
        transfer.cut_off()
