"""Bands in figures: curves come first, and a band that says nothing is told in words. Measured on what is drawn."""

import itertools

import numpy as np
import pytest

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine import figure_data
from gnicli.engine.drawing import bands
from gnicli.engine.drawing.backend import own_style
from gnicli.engine.drawing.figure import draw

NAMES = ("M=1", "M=4", "arm=explicit noise.var=0.1")
SEEDS = range(24)
UNRESOLVED = {f"not resolved: {what} would fill the panel" for what in ("95 % interval", "the band")}


@pytest.fixture(autouse=True)
def _style():
    with own_style():
        yield


def random_panel(rng, label):
    """Curves that fall, oscillate or lie flat, with bands from a hundredth to ten times of their range."""
    x = np.cumsum(rng.uniform(0.5, 2.0, int(rng.integers(2, 30))))
    curves = []
    for name in NAMES[: rng.integers(1, 4)]:
        kind, size = rng.integers(3), 10.0 ** rng.uniform(-3, 3)
        y = size * np.array([np.exp(-x * rng.uniform(0, 1)), np.sin(x), 1 + 1e-3 * x])[kind]
        half = size * 10.0 ** rng.uniform(-2, 1) * rng.uniform(0.5, 1.5, x.size)
        half[rng.random(x.size) < 0.1] = np.nan  # no standard error is known there
        y[rng.random(x.size) < 0.05] = np.nan
        has_band = rng.random() < 0.8
        curves.append(Curve(name, x, y, y - half if has_band else None, y + half if has_band else None))
    if rng.random() < 0.5:
        curves.append(Curve("zero", x[[0, -1]], np.zeros(2), style="dashed"))
    return Panel(tuple(curves), "step", label, y_scale=rng.choice(["linear", "log"]))


