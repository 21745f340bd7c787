"""`scheme=strang` (default): half a drift flow, the noise, half a drift flow (Strang 1968).

Weak order 2. The flow is exact or nearly so, hence chains never run away, whatever the noise.
"""

from __future__ import annotations

import numpy as np

from gnicli.sde.drift import Drift


class Strang:
    """Φ_{η/2} ∘ (+ ΔL) ∘ Φ_{η/2}."""

    name = "strang"
    order = 2

    def __init__(self, drift: Drift) -> None:
        self._drift = drift

    def before(self, w: np.ndarray, eta: float) -> np.ndarray:
        """Half a flow."""
        return self._drift.flow(w, 0.5 * eta)

    def after(self, w: np.ndarray, eta: float) -> np.ndarray:
        """Half a flow."""
        return self._drift.flow(w, 0.5 * eta)

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """The two halves at once."""
        return self._drift.flow(w, 0.5 * (eta + next_eta))


SCHEME = Strang
