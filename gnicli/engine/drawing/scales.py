"""The scale, the range and the ticks of an axis, from the data that it shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.ticker import NullLocator

from gnicli.contracts.results import Curve, Panel, Scale
from gnicli.engine.drawing import ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Which = Literal["x", "y"]

LINEAR_BELOW = 3.0  # an axis whose largest value is less than so many times the smallest is linear
FEW = 12  # points of a curve that are measurements of their own, and get markers
_MOST_NAMED = 8  # measured positions that get a tick each
_DISCRETE = ("points", "sizes")


def set_scale(axes: Axes, which: Which, panels: Iterable[Panel]) -> None:
    """Scale, range and ticks of one axis that shows these panels (several share it)."""
    panels = list(panels)
    values = _values(panels, which)
    kind = _kind(panels, which, values)
    axis = axes.xaxis if which == "x" else axes.yaxis
    if kind == "symlog":
        threshold = _set_symlog(axes, which, values)
        axis.set_major_locator(ticks.SymlogTicks(threshold))
        axis.set_major_formatter(ticks.Powers())
    else:
        getattr(axes, f"set_{which}scale")(kind)
        if kind == "log" and which == "y":
            axes.set_ylim(*_log_limits(panels, float(values[values > 0].min()), float(values.max())))
        plain: ticks.Ticks = ticks.LogTicks() if kind == "log" else ticks.LinearTicks(_is_integer(which, values))
        measured = _measured(panels) if which == "x" else []
        axis.set_major_locator(ticks.MeasuredTicks(measured, plain) if measured else plain)
        axis.set_major_formatter(ticks.Powers() if kind == "log" else ticks.Plain())
    axis.set_minor_locator(NullLocator())
    named = panels[0].x_ticks if which == "x" else ()
    if named:
        axis.set_major_locator(ticks.MeasuredTicks([x for x, _ in named], ticks.LinearTicks(integer=True)))
        axis.set_major_formatter(ticks.Named(named))
    if which == "y":
        _cut(axes, panels)


def _values(panels: Iterable[Panel], which: Which) -> np.ndarray:
    data = [np.asarray(curve.x if which == "x" else curve.y, dtype=float) for panel in panels for curve in panel.curves]
    values = np.concatenate(data) if data else np.array([])
    return values[np.isfinite(values)]


def _kind(panels: Sequence[Panel], which: Which, values: np.ndarray) -> Scale:
    """The scale that was asked for; a logarithm only where it can show something, over a factor of three or more."""
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
    curves = [curve for panel in panels for curve in panel.curves if curve.style != "dashed"]
    if any(curve.style not in _DISCRETE and len(curve.x) > FEW for curve in curves):
        return []
    found = sorted({float(x) for curve in curves for x in curve.x if math.isfinite(x)})
    return found if 1 < len(found) <= _MOST_NAMED else []


def _cut(axes: Axes, panels: Iterable[Panel]) -> None:
    """Keep the y axis within what the quantity can be, with a little room for markers."""
    ranges = [panel.y_range for panel in panels if panel.y_range is not None]
    if not ranges:
        return
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    room = 0.03 * (high - low)
    bottom, top = axes.get_ylim()
    if math.isfinite(bottom) and math.isfinite(top) and max(bottom, low - room) < min(top, high + room):
        axes.set_ylim(max(bottom, low - room), min(top, high + room))


def _bands(panels: Iterable[Panel]) -> Iterable[tuple[Curve, np.ndarray, np.ndarray]]:
    for panel in panels:
        for curve in panel.curves:
            if curve.low is not None and curve.high is not None:
                yield curve, np.asarray(curve.low, float), np.asarray(curve.high, float)


def _log_limits(panels: Iterable[Panel], low: float, high: float) -> tuple[float, float]:
    """Limits that show the curves and their bands, but no band that reaches toward zero: it would take up decades."""
    panels = list(panels)
    least = low / 4
    for _, lows, highs in _bands(panels):
        floor = min(low, float(np.nanmin(np.where(np.isfinite(lows) & (lows > 0), lows, np.inf), initial=np.inf)))
        low = max(floor, least)
        high = max(high, float(np.nanmax(np.where(np.isfinite(highs), highs, 0.0), initial=0.0)))
    room = max((high / low) ** 0.05, 1.05)
    return low / room, high * room


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
