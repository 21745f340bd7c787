"""One-neuron networks against autograd, importance sampling against exact slopes, and what the measure says."""

import math

import numpy as np
import pytest
import torch

from gnicli.contracts.components import Bench, NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import UsageError
from gnicli.measure.growth import exponents
from gnicli.measure.growth.inflated_noise import Inflated
from gnicli.measure.growth.proposal import Proposal, log_weights, propose
from gnicli.measure.growth.results import deviation, results
from gnicli.measure.kinds.averages import Averages
from gnicli.measure.kinds.exponents import Exponents
from gnicli.measure.moments import estimate, log_abs
from gnicli.measure.one_neuron import exact
from gnicli.measure.one_neuron.centers import center
from gnicli.measure.one_neuron.network import OneNeuronNetwork, Quantity, forward, gaussian_slope, values
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise
from gnicli.seeding import torch_stream

WEIGHTS, STDS = (1.3, -0.7, 0.9, 1.4), (0.5, 1.0, 0.3, 0.8)


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("activation", ["linear", "relu", "elu"])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_one_neuron_networks_against_autograd(operation, activation, loss):
    network = OneNeuronNetwork(WEIGHTS, -0.8, 1.0, activation, loss, operation, STDS)
    z = np.random.default_rng(3).standard_normal((7, 4)) * 2
    weights = torch.tensor(WEIGHTS, dtype=torch.float64).expand(7, 4).clone().requires_grad_()
    act = {"linear": lambda a: a, "relu": torch.relu, "elu": torch.nn.functional.elu}[activation]
    h, noised = torch.full((7,), -0.8, dtype=torch.float64), []
    for layer, scale in enumerate(STDS):
        h = h if layer == 0 else act(weights[:, layer - 1] * noised[-1])
        noise = torch.from_numpy(scale * z[:, layer])
        noised.append(h + noise if operation == "add" else h * (1 + noise))
    output = weights[:, 3] * noised[-1]
    logits = torch.stack([torch.zeros_like(output), output], 1)
    ones = torch.ones(7, dtype=torch.long)
    total = (output - 1).square().sum()
    if loss == "cross_entropy":
        total = torch.nn.functional.cross_entropy(logits, ones, reduction="sum")
    total.backward()
    np.testing.assert_allclose(forward(network, z)[0], torch.stack(noised).detach().numpy(), rtol=1e-12, atol=1e-14)
    for layer in range(1, 5):
        found = values(network, Quantity("gradient", layer), z)
        np.testing.assert_allclose(found, weights.grad[:, layer - 1].numpy(), rtol=1e-10, atol=1e-13)


def test_the_density_of_a_proposal_is_that_of_its_draws():
    """Weights average to one, and weighted draws have the moments of the normal law, within 5 standard errors."""
    factors = np.array([[[0.7, 0.0], [0.3, 1.1]], [[1.5, 0.0], [0.0, 2.0]]])
    proposal = Proposal(np.array([0.6, 0.4]), np.array([[1.0, -0.5], [0.0, 0.0]]), factors)
    z = proposal.draw(40000, np.random.default_rng(1))
    weights = np.exp(log_weights(proposal, z))
    for terms, truth in ((weights, 1.0), (weights * z[:, 0] * z[:, 1], 0.0), (weights * z[:, 1] ** 4, 3.0)):
        assert abs(terms.mean() - truth) < 5 * terms.std() / 200


def test_plain_moments_have_the_errors_they_claim():
    """|N| at m = 3: over 300 samples the slopes scatter as the standard error says, about the exact one."""
    rng = np.random.default_rng(4)
    found = [estimate(0.0, log_abs(rng.standard_normal(2000)), 3.0) for _ in range(300)]
    z = np.array([(each.slope - gaussian_slope(0.5, 3.0)) / each.slope_stderr for each in found])
    assert abs(z.mean()) < 0.25  # 4 standard errors of the mean, and a bias of order 1/sqrt(2000)
    assert 0.85 < z.std() < 1.2
    assert all(each.ess < 2000 for each in found)


@pytest.mark.parametrize(
    ("operation", "activation", "loss"),
    [
        ("add", "linear", "mse"),
        ("add", "linear", "cross_entropy"),
        ("multiply", "linear", "mse"),
        ("multiply", "relu", "cross_entropy"),
    ],
)
def test_importance_sampling_meets_exact_slopes(operation, activation, loss):
    """At m = 3 and 64, for every quantity: within 4 standard errors, from more than 1 000 effective draws."""
    network = OneNeuronNetwork(WEIGHTS, -0.8, 1.0, activation, loss, operation, STDS)
    rows = exponents.measure(network, [3.0, 64.0], 3000, 11, 0, SilentObserver())
    assert len(rows) == 2 * 12
    assert min(row.moment.ess for row in rows) > 1000
    z = np.array([deviation(row) for row in rows])
    assert np.abs(z).max() < 4
    assert 0.5 < z.std() < 1.6  # of 24: the errors are neither too small nor too large


