"""A whole figure: panels in a grid as wide as a page or a column of it, one legend below them, a title above."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine.drawing import bands, curves, looks, scales, ticks
from gnicli.engine.drawing.words import typographic, width, wrapped

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, PAGE = 3.25, 6.75  # inches
_NARROWEST = 2.1  # inches of a panel with its labels
_HEIGHTS = {1: 2.2, 2: 2.1, 3: 1.85}  # inches of a panel, by panels in a row
_POINTS = 72
_LEADING = 1.35  # height of a line, in units of the font's size
_GREY = "#777777"


class _Entry(NamedTuple):
    artist: Artist
    text: str


class Texts(NamedTuple):
    """Words of a user's own in place of those of the data; they may hold mathematics between $ signs."""

    title: str | None = None
    x_label: str | None = None
    y_label: str | None = None
    labels: tuple[str, ...] = ()

    def put(self, figure: FigureData) -> FigureData:
        """The figure with these words."""
        axes = {name: text for name in ("x_label", "y_label") if (text := getattr(self, name)) is not None}
        panels = tuple(panel._replace(**axes) for panel in figure.panels)
        return figure._replace(panels=panels, title=figure.title if self.title is None else self.title)


def draw(figure: FigureData, inches: float | None = None, own: Texts | None = None) -> Figure:
    """The figure as matplotlib's, `inches` wide: by default a column for one panel and a page for several.

    It takes sizes of text and all else that a style says from matplotlib's settings.
    """
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    own = own or Texts()
    figure, has_filled = bands.resolved(own.put(figure))
    panels = figure.panels
    inches = inches or (PAGE if len(panels) > 1 else COLUMN)
    n_columns = _n_columns(figure, inches)
    n_rows = math.ceil(len(panels) / n_columns) or 1
    size = float(matplotlib.rcParams["font.size"])
    canvas = Canvas(figsize=(inches, 2.0))
    axes = canvas.subplots(n_rows, n_columns, squeeze=False)
    _share(figure, axes.flat)
    found = looks.Looks.of(figure)
    entries: dict[str, _Entry] = {}
    for each, panel in zip(axes.flat, panels, strict=False):
        drawn = _draw_curves(each, panel, found, inches / n_columns)
        entries |= {text: entry for text, entry in drawn.items() if text not in entries}
    for each, panel in zip(axes.flat, panels, strict=False):
        _finish(each, panel, figure, size, inches / n_columns)
    for each in axes.flat[len(panels) :]:
        each.set_axis_off()
    _hide_inner_labels(figure, axes, n_columns)
    height = n_rows * (_HEIGHTS[min(n_columns, 3)] * size / 8.0 + _more_lines(axes) * size * _LEADING / _POINTS)
    height += n_rows * max(
        (_names_room(each, panel, size) for each, panel in zip(axes.flat, panels, strict=False)), default=0.0
    )
    explained = [*_explained(figure, entries, found), *([_unresolved(figure)] if has_filled else [])]
    height += _title(canvas, figure, inches) + _legend(canvas, explained, inches, size)
    canvas.set_size_inches(inches, height)
    _allow_mathematics(canvas, own)
    return canvas


def _allow_mathematics(canvas: Figure, own: Texts) -> None:
    """Read $…$ in words that a user gave, and in no others: a label may hold a $ by chance."""
    from matplotlib.text import Text

    given = {typographic(text) for text in (own.title, own.x_label, own.y_label, *own.labels) if text and "$" in text}
    for text in canvas.findobj(Text) if given else []:
        if " ".join(text.get_text().split()) in given:
            text.set_parse_math(True)


def _n_columns(figure: FigureData, inches: float) -> int:
    n = max(1, len(figure.panels))
    wanted = figure.n_columns or (n if n <= 3 else 2 if n == 4 else 3)
    return max(1, min(wanted, n, int(inches / _NARROWEST)))


def _share(figure: FigureData, axes: Iterable[Axes]) -> None:
    """Share axes between panels that show the same quantity."""
    places = list(axes)
    for which in figure.share:
        first: dict[str, Axes] = {}
        for each, panel in zip(places, figure.panels, strict=False):
            leader = first.setdefault(panel.x_label if which == "x" else panel.y_label, each)
            if leader is not each:
                getattr(each, f"share{which}")(leader)


