"""`scheme=strang` (default): half a drift flow, the noise, half a drift flow (Strang 1968).

Weak order 2 for the gradient drift, less for the fractional one (`drift.fractional_flow`). The flow is exact or nearly
so, hence chains never run away, whatever the noise.

Recorded only where a step ends, every jump would be seen at the ages η/2, 3η/2, … and at no other: on the double well
the distribution function is then off by 1e-5 beyond |w| = 5 at η = .01, nothing is seen beyond 1/√η, and E w² has a
bias of order η^{α/2}. So each record is made at an age of its own, uniform over the flow between two noises: what such
a record has of order η is odd about the middle and cancels, the order stays 2, and the tail is that of the law, for
jumps of every age are seen. The ages of a chain are van der Corput's sequence, begun at a random place: any one of them
is uniform, and those near in time are far apart.
"""

from __future__ import annotations

import math

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
        """The chains beyond what a stable draw can reach; this scheme does not explode."""
        return lost_in_numbers(w)

    def visit(
        self, w: np.ndarray, eta: float, next_eta: float, number: int, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recorded at a share of the flow: that of each chain, or the (i + ½)/phases of all."""
        time, phases = 0.5 * (eta + next_eta), self._drift.phases
        if phases is None:
            ages = offsets + _van_der_corput(number)
            ages -= np.floor(ages)
            ages *= time
            return self._drift.flow(w, ages), self._drift.flow(w, time)
        share = (math.floor(_van_der_corput(number % phases) * phases) + 0.5) / phases
        position = self._drift.flow(w, share * time)
        return position, self._drift.flow(position, (1 - share) * time)

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """The two halves at once."""
        return self._drift.flow(w, 0.5 * (eta + next_eta))


def _van_der_corput(number: int) -> float:
    """The bits of `number` in reverse behind the point: 0, 1/2, 1/4, 3/4, 1/8, …"""
    return int(format(number, "b")[::-1], 2) / 2.0 ** number.bit_length() if number else 0.0


SCHEME = Strang
