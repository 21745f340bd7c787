"""The noises: their laws, and the keys `noise.std`, `noise.var`, `noise.input`."""

import math

import pytest
import torch

from gnicli.errors import UsageError
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise

BOTH = pytest.mark.parametrize("kind", [AdditiveNoise, MultiplicativeNoise])


@pytest.mark.parametrize(("noise", "mean"), [(AdditiveNoise(), 0.0), (MultiplicativeNoise(), 1.0)])
def test_draws_have_the_stated_law(noise, mean):
    n = 200_000
    draws = noise.fill(torch.empty(n, dtype=torch.float64), 0.3, torch.Generator().manual_seed(5))
    z = (draws - mean) / 0.3
    for power, (expected, variance) in {1: (0, 1), 2: (1, 2), 3: (0, 15), 4: (3, 96)}.items():
        assert abs(z.pow(power).mean() - expected) < 4 * math.sqrt(variance / n)


@BOTH
def test_fill_is_in_place_and_repeatable(kind):
    first, second = torch.empty(3, 4), torch.empty(3, 4)
    assert kind().fill(first, 0.5, torch.Generator().manual_seed(1)) is first
    kind().fill(second, 0.5, torch.Generator().manual_seed(1))
    assert torch.equal(first, second)


@BOTH
def test_stds(kind):
    default = {AdditiveNoise: 0.1, MultiplicativeNoise: 0.5}[kind]
    assert kind().stds(3) == (default,) * 3
    assert kind(std=0.2).stds(2) == (0.2, 0.2)
    assert kind(std=[0.1, 0, 2]).stds(3) == (0.1, 0.0, 2.0)
    assert kind(var=0.25).stds(2) == (0.5, 0.5)
    assert kind(var=[4, 9]).stds(2) == (2.0, 3.0)
    assert kind(std=[0.1, 0.2], input=False).stds(2) == (0.0, 0.2)
    assert kind(std=0).stds(1) == (0.0,)


def test_none_leaves_everything_alone():
    noise = NoNoise()
    assert noise.stds(3) == (0.0, 0.0, 0.0)
    assert noise.operation == "none"
    assert not noise.antithetic


@BOTH
@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"std": 0.1, "var": 0.1}, "^std: give std or var, not both"),
        ({"std": -1}, "^std must be >= 0, got -1"),
        ({"var": -0.5}, "^var must be >= 0, got -0.5"),
        ({"std": "big"}, "^std: expected a number"),
        ({"std": [0.1, None]}, "^std: expected a number"),
        ({"std": []}, "^std: expected a number or a list"),
        ({"std": float("nan")}, "^std: expected a number"),
        ({"std": True}, "^std: expected a number"),
    ],
)
def test_bad_stds_are_refused(kind, keys, words):
    with pytest.raises(UsageError, match=words):
        kind(**keys)


@BOTH
def test_a_list_of_another_length_is_refused(kind):
    with pytest.raises(UsageError, match=r"noise: var must be a number or a list of 3, .*; got a list of 2"):
        kind(var=[1, 2]).stds(3)
