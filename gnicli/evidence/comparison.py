"""Laws against one another: log-likelihood, Akaike's criterion, held-out log-likelihood, ratio against the Gaussian."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gnicli.errors import GniError
from gnicli.evidence.families import Attempt, Family, FittedLaw, without_errors
from gnicli.laws.base import Tails

TAIL_SHARE = 0.05  # of the samples: what the tails are


class Scores(NamedTuple):
    """The scores of a law. `heldout` is the mean log-density of samples that its fit did not see (nats a sample);

    `heldout_gap` is that minus the same of the law it is compared with, with the standard error of the paired mean.
    Both are −inf where the law has density 0 at some of the `n_heldout` samples, at `n_impossible` of them.
    Where a law cannot be fitted `law` is None and `why_not` says why. `tail_gain` is by how many nats a sample the law
    predicts the tails better than the Gaussian, with its standard error: see `tail_scores`.
    """

    family: Family
    law: FittedLaw | None
    log_likelihood: float
    aic: float
    heldout: float
    heldout_stderr: float
    heldout_gap: float
    heldout_gap_stderr: float
    why_not: str = ""
    n_heldout: int = 0
    n_impossible: int = 0
    tail_gain: float = math.nan
    tail_gain_stderr: float = math.nan


def in_units(scores: Scores, unit: float, n: int) -> Scores:
    """The scores of samples `unit` times as large: densities are divided by it."""
    log_unit = math.log(unit)
    law = None if scores.law is None else scores.family.in_units(scores.law, unit)
    return scores._replace(
        law=law,
        log_likelihood=scores.log_likelihood - n * log_unit,
        aic=scores.aic + 2.0 * n * log_unit,
        heldout=scores.heldout - log_unit,
    )


def split(n: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions to fit and to hold out, at random; at least 50 of the first and 10 of the second."""
    n_held = min(max(10, round(share * n)), n - 50)
    order = rng.permutation(n)
    return order[n_held:], order[:n_held]


def compare(
    x: np.ndarray, fitted: Mapping[str, tuple[Family, Attempt]], reference: str, share: float, rng: np.random.Generator
) -> dict[str, Scores]:
    """Score every law; `fitted` maps names to families and laws fitted to all of `x`, or the error that came of it.

    Without room for a held-out part (fewer than 60 samples, or `share` 0) those scores are NaN.
    """
    held: dict[str, np.ndarray] = {}
    tails: dict[str, np.ndarray] = {}
    if share > 0 and x.size >= 60:
        seen, unseen = split(x.size, share, rng)
        ends = np.quantile(x[seen], (TAIL_SHARE / 2, 1 - TAIL_SHARE / 2))
        for name, (family, law) in fitted.items():
            if not isinstance(law, GniError):
                try:
                    with np.errstate(over="ignore"):  # −inf for a sample that a law does not allow for
                        own = family.fit(x[seen])
                        held[name] = np.asarray(own.logpdf(x[unseen]))
                        tails[name] = tail_scores(held[name], family.log_tails(own, ends), x[unseen], ends)
                except GniError:  # the part has fewer distinct values than the whole
                    continue
    scores = {name: _scores(x, family, law, held, name, reference) for name, (family, law) in fitted.items()}
    for name in tails:
        if "normal" in tails:
            with np.errstate(invalid="ignore"):
                gain, error = _mean(tails[name] - tails["normal"])
            scores[name] = scores[name]._replace(tail_gain=gain, tail_gain_stderr=error)
    return scores


