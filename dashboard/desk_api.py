"""The desk for programs: any request, and any kind of record that is nobody's secret."""

from __future__ import annotations

import msgspec
from flask import Response
from flask_babel import gettext as _

from dashboard.api import as_json, author, bad_value, blueprint, body_of, one_parameter
from dashboard.board import the_board
from dashboard.desk import ask_desk, explain_desk, may_see
from dashboard.errors import Problem
from dashboard.store import VaultError
from dashboard.wire import DeskReply, DeskRequest, LookRequest, PrivateText, RecordView
from gateway.store import KINDS, SECRET, Record
from protocol.decoders import decoder
from protocol.moment import rfc3339

_REQUEST = decoder(DeskRequest)
_LOOK = decoder(LookRequest)


@blueprint.post("/api/v1/requests")
def requests() -> Response:
    """Has the desk do something; answers with the record's id and version after it."""
    asked = body_of(_REQUEST)
    answer = ask_desk(
        asked.do,
        by=author(asked.by),
        id=asked.id,
        version=asked.version,
        body=asked.body,
        request_id=asked.request_id,
    )
    reply = DeskReply(
        ok=answer.ok,
        reason=answer.reason,
        message=answer.message,
        faults=answer.faults,
        id=answer.id,
        version=answer.version,
    )
    return as_json(reply, status=answer.status)


@blueprint.get("/api/v1/records/<kind>")
def records(kind: str) -> Response:
    """The records of a kind; with `closed=true` also those that count no more."""
    closed = one_parameter("closed")
    if closed is None:
        closed = "false"
    if closed not in ("true", "false"):
        raise bad_value("closed", _("closed must be true or false."))
    found = the_board().reader.records(_known(kind), closed_too=closed == "true")
    return as_json([record_view(one) for one in found if may_see(one)])


@blueprint.get("/api/v1/records/<kind>/<id>")
def record(kind: str, id: str) -> Response:
    """One record, also when it counts no more."""
    found = the_board().reader.record(_known(kind), id)
    if found is None or not may_see(found):
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    return as_json(record_view(found))


@blueprint.post("/api/v1/private/<id>/look")
def look(id: str) -> Response:
    """What a private note says, to whom the gateway lets look; each look is in its log."""
    asked = body_of(_LOOK)
    answer = ask_desk("private.look", by=author(asked.by), id=id)
    if not answer.ok:
        raise Problem(answer.status, answer.reason, answer.message)
    found = the_board().reader.record("private", id)
    if found is None:
        raise Problem(404, "unknown_record", explain_desk("unknown_record"))
    try:
        text = the_board().vault.unseal(found.body.sealed)
    except VaultError as error:
        raise Problem(503, "private_key_missing", explain_desk("private_key_missing")) from error
    return as_json(
        PrivateText(id=id, incident_id=found.incident_id, text=text, delete_on=found.body.delete_on)
    )


def record_view(record: Record) -> RecordView:
    """The record as programs read it."""
    due_at = rfc3339(record.due.ms) if record.due and not record.due.boot else None
    return RecordView(
        kind=record.kind,
        id=record.id,
        version=record.version,
        is_open=record.is_open,
        by=record.by,
        at=record.at,
        incident_id=record.incident_id,
        due_at=due_at,
        body=msgspec.to_builtins(record.body),
    )


def _known(kind: str) -> str:
    if kind not in KINDS or kind in SECRET:
        raise Problem(404, "unknown_kind", _("There are no records of this kind."))
    return kind
