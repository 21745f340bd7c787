"""Figures hold what the data say: read back from matplotlib's artists, the pixels and the csv."""

import csv
import io
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine import figure_data, figures
from gnicli.engine.drawing import looks
from gnicli.engine.drawing.backend import own_style
from gnicli.engine.drawing.figure import draw

X = np.linspace(1.0, 5.0, 9)


@pytest.fixture(autouse=True)
def _style():
    with own_style():
        yield


def figure(*curves, **panel):
    return FigureData("Title", (Panel(curves, "step", "loss", **panel),))


def test_the_csv_holds_the_data_to_the_last_digit(tmp_path):
    one = Curve("one", X, np.sqrt(X), np.sqrt(X) - 0.1, np.sqrt(X) + 0.1)
    two = Curve('t"wo, 2', X[:3].astype(np.float32), np.array([1, np.nan, np.inf]))
    other = figure(two)
    written = figures.write(tmp_path / "figures", {"a/b": figure(one, two), "a-b": other})
    assert list(written) == ["a-b", "a-b-2"]
    assert written["a-b-2"] is other
    with (tmp_path / "figures" / "a-b.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for curve in (one, two):
        mine = [row for row in rows if row["curve"] == curve.label]
        np.testing.assert_array_equal([float(row["x"]) for row in mine], curve.x)
        np.testing.assert_array_equal([float(row["y"]) for row in mine], curve.y)
    assert [float(row["low"]) for row in rows[:9]] == one.low.tolist()
    assert rows[-1]["low"] == rows[-1]["high"] == ""


@pytest.mark.usefixtures("all_formats")
def test_pictures_are_of_their_kinds_and_depend_on_the_data_alone(tmp_path):
    for name in ("one", "two"):
        figures.write(tmp_path / name, {"f": figure(Curve("c", X, X**2))})
    figures.write(tmp_path / "three", {"f": figure(Curve("c", X, X**3))})
    for suffix, magic in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        one, two, three = ((tmp_path / name / f"f.{suffix}").read_bytes() for name in ("one", "two", "three"))
        assert one.startswith(magic)
        assert one == two != three


@pytest.mark.usefixtures("all_formats")
def test_a_job_of_a_sweep_draws_one_kind_of_picture_unless_it_is_told_to(tmp_path):
    one = {"f": figure(Curve("c", X, X**2))}
    for k, (word, in_sweep, kinds) in enumerate(
        [
            ("auto", False, {"png", "pdf", "svg"}), ("auto", True, {"svg"}), (None, False, {"png", "pdf", "svg"}),
            (None, True, {"svg"}), ("all", True, {"png", "pdf", "svg"}), ("svg", False, {"svg"}),
            ("none", True, set()), ("none", False, set()),
        ]
    ):  # fmt: skip
        assert set(figures.kinds_of(word, in_sweep=in_sweep)) == kinds
        if k in (1, 6):
            figures.write(tmp_path / str(k), one, figures.kinds_of(word, in_sweep=in_sweep))
            assert {path.suffix[1:] for path in (tmp_path / str(k)).iterdir()} == {"csv", "json", *kinds}


def test_bands_lines_labels_and_scales():
    low, high = X / 2, X * 2
    drawn = draw(figure(Curve("band", X, X, low, high), Curve("dots", X, X, style="dots"), x_scale="log", title="T"))
    (axis,) = drawn.axes
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_title("left"), axis.get_xscale()) == (
        "step",
        "loss",
        "T",
        "log",
    )
    line, dots = axis.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), X)
    assert (dots.get_linestyle(), line.get_linestyle()) == ("None", "-")
    corners = axis.collections[0].get_paths()[0].vertices
    assert {(x, y) for x, y in corners} >= set(zip(X, low, strict=True)) | set(zip(X, high, strict=True))
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["band", "dots"]


def test_a_label_has_one_color_in_all_panels_and_no_two_look_alike():
    labels = [f"setting {i}" for i in range(32)]
    panels = tuple(Panel(tuple(Curve(label, X, X) for label in order), "x", "y") for order in (labels, labels[::-1]))
    first, second = draw(FigureData("", panels)).axes
    looks = [
        {line.get_label(): (line.get_color(), line.get_linestyle(), line._dash_pattern) for line in axis.get_lines()}
        for axis in (first, second)
    ]
    assert looks[0] == looks[1]
    assert len({repr(look) for look in looks[0].values()}) == 32


def _seen_by(color, matrix):
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.clip(matrix @ linear, 0, 1) ** (1 / 2.2)


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(3),
        # Machado, Oliveira and Fernandes (2009), severity 1: protanopia and deuteranopia.
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ],
)
def test_colors_are_told_apart_with_any_color_vision(matrix):
    seen = [_seen_by(color, np.array(matrix)) for color in looks.PALETTE[:7]]
    assert min(np.abs(a - b).max() for a, b in itertools.combinations(seen, 2)) > 0.12


EXTREMES = [X, -X, 0 * X, X * np.nan, X - 3, np.full(9, np.inf), X * 1e-300, X * 1e120]


@pytest.mark.parametrize("scale", ["linear", "log", "symlog"])
def test_nothing_that_a_run_can_measure_breaks_the_drawing(scale):
    panels = [Panel((Curve("c", X, y, y - 1, y + 1),), "x", "y", "", scale, scale) for y in EXTREMES]
    out = io.BytesIO()
    draw(FigureData("Extremes", tuple(panels))).savefig(out, dpi=40)
    assert len(out.getvalue()) > 1000


