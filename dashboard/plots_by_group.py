"""Plots of figures: by hour and weekday, by point, and a month beside the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import nan

from flask_babel import gettext as _
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from dashboard.figures import ResponseFigures
from dashboard.plot_style import DRILL, MUTED, REAL, SLOW, STYLE, calm, finish, svg

# One inch of a picture is 96 pixels on the page.
WIDTH_INCHES = 12
HIGH_INCHES = 4.8
# More points than this cannot be read on a page; those left out are the fastest.
MOST_POINTS = 15

Groups = Mapping[str, ResponseFigures]


def by_hour(groups: Groups, names: Mapping[str, str]) -> bytes:
    """Calls by the hour of the day, and how fast they were accepted."""
    return _calls_and_speed(groups, names, _("Hour of the day"))


def by_weekday(groups: Groups, names: Mapping[str, str]) -> bytes:
    """Calls by the day of the week, and how fast they were accepted."""
    return _calls_and_speed(groups, names, _("Day of the week"))


def by_point(groups: Groups, names: Mapping[str, str]) -> bytes:
    """How fast calls of each point were accepted, the slowest on top."""
    timed = [(name, one) for name, one in groups.items() if one.to_accept_ms.count]
    timed.sort(key=lambda item: (-(item[1].to_accept_ms.p90 or 0), item[0]))
    shown = timed[:MOST_POINTS][::-1]
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, 1.5 + 0.42 * max(len(shown), 3)), layout="tight")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        calm(axes)
        axes.grid(visible=False, axis="y")
        axes.grid(axis="x", color=MUTED, alpha=0.25)
        rows = range(len(shown))
        seconds = [(one.to_accept_ms.p50 / 1000, one.to_accept_ms.p90 / 1000) for _n, one in shown]
        axes.barh(
            rows,
            [ninety for _half, ninety in seconds],
            color=DRILL,
            hatch="///",
            height=0.62,
            label=_ninety(),
        )
        axes.barh(
            rows,
            [half for half, _ninety in seconds],
            color=REAL,
            height=0.62,
            label=_("Half within"),
        )
        for row, (_half, ninety) in zip(rows, seconds, strict=True):
            axes.annotate(
                f"{ninety:.0f}",
                (ninety, row),
                (6, 0),
                textcoords="offset points",
                va="center",
                color=MUTED,
            )
        axes.set_yticks(rows, [names.get(name, name) for name, _one in shown])
        axes.set_xlabel(_("Seconds from the press until somebody accepted"))
        if not shown:
            axes.set_yticks([])
            return finish(figure, axes, is_legend=False, is_empty=True)
        axes.set_xlim(left=0)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
        return svg(figure)


def months(now: Sequence[int], before: Sequence[int], names: Sequence[str]) -> bytes:
    """Calls accepted within how many seconds, this month beside the one before.

    now, before: calls in each bin. names: of this month, of the one before, then of each bin.
    """
    this, last, *bins = names
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, 3.9), layout="tight")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        calm(axes)
        places = range(len(bins))
        width = 0.4
        axes.bar(
            [place - width / 2 for place in places],
            before,
            width,
            color=DRILL,
            hatch="///",
            label=last,
        )
        axes.bar([place + width / 2 for place in places], now, width, color=REAL, label=this)
        axes.set_xticks(places, bins)
        axes.set_xlabel(_("Seconds from the press until somebody accepted"))
        axes.set_ylabel(_("Calls"))
        return finish(figure, axes, is_legend=True, is_empty=not (any(now) or any(before)))


PLOTS: Mapping[str, Callable[[Groups, Mapping[str, str]], bytes]] = {
    "by-hour": by_hour,
    "by-weekday": by_weekday,
    "by-point": by_point,
}


def _calls_and_speed(groups: Groups, names: Mapping[str, str], below: str) -> bytes:
    """Two pictures over one scale: how many, and how fast half and 90 % of them were."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, HIGH_INCHES), layout="tight")
        FigureCanvasSVG(figure)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.25))
        for axes in (upper, lower):
            calm(axes)
        upper.bar(range(len(groups)), [one.count for one in groups.values()], color=REAL)
        upper.set_ylabel(_("Calls"))
        is_empty = not any(one.count for one in groups.values())
        if is_empty:
            lower.set_visible(False)
            return finish(figure, upper, is_legend=False, is_empty=True)
        _speed(lower, list(groups.values()))
        lower.set_xticks(range(len(groups)), [names.get(name, name) for name in groups])
        lower.set_xlabel(below)
        lower.set_xlim(-0.6, len(groups) - 0.4)
        upper.set_ylim(bottom=0)
        lower.set_ylim(bottom=0)
        lower.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 0.96), ncols=2)
        return svg(figure)


def _speed(axes: Axes, groups: Sequence[ResponseFigures]) -> None:
    for percent, colour, marker, line, label in (
        ("p90", SLOW, "^", "--", _ninety()),
        ("p50", REAL, "o", "-", _("Half within")),
    ):
        # Where nobody called there is nothing to draw, nor to join across.
        axes.plot(
            range(len(groups)),
            [
                getattr(one.to_accept_ms, percent) / 1000 if one.to_accept_ms.count else nan
                for one in groups
            ],
            color=colour,
            marker=marker,
            linestyle=line,
            markersize=6,
            linewidth=1.6,
            label=label,
        )
    axes.set_ylabel(_("Seconds to accept"))


def _ninety() -> str:
    return _("90 %% within").replace("%%", "%")
