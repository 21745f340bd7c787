"""`scheme=strang` (default): half a drift flow, the noise, half a drift flow (Strang 1968).

Weak order 2. The flow is exact or nearly so, hence chains never run away, whatever the noise.

Recorded only where a step ends, every jump would be seen at the ages η/2, 3η/2, … and at no other: on the double well
the distribution function is then off by 1e-5 beyond |w| = 5 at η = .01, nothing is seen beyond 1/√η, and E w² has a
bias of order η. So positions are recorded at places spread evenly over the flow between two noises. What these have of
order η is odd about the middle and cancels: the order stays 2, and the tail is that of the law.
"""

from __future__ import annotations

import numpy as np

from gnicli.sde.drift import Drift
from gnicli.sde.scheme import lost_in_numbers


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

    def lost(self, w: np.ndarray, eta: float) -> np.ndarray:
        """None in practice."""
        return lost_in_numbers(w)

    def visit(self, w: np.ndarray, eta: float, next_eta: float, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Recorded at the share (i + ½)/phases of the flow, the i from `number` in bit-reversed order."""
        share, time = (_spread(number, self._drift.phases) + 0.5) / self._drift.phases, 0.5 * (eta + next_eta)
        position = self._drift.flow(w, share * time)
        return position, self._drift.flow(position, (1 - share) * time)

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """The two halves at once."""
        return self._drift.flow(w, 0.5 * (eta + next_eta))


def _spread(number: int, n: int) -> int:
    """The bits of number mod n in reverse, n a power of 2: neighbors in time are far apart in phase."""
    bits = n.bit_length() - 1
    return int(format(number % n, f"0{bits}b")[::-1], 2) if bits else 0


SCHEME = Strang
