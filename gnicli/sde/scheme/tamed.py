"""`scheme=tamed`: w ← w − η∇f/(1 + η|∇f|) + ΔL (Hutzenthaler, Jentzen & Kloeden 2012). Order 1.

Here for comparison only: a chain far out moves in by less than 1 a step, whatever the force, so that the tail of the
stationary law is that of the noise and not the one that the force leaves.
"""

from __future__ import annotations

import numpy as np

from gnicli.errors import UsageError
from gnicli.sde.drift import Drift
from gnicli.sde.scheme import lost_in_numbers, visit_after


class Tamed:
    """The explicit step with a bounded drift."""

    name = "tamed"
    order = 1

    def __init__(self, drift: Drift) -> None:
        if drift.name != "gradient":
            raise UsageError(f"the tamed scheme cannot take the {drift.name} drift; take the strang scheme")
        self._drift = drift

    def before(self, w: np.ndarray, eta: float) -> np.ndarray:
        """The tamed drift's step."""
        step = eta * self._drift.rate(w)
        length = np.abs(step) if w.ndim == 1 else np.sqrt((step**2).sum(axis=0))
        return w + step / (1 + length)

    def after(self, w: np.ndarray, eta: float) -> np.ndarray:
        """`w` as it is: nothing follows the noise."""
        return w

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """The next drift's step."""
        return self.before(w, next_eta)

    def lost(self, w: np.ndarray, eta: float) -> np.ndarray:
        """The chains beyond what a stable draw can reach; this scheme does not explode."""
        return lost_in_numbers(w)

    def visit(
        self, w: np.ndarray, eta: float, next_eta: float, number: int, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recorded at the end of the step."""
        return visit_after(self, w, eta, next_eta)


SCHEME = Tamed
