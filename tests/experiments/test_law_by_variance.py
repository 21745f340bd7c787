"""The laws of gradient noise against the variance: one number per run, one slope per seed."""

from pathlib import Path

import numpy as np
import pytest

from gnicli.contracts.results import RunRecord
from gnicli.experiments.sweeps import law_by_variance

VARIANCES = (0.1, 0.3, 1.0)
SLOPES = (0.2, -0.1, 0.4)
ERROR = 0.1


def records(boundary_at=None, betas=(0.2, 0.4, 0.5)):
    """alpha = 1.5 + slope · log variance for each seed, in each of two layers and three measurements."""
    found = []
    steps = np.array([0, 5, 10])
    for seed, slope in enumerate(SLOPES):
        for variance, beta in zip(VARIANCES, betas, strict=True):
            alpha = 1.5 + slope * np.log(variance) + np.array([-0.01, 0, 0.02])
            metrics = {}
            for layer in (1, 2):
                metrics[f"alpha/layer{layer}"] = (steps, alpha)
                metrics[f"beta/layer{layer}"] = (steps, np.array([beta, -beta, beta]))
                metrics[f"beta_stderr/layer{layer}"] = (steps, np.full(3, ERROR))
                metrics[f"at_boundary/layer{layer}"] = (steps, np.zeros(3))
            if variance == boundary_at:  # one fit without an error, of alpha = 2
                alpha = alpha.copy()
                alpha[2] = 2
                metrics["alpha/layer2"] = (steps, alpha)
                metrics["beta_stderr/layer2"] = (steps[:2], np.full(2, ERROR))
                metrics["at_boundary/layer2"] = (steps, np.array([0.0, 0, 1]))
                metrics["beta/layer2"] = (steps, np.array([beta, -beta, 1]))
            overrides = {"noise.var": str(variance), "M": "4", "seed": str(seed)}
            found.append(RunRecord(len(found), Path("0"), overrides, "completed", {}, metrics))
    return found


def test_slopes_are_those_of_the_seeds_and_their_interval_is_over_seeds():
    found = law_by_variance.along_variance(records()).values
    slope = found["slope of alpha on log noise.var [M=4]"]
    assert slope.value == pytest.approx(np.mean(SLOPES))
    assert slope.stderr == pytest.approx(np.std(SLOPES, ddof=1) / np.sqrt(3))
    assert slope.n == 3
    assert slope.ci95[0] < 0 < slope.ci95[1]
    squares = np.square([0.2, 0.4, 0.5]) - ERROR**2
    expected = np.polyfit(np.log(VARIANCES), squares, 1)[0]
    assert found["slope of beta² − error² on log noise.var [M=4]"].value == pytest.approx(expected)


def test_beta_of_pure_noise_is_nothing_once_its_error_is_taken_off():
    """|beta| of a law without skewness is the size of its error; beta² − error² is 0 on average."""
    found = law_by_variance.along_variance(records(betas=(ERROR, ERROR, ERROR))).values
    assert found["beta² − error² [noise.var=0.1 M=4]"].value == pytest.approx(0, abs=1e-15)
    assert found["|beta|, biased upward [noise.var=0.1 M=4]"].value == pytest.approx(ERROR)


def test_fits_at_the_boundary_are_counted_and_are_in_no_beta():
    result = law_by_variance.along_variance(records(boundary_at=0.3))
    assert result.values["fits at the boundary [noise.var=0.3 M=4]"].value == pytest.approx(1 / 6)
    assert result.values["beta² − error² [noise.var=0.3 M=4]"].value == pytest.approx(0.4**2 - ERROR**2)
    assert result.notes[0].startswith(
        "3 of 54 fits have a parameter at its bound, and no standard error for it; 3 of them have alpha = 2"
    )


def test_densities_have_area_one_although_the_range_ends():
    panel = law_by_variance.along_variance(records()).figures["laws"].panels[0]
    assert len(panel.curves) == 3
    for curve in panel.curves:
        assert np.trapezoid(curve.y, curve.x) == pytest.approx(1, abs=2e-3)


def test_without_fits_it_says_so():
    bare = [record._replace(metrics={}) for record in records()]
    result = law_by_variance.along_variance(bare)
    assert (result.values, result.figures) == ({}, {})
    assert "no completed run" in result.notes[0]


def test_what_is_left_without_the_mixture_of_scales_has_slopes_and_panels_of_its_own():
    """A run has its median over layers and measurements; runs without them have no such value."""
    steps = np.array([0, 5, 10])
    with_draws = []
    for record in records():
        x = np.log(float(record.overrides["noise.var"]))
        more = {f"alpha_scaled/layer{layer}": (steps, 1.9 + 0.05 * x + np.array([-1, 0, 0.01])) for layer in (1, 2)}
        with_draws.append(record._replace(metrics={**record.metrics, **more}))
    found = law_by_variance.along_variance(with_draws)
    assert found.values["alpha_scaled [noise.var=1 M=4]"].value == pytest.approx(1.9)
    assert found.values["slope of alpha_scaled on log noise.var [M=4]"].value == pytest.approx(0.05)
    assert not any("kurtosis_over_draws" in name for name in found.values)
    assert [panel.title for panel in found.figures["laws"].panels[4:]] == ["each weight in its own scale"]
    assert found.figures["laws"].panels[4].y_label == found.figures["laws"].panels[2].y_label
    assert len(law_by_variance.along_variance(records()).figures["laws"].panels) == 4
