"""The networks: shapes, laws of the initial weights, and what they refuse."""

import math

import pytest
import torch

from gnicli.errors import UsageError
from gnicli.network import options
from gnicli.network.conv import Conv
from gnicli.network.mlp import Mlp


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("network", "input_shape", "widths"),
    [
        (Mlp(depth=0), (3,), [4]),
        (Mlp(depth=3, width=7), (3,), [7, 7, 7, 4]),
        (Mlp(depth=1, width=5), (3, 8, 8), [5, 4]),
    ],
)
def test_mlp_has_depth_hidden_layers(network, input_shape, widths):
    module = network.build(input_shape, 4, generator(), torch.float32)
    values = torch.rand(6, *input_shape)
    assert module(values).shape == (6, 4)
    shapes = []
    for stage in module.stages:
        values = stage(values)
        shapes.append(values.shape[1])
    assert shapes == widths


def test_conv_of_the_paper_has_its_shapes():
    module = Conv().build((3, 32, 32), 10, generator(), torch.float32)
    values = torch.rand(2, 3, 32, 32)
    shapes = []
    for stage in module.stages:
        values = stage(values)
        shapes.append(tuple(values.shape[1:]))
    assert shapes == [(32, 15, 15), (128, 6, 6), (10,)]
    assert module(torch.rand(2, 3, 32, 32)).shape == (2, 10)


def test_conv_takes_lists_per_layer():
    module = Conv(channels=[4, 5, 6], kernel=[3, 2, 1], stride=[2, 1, 1]).build(
        (1, 9, 8), 3, generator(), torch.float64
    )
    assert [tuple(stage.weight.shape) for stage in module.stages[:3]] == [(4, 1, 3, 3), (5, 4, 2, 2), (6, 5, 1, 1)]
    assert module(torch.rand(2, 1, 9, 8, dtype=torch.float64)).shape == (2, 3)


@pytest.mark.parametrize("init", options.INITS)
@pytest.mark.parametrize("network", [Mlp(depth=1, width=200), Conv(channels=[40])])
def test_weights_have_the_stated_spread(network, init):
    network.init = init
    module = network.build((10, 8, 8), 60, generator(), torch.float64)
    for stage in module.stages:
        weight = stage.weight.detach()
        fan_in = weight[0].numel()
        fan_out = weight.shape[0] * weight[0, 0].numel()
        std = {"default": 1 / math.sqrt(3 * fan_in), "he": math.sqrt(2 / fan_in)}.get(
            init, math.sqrt(2 / (fan_in + fan_out))
        )
        # The sample's mean and mean square within 5 standard errors; the kurtosis tells uniform from normal.
        n = weight.numel()
        kurtosis = 1.8 if init == "default" else 3.0
        assert abs(weight.mean()) < 5 * std / math.sqrt(n)
        assert abs(weight.square().mean() / std**2 - 1) < 5 * math.sqrt((kurtosis - 1) / n)
        assert abs(weight.pow(4).mean() / std**4 - kurtosis) < 5 * math.sqrt(96 / n)
        if init == "default":
            assert 0 < stage.bias.abs().max() <= 1 / math.sqrt(fan_in)
        else:
            assert not stage.bias.any()


@pytest.mark.parametrize("network", [Mlp(depth=2, width=9, init="default"), Conv(init="default")])
def test_weights_come_from_the_generator_alone(network):
    shape = (3, 32, 32)
    state = torch.random.get_rng_state()
    first, again, other = (network.build(shape, 2, generator(seed), torch.float32).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("network", [Mlp(bias=False), Conv(bias=False)])
def test_without_bias_there_is_none(network):
    module = network.build((3, 32, 32), 2, generator(), torch.float32)
    assert all(name.endswith("weight") for name, _ in module.named_parameters())


@pytest.mark.parametrize("activation", options.ACTIVATIONS)
def test_the_activation_follows_hidden_layers_only(activation):
    module = Mlp(depth=1, width=50, activation=activation).build((5,), 50, generator(), torch.float64)
    z = module.stages[0](torch.zeros(1, 5, dtype=torch.float64))
    expected = {"sigmoid": 0.5}.get(activation, 0.0)
    assert torch.all(z == expected)
    inputs = torch.randn(200, 5, dtype=torch.float64, generator=generator())
    assert module(inputs).min() < -1.5  # the output is linear, so it is bounded by no activation


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Mlp(depth=-1), "network.depth must be"),
        (lambda: Mlp(width=0), "network.width must be"),
        (lambda: Mlp(activation="rleu"), "did you mean relu"),
        (lambda: Mlp(init="xavier"), "network.init must be one of default, he, glorot_normal"),
        (lambda: Conv(channels=[]), "network.channels"),
        (lambda: Conv(channels=32), "network.channels"),
        (lambda: Conv(kernel=[4]), "network.kernel: expected a number or a list of 2"),
        (lambda: Conv(kernel=0), "network.kernel must be"),
        (lambda: Conv(stride=2.5), "network.stride: expected an integer"),
        (lambda: Conv().build((1,), 1, generator(), torch.float32), "use network=mlp"),
        (lambda: Conv().build((1, 8, 8), 1, generator(), torch.float32), "network.kernel=4 does not fit the 3x3 input"),
    ],
)
def test_bad_settings_are_refused_in_one_line(make, words):
    with pytest.raises(UsageError) as error:
        make()
    assert words in str(error.value)
    assert "\n" not in str(error.value)
