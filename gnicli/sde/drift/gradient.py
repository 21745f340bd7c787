"""`drift=gradient`: the model (4.3)."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError


class GradientDrift:
    """w' = −∇f(w): the model (4.3). With `phases` records are at so many places of a step, evenly spread."""

    name = "gradient"

    def __init__(self, potential: Potential, phases: int | None = None) -> None:
        if phases not in (None, 1, 2, 4, 8, 16, 32):
            raise UsageError(f"phases must be a power of 2 up to 32, got {phases!r}")
        self.potential, self.phases = potential, phases

    def rate(self, w: np.ndarray) -> np.ndarray:
        """−∇f(w)."""
        return -self.potential.gradient(w)

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """The potential's own flow."""
        return self.potential.flow(w, time)
