"""What drives the chains besides the noise: an object with `rate` (dw/dt) and `flow` (its solution map)."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gnicli.contracts import Potential


class Drift(Protocol):
    """w' = rate(w). Arrays are (n,), or (d, n) in d dimensions."""

    name: str
    potential: Potential

    def rate(self, w: np.ndarray) -> np.ndarray:
        """dw/dt at `w`."""
        ...

    def flow(self, w: np.ndarray, time: float) -> np.ndarray:
        """Where `w` is after `time` >= 0."""
        ...


class GradientDrift:
    """w' = −∇f(w): the model (4.3)."""

    name = "gradient"

    def __init__(self, potential: Potential) -> None:
        self.potential = potential

    def rate(self, w: np.ndarray) -> np.ndarray:
        """−∇f(w)."""
        return -self.potential.gradient(w)

    def flow(self, w: np.ndarray, time: float) -> np.ndarray:
        """The potential's own flow."""
        return self.potential.flow(w, time)
