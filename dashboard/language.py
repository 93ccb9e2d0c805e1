"""Which language a visitor reads: asked for, remembered, the browser's, or the branch's."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel

# The short name in addresses and cookies → the name of the translation.
LOCALES = {"zh": "zh_Hans", "en": "en"}
COOKIE = "lang"
COOKIE_AGE_S = 365 * 24 * 3600


def set_up(app: Flask, *, default: str, timezone: str) -> None:
    """Gives `app` its languages; templates get `locale` ("zh" or "en")."""
    app.config["BABEL_DEFAULT_LOCALE"] = LOCALES[default]
    app.config["ANLING_LANGUAGE"] = default
    Babel(
        app,
        locale_selector=lambda: LOCALES[get_locale()],
        timezone_selector=lambda: timezone,
        default_timezone=timezone,
    )
    app.after_request(_remember)
    app.context_processor(lambda: {"locale": get_locale()})


def get_locale() -> str:
    """The language of this request, "zh" or "en"."""
    default = current_app.config["ANLING_LANGUAGE"]
    if not has_request_context():
        return default
    if "language" not in g:
        g.language = (
            _known(request.args.get("lang"))
            or _known(request.cookies.get(COOKIE))
            or request.accept_languages.best_match(LOCALES)
            or default
        )
    return g.language


def _known(name: str | None) -> str | None:
    return name if name in LOCALES else None


def _remember(response: Response) -> Response:
    asked = _known(request.args.get("lang"))
    if asked and asked != request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE,
            asked,
            max_age=COOKIE_AGE_S,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response