def _words(curve: Curve) -> str:
    """What a legend calls a curve."""
    return typographic(curve.words or curve.label)


def _draw_curves(axes: Axes, panel: Panel, found: looks.Looks, inches: float) -> dict[str, _Entry]:
    """The curves of a panel, and what a legend says of them, by label."""
    entries: dict[str, _Entry] = {}
    single = [curve for curve in panel.curves if curve.style in ("points", "sizes")]
    for curve in panel.curves:
        look = found.curve(curve)
        # Not `index`: two curves may have one label, and are then compared by their arrays.
        place = next((place for place, one in enumerate(single) if one is curve), None)
        beside = (0, 1) if place is None else (place, len(single))
        text = _words(curve)
        line = curves.draw_curve(axes, curve, look, beside)
        line.set_label(text)
        if text:
            entries.setdefault(text, _Entry(curves.bar(look) if curve.style == "steps" else line, text))
    if single:
        room = ((len(single) + 1) / 2 * curves.APART) / ((inches - 0.55) * _POINTS)
        axes.margins(x=max(0.08, room))  # for those that are drawn next to one another
    curves.draw_slopes(axes, panel)
    return entries


def _finish(axes: Axes, panel: Panel, figure: FigureData, size: float, inches: float) -> None:
    """Scales, labels and title of a panel."""
    scales.set_scale(axes, "x", scales.group(figure, panel, "x"))
    together = scales.group(figure, panel, "y")
    is_log = scales.kind(together, "y") == "log"
    scales.set_scale(axes, "y", together, bands.limits(together, is_log=is_log, is_spread=figure.spread))
    room = (inches - 0.55) * _POINTS
    axes.set_xlabel(wrapped(typographic(panel.x_label), room, size))
    axes.set_ylabel(wrapped(typographic(panel.y_label), 1.75 * _POINTS * size / 8, size))
    axes.set_title(wrapped(typographic(panel.heading or panel.title), room, size), loc="left")


def _more_lines(axes: np.ndarray) -> int:
    """The lines that a panel's title and the label of its x axis take beyond one for each, at most."""
    texts = ((each.get_title(loc="left"), each.get_xlabel()) for each in axes.flat)
    return max(title.count("\n") + label.count("\n") for title, label in texts)


def _names_room(axes: Axes, panel: Panel, size: float) -> float:
    """The inches that named ticks take below a panel beyond a line."""
    names = [axes.xaxis.get_major_formatter()(x) for x, _ in panel.x_ticks]
    lines = [line for name in names for line in name.split("\n")]
    if not lines:
        return 0.0
    if ticks.is_upright(axes.xaxis):
        return max(0.0, max(width(line, size) for line in lines) - size) / _POINTS
    return max(name.count("\n") for name in names) * size * _LEADING / _POINTS


def _hide_inner_labels(figure: FigureData, axes: np.ndarray, n_columns: int) -> None:
    """Of shared axes with one label, the label stands at the edge of the grid."""
    panels = figure.panels
    for place, panel in enumerate(panels):
        row, column = divmod(place, n_columns)
        each: Axes = axes[row, column]
        if "y" in figure.share and column and panel.y_label == panels[place - 1].y_label:
            each.set_ylabel("")
            each.tick_params(labelleft=False)
        below = panels[place + n_columns : place + n_columns + 1]
        if "x" in figure.share and below and below[0].x_label == panel.x_label:
            each.set_xlabel("")
            each.tick_params(labelbottom=False)


def _title(canvas: Figure, figure: FigureData, inches: float) -> float:
    """Set the title; returns the inches that it takes."""
    import matplotlib
    from matplotlib.font_manager import FontProperties

    if not figure.title:
        return 0.0
    size = FontProperties(size=matplotlib.rcParams["figure.titlesize"]).get_size_in_points()
    text = wrapped(typographic(figure.title), (inches - 0.1) * _POINTS / 1.08, size)  # bold is wider
    canvas.suptitle(text)
    return (text.count("\n") + 1) * size * _LEADING / _POINTS + 0.05


