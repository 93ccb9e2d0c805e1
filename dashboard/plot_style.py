"""How every plot looks: drawn with matplotlib as SVG in which text stays text.

Imported only when a plot is asked for: matplotlib costs a second and 50 MiB.
"""

from __future__ import annotations

import io
import logging
import warnings

from flask_babel import gettext as _
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK, MUTED, GRID = "#17212b", "#52606d", "#d5dce3"
REAL, DRILL, SLOW = "#1f5f8b", "#b8c4cf", "#c2410c"
FONTS = ["Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]
STYLE = {
    "svg.fonttype": "none",  # words, not outlines: they can be read aloud, searched and copied
    "svg.hashsalt": "anling",
    "font.family": FONTS,
    "font.size": 13,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "hatch.linewidth": 0.8,
    "hatch.color": "#5f6f7d",
}
SIZE_INCHES = (12, 3.9)


def new_figure() -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes that counts upwards."""
    figure = Figure(figsize=SIZE_INCHES, layout="tight")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    calm(axes)
    return figure, axes


def calm(axes: Axes) -> None:
    """Takes away every line that says nothing."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.grid(axis="y", color=GRID)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5, min_n_ticks=1))


def finish(figure: Figure, axes: Axes, *, is_legend: bool, is_empty: bool) -> bytes:
    """The picture, or that there is nothing to draw."""
    axes.set_ylim(bottom=0, top=1 if is_empty else None)
    if is_empty:
        axes.text(
            0.5,
            0.5,
            _("No calls in these days"),
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=MUTED,
            size=16,
        )
    elif is_legend:
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return svg(figure)


def svg(figure: Figure) -> bytes:
    """The picture. A gateway without Chinese fonts only guesses widths; the browser has them."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
