"""The Flask application: pages and the HTTP interface, put together."""

from __future__ import annotations

from flask import Flask

from dashboard import auth, day_api, exports, language, pages, security, sessions
from dashboard.board import Board
from dashboard.reckoning import Reckoning


def create_app(board: Board) -> Flask:
    """The application of one board; nothing is connected or opened by it."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = board.config.secret_key
    # OPTIONS is none of our methods; Flask would answer it everywhere.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.json.ensure_ascii = False
    app.extensions["anling"] = board
    app.extensions["anling_reckoning"] = Reckoning(board)
    language.set_up(app, default=board.config.language, timezone=board.config.timezone)
    sessions.set_up(app, secure_cookies=board.config.http.secure_cookies)
    auth.set_up(app)
    security.set_up(app)
    app.register_blueprint(day_api.blueprint)  # with all of api.py and desk_api.py
    app.register_blueprint(exports.blueprint)
    pages.register(app)
    return app
