"""What can be measured of a figure's look in print, for tests of figures."""

import itertools
import re

from matplotlib.colors import to_rgba
from matplotlib.text import Text

from gnicli.engine.drawing.ticks import Named

SMALLEST = 7.0  # points
LIGHTNESS = 0.15  # between black and white: what print tells apart of lines and marks that differ in nothing else
DASH = 1.5  # widths of a line: what an eye tells apart of the pieces of a dash
TOUCH = 0.5  # pixels by which boxes may meet: they have a margin of their own


def _shown(texts):
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def _overlap(one, other):
    return (
        min(one.x1, other.x1) - max(one.x0, other.x0) > TOUCH and min(one.y1, other.y1) - max(one.y0, other.y0) > TOUCH
    )


def _all_texts(figure):
    """What is printed: a tick label outside of the axis' range is not, though matplotlib keeps it."""
    ticks = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in tick_labels(axis, all)}
    inside = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in tick_labels(axis)}
    found = _shown(figure.findobj(Text))
    return [text for text in found if id(text) not in ticks or id(text) in inside]


def tick_labels(axis, which=None):
    low, high = sorted(axis.get_view_interval())
    ticks = axis.get_major_ticks()
    room = 1e-6 * (high - low)
    inside = [tick for tick in ticks if which is all or low - room <= tick.get_loc() <= high + room]
    return _shown([label for tick in inside for label in (tick.label1, tick.label2)])


def _shape(handle):
    """What tells an entry of a legend from others without any color; None where it is a remark, without a look."""
    pieces = [round(piece / handle.get_linewidth() / DASH) for piece in handle._dash_pattern[1] or ()]
    if not hasattr(handle, "get_marker"):
        return type(handle).__name__, handle.get_hatch(), handle.get_linewidth() > 0, pieces
    line, marker = handle.get_linestyle() != "None", handle.get_marker() not in ("", "None", None)
    if not line and not marker:
        return None
    is_open = marker and str(handle.get_markerfacecolor()) == "none"
    return line and (handle.get_linewidth(), *pieces), marker and str(handle.get_marker()), is_open


def _color(handle):
    """Red, green and blue on white paper."""
    color = to_rgba(handle.get_color() if hasattr(handle, "get_color") else handle.get_facecolor())
    alpha = color[3] if handle.get_alpha() is None else handle.get_alpha()
    return tuple(alpha * part + 1 - alpha for part in color[:3])


def _lightness(color):
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


def _alike(legend):
    """Pairs of entries that nobody can tell apart, in color or in grey print."""
    entries = [(text.get_text(), _shape(handle), handle) for handle, text in
               zip(legend.legend_handles, legend.get_texts(), strict=True)]  # fmt: skip
    for (one, shape, a), (other, other_shape, b) in itertools.combinations(entries, 2):
        if shape is None or shape != other_shape:
            continue
        if _color(a) == _color(b):
            yield f"{one!r} and {other!r} look alike"
        elif abs(_lightness(_color(a)) - _lightness(_color(b))) < LIGHTNESS:
            yield f"{one!r} and {other!r} look alike in grey print"


def _lone_ticks(axes):
    """Axes with a single tick, or none: nobody can read a value off them."""
    drawn = [line.get_data() for line in axes.get_lines() if line.get_visible()]
    n_places = len({float(x) for xs, _ in drawn for x in xs})
    for axis, several in ((axes.xaxis, n_places > 1), (axes.yaxis, n_places > 0)):
        low, high = sorted(axis.get_view_interval())
        inside = [x for x in axis.get_majorticklocs() if low - 1e-6 * (high - low) <= x <= high + 1e-6 * (high - low)]
        is_named = isinstance(axis.get_major_formatter(), Named)
        if axes.axison and several and len(inside) < 2 and not is_named:
            yield f"{len(inside)} ticks on {axis.axis_name}"


def faults(figure):
    """What is wrong with a figure, in words."""
    figure.draw_without_rendering()
    page = figure.bbox
    found = []
    if not figure.get_suptitle():
        found.append("no title")
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [label.get_window_extent() for label in tick_labels(axis)]
            if any(_overlap(a, b) for a, b in itertools.combinations(boxes, 2)):
                found.append(f"tick labels of {axis.axis_name} overlap")
        found += _lone_ticks(axes)
    texts = _all_texts(figure)
    found += [f"{text.get_text()!r} has {text.get_size()} points" for text in texts if text.get_size() < SMALLEST]
    found += [f"hyphen in {text.get_text()!r}" for text in texts if re.search(r"(?<!\w)-(?=[\d.])", text.get_text())]
    found += [f"{text.get_text()!r}" for text in texts if re.search(r"[−-]0(\.0*)?(?![\d.])", text.get_text())]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    found += [f"{a!r} on {b!r}" for (a, x), (b, y) in itertools.combinations(boxes, 2) if _overlap(x, y)]
    out = [name for name, b in boxes if min(b.x0, b.y0, page.x1 - b.x1, page.y1 - b.y1) < -2]
    found += [f"{name!r} is cut" for name in out]
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend() is not None)]
    found += [pair for legend in legends for pair in _alike(legend)]
    for legend, axes in itertools.product(legends, figure.axes):
        if axes.axison and _overlap(legend.get_window_extent(), axes.get_window_extent()):
            found.append("legend on data")
    return found
