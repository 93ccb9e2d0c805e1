"""/reports/response-times: how fast calls were answered, in figures and plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.figures import ResponseFigures, split_drills
from dashboard.pages import sections
from dashboard.pages.branch import point_labels
from dashboard.reckoning import the_reckoning
from dashboard.review.calendar import day_start_ms, local_day
from dashboard.review.period import Period
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
        return day_start_ms(self.first, self.zone)

    @property
    def end_ms(self) -> int:
        """The first moment that is no more in it."""
        return day_start_ms(self.last + timedelta(days=1), self.zone)


@blueprint.get("/reports/response-times")
def response_times() -> str:
    """Figures of real calls, by kind, place, time and role; drills apart, since practice must not
    flatter."""
    days = _days()
    period = _period(days)
    groups: list[tuple[str, ResponseFigures]] = [("real", period.real), *period.by_kind.items()]
    if period.drills.count:
        groups.append(("drill", period.drills))
    return render_template(
        "response_times.html",
        days=days,
        groups=groups,
        ranges=_ranges(days),
        total=period.real.count + period.drills.count,
        sections=sections.shown(sections.SECTIONS, period, point_labels(the_board())),
    )


@blueprint.get("/reports/response-times/<name>.svg")
def plot(name: str) -> Response:
    """One plot as a picture; its words stay words."""
    # matplotlib takes a second to import: only whoever looks waits
    from dashboard import plots, plots_by_group

    days = _days()
    if name in plots.PLOTS:
        real, drills = split_drills(_times(days))
        span = (days.first, days.last)
        return picture(plots.PLOTS[name](real=real, drills=drills, zone=days.zone, days=span))
    if name in plots_by_group.PLOTS:
        groups = getattr(_period(days), name.replace("-", "_"))
        names = sections.plot_names(name, groups, point_labels(the_board()))
        return picture(plots_by_group.PLOTS[name](groups, names))
    raise Problem(404, "not_found", _("There is nothing at this address."))


def picture(svg: bytes) -> Response:
    """A plot as a reply."""
    response = Response(svg, mimetype="image/svg+xml")
    # matplotlib writes its styles into the picture; nothing else of it may run.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def _period(days: Days) -> Period:
    return the_reckoning().period(start_ms=days.start_ms, end_ms=days.end_ms)


def _times(days: Days) -> Sequence[ResponseTime]:
    return the_board().reader.response_times(start_ms=days.start_ms, end_ms=days.end_ms)


def _days() -> Days:
    """The days asked for, in either order; the last thirty by default. Raises: Problem 422."""
    zone = ZoneInfo(the_board().config.timezone)
    today = local_day(now().utc_ms, zone)
    last = asked_day("to") or today
    first = asked_day("from") or last - timedelta(days=DEFAULT_DAYS - 1)
    first, last = min(first, last), max(first, last)
    if (last - first).days > MAX_DAYS:
        raise Problem(422, "bad_from", _("Choose at most ten years."))
    return Days(first=first, last=last, zone=zone)


def asked_day(name: str) -> date | None:
    """The day that was asked for, None if none was. Raises: Problem 422."""
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
    today = local_day(now().utc_ms, days.zone)
    offered = [(count, today - timedelta(days=count - 1), today) for count in RANGES]
    return [(*one, one[1:] == (days.first, days.last)) for one in offered]
