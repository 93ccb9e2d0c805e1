"""The pages people look at. `register` hangs them into the application."""

from __future__ import annotations

from flask import Flask

from dashboard.exports import may_export
from dashboard.pages import (
    accept,
    board,
    channels,
    chrome,
    complaints,
    day,
    demo,
    devices,
    directory,
    drills,
    export,
    floors,
    followups,
    hours,
    hub,
    incidents,
    month,
    playbooks,
    points,
    policies,
    posters,
    private,
    private_rule,
    reports,
    resources,
    reviews,
    shifts,
    situation_routes,
    team,
    times,
    walk,
    words,
)
from dashboard.pages.forms import new_once
from dashboard.pages.situation import situations_now

# Their routes hang on the blueprint of `reports`, which is registered after they are read.
_ = (month, export)

# Short, so that all modules of a screen are of one version soon after an update; long enough
# that fifty screens which reload together do not ask for each file again.
STATIC_AGE_S = 60


def register(app: Flask) -> None:
    """Adds every page, and what their templates use, to `app`."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_AGE_S
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(times.FILTERS)
    app.jinja_env.globals.update(
        words.GLOBALS,
        may_export=may_export,
        situations_now=situations_now,
        new_once=new_once,
    )
    app.context_processor(chrome.for_every_page)
    for module in (
        board,
        incidents,
        accept,
        situation_routes,
        devices,
        reports,
        hub,
        team,
        shifts,
        policies,
        channels,
        playbooks,
        directory,
        complaints,
        demo,
    ):
        app.register_blueprint(module.blueprint)
    for module in (followups, reviews, private, private_rule, drills, walk):
        app.register_blueprint(module.blueprint)
    for module in (resources, points, floors, posters, day, hours):
        app.register_blueprint(module.blueprint)
