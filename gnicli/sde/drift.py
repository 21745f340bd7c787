"""What drives the chains besides the noise: an object with `rate` (dw/dt) and `flow` (its solution map)."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gnicli.contracts import Potential
from gnicli.errors import UsageError


class Drift(Protocol):
    """w' = rate(w). Arrays are (n,), or (d, n) in d dimensions.

    `phases` is the number of places within a step at which a splitting scheme may record: each asks for two more flow
    times.
    """

    name: str
    potential: Potential
    phases: int

    def rate(self, w: np.ndarray) -> np.ndarray:
        """dw/dt at `w`."""
        ...

    def flow(self, w: np.ndarray, time: float) -> np.ndarray:
        """Where `w` is after `time` >= 0."""
        ...


class GradientDrift:
    """w' = −∇f(w): the model (4.3)."""

    name = "gradient"

    def __init__(self, potential: Potential, phases: int = 16) -> None:
        if phases not in (1, 2, 4, 8, 16, 32):
            raise UsageError(f"phases must be a power of 2 up to 32, got {phases!r}")
        self.potential, self.phases = potential, phases

    def rate(self, w: np.ndarray) -> np.ndarray:
        """−∇f(w)."""
        return -self.potential.gradient(w)

    def flow(self, w: np.ndarray, time: float) -> np.ndarray:
        """The potential's own flow."""
        return self.potential.flow(w, time)
