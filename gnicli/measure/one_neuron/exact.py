"""Exact moments on one-neuron networks, as quadratures: weighted points of the law of each quantity.

- Multiplicative noise, linear or ReLU: every quantity is a function of one product of independent normal factors.
  h̃_i = x Π w Π_{k≤i} ε_k; with the output o = w_L h̃_{L−1} the gradient is ℓ'(o) o/w_i, for any target and loss. With
  ReLU a factor below the last one counts only where it keeps its unit alive: on a half-line.
- Additive noise, linear: h̃_{i−1} and o are jointly Gaussian, and the gradient is ℓ'(o) h̃_{i−1} Π_{k>i} w_k: a
  quadrature in two dimensions.

ReLU with additive noise and ELU have no such form here.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from gnicli.errors import NumericalError
from gnicli.measure.moments import growth, log_abs
from gnicli.measure.one_neuron.network import OneNeuronNetwork, Quantity, derivative, quantities
from gnicli.measure.one_neuron.product_law import Factor, ProductLaw, product_law

Points = tuple[np.ndarray, np.ndarray]  # log-probabilities and values

_MOST_STD = 1e5  # of a one-neuron network's output: the grid is as fine as the logistic function is narrow


def is_known(network: OneNeuronNetwork) -> bool:
    """Whether exact moments of this network's quantities are known."""
    return network.activation == "linear" or (network.activation == "relu" and network.operation == "multiply")


def points(network: OneNeuronNetwork, quantity: Quantity, most: float) -> Points:
    """The law of a quantity as points whose sums are good for E|X|^m up to m = `most`; needs `is_known`.

    Additive noise: the step of the grid suits orders near `most`, so ask for each order anew.
    """
    if network.operation == "multiply":
        return _of_product(network, quantity, most)
    return _of_plane(network, quantity, most)


def centered(network: OneNeuronNetwork) -> list[Quantity]:
    """All quantities, each gradient less its exact mean; needs `is_known`."""
    found = []
    for quantity in quantities(network):
        if quantity.kind == "gradient":
            logs, x = points(network, quantity, 2.0)
            quantity = quantity._replace(center=float(np.exp(logs) @ x))
        found.append(quantity)
    return found


def exact_growth(network: OneNeuronNetwork, quantity: Quantity, order: float) -> tuple[float, float]:
    """log‖X‖_m and d log‖X‖_m / d log m at m = `order`; NaN where X is always 0. Needs `is_known`."""
    most = order if network.operation == "add" else max(order, 128.0)  # one law serves all the usual orders
    logs, x = points(network, quantity, most)
    return growth(logs, log_abs(x), order)


# ------------------------------------------------------------------------------------------------------ multiplicative


def _of_product(network: OneNeuronNetwork, quantity: Quantity, most: float) -> Points:
    last = network.n_layers - 1 if quantity.kind == "gradient" else quantity.layer
    power = 2.0 if quantity.kind == "gradient" and network.loss == "mse" else 1.0
    logs, product = _product(_factors(network, last), power * most).points()
    weight = math.prod(network.weights[:last])
    if network.activation == "relu" and last > 0:
        weight = abs(weight)
    sign = abs(network.x) if network.activation == "relu" and last > 0 else network.x
    noised = sign * weight * product
    if quantity.kind != "gradient":
        return logs, noised - quantity.center
    output = network.weights[-1] * noised
    return logs, derivative(network, output) * output / network.weights[quantity.layer - 1] - quantity.center


@functools.lru_cache(maxsize=32)
def _product(factors: tuple[Factor, ...], most: float) -> ProductLaw:
    return product_law(factors, most)


def _factors(network: OneNeuronNetwork, last: int) -> tuple[Factor, ...]:
    """ε_0 … ε_last. With ReLU those below the last must keep the next unit alive: w_{k+1} h̃_k > 0.

    A scale of 0 is the factor 1: alive if its side is +1, and the whole product 0 if not.
    """
    if network.activation == "linear":
        return tuple(Factor(std) for std in network.stds[: last + 1])
    sides = [_sign(network.weights[k] * (network.x if k == 0 else 1.0)) for k in range(last)]
    return tuple(Factor(std, side) for std, side in zip(network.stds, [*sides, 0], strict=False))


def _sign(value: float) -> int:
    return 1 if value > 0 else -1


# ------------------------------------------------------------------------------------------------------------ additive


def _of_plane(network: OneNeuronNetwork, quantity: Quantity, order: float) -> Points:
    if quantity.kind != "gradient":
        mean, std = _gaussian(network, 0, quantity.layer, network.x)
        logs, z = _line(std, order)
        return logs, mean + std * z - quantity.center
    layer = quantity.layer
    mean, std = _gaussian(network, 0, layer - 1, network.x)
    _, other_std = _gaussian(network, layer, network.n_layers - 1, 0.0)
    other_std *= abs(network.weights[-1])
    logs_u, z_u = _line(std, order)
    logs_v, z_v = _line(other_std, order)
    u = mean + std * z_u
    output = math.prod(network.weights[layer - 1 :]) * u[:, None] + other_std * z_v
    gradient = derivative(network, output) * math.prod(network.weights[layer:]) * u[:, None]
    return (logs_u[:, None] + logs_v).ravel(), gradient.ravel() - quantity.center


def _gaussian(network: OneNeuronNetwork, first: int, last: int, start: float) -> tuple[float, float]:
    """Mean and standard deviation of h̃_last, of `start` and the noise of layers first … last alone."""
    mean, variance = start, 0.0
    for layer in range(first, last + 1):
        weight = network.weights[layer - 1] if layer > 0 else 1.0
        if layer > first:
            mean, variance = weight * mean, weight**2 * variance
        elif first > 0:
            mean = weight * mean
        variance += network.stds[layer] ** 2
    return mean, math.sqrt(variance)


def _line(std: float, order: float) -> Points:
    """A grid of standard normal numbers with their log-probabilities; one point where the standard deviation is 0.

    The trapezoidal rule is exact to rounding for smooth integrands; |x|² log|x| at a root asks for a finer step. The
    integrand of order m has its peak within sqrt(2m) of the origin, X being quadratic at most.
    """
    if std == 0:
        return np.zeros(1), np.zeros(1)
    step = 0.0125 if order < 4 else 0.04 if order < 10 else 0.1
    step = min(step, 0.5 / std)  # the logistic function is analytic within π of the real axis
    if std > _MOST_STD:
        raise NumericalError(
            f"the output of the one-neuron network has a standard deviation of {std:.3g}; exact moments need at most "
            f"{_MOST_STD:g}: take less noise, smaller weights or a smaller measure.x"
        )
    half = math.ceil((math.sqrt(2 * order) + 9.0) / step)
    z = step * np.arange(-half, half + 1)
    return -0.5 * np.square(z) + math.log(step / math.sqrt(2 * math.pi)), z
