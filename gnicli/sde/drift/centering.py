"""The asymmetric noise near alpha = 1: its centering goes into the drift, where a splitting scheme takes it exactly.

An increment over η is S_α(ε η^{1/α}, β, 0) in S1, whose bulk lies β tan(πα/2) ε η^{1/α} away from 0: near alpha = 1 the
few jumps are balanced by a steady wind that grows without bound, and the flow of −f' holds against it. Split from each
other the two throw a chain to and fro in every step, by more than the law is wide. So with

    dw = (−f'(w) + c) dt + (ε dL − c dt)

the scheme flows along −f' + c and draws its noise less c η. That is the same equation for any constant c; c = ε^α β
tan(πα/2) r^{1 − α} is what the jumps shorter than r are compensated by, and r is the width of the law where a chain
rests, so that what is left of the shift is of the size of an increment's scale, also in the limit alpha → 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.potential import polynomials, runge_kutta
from gnicli.sde.levy_noise import LevyNoise

# |β tan(πα/2)| below which the wind is as weak as any other force: nothing is moved, and flows stay in closed form.
_WEAK = 2.0
_ROUNDS = 8
_PART = 0.3  # of 1/f'' where chains rest: what one extrapolated step may take
_MOST_PARTS = 8


class Tilted:
    """f(w) − pull·w of a one-dimensional potential f: a `contracts.components.Potential`."""

    dimension = 1

    def __init__(self, potential: Potential, pull: float) -> None:
        self._potential, self._pull = potential, pull
        self.name = potential.name
        own = potential.coefficients
        self.coefficients = None if own is None else [own[0], own[1] - pull, *own[2:]]
        self._exact = getattr(potential, "flow_is_exact", False)
        self._stiffness = resting_place(potential, pull)[1] if self._exact else 0.0

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w) − pull·w, elementwise."""
        return self._potential.value(w) - self._pull * w

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """f' − pull, elementwise."""
        return self._potential.gradient(w) - self._pull

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Closed for a linear force; of order 4 by the flow of f where that is exact, else by Runge-Kutta sub-steps."""
        own = self.coefficients
        if own is not None and len(own) == 3:
            rest = -own[1] / (2 * own[2])
            return rest + (w - rest) * np.exp(-2 * own[2] * time)
        parts = math.ceil(self._stiffness * float(np.max(time)) / _PART)
        if not self._exact or parts > _MOST_PARTS:
            return runge_kutta.flow(self.gradient, w, time)
        for _ in range(max(parts, 1)):
            w = self._extrapolated(w, time / max(parts, 1))
        return w

    def _extrapolated(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """(4 S(t/2)² − S(t))/3, S being half a flow of f, the pull, half a flow: of order 4, and safe from far out."""
        flow, half, quarter = self._potential.flow, 0.5 * time, 0.25 * time
        push = self._pull * half
        once = flow(w, half)
        once += 2 * push
        once = flow(once, half)
        twice = flow(w, quarter)
        twice += push
        twice = flow(twice, half)
        twice += push
        twice = flow(twice, quarter)
        once -= twice
        once *= 1 / 3
        twice -= once
        return twice

    def minima(self) -> np.ndarray:
        """Where chains rest, ascending."""
        return polynomials.turning_points(np.asarray(self.coefficients, float))[0]

    def saddles(self) -> np.ndarray:
        """What separates them, ascending."""
        return polynomials.turning_points(np.asarray(self.coefficients, float))[1]


class TiltedLandscape:
    """f(w) − pull·w of a potential of d coordinates, `pull` (d,); each coordinate of its own where f is separable."""

    def __init__(self, potential: Potential, pull: Sequence[float]) -> None:
        self._potential, self._pull = potential, np.asarray(pull, float)[:, None]
        self.name, self.dimension, self.coefficients = potential.name, potential.dimension, None
        members: Sequence[Potential] = getattr(potential, "members", ())
        self.members = tuple(Tilted(m, p) if p else m for m, p in zip(members, pull, strict=True)) if members else ()

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w) − pull·w of points (d, n): (n,)."""
        return self._potential.value(w) - (self._pull * w).sum(axis=0)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """∇f − pull at points (d, n): (d, n)."""
        return self._potential.gradient(w) - self._pull

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Each coordinate by its own flow, else Runge-Kutta sub-steps of order 4: (d, n)."""
        if self.members:
            return np.stack([part.flow(row, time) for part, row in zip(self.members, w, strict=True)])
        return runge_kutta.flow(self.gradient, w, time)

    def minima(self) -> np.ndarray:
        """Not needed of a landscape that chains flow on; those of f are known to f."""
        return self._potential.minima()

    def saddles(self) -> np.ndarray:
        """Those of f, too."""
        return self._potential.saddles()


def wind(potential: Potential, noise: LevyNoise) -> float:
    """c of one coordinate, 0 where it is weak or the potential is no polynomial of degree 2 or more."""
    if abs(noise.centering) < _WEAK:
        return 0.0
    alpha, pull = noise.alpha, noise.wind
    found = pull
    for _ in range(_ROUNDS):
        _, stiffness = resting_place(potential, found)
        if not stiffness > 0:
            return pull
        found = pull * (noise.epsilon * (alpha * stiffness) ** (-1 / alpha)) ** (1 - alpha)
    return found


def resting_place(potential: Potential, pull: float) -> tuple[float, float]:
    """The lowest minimizer of f(w) − pull·w, and the second derivative of f there."""
    own = np.array(potential.coefficients, float)
    own[1] -= pull
    minima, _ = polynomials.turning_points(own)
    if not len(minima):
        return float("nan"), float("nan")
    place = float(minima[np.argmin(polynomials.evaluate(own, minima))])
    curvature = polynomials.derivative(own, 2)
    return place, float(polynomials.evaluate(curvature, np.array([place]))[0])


def winds(potential: Potential, noise: LevyNoise) -> tuple[float, ...]:
    """c of each coordinate. Where the coordinates have no potentials of their own, r is 1 in units of ε."""
    members: Sequence[Potential] = getattr(potential, "members", ())
    if potential.dimension == 1:
        members = (potential,)
    coordinates = noise.coordinates(potential.dimension)
    if members and all(member.coefficients is not None for member in members):
        return tuple(wind(member, own) for member, own in zip(members, coordinates, strict=True))
    return tuple(0.0 if abs(own.centering) < _WEAK else own.wind for own in coordinates)


def tilted(potential: Potential, pulls: Sequence[float]) -> Potential:
    """The potential itself where nothing pulls."""
    if not any(pulls):
        return potential
    return Tilted(potential, pulls[0]) if potential.dimension == 1 else TiltedLandscape(potential, pulls)
