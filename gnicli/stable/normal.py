"""The normal law, alpha = 2: its fit and density in closed form, with sums that neither overflow nor underflow."""

from __future__ import annotations

import math

import numpy as np

from gnicli.errors import NumericalError


def require_spread(scale: float, law: str) -> float:
    """The fitted scale. Raises `NumericalError` where it is 0; `law` names the law in the message."""
    if not scale > 0.0:
        raise NumericalError(f"all samples are equal: no {law} law fits a sample without spread")
    return scale


def root_mean_square(x: np.ndarray, counts: np.ndarray | None = None) -> float:
    """√(mean x²) without the overflow or underflow of the squares; each value counts as often as `counts` say."""
    top = float(np.abs(x).max())
    if not 0.0 < top < math.inf:
        return top
    return top * math.sqrt(_mean(np.square(x / top), counts))


def mean_of(x: np.ndarray, counts: np.ndarray | None = None) -> float:
    """The mean without the overflow of the sum; each value counts as often as `counts` say."""
    top = float(np.abs(x).max())
    return top * _mean(x / top, counts) if top > 0.0 else 0.0


def _mean(x: np.ndarray, counts: np.ndarray | None) -> float:
    return float(x.mean() if counts is None else (x @ counts) / counts.sum())


def moments(
    x: np.ndarray, mean: float | None = None, std: float | None = None, counts: np.ndarray | None = None
) -> tuple[float, float]:
    """Mean and standard deviation of maximum likelihood for finite float64 samples (n,), or what is held of them.

    Each sample counts as often as `counts` (n,) say. Raises `NumericalError` for samples without spread, unless
    `std` is held.
    """
    middle = mean_of(x, counts) if mean is None else mean
    return middle, require_spread(root_mean_square(x - middle, counts), "normal") if std is None else std


def log_density(x: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Natural logarithm of the density, (n,); −inf where it is beyond the range of floats."""
    z = (x - mean) / std
    with np.errstate(over="ignore"):
        square = z * z
    return -0.5 * square - math.log(std) - 0.5 * math.log(2.0 * math.pi)