def test_every_sign_pattern_has_its_mode():
    """Π (1 + z_k) at m = 64 with scale 1: the mode is 1 + z = (1 + sqrt(1 + 4m))/2 in every coordinate."""
    network = OneNeuronNetwork((1.0,) * 3, 1.0, 0.0, "linear", "mse", "multiply", (1.0,) * 3)
    quantity = Quantity("noised", 2)
    proposal = propose(lambda z: log_abs(values(network, quantity, z)), 3, 64.0, np.random.default_rng(0))
    expected = (1 + math.sqrt(1 + 4 * 64)) / 2 - 1
    np.testing.assert_allclose(proposal.centers[0], expected, rtol=1e-4)


def test_slopes_without_enough_behind_them_are_marked():
    network = OneNeuronNetwork((1.0,) * 2, 1.0, 0.0, "linear", "mse", "multiply", (0.5,) * 2)
    rows = exponents.measure(network, [2.0, 64.0], 500, 0, 0, SilentObserver())
    found = results(network, rows, 1000.0)
    assert all("not enough" in row[2] for table in found.tables.values() for row in table.rows)
    curves = [curve for panel in found.figures["slopes"].panels for curve in panel.curves]
    assert {curve.label for curve in curves} == {"exact"}
    assert "marked" in found.notes[0]


def test_layers_without_noise_are_left_out():
    network = OneNeuronNetwork((1.0,) * 3, 1.0, 0.5, "linear", "mse", "add", (0.0, 0.5, 0.0))
    names = [each.name for each in center(network, 100, 0, 0)]
    assert names[0] == "noised/layer1"
    assert "accumulated/layer0" not in names
    assert exact.is_known(network)


def bench(noise, seed=5):
    module = Mlp(depth=2, width=5, init="default").build((3,), 1, torch_stream(0, "init"), torch.float64)
    inputs = torch.randn(6, 3, generator=torch_stream(0, "data"), dtype=torch.float64)
    return Bench(NoisyNetwork(module, "mse", noise, 1, seed), inputs, inputs[:, :1], 0)


@pytest.mark.parametrize(("inflation", "orders"), [(1.0, [2, 3]), (1.5, [2, 8])])
def test_the_input_of_a_network_has_gaussian_slopes(inflation, orders):
    """Noise layer 0, additive: h̃ is normal, and with its noise inflated moments of higher order come within reach."""
    measure = Exponents(chain=False, orders=orders, n_draws=1500, least_ess=100, inflation=inflation)
    found = measure.measure(bench(AdditiveNoise(std=40.0)), SilentObserver())
    moments = found.arrays["moments"].values
    # The inputs are below 3: 40 standard deviations of noise hide them (to 3²/40², far below the error).
    for row in moments[:2]:
        assert row[3] == pytest.approx(gaussian_slope(0.5, row[0]), abs=4 * row[4])
        assert row[5] > 100


def test_inflated_noise_is_weighted_back():
    """Weights have mean one, with weights the mean square of ε is σ² again, and those of fills are those of rows."""
    noise = Inflated(MultiplicativeNoise(std=0.3), 1.3)
    (std,) = noise.stds(1)
    epsilon = noise.fill(torch.empty(20000, 2, dtype=torch.float64), std, torch_stream(0, "noise"))
    logs = noise.row_log_weights(epsilon, std)
    weights = np.exp(logs)
    assert noise.taken() == pytest.approx(logs.sum(), rel=1e-9)
    assert noise.taken() == 0
    squares = (epsilon[:, 1].numpy() - 1) ** 2
    for terms, truth in ((weights, 1.0), (weights * squares, 0.09)):
        assert abs(terms.mean() - truth) < 4 * terms.std() / math.sqrt(20000)


def test_both_measures_repeat_and_depend_on_the_seed():
    small = {"n_draws": 200, "chain": False}
    first, again = (
        Averages(sizes=[1, 4], **small).measure(bench(MultiplicativeNoise()), SilentObserver()) for _ in "12"
    )
    assert first.values == again.values
    other = Averages(sizes=[1, 4], **small).measure(bench(MultiplicativeNoise(), seed=6), SilentObserver())
    assert first.values != other.values


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"weights": [1.0, 2.0]}, "measure.weights has 2 entries and measure.n_layers is 4"),
        ({"weights": 0.0}, "measure.weights must not be 0"),
        ({"orders": [8, 2]}, "measure.orders must rise"),
        ({"orders": 3}, "measure.orders: expected a list"),
        ({"loss": "cross_entropy", "target": 0.3}, "measure.target must be one of"),
    ],
)
def test_mistakes_get_one_line(keys, told):
    with pytest.raises(UsageError, match=told.replace(".", r"\.")):
        Exponents(**keys)


def test_a_chain_needs_noise_and_a_batch_its_data():
    with pytest.raises(UsageError, match="needs noise in the activations"):
        Exponents().measure(bench(NoNoise()), SilentObserver())
    with pytest.raises(UsageError, match="asks for 7 examples and there are 6"):
        Averages(chain=False, sizes=[1, 7]).measure(bench(AdditiveNoise()), SilentObserver())
