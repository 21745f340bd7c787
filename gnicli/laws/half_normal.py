"""The half-normal law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gnicli.laws.base import LOG2, Tails, other_tail
from gnicli.laws.half import HalfLaw
from gnicli.stable.normal import require_spread, root_mean_square


@dataclass(frozen=True)
class HalfNormal(HalfLaw):
    """|X| of a normal X with mean 0 and standard deviation `scale`; density 0 below 0."""

    name: ClassVar[str] = "half_normal"
    words: ClassVar[str] = "half-normal"
    scipy_name: ClassVar[str] = "halfnorm"

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        """The root of the mean square: 43 µs, SciPy's fit 650, and its squares overflow for samples of 1e154."""
        return (require_spread(root_mean_square(x), cls.words),)

    def _log_density_of_size(self, x: np.ndarray) -> np.ndarray:
        square = np.square(x / self.scale)
        return -0.5 * square + 0.5 * math.log(2.0 / math.pi) - math.log(self.scale)  # 39 µs, SciPy 290

    def log_tails(self, x: np.ndarray) -> Tails:
        """log cdf and log sf; SciPy's sf is 0 from 38 scales on."""
        from scipy.special import log_ndtr

        log_sf = np.minimum(LOG2 + log_ndtr(-np.maximum(x, 0.0) / self.scale), 0.0)
        return other_tail(log_sf), log_sf  # 0.5 ms, SciPy 1.8
