"""What protects every page: headers, limits, who may see it, and plain answers to errors."""

from __future__ import annotations

import logging
import re

import msgspec
from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import TemplateNotFound
from werkzeug.exceptions import HTTPException

from dashboard.errors import Problem
from dashboard.sessions import is_by_script
from dashboard.store import StoreError
from dashboard.wire import ProblemReply

log = logging.getLogger(__name__)

# As a message to the gateway; a form says each Chinese character in nine.
MAX_API_BYTES, MAX_BODY_BYTES = 64 * 1024, 256 * 1024
# Whoever has neither session nor token sees these and nothing else.
# The link of a notice is a key of its own, for one incident.
PUBLIC = frozenset({"static", "sign_in.sign_in", "api.healthz", "accept.show", "accept.do"})
_HOST = re.compile(r"[A-Za-z0-9._\-\[\]:]{1,255}")

_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The CSRF check of a board behind HTTPS wants to see our own origin.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_NAMES = {
    400: "bad_request",
    401: "sign_in_needed",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "not_json",
    422: "bad_value",
    429: "slowed_down",
    503: "unavailable",
}


def set_up(app: Flask) -> None:
    """Puts the guards before, and the headers and error answers behind, every request."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # `_guard` says when
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session
    CSRFProtect(app)
    app.before_request(_guard)
    app.after_request(_add_headers)
    app.register_error_handler(Problem, _on_problem)
    app.register_error_handler(StoreError, _on_store_error)
    app.register_error_handler(msgspec.MsgspecError, _on_store_error)  # a row that is no record
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_bug)


def is_api() -> bool:
    """Whether this request comes from a program, which wants JSON, always."""
    path = request.path
    return path.startswith("/api/") or path in ("/api", "/healthz", "/metrics", "/events")


def has_bearer() -> bool:
    """Whether the request shows a token; then no cookie counts."""
    return "Authorization" in request.headers


# -- before -----------------------------------------------------------------------------------


def _guard() -> Response | None:
    """Turns away what is malformed, oversized or a stranger's, before anything else runs."""
    if not _HOST.fullmatch(request.environ.get("HTTP_HOST", "localhost")):
        raise Problem(400, "bad_host", _("The address of the board is malformed."))
    if (request.content_length or 0) > (MAX_API_BYTES if is_api() else MAX_BODY_BYTES):
        raise Problem(413, "too_large", _("The request is too large."))
    if request.endpoint not in PUBLIC and not current_user.is_authenticated:
        return _turn_away()
    # Browsers send cookies along with other sites' requests, but never somebody's token.
    if not has_bearer():
        current_app.extensions["csrf"].protect()
    return None


def _turn_away() -> Response:
    if "store_error" in g:  # nobody can be known while the staff list cannot be read
        raise g.store_error
    if is_api() or request.method not in ("GET", "HEAD"):
        raise Problem(401, "sign_in_needed", _("Sign in, or send a valid bearer token."))
    return redirect(url_for("sign_in.sign_in", next=request.full_path.rstrip("?")))


# -- behind -----------------------------------------------------------------------------------


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _on_problem(problem: Problem) -> Response:
    if is_api() or (is_by_script() and request.method == "POST"):
        reply = ProblemReply(reason=problem.reason, message=problem.message)
        response = Response(msgspec.json.encode(reply), mimetype="application/json")
    else:
        response = Response(_page(problem), mimetype="text/html")
    response.status_code = problem.status
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


def _page(problem: Problem) -> str:
    try:
        return render_template(
            "error.html",
            status=problem.status,
            reason=problem.reason,
            message=problem.message,
            retry_after_s=problem.retry_after_s,
        )
    except TemplateNotFound:
        return problem.message


def _on_store_error(error: Exception) -> Response:
    log.warning("A page could not be served: %s", error)
    text = _("The records cannot be read at the moment. Calls still reach the gateway.")
    return _on_problem(Problem(503, "store_unavailable", text, retry_after_s=5))


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:  # a redirect is an HTTPException too
        return error.get_response()
    if isinstance(error, CSRFError):
        text = _("This page is too old to act. Load it again.")
        return _on_problem(Problem(400, "csrf", text))
    texts = {
        404: _("There is nothing at this address."),
        405: _("This address does not take this method."),
        413: _("The request is too large."),
        415: _("The body must be JSON, sent as application/json."),
    }
    text = texts.get(status, _("The request cannot be served as it is."))
    response = _on_problem(Problem(status, _NAMES.get(status, "refused"), text))
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _on_bug(error: Exception) -> Response:
    """Ours to mend: the log has the traceback, the visitor a sentence."""
    log.error("A request for %s failed", request.path, exc_info=error)
    text = _("The board failed to serve this. It has been written down.")
    return _on_problem(Problem(500, "failed", text))
