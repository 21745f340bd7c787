"""Maximum likelihood for the tempered stable law, and the question whether samples are stable or tempered."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gnicli.errors import NumericalError, UsageError
from gnicli.stable.fitting.result import StableFit
from gnicli.stable.scipy_words import fit
from gnicli.stable.tempered.law import TemperedStableLaw
from gnicli.stable.tempered.likelihood import likelihood
from gnicli.stable.tempered.tables import Tempered

NAMES = ("alpha", "beta", "loc", "scale", "lower_tempering", "upper_tempering")
_LEAST, _MOST = math.log(1e-6), math.log(20.0)  # of log(tempering · scale of the stable fit)
ALPHA_RANGE = (0.5, 1.985)
_BOUNDS = [ALPHA_RANGE, (-1.0, 1.0), (-20.0, 20.0), (-6.0, 6.0), (_LEAST, _MOST), (_LEAST, _MOST)]
_SETTLED = 1e-3  # nats that a step promises to gain where the search ends
_MOST_STEPS = 60
_FAR = 0.15  # of the first tempering, over the largest samples: that the stable fit is hardly changed by
_LONGEST = np.array([0.3, 0.5, 1.0, 0.5, 3.0, 3.0])  # of a step
_FIRST_DAMPING, _MOST_DAMPING = 1e-3, 1e6
_NO_GAIN = 1e-3  # nats: a tempered law that is no likelier is the stable one


class TemperedFit(NamedTuple):
    """A fitted tempered stable law.

    law: the fitted law, in S0. stable: the stable fit of the same samples, which is the limit of no tempering.
    log_likelihood: of the law. log_ratio: how much it is above that of the stable law, in nats, >= 0. 0 where no
    tempering raises the likelihood; the law is then the stable one with temperings of next to nothing.
    stderr: standard errors of alpha, beta, loc, scale and both temperings by the observed information, NaN where a
    parameter is at its bound; those of temperings are by their logarithms. n: number of samples.
    """

    law: TemperedStableLaw
    stable: StableFit
    log_likelihood: float
    log_ratio: float
    stderr: dict[str, float]
    n: int


class TemperingTest(NamedTuple):
    """The likelihood ratio of tempered against stable, and its p-value.

    statistic: twice the logarithm of the ratio. null: the statistics of the samples that were drawn from the fitted
    stable law, each fitted anew, up to (n_bootstrap,). p: of k of them that are at least as large as the statistic
    (1 + k)/(1 + n_bootstrap), or k/drawn where the draws ended because there were enough of these. fit: of the samples.
    """

    statistic: float
    p: float
    null: np.ndarray
    fit: TemperedFit


def _log_likelihood(theta: np.ndarray, y: np.ndarray) -> float:
    alpha, beta, loc, log_scale, log_lower, log_upper = theta.tolist()
    scale = math.exp(log_scale)
    made = Tempered(alpha, beta, math.exp(log_lower) * scale, math.exp(log_upper) * scale)
    with np.errstate(all="ignore"):
        at = ((y - loc) / scale - made.center) / made.width
        return float(made.log_pdf(at).sum()) - y.size * (log_scale + math.log(made.width))


def _climb(theta: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A maximum of the likelihood between the bounds, by scoring with the outer products of scores.

    Damped as by Levenberg and Marquardt: more after a step that loses, less after one that gains.
    """
    low, high = np.array(_BOUNDS).T
    here, damping = likelihood(theta, y), _FIRST_DAMPING
    for _ in range(_MOST_STEPS):
        held = ((theta <= low) & (here.gradient < 0.0)) | ((theta >= high) & (here.gradient > 0.0))
        free = np.flatnonzero(~held)
        matrix = here.information[np.ix_(free, free)]
        spread = np.maximum(np.abs(matrix.diagonal()), 1e-8 * y.size)
        step = np.zeros(6)
        step[free] = np.linalg.lstsq(matrix + damping * np.diag(spread), here.gradient[free], rcond=None)[0]
        step *= min(1.0, 1.0 / float(np.abs(step / _LONGEST).max() or 1.0))
        there = np.clip(theta + step, low, high)
        if float(here.gradient @ (there - theta)) < _SETTLED:
            break
        found = likelihood(there, y)
        if found.value > here.value:
            theta, here, damping = there, found, 0.2 * damping
        elif (damping := 5.0 * damping) > _MOST_DAMPING:
            break
    return theta


def _maximize(y: np.ndarray, starts: list[list[float]]) -> tuple[np.ndarray, float]:
    """The maximum that the likeliest start leads to, with its exact likelihood."""
    first = max((np.array(start) for start in starts), key=lambda start: likelihood(start, y).value)
    theta = _climb(first, y)
    return theta, _log_likelihood(theta, y)