def tail_scores(log_density: np.ndarray, log_tails: Tails, x: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The censored likelihood score (Diks, Panchenko & van Dijk 2011) of samples `x` (n,), in nats: log f(x) outside of
    `ends` (low, high), and between them the log-probability of being there.

    Its mean is largest for the law that is right beyond the ends, whatever that law is between them. `log_density` is
    that of the samples, `log_tails` log cdf and log sf at the ends.
    """
    outside = math.exp(float(log_tails[0][0])) + math.exp(float(log_tails[1][1]))
    inside = math.log1p(-outside) if outside < 1 else -math.inf
    return np.where((x < ends[0]) | (x > ends[1]), log_density, inside)


def _scores(
    x: np.ndarray, family: Family, law: Attempt, held: Mapping[str, np.ndarray], name: str, reference: str
) -> Scores:
    if isinstance(law, GniError):
        return Scores(family, None, *(math.nan,) * 6, str(law))
    total = float(np.sum(law.logpdf(x)))
    mean = error = gap = gap_error = math.nan
    n_heldout = n_impossible = 0
    if name in held:
        mean, error = _mean(held[name])
        n_heldout, n_impossible = held[name].size, int(np.count_nonzero(held[name] == -np.inf))
        if reference in held:
            with np.errstate(invalid="ignore"):
                gap, gap_error = _mean(held[name] - held[reference])
    return Scores(
        family, law, total, 2.0 * family.n_free - 2.0 * total, mean, error, gap, gap_error, "", n_heldout, n_impossible
    )


def _mean(values: np.ndarray) -> tuple[float, float]:
    with np.errstate(invalid="ignore", over="ignore"):
        return float(values.mean()), float(values.std(ddof=1) / math.sqrt(values.size))


LEAST_LEAD = 3.0  # nats: a difference of 6 in Akaike's criterion
_CLEAR = 2.0  # standard errors
_CAP = 5.0  # nats that one sample may add to the lead that is judged


class Lead(NamedTuple):
    """By how many nats a law is ahead of another on all samples, each less one nat for every fitted parameter.

    That is half the difference of their Akaike criteria. `stderr` is its standard error (Vuong 1989). `z` is the lead
    in standard errors, where no sample may add more than 5 nats: a sample that surprises the other law without end
    would otherwise be all of the lead and all of its error.
    """

    nats: float
    stderr: float
    z: float

    @property
    def is_clear(self) -> bool:
        """At least 3 nats (AIC lower by 6) and two standard errors; the first guards laws that nearly coincide."""
        return self.nats >= LEAST_LEAD and self.z >= _CLEAR


def lead(log_density: np.ndarray, n_free: int, of_other: np.ndarray, n_free_other: int) -> Lead:
    """The lead of a law over another from their log densities at the same samples (n,)."""
    with np.errstate(invalid="ignore", over="ignore"):
        gain = np.asarray(log_density) - np.asarray(of_other)
        nats = float(gain.sum()) + n_free_other - n_free
        capped = np.minimum(gain, _CAP)
        root = math.sqrt(gain.size)
        error = root * float(capped.std())
        z = (float(capped.sum()) + n_free_other - n_free) / error if error > 0.0 else 0.0
        return Lead(nats, root * float(gain.std()), z)


class Rival(NamedTuple):
    """Another law beside the stable one: its words, its lead over the stable law and over the Gaussian, and the lead of
    the stable law over it."""

    words: str
    over_stable: Lead
    over_normal: Lead
    of_stable: Lead


def rivals(x: np.ndarray, fitted: Mapping[str, tuple[Family, Attempt]]) -> dict[str, Rival]:
    """Every law that could be fitted, the Gaussian among them, against the stable law and the Gaussian."""
    good = without_errors(fitted)
    density = {name: np.asarray(law.logpdf(x)) for name, (_, law) in good.items()}

    def of(name: str, other: str) -> Lead:
        return lead(density[name], good[name][0].n_free, density[other], good[other][0].n_free)

    return {
        name: Rival(_with_shape(family, law), of(name, "stable"), of(name, "normal"), of("stable", name))
        for name, (family, law) in good.items()
        if name != "stable"
    }


def _with_shape(family: Family, law: FittedLaw) -> str:
    """The law with what decides its tail."""
    shape = _SHAPES.get(family.name, "")
    return f"{family.words} law" + (f" with {shape.format(law)}" if shape else "")


_SHAPES = {
    "student": "{0.df:.3g} degrees of freedom",
    "subweibull": "r = {0.r:.3g}",
    "gamma": "shape {0.shape:.3g}",
    "weibull": "shape {0.shape:.3g}",
    "pareto": "tail index {0.alpha:.3g}",
}


class Ratio(NamedTuple):
    """Twice the gain in log-likelihood of the stable law over the Gaussian, and the p-value."""

    statistic: float
    p_value: float


def against_gaussian(stable_log_likelihood: float, normal_log_likelihood: float) -> Ratio:
    """The likelihood-ratio test of alpha = 2, a boundary where beta does not matter.

    Null: an even mixture of 0 and χ²₁ (Self & Liang 1987, one parameter at its bound). Simulated Gaussians put the
    share of rejections at 5 % at .050 ± .010 for n = 100 and .043 ± .012 for n = 1 000; for larger n it is below
    (.02 ± .011 for n = 10 000), because the information about alpha at 2 is infinite (DuMouchel 1983) and alpha = 2 is
    estimated ever more often. So p is right or too large, never too small.
    """
    from scipy.special import chdtrc

    statistic = max(0.0, 2.0 * (stable_log_likelihood - normal_log_likelihood))
    if statistic <= 1e-6:  # rounding
        return Ratio(0.0, 1.0)
    return Ratio(statistic, 0.5 * float(chdtrc(1.0, statistic)))
