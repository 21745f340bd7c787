"""The survival curve of a sweep: Kaplan and Meier's estimate by hand, its corners, and the paths of diverged runs."""

import json
from pathlib import Path

import numpy as np
import pytest

from gnicli import survival
from gnicli.contracts.results import RunRecord, Value
from gnicli.engine.summary import Group
from gnicli.experiments.sweeps import divergence


def run(status, step, folder="none"):
    values = {"diverged_at": Value(float(step))} if status == "diverged" else {}
    metrics = {"train_loss": (np.array([0, step]), np.array([1.0, 2.0]))}
    return RunRecord(0, Path(folder), {}, status, values, metrics)


def by_hand(steps, diverged):
    """The product over the steps at which runs diverged of 1 − (how many did) / (how many were left)."""
    share, found = 1.0, {}
    for step in sorted(set(steps)):
        left = sum(other >= step for other in steps)
        lost = sum(other == step and gone for other, gone in zip(steps, diverged, strict=True))
        share *= 1 - lost / left
        found[step] = share
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_share_is_that_of_kaplan_and_meier(seed):
    rng = np.random.default_rng(seed)
    steps, diverged = rng.integers(1, 8, 12).astype(float), rng.random(12) < 0.6
    x, y, low, high = survival.shares(steps, diverged)
    expected = by_hand(steps.tolist(), diverged.tolist())
    np.testing.assert_allclose(y, [expected[step] for step in x.tolist()])
    assert (low <= y + 1e-12).all()
    assert (y <= high + 1e-12).all()


def test_without_an_end_the_share_stays_one_and_where_all_end_it_is_zero():
    x, y, low, high = survival.shares(np.array([7.0, 9.0]), np.array([False, False]))
    assert (x.tolist(), y.tolist(), low.tolist(), high.tolist()) == ([9], [1], [1], [1])
    assert survival.shares(np.array([3.0, 5.0]), np.array([True, True]))[1].tolist() == [0.5, 0]


def test_a_sweep_without_divergence_has_no_such_figure():
    assert divergence.figures([Group("arm=M1", [run("completed", 20)])]) == {}
    assert divergence.figures([]) == {}


def test_arms_are_beside_one_another_and_the_paths_are_those_of_the_runs(tmp_path):
    figure = {
        "title": "",
        "panels": [{"curves": [{"label": "o", "x": [-2.0, -1.0], "y": [3.0, 50.0], "style": "dots"}]}],
    }
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "divergence.json").write_text(json.dumps(figure))
    stable = [run("diverged", 4, tmp_path), run("diverged", 8), run("completed", 100), run("not started", 0)]
    groups = [Group("arm=stable", stable), Group("arm=M1", [run("completed", 100), run("interrupted", 30)])]
    found = divergence.figures(groups)["divergence"]
    shares, paths = found.panels
    one, other = shares.curves
    assert one.words == "arm=stable (2 of 3 diverged)"
    assert one.x.tolist() == [1, 4, 4, 8, 8, 100, 100]
    np.testing.assert_allclose(one.y, [1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3, 1 / 3])
    assert other.words == "arm=M1 (0 of 2 diverged)"
    assert set(other.y.tolist()) == {1.0}
    (path,) = paths.curves
    assert (path.x.tolist(), path.y.tolist(), path.key) == ([-2, -1], [3, 50], "arm=stable")
    assert path.words == one.words  # one entry of the legend
    assert paths.y_scale == "log"
    assert "arm=stable: 2 of 3" in found.caption
    assert "Beside them" in found.caption


def test_without_figures_of_the_runs_there_are_no_paths():
    (figure,) = divergence.figures([Group("", [run("diverged", 3), run("completed", 9)])]).values()
    assert len(figure.panels) == 1
    assert figure.panels[0].curves[0].label == "runs"
    assert "Beside them" not in figure.caption
