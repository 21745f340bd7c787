"""Exact moments on one-neuron networks: closed forms, mpmath, Gauss–Hermite quadrature, and finite differences."""

import math

import mpmath
import numpy as np
import pytest

from gnicli.measure.moments import growth, log_abs
from gnicli.measure.one_neuron import exact
from gnicli.measure.one_neuron.network import (
    OneNeuronNetwork,
    Quantity,
    asymptotic_exponent,
    gaussian_slope,
    printed_exponent,
    values,
)
from gnicli.measure.one_neuron.product_law import Factor, product_law

# Nothing here is symmetric: signs, sizes and standard deviations all differ.
WEIGHTS, STDS, X, Y = (1.3, -0.7, 0.9, 1.4), (0.5, 1.0, 0.3, 0.8), -0.8, 0.3


def network(operation, activation="linear", loss="mse", **changes):
    return OneNeuronNetwork(WEIGHTS, X, Y if loss == "mse" else 1.0, activation, loss, operation, STDS)._replace(
        **changes
    )


def factor_moment(scale, side, m):
    """E|ε|^m and E|ε|^m log|ε| of ε ~ N(1, scale²), on the half-line `side` ε > 0 if side is ±1; by mpmath."""
    peak = (1 + math.sqrt(1 + 4 * m * scale**2)) / 2
    trough = (1 - math.sqrt(1 + 4 * m * scale**2)) / 2
    right = [0, peak / 2, peak, peak + 5 * scale, peak + 15 * scale]
    left = [trough - 15 * scale, trough - 5 * scale, trough, trough / 2, 0]
    parts = {0: (left, right), 1: (right,), -1: (left,)}[side]
    plain = sum(mpmath.quad(lambda e: mpmath.npdf(e, 1, scale) * abs(e) ** m, part) for part in parts)
    logs = sum(
        mpmath.quad(lambda e: mpmath.npdf(e, 1, scale) * abs(e) ** m * mpmath.log(abs(e)) if e else 0, part)
        for part in parts
    )
    return plain, logs


@pytest.mark.parametrize(("scales", "sides"), [((1.0, 0.3, 0.8), (0, 0, 0)), ((0.05, 1.0, 0.7), (1, -1, 0))])
@pytest.mark.parametrize("m", [2, 7.5, 128])
def test_moments_of_products_are_products_of_moments(scales, sides, m):
    log_moment, log_mean = mpmath.mpf(0), mpmath.mpf(0)
    for scale, side in zip(scales, sides, strict=True):
        plain, logs = factor_moment(scale, side, m)
        log_moment += mpmath.log(plain)
        log_mean += logs / plain
    law = product_law([Factor(scale, side) for scale, side in zip(scales, sides, strict=True)], 128.0)
    logs, product = law.points()
    assert np.exp(logs).sum() == pytest.approx(1.0, abs=1e-12)
    norm, slope = growth(logs, log_abs(product), m)
    assert norm == pytest.approx(float(log_moment / m), abs=1e-10)
    assert slope == pytest.approx(float(log_mean - log_moment / m), abs=1e-10)


def test_the_signs_of_products():
    """E P^3 = Π E ε³ = Π (1 + 3 σ²), which sees both signs."""
    logs, product = product_law([Factor(0.5), Factor(1.2), Factor(0.1)], 8.0).points()
    assert np.exp(logs) @ product**3 == pytest.approx(math.prod(1 + 3 * s**2 for s in (0.5, 1.2, 0.1)), rel=1e-11)


def test_the_linear_chain_of_the_specification():
    """w = x = 1, y = 0: the gradient is 2 Π ε_k² for every layer (`mse` has no ½), so its norms are known factors'."""
    simple = OneNeuronNetwork((1.0,) * 4, 1.0, 0.0, "linear", "mse", "multiply", (1.0,) * 4)
    plain, logs = factor_moment(1.0, 0, 32.0)
    for layer in (1, 3):
        norm, slope = exact.exact_growth(simple, Quantity("gradient", layer), 16.0)
        assert norm == pytest.approx(math.log(2) + float(4 * mpmath.log(plain) / 16), abs=1e-10)
        assert slope == pytest.approx(float(8 * logs / plain - 4 * mpmath.log(plain) / 16), abs=1e-10)


