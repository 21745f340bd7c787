"""`drift=fractional` for chains: the flow of w' = b(w), tabulated.

b is not Lipschitz (for the double well it passes 1e23 at w = 4), so it is never tabulated itself: its numerator D(∂φ)
is, and from it how long the way from place to place takes (`clock`), which gives the flow Φ_t over any time. For steps
of one length Φ_t is tabulated too: cubic Hermite pieces carry it, since its slope is known, Φ_t' = b(Φ_t)/b. Beyond the
table a chain falls back into it in no time, so it starts from the table's edge.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from gnicli.errors import UsageError
from gnicli.sde.drift.centering import tilted
from gnicli.sde.drift.clock import Clock
from gnicli.sde.drift.fractional import FractionalForce

_EXPONENT = 60.0  # the table ends where φ is e^{-60}
_NODES = 8193
_MAX_MAPS = 16
_INSTANT = 1e-6  # what a fall from infinity to the table may take, in units of the time step


class FractionalDrift:
    """The modified drift of Theorem 4.1 (or its sum b_{h,K}) in one dimension.

    b grows like e^{f/ε^α}, so every step is too long for it somewhere in the law's reach. Strang's scheme, recorded in
    the middle of its flow, has weak orders of 1.2 to 1.9 at steps of .16 to .01, and not 2 (docs/sde.md).

    With K = 0 the sum is a multiple of −f': its flow is the potential's own. `wind` is what it takes over from the
    noise (`sde.drift.centering`). `steady` says that times are few, so that a map for each pays: that is five times as
    fast as the clock.
    """

    name = "fractional"
    phases: int | None = 1  # each further one is two more tables

    def __init__(self, force: FractionalForce, wind: float = 0.0, steady: bool = True) -> None:
        self.force, self.wind, self._steady = force, wind, steady
        self.potential = force.potential
        self._maps: dict[float, _Map] = {}
        self._multiple = None
        if force.K == 0:
            at = np.array([force.gibbs.modes[-1] + 1.0])
            self._multiple = float((force.rate(at) / -self.potential.gradient(at))[0])
            return
        self.edges = (_where_exponent(force, -1.0), _where_exponent(force, 1.0))
        nodes = np.linspace(*self.edges, _NODES)
        # The wind's share too: so b has the zeros of one spline.
        values = force.numerator(nodes) + wind / force.noise.intensity * np.exp(-force.gibbs.exponent(nodes))
        self._numerator = CubicSpline(nodes, values)
        self._numerator_slope = self._numerator.derivative()
        edge = nodes[[0, -1]]
        edge_rates = self.rate(edge)
        if not (edge_rates[0] > 0 > edge_rates[1]):
            raise UsageError(
                f"the fractional drift points outwards at the ends of its table (rate {edge_rates[0]:.3g} at "
                f"{self.edges[0]:.3g}, {edge_rates[1]:.3g} at {self.edges[1]:.3g}): K·h = "
                f"{(force.K or 0) * (force.h or 0):.3g} is too short or h too large"
            )
        # From infinity to the edge takes about 1/(|b| F') there.
        slopes = self.potential.gradient(edge) / force.noise.intensity
        self._fall = float(1 / np.abs(edge_rates * slopes).min())
        self._clock = Clock(self._numerator, self._factor)

    def rate(self, w: np.ndarray) -> np.ndarray:
        """b(w) inside the table, its value at the edge outside; any shape."""
        if self._multiple is not None:
            return self.wind - self._multiple * self.potential.gradient(w)
        inside = np.clip(w, *self.edges)
        return np.asarray(self._numerator(inside) * self._factor(inside))

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Φ_time(w), elementwise."""
        if self._multiple is not None:
            return tilted(self.potential, (self.wind / self._multiple,)).flow(w, self._multiple * time)
        least = float(np.min(time, initial=np.inf))
        if self._fall > _INSTANT * least:
            raise UsageError(
                f"the fractional drift is too weak at the ends of its table for a step of {least:g}: K·h = "
                f"{(self.force.K or 0) * (self.force.h or 0):.3g} is too short"
            )
        if isinstance(time, float | int) and self._steady:
            if time not in self._maps and len(self._maps) < _MAX_MAPS:
                self._maps[time] = _Map(self, time)
            if time in self._maps:
                return self._maps[time](w)
        return self._clock.flow(w, time)

    def by_clock(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Φ_time(w) of points inside of the table, without a map."""
        return self._clock.flow(w, time)

    def slope(self, w: np.ndarray) -> np.ndarray:
        """b'(w) inside the table."""
        exponent_slope = self.potential.gradient(w) / self.force.noise.intensity
        return np.asarray(self._factor(w) * (self._numerator_slope(w) + self._numerator(w) * exponent_slope))

    def _factor(self, w: np.ndarray) -> np.ndarray:
        """ε^α e^F, of which b is the multiple by its numerator."""
        return self.force.noise.intensity * np.exp(self.force.gibbs.exponent(w))


class _Map:
    """Φ_t on equidistant nodes as cubic Hermite pieces."""

    def __init__(self, drift: FractionalDrift, time: float) -> None:
        low, high = drift.edges
        nodes = np.linspace(low, high, _NODES)
        ends = drift.by_clock(nodes, time)
        before, after = drift.rate(nodes), drift.rate(ends)
        at_rest = np.abs(before) < 1e-7 * (1 + np.abs(drift.slope(nodes)))
        with np.errstate(over="ignore"):
            slopes = np.where(at_rest, np.exp(drift.slope(ends) * time), after / np.where(at_rest, 1.0, before))
        step = (high - low) / (_NODES - 1)
        rise = np.diff(ends)
        # Where a long time throws neighbors of an unstable zero apart, slopes that cubic pieces cannot follow without
        # running beyond their ends are cut (Fritsch & Carlson 1980). Others are as they are.
        padded = np.concatenate([rise[:1], rise, rise[-1:]])
        slopes = np.clip(slopes * step, 0.0, 3 * np.maximum(np.minimum(padded[:-1], padded[1:]), 0.0))
        first, last = slopes[:-1], slopes[1:]
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
