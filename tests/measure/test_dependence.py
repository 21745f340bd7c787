"""Whether made-up noise is called elliptical, independent, or neither, as it was made; and what is said of it."""

import math

import numpy as np
import pytest
import torch

from gnicli.contracts.components import Bench, NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.measure.layers import dependence, populations, results
from gnicli.measure.layers.dependence import ELLIPTICAL, INDEPENDENT, NEITHER, OPEN, Dependence, of_trace
from gnicli.network.mlp import Mlp
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.stable import StableLaw
from gnicli.stable.elliptical import EllipticalStableLaw

SHAPE = np.array([[2.0, 0.5, 0.0, -0.2], [0.5, 1.0, 0.3, 0.0], [0.0, 0.3, 3.0, 0.4], [-0.2, 0.0, 0.4, 0.7]])
SCALES = np.array([1e-6, 1.0, 30.0, 1e3])  # of the weights: nothing may depend on them


def noise(kind, n, rng):
    """(n, 4) draws: elliptical, independent by coordinate, elliptical in pairs that are independent, or Gaussian."""
    if kind == "elliptical":
        x = EllipticalStableLaw(1.5, SHAPE, [1.0, -2.0, 0.0, 9.0]).rvs(n, rng)
    elif kind == "independent":
        x = StableLaw(1.5, 0.4).rvs((n, 4), rng)
    elif kind == "mixed":
        x = np.hstack([EllipticalStableLaw(1.5, SHAPE[:2, :2]).rvs(n, rng), StableLaw(1.5, 0.0).rvs((n, 2), rng)])
    else:
        x = rng.standard_normal((n, 4))
    return (x * SCALES).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("elliptical", ELLIPTICAL), ("independent", INDEPENDENT), ("mixed", NEITHER), ("Gaussian", OPEN)],
)
def test_made_up_noise_is_called_what_it_is(kind, verdict):
    found = of_trace(noise(kind, 600, np.random.default_rng(1)), 0, 0, 1)
    assert found.verdict == verdict
    assert (found.n, found.d) == (600, 4)


@pytest.mark.parametrize(("kind", "p"), [("elliptical", "elliptical_p"), ("independent", "independent_p")])
def test_true_laws_are_rejected_at_the_level_alone(kind, p):
    """Over 80 samples of 100 draws, whose p are uniform."""
    rng = np.random.default_rng(2)
    each = np.array([getattr(of_trace(noise(kind, 100, rng), 0, 0, k), p) for k in range(80)])
    assert (each <= 0.01).sum() <= 5  # more than 5 of 80 at 1 % have probability 1e-4
    # the simulated null, 199 samples, is one for all: its own error is .035 at 50 %
    assert abs((each <= 0.5).mean() - 0.5) < 3.5 * math.hypot(math.sqrt(0.25 / 80), 0.035)


@pytest.mark.parametrize(
    ("elliptical", "independent", "verdict"),
    [(0.01, 0.01, NEITHER), (0.011, 0.01, ELLIPTICAL), (0.01, 0.011, INDEPENDENT), (0.011, 0.011, OPEN)],
)
def test_verdicts_have_two_sides(elliptical, independent, verdict):
    found = Dependence(100, 4, elliptical, independent)
    assert found.verdict == verdict
    (said,) = dependence.sentences({"over_draws": {3: found}})
    assert f"layer 3: {verdict}" in said
    assert ("does not describe layer 3" in said) == (independent <= 0.01)
    assert ("is not rejected, which does not show it" in said) == (independent > 0.01)


def test_a_sentence_names_each_layer_once_and_those_that_the_model_does_not_describe():
    layers = {
        1: Dependence(100, 4, 0.5, 0.5), 2: Dependence(100, 4, 0.5, 0.005), 3: Dependence(100, 4, 0.005, 0.005),
        4: Dependence(20, 2, why_not="few"), 5: Dependence(100, 4, 0.6, 0.2),
    }  # fmt: skip
    (said,) = dependence.sentences({"over_draws": layers})
    assert f"layers 1 and 5: {OPEN}; layer 2: {ELLIPTICAL}; layer 3: {NEITHER}" in said
    assert said.endswith("does not describe layers 2 and 3.")
    assert "layer 4" not in said
    assert dependence.sentences({"over_draws": {4: layers[4]}}) == []
    table = dependence.table({"over_draws": layers})
    assert table.rows[2] == ("over_draws", "3", "100", "4", "≤ 0.005", "≤ 0.005", NEITHER)
    assert table.rows[3][4:] == ("", "", "not tested: few")
    assert set(dependence.values({"over_draws": layers})) == {
        f"{name}/over_draws/layer{layer}" for name in ("elliptical_p", "independent_p") for layer in (1, 2, 3, 5)
    }


def test_weights_of_dead_units_are_left_out_and_too_few_draws_are_not_tested():
    rng = np.random.default_rng(3)
    x = noise("elliptical", 150, rng)
    alone = of_trace(x, 0, 0, 1)
    dead = np.where(rng.random(150) < 0.3, 0.0, rng.standard_normal(150)).astype(np.float32)
    beside = of_trace(np.column_stack([dead, x, np.zeros(150, np.float32)]), 0, 0, 1)
    assert beside == alone
    assert "fewer than 100 draws" in of_trace(x[:99], 0, 0, 1).why_not
    assert "fewer than two" in of_trace(np.column_stack([x[:, 0], dead]), 0, 0, 1).why_not
    wide = np.random.default_rng(4).standard_normal((120, 30))
    assert of_trace(wide, 0, 0, 1).d == 12  # 10 draws for each
    assert of_trace(np.random.default_rng(4).standard_normal((400, 30)), 0, 0, 1).d == 16


def test_ellipticity_is_asked_of_weights_that_are_no_functions_of_others():
    x = noise("elliptical", 300, np.random.default_rng(5))
    found = of_trace(np.column_stack([x, 1e3 * x[:, 0] - x[:, 2] / 9.0]), 0, 0, 1)
    assert found.d == 5
    assert found.verdict == ELLIPTICAL
    assert found.elliptical_p > 0.01


def test_a_run_has_the_table_the_values_and_the_sentence():
    module = Mlp(depth=1, width=4, activation="elu").build((2,), 1, torch.Generator().manual_seed(3), torch.float64)
    inputs = torch.randn(7, 2, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    network = NoisyNetwork(module, "mse", MultiplicativeNoise(std=0.4), 2, 11)
    bench = Bench(network, inputs, inputs.prod(dim=1, keepdim=True), 5)
    for n_draws, tested in ((128, True), (20, False)):
        shown = results.results(populations.measure(bench, n_draws, 4, SilentObserver()), bench, n_draws, [])
        (title,) = [title for title in shown.tables if title.startswith("Joint law")]
        rows = shown.tables[title].rows
        assert [row[:2] for row in rows] == [
            (name, layer) for name in ("over_draws", "over_draws_point") for layer in ("1", "2")
        ]
        assert all(("not tested" in row[-1]) != tested for row in rows if row[0] == "over_draws")
        assert ("independent_p/over_draws/layer2" in shown.values) == tested
        assert any(note.startswith("Joint law of the traced weights, over_draws:") for note in shown.notes) == tested
