"""Figures: data in, a picture for the eye (png), one for a paper (pdf) and the numbers behind it (csv) out.

matplotlib is imported only here and only when there is something to draw; pyplot and its global state are not used.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from gnicli import files
from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine import tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 150
_LONGEST = 120  # bytes of a file's stem, of the 255 that a name may have
PANEL_INCHES = (5.2, 3.6)
# Okabe and Ito's colors, distinct to any kind of color vision. Black comes first because it reads as the reference.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
Dash = str | tuple[float, tuple[float, ...]]  # a name of matplotlib's, or an offset and lengths on and off
_DASHES: tuple[Dash, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
_MAX_LEGEND = 12
_MAX_PLAIN_MARKERS = 60
_MAX_SYMLOG_TICKS = 6  # as matplotlib counts them, which leaves 11 at most; the labels of its own 15 touch
_DECADE = 10.0
_STYLE: dict[str, object] = {
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.labelcolor": "#222222",
    "ytick.labelcolor": "#222222",
    "lines.linewidth": 1.7,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.handlelength": 2.4,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 5),
    "axes.formatter.use_mathtext": True,
    "pdf.fonttype": 42,
}


def file_name(name: str) -> str:
    """A figure's name as a file name: `alpha/layer1` is `alpha-layer1`.

    A name made of a user's label may be longer than a file system takes. It is cut, and a hash keeps it distinct.
    """
    stem = re.sub(r"[^\w.=+-]+", "-", name).strip("-.") or "figure"
    if len(stem.encode()) <= _LONGEST:
        return stem
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem.encode()[: _LONGEST - 9].decode(errors='ignore')}-{digest}"


def write(folder: Path, figures: Mapping[str, FigureData]) -> dict[str, FigureData]:
    """Write every figure into `folder` (created if needed) as png, pdf and csv; returns them by the files' stem."""
    written: dict[str, FigureData] = {}
    for name, figure in figures.items():
        files.make_folder(folder)
        stem = file_name(name)
        while stem in written:  # a/b and a-b
            stem += "-2"
        files.replace(folder / f"{stem}.csv", tables.encode_csv(HEADER, _rows(figure)))
        _draw_files(folder, stem, figure)
        written[stem] = figure
    return written


HEADER = ("panel", "curve", "x", "y", "low", "high")


def _rows(figure: FigureData) -> Iterator[tuple[object, ...]]:
    for number, panel in enumerate(figure.panels, start=1):
        for curve in panel.curves:
            columns = [curve.x, curve.y, curve.low, curve.high]
            n = len(curve.x)
            lists = [[None] * n if column is None else np.asarray(column).tolist() for column in columns]
            yield from ((panel.title or number, curve.label, *row) for row in zip(*lists, strict=True))


def _matplotlib() -> ModuleType:
    """matplotlib, whatever its surroundings say of it.

    A backend inherited from a notebook (`MPLBACKEND`) or a damaged `matplotlibrc` makes its import fail; what is drawn
    here depends on neither, so it is imported without them then.
    """
    try:
        import matplotlib
    except ImportError:
        raise
    except Exception:
        import importlib
        import sys

        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]
        with _plain_surroundings():
            return importlib.import_module("matplotlib")
    return matplotlib


@contextlib.contextmanager
def _plain_surroundings() -> Iterator[None]:
    """No backend is asked for, and neither the working folder nor the user has a matplotlibrc."""
    inherited = dict(os.environ)
    place = os.open(".", os.O_RDONLY)
    os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    os.chdir(Path(__file__).parent)  # matplotlib looks into the working folder first
    try:
        yield
    finally:
        os.fchdir(place)
        os.close(place)
        for name in ("MPLBACKEND", "MATPLOTLIBRC"):
            os.environ.pop(name)
            if name in inherited:
                os.environ[name] = inherited[name]


def _draw_files(folder: Path, stem: str, figure: FigureData) -> None:
    mpl = _matplotlib()
    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc of the user must not change what a run writes
        mpl.rcParams.update(_STYLE)
        drawn = draw(figure)
        # Neither file names its time or program, so that equal data give equal bytes.
        files.replace(
            folder / f"{stem}.png",
            lambda out: drawn.savefig(out, format="png", dpi=DPI, metadata={"Software": None}),
        )
        files.replace(
            folder / f"{stem}.pdf",
            lambda out: drawn.savefig(out, format="pdf", metadata={"CreationDate": None, "Producer": None}),
        )


def draw(figure: FigureData) -> Figure:
    """The figure as matplotlib's; panels in a grid that is at most three wide."""
    from matplotlib.figure import Figure as Canvas

    n = max(1, len(figure.panels))
    n_columns = n if n <= 3 else math.ceil(math.sqrt(n))
    n_rows = math.ceil(n / n_columns)
    size = (PANEL_INCHES[0] * n_columns, PANEL_INCHES[1] * n_rows + (0.35 if figure.title else 0))
    canvas = Canvas(figsize=size if n > 1 else (6.4, 4.2))
    axes = canvas.subplots(n_rows, n_columns, squeeze=False)
    styles = _styles(figure)
    for axis, panel in zip(axes.flat, figure.panels, strict=False):
        _draw_panel(axis, panel, styles)
    for axis in axes.flat[len(figure.panels) :]:
        axis.set_axis_off()
    if figure.title:
        canvas.suptitle(textwrap.fill(figure.title, 60 * n_columns), fontsize=12.5, fontweight="bold")
    return canvas


