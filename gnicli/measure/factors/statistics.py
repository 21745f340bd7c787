"""Skewness of a product from its factors: what independent factors would give, and what their dependence adds.

For independent X and Y the raw moments multiply, E(XY)^k = E X^k E Y^k, and the skewness of XY follows from those of
orders 1 to 3. Where both means are 0 it is skew X · skew Y, the paper's rule (Section 3). What is left of the skewness
of XY is due to the dependence of the two.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.measure.skewness import central

NAMES = ("backward", "forward", "gradient", "rule", "independent", "dependence", "correlation")


def of_factors(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
    """Statistics of X, `x` (n,), Y, `y` (n,), and XY; `weights` are probabilities (n,), default: 1/n each.

    `backward`, `forward`, `gradient`: the skewness of X, Y and XY. `rule`: skew X · skew Y. `independent`: the skewness
    of XY if X and Y were independent with the laws that they have. `dependence`: `gradient` less that. `correlation`:
    of X and Y. NaN where a variance is 0.
    """
    p = np.full(len(x), 1 / len(x)) if weights is None else weights
    # In units of their own sizes: cubes of small gradients would underflow.
    x, y = _scaled(x), _scaled(y)
    of_x, of_y, of_both = ([float(p @ each**k) for k in (1, 2, 3)] for each in (x, y, x * y))
    apart = [a * b for a, b in zip(of_x, of_y, strict=True)]
    backward, forward, gradient, independent = (_skewness(raw) for raw in (of_x, of_y, of_both, apart))
    spread = math.sqrt(_variance(of_x) * _variance(of_y))
    return {
        "backward": backward,
        "forward": forward,
        "gradient": gradient,
        "rule": backward * forward,
        "independent": independent,
        "dependence": gradient - independent,
        "correlation": (of_both[0] - apart[0]) / spread if spread else math.nan,
    }


def _scaled(values: np.ndarray) -> np.ndarray:
    largest = float(np.abs(values).max())
    return values / largest if largest else values


def _variance(raw: list[float]) -> float:
    """0 also where only rounding is left of it."""
    variance = raw[1] - raw[0] ** 2
    return variance if variance > 1e-13 * raw[1] else 0.0


def _skewness(raw: list[float]) -> float:
    _, third, _ = central(raw[0], raw[1], raw[2], 0.0)
    variance = _variance(raw)
    return third / variance**1.5 if variance else math.nan