def random_figure(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    labels = rng.choice(["loss", "error"], n)
    return FigureData(
        f"Seed {seed}",
        tuple(random_panel(rng, str(label)) for label in labels),
        bands="95 % interval",
        share=str(rng.choice(["", "x", "y", "xy"])),
        spread=bool(rng.random() < 0.2),
    )


def heights(axes, values):
    """Where values lie in the panel: 0 at its bottom, 1 at its top; what has no logarithm lies far below."""
    values = np.asarray(values, float)
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log":
        with np.errstate(invalid="ignore"):
            values = np.where(values <= 0, 1e-300, values)
        values, low, high = np.log(values), np.log(low), np.log(high)
    return (values - low) / (high - low)


def tells(curve, panel):
    """Whether the band excludes another curve of the panel at half of the points, by going through their pieces."""
    known = np.isfinite(curve.low) & np.isfinite(curve.high)
    for other in panel.curves:
        n_outside = 0
        for x, low, high in zip(curve.x[known], curve.low[known], curve.high[known], strict=True):
            pieces = itertools.pairwise(range(len(other.x))) if other is not curve else ()
            at = [
                other.y[a] + (other.y[b] - other.y[a]) * (x - other.x[a]) / (other.x[b] - other.x[a])
                for a, b in pieces
                if other.x[a] <= x <= other.x[b]
            ]
            n_outside += any(y < low or y > high for y in at)
        if n_outside >= known.sum() / 2:
            return True
    return False


def n_bands(axes):
    return sum(artist.get_label() == "_band" for artist in axes.collections)


@pytest.mark.parametrize("seed", SEEDS)
def test_curves_take_half_of_a_panel_and_a_band_that_fills_it_says_something(seed):
    figure = random_figure(seed)
    drawn = draw(figure)
    unresolved = 0
    for axes, panel in zip(drawn.axes, figure.panels, strict=False):
        shared = [other for other in figure.panels if other is panel or
                  ("y" in figure.share and other.y_label == panel.y_label)]  # fmt: skip
        curves = np.concatenate([heights(axes, c.y[np.isfinite(c.y)]) for each in shared for c in each.curves])
        curves = curves[curves > -1]  # without what a logarithm cannot show
        assert curves.min() > -1e-9
        assert curves.max() < 1 + 1e-9
        banded = [curve for curve in panel.curves if curve.low is not None]
        if figure.spread:
            assert n_bands(axes) == len(banded)
            continue
        if n_bands(axes):
            assert np.ptp(curves) > 0.45 or np.ptp(curves) < 1e-9  # half, and the room at both ends
        filling = []
        for curve in banded:
            share = np.clip(heights(axes, curve.high), 0, 1) - np.clip(heights(axes, curve.low), 0, 1)
            if np.median(share[np.isfinite(share)]) > 2 / 3 + 1e-9 and not tells(curve, panel):
                filling.append(curve)
        heading = axes.get_title("left")
        lost = len(banded) - n_bands(axes)
        assert (lost > 0) == ("not resolved" in heading)
        assert len(filling) <= lost
        unresolved += lost
    said = [text.get_text().replace("\n", " ") for legend in drawn.legends for text in legend.get_texts()]
    assert len(UNRESOLVED & set(said)) == (unresolved > 0)


def test_the_random_figures_have_bands_of_both_kinds():
    told = [panel.heading for seed in SEEDS for panel in bands.resolved(random_figure(seed))[0].panels]
    assert 8 < sum("not resolved" in title for title in told) < len(told) - 8


def test_a_difference_is_not_resolved_while_its_band_fills_the_panel_and_the_data_are_kept(tmp_path):
    x = np.arange(13.0)
    gap = -0.06 * x / 12
    figures = {}
    for half in (0.3, 0.03):
        curves = (Curve("gap", x, gap, gap - half, gap + half), Curve("zero", x[[0, -1]], np.zeros(2), style="dashed"))
        figures[half] = FigureData("Title", (Panel(curves, "step", "loss"),), bands="95 % interval")
    wide, narrow = (draw(figure).axes[0] for figure in figures.values())
    assert (wide.get_title("left"), n_bands(wide)) == ("not resolved", 0)
    assert (narrow.get_title("left"), n_bands(narrow)) == ("", 1)
    path = tmp_path / "f.json"
    path.write_bytes(figure_data.encode(figures[0.3]))
    assert figure_data.read(path).panels[0].curves[0].low.tolist() == (gap - 0.3).tolist()


def test_one_of_two_curves_is_named_where_its_band_fills_the_panel():
    x = np.arange(20.0)
    flat = 0.5 + 0.01 * np.sin(x)
    sure, vague = Curve("arm=a", x, x, x - 0.1, x + 0.1), Curve("arm=b", x, flat, flat - 300, flat + 300)
    (axes,) = draw(FigureData("T", (Panel((sure, vague), "step", "loss", "layer 1"),))).axes
    assert axes.get_title("left").replace("\u00a0", " ") == "layer 1\nnot resolved: arm = b"
    assert axes.get_ylim()[1] < 31


@pytest.mark.parametrize(("share", "is_told"), [(0.6, True), (0.4, False)])
def test_a_band_that_reaches_zero_on_a_logarithmic_axis_is_told_where_it_does_so_at_most_points(share, is_told):
    x = np.arange(1.0, 41.0)
    half = np.where(x <= share * x.size, 1.1, 0.2) / x
    for y_scale, told in (("log", is_told), ("linear", False)):
        figure = FigureData(
            "T", (Panel((Curve("a", x, 1 / x, 1 / x - half, 1 / x + half),), "x", "y", y_scale=y_scale),)
        )
        (axes,) = draw(figure).axes
        assert ("not resolved" in axes.get_title("left")) is told


@pytest.mark.parametrize("seed", range(12))
def test_points_without_a_standard_error_change_nothing_of_what_is_told_of_a_band(seed):
    """A median that took them in was no number, and no band with one such point was ever told."""
    rng = np.random.default_rng(seed)
    x = np.arange(1.0, 41.0)
    half = rng.choice([0.2, 1.1], x.size) / x
    told = []
    for n_unknown in (0, 1, 5):
        low, high = 1 / x - half, 1 / x + half
        unknown = rng.choice(np.concatenate([np.flatnonzero(low <= 0), np.flatnonzero(low > 0)]), n_unknown, False)
        if n_unknown and (np.delete(low, unknown) <= 0).mean() // 0.5 != (low <= 0).mean() // 0.5:
            continue
        low[unknown] = high[unknown] = np.nan
        (axes,) = draw(FigureData("T", (Panel((Curve("a", x, 1 / x, low, high),), "x", "y", y_scale="log"),))).axes
        told.append("not resolved" in axes.get_title("left"))
    assert set(told) == {(half > 1 / x).mean() >= 0.5}


@pytest.mark.parametrize("y_scale", ["log", "linear"])
@pytest.mark.parametrize("n_reaching", [0, 1, 3])
def test_a_band_has_gaps_where_it_reaches_zero_on_a_logarithmic_axis_and_the_legend_says_so(y_scale, n_reaching):
    x = np.arange(1.0, 21.0)
    half = np.where(np.arange(20) % 5 == 2, 2.0, 0.2) / x
    half[5 * n_reaching :] = 0.2 / x[5 * n_reaching :]
    curve = Curve("a", x, 1 / x, 1 / x - half, 1 / x + half)
    drawn = draw(FigureData("T", (Panel((curve,), "x", "y", y_scale=y_scale),), bands="95 % interval"))
    (band,) = (artist for artist in drawn.axes[0].collections if artist.get_label() == "_band")
    n_gaps = n_reaching if y_scale == "log" else 0
    assert len(band.get_paths()) == n_gaps + 1
    (said,) = [text.get_text() for text in drawn.legends[0].get_texts() if "band" in text.get_text()]
    assert ("gaps where it reaches 0" in said.replace("\n", " ")) is (n_gaps > 0)


def test_an_error_bar_that_fills_the_range_of_the_quantity_is_an_open_marker_and_the_legend_says_so():
    x = np.arange(1.0, 4.0)
    low, high = np.array([1.2, 0.1, 1.6]), np.array([1.8, 1.9, 1.6])
    curve = Curve("alpha", x, np.array([1.5, 1.0, 1.6]), low, high, "points")
    for ends, is_open in (((0.0, 2.0), [1.0]), (None, [])):
        drawn = draw(FigureData("T", (Panel((curve,), "layer", "alpha", y_range=ends),), bands="95 % interval"))
        lines = drawn.axes[0].get_lines()
        assert [y for line in lines if line.get_label() == "_open" for y in line.get_ydata()] == is_open
        bars = next(line for line in lines if line.get_label() == "_bar").get_ydata()
        assert bool((bars == 1.9).any()) is not bool(is_open)
        said = [text.get_text() for text in drawn.legends[0].get_texts()]
        assert ("open: not resolved" in said) is bool(is_open)


def test_a_curve_without_a_finite_value_is_told_and_not_shown():
    x = np.arange(5.0)
    curves = Curve("seen", x, x), Curve("network", x, np.full(5, np.nan)), Curve("elsewhere", x, np.full(5, np.inf))
    figure = FigureData("T", (Panel(curves, "x", "y"), Panel((Curve("elsewhere", x, x),), "x", "y")))
    said = [text.get_text() for text in draw(figure).legends[0].get_texts()]
    assert said == ["seen", "elsewhere", "network: no finite value"]


@pytest.mark.parametrize("n", [2, 5, 8])
def test_markers_beside_one_another_lie_within_their_panel_and_open_ones_keep_their_shape(n):
    x = np.array([0.0, 0.9])
    y = np.array([0.1, 0.2])
    arms = tuple(Curve(f"arm {k}", x, y, np.array([0.05, 0]), y + 0.1, "sizes") for k in range(n))
    drawn = draw(FigureData("T", (Panel(arms, "beta", "error"),) * 3, share="y"))
    drawn.draw_without_rendering()
    for axes in drawn.axes:
        box = axes.get_window_extent()
        marked = [line for line in axes.get_lines() if line.get_marker() not in ("", "None") and len(line.get_xdata())]
        for line in marked:
            places = line.get_transform().transform(np.column_stack(line.get_data()))[:, 0]
            assert box.x0 < places.min()
            assert places.max() < box.x1
        shapes = {line.get_color(): set() for line in marked}
        for line in marked:
            shapes[line.get_color()].add(line.get_marker())
        assert sorted(map(len, shapes.values())) == [1] * n
        assert len(set.union(*shapes.values())) == n


@pytest.mark.parametrize("style", ["line", "faint"])
def test_a_lone_line_is_solid_wherever_its_key_stands(style):
    x = np.linspace(0, 1, 50)
    order = ("a", "b", "c", "law")
    law = Curve("law", x, x + 1, style="dashed")

    def dashes(*names):
        curves = [Curve(name, x, x, style=style) for name in names]
        lines = draw(FigureData("T", (Panel((*curves, law), "x", "y"),), order=order)).axes[0].get_lines()
        return [line.get_linestyle() for line in lines]

    assert dashes("c") == ["-", "--"]
    assert dashes("b") == ["-", "--"]
    assert dashes("b", "c") == ["--", "--", "--"]
