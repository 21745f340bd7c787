"""What a sweep of gradient noise draws of its arms, from the figures that their runs keep."""

import numpy as np
import pytest

from gnicli.contracts.results import Curve, FigureData, Panel, RunRecord
from gnicli.engine import figure_data
from gnicli.experiments.sweeps import arms, gradient_noise

X = np.array([2.0, 4.0, 8.0])


def _curve(label, y):
    y = X * 0 + y
    return Curve(label, X, y, y - 0.1, y + 0.1, "dots")


def _slopes(level):
    """As a run draws them: noise of other kinds stands beside that of the gradient."""
    panels = [
        Panel((Curve("exact", X, X, style="dashed"), _curve("layer 1", level + shift)), "m", "slope", title, "log")
        for title, shift in (("noised activation", 50), ("gradient noise", 0))
    ]
    return {"slopes": FigureData("Slope", tuple(panels))}


def _tails(level):
    panels = [
        Panel((_curve("measured", level / b), Curve("Gaussian", X, X), Curve("bound", X, X + 1)), "x", "P", f"B = {b}")
        for b in (1, 4)
    ]
    return {"tails": FigureData("Tails", tuple(panels))}


def _fits(level):
    panels = [Panel((_curve("samples", level),), "x", "density", f"layer {k}", heading=f"alpha = {k}") for k in (1, 2)]
    return {"stable_fit": FigureData("Stable laws", tuple(panels), "A histogram.")}


@pytest.fixture
def sweep(tmp_path):
    """Makes the records of a sweep over `noise` and seeds whose runs have these figures, by noise and seed."""

    def make(figures, noises=("add", "mult"), seeds=(0,)):
        records = []
        for noise in noises:
            for seed in seeds:
                folder = tmp_path / str(len(records))
                (folder / "figures").mkdir(parents=True)
                level = 1.0 + seed + 10 * (noise == "mult")
                for name, figure in figures(level).items():
                    (folder / "figures" / f"{name}.json").write_bytes(figure_data.encode(figure))
                overrides = {"noise": noise, "seed": str(seed)}
                records.append(RunRecord(len(records), folder, overrides, "completed", {}, {}))
        return records

    return make


def test_slopes_of_the_gradient_noise_stand_side_by_side(sweep):
    figure = gradient_noise.summarize(sweep(_slopes)).figures["slopes"]
    assert [panel.title for panel in figure.panels] == ["noise=add", "noise=mult"]
    assert [panel.curves[1].y.tolist() for panel in figure.panels] == [[1.0] * 3, [11.0] * 3]
    np.testing.assert_allclose(figure.panels[0].curves[1].low, 0.9)
    assert (figure.share, figure.bands) == ("xy", "2 standard errors")


def test_of_several_seeds_the_mean_is_drawn_with_students_interval(sweep):
    figure = gradient_noise.summarize(sweep(_slopes, seeds=(0, 1, 2))).figures["slopes"]
    exact, measured = figure.panels[1].curves
    np.testing.assert_allclose(measured.y, 12.0)
    np.testing.assert_allclose(measured.high - measured.y, 4.302653 / 3**0.5, rtol=1e-6)  # t of 2 degrees of freedom
    np.testing.assert_array_equal(exact.y, X)
    assert exact.low is None
    assert figure.bands.startswith("95 % interval of the mean over seeds")


def test_tails_of_all_arms_share_their_axes_beside_one_gaussian(sweep):
    figure = gradient_noise.summarize(sweep(_tails)).figures["tails"]
    assert [panel.title for panel in figure.panels] == ["B = 1", "B = 4"]
    for panel, size in zip(figure.panels, (1, 4), strict=True):
        assert [curve.label for curve in panel.curves] == ["noise=add", "noise=mult", "Gaussian"]
        assert [curve.y[0] for curve in panel.curves[:2]] == [1 / size, 11 / size]


def test_stable_fits_of_one_run_an_arm_stand_in_rows(sweep):
    figure = gradient_noise.summarize(sweep(_fits, seeds=(0, 1))).figures["stable_fit"]
    assert figure.n_columns == 2
    assert [panel.heading for panel in figure.panels] == [
        "noise=add, alpha = 1", "noise=add, alpha = 2", "noise=mult, alpha = 1", "noise=mult, alpha = 2",
    ]  # fmt: skip
    assert figure.panels[2].curves[0].y[0] == 11.0
    assert "first completed run" in figure.caption


@pytest.mark.parametrize("figures", [_slopes, _tails, _fits])
def test_one_arm_many_arms_and_lost_figures_draw_nothing(sweep, figures):
    records = sweep(figures, noises=[f"n{k}" for k in range(9)])
    assert arms.figures(gradient_noise.groups(records[:1])) == {}
    assert arms.figures(gradient_noise.groups(records)) == {}
    two = records[:2]
    assert len(arms.figures(gradient_noise.groups(two))) == 1
    assert arms.figures(gradient_noise.groups([two[0], two[1]._replace(status="failed")])) == {}
    for path in (two[1].folder / "figures").iterdir():
        path.write_text("{")
    assert arms.figures(gradient_noise.groups(two)) == {}