@pytest.mark.parametrize("decades", [2, 6, 8, 12])
@pytest.mark.parametrize("n", [1, 3])
def test_labels_of_a_symmetric_logarithm_do_not_touch(n, decades):
    y = np.concatenate([-np.geomspace(10.0**decades, 0.3, 50), np.geomspace(0.3, 10.0**decades, 50)])
    drawn = draw(FigureData("", (Panel((Curve("c", y, y),), "x", "y", "", "symlog", "symlog"),) * n))
    drawn.canvas.draw()
    labels = [label for label in drawn.axes[0].get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) >= 3
    assert all(right.x0 - left.x1 > 3.0 for left, right in itertools.pairwise(boxes))  # pixels


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7])
def test_panels_lie_in_a_grid(n):
    panels = tuple(Panel((Curve("c", X, X),), "x", "y", title=str(i)) for i in range(n))
    drawn = draw(FigureData("", panels))
    shown = [axis for axis in drawn.axes if axis.axison]
    assert [axis.get_title("left") for axis in shown] == [str(i) for i in range(n)]
    width, _ = drawn.get_size_inches()
    assert width == (3.25 if n == 1 else 6.75)


def test_empty_and_lone_points(tmp_path):
    drawn = draw(figure(Curve("lone", X[:1], X[:1]), Curve("none", X[:0], X[:0])))
    assert drawn.axes[0].get_lines()[0].get_marker() not in ("", "None")
    written = figures.write(
        tmp_path, {"f": figure(Curve("none", X[:0], X[:0]), y_scale="log"), "g": FigureData("", ())}
    )
    assert list(written) == ["f"]  # what has no panel is no figure
    assert {path.stem for path in tmp_path.iterdir()} == {"f"}


@pytest.mark.parametrize("style", ["points", "sizes"])
@pytest.mark.parametrize("lengths", [(4, 4, 3), (1, 4), (4, 4)])
def test_measurements_of_one_label_lie_next_to_one_another(style, lengths):
    """As exit rates do, where theory applies to some settings and not to others: one label, one key, two looks."""
    curves = [Curve("rate", X[:n], X[:n] + k, X[:n] - 1, X[:n] + 9, style) for k, n in enumerate(lengths)]
    curves[0] = curves[0].greyed("noise too large")
    drawn = draw(figure(*curves, Curve("theory", X, X, style="dashed")))
    drawn.canvas.draw()
    lines = [
        line
        for line in drawn.axes[0].get_lines()
        if line.get_xdata().size and line.get_marker() not in ("", "None", "_")
    ]
    places = [round(float(line.get_transform().transform((2.0, 2.0))[0]), 3) for line in lines]
    assert len(set(places)) == len(lengths)


def test_labels_that_look_like_mathematics_do_not_stop_a_run(tmp_path):
    figures.write(tmp_path, {"f": figure(Curve("a$b_{", X, X), Curve("_hidden", X, X), title="100 $ {")})


def test_a_users_matplotlibrc_changes_nothing(tmp_path):
    code = (
        "import sys; from pathlib import Path; import numpy as np; from gnicli.engine import figures;"
        "from gnicli.contracts.results import *;"
        "c = Curve('c', np.arange(9.), np.arange(9.) ** 2);"
        "figures.write(Path(sys.argv[1]), {'f': FigureData('T', (Panel((c,), 'x', 'y'),))})"
    )
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 9\nfont.size: 30\naxes.facecolor: black\n")
    for name, cwd in (("a", tmp_path), ("b", "/")):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], cwd=cwd, check=True)
    assert (tmp_path / "a" / "f.png").read_bytes() == (tmp_path / "b" / "f.png").read_bytes()


@pytest.mark.parametrize(
    ("name", "stem"), [("alpha/layer1", "alpha-layer1"), ("../x", "x"), ("a b", "a-b"), ("", "figure")]
)
def test_file_names(name, stem):
    assert figures.file_name(name) == stem


NOTEBOOK = "module://matplotlib_inline.backend_inline"


@pytest.mark.parametrize(
    ("variables", "rc"),
    [
        ({"MPLBACKEND": NOTEBOOK}, b""),
        ({"MPLBACKEND": ""}, b"font.size: 9 # \xe9"),
        ({"MPLBACKEND": NOTEBOOK}, b"\xe9"),
    ],
)
def test_what_a_notebook_or_a_damaged_matplotlibrc_leaves_behind_ends_no_run(tmp_path, variables, rc):
    (tmp_path / "matplotlibrc").write_bytes(rc)
    code = """
import os, numpy as np
from pathlib import Path
from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine import figures
before = dict(os.environ), os.getcwd()
x = np.arange(3.0)
figures.write(Path("figures"), {"a": FigureData("Title", (Panel((Curve("b", x, x),), "x", "y"),))})
assert (dict(os.environ), os.getcwd()) == before
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, **variables}, check=True)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"a.csv", "a.json", "a.png", "a.pdf", "a.svg"}


def test_a_theory_that_does_not_apply_is_grey_and_says_why_also_when_drawn_again(tmp_path):
    theory = Curve("theory", X, X, style="dashed")
    assert theory.greyed("") is theory
    shown = figure(Curve("seen", X, X + 1), theory.greyed("noise too large"), Curve("law", X, X + 2, style="dashed"))
    figures.write(tmp_path, {"f": shown})
    for each in (shown, figure_data.read(tmp_path / "f.json")):
        canvas = draw(each)
        drawn = {line.get_label(): line.get_color() for line in canvas.axes[0].get_lines()}
        assert drawn.pop("theory (noise too large)") == looks.GREY
        assert set(drawn) == {"seen", "law"}
        assert looks.GREY not in drawn.values()
    assert '"grey"' not in figure_data.encode(figure(theory)).decode()
    assert (tmp_path / "f.csv").read_text().count("1,theory,") == len(X)
