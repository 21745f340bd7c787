"""Networks without `stages`: gradients, regularizer and forward noise by hooks are those of their twins with stages."""

import pytest
import torch
from gradient_oracles import data, kept, network, relative_error
from torch import nn

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients.forward_noise import ForwardNoise
from gnicli.gradients.landscape import Landscape
from gnicli.gradients.layer_noise import LayerNoise
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.regularizer import ExplicitGradient
from gnicli.gradients.room import known_stages
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise

NOISES = {
    "add": AdditiveNoise(std=[0.4, 0.1, 0.7]),
    "mult": MultiplicativeNoise(std=[0.3, 0.6, 0.2]),
    "gaps": MultiplicativeNoise(std=[0.3, 0.0, 0.2], input=False),
    "antithetic": AdditiveNoise(std=0.5, antithetic=True),
    "none": NoNoise(),
}


def twins():
    """An MLP of gni and the same network as anybody writes it, with the same weights."""
    own = network(activation="tanh")
    layers = [nn.Linear(*reversed(stage.weight.shape), dtype=torch.float64) for stage in own.stages]
    for layer, stage in zip(layers, own.stages, strict=True):
        layer.load_state_dict(stage.state_dict())
    return own, nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("batch", [9, 530])
def test_gradients_and_the_regularizer_are_those_of_the_network_with_stages(noise, loss, batch):
    inputs, targets = data(batch, loss)
    results = []
    for module in twins():
        noisy = NoisyNetwork(module, loss, NOISES[noise], 3, 7)
        gradient = NoisyGradient(noisy)
        first = gradient(2, inputs, targets)
        first = first[0], kept(first)
        results.append(
            [first, gradient.over(2, range(5, 7), inputs, targets), ExplicitGradient(noisy)(0, inputs, targets)]
        )
    for (value, gradients), (expected, theirs) in zip(*results, strict=True):
        assert abs(value / expected - 1) < 1e-10
        assert relative_error(gradients, theirs) < 1e-10


@pytest.mark.parametrize("noise", NOISES)
def test_the_noise_of_layers_and_of_the_forward_pass_are_those_of_the_network_with_stages(noise):
    inputs, targets = data(9, "mse")
    forward, backward = [], []
    for module in twins():
        noisy = NoisyNetwork(module, "mse", NOISES[noise], 2, 7)
        forward.append(ForwardNoise(noisy)(1, 3, inputs))
        if noise != "none":
            noises = LayerNoise(noisy, n_averaged=1, n_mean=4, key="x")(1, inputs, targets)
            backward.append([torch.from_numpy(each) for each in noises])
    assert relative_error(*forward) < 1e-10
    if backward:
        assert relative_error(*backward) < 1e-10
    # Layer 0 is the input: its noise is that of the stream itself, or that times the input.
    last = forward[0][2]
    assert last.shape == (9, 6)
    assert (last.abs().max() > 0) == (noise != "none")


def test_batch_normalization_sees_the_whole_batch_of_one_draw():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(3, 5, dtype=torch.float64), nn.BatchNorm1d(5, dtype=torch.float64), nn.ReLU(),
        nn.Linear(5, 4, dtype=torch.float64),
    )  # fmt: skip
    inputs, targets = data(600, "mse")
    noisy = NoisyNetwork(model, "mse", NoNoise(), 2)
    value, _ = NoisyGradient(noisy)(0, inputs, targets)
    assert value == nn.functional.mse_loss(model(inputs), targets)
    for takes_one in (NoisyGradient(noisy), lambda *args: ForwardNoise(noisy)(0, 0, inputs[:1])):
        with pytest.raises(
            UsageError, match=r"Sequential normalizes over the batch \(BatchNorm1d\), and this takes a si"
        ):
            takes_one(0, inputs[:1], targets[:1])
    with pytest.raises(UsageError, match="takes examples one by one, and BatchNorm1d in training mode mixes them"):
        ExplicitGradient(noisy._replace(noise=AdditiveNoise()))
    assert ExplicitGradient(NoisyNetwork(model.eval(), "mse", AdditiveNoise()))(0, inputs, targets)[0] > 0


class Branches(nn.Module):
    """One layer is called twice, another one never."""

    def __init__(self):
        super().__init__()
        self.shared, self.never = nn.Linear(3, 3, dtype=torch.float64), nn.Linear(3, 3, dtype=torch.float64)

    def forward(self, x):
        return self.shared(x + self.shared(x))


def test_weights_that_are_not_used_get_zeros_and_noise_that_is_not_there_is_told():
    model, (inputs, targets) = Branches(), data(9, "mse", n_out=3)
    noisy = NoisyNetwork(model, "mse", AdditiveNoise())
    _, gradients = NoisyGradient(noisy)(0, inputs, targets)
    assert [bool(each.any()) for each in gradients] == [True, True, False, False]
    with pytest.raises(UsageError, match="never calls never, a noise layer"):
        ForwardNoise(noisy)(0, 0, inputs)
    model.never = None
    (noise,) = ForwardNoise(noisy)(0, 0, inputs)
    assert noise.shape == (9, 6)  # both calls, side by side


def test_what_needs_stages_says_so():
    inputs, targets = data(9, "mse")
    _, module = twins()
    with pytest.raises(UsageError, match=r"noise: std must be a number or a list of 3, .*; got a list of 2"):
        NoisyGradient(NoisyNetwork(module, "mse", AdditiveNoise(std=[0.1, 0.2])))
    with pytest.raises(
        UsageError, match=r"^potential=network needs a network with stages.* Sequential has none: give its"
    ):
        Landscape(NoisyNetwork(module, "mse", NoNoise()), inputs, targets)
    assert known_stages(module, (3,)) == []
