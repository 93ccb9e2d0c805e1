"""The plot of a month's key figures beside those of the month before, each in its own scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from dashboard.plot_style import DRILL, INK, MUTED, REAL, STYLE, svg

SIZE_INCHES = (12, 4.2)
# On A4 the picture is little more than half as wide: smaller text could not be read there.
TEXT = 15
WIDTH = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One figure of both months. now, before: None where there is none; *_text: as written."""

    name: str
    now: int | None
    before: int | None
    now_text: str
    before_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Figures that share a scale."""

    title: str
    pairs: Sequence[Pair]


def comparison(panels: Sequence[Panel], *, now: str, before: str) -> bytes:
    """now, before: the names of the two months."""
    with rc_context({**STYLE, "font.size": TEXT}):
        figure = Figure(figsize=SIZE_INCHES)
        FigureCanvasSVG(figure)
        every = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, panel in zip(every, panels, strict=True):
            _draw(axes, panel, now=now, before=before)
        if not any(pair.now or pair.before for panel in panels for pair in panel.pairs):
            figure.clear()
            figure.text(
                *(0.5, 0.5),
                _("No calls in these days"),
                ha="center",
                va="center",
                color=MUTED,
                size=16,
            )
            return svg(figure)
        handles, names = every[0].get_legend_handles_labels()
        figure.legend(handles, names, frameon=False, loc="upper right", ncols=2)
        figure.tight_layout(rect=(0, 0, 1, 0.9), w_pad=2.5)
        return svg(figure)


def _draw(axes: Axes, panel: Panel, *, now: str, before: str) -> None:
    """A pair of bars a figure, with its value above each; no axis is needed then."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.set_title(panel.title, color=INK, size=TEXT, loc="left", pad=14)
    places = range(len(panel.pairs))
    _bars(axes, [place - WIDTH / 2 for place in places], panel, "before", before)
    _bars(axes, [place + WIDTH / 2 for place in places], panel, "now", now)
    axes.set_xticks(places, [pair.name for pair in panel.pairs])
    axes.set_xlim(-0.6, len(panel.pairs) - 0.4)
    highest = max(max(pair.now or 0, pair.before or 0) for pair in panel.pairs)
    axes.set_ylim(0, (highest or 1) * 1.12)


def _bars(axes: Axes, places: Sequence[float], panel: Panel, which: str, label: str) -> None:
    looks = {"now": {"color": REAL}, "before": {"color": DRILL, "hatch": "///"}}[which]
    heights = [getattr(pair, which) or 0 for pair in panel.pairs]
    axes.bar(places, heights, WIDTH, label=label, **looks)
    for place, height, pair in zip(places, heights, panel.pairs, strict=True):
        axes.annotate(
            getattr(pair, f"{which}_text"),
            (place, height),
            (0, 3),
            textcoords="offset points",
            ha="center",
            color=INK if which == "now" else MUTED,
            size=TEXT - 2,
        )
