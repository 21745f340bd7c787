"""What drives the chains besides the noise: an object with `rate` (dw/dt) and `flow` (its solution map)."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError


class Drift(Protocol):
    """w' = rate(w). Arrays are (n,), or (d, n) in d dimensions.

    `phases` is the number of places within a step at which a splitting scheme may record, each of which asks for two
    more flow times; None: at any time, for `flow` takes a time for each chain.
    """

    name: str
    potential: Potential
    phases: int | None

    def rate(self, w: np.ndarray) -> np.ndarray:
        """dw/dt at `w`."""
        ...

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Where `w` is after `time` >= 0; one for each chain only where `phases` is None."""
        ...


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
