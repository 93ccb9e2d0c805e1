"""The description of the HTTP interface (OpenAPI 3.1), made from the dataclasses that serve it."""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard import wire
from dashboard.review.calendar import MONTH_PATTERN
from dashboard.review.month import MonthReview
from gateway.store import KINDS, SECRET
from gateway.store.exports import EXPORTS
from protocol.messages import Incident
from protocol.version import version

_PROBLEMS = {
    400: "The request is malformed.",
    401: "Neither a session nor a valid token.",
    403: "This member of staff may not do it.",
    404: "There is no such thing.",
    405: "This address does not take this method.",
    409: "The incident is not in a state for it; `reason` says why.",
    413: "Larger than 64 KiB.",
    415: "Not sent as application/json.",
    422: "A value that cannot be taken; `message` names it.",
    503: "The store or the broker is away.",
    504: "The gateway did not answer in 5 s.",
}
_COMMON = (400, 401, 405, 413, 503)
# What each event of the stream carries, and when it comes.
EVENTS = {
    "incident": (Incident, "an incident, with each change; a closed one once"),
    "unit": (wire.UnitView, "a unit"),
    "gateway": (wire.GatewayView, "the gateway, and every fault of the branch"),
    "beat": (wire.Beat, "a sign of life each second: a screen that misses it is stale"),
    "lamp": (wire.LampView, "what a point shows; of a demo only"),
}
_KINDS = (
    wire.ActionRequest,
    wire.ChannelView,
    wire.DeskReply,
    wire.DeskRequest,
    wire.Health,
    wire.IncidentWithLog,
    wire.DayView,
    wire.LookRequest,
    wire.PrivateText,
    wire.NearResource,
    wire.ProblemReply,
    wire.RecordView,
    wire.ResponseTimesReport,
    *(kind for kind, _ in EVENTS.values()),
    MonthReview,
)
_TIME = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
_INCIDENT_ID = {
    "name": "incident_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}


def document() -> dict[str, Any]:
    """The whole description."""
    return _plain_patterns(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Anling status board",
                "version": version(),
                "description": "Incidents, units and response times of one branch.",
            },
            "security": [{"bearer": []}, {"session": []}],
            "paths": _paths(),
            "components": {
                "schemas": _schemas(),
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "anling"},
                },
            },
        }
    )


def _schemas() -> dict[str, Any]:
    _refs, schemas = msgspec.json.schema_components(
        _KINDS, ref_template="#/components/schemas/{name}"
    )
    # A machine must name who acts; a signed-in browser may leave it out, and that is more than
    # is promised here.
    for name, needed in (
        ("ActionRequest", ["action"]),
        ("DeskRequest", ["do"]),
        ("LookRequest", []),
    ):
        request = schemas[name]
        request["required"] = [*needed, "by"]
        request["properties"]["by"] = next(
            kind for kind in request["properties"]["by"]["anyOf"] if kind != {"type": "null"}
        )
    return schemas


def _paths() -> dict[str, Any]:
    return {
        "/api/v1/incidents": {
            "get": _route(
                "incidents",
                "Incidents, newest first",
                reply={"type": "array", "items": _ref("Incident")},
                parameters=[
                    _query("stage", {"type": "string", "enum": ["all", "open", "closed"]}),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 500}),
                    _query("before", {"type": "string", "minLength": 1, "maxLength": 64}),
                ],
                problems=(404, 422),
            )
        },
        "/api/v1/incidents/{incident_id}": {
            "get": _route(
                "incident",
                "One incident and its log",
                reply=_ref("IncidentWithLog"),
                parameters=[_INCIDENT_ID],
                problems=(404,),
            )
        },
        "/api/v1/incidents/{incident_id}/actions": {
            "post": {
                **_route(
                    "act",
                    "Does something to an incident; the incident after it",
                    reply=_ref("Incident"),
                    parameters=[_INCIDENT_ID],
                    problems=(403, 404, 409, 415, 422, 504),
                ),
                "requestBody": {"required": True, "content": _json(_ref("ActionRequest"))},
            }
        },
        "/api/v1/incidents/{incident_id}/resources": {
            "get": _route(
                "near",
                "Resources that fit an incident, the nearest of each sort, the nearest first",
                reply={"type": "array", "items": _ref("NearResource")},
                parameters=[_INCIDENT_ID],
                problems=(404,),
            )
        },
        "/api/v1/day": {
            "get": _route(
                "day",
                "How the branch stands today, and what is in the way of opening or closing it",
                reply=_ref("DayView"),
            )
        },
        **_desk_paths(),
        "/api/v1/units": {
            "get": _route("units", "Every unit", reply={"type": "array", "items": _ref("UnitView")})
        },
        "/api/v1/channels": {
            "get": _route(
                "channels",
                "How every message channel does, in the order of the configuration",
                reply={"type": "array", "items": _ref("ChannelView")},
            )
        },
        "/api/v1/reports/response-times": {
            "get": _route(
                "responseTimes",
                "How fast incidents were answered; drills apart",
                reply=_ref("ResponseTimesReport"),
                parameters=[_query("from", _TIME), _query("to", _TIME)],
                problems=(422,),
            )
        },
        "/api/v1/reports/month": {
            "get": _route(
                "month",
                "A month of the branch's calendar in figures, beside the month before",
                reply=_ref("MonthReview"),
                parameters=[_query("month", {"type": "string", "pattern": MONTH_PATTERN})],
                problems=(422,),
            )
        },
        "/api/v1/export/{name}.{kind}": {"get": _export()},
        "/api/v1/openapi.json": {
            "get": _route("describe", "This description", reply={"type": "object"})
        },
        "/events": {"get": _events()},
        "/healthz": {"get": _healthz()},
        "/metrics": {
            "get": {
                **_route("metrics", "Prometheus text", reply={"type": "string"}),
                "responses": {
                    "200": {
                        "description": "Done.",
                        "content": {"text/plain": {"schema": {"type": "string"}}},
                    },
                    **_problems(_COMMON),
                },
            }
        },
    }