@pytest.mark.parametrize("r", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("m", [2.0, 64.0])
def test_powers_of_a_normal_number(r, m):
    """gaussian_slope is the derivative of log‖|N|^{2r}‖_m in log m, here by mpmath."""

    def log_norm(log_m):
        m = mpmath.exp(log_m)
        moment = 2 ** (r * m) * mpmath.gamma(r * m + mpmath.mpf("0.5")) / mpmath.sqrt(mpmath.pi)
        return mpmath.log(moment) / m

    assert gaussian_slope(r, m) == pytest.approx(float(mpmath.diff(log_norm, mpmath.log(m))), abs=1e-10)


def test_accumulated_additive_noise_is_gaussian():
    """E_i of the linear chain is N(0, s²): its slope is that of |N|, its norm s times as large."""
    made = network("add")
    std = math.sqrt(sum((scale * math.prod(WEIGHTS[k:2])) ** 2 for k, scale in enumerate(STDS[:3])))
    clean = X * WEIGHTS[0] * WEIGHTS[1]
    for m in (2.0, 64.0):
        norm, slope = exact.exact_growth(made, Quantity("accumulated", 2, clean), m)
        expected = math.log(std) + float(
            mpmath.log(2 ** (m / 2) * mpmath.gamma((m + 1) / 2) / mpmath.sqrt(mpmath.pi)) / m
        )
        assert norm == pytest.approx(expected, abs=1e-10)
        assert slope == pytest.approx(gaussian_slope(0.5, m), abs=1e-6)  # x² log|x| on the grid


@pytest.mark.parametrize("layer", [1, 2, 4])
def test_additive_gradients_against_gauss_hermite(layer):
    """X^m is a polynomial of degree 2m in each noise: 12 nodes for each integrate it exactly up to m = 8."""
    made = network("add")
    quantity = next(each for each in exact.centered(made) if each.name == f"gradient/layer{layer}")
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    weights = weights / weights.sum()
    z = np.array(np.meshgrid(*[nodes] * 4, indexing="ij")).reshape(4, -1).T
    w = np.prod(np.array(np.meshgrid(*[weights] * 4, indexing="ij")).reshape(4, -1), axis=0)
    x = values(made, quantity, z)
    assert w @ x == pytest.approx(0.0, abs=1e-10)
    for m in (2, 4, 8):
        found, _ = exact.exact_growth(made, quantity, float(m))
        assert found == pytest.approx(math.log(w @ x**m) / m, abs=1e-9)


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_slopes_are_the_derivatives_of_norms(operation, loss):
    made = network(operation, loss=loss)
    for quantity in exact.centered(made)[2::3]:
        logs, x = exact.points(made, quantity, 64.0)
        h = 1e-4
        up, down = (growth(logs, log_abs(x), 64.0 * math.exp(step))[0] for step in (h, -h))
        assert growth(logs, log_abs(x), 64.0)[1] == pytest.approx((up - down) / (2 * h), abs=1e-6)


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_slopes_tend_to_the_asymptotic_exponents(operation, loss):
    """At m = 400 the distance to the limit is less than at m = 100, and under a seventh of the limit."""
    made = OneNeuronNetwork((1.0,) * 3, 1.0, 0.0, "linear", loss, operation, (1.0,) * 3)
    for quantity in exact.centered(made):
        limit = asymptotic_exponent(made, quantity)
        near, far = (abs(exact.exact_growth(made, quantity, m)[1] - limit) for m in (100.0, 400.0))
        assert far < near
        assert far < limit / 14


def test_printed_and_corrected_exponents_differ_below_the_last_layer():
    made = network("multiply")
    gradients = [Quantity("gradient", layer) for layer in range(1, 5)]
    assert [printed_exponent(made, each) for each in gradients] == [2.5, 3.0, 3.5, 4.0]
    assert [asymptotic_exponent(made, each) for each in gradients] == [4.0, 4.0, 4.0, 4.0]
    assert asymptotic_exponent(network("multiply", loss="cross_entropy"), Quantity("gradient", 2)) == 2.0
    assert asymptotic_exponent(network("add", stds=(0.0, 1.0, 0.0, 1.0)), Quantity("gradient", 1)) == 0.5
