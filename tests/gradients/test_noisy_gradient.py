"""The M-draw gradient: the hand-written and the autograd path against plain whole-batch autograd, and its laws."""

import itertools
import math
import subprocess
import sys

import pytest
import torch
from gradient_oracles import data, kept, network, noisy_gradient, noisy_loss, relative_error
from torch import nn

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients import dense, generic, losses
from gnicli.gradients.inject.recorded import RecordedInjection
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.objective.clean import Clean
from gnicli.gradients.objective.explicit import Explicit
from gnicli.gradients.objective.noisy import Noisy
from gnicli.network.conv import Conv
from gnicli.network.options import ACTIVATIONS
from gnicli.network.stages import Stack
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise

NOISES = {
    "add": AdditiveNoise(std=[0.4, 0.1, 0.7]),
    "mult": MultiplicativeNoise(std=[0.3, 0.6, 0.2]),
    "gaps": AdditiveNoise(std=[0.3, 0.0, 0.2], input=False),
    "mult_gaps": MultiplicativeNoise(std=[0.0, 0.5, 0.0]),
    "antithetic": MultiplicativeNoise(std=0.5, antithetic=True),
    "none": NoNoise(),
}
PATHS = {"dense": dense.DenseGradient, "generic": generic.GenericGradient}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", losses.NAMES)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_both_paths_equal_whole_batch_autograd(path, activation, bias, loss, noise):
    module = network(activation=activation, bias=bias)
    inputs, targets = data(11, loss)
    value, expected = noisy_gradient(module, loss, NOISES[noise], 3, 2, range(5), inputs, targets)
    found, gradients = PATHS[path](NoisyNetwork(module, loss, NOISES[noise], seed=3))(2, range(5), inputs, targets)
    assert abs(found / value - 1) < 1e-10
    assert relative_error(gradients, expected) < 1e-10


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("noise", ["add", "antithetic"])
@pytest.mark.parametrize("batch", [1, 130, 256, 511, 512, 700, 1100])
def test_every_way_to_cut_a_batch_gives_the_same(path, noise, batch):
    module = network(n_in=2, width=3, n_out=1)
    inputs, targets = data(batch, "mse", n_in=2, n_out=1)
    value, expected = noisy_gradient(module, "mse", NOISES[noise], 9, 0, range(4), inputs, targets)
    gradient = PATHS[path](NoisyNetwork(module, "mse", NOISES[noise], seed=9))
    for _ in range(2):  # the second call reuses the buffers
        found, gradients = gradient(0, range(4), inputs, targets)
        assert abs(found / value - 1) < 1e-10
        assert relative_error(gradients, expected) < 1e-10


def test_buffers_serve_batches_of_changing_size():
    module = network()
    gradient = NoisyGradient(NoisyNetwork(module, "mse", NOISES["mult"], 3))
    for step, batch in enumerate([20, 300, 7, 600, 20]):
        inputs, targets = data(batch, "mse")
        _, expected = noisy_gradient(module, "mse", NOISES["mult"], 0, step, range(3), inputs, targets)
        _, found = gradient(step, inputs, targets)
        assert relative_error(found, expected) < 1e-10


def test_float32_agrees_to_its_rounding():
    module = network(width=40, dtype=torch.float32)
    inputs, targets = data(200, "cross_entropy", dtype=torch.float32)
    _, expected = noisy_gradient(module, "cross_entropy", NOISES["mult"], 0, 0, range(8), inputs, targets)
    _, found = NoisyGradient(NoisyNetwork(module, "cross_entropy", NOISES["mult"], 8))(0, inputs, targets)
    assert relative_error(found, expected) < 1e-4


def test_images_and_an_activation_at_the_output():
    module = network(n_in=12)
    module.stages[-1].activation = "elu"
    inputs, targets = data(9, "mse", n_in=12)
    _, expected = noisy_gradient(module, "mse", NOISES["add"], 0, 0, range(2), inputs, targets)
    _, found = NoisyGradient(NoisyNetwork(module, "mse", NOISES["add"], 2))(0, inputs.view(9, 3, 2, 2), targets)
    assert relative_error(found, expected) < 1e-10


@pytest.mark.parametrize("noise", ["add", "mult"])
def test_convolutions_take_the_generic_path(noise):
    module = Conv(channels=[3, 4], kernel=3, activation="elu", init="default").build(
        (2, 9, 9), 4, torch.Generator().manual_seed(0), torch.float64
    )
    inputs = torch.rand(70, 2, 9, 9, dtype=torch.float64)
    targets = torch.arange(70) % 4
    _, expected = noisy_gradient(module, "cross_entropy", NOISES[noise], 1, 0, range(3), inputs, targets)
    _, found = NoisyGradient(NoisyNetwork(module, "cross_entropy", NOISES[noise], 3, seed=1))(0, inputs, targets)
    assert relative_error(found, expected) < 1e-10