def _explained(figure: FigureData, entries: Mapping[str, _Entry], known: looks.Looks) -> list[_Entry]:
    """What the legend says: the curves where they are several, what bands are, what is not drawn and why."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    drawn = [curve for panel in figure.panels for curve in panel.curves]
    single = ("points", "sizes")
    banded = any(curves.has_width(curve) and curve.style not in single for curve in drawn)
    barred = any(curves.has_width(curve) and curve.style in single for curve in drawn)
    found = list(entries.values()) if len(entries) > 1 else []
    if len(entries) == 1 and (len(drawn) > len(figure.panels) or banded or figure.absent):
        found = list(entries.values())
    if any(curves.has_limits(curve) for curve in drawn):
        limit = Line2D([], [], marker="o", color=_GREY, markerfacecolor="none", linestyle="none")
        found.append(_Entry(limit, curves.NOT_RESOLVED))
    if any(curves.has_unknown(curve) for curve in drawn):
        pale = Line2D([], [], marker="o", color=_GREY, markeredgewidth=0, alpha=curves.PALE, linestyle="none")
        found.append(_Entry(pale, curves.UNKNOWN))
    if any(curves.has_open(curve) for curve in drawn):
        mark = Line2D([], [], marker="o", color=_GREY, markerfacecolor="none", linestyle="none")
        found.append(_Entry(mark, curves.OPEN))
    if figure.bands and (banded or barred):
        # An upright bar: a lying one would be the line of a curve in grey print.
        bar = Line2D([], [], marker="|", color=_GREY, markersize=7, linestyle="none")
        kind = Patch(color=_GREY, alpha=0.3, linewidth=0) if banded else bar
        found.append(_Entry(kind, typographic(f"{'band' if banded else 'bar'}: {figure.bands}")))
    seen = {_words(curve) for curve in drawn if np.isfinite(np.asarray(curve.y, float)).any()}
    found = [each for each in found if each.text in seen or each.text not in entries]
    lost = {_words(curve): curve for curve in drawn if _words(curve) not in seen}
    told = [(key, why, known.key(key)) for key, why in figure.absent]
    told += [(looks.key_of(curve), "no finite value", known.curve(curve)) for text, curve in lost.items() if text]
    for key, why, look in told:
        mark = Line2D([], [], marker="x", color=look.color, linestyle="none")
        found.append(_Entry(mark, typographic(f"{key}: {why}")))
    return found


def _unresolved(figure: FigureData) -> _Entry:
    """What panels mean that say "not resolved"."""
    from matplotlib.lines import Line2D

    drawn = any(curves.has_width(curve) for panel in figure.panels for curve in panel.curves)
    said = f"not resolved: {'the band' if drawn or not figure.bands else figure.bands} would fill the panel"
    return _Entry(Line2D([], [], linestyle="none"), typographic(said))


def _legend(canvas: Figure, entries: Sequence[_Entry], inches: float, size: float) -> float:
    """One legend below the panels, in as many columns as fit; returns the inches that it takes."""
    if not entries:
        return 0.0
    import matplotlib

    handle = (
        float(matplotlib.rcParams["legend.handlelength"]) + 0.8 + matplotlib.rcParams["legend.columnspacing"]
    ) * size
    room = (inches - 0.15) * _POINTS
    texts = [wrapped(entry.text, room - handle, size) for entry in entries]
    widest = max(width(line, size) for text in texts for line in text.splitlines())
    n_columns = max(1, min(len(entries), int(room / (widest + handle))))
    n_columns = math.ceil(len(entries) / math.ceil(len(entries) / n_columns))  # rows of one length
    canvas.legend(
        [entry.artist for entry in entries],
        texts,
        loc="outside lower center" if n_columns > 1 else "outside lower left",
        ncols=n_columns,
    )
    rows = [texts[k::n_columns] for k in range(n_columns)]
    n_lines = max(sum(text.count("\n") + 1 for text in column) for column in rows)
    return n_lines * size * _LEADING / _POINTS + 0.1
