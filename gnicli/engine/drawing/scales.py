"""The scale, the range and the ticks of an axis, from the data that it shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.ticker import NullLocator

from gnicli.contracts.results import FigureData, Panel, Scale
from gnicli.engine.drawing import ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Which = Literal["x", "y"]

LINEAR_BELOW = 3.0  # an axis whose largest value is less than so many times the smallest is linear
FEW = 12  # points of a curve that are measurements of their own, and get markers
_LEAST_RANGE = 1e-6  # of what it shows: a narrower linear axis would show rounding, with ticks that read alike
_MOST_NAMED = 8  # measured positions that get a tick each
JOINED = ("dashed", "reference")  # styles of curves that are not measured, and are drawn through any number of points
DISCRETE = ("points", "sizes")  # styles of single measurements, which have bars and no band


def group(figure: FigureData, panel: Panel, which: Which) -> list[Panel]:
    """The panels that share an axis with this one: those that show the same quantity."""
    if which not in figure.share:
        return [panel]
    label = f"{which}_label"
    return [other for other in figure.panels if getattr(other, label) == getattr(panel, label)]


def set_scale(axes: Axes, which: Which, panels: Iterable[Panel], ends: tuple[float, float] | None = None) -> None:
    """Scale, range and ticks of one axis that shows these panels (several share it); `ends` are those of its range."""
    panels = list(panels)
    values = _values(panels, which)
    scale = kind(panels, which)
    axis = axes.xaxis if which == "x" else axes.yaxis
    if scale == "symlog":
        threshold = _set_symlog(axes, which, values)
        axis.set_major_locator(ticks.SymlogTicks(threshold))
        axis.set_major_formatter(ticks.Powers())
    else:
        getattr(axes, f"set_{which}scale")(scale)
        if ends is not None:
            getattr(axes, f"set_{which}lim")(*ends)
        if scale == "linear":
            _widen(axes, which)
        plain: ticks.Ticks = ticks.LogTicks() if scale == "log" else ticks.LinearTicks(_is_integer(which, values))
        measured = _measured(panels) if which == "x" else []
        axis.set_major_locator(ticks.MeasuredTicks(measured, plain) if measured else plain)
        axis.set_major_formatter(ticks.Powers() if scale == "log" else ticks.Plain())
    axis.set_minor_locator(NullLocator())
    named = panels[0].x_ticks if which == "x" else ()
    if named:
        axis.set_major_locator(ticks.MeasuredTicks([x for x, _ in named], ticks.LinearTicks(integer=True), len(named)))
        axis.set_major_formatter(ticks.Named(named))
        places = [x for x, _ in named]
        if not ticks.fit(axis, places):
            axis.set_tick_params(labelrotation=90)
            if not ticks.fit(axis, places):
                axis.set_major_formatter(ticks.Named(named, one_line=True))
    if which == "y":
        _cut(axes, panels)


def _widen(axes: Axes, which: Which) -> None:
    """Give an axis of values that are all but equal a range of a tenth of them."""
    low, high = getattr(axes, f"get_{which}lim")()
    size = max(abs(low), abs(high))
    if 0 < high - low < _LEAST_RANGE * size:
        getattr(axes, f"set_{which}lim")(low - 0.05 * size, high + 0.05 * size)


def _values(panels: Iterable[Panel], which: Which) -> np.ndarray:
    data = [np.asarray(curve.x if which == "x" else curve.y, dtype=float) for panel in panels for curve in panel.curves]
    values = np.concatenate(data) if data else np.array([])
    return values[np.isfinite(values)]


def kind(panels: Sequence[Panel], which: Which) -> Scale:
    """The scale that was asked for; a logarithm only where it can show something, over a factor of three or more."""
    values = _values(panels, which)
    asked = panels[0].x_scale if which == "x" else panels[0].y_scale
    if asked != "log":
        return asked
    positive = values[values > 0]
    if positive.size == 0 or positive.max() < LINEAR_BELOW * positive.min():
        return "linear"
    return "log"


def _is_integer(which: Which, values: np.ndarray) -> bool:
    """Steps, layers and counts; a y axis is one of measurements."""
    return (
        which == "x" and values.size > 0 and bool((np.abs(values) < 2**53).all() and (values == np.rint(values)).all())
    )


def _measured(panels: Iterable[Panel]) -> list[float]:
    """The few positions at which curves were measured; none where a curve is drawn through many."""
    curves = [curve for panel in panels for curve in panel.curves if curve.style not in JOINED]
    if any(curve.style not in DISCRETE and len(curve.x) > FEW for curve in curves):
        return []
    found = sorted({float(x) for curve in curves for x in curve.x if math.isfinite(x)})
    return found if 1 < len(found) <= _MOST_NAMED else []


def _cut(axes: Axes, panels: Sequence[Panel]) -> None:
    """Keep the y axis within what the quantity can be, with a little room for markers."""
    bottom, top = axes.get_ylim()
    if math.isfinite(bottom) and math.isfinite(top) and (ends := within(panels, bottom, top)) != (bottom, top):
        axes.set_ylim(*ends)


def within(panels: Iterable[Panel], bottom: float, top: float) -> tuple[float, float]:
    """The part of an axis from `bottom` to `top` where the quantity can be, with a little room for markers."""
    ranges = [panel.y_range for panel in panels if panel.y_range is not None]
    if not ranges:
        return bottom, top
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    room = 0.03 * (high - low if math.isfinite(high - low) else top - bottom)
    ends = max(bottom, low - room), min(top, high + room)
    return ends if ends[0] < ends[1] else (bottom, top)


def _set_symlog(axes: Axes, which: Which, values: np.ndarray) -> float:
    """Returns where the scale turns linear. The more decades, the wider the linear part: 0 and it are labeled."""
    extent = axes.dataLim.intervalx if which == "x" else axes.dataLim.intervaly
    threshold = _linear_threshold(values, extent)
    decades = math.log10(max(np.abs(extent[np.isfinite(extent)]).max(initial=threshold) / threshold, 1.0))
    getattr(axes, f"set_{which}scale")("symlog", linthresh=threshold, linscale=max(1.0, 0.2 * decades))
    return threshold


def _linear_threshold(values: np.ndarray, extent: np.ndarray) -> float:
    """Where a symmetric logarithm turns linear: below most values, at a power of ten.

    It is at most 12 decades below the end of the axis (bands included): matplotlib overflows on much more.
    """
    sizes = np.abs(values[values != 0])
    ends = np.abs(extent[np.isfinite(extent)])
    largest = max([*ends, *sizes], default=0.0)
    if largest == 0 or sizes.size == 0:
        return 1.0
    return 10.0 ** math.ceil(math.log10(max(float(np.quantile(sizes, 0.1)), largest * 1e-12)))
