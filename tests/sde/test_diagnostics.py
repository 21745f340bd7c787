import math

import numpy as np
import pytest
from scipy import stats

from gnicli.errors import UsageError
from gnicli.potential.double_well import DoubleWell
from gnicli.sde import distances, expression, mixing
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.levy_noise import LevyNoise


def autoregression(rho, n, m, seed):
    rng = np.random.default_rng(seed)
    x = np.empty((n, m))
    x[0] = rng.normal(size=m)
    for i in range(1, n):
        x[i] = rho * x[i - 1] + math.sqrt(1 - rho**2) * rng.normal(size=m)
    return x


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_effective_sample_size_of_an_autoregression(rho):
    x = autoregression(rho, 2000, 8, 1)
    wanted = x.size * (1 - rho) / (1 + rho)
    assert mixing.effective_sample_size(x) == pytest.approx(wanted, rel=0.15)
    # Ranks: any increasing function has the same, also one without a mean.
    assert mixing.effective_sample_size(np.exp(9 * x)) == pytest.approx(mixing.effective_sample_size(x))


def test_split_rhat_tells_mixed_chains_from_stuck_ones():
    mixed = autoregression(0.5, 1000, 6, 2)
    assert mixing.split_rhat(mixed) < 1.01
    assert mixing.split_rhat(mixed + np.array([0, 0, 0, 3, 3, 3])) > 1.5
    assert mixing.split_rhat(mixed * np.array([1, 1, 1, 5, 5, 5])) > 1.1  # another spread, the same center
    drifting = mixed + np.linspace(0, 3, 1000)[:, None]
    assert mixing.split_rhat(drifting) > 1.2  # splitting shows it though all chains agree
    assert mixing.effective_sample_size(mixed + np.array([0, 0, 0, 3, 3, 3])) < 30


def test_distances_of_known_laws():
    edges = np.linspace(-12, 12, 4001)
    law, shifted = stats.norm(0, 1), stats.norm(0.3, 1)
    assert distances.wasserstein(edges, shifted.cdf(edges), law) == pytest.approx(0.3, abs=1e-5)
    assert distances.kolmogorov(edges, shifted.cdf(edges), law) == pytest.approx(2 * stats.norm.cdf(0.15) - 1, abs=1e-5)
    wanted = 2 * (2 * stats.norm.cdf(0.15) - 1)
    assert distances.l1(edges, shifted.pdf(edges), law) == pytest.approx(wanted, abs=1e-5)
    # What a window does not show counts by its mass.
    narrow = np.linspace(-1, 1, 2001)
    inside = law.cdf(1) - law.cdf(-1)
    assert distances.l1(narrow, law.pdf(narrow) / inside, law) == pytest.approx(2 * (1 - inside), abs=1e-6)


def test_expectations_and_basin_masses_of_an_exact_law():
    law = stationary_law(DoubleWell(), LevyNoise(1.5, 0.5))
    assert distances.expectation(law, lambda w: w) == pytest.approx(law.mean, abs=1e-9)
    assert distances.expectation(law, np.square) == pytest.approx(law.moments[2], abs=1e-6)
    edges = np.linspace(-10, 10, 401)
    masses = distances.basin_masses(edges, law.cdf(edges), np.array([0.0]))
    assert masses == pytest.approx([0.605227134007, 0.394772865993], abs=1e-9)


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("w", lambda w: w),
        ("w**2 * exp(-abs(w))", lambda w: w**2 * np.exp(-np.abs(w))),
        ("-2.5*cos(pi*w) + 1/3", lambda w: -2.5 * np.cos(np.pi * w) + 1 / 3),
        ("maximum(w, 0) - minimum(w, e)", lambda w: np.maximum(w, 0) - np.minimum(w, np.e)),
        ("(w > 0) * 2 + (w <= -1)", lambda w: (w > 0) * 2.0 + (w <= -1)),
        ("7", lambda w: np.full_like(w, 7)),
        ("w**-1", lambda w: 1 / w),
    ],
)
def test_expressions_mean_what_they_say(text, function):
    w = np.array([[-2.5, -1.0, -0.1], [0.3, 1.7, 4.0]])
    assert expression.parse(text)(w) == pytest.approx(function(w))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "w.real",
        "w[0]",
        "lambda: 1",
        "x + 1",
        "exp",
        "exp(w, 2)",
        "open('a')",
        "'a'",
        "True",
        "w if w else 1",
        "1 < w < 2",
        "exp(x=1)",
        "[w]",
        "w;w",
        "",
        "1j",
        "(" * 400 + "w",
        "w" * 600,
    ],
)
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(UsageError, match="expression"):
        expression.parse(text)
