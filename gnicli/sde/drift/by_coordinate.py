"""The drift of several coordinates that do not act on one another: each flows by its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.sde.drift import Drift


class DriftByCoordinate:
    """w_i' = b_i(w_i) of `drifts`, one per coordinate of `potential`; arrays are (d, n).

    Under the fractional drift of Theorem 4.1 with independent coordinates of the noise the stationary law is then the
    product of the Gibbs laws of the coordinates, which is the Gibbs law of Σ f_i(w_i). Coordinates whose drift is the
    same object flow in one call.
    """

    def __init__(self, potential: Potential, drifts: Sequence[Drift]) -> None:
        self.potential, self.name, self.phases = potential, drifts[0].name, drifts[0].phases
        rows: dict[int, list[int]] = {}
        for place, drift in enumerate(drifts):
            rows.setdefault(id(drift), []).append(place)
        self._groups = [(drifts[places[0]], places) for places in rows.values()]

    def rate(self, w: np.ndarray) -> np.ndarray:
        """b of points (d, n): (d, n)."""
        result = np.empty(np.shape(w))
        for drift, places in self._groups:
            result[places] = drift.rate(w[places].ravel()).reshape(len(places), -1)
        return result

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Where points (d, n) are after `time`: (d, n)."""
        result = np.empty(np.shape(w))
        for drift, places in self._groups:
            own = w[places]
            times: float | np.ndarray = (
                time if isinstance(time, float | int) else np.broadcast_to(time, own.shape).ravel()
            )
            result[places] = drift.flow(own.ravel(), times).reshape(own.shape)
        return result
