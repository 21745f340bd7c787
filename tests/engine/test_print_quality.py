"""Every figure at the width of a column and of a page: what can be measured of its look in print.

`recorded/` holds the `figures/*.json` of small runs of every command, one of each kind, thinned to 40 points a curve.
"""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from print_faults import faults, tick_labels

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine import figure_data
from gnicli.engine.drawing.backend import own_style
from gnicli.engine.drawing.figure import COLUMN, PAGE, draw
from gnicli.engine.drawing.words import typographic, wrapped

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_figure_can_be_printed(path):
    figure = figure_data.read(path)
    with own_style():
        for inches in (COLUMN, PAGE) if len(figure.panels) > 1 else (COLUMN,):
            assert faults(draw(figure, inches)) == [], inches


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_figure_that_shares_an_axis_has_panels_of_one_quantity(path):
    """Panels are declared to share, and do by the label of the axis: of labels that all differ none would."""
    figure = figure_data.read(path)
    for which in figure.share if len(figure.panels) > 1 else "":
        labels = [getattr(panel, f"{which}_label") for panel in figure.panels]
        assert len(set(labels)) < len(labels), labels


def test_every_kind_of_fault_is_found():
    figure = Figure(figsize=(3.25, 2), layout="none")
    axes = figure.add_axes((0.2, 0.3, 0.75, 0.6))
    axes.plot([0, 1], [0, 1], label="beta = -0.5")
    axes.set_xticks([0.5, 0.51, 0.9], ["0.500", "0.510", "-0.00"])
    axes.set_xlabel("far too small", fontsize=5)
    axes.text(1.2, 0.5, "outside")
    axes.plot([0, 1], [1, 0], label="other", color=axes.get_lines()[0].get_color())
    axes.plot([0, 1], [1, 1], label="reddish", color="#D55E00", linestyle=":")
    axes.plot([0, 1], [0, 0], label="greenish", color="#009E73", linestyle=":")
    axes.set_yticks([0.5])
    axes.legend()
    told = " ".join([*faults(figure), ""])
    assert "'beta = -0.5' and 'reddish'" not in told
    for words in (
        "'beta = -0.5' and 'other' look alike",
        "'reddish' and 'greenish' look alike in grey print",
        "1 ticks on y",
        "no title",
        "labels of x overlap",
        "5.0 points",
        "hyphen in",
        "'-0.00'",
        "is cut",
        "legend on data",
    ):
        assert words in told


def _drawn(*curves, inches=None, **panel):
    with own_style():
        return draw(FigureData("Title", (Panel(curves, "x", "y", **panel),)), inches)


def _ticks(axis):
    axis.axes.figure.draw_without_rendering()
    return [label.get_text() for label in tick_labels(axis)]


@pytest.mark.parametrize(
    ("y", "wanted"),
    [
        ([4.9, 5.4], ["4.9", "5", "5.1", "5.2", "5.3", "5.4"]),  # less than a factor of 3: linear
        ([0.3, 4.0], ["0.5", "1", "2"]),
        ([1.0, 1000.0], ["1", "10", "100", "1000"]),
        ([1e-9, 1.0], ["10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]),
    ],
)
def test_ticks_of_a_logarithmic_axis_are_plain_numbers(y, wanted):
    x = np.linspace(0, 1, len(y))
    shown = _ticks(_drawn(Curve("c", x, np.array(y)), y_scale="log").axes[0].yaxis)
    assert 3 <= len(shown) <= 7
    mantissas = {text.rstrip("0").strip("−0.")[:1] for text in shown if "⁻" not in text}
    if y[1] > 3 * y[0]:
        assert mantissas <= {"1", "2", "5"}
    assert set(shown) & set(wanted)


def test_measured_positions_get_the_ticks_and_integers_stay_integers():
    sizes = 2.0 ** np.arange(7)
    points = Curve("c", sizes, sizes, style="points")
    assert _ticks(_drawn(points, x_scale="log").axes[0].xaxis) == ["1", "2", "4", "8", "16", "32", "64"]
    layers = np.array([1.0, 2.0])
    assert _ticks(_drawn(Curve("c", layers, layers, style="points")).axes[0].xaxis) == ["1", "2"]
    steps = np.arange(40.0)
    assert all(text.isdecimal() for text in _ticks(_drawn(Curve("c", steps, steps)).axes[0].xaxis))


def test_sizes_that_are_not_resolved_are_upper_ends_and_the_legend_says_so():
    x, y = np.array([1.0, 2.0]), np.array([0.5, 0.1])
    drawn = _drawn(Curve("c", x, y, np.array([0.4, 0.0]), np.array([0.6, 0.3]), "sizes"), y_scale="log")
    lines = {str(line.get_markerfacecolor()): line for line in drawn.axes[0].get_lines() if line.get_marker() == "o"}
    assert lines.pop("none").get_ydata().tolist() == [0.3]
    assert [line.get_ydata().tolist() for line in lines.values()] == [[0.5]]
    low, high = drawn.axes[0].get_ylim()
    assert 0.05 < low < 0.3
    assert high > 0.6
    assert "open: not resolved, at most this" in [text.get_text() for text in drawn.legends[0].get_texts()]


@pytest.mark.parametrize("y_scale", ["linear", "log"])
def test_a_size_without_a_standard_error_is_a_pale_marker_and_no_upper_end(y_scale):
    x, y, nan = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.1, 0.2]), np.nan
    drawn = _drawn(Curve("c", x, y, np.array([0.4, nan, 0.0]), np.array([0.6, nan, 0.3]), "sizes"), y_scale=y_scale)
    at = {line.get_label(): line.get_ydata().tolist() for line in drawn.axes[0].get_lines()}
    assert (at["_unknown"], at["_limit"]) == ([0.1], [0.3])
    said = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert {"pale: no standard error is known", "open: not resolved, at most this"} <= {*said}
    alone = _drawn(Curve("c", x[:2], y[:2], np.array([0.4, nan]), np.array([0.6, nan]), "sizes"), y_scale=y_scale)
    assert not any("at most this" in text.get_text() for text in alone.legends[0].get_texts())
    unresolved = Curve("c", x[:2], y[:2], np.array([0.0, nan]), np.array([0.6, nan]), "sizes")
    with own_style():
        figure = draw(FigureData("Title", (Panel((unresolved,), "x", "y"),), bands="95 % interval"))
    assert not any("interval" in text.get_text() for text in figure.legends[0].get_texts())  # there is no bar


