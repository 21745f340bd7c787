"""`drift=fractional` for chains: the flow of w' = b(w), tabulated.

b is not Lipschitz (for the double well it passes 1e23 at w = 4), so it is never tabulated itself: its numerator D(∂φ)
is, and from it the map Φ_t for each time step that is asked for. Cubic Hermite pieces carry Φ_t, since its slope is
known, Φ_t' = b(Φ_t)/b. Beyond the table a chain falls back into it in no time, so it starts from the table's edge.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from gnicli.errors import NumericalError, UsageError
from gnicli.sde.drift.centering import tilted
from gnicli.sde.drift.fractional import FractionalForce

_EXPONENT = 60.0  # the table ends where φ is e^{-60}
_NODES = 8193
_STIFFNESS = 0.1
_INSTANT = 1e-6  # what a fall from infinity to the table may take, in units of the time step
_MAX_MAPS = 16
_MOST_PARTS = 10_000_000  # of all nodes together: some seconds


class FractionalDrift:
    """The modified drift of Theorem 4.1 (or its sum b_{h,K}) in one dimension, with a constant time step.

    b grows like e^{f/ε^α}, so every step is too long for it somewhere in the law's reach. Strang's scheme, recorded in
    the middle of its flow, has weak orders of 1.2 to 1.9 at steps of .16 to .01, and not 2 (docs/sde.md).

    With K = 0 the sum is a multiple of −f': its flow is the potential's own. `wind` is what it takes over from the
    noise (`sde.drift.centering`).
    """

    name = "fractional"
    phases: int | None = 1  # each further one is two more tables

    def __init__(self, force: FractionalForce, wind: float = 0.0) -> None:
        self.force, self.wind = force, wind
        self.potential = force.potential
        self._maps: dict[float, _Map] = {}
        self._multiple = None
        if force.K == 0:
            at = np.array([force.gibbs.modes[-1] + 1.0])
            self._multiple = float((force.rate(at) / -self.potential.gradient(at))[0])
            return
        self._edges = tuple(_where_exponent(force, side) for side in (-1.0, 1.0))
        nodes = np.linspace(self._edges[0], self._edges[1], _NODES)
        self._numerator = CubicSpline(nodes, force.numerator(nodes))
        self._numerator_slope = self._numerator.derivative()
        edge_rates = self.rate(nodes[[0, -1]])
        if not (edge_rates[0] > 0 > edge_rates[1]):
            raise UsageError(
                f"the fractional drift points outwards at the ends of its table (rate {edge_rates[0]:.3g} at "
                f"{self._edges[0]:.3g}, {edge_rates[1]:.3g} at {self._edges[1]:.3g}): K·h = "
                f"{(force.K or 0) * (force.h or 0):.3g} is too short or h too large"
            )

    def rate(self, w: np.ndarray) -> np.ndarray:
        """b(w) inside the table, its value at the edge outside; any shape."""
        if self._multiple is not None:
            return self.wind - self._multiple * self.potential.gradient(w)
        inside = np.clip(w, self._edges[0], self._edges[1])
        return self.wind + self.force.noise.intensity * self._numerator(inside) * np.exp(
            self.force.gibbs.exponent(inside)
        )

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Φ_time(w), elementwise; one time for all."""
        if self._multiple is not None:
            return tilted(self.potential, (self.wind / self._multiple,)).flow(w, self._multiple * time)
        if not isinstance(time, float | int):
            raise UsageError("the fractional drift tabulates its flow: one time for all chains")
        if time not in self._maps:
            if len(self._maps) >= _MAX_MAPS:
                raise UsageError(
                    "the fractional drift tabulates its flow for constant steps: steps may not get shorter"
                )
            self._maps[time] = _Map(self, time)
        return self._maps[time](w)

    def slope(self, w: np.ndarray) -> np.ndarray:
        """b'(w) inside the table."""
        exponent_slope = self.potential.gradient(w) / self.force.noise.intensity
        factor = self.force.noise.intensity * np.exp(self.force.gibbs.exponent(w))
        return factor * (self._numerator_slope(w) + self._numerator(w) * exponent_slope)

    def integrate(self, w: np.ndarray, time: float) -> np.ndarray:
        """Φ_time(w) by Runge-Kutta sub-steps with dt |b'| ≤ 0.1, for w (n,) inside the table."""
        result = w.copy()
        points, left = np.arange(len(w)), np.full(len(w), float(time))
        done = 0
        while len(points) and done < _MOST_PARTS:
            done += len(points)
            here = result[points]
            dt = np.minimum(left, _STIFFNESS / np.maximum(np.abs(self.slope(here)), 1e-300))
            first = self.rate(here)
            second = self.rate(here + 0.5 * dt * first)
            third = self.rate(here + 0.5 * dt * second)
            fourth = self.rate(here + dt * third)
            result[points] = here + dt / 6 * (first + 2 * (second + third) + fourth)
            left = left - dt
            points, left = points[left > 0], left[left > 0]
        if len(points):
            raise NumericalError(
                f"the fractional drift's flow over a time of {time:g} needs more than {_MOST_PARTS} sub-steps; take a "
                "shorter step, or epsilon nearer to 1"
            )
        return result

    @property
    def edges(self) -> tuple[float, float]:
        """The ends of the table."""
        return self._edges[0], self._edges[1]