def _standard_errors(theta: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of θ by the observed information over the parameters inside of their bounds; NaN for the others."""
    step = np.array([2e-3, 2e-3, 2e-3, 2e-3, 1e-2, 1e-2])
    free = [k for k, (low, high) in enumerate(_BOUNDS) if low + 3 * step[k] < theta[k] < high - 3 * step[k]]
    shifts = np.diag(step)
    middle = _log_likelihood(theta, y)
    information = np.zeros((len(free), len(free)))
    for i, a in enumerate(free):
        up, down = (_log_likelihood(theta + sign * shifts[a], y) for sign in (1.0, -1.0))
        information[i, i] = -(up - 2.0 * middle + down) / step[a] ** 2
        for j, b in enumerate(free[:i]):
            corners = [
                sign * other * _log_likelihood(theta + sign * shifts[a] + other * shifts[b], y)
                for sign in (1.0, -1.0)
                for other in (1.0, -1.0)
            ]
            information[i, j] = information[j, i] = -sum(corners) / (4.0 * step[a] * step[b])
    out = np.full(6, np.nan)
    try:
        variance = np.linalg.inv(information).diagonal()
    except np.linalg.LinAlgError:
        return out
    out[free] = np.sqrt(np.where(variance > 0.0, variance, np.nan))
    return out


def fit_tempered(samples: np.typing.ArrayLike, *, stderr: bool = True) -> TemperedFit:
    """Fit a tempered stable law, alpha in [0.5, 1.985], by maximum likelihood.

    samples: as in `fit`, which gives the start and the law without tempering. Temperings are searched from 1e-6 to 20
    over the scale of that fit. stderr: False leaves out the standard errors, which take about as long as the search.
    Takes half a second, whatever the number of samples up to 1e5.
    Raises what `fit` raises.
    """
    stable = fit(samples, "S0")
    x = np.asarray(samples, dtype=np.float64).ravel()
    y = (x - stable.loc) / stable.scale
    without = stable.log_likelihood + x.size * math.log(stable.scale)
    alpha, beta = min(stable.alpha, 1.9), max(min(stable.beta, 0.95), -0.95)
    far = math.log(_FAR / max(float(np.quantile(np.abs(y), 1.0 - 2.0 / x.size)), 1.0))
    starts = [
        [alpha, beta, 0.0, 0.0, max(far, _LEAST), max(far, _LEAST)],
        [max(0.6, alpha - 0.4), 0.5 * beta, 0.0, 0.3, math.log(0.3), math.log(0.3)],
    ]
    theta, value = _maximize(y, starts)
    if not math.isfinite(value):
        raise NumericalError(
            f"the search for a tempered stable law of these {x.size} samples found no likelihood above 0"
        )
    if value < without + _NO_GAIN:
        theta = np.array([min(stable.alpha, 1.985), stable.beta, 0.0, 0.0, _LEAST, _LEAST])
        value = without
    scale = math.exp(theta[3])
    law = TemperedStableLaw(
        theta[0], theta[1], stable.loc + stable.scale * theta[2], stable.scale * scale,
        math.exp(theta[4]) / stable.scale, math.exp(theta[5]) / stable.scale, "S0",
    )  # fmt: skip
    errors = _standard_errors(theta, y) if stderr else np.full(6, np.nan)
    units = (1.0, 1.0, stable.scale, law.scale, law.lower_tempering, law.upper_tempering)
    return TemperedFit(
        law,
        stable,
        value - x.size * math.log(stable.scale),
        max(value - without, 0.0),
        {name: float(each * unit) for name, each, unit in zip(NAMES, errors, units, strict=True)},
        x.size,
    )


def tempering_test(
    samples: np.typing.ArrayLike,
    n_bootstrap: int,
    rng: np.random.Generator,
    fitted: TemperedFit | None = None,
    *,
    enough: int = 10,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> TemperingTest:
    """Whether samples are stable or tempered: a likelihood ratio test with a parametric bootstrap.

    The null is no tempering, both temperings at their bound 0. There the derivative of log pdf in a tempering grows as
    |x|, whose square has no mean under a stable law, so that no mixture of χ² laws holds, and the null is simulated:
    up to `n_bootstrap` samples of the fitted stable law, each fitted with and without tempering (half a second each).
    Once `enough` of them are at least as far out as the samples no more are drawn: p is then their share of those
    drawn, which keeps the level (J. Besag and P. Clifford, Biometrika 78 (1991), 301-304).
    n_bootstrap: >= 19, so that p can be 0.05. fitted: what `fit_tempered` gave for these samples, if it is there.
    tell: is given the number of samples drawn so far and `n_bootstrap`.
    Raises `UsageError` for fewer, or `enough` below 1, and what `fit` raises.
    """
    if n_bootstrap < 19:
        raise UsageError(f"n_bootstrap must be >= 19, got {n_bootstrap!r}")
    if enough < 1:
        raise UsageError(f"enough must be >= 1, got {enough!r}")
    found = fit_tempered(samples, stderr=False) if fitted is None else fitted
    law, statistic = found.stable.law, 2.0 * found.log_ratio
    null: list[float] = []
    beyond = 0
    while statistic > 0.0 and len(null) < n_bootstrap and beyond < enough:
        null.append(2.0 * fit_tempered(law.rvs(found.n, rng), stderr=False).log_ratio)
        beyond += null[-1] >= statistic
        tell(len(null), n_bootstrap)
    p = 1.0 if statistic == 0.0 else beyond / len(null) if beyond >= enough else (1 + beyond) / (1 + n_bootstrap)
    return TemperingTest(statistic, p, np.array(null), found)