def _desk_paths() -> dict[str, Any]:
    kind = {"name": "kind", "in": "path", "required": True, "schema": {"enum": _open_kinds()}}
    id = {**kind, "name": "id", "schema": {"type": "string", "minLength": 1}}
    refusal = _json({"anyOf": [_ref("DeskReply"), _ref("ProblemReply")]})
    asked = _route(
        "request",
        "Asks the branch's desk for something",
        reply=_ref("DeskReply"),
        problems=(415,),
    )
    for status in (403, 404, 409, 422, 503, 504):
        asked["responses"][str(status)] = {"description": "Why not.", "content": refusal}
    return {
        "/api/v1/requests": {
            "post": {
                **asked,
                "requestBody": {"required": True, "content": _json(_ref("DeskRequest"))},
            }
        },
        "/api/v1/private/{id}/look": {
            "post": {
                **_route(
                    "look",
                    "What a private note says; each look is in the log",
                    reply=_ref("PrivateText"),
                    parameters=[id],
                    problems=(403, 404, 409, 415, 422, 504),
                ),
                "requestBody": {"required": True, "content": _json(_ref("LookRequest"))},
            }
        },
        "/api/v1/records/{kind}": {
            "get": _route(
                "records",
                "The records of a kind",
                reply={"type": "array", "items": _ref("RecordView")},
                parameters=[kind, _query("closed", {"type": "string", "enum": ["true", "false"]})],
                problems=(404, 422),
            )
        },
        "/api/v1/records/{kind}/{id}": {
            "get": _route(
                "record",
                "One record, also when it counts no more",
                reply=_ref("RecordView"),
                parameters=[kind, id],
                problems=(404,),
            )
        },
    }


def _events() -> dict[str, Any]:
    """A stream that does not end. OpenAPI 3.1 has no words for what is in it: `x-events` has the
    schema of each event's data, by its name.
    """
    names = "\n".join(f"- `{name}`: {text}" for name, (_, text) in EVENTS.items())
    return {
        "operationId": "events",
        "summary": "Server-sent events: what there is, then each change",
        "description": (
            "Each event has `event`, `id` (counts up) and `data`: a whole state as one line of "
            f"JSON. On connecting come the present states.\n\n{names}\n\nThe stream is cut when "
            "a reader is too slow or its session ends; `retry` says how soon to come back."
        ),
        "x-events": {name: _ref(kind.__name__) for name, (kind, _) in EVENTS.items()},
        "responses": {
            "200": {
                "description": "The stream, until either side ends it.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **_problems((401, 405, 503)),
        },
    }


def _open_kinds() -> list[str]:
    return sorted(KINDS.keys() - SECRET)


def _export() -> dict[str, Any]:
    route = _route(
        "export",
        "Everything that is kept of one kind, oldest first where it has times",
        reply={"type": "array", "items": {"type": "object"}},
        parameters=[
            _path("name", {"type": "string", "enum": list(EXPORTS)}),
            _path("kind", {"type": "string", "enum": ["csv", "json"]}),
            _query("from", _TIME),
            _query("to", _TIME),
        ],
        problems=(403, 404, 422),
    )
    route["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    return route


def _healthz() -> dict[str, Any]:
    return {
        "operationId": "healthz",
        "summary": "Whether the board reaches all it needs",
        "security": [],
        "responses": {
            "200": {"description": "Well.", "content": _json(_ref("Health"))},
            "503": {"description": "Something is missing.", "content": _json(_ref("Health"))},
            **_problems((400, 405, 413)),
        },
    }


def _route(
    name: str,
    summary: str,
    *,
    reply: dict[str, Any],
    parameters: list[dict[str, Any]] | None = None,
    problems: tuple[int, ...] = (),
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters or [],
        "responses": {
            "200": {"description": "Done.", "content": _json(reply)},
            **_problems((*_COMMON, *problems)),
        },
    }


def _problems(statuses: tuple[int, ...]) -> dict[str, Any]:
    return {
        str(status): {"description": _PROBLEMS[status], "content": _json(_ref("ProblemReply"))}
        for status in sorted(statuses)
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _plain_patterns(value: Any) -> Any:
    """Python's "end of text" written as JSON Schema's dialect writes it."""
    if isinstance(value, dict):
        return {key: _plain_patterns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain_patterns(item) for item in value]
    return value.replace(r"(?![\s\S])", "$") if isinstance(value, str) else value
