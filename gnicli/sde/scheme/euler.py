"""`scheme=euler`: the paper's (4.4), w ← w − η∇f(w) + ΔL. Weak order 1.

Where ∇f grows faster than linearly, a jump beyond a threshold makes the chain run away: `exits.euler_thresholds`.
"""

from __future__ import annotations

import numpy as np

from gnicli.errors import UsageError
from gnicli.sde.drift import Drift
from gnicli.sde.scheme import visit_after


class Euler:
    """The explicit step."""

    name = "euler"
    order = 1

    def __init__(self, drift: Drift) -> None:
        if drift.name != "gradient":
            raise UsageError(
                f"scheme=euler cannot take drift={drift.name}: that drift grows beyond 1e20 within reach of the noise, "
                "so every chain would run away; take scheme=strang"
            )
        self._drift = drift

    def before(self, w: np.ndarray, eta: float) -> np.ndarray:
        """The drift's step."""
        return w + eta * self._drift.rate(w)

    def after(self, w: np.ndarray, eta: float) -> np.ndarray:
        """Nothing."""
        return w

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """The next drift's step."""
        return self.before(w, next_eta)

    def visit(self, w: np.ndarray, eta: float, next_eta: float, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Recorded at the end of the step."""
        return visit_after(self, w, eta, next_eta)


SCHEME = Euler