def _styles(figure: FigureData) -> dict[str, tuple[str, Dash]]:
    """A color and a dash per label, the same in all panels; dashes change when the colors are used up."""
    labels = list(dict.fromkeys(curve.label for panel in figure.panels for curve in panel.curves))
    return {
        label: (PALETTE[i % len(PALETTE)], _DASHES[i // len(PALETTE) % len(_DASHES)]) for i, label in enumerate(labels)
    }


def _draw_panel(axis: Axes, panel: Panel, styles: Mapping[str, tuple[str, Dash]]) -> None:
    for curve in panel.curves:
        _draw_curve(axis, curve, *styles[curve.label])
    _set_scale(axis, "x", panel)
    _set_scale(axis, "y", panel)
    axis.set_xlabel(panel.x_label)
    axis.set_ylabel(panel.y_label)
    axis.set_title(panel.title, loc="left")
    axis.margins(x=0.02)
    handles, labels = axis.get_legend_handles_labels()
    shown = len(set(labels) - {""})
    if shown and (shown > 1 or len(panel.curves) > 1 or len(styles) > 1 or panel.curves[0].low is not None):
        if shown <= _MAX_LEGEND:
            axis.legend(handles, labels, loc="best", ncols=1 if shown <= 6 else 2)
        else:
            axis.legend(handles, labels, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5)


def _draw_curve(axis: Axes, curve: Curve, color: str, dash: Dash) -> None:
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    if curve.low is not None and curve.high is not None:
        axis.fill_between(
            x,
            curve.low,
            curve.high,
            color=color,
            alpha=0.18,
            linewidth=0,
            step="mid" if curve.style == "steps" else None,
        )
    if curve.style == "dots":
        size = 5 if x.size <= _MAX_PLAIN_MARKERS else 2.5
        axis.plot(x, y, "o", color=color, markersize=size, markeredgewidth=0, alpha=0.85, label=curve.label)
    elif curve.style == "steps":
        axis.plot(x, y, color=color, linestyle=dash, drawstyle="steps-mid", label=curve.label)
    else:
        line = (0, (5, 2)) if curve.style == "dashed" and dash == "-" else dash
        # A single point draws no line.
        marker = "o" if np.count_nonzero(np.isfinite(y)) <= 1 else None
        axis.plot(x, y, color=color, linestyle=line, marker=marker, markersize=5, label=curve.label)


def _set_scale(axis: Axes, which: str, panel: Panel) -> None:
    scale = panel.x_scale if which == "x" else panel.y_scale
    data = [np.asarray(curve.x if which == "x" else curve.y, dtype=float) for curve in panel.curves]
    values = np.concatenate(data) if data else np.array([])
    values = values[np.isfinite(values)]
    if scale == "log" and not (values > 0).any():
        scale = "linear"  # nothing that a logarithm could show
    if scale == "symlog":
        _set_symlog(axis, which, values)
        return
    getattr(axis, f"set_{which}scale")(scale)
    if scale == "log" and values.max() > _DECADE * values[values > 0].min():
        # matplotlib labels minor ticks over less than two decades, and these labels overlap on a narrow panel.
        from matplotlib.ticker import NullFormatter

        getattr(axis, f"{which}axis").set_minor_formatter(NullFormatter())
    if scale == "log" and which == "y":
        axis.set_ylim(*_log_limits(panel, float(values[values > 0].min()), float(values.max())))


def _log_limits(panel: Panel, low: float, high: float) -> tuple[float, float]:
    """Limits that show the curves and their bands, but no band that reaches toward zero: it would take up decades."""
    least = low / 4
    for curve in panel.curves:
        if curve.low is None or curve.high is None:
            continue
        lows, highs = np.asarray(curve.low, float), np.asarray(curve.high, float)
        floor = min(low, float(np.nanmin(np.where(np.isfinite(lows) & (lows > 0), lows, np.inf))))
        low = max(floor, least)
        high = max(high, float(np.nanmax(np.where(np.isfinite(highs), highs, 0.0))))
    room = max((high / low) ** 0.05, 1.05)
    return low / room, high * room


def _set_symlog(axis: Axes, which: str, values: np.ndarray) -> None:
    """The more decades, the wider the linear part: zero and the threshold are labeled beside each other."""
    extent = axis.dataLim.intervalx if which == "x" else axis.dataLim.intervaly
    threshold = _linear_threshold(values, extent)
    decades = math.log10(max(np.abs(extent[np.isfinite(extent)]).max(initial=threshold) / threshold, 1.0))
    getattr(axis, f"set_{which}scale")("symlog", linthresh=threshold, linscale=max(1.0, 0.2 * decades))
    getattr(axis, f"{which}axis").get_major_locator().set_params(numticks=_MAX_SYMLOG_TICKS)


def _linear_threshold(values: np.ndarray, extent: np.ndarray) -> float:
    """Where a symmetric logarithm turns linear: below most values, at a power of ten or ticks crowd there.

    It is at most 12 decades below the end of the axis (bands included): matplotlib overflows on much more.
    """
    sizes = np.abs(values[values != 0])
    ends = np.abs(extent[np.isfinite(extent)])
    largest = max([*ends, *sizes], default=0.0)
    if largest == 0 or sizes.size == 0:
        return 1.0
    return 10.0 ** math.ceil(math.log10(max(float(np.quantile(sizes, 0.1)), largest * 1e-12)))
