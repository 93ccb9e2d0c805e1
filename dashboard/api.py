"""The HTTP interface of `docs/contract.md` for programs: JSON in, JSON out, errors by name."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_login import current_user

from dashboard import metrics, openapi
from dashboard.actions import act, explain
from dashboard.board import Board, the_board
from dashboard.errors import Problem
from dashboard.picture import unit_views
from dashboard.reckoning import the_reckoning
from dashboard.review.calendar import Month
from dashboard.review.sample import by_kind, merged
from dashboard.store import StoreError
from dashboard.window import BadTime, window
from dashboard.wire import (
    ActionRequest,
    ChannelView,
    Health,
    LogLine,
    ResponseTimesReport,
    with_log,
)
from gateway.store import ChannelRecord, Clocks, Reports
from protocol.clock import now
from protocol.decoders import decoder
from protocol.moment import rfc3339

blueprint = Blueprint("api", __name__)

STAGES = ("all", "open", "closed")
LIMIT_DEFAULT = 50
LIMIT_MAX = 500
MAX_ID = 64
T = TypeVar("T")
_ACTION = decoder(ActionRequest)


def as_json(value: object, *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status=status, mimetype="application/json")


# -- incidents --------------------------------------------------------------------------------


@blueprint.get("/api/v1/incidents")
def incidents() -> Response:
    """The incidents, newest first; `before` pages on."""
    stage = one_parameter("stage")
    if stage is None:
        stage = "all"
    if stage not in STAGES:
        raise bad_value("stage", _("stage must be open, closed or all."))
    limit, before = _limit(), one_parameter("before")
    reader = the_board().reader
    if before is not None:
        if not 0 < len(before) <= MAX_ID:
            raise bad_value("before", _("before must be the id of an incident."))
        if reader.incident(before) is None:
            raise _unknown_incident()
    return as_json(reader.incidents(stage=stage, limit=limit, before=before))


@blueprint.get("/api/v1/incidents/<incident_id>")
def incident(incident_id: str) -> Response:
    """One incident and its log."""
    reader = the_board().reader
    found = reader.incident(incident_id)
    if found is None:
        raise _unknown_incident()
    lines = tuple(
        LogLine(at=entry.at, event=entry.event, by=entry.by, seq=entry.seq, detail=entry.detail)
        for entry in reader.log(incident_id)
    )
    return as_json(with_log(found, lines))


@blueprint.post("/api/v1/incidents/<incident_id>/actions")
def actions(incident_id: str) -> Response:
    """Does something to an incident; answers with the incident after it."""
    asked = body_of(_ACTION)
    outcome = act(
        incident_id=incident_id,
        action=asked.action,
        by=author(asked.by),
        outcome=asked.outcome,
        text=asked.text,
        to=asked.to,
        situation=asked.situation,
        action_id=asked.action_id,
    )
    if not outcome.ok:
        raise Problem(outcome.status, outcome.reason, outcome.message)
    return as_json(outcome.incident)


def author(by: str | None) -> str:
    """Who acts: a session only as itself, a machine in the name it gives."""
    if current_user.is_machine:
        if by is None:
            raise bad_value("by", _("by is missing: say which member of staff acts."))
        return by
    if by not in (None, current_user.id):
        text = _("A signed-in member of staff may only act as themselves.")
        raise Problem(403, "not_allowed", text)
    return current_user.id


def body_of(shape: msgspec.json.Decoder[T]) -> T:
    """The request's JSON body, by its decoder. Raises: Problem 415, 422."""
    if request.mimetype != "application/json":
        text = _("The body must be JSON, sent as application/json.")
        raise Problem(415, "not_json", text)
    try:
        return shape.decode(request.get_data())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        text = _("The body cannot be taken: %(why)s", why=str(error))
        raise Problem(422, "bad_body", text) from error


# -- units, channels and reports --------------------------------------------------------------


@blueprint.get("/api/v1/units")
def units() -> Response:
    """Every unit, by id."""
    board = the_board()
    records = {record.unit: record for record in board.reader.units()}
    return as_json(tuple(unit_views(board.live.picture, records).values()))


@blueprint.get("/api/v1/channels")
def channels() -> Response:
    """Every message channel, in the order of the configuration."""
    return as_json([_channel_view(one) for one in the_board().reader.channels()])


