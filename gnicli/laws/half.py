"""What the laws of |X| share, X being symmetric around 0: one scale, and no density below 0."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gnicli.laws.base import Law


@dataclass(frozen=True)
class HalfLaw(Law):
    """A law on x >= 0 with a scale."""

    scale: float = 1.0
    n_free: ClassVar[int] = 1
    support: ClassVar[str] = "nonnegative"

    def _scipy_parameters(self) -> tuple[float, ...]:
        return 0.0, self.scale

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        return np.where(x < 0.0, -np.inf, self._log_density_of_size(x))

    @abstractmethod
    def _log_density_of_size(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density at |x|."""