@pytest.mark.parametrize("n", [1, 2, 17])
def test_the_bars_of_a_histogram_are_whole_and_stand_on_the_ground(n):
    edges = np.cumsum(np.full(n + 1, 0.25)) + 3
    middles, density = (edges[1:] + edges[:-1]) / 2, np.arange(1.0, n + 1)
    if n == 1:
        edges = middles[0] + np.array([-0.5, 0.5])  # how wide a lone bar is cannot be told
    line = _drawn(Curve("samples", middles, density, style="steps")).axes[0].get_lines()[0]
    x, y = (np.asarray(each) for each in line.get_data())
    np.testing.assert_allclose([x[0], x[-1], y[0], y[-1]], [edges[0], edges[-1], 0, 0])
    area = float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
    assert area == pytest.approx(float((np.diff(edges) * density).sum()))


def test_a_band_of_a_bounded_quantity_ends_at_its_bound():
    x = np.arange(20.0)
    (axes,) = _drawn(Curve("c", x, 0 * x + 1.9, 0 * x + 1.0, 0 * x + 2.8), y_range=(0.0, 2.0)).axes
    assert axes.get_ylim()[1] < 2.1


def test_panels_of_one_quantity_share_its_axis_and_others_do_not():
    x = np.arange(20.0)
    panels = [Panel((Curve("c", x, size * x),), "x", label, label) for size, label in ((1, "a"), (9, "b"), (2, "b"))]
    with own_style():
        one, two, three = draw(FigureData("Title", tuple(panels), share="y")).axes
    assert two.get_ylim() == three.get_ylim() != one.get_ylim()


def test_in_grey_no_two_of_the_first_eight_curves_have_one_dash_or_marker():
    x = np.linspace(0, 1, 50)
    for style in ("line", "dashed", "points", "steps"):
        drawn = _drawn(*(Curve(str(k), x, x, style=style) for k in range(8)))
        lines = [line for line in drawn.axes[0].get_lines() if not line.get_label().startswith("_")]
        looks = {(str(line._dash_pattern), str(line.get_marker())) for line in lines}
        assert len(looks) == len(lines) == 8


@pytest.mark.parametrize("seed", range(12))
def test_a_reference_looks_like_no_curve_and_changes_none(seed):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, int(rng.choice([3, 50])))
    styles = rng.choice(["line", "dashed", "points", "dots"], int(rng.integers(1, 9)))
    curves = [Curve(f"arm {k}", x, x * k, x * k, x * k, str(style)) for k, style in enumerate(styles)]
    references = [Curve(f"reference {k}", x, x - k, style="reference") for k in range(rng.integers(1, 4))]
    mixed = [*curves, *references]
    rng.shuffle(mixed)
    mixed.sort(key=lambda curve: curve.label if curve.style != "reference" else f"arm {rng.integers(9)}")
    panels = [Panel(tuple(each), "x", "y") for each in (curves, mixed)]
    with own_style():
        drawn = [draw(FigureData("Title", (panel,), bands="95 %")) for panel in panels]
    assert faults(drawn[1]) == []

    def looks(figure):
        names = ("color", "linewidth", "linestyle", "marker")
        lines = [line for line in figure.axes[0].get_lines() if not str(line.get_label()).startswith("_")]
        return {line.get_label(): tuple(str(getattr(line, f"get_{name}")()) for name in names) for line in lines}

    alone, all_of_them = map(looks, drawn)
    assert alone.items() <= all_of_them.items()
    assert {color for label, (color, *_) in all_of_them.items() if "reference" in label} == {"#000000"}