# How the last try of a channel ended → how it does.
_CHANNEL_STATES = {"delivered": "works", "failed": "fails", None: "untried"}


def _channel_view(one: ChannelRecord) -> ChannelView:
    return ChannelView(
        id=one.channel,
        kind=one.kind,
        state=_CHANNEL_STATES[one.result],
        canary_every_s=one.canary_every_s,
        last_canary_at=_wall_time(one.tested),
        last_delivery_at=_wall_time(one.delivered),
        last_try_at=_wall_time(one.tried),
        detail=one.detail,
    )


def _wall_time(clocks: Clocks | None) -> str | None:
    return rfc3339(clocks.utc_ms) if clocks is not None else None


@blueprint.get("/api/v1/reports/response-times")
def response_times() -> Response:
    """How fast incidents were answered; drills apart."""
    try:
        start_ms, end_ms = window(
            start=one_parameter("from"), end=one_parameter("to"), now_ms=now().utc_ms
        )
    except BadTime as error:
        raise bad_time(error) from error
    found = by_kind(Reports(the_board().reader).times(start_ms=start_ms, end_ms=end_ms))
    real = {kind: found[is_drill, kind] for is_drill, kind in sorted(found) if not is_drill}
    drills = [one for (is_drill, _kind), one in found.items() if is_drill]
    return as_json(
        ResponseTimesReport(
            start=rfc3339(start_ms),
            to=rfc3339(end_ms),
            real=merged(list(real.values())).figures,
            drills=merged(drills).figures,
            by_kind={kind: one.figures for kind, one in real.items()},
        )
    )


@blueprint.get("/api/v1/reports/month")
def month() -> Response:
    """The review of a month of the branch's calendar, beside the month before."""
    reckoning, text = the_reckoning(), one_parameter("month")
    try:
        asked = Month.of(now().utc_ms, reckoning.zone) if text is None else Month.read(text)
    except ValueError as error:
        raise bad_value("month", _("Type a month such as 2026-11.")) from error
    return as_json(reckoning.month(asked))


@blueprint.get("/api/v1/openapi.json")
def describe() -> Response:
    """The description of this interface."""
    return as_json(openapi.document())


# -- how the board is -------------------------------------------------------------------------


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 when the board reaches all it needs, else 503 and what it misses."""
    board = the_board()
    missing = []
    if not board.live.link.connected:
        missing.append("broker")
    if board.live.picture.gateway.state != "online":
        missing.append("gateway")
    if not _store_works(board):
        missing.append("store")
    if missing:
        return as_json(Health(status="unwell", missing=tuple(missing)), status=503)
    return as_json({"status": "ok"})


def _store_works(board: Board) -> bool:
    """Whether we can read it, and the gateway does not say that it cannot write it."""
    if board.live.picture.store_unwritable:
        return False
    try:
        board.reader.rejected_count()
    except StoreError:
        return False
    return True


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Prometheus text."""
    return Response(metrics.exposition(the_board()), content_type=metrics.CONTENT_TYPE)


# -- parameters -------------------------------------------------------------------------------


def _unknown_incident() -> Problem:
    return Problem(404, "unknown_incident", explain("unknown_incident"))


def one_parameter(name: str) -> str | None:
    """The query parameter `name`, None if absent. Raises: Problem 422 when given twice."""
    values = request.args.getlist(name)
    if len(values) > 1:
        raise bad_value(name, _("%(field)s is given twice.", field=name))
    return values[0] if values else None


def bad_time(error: BadTime) -> Problem:
    """The refusal of a text that is no time, or not the one it must be."""
    if error.is_before:
        return bad_value(error.field, _("to must come after from."))
    text = _(
        "%(field)s must be a date or an RFC 3339 time, such as 2026-11-24T08:00:00Z.",
        field=error.field,
    )
    return bad_value(error.field, text)


def _limit() -> int:
    text = one_parameter("limit")
    if text is None:
        return LIMIT_DEFAULT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= LIMIT_MAX):
        raise bad_value("limit", _("limit must be a number from 1 to %(max)d.", max=LIMIT_MAX))
    return int(text)


def bad_value(field: str, message: str) -> Problem:
    return Problem(422, f"bad_{field}", message)
