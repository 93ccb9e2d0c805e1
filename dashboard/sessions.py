"""The session's cookie: written rarely, so that no answer puts back what has changed meanwhile.

A page renews itself while somebody does something else at the same screen. If each answer wrote the
cookie, one that was asked for earlier and comes later would undo what was said or done in between:
a sentence for the next page would be lost, and whoever signed out would be signed in again.
"""

from __future__ import annotations

from datetime import timedelta

import flask
from flask import Flask, request, session

from protocol.clock import now

SESSION_HOURS = 12
HOUR_MS = 3_600_000


def set_up(app: Flask, *, secure_cookies: bool) -> None:
    """Gives `app` its sessions. They last while some page of the screen renews itself."""
    app.config.update(
        SESSION_COOKIE_NAME="anling",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
    )
    app.before_request(_prolong)
    app.jinja_env.globals["get_flashed_messages"] = said


def is_by_script() -> bool:
    """Whether a script of ours asks: for the page it stands on, or to act."""
    return request.headers.get("X-Requested-With") == "fetch"


def said(**which: list[str]) -> list[str]:
    """What the last page left to be said. A page that renews itself does not take it: it is for the
    one that is shown next."""
    return [] if is_by_script() else flask.get_flashed_messages(**which)


def _prolong() -> None:
    """Once an hour the cookie is written anew, and with it how long the session lasts."""
    hour = now().utc_ms // HOUR_MS
    if request.endpoint != "static" and session.permanent and session.get("hour") != hour:
        session["hour"] = hour
