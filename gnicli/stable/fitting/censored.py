"""Maximum likelihood for censored samples: the density at values, and the probability of intervals.

Σ log f(x) + Σ log(F(high) − F(low)) is climbed by the sum of squares of the scores (Berndt, Hall, Hall and Hausman
1974), which are integrals like those of the density. Standard errors are by the observed information.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gnicli.errors import GniError, NumericalError
from gnicli.stable.density.coordinates import half_width_of_edge
from gnicli.stable.fitting.censored_data import Observations, observations
from gnicli.stable.fitting.held_values import check_fixed
from gnicli.stable.fitting.maximum_likelihood import fit
from gnicli.stable.fitting.result import StableFit
from gnicli.stable.fitting.search_problem import ALPHA_RANGE
from gnicli.stable.law import StableLaw
from gnicli.stable.parameterization import NAMES, check_parameterization, s1_shift

_NARROW = 0.02  # of a scale or spike: below it the probability of an interval is an integral of the density
_ARRIVED, _MOST_STEPS = 1e-8, 200  # nats that the next step promises
_STEP = 1e-4
_LOW, _HIGH = np.array([ALPHA_RANGE[0], -1.0, -np.inf, -20.0]), np.array([2.0, 1.0, np.inf, 20.0])


def _law(theta: np.ndarray, parameterization: str) -> StableLaw:
    return StableLaw(theta[0], theta[1], theta[2], math.exp(theta[3]), parameterization)


def log_probability(law: StableLaw, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """log(F(high) − F(low)) of intervals (m,), from the nearer tail; −inf where it is 0."""
    upper = low > law.ppf(0.5)
    out = np.empty(low.size)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for side, tail, first, last in ((upper, law.logsf, low, high), (~upper, law.logcdf, high, low)):
            larger, smaller = tail(first[side]), np.where(np.isinf(last[side]), -np.inf, tail(last[side]))
            larger = np.where(np.isinf(first[side]), 0.0, larger)
            out[side] = larger + np.log(-np.expm1(np.minimum(smaller - larger, 0.0)))
        out = np.where(np.isnan(out), -np.inf, out)
        thin = _thin(law, low, high)
        if thin.any():
            at, weight = _inner_points(low[thin], high[thin])
            out[thin] = np.log(law.pdf(at) @ weight) + np.log(high[thin] - low[thin])
    return out


def _thin(law: StableLaw, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    width = min(1.0, half_width_of_edge(law.alpha)) if law.alpha < 1.0 else 1.0
    return high - low < _NARROW * width * law.scale


def _inner_points(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss's points of intervals, (m, 6), and their weights for means."""
    node, weight = np.polynomial.legendre.leggauss(6)
    return low[:, None] + (high - low)[:, None] * (0.5 + 0.5 * node), 0.5 * weight


