"""One curve on its axes, by its style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rcParams

from gnicli.contracts.results import Curve, Panel
from gnicli.engine.drawing.looks import Look
from gnicli.engine.drawing.scales import FEW, JOINED

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Transform

NOT_RESOLVED = "open: not resolved, at most this"
OPEN = "open: not resolved"
UNKNOWN = "pale: no standard error is known"
PALE = 0.4
_BAND = 0.18
_FILLED = 0.3
_MAX_PLAIN_MARKERS = 60
APART = 3.5  # points of print between measurements that lie at one place
_BAR_WIDTH = 0.9


def draw_curve(axes: Axes, curve: Curve, look: Look, beside: tuple[int, int] = (0, 1)) -> Line2D:
    """Draw a curve; returns the artist that stands for it in a legend.

    `beside` says which of how many curves of single measurements it is: they are drawn next to one another.
    """
    if curve.style in ("points", "sizes"):
        return _points(axes, curve, look, beside)
    _band(axes, curve, look)
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    if curve.style == "dots":
        size = 3.6 if x.size <= _MAX_PLAIN_MARKERS else 2.0
        (line,) = axes.plot(
            x, y, look.marker, color=look.color, markersize=size, markeredgewidth=0, alpha=0.85, zorder=2.5
        )
        return line
    if curve.style == "steps":
        return _histogram(axes, x, y, look)
    few = np.count_nonzero(np.isfinite(y)) <= (1 if curve.style in JOINED else FEW)
    (line,) = axes.plot(
        x,
        y,
        color=look.color,
        linestyle=look.dash,
        linewidth=rcParams["lines.linewidth"] * (0.5 if look.is_thin else 1.0),
        marker=look.marker if few else "",
        alpha=0.45 if curve.style == "faint" else 1.0,
    )
    return line


def _band(axes: Axes, curve: Curve, look: Look) -> None:
    if curve.low is None or curve.high is None:
        return
    x, low, high = (np.asarray(values, float) for values in (curve.x, curve.low, curve.high))
    if curve.style == "steps":  # as wide as the bars
        x, low, high = np.repeat(_edges(x), 2)[1:-1], np.repeat(low, 2), np.repeat(high, 2)
    axes.fill_between(x, low, high, color=look.color, alpha=_BAND, linewidth=0, label="_band")


def _histogram(axes: Axes, x: np.ndarray, y: np.ndarray, look: Look) -> Line2D:
    """Bars on the ground around the middles x, filled."""
    at, high = np.repeat(_edges(x), 2), np.concatenate([[0.0], np.repeat(y, 2), [0.0]])
    axes.fill_between(at, 0.0, high, color=look.color, alpha=_FILLED, linewidth=0, label="_filled")
    (line,) = axes.plot(at, high, color=look.color, linewidth=0.8, linestyle=look.dash)
    return line


def _edges(middles: np.ndarray) -> np.ndarray:
    """The edges of bars: halfway between their middles, and as far beyond the first and the last."""
    if middles.size < 2:
        return np.concatenate([middles - 0.5, middles[-1:] + 0.5])
    inner = (middles[1:] + middles[:-1]) / 2
    return np.concatenate([[2 * middles[0] - inner[0]], inner, [2 * middles[-1] - inner[-1]]])


def bar(look: Look) -> Artist:
    """What stands for a histogram in a legend: its outline alone would be the line of a law in grey print."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Patch

    return Patch(facecolor=to_rgba(look.color, _FILLED), edgecolor=look.color, linewidth=0.8, linestyle=look.dash)