class Foreign(nn.Module):
    """A network from elsewhere: it has `stages` and nothing else in common with gni's own."""

    def __init__(self, like):
        super().__init__()
        first, second, last = (nn.Linear(*reversed(stage.weight.shape), dtype=torch.float64) for stage in like.stages)
        self.load = [first, second, last]
        self.stages = [nn.Sequential(first, nn.Tanh()), nn.Sequential(nn.Identity(), second, nn.Tanh()), last]
        self.registered = nn.ModuleList(self.stages)
        for mine, other in zip(self.load, like.stages, strict=True):
            mine.load_state_dict(other.state_dict())


@pytest.mark.parametrize("noise", NOISES)
def test_a_foreign_module_gets_the_same_noise_and_gradient(noise):
    own = network(activation="tanh")
    foreign = Foreign(own)
    inputs, targets = data(30, "cross_entropy")
    networks = [NoisyNetwork(module, "cross_entropy", NOISES[noise], 4, seed=7) for module in (own, foreign)]
    (value, expected), (other, found) = (Noisy().build(each)(1, inputs, targets) for each in networks)
    assert abs(other / value - 1) < 1e-10
    assert relative_error(found, expected) < 1e-10


def test_frozen_weights_get_no_gradient():
    module, free = network(), network()
    module.stages[0].weight.requires_grad_(False)
    inputs, targets = data(12, "mse")
    found, expected = (
        NoisyGradient(NoisyNetwork(each, "mse", NOISES["add"], 2))(0, inputs, targets)[1] for each in (module, free)
    )
    assert len(found) == len(expected) - 1
    assert relative_error(found, expected[1:]) < 1e-10


