"""`scheme=euler`: the paper's (4.4), w ← w − η∇f(w) + ΔL. Weak order 1.

Where ∇f grows faster than linearly, a jump beyond a threshold makes the chain run away: `explosions.euler_thresholds`.
"""

from __future__ import annotations

import numpy as np

from gnicli.errors import UsageError
from gnicli.sde.drift import Drift
from gnicli.sde.exits.explosions import euler_thresholds
from gnicli.sde.scheme import lost_in_numbers, visit_after

_FAR = 1e6


class Euler:
    """Euler's scheme: an explicit step of the drift, then the noise."""

    name = "euler"
    order = 1

    def __init__(self, drift: Drift) -> None:
        if drift.name != "gradient":
            raise UsageError(
                f"the euler scheme cannot take the {drift.name} drift: it grows beyond 1e20 within reach of the noise, "
                "so every chain would run away; take the strang scheme"
            )
        self._drift = drift
        self._eta, self._found = 0.0, (np.inf, np.inf)

    def before(self, w: np.ndarray, eta: float) -> np.ndarray:
        """The explicit step of the drift."""
        return w + eta * self._drift.rate(w)

    def after(self, w: np.ndarray, eta: float) -> np.ndarray:
        """`w` as it is: nothing follows the noise."""
        return w

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """The next drift's step."""
        return self.before(w, next_eta)

    def lost(self, w: np.ndarray, eta: float) -> np.ndarray:
        """Beyond the threshold in one dimension; else where a chain far out is driven farther out."""
        if w.ndim == 1:
            left, right = self._thresholds(eta)
            return ~((w > -left) & (w < right))
        size, next_size = (np.abs(at).max(axis=0) for at in (w, self.before(w, eta)))
        return lost_in_numbers(w) | ~((size < _FAR) | (next_size < size))

    def _thresholds(self, eta: float) -> tuple[float, float]:
        # Decreasing steps raise the threshold: one of a step up to 2 % longer is 1 % lower, which no chain notices.
        if not 0.98 * self._eta <= eta <= self._eta:
            self._eta, self._found = eta, euler_thresholds(self._drift.potential, eta)
        return self._found

    def visit(
        self, w: np.ndarray, eta: float, next_eta: float, number: int, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recorded at the end of the step."""
        return visit_after(self, w, eta, next_eta)


SCHEME = Euler
