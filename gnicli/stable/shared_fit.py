"""One maximum-likelihood fit of several samples whose laws share alpha, beta or both, each with its own scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gnicli.errors import GniError, NumericalError, UsageError
from gnicli.stable.fitting.exact_likelihood import Likelihood
from gnicli.stable.fitting.law_likelihood import Evaluation, evaluate, to_q, to_theta
from gnicli.stable.fitting.maximum_likelihood import fit_many
from gnicli.stable.fitting.result import StableFit
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, problem_of
from gnicli.stable.fitting.standardize import Standardized, standardize
from gnicli.stable.law import StableLaw
from gnicli.stable.parameterization import check_parameterization, s1_shift

SHARED = ("alpha", "beta")
_LONGEST = np.array([0.25, 0.4, 1.0, 0.5])
_MOST_STEPS, _ARRIVED = 80, 1e-8  # nats that the next step promises


@dataclass(frozen=True)
class SharedFit:
    """The joint fit of k samples.

    laws: those of the samples, in order. stderrs: standard errors of alpha, beta, loc and scale for each sample,
    (k, 4), by the observed information of all parameters together; NaN for a parameter at its bound. shared: the names
    of the shared parameters. log_likelihood: of all samples, exact. separate: the fits of each sample alone.
    ratio: twice what the likelihood loses by sharing. p: how likely a ratio as large is where the parameters are
    equal, by χ² with `degrees` degrees of freedom; NaN where a separate fit or this one is at a bound, where no χ²
    law holds. converged: whether the search ended at a maximum.

    >>> rng = np.random.default_rng(0)
    >>> found = fit_shared([StableLaw(1.5, 0.3, scale=scale).rvs(500, rng) for scale in (1.0, 5.0)])
    >>> found.laws[0].alpha == found.laws[1].alpha, found.degrees
    (True, 2)
    """

    laws: list[StableLaw]
    stderrs: np.ndarray
    shared: tuple[str, ...]
    log_likelihood: float
    separate: list[StableFit]
    ratio: float
    degrees: int
    p: float
    converged: bool

    @property
    def alpha(self) -> float:
        """The alpha of the first sample: that of all where alpha is shared.

        >>> x = np.random.default_rng(0).standard_cauchy(400)
        >>> found = fit_shared([x[:200], 3.0 * x[200:]])
        >>> found.alpha == found.laws[1].alpha
        True
        """
        return float(self.laws[0].alpha)

    @property
    def alpha_stderr(self) -> float:
        """The standard error of `alpha`; NaN at its bound.

        >>> x = np.random.default_rng(0).standard_cauchy(400)
        >>> found = fit_shared([x[:200], 3.0 * x[200:]])
        >>> found.alpha_stderr < found.separate[0].alpha_stderr
        True
        """
        return float(self.stderrs[0, 0])


def fit_shared(
    list_of_samples: Iterable[np.typing.ArrayLike], parameterization: str = "S1", shared: Sequence[str] = SHARED
) -> SharedFit:
    """Fit several samples together, with one value of the parameters that are shared, by maximum likelihood.

    list_of_samples: two or more, each as for `fit`. parameterization: of the locations. shared: "alpha", "beta" or
    both; what is not shared, and location and scale, each sample has for itself. So the layers of a network can be
    asked for one alpha, and whether they have one (`p`).
    Raises as `fit` does, with the number of the sample, and `UsageError` for fewer than two samples and other words.

    >>> rng = np.random.default_rng(0)
    >>> found = fit_shared([StableLaw(1.4, 0.0, scale=scale).rvs(1000, rng) for scale in (1.0, 0.1, 7.0)])
    >>> abs(found.alpha - 1.4) < 4 * found.alpha_stderr, found.p > 1e-4
    (True, True)
    """
    check_parameterization(parameterization)
    names = tuple(name for name in SHARED if name in shared)
    if not names or set(shared) - set(SHARED):
        raise UsageError(f"shared must name alpha, beta or both, got {', '.join(map(repr, shared)) or 'nothing'}")
    listed = list(list_of_samples)
    if len(listed) < 2:
        raise UsageError(f"a joint fit is for two samples or more, got {len(listed)}")
    separate = fit_many(listed, "S0")
    samples = []
    for k, each in enumerate(listed):
        try:
            samples.append(standardize(each, atom=True))
        except GniError as error:
            raise error.at(f"sample {k}") from None
    search = _Search(samples, names)
    theta, converged = search.run(_start(samples, separate, names))
    value = sum(
        Likelihood(s.scaled(), excess=s.excess())(row) - s.values.size * math.log(s.unit)
        for s, row in zip(samples, theta, strict=True)
    )
    ratio = max(2.0 * (sum(each.log_likelihood for each in separate) - value), 0.0)
    degrees = (len(samples) - 1) * len(names)
    at_bound = any(each.at_boundary for each in separate) or bool(_pressed(theta).any())
    stderrs, laws = search.report(theta, parameterization)
    return SharedFit(laws, stderrs, names, value, separate, ratio, degrees, _p(ratio, degrees, at_bound), converged)


def _p(ratio: float, degrees: int, at_bound: bool) -> float:
    from scipy.special import chdtrc

    return math.nan if at_bound else float(chdtrc(degrees, ratio))


def _pressed(theta: np.ndarray) -> np.ndarray:
    """Which of alpha and beta are at their bounds, (k, 2)."""
    alpha, beta = theta[:, 0], theta[:, 1]
    return np.stack([(alpha <= ALPHA_RANGE[0]) | (alpha >= ALPHA_RANGE[1]), np.abs(beta) >= 1.0], axis=1)


def _start(samples: list[Standardized], separate: list[StableFit], names: tuple[str, ...]) -> np.ndarray:
    """The separate laws in standardized units (k, 4), with means of what is shared, by the number of samples."""
    rows = np.array(
        [
            [law.alpha, law.beta, (law.loc - s.center) / s.unit, math.log(law.scale / s.unit)]
            for s, law in zip(samples, separate, strict=True)
        ]
    )
    rows[:, 0] = np.clip(rows[:, 0], ALPHA_RANGE[0], 1.999)
    weight = [s.values.size for s in samples]
    for name in names:
        k = SHARED.index(name)
        rows[:, k] = np.average(rows[:, k], weights=weight)
    return rows


class _Search:
    """Newton's method for all parameters at once. `place` (k, 4) says where each sample's are among them."""

    def __init__(self, samples: list[Standardized], names: tuple[str, ...]) -> None:
        self.samples = samples
        self.y = [np.clip(s.scaled(), -1e300, 1e300) for s in samples]
        self.problems = [problem_of(s, "S0", {}) for s in samples]
        place = np.zeros((len(samples), 4), dtype=int)
        n = 0
        for k, name in enumerate((*SHARED, "loc", "scale")):
            count = 1 if name in names else len(samples)
            place[:, k] = n + (np.arange(len(samples)) if count > 1 else 0)
            n += count
        self.place, self.n = place, n

    def at(self, theta: np.ndarray) -> tuple[list[Evaluation], float]:
        found = [evaluate(p, y, None, row) for p, y, row in zip(self.problems, self.y, theta, strict=True)]
        return found, float(sum(each.value for each in found))

    def derivatives(self, found: list[Evaluation]) -> tuple[np.ndarray, np.ndarray]:
        gradient, hessian = np.zeros(self.n), np.zeros((self.n, self.n))
        for each, places in zip(found, self.place, strict=True):
            np.add.at(gradient, places, each.gradient)
            hessian[np.ix_(places, places)] += each.hessian
        return gradient, hessian

    def free(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Which parameters are not pressed against a bound, (n,)."""
        free = np.ones(self.n, dtype=bool)
        for k, (low, high) in enumerate((ALPHA_RANGE, (-1.0, 1.0))):
            outward = gradient[self.place[:, k]]
            free[self.place[(theta[:, k] <= low) & (outward <= 0.0), k]] = False
            free[self.place[(theta[:, k] >= high) & (outward >= 0.0), k]] = False
        free[self.place[theta[:, 0] >= ALPHA_RANGE[1], 1]] = False  # the skewness of the normal law is not identified
        return free

    def moved(self, theta: np.ndarray, in_s1: list[bool], step: np.ndarray) -> np.ndarray:
        out = np.empty_like(theta)
        rows = zip(theta, step[self.place], in_s1, self.problems, strict=True)
        for k, (row, change, inside, problem) in enumerate(rows):
            q = to_q(row, inside, problem.log_unit) + change
            q[0], q[1] = min(max(q[0], ALPHA_RANGE[0]), ALPHA_RANGE[1]), min(max(q[1], -1.0), 1.0)
            out[k] = to_theta(q, inside, problem.log_unit)
        return out

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")
    def run(self, theta: np.ndarray) -> tuple[np.ndarray, bool]:
        found, value = self.at(theta)
        if not math.isfinite(value):
            raise NumericalError("the mean of the separate laws gives a sample a likelihood of 0: they share no law")
        for _ in range(_MOST_STEPS):
            gradient, hessian = self.derivatives(found)
            index = np.flatnonzero(self.free(theta, gradient))
            if not np.isfinite(hessian).all():
                return theta, False
            values, vectors = np.linalg.eigh(-hessian[np.ix_(index, index)])
            along = vectors.T @ gradient[index]
            bent = np.maximum(np.abs(values), 1e-7 * min(s.values.size for s in self.samples))
            step = np.zeros(self.n)
            step[index] = vectors @ (along / bent)
            if 0.5 * float(along @ (along / bent)) < _ARRIVED:
                return theta, True
            longest = np.broadcast_to(_LONGEST, theta.shape).copy()
            longest[:, 2] *= np.exp(theta[:, 3])
            step /= max(1.0, float((np.abs(step[self.place]) / longest).max()))
            inside = [each.in_s1 for each in found]
            for _ in range(20):
                there = self.moved(theta, inside, step)
                new, new_value = self.at(there)
                if new_value > value:
                    break
                step *= 0.3
            else:
                return theta, bool(0.5 * float(along @ (along / bent)) < 1e-4)
            theta, found, value = there, new, new_value
        return theta, False

    def report(self, theta: np.ndarray, parameterization: str) -> tuple[np.ndarray, list[StableLaw]]:
        """Standard errors (k, 4) and laws, in the units of the samples."""
        found, _ = self.at(theta)
        gradient, hessian = self.derivatives(found)
        index = np.flatnonzero(self.free(theta, gradient))
        covariance = np.full((self.n, self.n), np.nan)
        information = -hessian[np.ix_(index, index)]
        if np.isfinite(information).all() and np.linalg.eigvalsh(information)[0] > 0.0:
            covariance[np.ix_(index, index)] = np.linalg.inv(information)
        stderrs, laws = np.full((len(theta), 4), np.nan), []
        for k, (s, row, each, problem) in enumerate(zip(self.samples, theta, found, self.problems, strict=True)):
            own = covariance[np.ix_(self.place[k], self.place[k])]
            alpha, beta, loc, log_scale = row.tolist()
            by_q = np.eye(4)[2]
            shift, slope = s1_shift(row, problem.log_unit)
            if each.in_s1:
                by_q = by_q + slope
            if parameterization == "S1":
                loc, by_q = loc - shift, by_q - slope
            used = np.flatnonzero(by_q != 0.0)
            variance = own.diagonal().copy()
            # a parameter at its bound has no variance and adds none to that of the location
            variance[2] = by_q[used] @ np.nan_to_num(own[np.ix_(used, used)]) @ by_q[used]
            scale = math.exp(log_scale)
            stderrs[k] = np.sqrt(variance) * [1.0, 1.0, s.unit, s.unit * scale]
            normal = alpha >= ALPHA_RANGE[1]
            loc, scale = s.center + s.unit * loc, s.unit * scale
            laws.append(StableLaw(2.0 if normal else alpha, 0.0 if normal else beta, loc, scale, parameterization))
        return stderrs, laws