FUNCTIONS = {
    "dense": lambda module: NoisyGradient(NoisyNetwork(module, "mse", NOISES["add"], 2)),
    "generic": lambda module: NoisyGradient(NoisyNetwork(module, "mse", NOISES["add"], 2)),
    "explicit": lambda module: Explicit().build(NoisyNetwork(module, "mse", NOISES["add"])),
    "injected": lambda module: RecordedInjection().build(
        NoisyGradient(noisy := NoisyNetwork(module, "mse", NOISES["add"], 2)), noisy
    ),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_gradients_are_returned_anew_and_leave_grad_and_weights_alone(function):
    module = Foreign(network()) if function == "generic" else network()
    inputs, targets = data(12, "mse")
    gradient = FUNCTIONS[function](module)
    before = [parameter.detach().clone() for parameter in module.parameters()]
    for number, parameter in enumerate(module.parameters()):
        parameter.grad = torch.full_like(parameter, number)
    value, gradients = gradient(0, inputs, targets)
    expected = [each.clone() for each in gradients]
    for each in gradients:
        each.fill_(math.nan)  # the caller may overwrite them
    again, gradients = gradient(0, inputs, targets)
    assert again == value
    assert relative_error(gradients, expected) == 0
    assert [each.shape for each in gradients] == [parameter.shape for parameter in before]
    assert value.shape == ()
    assert not any(each.requires_grad for each in (value, *gradients))
    for number, (parameter, weight) in enumerate(zip(module.parameters(), before, strict=True)):
        assert torch.equal(parameter, weight)
        assert torch.equal(parameter.grad, torch.full_like(parameter, number))


def of_stages(kind):
    """Dense stages whose weights are not one for each of them."""
    first, middle, last = network(width=3, activation="tanh").stages
    if kind == "a stage that comes twice":
        middle = first
    elif kind == "a weight that two stages share":
        middle.weight = first.weight
    else:
        last.register_parameter("beside", nn.Parameter(torch.ones(2, dtype=torch.float64)))
    return Stack([first, middle, last])


@pytest.mark.parametrize(
    "kind", ["a stage that comes twice", "a weight that two stages share", "a weight that is not used"]
)
def test_a_shared_weight_gets_the_parts_of_both_stages_and_an_unused_one_zeros(kind):
    module = of_stages(kind)
    inputs, targets = data(12, "mse")
    _, gradients = NoisyGradient(NoisyNetwork(module, "mse", NOISES["mult"], 2))(0, inputs, targets)
    loss = sum(noisy_loss(module, "mse", NOISES["mult"], 0, 0, draw, inputs, targets) for draw in range(2)) / 2
    expected = torch.autograd.grad(loss, list(module.parameters()), allow_unused=True, materialize_grads=True)
    assert relative_error(gradients, expected) < 1e-10


def test_the_mean_over_draws_is_the_mean_of_single_draws():
    module = network()
    inputs, targets = data(40, "cross_entropy")
    gradient = NoisyGradient(NoisyNetwork(module, "cross_entropy", NOISES["mult"], 16))
    singles = []
    for draw in range(16):
        singles.append(kept(gradient.over(5, range(draw, draw + 1), inputs, targets)))
    _, found = gradient(5, inputs, targets)
    assert relative_error(found, [sum(parts) / 16 for parts in zip(*singles, strict=True)]) < 1e-12
    _, found = NoisyGradient(NoisyNetwork(module, "cross_entropy", NOISES["mult"]))(5, inputs, targets)
    assert relative_error(found, singles[0]) < 1e-12


def test_draws_depend_on_seed_and_step():
    module = network()
    inputs, targets = data(8, "mse")
    seen = []
    for seed, step in itertools.product([0, 1, 2**32], [0, 1]):
        _, gradients = NoisyGradient(NoisyNetwork(module, "mse", NOISES["add"], seed=seed))(step, inputs, targets)
        seen.append(gradients[0])
    for first, second in itertools.combinations(seen, 2):
        assert (first - second).abs().max() > 1e-3


@pytest.mark.parametrize("path", ["dense", "generic"])
@pytest.mark.parametrize("noise", ["add", "mult"])
def test_expectation_does_not_depend_on_m(path, noise):
    module = network(activation="elu", n_out=2)
    inputs, targets = data(10, "mse", n_out=2)
    gradient = PATHS[path](NoisyNetwork(module, "mse", NOISES[noise], seed=4))

    def sample(steps, M):
        rows = []
        for step in steps:
            _, gradients = gradient(step, range(M), inputs, targets)
            rows.append(torch.cat([part.flatten() for part in gradients]))
        return torch.stack(rows)

    one, four = sample(range(900), 1), sample(range(900, 1300), 4)
    z = (one.mean(0) - four.mean(0)) / (one.var(0) / len(one) + four.var(0) / len(four)).sqrt()
    assert z.abs().max() < 4.5  # 100 coordinates, each exceeds 4.5 standard errors with probability 7e-6
    ratio = one.var(0).sum() / four.var(0).sum()
    assert 3 < ratio < 5.3  # 4 in expectation


@pytest.mark.parametrize("kind", [AdditiveNoise, MultiplicativeNoise])
def test_antithetic_pairs_cancel_the_linear_part_of_the_gradient_noise(kind):
    module = network(activation="tanh")
    inputs, targets = data(10, "mse")
    clean = Clean().build(NoisyNetwork(module, "mse", kind()))
    _, center = clean(0, inputs, targets)

    def deviation(antithetic):
        gradient = NoisyGradient(NoisyNetwork(module, "mse", kind(std=1e-4, antithetic=antithetic), 2))
        return relative_error(gradient(0, inputs, targets)[1], center)

    assert deviation(True) < 1e-3 * deviation(False)


def test_without_noise_m_does_not_matter():
    module = network()
    inputs, targets = data(10, "mse")
    value, expected = Noisy().build(NoisyNetwork(module, "mse", NoNoise(), 16))(0, inputs, targets)
    clean, found = Clean().build(NoisyNetwork(module, "mse", NOISES["add"], 3, seed=1))(4, inputs, targets)
    assert value == clean
    assert relative_error(found, expected) == 0


def test_m_must_be_positive():
    with pytest.raises(UsageError, match="M must be an integer >= 1"):
        Noisy().build(NoisyNetwork(network(), "mse", NoNoise(), 0))


_GROWTH = """
import resource, torch
from gnicli.contracts.components import NoisyNetwork
from gnicli.gradients.noisy import NoisyGradient
from gnicli.network.{name} import {kind}
from gnicli.noise.mult import MultiplicativeNoise
torch.set_num_threads(1)
module = {kind}({keys}).build((3, 24, 24), 2, torch.Generator().manual_seed(0), torch.float32)
gradient = NoisyGradient(NoisyNetwork(module, "cross_entropy", MultiplicativeNoise()))
inputs, targets = torch.rand({batch}, 3, 24, 24), torch.zeros({batch}, dtype=torch.int64)
peaks = []
for M in (16, 16, 160):
    gradient.over(0, range(M), inputs, targets)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(peaks[2] - peaks[1])
"""


@pytest.mark.parametrize(
    ("name", "kind", "keys", "batch"),
    [("mlp", "Mlp", "depth=1, width=8", 200), ("conv", "Conv", "channels=[2]", 50)],
)
def test_memory_does_not_grow_with_m(name, kind, keys, batch):
    script = _GROWTH.format(name=name, kind=kind, keys=keys, batch=batch)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    ten_more_mib = int(done.stdout) / 1024
    # 144 more draws of the inputs alone would take 190 MiB (mlp) or 47 MiB (conv).
    assert ten_more_mib < 8
