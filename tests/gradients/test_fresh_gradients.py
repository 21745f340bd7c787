"""Gradients of training for many sets of weights at once, against one network at a time."""

import numpy as np
import pytest
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients.landscape import FreshGradients, Landscape, weights_of
from gnicli.gradients.noisy import NoisyGradient
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise

CASES = [
    (AdditiveNoise(std=[0.2, 0.0, 0.4]), 1, "mse"),
    (MultiplicativeNoise(std=0.3, input=False), 2, "cross_entropy"),
    (AdditiveNoise(std=0.3, antithetic=True), 3, "mse"),
]


def network(noise, M, loss, seed=5):
    module = Mlp(depth=2, width=3, activation="elu").build((2,), 3, torch.Generator().manual_seed(seed), torch.float64)
    return NoisyNetwork(module, loss, noise, M, seed)


def batch(loss, n=37):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    if loss == "mse":
        return inputs, torch.randn(n, 3, generator=generator, dtype=torch.float64)
    return inputs, torch.randint(0, 3, (n,), generator=generator)


@pytest.mark.parametrize(("noise", "M", "loss"), CASES, ids=["add", "mult", "mirrored"])
def test_every_column_has_the_gradient_of_its_own_draws(noise, M, loss):
    noisy, data = network(noise, M, loss), batch(loss)
    fresh, one = FreshGradients(noisy, *data), NoisyGradient(noisy)
    columns = [0, 3, 4]  # of other chains, as where some have diverged
    w = weights_of(noisy.module)[:, None] + np.random.default_rng(0).normal(0, 0.3, (33, 3))
    found = fresh(7, w, columns)
    for at, column in enumerate(columns):
        torch.nn.utils.vector_to_parameters(torch.from_numpy(w[:, at].copy()), noisy.module.parameters())
        first = column * fresh.stride
        _, parts = one.over(7, range(first, first + M), *data)
        assert found[:, at] == pytest.approx(torch.cat([part.ravel() for part in parts]).numpy(), abs=1e-12)
    assert fresh.stride == M + M % 2
    assert not np.allclose(fresh(8, w, columns), found)


def test_the_mean_of_many_columns_is_the_gradient_of_the_loss_over_as_many_draws():
    """Column c of step 0 takes draw 2c, and f of 2n draws takes all of them; so f of mirrored pairs has their mean."""
    noise = AdditiveNoise(std=0.3, antithetic=True)
    data = batch("mse")
    fresh = FreshGradients(network(noise, 2, "mse"), *data)
    whole = Landscape(network(noise, 40, "mse"), *data)
    w = weights_of(network(noise, 1, "mse").module)[:, None]
    mean = fresh(0, np.repeat(w, 20, axis=1), range(20)).mean(axis=1)
    assert mean == pytest.approx(whole.gradient(w)[:, 0], abs=1e-12)


def test_weights_belong_to_the_layers_that_hold_them():
    found = Landscape(network(NoNoise(), 1, "mse"), *batch("mse")).layers
    assert found.tolist() == [1] * 9 + [2] * 12 + [3] * 12


def test_without_noise_there_are_no_fresh_draws():
    with pytest.raises(UsageError, match=r"potential\.noise=add"):
        FreshGradients(network(NoNoise(), 1, "mse"), *batch("mse"))