def _points(axes: Axes, curve: Curve, look: Look, beside: tuple[int, int]) -> Line2D:
    """Markers with error bars, open ones where there is no bar.

    Of sizes that are not resolved there is an open marker at the upper end, and a pale one where no end is known.
    """
    from matplotlib.transforms import ScaledTranslation

    figure = axes.get_figure()
    assert figure is not None
    place, n = beside
    shift = (place - (n - 1) / 2) * APART / 72
    moved = axes.transData + ScaledTranslation(shift, 0, figure.dpi_scale_trans)
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    known = np.ones(x.size, bool)
    _reach(axes, x, y)
    if curve.low is not None and curve.high is not None:
        low, high = np.asarray(curve.low, float), np.asarray(curve.high, float)
        if curve.style == "sizes":
            known = low > 0
            unknown = _without_end(curve)
            at_most = ~known & ~unknown
            _open(axes, x[at_most], high[at_most], look, moved, "_limit")
            _reach(axes, x[at_most], high[at_most])
            if unknown.any():
                axes.plot(
                    x[unknown], y[unknown], look.marker, color=look.color, markeredgewidth=0, alpha=PALE,
                    transform=moved, label="_unknown",
                )  # fmt: skip
                _reach(axes, x[unknown], y[unknown])
        bars = known & (high > low)
        _reach(axes, np.tile(x[bars], 2), np.concatenate([low[bars], high[bars]]))
        ends = np.column_stack([low, high, np.full(x.size, np.nan)])[bars].ravel()
        axes.plot(np.repeat(x[bars], 3), ends, color=look.color, transform=moved, linewidth=_BAR_WIDTH, label="_bar")
    open_ones = _without_bar(curve)
    _open(axes, x[open_ones], y[open_ones], look, moved, "_open")
    known &= ~open_ones
    (line,) = axes.plot(
        x[known], y[known], look.marker, color=look.color, markeredgewidth=0, transform=moved, zorder=2.5
    )
    return line


def _open(axes: Axes, x: np.ndarray, y: np.ndarray, look: Look, moved: Transform, label: str) -> None:
    """Open markers, of the shape that the curve has elsewhere."""
    if not x.size:
        return
    axes.plot(
        x,
        y,
        look.marker,
        color=look.color,
        markerfacecolor="none",
        markeredgewidth=0.8,
        transform=moved,
        label=label,
    )


def _reach(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """Let the axes show these points: matplotlib leaves out what is moved by a length on paper."""
    finite = np.isfinite(x) & np.isfinite(y)
    if finite.any():
        axes.update_datalim(np.column_stack([x, y])[finite])
        axes.autoscale_view()


def has_width(curve: Curve) -> bool:
    """Whether a band or an error bar can be seen: of a single run there is none."""
    if curve.low is None or curve.high is None:
        return False
    low, high = np.asarray(curve.low, float), np.asarray(curve.high, float)
    return bool(((high > low) & ((curve.style != "sizes") | (low > 0))).any())


def _without_bar(curve: Curve) -> np.ndarray:
    """Which of its single measurements have no error bar, because none is known or it would say nothing."""
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    if curve.style != "points" or curve.low is None or curve.high is None:
        return np.zeros(x.size, bool)
    return np.isfinite(y) & ~np.isfinite(np.asarray(curve.high, float) - np.asarray(curve.low, float))


def has_open(curve: Curve) -> bool:
    """Whether some of its measurements have no error bar while others may."""
    return bool(_without_bar(curve).any())


def _without_end(curve: Curve) -> np.ndarray:
    """Which of its sizes have an interval without an upper end, because no standard error is known."""
    y = np.asarray(curve.y, float)
    if curve.style != "sizes" or curve.low is None or curve.high is None:
        return np.zeros(y.size, bool)
    return np.isfinite(y) & ~np.isfinite(np.asarray(curve.high, float))


def has_unknown(curve: Curve) -> bool:
    """Whether no standard error is known of some of its sizes."""
    return bool(_without_end(curve).any())


def has_limits(curve: Curve) -> bool:
    """Whether some of its sizes are not resolved, and their upper ends are drawn."""
    if curve.style != "sizes" or curve.low is None or curve.high is None:
        return False
    return bool((~(np.asarray(curve.low, float) > 0) & np.isfinite(np.asarray(curve.high, float))).any())


def draw_slopes(axes: Axes, panel: Panel) -> None:
    """Guides of the orders of convergence: through the middle of each curve, that of the slope next to its own."""
    for curve in panel.curves:
        x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
        used = (x > 0) & (y > 0) & np.isfinite(x) & np.isfinite(y)
        if not panel.slopes or len(set(x[used])) < 2:
            continue
        log_x, log_y = np.log(x[used]), np.log(y[used])
        own = float(np.polyfit(log_x, log_y, 1)[0])
        slope = min(panel.slopes, key=lambda each: abs(each - own))
        ends = np.array([log_x.min(), log_x.max()])
        heights = np.exp(log_y.mean() + slope * (ends - log_x.mean()))
        axes.plot(np.exp(ends), heights, color="#888888", linewidth=0.7, label="_slope", zorder=1.5)
        axes.annotate(
            f"slope {slope:g}",
            (float(np.exp(ends[0])), float(heights[0])),
            xytext=(2, 5),
            textcoords="offset points",
            va="bottom",
            color="#555555",
        )
