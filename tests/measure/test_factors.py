"""The two factors of a gradient: exact on one-neuron networks, the rule for products, and networks by autograd."""

import math

import numpy as np
import pytest
import torch

from gnicli.contracts.components import Bench, NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.contracts.results import Value
from gnicli.errors import UsageError
from gnicli.measure.factors import network as factors_of_network
from gnicli.measure.factors import one_neuron, results
from gnicli.measure.factors.statistics import of_factors
from gnicli.measure.kinds.factors import Factors
from gnicli.measure.one_neuron.network import OneNeuronNetwork, Quantity, values
from gnicli.network.conv import Conv
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise


def chain(operation="multiply", weights=(0.7, -1.3, 0.4), target=0.3, activation="linear", loss="mse", stds=None):
    stds = stds or tuple(0.3 + 0.1 * i for i in range(len(weights)))
    return OneNeuronNetwork(tuple(weights), 1.2, target, activation, loss, operation, stds)


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("activation", ["linear", "relu", "elu"])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_the_product_of_the_factors_is_the_gradient(operation, activation, loss):
    network = chain(operation, activation=activation, loss=loss, target=1.0)
    z = np.random.default_rng(0).normal(size=(200, 3))
    for layer in (1, 2, 3):
        x, y = one_neuron.factors(network, layer, z)
        assert x * y == pytest.approx(values(network, Quantity("gradient", layer), z), abs=1e-13)


def test_factors_of_one_weight_under_multiplicative_noise_are_the_closed_form():
    """o = w x ε with ε ~ N(1, s²), X = 2 (o − y), Y = x ε: XY = 2x (w x ε² − y ε) is a quadratic in one normal."""
    s, w, x, y = 0.4, 0.7, 1.2, 0.3
    found = one_neuron.exact(chain(weights=(w,), stds=(s,), target=y), 1)
    assert (found["backward"], found["forward"]) == pytest.approx((0, 0), abs=1e-10)
    assert found["correlation"] == pytest.approx(1)
    # With ε = 1 + s z: a z² + b z + const has variance 2a² + b² and third moment 8a³ + 6ab².
    a, b = w * x * s**2, (2 * w * x - y) * s
    assert found["gradient"] == pytest.approx((8 * a**3 + 6 * a * b**2) / (2 * a**2 + b**2) ** 1.5, rel=1e-10)
    # Independent normal factors N(m, u²), N(n, v²): variance u²v² + m²v² + n²u², third moment 6 m n u² v².
    m, u, n, v = 2 * (w * x - y), 2 * w * x * s, x, x * s
    spread = (u * v) ** 2 + (m * v) ** 2 + (n * u) ** 2
    assert found["independent"] == pytest.approx(6 * m * n * (u * v) ** 2 / spread**1.5, rel=1e-10)
    assert found["rule"] == pytest.approx(0, abs=1e-10)
    assert found["dependence"] == pytest.approx(found["gradient"] - found["independent"])


def test_factors_under_additive_noise_are_the_closed_form():
    """Of w_2: o = w_2 h̃, h̃ = w_1 (x + ε_0) + ε_1 is normal, X = 2 (o − y) and Y = h̃: a quadratic in one normal."""
    network = chain("add", weights=(0.7, -1.3), stds=(0.3, 0.5), target=0.2)
    mean, std = 0.7 * 1.2, math.hypot(0.7 * 0.3, 0.5)
    a, b = -1.3 * std**2, (2 * -1.3 * mean - 0.2) * std
    found = one_neuron.exact(network, 2)
    assert found["gradient"] == pytest.approx((8 * a**3 + 6 * a * b**2) / (2 * a**2 + b**2) ** 1.5, rel=1e-10)
    assert found["correlation"] == pytest.approx(-1)


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("seed", range(3))
def test_samples_agree_with_exact_values(operation, seed):
    rng = np.random.default_rng(seed)
    network = chain(
        operation, rng.uniform(0.4, 1.2, 4) * rng.choice([-1, 1], 4), rng.normal(), stds=(0.2, 0.1, 0.0, 0.3)
    )
    z = rng.normal(size=(40_000, 4))
    pairs = [one_neuron.factors(network, layer, z) for layer in range(1, 5)]
    known = [one_neuron.exact(network, layer) for layer in range(1, 5)]
    backward, forward = np.array(pairs).swapaxes(0, 1)
    found = results.results(backward, forward, known, "").values
    compared = 0
    for name, value in found.items():
        if name.startswith("exact_") and name.removeprefix("exact_") in found:
            sampled = found[name.removeprefix("exact_")]
            # Of some 80 values in all, five standard errors (from 20 groups, hence known to 16 %).
            assert sampled.number == pytest.approx(value.number, abs=5 * sampled.stderr + 1e-9), (name, network)
            compared += 1
    assert compared > 15


