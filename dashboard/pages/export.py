"""/reports/export: what can be taken away, and how to check it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dashboard.errors import Problem
from dashboard.exports import may_export
from dashboard.pages.reports import asked_day, blueprint
from dashboard.reckoning import the_reckoning
from dashboard.review.calendar import day_start_ms
from gateway.store.exports import EXPORTS
from protocol.moment import rfc3339

# name → (title, what is in it, whether it has times to choose by)
DESCRIBED = {
    "incidents": (
        _l("Incidents"),
        _l("Each call with its times, who came, outcome and roles."),
        True,
    ),
    "log": (
        _l("Log"),
        _l("Everything that happened and who did it, with the chain of hashes."),
        True,
    ),
    "alerts": (_l("Alerts"), _l("What each unit reported, as it came."), True),
    "notices": (_l("Messages"), _l("Each message to a channel and what became of it."), True),
    "faults": (_l("Faults"), _l("When each fault came and went."), True),
    "actions": (_l("Actions"), _l("Each touch of a screen and whether it was taken."), True),
    "rejected": (_l("Rejected messages"), _l("What could not be taken, and why."), True),
    "units": (_l("Units"), _l("Each unit and how it last said it was."), False),
    "points": (_l("Points"), _l("Each call point and its name."), False),
    "records": (
        _l("Plans and what follows from calls"),
        _l("Staff, shifts, resources, follow-ups … PINs and private notes are not given away."),
        False,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing to take away. links: [(kind of file, address)]."""

    title: object
    text: object
    links: tuple[tuple[str, str], ...]


@blueprint.get("/reports/export", endpoint="export")
def show() -> str:
    """Links to everything, for the days that were chosen; all of it by default."""
    if not may_export():
        text = _("Only a duty lead, an administrator or a program with a token may export.")
        raise Problem(403, "not_allowed", text)
    first, last = asked_day("from"), asked_day("to")
    if first and last and first > last:
        first, last = last, first
    zone, bounds = the_reckoning().zone, {}
    if first:
        bounds["from"] = rfc3339(day_start_ms(first, zone))
    if last:
        bounds["to"] = rfc3339(day_start_ms(last + timedelta(days=1), zone))
    return render_template(
        "export.html",
        first=first,
        last=last,
        is_bounded=bool(request.args.get("from") or request.args.get("to")),
        offers=[_offer(name, bounds) for name in EXPORTS],
    )


def _offer(name: str, bounds: dict[str, str]) -> Offer:
    title, text, has_times = DESCRIBED[name]
    chosen = bounds if has_times else {}
    return Offer(
        title=title,
        text=text,
        links=tuple(
            (kind.upper(), url_for("api_export.export", name=name, kind=kind, **chosen))
            for kind in ("csv", "json")
        ),
    )