class _Map:
    """Φ_t on equidistant nodes as cubic Hermite pieces."""

    def __init__(self, drift: FractionalDrift, time: float) -> None:
        low, high = drift.edges
        nodes = np.linspace(low, high, _NODES)
        edge = nodes[[0, -1]]
        # From infinity to the edge takes about 1/(|b| F') there.
        fall = 1 / np.abs(drift.rate(edge) * drift.potential.gradient(edge) / drift.force.noise.intensity)
        if fall.max() > _INSTANT * time:
            raise UsageError(
                f"the fractional drift is too weak at the ends of its table for a step of {time:g}: K·h = "
                f"{(drift.force.K or 0) * (drift.force.h or 0):.3g} is too short"
            )
        ends = drift.integrate(nodes, time)
        before, after = drift.rate(nodes), drift.rate(ends)
        at_rest = np.abs(before) < 1e-7 * (1 + np.abs(drift.slope(nodes)))
        slopes = np.where(at_rest, np.exp(drift.slope(ends) * time), after / np.where(at_rest, 1.0, before))
        step = (high - low) / (_NODES - 1)
        rise, first, last = np.diff(ends), step * slopes[:-1], step * slopes[1:]
        self._low, self._inverse = low, 1 / step
        self._pieces = np.stack([ends[:-1], first, 3 * rise - 2 * first - last, first + last - 2 * rise], axis=1)

    def __call__(self, w: np.ndarray) -> np.ndarray:
        place = (w - self._low) * self._inverse
        np.clip(place, 0, _NODES - 1, out=place)
        bad = np.isnan(place)
        place[bad] = 0
        cell = np.minimum(place.astype(np.intp), _NODES - 2)
        place -= cell
        piece = self._pieces[cell]
        result = piece[..., 3] * place
        result += piece[..., 2]
        result *= place
        result += piece[..., 1]
        result *= place
        result += piece[..., 0]
        result[bad] = np.nan
        return result


def _where_exponent(force: FractionalForce, side: float) -> float:
    """Where the exponent F of φ reaches the table's end on one side."""
    from scipy.optimize import brentq

    center = float(force.gibbs.modes[0 if side < 0 else -1])
    far = abs(force.gibbs.reach[0 if side < 0 else 1] - center)

    def beyond(distance: float) -> float:
        return float(force.gibbs.exponent(np.array([center + side * distance]))[0]) - _EXPONENT

    while beyond(far) < 0:
        far *= 1.1
    return center + side * float(brentq(beyond, 0.0, far))
