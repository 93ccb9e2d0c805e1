"""Plots of single calls: how long each waited, and day by day."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from dashboard.plot_style import DRILL, REAL, SLOW, STYLE, finish, new_figure
from gateway.store import ResponseTime

# Upper edges in seconds. Within 5 s is what DIN VDE 0834 asks of a call system; 30, 60 and 120 s
# are our own steps of the escalation.
EDGES_S = (5, 10, 15, 20, 30, 45, 60, 90, 120)
# More bars than this cannot be told apart: days are put together into weeks, then months.
MOST_BARS = 62

Plot = Callable[..., bytes]


def time_to_accept(
    *,
    real: Sequence[ResponseTime],
    drills: Sequence[ResponseTime],
    zone: ZoneInfo,
    days: tuple[date, date],
) -> bytes:
    """How many calls were accepted within how many seconds."""
    with rc_context(STYLE):
        figure, axes = new_figure()
        below, above = in_bins(drills), in_bins(real)
        axes.bar(range(len(above)), above, bottom=below, color=REAL, label=_("Real calls"))
        if drills:
            axes.bar(range(len(below)), below, color=DRILL, hatch="///", label=_("Drills"))
        axes.set_xticks(range(len(below)), bin_names())
        axes.set_xlabel(_("Seconds from the press until somebody accepted"))
        axes.set_ylabel(_("Calls"))
        return finish(figure, axes, is_legend=True, is_empty=not (real or drills))


def by_day(
    *,
    real: Sequence[ResponseTime],
    drills: Sequence[ResponseTime],
    zone: ZoneInfo,
    days: tuple[date, date],
) -> bytes:
    """How many real calls there were each day, and how fast the typical one was accepted."""
    first, last = days
    width = -(-((last - first).days + 1) // MOST_BARS)
    count = -(-((last - first).days + 1) // width)
    groups: list[list[ResponseTime]] = [[] for _number in range(count)]
    for one in real:
        day = datetime.fromtimestamp(one.raised_ms / 1000, UTC).astimezone(zone).date()
        if first <= day <= last:
            groups[(day - first).days // width].append(one)
    starts = [first + timedelta(days=number * width) for number in range(count)]
    with rc_context(STYLE):
        figure, axes = new_figure()
        axes.bar(range(count), [len(group) for group in groups], color=DRILL, label=_("Real calls"))
        axes.set_ylabel(_("Calls"))
        _day_axis(axes, starts, width)
        speed = axes.twinx()
        found = [(number, _median_s(group)) for number, group in enumerate(groups)]
        known = [(number, seconds) for number, seconds in found if seconds is not None]
        speed.plot(
            [number for number, _seconds in known],
            [seconds for _number, seconds in known],
            color=SLOW,
            marker="o",
            markersize=5,
            linewidth=1.6,
            label=_("Median seconds to accept"),
        )
        speed.set_ylim(bottom=0, top=None if known else 1)
        speed.set_ylabel(_("Median seconds to accept"), color=SLOW)
        speed.tick_params(axis="y", colors=SLOW, length=0)
        speed.spines[["top", "left", "right", "bottom"]].set_visible(False)
        return finish(figure, axes, is_legend=False, is_empty=not real)


PLOTS: Mapping[str, Plot] = {"time-to-accept": time_to_accept, "by-day": by_day}


def in_bins(times: Sequence[ResponseTime]) -> list[int]:
    """How many were accepted up to each edge, later than the last, and never."""
    counts = [0] * (len(EDGES_S) + 2)
    for one in times:
        counts[_bin(one.to_accept_ms)] += 1
    return counts


def _bin(to_accept_ms: int | None) -> int:
    if to_accept_ms is None:
        return len(EDGES_S) + 1
    return next(
        (number for number, edge in enumerate(EDGES_S) if to_accept_ms <= edge * 1000),
        len(EDGES_S),
    )


def bin_names() -> list[str]:
    """The words below the bars."""
    return [*(f"≤ {edge}" for edge in EDGES_S), f"> {EDGES_S[-1]}", _("never")]


def _median_s(group: Sequence[ResponseTime]) -> float | None:
    accepted = [one.to_accept_ms / 1000 for one in group if one.to_accept_ms is not None]
    return statistics.median(accepted) if accepted else None


def _day_axis(axes: Axes, starts: Sequence[date], width: int) -> None:
    every = max(len(starts) // 10, 1)
    ticks = range(0, len(starts), every)
    axes.set_xticks(list(ticks))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda at, _position: _day_name(starts, round(at)))
    )
    axes.set_xlim(-0.7, len(starts) - 0.3)
    if width > 1:
        axes.set_xlabel(_("Each bar: %(days)d days from", days=width))


def _day_name(starts: Sequence[date], number: int) -> str:
    if not 0 <= number < len(starts):
        return ""
    return format_date(starts[number], _("d MMM"))
