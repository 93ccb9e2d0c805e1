"""/reports/response-times: how fast calls were answered, in figures and plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.figures import ResponseFigures, figures_by_kind, response_figures, split_drills
from gateway.store import ResponseTime
from protocol.clock import now

blueprint = Blueprint("reports", __name__)

DEFAULT_DAYS = 30
RANGES = (7, 30, 90, 365)
# A report reads every incident of its days; ten years is far above what anybody reviews.
MAX_DAYS = 3660


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Whole days of the branch's calendar, both included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start_ms(self) -> int:
        return self._ms(self.first)

    @property
    def end_ms(self) -> int:
        """The first moment that is no more in it."""
        return self._ms(self.last + timedelta(days=1))

    def _ms(self, day: date) -> int:
        return round(datetime.combine(day, time.min, self.zone).timestamp() * 1000)


@blueprint.get("/reports/response-times")
def response_times() -> str:
    """Figures of real calls, by kind; drills apart, since practice must not flatter."""
    days = _days()
    times = _times(days)
    real, drills = split_drills(times)
    groups: list[tuple[str, ResponseFigures]] = [("real", response_figures(real))]
    groups += list(figures_by_kind(real).items())
    if drills:
        groups.append(("drill", response_figures(drills)))
    return render_template(
        "response_times.html", days=days, groups=groups, ranges=_ranges(days), total=len(times)
    )


@blueprint.get("/reports/response-times/<name>.svg")
def plot(name: str) -> Response:
    """One plot as a picture; its words stay words."""
    from dashboard import plots  # matplotlib takes a second to import: only whoever looks waits

    if name not in plots.PLOTS:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    days = _days()
    real, drills = split_drills(_times(days))
    svg = plots.PLOTS[name](real=real, drills=drills, zone=days.zone, days=(days.first, days.last))
    response = Response(svg, mimetype="image/svg+xml")
    # matplotlib writes its styles into the picture; nothing else of it may run.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def _times(days: Days) -> Sequence[ResponseTime]:
    return the_board().reader.response_times(start_ms=days.start_ms, end_ms=days.end_ms)


def _days() -> Days:
    """The days asked for, in either order; the last thirty by default. Raises: Problem 422."""
    zone = ZoneInfo(the_board().config.timezone)
    today = datetime.fromtimestamp(now().utc_ms / 1000, UTC).astimezone(zone).date()
    last = _day("to") or today
    first = _day("from") or last - timedelta(days=DEFAULT_DAYS - 1)
    first, last = min(first, last), max(first, last)
    if (last - first).days > MAX_DAYS:
        raise Problem(422, "bad_from", _("Choose at most ten years."))
    return Days(first=first, last=last, zone=zone)


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Problem(422, f"bad_{name}", _("Type a date such as 2026-11-24.")) from error
    if not 1971 <= day.year <= 9998:  # what clocks and time zones can reckon with
        raise Problem(422, f"bad_{name}", _("Type a date such as 2026-11-24."))
    return day


def _ranges(days: Days) -> list[tuple[int, date, date, bool]]:
    """[(days, first, last, is the one shown)] that end today."""
    today = datetime.now(days.zone).date()
    offered = [(count, today - timedelta(days=count - 1), today) for count in RANGES]
    return [(*one, one[1:] == (days.first, days.last)) for one in offered]