def test_a_reference_without_a_finite_value_is_told_as_any_curve():
    x = np.arange(3.0)
    drawn = _drawn(Curve("c", x, x), Curve("stays", x, x * np.nan, style="reference"))
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["c", "stays: no finite value"]


@pytest.mark.parametrize("n", [1, 2, 17])
def test_the_band_of_a_histogram_is_as_wide_as_its_bars(n):
    middles, density = 0.25 * np.arange(n) + 3, np.arange(1.0, n + 1)
    curve = Curve("samples", middles, density, density - 0.5, density + 0.5, "steps")
    (axes,) = _drawn(curve).axes
    (band,) = (artist for artist in axes.collections if artist.get_label() == "_band")
    (ends,) = (path.get_extents() for path in band.get_paths())
    bars = axes.get_lines()[0].get_xdata()
    np.testing.assert_allclose([ends.x0, ends.x1, ends.y0, ends.y1], [bars[0], bars[-1], 0.5, n + 0.5])


@pytest.mark.parametrize("style", ["line", "points"])
@pytest.mark.parametrize("width", [0.0, 0.5])
def test_the_legend_says_what_bands_are_where_there_are_any(style, width):
    x = np.arange(1.0, 30.0)
    curves = [Curve(name, x, x, x - width, x + width, style) for name in "ab"]
    with own_style():
        drawn = draw(FigureData("Title", (Panel(tuple(curves), "x", "y"),), bands="95 %"))
    said = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert said == ["a", "b", *([f"{'band' if style == 'line' else 'bar'}: 95 %"] if width else [])]


@pytest.mark.parametrize(
    ("n", "name"),
    [(2, "M16"), (9, "M16"), (5, "whitened_stable"), (12, "whitened_stable"), (2, "noise.std=0.3 arm=antithetic"),
     (6, "noise.std=0.3 arm=antithetic"), (8, "noise=add, M="), (12, "noise=mult, whitened_stable, M=")],
)  # fmt: skip
def test_every_named_position_has_its_name_however_many_there_are(n, name):
    x = np.arange(1.0, n + 1)
    names = tuple((float(k), f"{name}{k:g}") for k in x)
    with own_style():
        drawn = draw(FigureData("Title", (Panel((Curve("c", x, x, style="points"),), "", "effect", x_ticks=names),)))
    assert faults(drawn) == []
    assert len([text for text in _ticks(drawn.axes[0].xaxis) if text]) == n
    assert drawn.axes[0].get_window_extent().height > 1.2 * drawn.dpi


def test_values_that_are_all_but_equal_get_an_axis_that_can_be_read():
    """Rounding alone apart: an axis of its range had one tick, beside its place."""
    x = np.array([0.1, 0.4])
    for y in (np.array([0.5, 0.5 + 1e-12]), np.array([-3e4, -3e4])):
        shown = _ticks(_drawn(Curve("c", x, y, style="points")).axes[0].yaxis)
        assert len(set(shown)) > 2, shown


def test_lists_of_equal_members_are_counted_and_long_words_break_after_commas():
    wells = ",".join(["double_well"] * 8)
    assert typographic(f"potential.parts=[{wells}] w3") == "parts = [8 × double_well] w3"
    assert typographic("parts=[a,b,a]") == "parts = [a,b,a]"
    lines = wrapped("parts = [double_well,quartic,double_well]", 24 * 0.6 * 8, 8.0).splitlines()
    assert lines == ["parts = [double_well,", "quartic,double_well]"]
    assert wrapped("x" * 40, 10 * 0.6 * 8, 8.0, 2).splitlines() == ["x" * 10, "x" * 9 + "…"]


LONG = "a very long label " * 60


@pytest.mark.parametrize("n", [1, 4])
def test_labels_as_long_as_a_page_are_cut_and_leave_room_for_the_data(n):
    x = np.arange(1.0, 6.0)
    names = tuple((float(k), f"{LONG}{k}") for k in x)
    curves = tuple(Curve(f"{LONG}{k}", x, k * x, style="points") for k in range(3))
    panel = Panel(curves, LONG, LONG, LONG, x_ticks=names)
    with own_style():
        drawn = draw(FigureData(LONG, (panel,) * n, bands=LONG, absent=((LONG, LONG),)))
    assert faults(drawn) == []
    boxes = [axes.get_window_extent() for axes in drawn.axes]
    assert all(min(box.width, box.height) > 0.75 * drawn.dpi for box in boxes)  # inches
    assert "…" in drawn.get_suptitle()
