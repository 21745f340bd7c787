"""A noise that another package brings is named as gni's own are, wherever the library takes a noise."""

import dataclasses
from importlib.metadata import EntryPoint

import pytest
import torch
from plug_ins import UNIFORM, Uniform, plugged_in
from torch import nn

from gnicli import GradientNoise, explicit_regularizer, inject, noisy_loss, registry
from gnicli.errors import UsageError
from gnicli.gradients.noise_argument import noise_of


@dataclasses.dataclass
class Hollow:
    """A noise without its methods."""

    name: str = "hollow"


POINTS = [
    UNIFORM,
    EntryPoint("hollow", f"{__name__}:Hollow", "gnicli.noise"),
    EntryPoint("absent", "their_absent_noise:X", "gnicli.noise"),
]


@pytest.fixture(autouse=True)
def theirs():
    with plugged_in(*POINTS):
        yield


def model():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1))


X, Y = torch.linspace(-1, 2, 12).reshape(6, 2), torch.linspace(0, 1, 6).reshape(6, 1)


def injected(noise, **size):
    with inject(module := model(), noise, seed=4, **size):
        return module(X)


def averaged(noise, **size):
    return noisy_loss(model(), "mse", X, Y, noise=noise, M=2, seed=4, **size)


def regularized(noise, **size):
    return explicit_regularizer(model(), "mse", X, noise=noise, **size)


def measured(noise, **size):
    watch = GradientNoise(model(), "mse", noise=noise, n_mean=2, **size)
    return torch.tensor(watch(X, Y, step=0)["std"].tolist())


@pytest.mark.parametrize("use", [injected, averaged, regularized, measured], ids=lambda use: use.__name__)
@pytest.mark.parametrize("size", [{}, {"std": 0.2}], ids=str)
def test_the_name_gives_the_numbers_of_the_object(use, size):
    by_name = use("uniform", **size)
    torch.testing.assert_close(by_name, use(Uniform(**size)), rtol=0, atol=0, equal_nan=True)
    assert not torch.equal(by_name, use("add", **size))


def test_uniform_noise_is_injected_within_its_bounds():
    module = nn.Linear(1, 1, bias=False)
    nn.init.ones_(module.weight)
    with inject(module, "uniform", std=0.2), torch.no_grad():
        found = module(torch.ones(4000, 1))
    bound = 3**0.5 * 0.2
    assert 0.99 * bound < (found - 1).abs().max() <= bound * (1 + 1e-6)
    # The variance of a uniform law has the relative standard error sqrt(0.8 / n).
    assert found.var().item() == pytest.approx(0.2**2, rel=4 * (0.8 / 4000) ** 0.5)


@pytest.mark.parametrize(
    ("noise", "size", "words"),
    [
        (
            "unifrom",
            {},
            "^noise must be one of add, mult, none, absent, hollow, uniform, got 'unifrom'; did you mean uni",
        ),
        ("uniform", {"std": -1.0}, "^std must be >= 0, got -1.0"),
        ("uniform", {"var": 1.0}, "^noise='uniform' takes no var; leave var out"),
        ("none", {"std": 1.0, "var": 1.0}, "^noise='none' takes no std and no var; leave std and var out"),
        ("hollow", {}, r"^noise=hollow from .* add to class Hollow the method stds\(.*, the attribute antithetic"),
        ("absent", {}, "^noise=absent from the package .* cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_what_no_noise_can_be_made_of_is_refused(noise, size, words):
    with pytest.raises(UsageError, match=words):
        noise_of(noise, size.get("std"), size.get("var"), 2)


@pytest.mark.parametrize("name", registry.own_names("noise"))
def test_each_noise_of_gni_is_known_by_name(name):
    found = noise_of(name, None, None, 3)
    assert found == registry.find("noise", name)()
    assert found.stds(3) == registry.find("noise", name)().stds(3)
