"""Figures that a sweep draws of numbers of its runs."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from gnicli.contracts.results import NamedArray, RunRecord, Value
from gnicli.engine import tables
from gnicli.experiments.sweeps import kde_stationary, rates_over_seeds, simulate_sde, train


def _run(job, overrides, values, metrics=()):
    series = {name: (np.arange(3), np.array([3.0, 2.0, 1.0 + job])) for name in metrics}
    values = {name: value if isinstance(value, Value) else Value(value) for name, value in values.items()}
    return RunRecord(job, Path(str(job)), overrides, "completed", values, series)


def _exits(**overrides):
    rate = Value(0.2, 0.01, 9, "1/time", (0.1, 0.4))
    return _run(
        0, {key: str(value) for key, value in overrides.items()}, {"exit_rate/1": rate, "exit_rate_theory/1": 0.1}
    )


def test_exit_rates_lie_along_alpha_with_a_look_for_each_other_setting():
    records = [_exits(alpha=alpha, beta=beta) for beta in (0, 0.5) for alpha in (1.8, 1.2)]
    panel = simulate_sde.comparison(records).panels[0]
    assert [curve.label for curve in panel.curves] == ["beta=0", "beta=0.5", "theory"]
    assert panel.x_label == "alpha"
    for curve in panel.curves[:2]:
        assert curve.x.tolist() == [1.2, 1.8]
        assert (curve.y.tolist(), curve.low.tolist(), curve.high.tolist()) == ([2, 2], [1, 1], [4, 4])
    # Without alpha each setting has a place with its name.
    panel = simulate_sde.comparison([_exits(potential=name) for name in ("a", "b")]).panels[0]
    assert panel.x_ticks == ((1.0, "potential=a"), (2.0, "potential=b"))
    assert panel.curves[0].x.tolist() == [1, 2]
    assert simulate_sde.comparison([]) is None


def test_rates_of_several_seeds_are_those_of_all_their_events():
    """9 events in a time of 45, 3 in 45 and none in what is taken for 45: 12 in 135, with the exact interval of 12."""
    records = [_exits(alpha=alpha, seed=seed) for seed in range(3) for alpha in (1.2, 1.8)]
    for record in records[2:4]:
        record.values["exit_rate/1"] = Value(3 / 45, 0.04, 3, "1/time", (0.01, 0.2))
    for record in records[4:]:
        record.values["exit_rate/1"] = Value(0.0, 0.0, 0, "1/time", (0.0, 0.1))
    one, two = rates_over_seeds.pooled(records)
    assert (one.overrides, two.overrides) == ({"alpha": "1.2"}, {"alpha": "1.8"})
    rate = one.values["exit_rate/1"]
    assert (rate.n, rate.number) == (12, pytest.approx(12 / 135))
    low, high = chi2.ppf(0.025, 24) / 2 / 135, chi2.ppf(0.975, 26) / 2 / 135
    assert rate.ci95 == pytest.approx((low, high))
    curve, theory = simulate_sde.summarize(records).figures["exit_rates"].panels[0].curves
    assert (curve.x.tolist(), theory.label) == ([1.2, 1.8], "theory")
    np.testing.assert_allclose([curve.y, curve.low, curve.high], [[each / 0.1] * 2 for each in (12 / 135, low, high)])


def test_the_variance_ratio_of_mirrored_pairs_is_drawn_where_it_was_measured():
    def sweep(values):
        return [
            _run(
                job,
                {"experiment": "symmetrise", "arm": arm, "noise.std": std, "seed": str(seed)},
                {"train_loss": 1.0} | values(float(std) + seed),
                ["train_loss"],
            )
            for job, (arm, std, seed) in enumerate(
                (arm, std, seed) for arm in ("plain", "antithetic") for std in ("0.1", "0.3") for seed in (0, 2)
            )
        ]

    figure = train.summarize(sweep(lambda ratio: {"variance_ratio": ratio})).figures["variance_ratio"]
    plain, mirrored, equal = figure.panels[0].curves
    assert (plain.label, mirrored.label, equal.y.tolist()) == ("arm=plain", "arm=antithetic", [1, 1])
    np.testing.assert_allclose(plain.y, [1.1, 1.3])  # means over the seeds
    assert figure.panels[0].x_ticks == ((1.0, "noise.std=0.1"), (2.0, "noise.std=0.3"))
    assert "variance_ratio" not in train.summarize(sweep(lambda _: {})).figures


@pytest.mark.parametrize("metrics", [["train_loss"], ["train_loss", "test_loss"]])
def test_the_test_loss_is_drawn_beside_the_training_loss_where_there_is_one(metrics):
    records = [_run(job, {"M": str(job)}, {"train_loss": 1.0}, metrics) for job in (1, 2)]
    figures = train.summarize(records).figures
    assert list(figures) == metrics
    assert [figure.title.split(" loss")[0].lower() for figure in figures.values()] == [m.split("_")[0] for m in metrics]


def test_exit_rates_of_a_noise_too_large_for_the_theory_are_grey():
    records = [_exits(alpha=alpha) for alpha in (1.2, 1.5, 1.8)]
    records[1].values["exit_rate_theory/1"] = Value(0.1, caveat="noise too large")
    inside, outside, theory = simulate_sde.comparison(records).panels[0].curves
    assert (inside.x.tolist(), inside.grey) == ([1.2, 1.8], False)
    assert (outside.x.tolist(), outside.grey, outside.words) == ([1.5], True, "exit rate (noise too large)")
    assert not theory.grey


@pytest.mark.parametrize("caveat", ["", "law of another drift"])
def test_a_sweep_draws_the_law_of_another_drift_in_grey(caveat, tmp_path):
    arrays = {name: NamedArray(np.arange(3.0), "") for name in ("x", "pdf", "exact_pdf", "gibbs_pdf")}
    with (tmp_path / "arrays.npz").open("wb") as stream:
        tables.write_arrays(stream, arrays)
    values = {"gibbs_modes": Value((0.0,), caveat=caveat), "exact_modes": Value((0.0,))}
    run = _run(0, {"beta": "0"}, values)._replace(folder=tmp_path)
    curves = {c.label: c for c in kde_stationary.summarize([run]).figures["density"].panels[0].curves}
    assert {name: curve.grey for name, curve in curves.items()} == {
        "estimate": False, "exact": False, "Gibbs": bool(caveat),
    }  # fmt: skip
    assert curves["Gibbs"].words == ("Gibbs (law of another drift)" if caveat else "")
