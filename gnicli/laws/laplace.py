"""Laplace's law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gnicli.laws.base import LOG2, Law, Tails, symmetric_tails
from gnicli.stable.normal import mean_of, require_spread


@dataclass(frozen=True)
class Laplace(Law):
    """Location and scale: density exp(−|x − loc|/scale) / (2 scale)."""

    loc: float = 0.0
    scale: float = 1.0
    name: ClassVar[str] = "laplace"
    words: ClassVar[str] = "Laplace"
    n_free: ClassVar[int] = 2
    scipy_name: ClassVar[str] = "laplace"

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        """The median and the mean distance from it; SciPy's own is as fast, after half a second of its import."""
        loc = float(np.median(x))
        return loc, require_spread(mean_of(np.abs(x - loc)), cls.words)

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density; SciPy's is −inf from 745 scales on."""
        z = np.abs(x - self.loc) / self.scale
        return -z - math.log(2.0 * self.scale)  # 29 µs, SciPy 360

    def log_tails(self, x: np.ndarray) -> Tails:
        """log cdf and log sf; SciPy's are −inf from 745 scales on."""
        z = (x - self.loc) / self.scale
        return symmetric_tails(z > 0.0, -np.abs(z) - LOG2)  # 0.28 ms, SciPy 1.6
