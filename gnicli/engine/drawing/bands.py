"""Bands beside their curves: how far an axis follows them, and which of them fill their panel and say nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine.drawing import looks, scales

BEYOND = 0.5  # of the range of the curves, by which bands widen an axis at either end
FILLED = 2 / 3  # of a panel's height: a band that takes up more of it, at most points, fills the panel
_NEARLY = 0.5  # where one band of a panel fills it, those that take up more than this are left out with it
GAPS = ", with gaps where it reaches 0"
_ROOM = 0.05  # of an axis at either end
_TOWARD_ZERO = math.log10(4.0)  # how far a logarithmic axis follows bars below the curves: zero is infinitely far


def limits(panels: Sequence[Panel], *, is_log: bool, is_spread: bool = False) -> tuple[float, float] | None:
    """The ends of a y axis that shows these panels; None where no band is in the way of matplotlib's choice.

    The curves come first: an uncertainty widens the axis by half of their range at either end, and is cut there. A
    spread, which is data of its own, is shown as a whole.
    """
    inner = _inner(panels, is_log=is_log)
    if inner is None:
        return None
    low, high = inner
    bottom, top = _band_ends(panels, low - _TOWARD_ZERO, is_log=is_log)
    if not is_log and (bottom >= top or not high - low < math.inf):
        return None
    reach = math.inf if is_spread else BEYOND * _range(panels, inner, is_log=is_log) or math.inf
    down = max(_TOWARD_ZERO, BEYOND * (high - low)) if is_log and math.isinf(reach) else reach
    low, high = max(min(low, bottom), low - down), min(max(high, top), high + reach)
    room = max(_ROOM * (high - low), math.log10(1.05) if is_log else 0.0)
    if not is_log:
        return (low - room, high + room) if room else None
    return _power(low - room), _power(high + room)


def _power(exponent: float) -> float:
    return float(10.0 ** min(max(exponent, -307.0), 308.0))


def resolved(figure: FigureData) -> tuple[FigureData, bool]:
    """The figure without bands that fill their panel and error bars that fill their range.

    Also whether there were such bands. The headings of their panels name their curves. Bands have gaps where they reach
    zero on a logarithmic axis.
    """
    if figure.spread:
        return figure, False
    kept = tuple(
        panel._replace(curves=tuple(_barred(curve, panel.y_range) for curve in panel.curves)) for panel in figure.panels
    )
    figure = figure._replace(panels=kept)
    panels = tuple(_resolved(panel, scales.group(figure, panel, "y")) for panel in kept)
    has_filled = any(panel is not old for panel, old in zip(panels, kept, strict=True))
    figure = figure._replace(panels=panels)
    return _with_gaps(figure), has_filled


def _with_gaps(figure: FigureData) -> FigureData:
    """The figure with gaps in bands where they reach zero on logarithmic axes; what bands are says so."""
    is_log = [scales.kind(scales.group(figure, panel, "y"), "y") == "log" for panel in figure.panels]
    panels = tuple(
        panel._replace(curves=tuple(map(_open_below, panel.curves))) if log else panel
        for panel, log in zip(figure.panels, is_log, strict=True)
    )
    pairs = ((new, old) for one, other in zip(panels, figure.panels, strict=True)
             for new, old in zip(one.curves, other.curves, strict=True))  # fmt: skip
    has_gap = any(new is not old for new, old in pairs)
    return figure._replace(panels=panels, bands=f"{figure.bands}{GAPS}" if figure.bands and has_gap else figure.bands)


def _barred(curve: Curve, possible: tuple[float, float] | None) -> Curve:
    """The curve without those error bars that take up most of what the quantity can be: NaN, as where none is known."""
    if curve.style != "points" or curve.low is None or curve.high is None or possible is None:
        return curve
    low, high = np.asarray(curve.low, float), np.asarray(curve.high, float)
    says_nothing = high - low > FILLED * (possible[1] - possible[0])
    return curve._replace(low=np.where(says_nothing, np.nan, low), high=np.where(says_nothing, np.nan, high))


def _resolved(panel: Panel, together: Sequence[Panel]) -> Panel:
    is_log = scales.kind(together, "y") == "log"
    shares = [
        _share(curve, together, is_log=is_log) if _is_banded(curve) and not _tells(curve, panel) else 0.0
        for curve in panel.curves
    ]
    if max(shares, default=0.0) <= FILLED or panel.y_scale == "symlog":
        return panel
    filled = [share > _NEARLY for share in shares]  # of bands alike it must not be chance which are drawn
    curves = tuple(
        curve._replace(low=None, high=None) if fills else curve
        for curve, fills in zip(panel.curves, filled, strict=True)
    )
    names = [looks.key_of(curve) for curve, fills in zip(panel.curves, filled, strict=True) if fills]
    told = "not resolved" if not any(_is_banded(curve) for curve in curves) else f"not resolved: {', '.join(names)}"
    return panel._replace(
        curves=curves, heading="\n".join(part for part in (panel.heading or panel.title, told) if part)
    )


def _share(curve: Curve, panels: Sequence[Panel], *, is_log: bool) -> float:
    """How much of the height of a panel that shows the curves of `panels` a band takes up, at the median of points."""
    inner, ends = _inner(panels, is_log=is_log), limits(panels, is_log=is_log)
    if inner is None or ends is None:
        return 0.0
    if _range(panels, inner, is_log=is_log) == 0:
        return 0.0  # nothing varies, so that the band is all there is to see
    bottom, top = scales.within(panels, *ends)
    if is_log:
        bottom, top = math.log10(bottom), math.log10(top)
    if is_log and _reaches_zero(curve).mean() >= 0.5:
        return 1.0  # zero is infinitely far below
    low, high = (np.clip(_scaled(side, is_log=is_log), bottom, top) for side in (curve.low, curve.high))
    shares = (high - low)[np.isfinite(high - low)] / max(top - bottom, _possible(panels, is_log=is_log))
    return float(np.median(shares)) if shares.size else 0.0


def _tells(curve: Curve, panel: Panel) -> bool:
    """Whether the band excludes another curve of the panel at half of its points, so that it tells the two apart."""
    x, low, high = (np.asarray(values, float) for values in (curve.x, curve.low, curve.high))
    known = np.isfinite(low) & np.isfinite(high)
    for other in panel.curves:
        if other is not curve and len(other.x) and (np.diff(other.x) > 0).all():
            at = np.interp(x, np.asarray(other.x, float), np.asarray(other.y, float), np.nan, np.nan)
            if 2 * np.count_nonzero(((at < low) | (at > high))[known]) >= np.count_nonzero(known):
                return True
    return False


def _reaches_zero(curve: Curve) -> np.ndarray:
    """Whether a band reaches zero, at each of the points where it is known; no point at all does where none is."""
    low, high = np.asarray(curve.low, float), np.asarray(curve.high, float)
    known = np.isfinite(low) & np.isfinite(high)
    return low[known] <= 0 if known.any() else np.zeros(1, bool)


def _open_below(curve: Curve) -> Curve:
    """The curve with gaps in its band where that reaches zero, if it does so at fewer than half of its points.

    On a logarithmic axis such a point is a wall from the curve to the ground. At most points it is no exception.
    """
    if not _is_banded(curve) or not 0 < _reaches_zero(curve).mean() < 0.5:
        return curve
    low, high = np.asarray(curve.low, float), np.asarray(curve.high, float)
    return curve._replace(low=np.where(low <= 0, np.nan, low), high=np.where(low <= 0, np.nan, high))


def _is_banded(curve: Curve) -> bool:
    return curve.low is not None and curve.high is not None and curve.style not in scales.DISCRETE


def _scaled(values: np.ndarray | None, *, is_log: bool) -> np.ndarray:
    """Values as an axis places them: what is not positive lies infinitely low on a logarithmic one."""
    found = np.asarray([] if values is None else values, float)
    if not is_log:
        return found
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(found <= 0, -np.inf, np.log10(found))


def _inner(panels: Iterable[Panel], *, is_log: bool) -> tuple[float, float] | None:
    """What an axis shows in any case: curves, error bars, and the ground that a histogram stands on."""
    curves = [curve for panel in panels for curve in panel.curves]
    y = _finite([curve.y for curve in curves], is_log=is_log)
    if not y.size:
        return None
    bars = [side for c in curves if c.style in scales.DISCRETE for side in (c.low, c.high) if side is not None]
    more = _finite(bars, is_log=is_log)
    if is_log:
        more = np.maximum(more, y.min() - _TOWARD_ZERO)
    elif any(curve.style == "steps" for curve in curves):
        more = np.append(more, 0.0)
    found = np.concatenate([y, more])
    return float(found.min()), float(found.max())


def _finite(arrays: Sequence[np.ndarray], *, is_log: bool) -> np.ndarray:
    scaled = [_scaled(array, is_log=is_log) for array in arrays]
    found = np.concatenate(scaled) if scaled else np.empty(0)
    return found[np.isfinite(found)]


def _band_ends(panels: Iterable[Panel], least: float, *, is_log: bool) -> tuple[float, float]:
    """The lowest and the highest point of the bands; infinite the other way round where there is none.

    A band that reaches zero on a logarithmic axis ends at `least`.
    """
    banded = [curve for panel in panels for curve in panel.curves if _is_banded(curve)]
    low = np.concatenate([np.empty(0), *(_scaled(curve.low, is_log=is_log) for curve in banded)])
    high = np.concatenate([np.empty(0), *(_scaled(curve.high, is_log=is_log) for curve in banded)])
    if is_log:
        low = np.maximum(low, min(least, low[np.isfinite(low)].min(initial=np.inf)))
    return (
        float(low[np.isfinite(low)].min(initial=np.inf)),
        float(high[np.isfinite(high)].max(initial=-np.inf)),
    )


def _range(panels: Iterable[Panel], inner: tuple[float, float], *, is_log: bool) -> float:
    """The range of the curves, or half of what the quantity can have, if that is more."""
    return max(inner[1] - inner[0], _possible(panels, is_log=is_log) / 2)


def _possible(panels: Iterable[Panel], *, is_log: bool) -> float:
    """The range that the quantity can have; 0 where that is not known, or has no logarithm."""
    known = [panel.y_range[1] - panel.y_range[0] for panel in panels if panel.y_range is not None and not is_log]
    return max((each for each in known if math.isfinite(each)), default=0.0)
