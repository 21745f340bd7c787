"""Tails of means: cumulants over B, exceedances of known laws, the Orlicz norm, and what the bound's constants mean."""

import math

import numpy as np
import pytest
import scipy.stats

from gnicli.contracts.observer import SilentObserver
from gnicli.measure.averages import batch_means, results, tail_bound
from gnicli.measure.one_neuron import exact
from gnicli.measure.one_neuron.centers import center
from gnicli.measure.one_neuron.network import OneNeuronNetwork

NETWORK = OneNeuronNetwork((1.2, -0.8), 1.0, 0.4, "linear", "mse", "multiply", (0.4, 0.3))


def gradient(layer=1):
    return next(each for each in center(NETWORK, 100, 0, 0) if each.name == f"gradient/layer{layer}")


def test_the_cumulants_of_a_mean_fall_with_the_batch():
    """Of B independent copies: variance over B, excess kurtosis over B, within 4 standard errors."""
    logs, x = exact.points(NETWORK, gradient(), 8.0)
    one = results._kurtosis(logs, x)
    std = math.sqrt(float(np.exp(logs) @ x**2))
    drawn = batch_means.one_neuron_means(NETWORK, gradient(), [1, 4, 16], 40000, 3, 0, SilentObserver())
    for size, draws in zip((1, 4, 16), drawn, strict=True):
        found = tail_bound.shape(draws)
        spread = std / math.sqrt(size) * math.sqrt((one / size + 2) / 4 / 40000)
        assert abs(found.std - std / math.sqrt(size)) < 4 * spread
        assert abs(found.kurtosis - one / size) < 4 * found.kurtosis_stderr + 0.02 * one / size
        assert abs(draws.mean()) < 4 * std / math.sqrt(size * 40000)


def test_shapes_are_those_of_scipy():
    x = np.random.default_rng(0).gamma(2.0, size=5000) * 3
    found = tail_bound.shape(x)
    assert found.std == pytest.approx(x.std(), rel=1e-12)
    assert found.skewness == pytest.approx(scipy.stats.skew(x), rel=1e-9)
    assert found.kurtosis == pytest.approx(scipy.stats.kurtosis(x), rel=1e-9)


def test_exceedances_count_and_integrate():
    counted = tail_bound.exceedances(np.repeat([-3.0, 1.0], [10, 30]), np.array([0.5, 2.0, 3.0, 3.1]))
    np.testing.assert_array_equal(counted, [1, 0.25, 0.25, np.nan])
    logs, x = exact.points(NETWORK, gradient(2), 8.0)
    draws = batch_means.one_neuron_means(NETWORK, gradient(2), [1], 40000, 5, 0, SilentObserver())[0]
    distances = draws.std() * np.array([0.7, 2.0, 4.0])
    law, counted = tail_bound.law_exceedances(logs, x, distances), tail_bound.exceedances(draws, distances)
    assert np.all(np.abs(law - counted) < 4 * np.sqrt(law / 40000) + 0.01 * law)  # cells of 0.8 % in |P|


def test_one_heavy_point_rules_far_out():
    """Far out P(|mean over B| > x) tends to B P(|X| > B x): within a quarter at 10 deviations, no Gaussian near it."""
    heavy = OneNeuronNetwork((1.0,) * 4, 1.0, 0.0, "linear", "mse", "multiply", (0.5,) * 4)
    quantity = next(each for each in center(heavy, 100, 0, 0) if each.name == "gradient/layer1")
    draws = batch_means.one_neuron_means(heavy, quantity, [4], 100000, 1, 0, SilentObserver())[0]
    far = np.array([10.0 * draws.std()])
    one = 4 * tail_bound.law_exceedances(*exact.points(heavy, quantity, 8.0), 4 * far)
    assert tail_bound.exceedances(draws, far) == pytest.approx(one, rel=0.25)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_the_norm_of_an_exponential_power(p):
    """|X| = T^p with T exponential has E exp(T/ν^{1/p}) = 1/(1 − ν^{−1/p}) = 2 at ν = 2^p."""
    t = (np.arange(200000) + 0.5) * 2.5e-4
    logs = -t + math.log(2.5e-4)
    logs -= math.log(np.exp(logs).sum())
    assert tail_bound.orlicz_norm(logs, 3.0 * t**p, p) == pytest.approx(3.0 * 2.0**p, rel=1e-5)


def test_the_fitted_bound_holds_and_cannot_be_smaller():
    rng = np.random.default_rng(2)
    sizes, draws = [1, 8], [rng.laplace(size=(20000, size)).mean(axis=1) for size in (1, 8)]
    stds = [float(each.std()) for each in draws]
    distances = [np.linspace(0.25, 9.0, 30) * std for std in stds]
    curves = [tail_bound.exceedances(each, x) for each, x in zip(draws, distances, strict=True)]
    bound = tail_bound.fit_bound(1.0, 2.0, sizes, stds, curves, distances)
    assert bound.K > 0

    def violations(candidate):
        pairs = zip(sizes, curves, distances, strict=True)
        return sum(int(np.sum(curve > candidate(size, x) * (1 + 1e-9))) for size, curve, x in pairs)

    assert violations(bound) == 0
    assert violations(bound._replace(K=0.97 * bound.K)) > 0


def test_what_a_run_returns():
    found = results.of_one_neuron(NETWORK, 1, [1, 4], 2000, 0, 0, SilentObserver())
    assert {"kurtosis/B1", "kurtosis/B4", "std/B1"} <= found.values.keys()
    assert found.arrays["exceedances"].values.shape == (2, len(found.arrays["distances"].values))
    assert [panel.title for panel in found.figures["tails"].panels] == ["B = 1", "B = 4"]
    assert "Theorem 3.2" in found.notes[0]


def test_the_figure_of_each_layer_says_which_it_is(monkeypatch):
    drawn = np.random.default_rng(2).standard_normal((2, 3, 200))
    monkeypatch.setattr(results, "network_means", lambda *_: (drawn, ["a", "b", "c"]))
    found = results.of_network(None, [1, 4], 200, SilentObserver()).figures
    assert [figure.title.rpartition(", ")[2] for figure in found.values()] == ["layer 1", "layer 2", "layer 3"]
