"""The explicit regularizer R: the full second order on linear networks, Gauss–Newton elsewhere, unbiased probes."""

import math

import pytest
import torch
from gradient_oracles import data, kept, network, relative_error, second_order
from torch import nn

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients import losses
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.objective.clean import Clean
from gnicli.gradients.objective.explicit import Explicit
from gnicli.gradients.regularizer import ExplicitGradient
from gnicli.network.conv import Conv
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise

NOISES = {
    "add": AdditiveNoise(std=[0.4, 0.1, 0.7]),
    "mult": MultiplicativeNoise(std=[0.3, 0.6, 0.2]),
    "hidden": MultiplicativeNoise(std=[9.0, 0.6, 0.2], input=False),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", losses.NAMES)
@pytest.mark.parametrize("bias", [True, False])
def test_r_is_the_full_second_order_of_linear_networks(noise, loss, bias):
    module = network(activation="linear", bias=bias)
    inputs, targets = data(7, loss)
    (clean, found), _ = ExplicitGradient(NoisyNetwork(module, loss, NOISES[noise])).parts(0, inputs, targets)
    expected = second_order(module, loss, NOISES[noise], inputs, targets)
    assert abs(found / expected - 1) < 1e-10  # the law asks for 1e-5
    assert abs(clean / Clean().build(NoisyNetwork(module, loss, NoNoise()))(0, inputs, targets)[0] - 1) < 1e-12


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", losses.NAMES)
@pytest.mark.parametrize("activation", ["elu", "tanh", "relu", "gelu"])
def test_r_is_the_gauss_newton_part_of_other_networks(noise, loss, activation):
    module = network(activation=activation)
    inputs, targets = data(5, loss)
    (_, found), _ = ExplicitGradient(NoisyNetwork(module, loss, NOISES[noise])).parts(0, inputs, targets)
    expected = second_order(module, loss, NOISES[noise], inputs, targets, gauss_newton=True)
    assert abs(found / expected - 1) < 1e-10
    if activation != "relu":  # piecewise linear networks have no second order but this one
        assert abs(expected / second_order(module, loss, NOISES[noise], inputs, targets) - 1) > 1e-4


def test_r_is_the_mean_of_the_loss_change_where_the_loss_is_quadratic():
    noise = AdditiveNoise(std=[0.4, 0.1, 0.7])
    module = network(activation="linear")
    inputs, targets = data(7, "mse")
    (value, found), _ = ExplicitGradient(NoisyNetwork(module, "mse", noise)).parts(0, inputs, targets)
    gradient = NoisyGradient(NoisyNetwork(module, "mse", noise, seed=5))
    changes = torch.stack([gradient(step, inputs, targets)[0] for step in range(4000)]) - value
    assert abs(changes.mean() - found) < 4 * changes.std() / math.sqrt(len(changes))
    assert changes.std() / math.sqrt(len(changes)) < 0.02 * found  # the test can tell R from R with a wrong factor


def _numeric_slope(function, module, direction, width=1e-5):
    weights = list(module.parameters())
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            for weight, part in zip(weights, direction, strict=True):
                weight.add_(part, alpha=sign * width)
            values.append(function())
            for weight, part in zip(weights, direction, strict=True):
                weight.sub_(part, alpha=sign * width)
    return (values[0] - values[1]) / (2 * width)


@pytest.mark.parametrize("noise", ["add", "mult"])
@pytest.mark.parametrize("loss", losses.NAMES)
@pytest.mark.parametrize("n_probes", [None, 3])
def test_the_gradient_is_that_of_the_value(noise, loss, n_probes):
    module = network(activation="tanh")
    inputs, targets = data(6, loss)
    objective = ExplicitGradient(NoisyNetwork(module, loss, NOISES[noise]), n_probes)
    found = kept(objective(0, inputs, targets))
    generator = torch.Generator().manual_seed(0)

    def value():
        if n_probes is not None:  # the oracle knows no probes
            return objective(0, inputs, targets)[0]
        clean = Clean().build(NoisyNetwork(module, loss, NoNoise()))(0, inputs, targets)[0]
        return clean + second_order(module, loss, NOISES[noise], inputs, targets, gauss_newton=True)

    for _ in range(2):
        direction = [torch.randn(part.shape, dtype=part.dtype, generator=generator) for part in found]
        expected = _numeric_slope(value, module, direction)
        slope = sum((part * along).sum() for part, along in zip(found, direction, strict=True))
        assert abs(slope / expected - 1) < 1e-6


@pytest.mark.parametrize("noise", ["add", "mult"])
@pytest.mark.parametrize("loss", losses.NAMES)
def test_probes_are_unbiased(noise, loss):
    module = network(activation="elu")
    inputs, targets = data(6, loss)
    exact = Explicit().build(NoisyNetwork(module, loss, NOISES[noise]))
    value, gradients = exact(0, inputs, targets)
    expected = torch.cat([value[None], *(part.flatten() for part in gradients)])
    probe = Explicit(method="probe").build(NoisyNetwork(module, loss, NOISES[noise], seed=3))
    rows = []
    for step in range(200):
        value, gradients = probe(step, inputs, targets)
        rows.append(torch.cat([value[None], *(part.flatten() for part in gradients)]))
    sample = torch.stack(rows)
    z = (sample.mean(0) - expected) / (sample.std(0) / math.sqrt(len(sample)) + 1e-12)
    assert z.abs().max() < 4.5
    assert sample[:, 0].std() > 1e-3 * expected[0]  # probes do scatter
    noisy = NoisyNetwork(module, loss, NOISES[noise], seed=3)
    many, _ = Explicit(method="probe", n_probes=100).build(noisy)(0, inputs, targets)
    assert abs(many - expected[0]) < 4 * sample[:, 0].std() / 10


def test_probes_repeat_for_a_step_and_change_between_steps():
    module = network()
    inputs, targets = data(6, "mse")
    probe = Explicit(method="probe").build(NoisyNetwork(module, "mse", NOISES["add"], seed=3))
    first, again, other = (probe(step, inputs, targets)[0] for step in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("method", ["exact", "probe"])
def test_a_large_batch_is_cut_without_a_trace(method):
    module = network(n_out=2)
    inputs, targets = data(600, "mse", n_out=2)
    objective = Explicit(method=method).build(NoisyNetwork(module, "mse", NOISES["mult"]))
    value, gradients = objective(0, inputs, targets)
    found = [gradient.clone() for gradient in gradients]
    if method == "exact":
        halves = []
        for part in (slice(0, 150), slice(150, 600)):
            half, gradients = objective(0, inputs[part], targets[part])
            halves.append((half, [gradient.clone() for gradient in gradients]))
        assert abs(value / (0.25 * halves[0][0] + 0.75 * halves[1][0]) - 1) < 1e-10
        mixed = [0.25 * a + 0.75 * b for a, b in zip(halves[0][1], halves[1][1], strict=True)]
        assert relative_error(found, mixed) < 1e-10
    else:
        assert value.isfinite()
        assert objective(0, inputs, targets)[0] == value


def test_r_is_zero_without_noise():
    module = network()
    inputs, targets = data(6, "cross_entropy")
    (value, found), _ = ExplicitGradient(NoisyNetwork(module, "cross_entropy", NoNoise())).parts(0, inputs, targets)
    assert found == 0
    assert value > 0


def test_r_works_for_convolutions_and_foreign_modules():
    conv = Conv(channels=[2, 3], kernel=2, activation="tanh", init="default").build(
        (1, 6, 6), 3, torch.Generator().manual_seed(0), torch.float64
    )
    inputs, targets = torch.rand(4, 1, 6, 6, dtype=torch.float64), torch.tensor([0, 2, 1, 0])
    (_, found), _ = ExplicitGradient(NoisyNetwork(conv, "cross_entropy", NOISES["mult"])).parts(0, inputs, targets)
    expected = second_order(conv, "cross_entropy", NOISES["mult"], inputs, targets, gauss_newton=True)
    assert abs(found / expected - 1) < 1e-10

    class Foreign(nn.Module):
        def __init__(self):
            super().__init__()
            self.stages = nn.ModuleList([nn.Flatten(), nn.Linear(36, 3, dtype=torch.float64), nn.Softplus()])

        def forward(self, x):
            return nn.Sequential(*self.stages)(x)

    foreign = Foreign()
    (_, found), _ = ExplicitGradient(NoisyNetwork(foreign, "mse", NOISES["add"])).parts(0, inputs, targets)
    expected = second_order(
        foreign, "mse", NOISES["add"], inputs, nn.functional.one_hot(targets, 3).double(), gauss_newton=True
    )
    assert abs(found / expected - 1) < 1e-10


def test_confident_outputs_keep_r_finite():
    module = network(activation="linear")
    with torch.no_grad():
        module.stages[-1].weight.mul_(1e4)  # some probabilities underflow to 0
    inputs, targets = data(6, "cross_entropy")
    value, gradients = Explicit().build(NoisyNetwork(module, "cross_entropy", NOISES["add"]))(0, inputs, targets)
    assert value.isfinite()
    assert all(part.isfinite().all() for part in gradients)


@pytest.mark.parametrize(
    ("keys", "words"),
    [({"method": "exakt"}, "did you mean exact"), ({"n_probes": 0}, "objective.n_probes must be an integer >= 1")],
)
def test_bad_settings_are_refused(keys, words):
    with pytest.raises(UsageError, match=words):
        Explicit(**keys)
