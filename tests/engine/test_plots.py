"""`gni plot` and `gnicli.plot`: what is drawn again is what was drawn, and what was asked for is what is shown."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gnicli
from gnicli.cli import main
from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine import figure_data, figures, plots
from gnicli.errors import DataError, UsageError

X = np.arange(1.0, 6.0)


def panel(*curves, **more):
    return Panel(curves, "step", "loss", **more)


@pytest.fixture
def run(tmp_path):
    """A maker of folders as a run leaves them, with a metric and a figure of two curves, one of which all share."""

    def make(name, factor=1.0, *overrides, kind="run"):
        folder = tmp_path / name
        (folder / "figures").mkdir(parents=True)
        manifest = {"status": "completed", "kind": kind, "command": "train", "overrides": list(overrides)}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        rows = "".join(f"{int(x)},train_loss,{factor * x}\n" for x in X)
        (folder / "metrics.csv").write_text(f"step,name,value\n{rows}")
        curves = Curve("own", X, factor * X), Curve("law", X, np.ones(5), style="dashed")
        figures.write(folder / "figures", {"losses": FigureData("Title", (panel(*curves),), "caption")})
        return folder

    return make


finite = st.floats(allow_nan=True, allow_infinity=True)
text = st.text(max_size=8)


@settings(max_examples=50)  # writes a file
@given(
    st.lists(st.tuples(finite, finite), max_size=5),
    text,
    st.sampled_from(["line", "dashed", "dots", "steps", "points", "sizes", "faint"]),
    st.booleans(),
    st.sampled_from(["", "x", "y", "xy"]),
)
def test_a_figure_read_back_is_the_figure_written(tmp_path_factory, points, words, style, has_band, share):
    x, y = np.array(points, float).reshape(-1, 2).T
    curve = Curve(words, x, y, *((y, y) if has_band else (None, None)), style, words, words)
    whole = panel(curve, title=words, x_scale="log", x_ticks=((1.0, words),), y_range=(0.0, math.inf), slopes=(1.0,))
    figure = FigureData(words, (whole,), words, words, share, ((words, "why"),), 2, (words,), has_band)
    path = tmp_path_factory.mktemp("json") / "f.json"
    path.write_bytes(figure_data.encode(figure))
    found = figure_data.read(path)
    assert found._replace(panels=()) == figure._replace(panels=())
    assert found.panels[0]._replace(curves=()) == whole._replace(curves=())
    (read,) = found.panels[0].curves
    assert (read.label, read.style, read.words, read.key) == (words, style, words, words)
    for one, other in zip(read[1:5], curve[1:5], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "content",
    [
        b"{}", b"[]", b"3", b'{"panels": 3}', b'{"panels": [{"curves": [{"x": [1], "y": []}]}]}',
        b'{"panels": [{"curves": [{"x": [1], "y": ["a"]}]}]}', b'{"panels": [], "share": "z"}',
        b'{"panels": [{"curves": [], "x_scale": "evil"}]}',
        b'{"panels": [{"curves": [{"x": [], "y": [], "style": "s"}]}]}',
    ],
)  # fmt: skip
def test_a_damaged_figure_is_told_in_one_line(tmp_path, content):
    (tmp_path / "f.json").write_bytes(content)
    with pytest.raises(DataError, match=r"f\.json is damaged"):
        figure_data.read(tmp_path / "f.json")


def test_one_run_is_drawn_again_with_other_words(run):
    drawn = gnicli.plot(run("a"), "losses", title="Mine", xlabel="$t$", ylabel="y", width=6.0, logy=True)
    (axes,) = drawn.axes
    assert drawn.get_suptitle() == "Mine"
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("$t$", "y", "log")
    assert axes.xaxis.label.get_parse_math()
    assert not axes.yaxis.label.get_parse_math()
    assert drawn.get_size_inches()[0] == 6.0
    np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), X)


def test_several_runs_lie_in_one_figure_named_by_what_differs(run):
    one, two = run("a", 1.0, "M=1", "seed=0"), run("b", 2.0, "M=4", "seed=0")
    drawn = gnicli.plot([one, gnicli.Run(two, "completed")], "train_loss")
    assert [line.get_label() for line in drawn.axes[0].get_lines()] == ["M = 1", "M = 4"]
    assert [line.get_ydata().tolist() for line in drawn.axes[0].get_lines()] == [X.tolist(), (2 * X).tolist()]
    figure = plots.data([one, two], "losses")
    assert [curve.label for curve in figure.panels[0].curves] == ["M=1", "M=4", "law"]  # the law is the same in both
    same = plots.data([run("x/0", 1.0, "M=1"), run("y/0", 1.5, "M=1")])
    assert [curve.label for curve in same.panels[0].curves] == ["x/0", "y/0"]


@pytest.mark.parametrize(
    ("titles", "common"),
    [
        (("Stable law, alpha = 1.5, n = 9; a.csv", "Stable law, alpha = 1.6, n = 9; b.csv"), "Stable law"),
        (("Tails. Stable law, alpha = 1; a", "Tails. Stable law, alpha = 2; a"), "Tails. Stable law"),
        (("Positions: alpha = 1.5, beta = 0", "Positions: alpha = 1.5, beta = 0.5"), "Positions: alpha = 1.5"),
        (("Stable law, n = 1", "Stable law"), "Stable law"),
        (("a.csv: x", "b.csv: x"), "Own figure"),
        (("One for all, of all", "One for all, of all"), "One for all, of all"),
    ],
)
def test_a_figure_of_several_runs_has_the_title_that_all_have_and_no_number_of_the_first(run, titles, common):
    folders = [run(name) for name in "ab"]
    for folder, title in zip(folders, titles, strict=True):
        panels = (panel(Curve("own", X, X), title=title, heading=f"{title} n"),)
        figures.write(folder / "figures", {"own_figure": FigureData(title, panels)})
    found = plots.data(folders, "own_figure")
    assert found.title == common
    assert found.panels[0].title in (common, "")
    assert plots.data(folders[:1], "own_figure").title == titles[0]


def test_a_style_and_a_matplotlibrc_are_followed_in_this_order_and_leave_nothing_behind(run, tmp_path, monkeypatch):
    import matplotlib

    before = dict(matplotlib.rcParams)
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: red\nfont.size: 11 # large\nbackend: nonsense\n")
    (tmp_path / "mine.mplstyle").write_text("# mine\naxes.facecolor: 00ff00\n")
    monkeypatch.chdir(tmp_path)
    folder = run("a")
    plain = gnicli.plot(folder)
    styled = gnicli.plot(folder, style="mine.mplstyle")
    assert plain.axes[0].get_facecolor() == (1, 0, 0, 1)
    assert styled.axes[0].get_facecolor() == (0, 1, 0, 1)
    assert dict(matplotlib.rcParams) == before
    for text in ("axes.facecolor = red", "no.such.key: 1", "font.size: huge!"):
        (tmp_path / "bad.mplstyle").write_text(text)
        with pytest.raises(DataError, match=r"bad\.mplstyle, line 1"):
            gnicli.plot(folder, style="bad.mplstyle")
    with pytest.raises(DataError, match="cannot be read"):
        gnicli.plot(folder, style="https://example.invalid/x.mplstyle")


def test_mistakes_are_told_in_one_line(run):
    folder = run("a")
    with pytest.raises(UsageError, match="no metric and no figure 'tain_loss'; it has losses, train_loss"):
        gnicli.plot(folder, "tain_loss")
    with pytest.raises(UsageError, match="2 labels for 1 runs"):
        gnicli.plot(folder, "train_loss", labels=["a", "b"])
    with pytest.raises(UsageError, match="width"):
        gnicli.plot(folder, width=0)
    with pytest.raises(UsageError, match="at least one run"):
        gnicli.plot([])


def test_the_command_writes_what_is_asked_for(run, tmp_path, monkeypatch, capsys):
    one, two = str(run("a", 1.0, "M=1")), str(run("b", 2.0, "M=4"))
    monkeypatch.chdir(tmp_path)
    assert (
        main(["plot", one, two, "train_loss", "--label", "one", "--label", "two", "--format", "png", "--format", "svg"])
        == 0
    )
    assert capsys.readouterr().out.split() == ["train_loss.png", "train_loss.svg"]
    assert (tmp_path / "train_loss.png").read_bytes().startswith(b"\x89PNG")
    assert main(["plot", one, "--metric", "losses", "--output", "mine.pdf"]) == 0
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF")
    for wrong, told in ((["--format", "gif"], "choose from png, pdf, svg"), (["nothing"], "no metric")):
        assert main(["plot", one, *wrong]) == 2
        assert told in capsys.readouterr().err


def test_labels_given_to_sweeps_stand_before_what_differs_between_their_jobs(run, tmp_path):
    for name in ("s", "t"):
        run(name, kind="sweep")
        (tmp_path / name / "metrics.csv").unlink()
        for job, m in enumerate((1, 2)):
            run(f"{name}/{job}", 1.0 + job, f"M={m}")
    run("alone")
    places = [tmp_path / name for name in ("s", "alone", "t")]
    curves = plots.data(places, "train_loss", ["one", "two", "three"]).panels[0].curves
    assert [curve.label for curve in curves] == ["one, M=1", "one, M=2", "two", "three, M=1", "three, M=2"]
    curves = plots.data(places, "train_loss", list("abcde")).panels[0].curves
    assert [curve.label for curve in curves] == list("abcde")
    with pytest.raises(UsageError, match="2 labels for 5 runs"):
        plots.data(places, "train_loss", ["a", "b"])
