"""GET /branch: everything about the branch that is not a call, one tile each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _l

blueprint = Blueprint("hub", __name__)


@dataclass(frozen=True, slots=True)
class Tile:
    """A page to go to. icon: of _icons.html. hint: what one does there."""

    endpoint: str
    icon: str
    title: Any
    hint: Any


GROUPS: tuple[tuple[Any, tuple[Tile, ...]], ...] = (
    (
        _l("People"),
        (
            Tile("team.listing", "person", _l("Team"), _l("Who is on duty, roles, certificates")),
            Tile("shifts.week", "calendar", _l("Shifts"), _l("The week's plan and exceptions")),
            Tile("policies.listing", "bell", _l("Policies"), _l("Who is told of a call, and when")),
            Tile("channels.listing", "phone", _l("Channels"), _l("Chats, mail, pagers")),
        ),
    ),
    (
        _l("When something happens"),
        (
            Tile("playbooks.listing", "list", _l("Playbooks"), _l("What to do, step by step")),
            Tile(
                "directory.listing",
                "phone",
                _l("Directory"),
                _l("Numbers, and where the branch is"),
            ),
            Tile(
                "followups.listing",
                "check",
                _l("Follow-ups"),
                _l("What a call leaves to do, until when"),
            ),
            Tile(
                "complaints.listing",
                "help",
                _l("Complaints"),
                _l("Look into within a day, answer, ask"),
            ),
            Tile("private_rule.edit", "silent", _l("Private notes"), _l("How long they are kept")),
        ),
    ),
    (
        _l("Every day"),
        (
            Tile("day.opening", "door", _l("Opening check"), _l("What must be right first")),
            Tile("day.closing", "out", _l("Closing sweep"), _l("Nobody is left behind")),
            Tile("hours.edit", "calendar", _l("Opening hours"), _l("When customers may come")),
            Tile("points.care", "heart", _l("Care before the call"), _l("Who needs a look now")),
        ),
    ),
    (
        _l("Training and tests"),
        (
            Tile("drills.listing", "bell", _l("Drills"), _l("Calendar, begin one, how it went")),
            Tile("walk.show", "walk", _l("Walk test"), _l("Every button, once a week")),
        ),
    ),
    (
        _l("Places and things"),
        (
            Tile("resources.listing", "kit", _l("Resources"), _l("First aid, AED, wheelchairs")),
            Tile("floors.show", "map", _l("Plan of the branch"), _l("Where everything is")),
            Tile("points.listing", "bell", _l("Points"), _l("Names, areas, seats")),
        ),
    ),
)


_BLUEPRINTS = frozenset(
    tile.endpoint.partition(".")[0] for _group, tiles in GROUPS for tile in tiles
)


def is_of_branch(endpoint: str | None) -> bool:
    """Whether a page is reached by a tile, so that "Branch" is where one is."""
    return (endpoint or "").partition(".")[0] in _BLUEPRINTS


@blueprint.get("/branch")
def show() -> str:
    """The tiles, by group."""
    return render_template("hub.html", groups=GROUPS)