def test_independent_factors_of_mean_0_have_the_product_of_their_skewnesses():
    """Two laws on two points each, all four pairs: the rule of Section 3, with the sign."""
    x = np.array([-1.0, -1.0, 3.0, 3.0])  # P(−1) = 3/4, mean 0
    y = np.array([-4.0, 1.0, -4.0, 1.0])  # P(−4) = 1/5, mean 0
    p = np.array([0.75 * 0.2, 0.75 * 0.8, 0.25 * 0.2, 0.25 * 0.8])
    found = of_factors(x, y, p)
    assert found["backward"] == pytest.approx(2 / math.sqrt(3))
    assert found["forward"] == pytest.approx(-1.5)
    for name in ("gradient", "rule", "independent"):
        assert found[name] == pytest.approx(-math.sqrt(3))
    assert (found["dependence"], found["correlation"]) == pytest.approx((0, 0), abs=1e-12)


@pytest.mark.parametrize("scale", [1e-120, 1.0, 1e120])
def test_statistics_have_no_units(scale):
    rng = np.random.default_rng(3)
    x, y = rng.exponential(size=(2, 500))
    assert of_factors(scale * x, y / scale) == pytest.approx(of_factors(x, y), rel=1e-9)
    assert math.isnan(of_factors(np.zeros(5), y[:5])["gradient"])
    assert math.isnan(of_factors(np.ones(5), y[:5])["correlation"])


def bench(module, noise, n=6, loss="mse"):
    rng = torch.Generator().manual_seed(4)
    inputs = torch.randn(n, 3, generator=rng, dtype=torch.float64)
    targets = torch.randn(n, 2, generator=rng, dtype=torch.float64)
    if loss == "cross_entropy":
        targets = torch.tensor([0, 1, 1, 0, 1, 0])
    return Bench(NoisyNetwork(module, loss, noise, 1, 5), inputs, targets, 0)


@pytest.mark.parametrize("noise", [AdditiveNoise(std=0.3), MultiplicativeNoise(std=[0.5, 0.0, 0.2])])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_factors_of_a_network_multiply_to_its_gradients(noise, loss):
    """Against autograd of the weight, one draw after another, with noise from the same streams."""
    module = Mlp(depth=2, width=5, activation="elu").build((3,), 2, torch.Generator().manual_seed(1), torch.float64)
    made = bench(module, noise, loss=loss)
    drawn = factors_of_network.draw(made, 30, SilentObserver())
    assert drawn.backward.shape == drawn.forward.shape == (3, 30)
    stages = list(module.stages)
    streams = [
        factors_of_network.torch_stream(5, "sample", 0, factors_of_network._STREAM + layer) for layer in range(3)
    ]
    point = int(factors_of_network.numpy_stream(5, "sample", 0).permutation(6)[0])
    sizes = [3, 5, 5]
    epsilons = [
        noise.fill(torch.empty(30, size, dtype=torch.float64), std, stream) if std > 0 else None
        for size, std, stream in zip(sizes, noise.stds(3), streams, strict=True)
    ]
    for row in range(30):
        h = made.inputs[point : point + 1]
        for stage, epsilon in zip(stages, epsilons, strict=True):
            if epsilon is not None:
                h = h + epsilon[row] if noise.operation == "add" else h * epsilon[row]
            h = stage(h)
        target = made.targets[point : point + 1]
        fit = torch.nn.functional.mse_loss if loss == "mse" else torch.nn.functional.cross_entropy
        gradients = torch.autograd.grad(fit(h, target), [stage.weight for stage in stages])
        for layer, ((unit, source), gradient) in enumerate(zip(drawn.weights, gradients, strict=True)):
            product = drawn.backward[layer, row] * drawn.forward[layer, row]
            assert product == pytest.approx(float(gradient[unit, source]), rel=1e-9, abs=1e-14)


def test_what_is_no_product_or_has_no_noise_is_refused():
    generator = torch.Generator().manual_seed(1)
    dense = Mlp(depth=1, width=4).build((3,), 2, generator, torch.float64)
    with pytest.raises(UsageError, match="measure=factors needs noise"):
        factors_of_network.draw(bench(dense, NoNoise()), 10, SilentObserver())
    images = Conv(channels=[2], kernel=2, stride=1).build((1, 3, 3), 2, generator, torch.float64)
    with pytest.raises(UsageError, match="needs a network of dense layers"):
        factors_of_network.draw(bench(images, AdditiveNoise()), 10, SilentObserver())


def test_a_one_neuron_network_has_exact_values_where_they_are_known():
    for keys, known in (({}, True), ({"loss": "cross_entropy"}, False), ({"activation": "relu"}, False)):
        measure = Factors(n_layers=3, n_draws=400, **keys)
        found = measure.measure(bench(None, MultiplicativeNoise(std=0.2)), SilentObserver())
        assert any(name.startswith("exact_") for name in found.values) == known
        assert {f"skewness_gradient/layer{layer}" for layer in (1, 2, 3)} <= set(found.values)


def test_dependence_is_said_from_three_standard_errors_on():
    def said(added, stderr):
        values = {"skewness_gradient/layer1": Value(1.0, 0.1), "skewness_dependence/layer1": Value(added, stderr)}
        return results.sentences(values, 1)[0]

    assert said(0.31, 0.1).endswith("factors makes 0.31 ± 0.10")
    assert said(-0.31, 0.1).endswith("factors makes -0.31 ± 0.10")
    assert said(0.29, 0.1).endswith("factors makes 0.29 ± 0.10, which may be 0")
    assert results.sentences({}, 1) == [
        "layer 1: no skewness to compare, because a factor is constant or draws are too few"
    ]
