"""The exact stationary law of dw = −f'(w) dt + ε dL^{α,β} for polynomial potentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy import optimize

from gnicli.contracts.components import Potential
from gnicli.errors import NumericalError, UsageError
from gnicli.potential import build, polynomials
from gnicli.potential.polynomials import turning_points
from gnicli.sde.arguments import noise_of
from gnicli.sde.laws import characteristic
from gnicli.sde.laws.tails import Tail
from gnicli.sde.laws.tails import tails as tails_of
from gnicli.sde.levy_noise import LevyNoise

_PANEL_NODES = 26
_PANEL_PHASE = 6.0  # half a panel times the largest wavenumber: 26 nodes then interpolate to rounding
_ELEMENT_PHASE = 8.0  # of e^{-ikx} over half an element: 20 Gauss nodes then integrate to rounding
_MATCH = 1e-12  # where the tail series takes over, in units of 1/scale
_MAX_REACH = 64.0
_VISIBLE = 1e-9  # a mode's least density, relative to the highest
_MOST_WORK = 3e9  # products in a table: a minute
_CHUNK = 2**21
_MOST_BARRIER = 12.0  # over ε², at alpha = 2: the masses of two wells are lost in rounding times e^barrier


def stationary_law(
    potential: str | Mapping[str, Any] | Potential,
    noise: LevyNoise | None = None,
    *,
    alpha: float | None = None,
    beta: float | Sequence[float] | None = None,
    epsilon: float | None = None,
) -> StationaryLaw:
    """The exact stationary law of the model (4.3), dw = −f'(w) dt + ε dL^{α,β}, to about 1e-12 absolute.

    `potential` is a name, a mapping of a name and parameters, or an object (`gnicli.potential.build`), one-dimensional
    and polynomial of even degree >= 2. The noise is a `LevyNoise`, or its numbers alpha in [0.5, 2], beta in [−1, 1] (0
    at alpha = 1; default 0) and epsilon > 0 (default 1). Raises `UsageError` for anything else, and `NumericalError`
    for a law whose peaks are some 1e5 times narrower than its reach, and at alpha = 2 for wells behind barriers above
    12 ε² (the law is Gibbs's, `GibbsLaw`). By the equation of the characteristic
    function; takes .02 to .5 s.

    >>> law = stationary_law("double_well", alpha=1.5, beta=0.5)
    >>> law.modes.round(4)
    array([-1.2854,  0.8993])
    >>> round(float(law.cdf(0.0)), 6), round(law.mean, 6)
    (0.605227, -0.268495)
    """
    noise = noise_of(noise, alpha, beta, epsilon)
    potential = build(potential)
    if potential.coefficients is None:
        raise UsageError(f"the exact stationary law needs a polynomial potential, got {potential.name}")
    return StationaryLaw(np.asarray(potential.coefficients, float), noise)


def _center(coefficients: np.ndarray, temperature: float) -> float:
    """The mean of the minimizers, each with its Gibbs weight: 0 by symmetry, else near where the mass is."""
    minima, _ = turning_points(coefficients)
    depth = polynomials.evaluate(coefficients, minima) / temperature
    weights = np.exp(depth.min() - depth)
    return float(weights @ minima / weights.sum())


def _require_exchange(coefficients: np.ndarray, noise: LevyNoise) -> None:
    """Raise `NumericalError` where Brownian motion hardly passes from well to well.

    Jumps pass at a rate ~ ε^α, which the equation holds; a rate of e^{−barrier/ε²} is below its rounding.
    """
    minima, maxima = turning_points(coefficients)
    depths, heights = polynomials.evaluate(coefficients, minima), polynomials.evaluate(coefficients, maxima)
    barrier = float((heights - np.maximum(depths[:-1], depths[1:])).max(initial=0.0)) / noise.intensity
    if noise.alpha == 2 and barrier > _MOST_BARRIER:
        raise NumericalError(
            f"at alpha=2 the barrier between wells is {barrier:.3g} ε², too high for the equation of the "
            "characteristic function; the stationary law is the Gibbs law there: take gnicli.sde.GibbsLaw, or a larger "
            "epsilon"
        )


def _root(slope: Callable[[float], float], low: float, high: float) -> float:
    """The zero of the slope between two points where it was seen with opposite signs.

    A zero at a point where two panels meet, as the middle of a symmetric law, may have one sign in both of them.
    """
    ends = slope(low), slope(high)
    if ends[0] * ends[1] >= 0.0:
        return low if abs(ends[0]) <= abs(ends[1]) else high
    return float(optimize.brentq(slope, low, high, xtol=1e-14))


class StationaryLaw:
    """What `stationary_law` gives: `pdf`, `cdf`, `cf`, `modes`, `antimodes`, `mean`, and what is left of its arguments.

    `moments` are E w^j for j = 0 … n − 1, n the degree of f'; further ones are infinite or not known.
    """

    def __init__(self, coefficients: np.ndarray, noise: LevyNoise) -> None:
        force = np.polynomial.polynomial.polyder(np.trim_zeros(coefficients, "b"))
        if len(force) % 2 or force[-1] <= 0:
            raise UsageError("a potential of a stationary law has an even degree and a positive leading coefficient")
        _require_exchange(coefficients, noise)
        self.noise = noise
        alpha, intensity = noise.alpha, noise.intensity
        self._coefficients = coefficients
        self._center = _center(coefficients, intensity)
        # Around the center φ oscillates least, which saves elements, nodes and panels.
        shifted = np.polynomial.Polynomial(force)(np.polynomial.Polynomial([self._center, 1.0]))
        force = shifted.coef[: len(force)]
        # Solved for (w − center) / unit, in a time unit where noise and leading force are both 1: any scale is as good.
        order = len(force) - 1
        unit = (intensity / force[-1]) ** (1 / (alpha + order - 1))
        rate = force[-1] * unit ** (order - 1)
        scaled = force * unit ** (np.arange(order + 1) - 1.0) / rate
        drive = complex(1, -noise.centering)
        self._unit = unit
        self._solution = characteristic.solve(scaled, alpha, drive)
        centered = self._solution.moments * unit ** np.arange(order)
        self.moments = np.array(
            [sum(comb(j, i) * self._center ** (j - i) * centered[i] for i in range(j + 1)) for j in range(order)]
        )
        tails = tails_of(self._solution.symbols, drive, alpha, self._solution.moments)
        self._reach = self._find_reach(tails)
        self._tails = tuple(tail.cut(self._reach)[0] for tail in tails)
        self._panels = self._tabulate()

    @property
    def mean(self) -> float:
        """The mean; NaN where it does not exist or is not known from the solution (quadratic: 0 for alpha > 1)."""
        if len(self.moments) > 1:
            return float(self.moments[1])
        return self._shift_of_quadratic if self.noise.alpha > 1 else float("nan")

    @property
    def modes(self) -> np.ndarray:
        """Local maxima of the density, ascending."""
        return self._turning_points[0]

    @property
    def antimodes(self) -> np.ndarray:
        """Local minima of the density between its modes, ascending."""
        return self._turning_points[1]

    def pdf(self, x: np.ndarray | float) -> np.ndarray:
        """Density at `x` (any shape)."""
        return np.maximum(self._evaluate((np.asarray(x, float) - self._center) / self._unit, 0), 0.0) / self._unit

    def cdf(self, x: np.ndarray | float) -> np.ndarray:
        """Distribution function at `x` (any shape)."""
        return np.clip(self._evaluate((np.asarray(x, float) - self._center) / self._unit, 1), 0.0, 1.0)

    def cf(self, k: np.ndarray | float) -> np.ndarray:
        """The characteristic function E exp(ikw) at `k` (any shape), complex128."""
        scaled = np.asarray(k, float) * self._unit
        own = characteristic.values(self._solution, np.abs(scaled))
        return np.where(scaled < 0, own.conj(), own) * np.exp(1j * self._center * np.asarray(k, float))

    # ------------------------------------------------------------------------------------------------ construction

    @property
    def _shift_of_quadratic(self) -> float:
        force = self._solution.symbols
        return float(-(force[0] / -1j).real / (force[1] / -1).real * self._unit + self._center)

    def _nodes(self, reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Quadrature of ∫_0^∞ … φ(k) dk that resolves e^{-ikx} for |x| <= reach: nodes, weights, values of φ."""
        solution = self._solution
        half = np.diff(solution.edges) / 2
        t, w = np.polynomial.legendre.leggauss(20)
        parts = np.ceil(half * reach / _ELEMENT_PHASE).astype(int)
        pieces = []
        for n_parts in np.unique(parts):
            those = parts == n_parts
            local = ((t + 1) / n_parts + 2 * np.arange(n_parts)[:, None] / n_parts - 1).ravel()
            values = solution.coefficients[those] @ chebyshev.chebvander(local, characteristic.NODES - 1).T
            k = (solution.edges[:-1] + half)[those, None] + half[those, None] * local
            weights = half[those, None] * np.tile(w / n_parts, n_parts)
            pieces.append((k.ravel(), weights.ravel(), values.ravel()))
        nodes, weights, phi = (np.concatenate(each) for each in zip(*pieces, strict=True))
        live = np.abs(phi) > 1e-16  # e^{-40} at the far end: most of the last elements is below rounding
        return nodes[live], weights[live], phi[live]

    def _direct(self, x: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
        k, weights, phi = self._nodes(reach)
        waves = np.exp(-1j * np.outer(x, k)) * phi
        return (waves.real @ weights) / np.pi, 0.5 - (waves.imag @ (weights / k)) / np.pi

    def _find_reach(self, tails: tuple[Tail, Tail]) -> float:
        """The least |x| from which on the tail series are as good as the integral."""
        spread = 1 + (np.sqrt(self._solution.moments[2]) if len(self._solution.moments) > 2 else 0.0)
        reach = 3.0 * spread
        while reach < _MAX_REACH * spread:
            cut = [tail.cut(reach) for tail in tails]
            if max(error for _, error in cut) < _MATCH:
                at = reach * np.array([1.0, 1.1])
                pdf, cdf = self._direct(np.concatenate([-at, at]), 1.1 * reach)
                series = np.concatenate([cut[0][0].pdf(at), cut[1][0].pdf(at)])
                masses = np.concatenate([cut[0][0].beyond(at), 1 - cut[1][0].beyond(at)])
                if max(np.abs(series - pdf).max(), np.abs(masses - cdf).max()) < 3 * _MATCH:
                    return reach
            reach *= 1.25
        return reach

    def _tabulate(self) -> np.ndarray:
        """Chebyshev coefficients (2, n_panels, _PANEL_NODES) of pdf and cdf on [-reach, reach]."""
        k, weights, phi = self._nodes(self._reach)
        n_panels = int(np.ceil(self._reach * k.max() / _PANEL_PHASE))
        half = self._reach / n_panels
        if n_panels * len(k) > _MOST_WORK:
            raise NumericalError(
                f"the stationary law is too sharp for its width: its table would take {n_panels} panels from {len(k)} "
                "wavenumbers; take a larger epsilon, or a potential with wells of more equal width"
            )
        centers = half * (2 * np.arange(n_panels) + 1 - n_panels)
        t = chebyshev.chebpts1(_PANEL_NODES)
        to_coefficients = np.linalg.inv(chebyshev.chebvander(t, _PANEL_NODES - 1)).T
        inner = np.exp(-1j * half * np.outer(k, t))
        density, distribution = inner * (phi * weights)[:, None], inner * (phi * weights / k)[:, None]
        result = np.empty((2, n_panels, _PANEL_NODES))
        rows = max(1, _CHUNK // len(k))
        steps = np.exp(-1j * np.outer(2 * half * np.arange(rows), k))  # products are cheaper than exponentials
        for start in range(0, n_panels, rows):
            outer = steps[: n_panels - start] * np.exp(-1j * centers[start] * k)
            result[0, start : start + rows] = (outer @ density).real / np.pi
            result[1, start : start + rows] = 0.5 - (outer @ distribution).imag / np.pi
        return result @ to_coefficients

    # -------------------------------------------------------------------------------------------------- evaluation

    def _evaluate(self, x: np.ndarray, which: int) -> np.ndarray:
        result = np.empty(x.shape)
        inside = np.abs(x) < self._reach
        result[inside] = self._interpolate(x[inside], self._panels[which])
        left, right = ~inside & (x < 0), ~inside & (x >= 0)
        result[left] = self._tails[0].beyond(-x[left]) if which else self._tails[0].pdf(-x[left])
        result[right] = 1 - self._tails[1].beyond(x[right]) if which else self._tails[1].pdf(x[right])
        result[np.isnan(x)] = np.nan
        return result

    def _interpolate(self, x: np.ndarray, panels: np.ndarray) -> np.ndarray:
        n_panels = len(panels)
        place = (x + self._reach) * (n_panels / (2 * self._reach))
        panel = np.clip(place.astype(int), 0, n_panels - 1)
        t = 2 * (place - panel) - 1
        # Clenshaw's recurrence with the panel's own coefficients.
        after, last = np.zeros_like(t), np.zeros_like(t)
        for column in panels.T[:0:-1]:
            after, last = last, column[panel] + 2 * t * last - after
        return panels[panel, 0] + t * last - after

    @cached_property
    def _turning_points(self) -> tuple[np.ndarray, np.ndarray]:
        if self.noise.alpha == 2:
            return turning_points(self._coefficients)  # Gibbs: also where f is too flat for a numerical slope
        n_panels = len(self._panels[0])
        half = self._reach / n_panels
        slopes = chebyshev.chebder(self._panels[0], axis=1)
        t = np.linspace(-1, 1, 9)[:-1]
        values = (slopes @ chebyshev.chebvander(t, _PANEL_NODES - 2).T).ravel()
        where = (half * (2 * np.arange(n_panels)[:, None] + 1 - n_panels + t)).ravel()

        def slope(x: float) -> float:
            return float(self._interpolate(np.array([x]), slopes)[0])

        signs = np.where(values > 0, 1, -1)
        # Where the density is at the level of rounding, its slope has no sign to speak of.
        heights = self._interpolate(where, self._panels[0])
        real = np.minimum(heights[:-1], heights[1:]) > _VISIBLE * heights.max()
        crossings = np.flatnonzero((signs[:-1] != signs[1:]) & real)
        points = np.array([_root(slope, float(where[i]), float(where[i + 1])) for i in crossings])
        points = self._center + self._unit * points
        rising = signs[crossings] > 0
        return points[rising], points[~rising]