def interval_scores(law: StableLaw, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The derivatives of `log_probability` by alpha, beta, loc and log scale, (4, m)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        probability = np.exp(log_probability(law, low, high))
        found = np.zeros((4, low.size))
        for ends, sign in ((high, 1.0), (low, -1.0)):
            finite = np.isfinite(ends)
            slopes = law.cdf_derivatives(ends[finite])
            found[:, finite] += sign * np.stack([slopes.alpha, slopes.beta, slopes.loc, law.scale * slopes.scale])
        found = np.where(probability > 0.0, found / probability, 0.0)
    thin = np.flatnonzero(_thin(law, low, high))
    if thin.size:
        at, weight = _inner_points(low[thin], high[thin])
        mass = law.pdf(at) * weight
        each = _value_scores(law, at.ravel()).reshape(4, *at.shape)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (each * mass).sum(axis=2) / mass.sum(axis=1)
        found[:, thin] = np.where(np.isfinite(mean), mean, 0.0)
    return found


def _value_scores(law: StableLaw, x: np.ndarray) -> np.ndarray:
    slopes = law.logpdf_derivatives(x)
    return np.stack([slopes.alpha, slopes.beta, slopes.loc, law.scale * slopes.scale])


class _Search:
    """The climb for observations in standardized units, with what is held NaN-free in `fixed` (4,)."""

    def __init__(self, seen: Observations, parameterization: str, fixed: np.ndarray) -> None:
        self.seen, self.parameterization, self.fixed = seen, parameterization, fixed
        self.movable = np.isnan(fixed)
        self.n_evaluations = 0

    def value(self, theta: np.ndarray) -> float:
        self.n_evaluations += 1
        law, seen = _law(theta, self.parameterization), self.seen
        with np.errstate(invalid="ignore"):
            total = float(np.sum(law.logpdf(seen.x)) + log_probability(law, seen.low, seen.high) @ seen.counts)
        return total if not math.isnan(total) else -math.inf

    def scores(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradient (4,), and the sum of the scores' squares (4, 4)."""
        law, seen = _law(theta, self.parameterization), self.seen
        rows = np.concatenate([_value_scores(law, seen.x), interval_scores(law, seen.low, seen.high)], axis=1)
        counts = np.concatenate([np.ones(seen.x.size), seen.counts])
        rows = np.where(np.isfinite(rows), rows, 0.0)
        return rows @ counts, (rows * counts) @ rows.T

    def free(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Which parameters move: not held, not pressed against a bound."""
        pressed = ((theta <= _LOW) & (gradient <= 0.0)) | ((theta >= _HIGH) & (gradient >= 0.0)) | (gradient == 0.0)
        return np.asarray(self.movable & ~pressed)

    def run(self, theta: np.ndarray) -> tuple[np.ndarray, float, bool]:
        """The maximum from a θ: θ, its value, and whether the search ended there."""
        value = self.value(theta)
        for _ in range(_MOST_STEPS):
            gradient, squares = self.scores(theta)
            index = np.flatnonzero(self.free(theta, gradient))
            step = np.zeros(4)
            if index.size:
                inverse = np.linalg.pinv(squares[np.ix_(index, index)], rcond=1e-12, hermitian=True)
                step[index] = inverse @ gradient[index]
            if not float(gradient @ step) > _ARRIVED:
                return theta, value, True
            share = min(1.0, 0.5 / float(np.abs(step / np.array([1.0, 1.0, math.exp(theta[3]), 1.0])).max()))
            while True:
                moved = np.clip(theta + share * step, _LOW, _HIGH)
                new = self.value(moved)
                if new > value:
                    break
                share *= 0.4
                if share < 1e-7:
                    return theta, value, bool(gradient @ step < 1e-4)
            theta, value = moved, new
        return theta, value, False

    def covariance(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """By the observed information, with rows of 0 for what is not free, and which are; None where not definite."""
        free = self.free(theta, self.scores(theta)[0])
        free &= (theta > _LOW) & (theta < _HIGH)
        if theta[0] > 2.0 - 10.0 * _STEP:  # the skewness of the normal law is not identified
            free[:2] = False
        index = np.flatnonzero(free)
        steps = _STEP * np.array([1.0, 1.0, math.exp(theta[3]), 1.0])
        information = np.zeros((4, 4))
        for k in index.tolist():
            room = min(theta[k] - _LOW[k], _HIGH[k] - theta[k]) if k < 2 else math.inf
            step = np.where(np.arange(4) == k, min(steps[k], 0.5 * room), 0.0)
            up, down = self.scores(theta + step)[0], self.scores(theta - step)[0]
            information[k] = (down - up) / (2.0 * step[k])
        part = 0.5 * (information + information.T)[np.ix_(index, index)]
        if not index.size or not np.linalg.eigvalsh(part)[0] > 0.0:
            return None
        found = np.zeros((4, 4))
        found[np.ix_(index, index)] = np.linalg.inv(part)
        return found, free


def fit_censored(samples: Any, censored: Any, parameterization: str, fixed: dict[str, float] | None) -> StableFit:
    """The fit of samples some of which are censored: `gnicli.stable.fit` says what these are."""
    check_parameterization(parameterization)
    held = check_fixed(fixed or {})
    seen = observations(samples, censored)
    work = "S1" if parameterization == "S1" and "loc" in held else "S0"
    guesses = seen.guesses()
    low, center, high = np.quantile(guesses, (0.25, 0.5, 0.75)).tolist()
    unit = 0.5 * (high - low) or float(np.abs(guesses - center).max()) or 1.0
    if work == "S1":  # at alpha = 1 the location is not moved by a unit alone
        center, unit = 0.0, 1.0
    fixed_values = np.array([held.get(name, math.nan) for name in NAMES])
    fixed_values[2] = (fixed_values[2] - center) / unit
    fixed_values[3] = math.log(fixed_values[3] / unit)
    search = _Search(seen.in_units(center, unit), work, fixed_values)
    theta, value, converged = search.run(_start(search, guesses, work, held, center, unit))
    if not math.isfinite(value):
        raise NumericalError("no stable law with what is held gives these samples a likelihood above 0")
    if "scale" not in held and abs(theta[3]) >= _HIGH[3] - 1e-6:
        raise NumericalError("the likelihood has no maximum: it grows as the scale goes to 0 or without bound")
    return _report(search, theta, value, converged, parameterization, held, center, unit)


def _start(
    search: _Search, guesses: np.ndarray, work: str, held: dict[str, float], center: float, unit: float
) -> np.ndarray:
    """The likeliest of a fit to guesses of the samples, and of some plain laws, with what is held."""
    spread = 0.5 * float(np.diff(np.quantile(guesses, (0.25, 0.75)))[0]) / unit or 1.0
    middle = (float(np.median(guesses)) - center) / unit
    laws = [np.array([alpha, beta, middle, math.log(spread)]) for alpha in (1.8, 1.3, 0.8) for beta in (0.0, 0.5, -0.5)]
    try:
        law = fit(guesses, work, {name: held[name] for name in ("alpha", "beta") if name in held}).law
        laws.append(np.array([law.alpha, law.beta, (law.loc - center) / unit, math.log(law.scale / unit)]))
    except GniError:
        pass  # so many guesses are equal that they have no fit
    laws = [np.clip(np.where(search.movable, law, search.fixed), _LOW, _HIGH) for law in laws]
    return max(laws, key=search.value)


def _report(
    search: _Search,
    theta: np.ndarray,
    value: float,
    converged: bool,
    parameterization: str,
    held: dict[str, float],
    center: float,
    unit: float,
) -> StableFit:
    seen = search.seen
    alpha, beta, loc, log_scale = theta.tolist()
    scale = math.exp(log_scale)
    gradient = np.eye(4)[2]
    if parameterization != search.parameterization:
        shift, slope = s1_shift(theta, math.log(unit))
        loc, gradient = loc - shift, gradient - slope
    errors: dict[str, float | None] = dict.fromkeys(NAMES)
    found = search.covariance(theta)
    if found is not None:
        matrix, free = found
        variance = matrix.diagonal().copy()
        variance[2] = gradient @ matrix @ gradient
        for k, (name, size) in enumerate(zip(NAMES, (1.0, 1.0, unit, unit * scale), strict=True)):
            if free[k] and variance[k] > 0.0:
                errors[name] = size * math.sqrt(variance[k])
    bounds = (("alpha", ALPHA_RANGE[0]), ("alpha", 2.0), ("beta", -1.0), ("beta", 1.0))
    at_bound = any(name not in held and theta[NAMES.index(name)] == bound for name, bound in bounds)
    return StableFit(
        alpha=alpha,
        beta=held.get("beta", 0.0) if alpha == 2.0 else beta,
        loc=held.get("loc", center + unit * loc),
        scale=held.get("scale", unit * scale),
        alpha_stderr=errors["alpha"],
        beta_stderr=errors["beta"],
        loc_stderr=errors["loc"],
        scale_stderr=errors["scale"],
        parameterization=parameterization,
        n=seen.n,
        n_free=4 - len(held),
        converged=converged,
        at_boundary=at_bound,
        n_evaluations=search.n_evaluations,
        notes=(f"{seen.n_censored} of {seen.n} samples are censored",) if seen.n_censored else (),
        held=tuple(held),
        _log_likelihood=value - seen.x.size * math.log(unit),
    )
