"""What drives the chains besides the noise, one a file: an object with `rate` (dw/dt) and `flow` (its solution)."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gnicli.contracts.components import Potential


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
