"""How far chains have mixed: rank-normalized split-R̂ and effective sample sizes (Vehtari et al. 2021).

Ranks, because the positions may have no variance. Two tests find what split-R̂ hides where chains are many: a drift of
all chains together, and one chain that is stuck.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import fft, special, stats

from gnicli.errors import NumericalError

MIXED = 1.05  # the largest split-R̂ of chains that have mixed
STUCK = 1.2  # from this split-R̂ on the spread of the chains says nothing about the error of their means
ENOUGH = 100  # the smallest effective sample size from which a standard error is reliable
# p-values below these are no chance. The second is small because one chain that alone visits a rare place has one too.
DRIFTING, APART = 1e-6, 1e-12
_TAILS = (0.05, 0.95)
_MOST_REFINED = 8  # intervals for each row of a trace: a step of mean length is that much longer than the last at most
_NOTHING = 1e-30  # a variance of normal scores or indicators that is rounding alone


def split_rhat(traces: np.ndarray) -> float:
    """The larger of bulk and folded split-R̂ of `traces` (n_steps, n_chains); 1 when all have mixed.

    Chains with NaN (exploded) are left out. Raises `NumericalError` for fewer than 4 steps.
    """
    halves = _halves(traces)
    return max(_rhat(_normal_scores(halves)), _rhat(_normal_scores(_folded(halves))))


def effective_sample_size(traces: np.ndarray) -> float:
    """Bulk effective sample size of `traces` (n_steps, n_chains): the independent draws that they are worth."""
    return _ess(_normal_scores(_halves(traces)))


def tail_effective_sample_size(traces: np.ndarray) -> float:
    """The smaller effective sample size of {w <= q} for the quantiles q at 5 and 95 % of `traces` (n_steps, n_chains).

    Extreme positions may mix more slowly than the bulk. This needs no moments either.
    """
    kept = traces[:, np.isfinite(traces).all(axis=0)]
    _check(kept)
    return min(_ess(_halves((kept <= quantile).astype(float))) for quantile in np.quantile(kept, _TAILS))


def drift(traces: np.ndarray) -> float:
    """The p-value of a change of all chains together: of mean ranks from the first half of `traces` to the second.

    By Student's t over chains (n_steps, n_chains). Split-R̂ compares such a change with the spread of the positions, a
    standard error of many chains is far smaller. 1 for a single chain.
    """
    scores = _normal_scores(_halves(traces))
    n_chains = scores.shape[1] // 2
    change = scores[:, n_chains:].mean(axis=0) - scores[:, :n_chains].mean(axis=0)
    if n_chains < 2:
        return 1.0
    return float(_t_test(change.mean(), change.std(ddof=1) / math.sqrt(n_chains), n_chains - 1))


def apart(traces: np.ndarray) -> tuple[int, float]:
    """Which chain of `traces` (n_steps, n_chains) is farthest from the others, and the p-value of being so far.

    By the mean of its ranks or of its folded ranks, in standard deviations of the other chains' (an externally
    studentized residual; the p-value allows for the number of chains). Split-R̂ averages over chains, and hides one of
    many. (0, 1) for fewer than three chains.
    """
    n_chains = traces.shape[1]
    if n_chains < 3:
        return 0, 1.0
    found = []
    for values in (traces, _folded(traces)):
        mean = _normal_scores(values).mean(axis=0)
        rest = (mean.sum() - mean) / (n_chains - 1)
        squares = ((mean - mean.mean()) ** 2).sum() - (mean - mean.mean()) ** 2 * n_chains / (n_chains - 1)
        spread = np.sqrt(np.maximum(squares, 0) / (n_chains - 2) * (n_chains / (n_chains - 1)))
        p = np.minimum(_t_test(mean - rest, spread, n_chains - 2) * 2 * n_chains, 1.0)
        found.append((float(p.min()), int(p.argmin())))
    p_value, chain = min(found)
    return chain, p_value


def _t_test(difference: np.ndarray | float, stderr: np.ndarray | float, n_degrees: int) -> np.ndarray:
    """The two-sided p-value; 1 where nothing differs."""
    stderr = np.maximum(stderr, 1e-12)  # of normal scores, which are of order 1
    return np.asarray(2 * special.stdtr(n_degrees, -np.abs(difference) / stderr))


class Mixing(NamedTuple):
    """How well chains have mixed: of several coordinates the worst value of each; NaN where it cannot be judged.

    `ess` and `ess_tail` are the numbers of independent positions that all recorded ones are worth, in the bulk and in
    the tails. `drift` and `apart` are p-values: of a change that all chains make together, and of the chain that is
    farthest from the others, whose number is `chain`.
    """

    rhat: float
    ess: float
    ess_tail: float
    drift: float = 1.0
    apart: float = 1.0
    chain: int = 0

    @property
    def known(self) -> bool:
        """Whether there was enough to judge."""
        return not math.isnan(self.rhat)

    @property
    def mixed(self) -> bool:
        """Whether nothing says that the chains have not mixed; so for unknown ones."""
        return not (self.rhat > MIXED or self.drift < DRIFTING or self.apart < APART)

    @property
    def stuck(self) -> bool:
        """Whether chains are so far from having mixed that their spread says nothing about an error."""
        return self.rhat > STUCK


UNKNOWN = Mixing(math.nan, math.nan, math.nan)


def of_trace(positions: np.ndarray, every: int, total: float, spans: np.ndarray | None = None) -> Mixing:
    """The mixing of chains by their trace (n_rows, d, n_chains).

    The trace has one in `every` of the records of its chains; `total` is the number of records of all chains. Where
    chains explode, the part of the trace that holds the most positions of living chains is judged.

    With steps that get shorter records have weights. Then `spans` (n_rows,) are those of the records from each row to
    the next, and `total` is the weight of all. A chain is stationary in time, not in steps, so it is judged at equal
    intervals of time: the effective sample size is that of weighted means, of independent records (Σw)²/Σw².
    """
    alive = np.isfinite(positions).all(axis=1)
    alive = np.logical_and.accumulate(alive, axis=0)
    n_alive = alive.sum(axis=1)
    rows = int(np.argmax((np.arange(len(n_alive)) + 1) * n_alive)) + 1
    if rows < 4 or not n_alive[rows - 1]:
        return UNKNOWN
    kept = positions[:rows][:, :, alive[rows - 1]]
    if spans is None:
        share = kept.shape[0] * kept.shape[2] * every / total
    else:
        share = float(spans[:rows].sum()) * kept.shape[2] / total
        kept = kept[_at_equal_intervals(spans[:rows])]
    each = [kept[:, i] for i in range(kept.shape[1])]
    far, chain = min((p, chain) for chain, p in map(apart, each))
    return Mixing(
        max(map(split_rhat, each)),
        min(map(effective_sample_size, each)) / share,
        min(map(tail_effective_sample_size, each)) / share,
        min(map(drift, each)),
        far,
        int(np.flatnonzero(alive[rows - 1])[chain]),
    )


def _at_equal_intervals(spans: np.ndarray) -> np.ndarray:
    """Which row a chain is at, at equal intervals of the time that rows take; short enough for the shortest span."""
    n = len(spans) * min(math.ceil(spans.mean() / spans.min()), _MOST_REFINED)
    ends = np.cumsum(spans)
    return np.minimum(np.searchsorted(ends, (np.arange(n) + 0.5) / n * ends[-1]), len(spans) - 1)


def sentences(found: Mixing, consequence: str) -> list[str]:
    """What is wrong with the mixing of chains, and what it does to the results; none where nothing is."""
    if not found.known:
        return ["mixing is not judged: too few chains are finite, or too few of their steps are recorded"]
    told = []
    if found.rhat > MIXED:
        told.append(
            f"the chains have not mixed (split-R̂ {found.rhat:.3g}, should be below {MIXED}): {consequence}; take "
            "more steps or a longer burn_in"
        )
    elif found.drift < DRIFTING:
        told.append(
            f"the chains drift: all together change from the first half of the records to the second (p = "
            f"{found.drift:.1g}): {consequence}; take a longer burn_in"
        )
    if found.apart < APART and found.rhat <= STUCK:
        told.append(
            f"chain {found.chain + 1} stays apart from the others (p = {found.apart:.1g}), though split-R̂ is "
            f"{found.rhat:.3g}: {consequence}; take more steps"
        )
    for where, ess in (("", found.ess), (" in the tails (5 and 95 %)", found.ess_tail)):
        if ess < ENOUGH:
            told.append(
                f"the effective sample size of the recorded positions is {ess:.3g}{where}, should be at least "
                f"{ENOUGH}: standard errors are rough; take more steps or chains"
            )
    return told


def _halves(traces: np.ndarray) -> np.ndarray:
    kept = traces[:, np.isfinite(traces).all(axis=0)]
    _check(kept)
    n = len(kept) // 2
    return np.concatenate([kept[:n], kept[-n:]], axis=1)


def _check(kept: np.ndarray) -> None:
    if len(kept) < 4 or not kept.shape[1]:
        raise NumericalError(
            f"mixing is judged from at least 4 recorded steps of a chain that has not exploded, got {len(kept)} "
            f"steps and {kept.shape[1]} such chains"
        )


def _folded(values: np.ndarray) -> np.ndarray:
    """Distances from the median: chains of one center may differ in their spread."""
    return np.abs(values - np.median(values))


def _normal_scores(values: np.ndarray) -> np.ndarray:
    ranks = stats.rankdata(values).reshape(values.shape)
    return special.ndtri((ranks - 0.375) / (values.size + 0.25))


def _rhat(values: np.ndarray) -> float:
    n = len(values)
    within = values.var(axis=0, ddof=1).mean()
    between = n * values.mean(axis=0).var(ddof=1)
    if within == 0:
        return 1.0 if between == 0 else float("inf")
    return float(np.sqrt((n - 1) / n + between / (n * within)))


def _ess(values: np.ndarray) -> float:
    """The effective sample size of values (n_steps, n_chains), as ArviZ computes it."""
    n, m = values.shape
    covariance = _autocovariance(values)
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + (values.mean(axis=0).var(ddof=1) if m > 1 else 0.0)
    if total <= _NOTHING:
        return float(n * m)
    correlation = 1 - (within - covariance) / total
    correlation[0] = 1
    # Geyer: sums of neighboring pairs are positive and fall. Of the first pair that is not the even one is kept.
    n_pairs = max(1, (n - 1) // 2)
    pairs = correlation[: 2 * n_pairs].reshape(n_pairs, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    last = int(ends[0]) if len(ends) else n_pairs - 1
    rest = correlation[2 * last]
    time = -1 + 2 * np.minimum.accumulate(pairs[:last]).sum() + (rest if pairs[last] >= 0 else max(rest, 0.0))
    return float(n * m / max(time, 1 / np.log10(n * m)))


def _autocovariance(values: np.ndarray) -> np.ndarray:
    """The mean over chains of their autocovariances at every lag (n_steps,), divided by n_steps."""
    n = len(values)
    centered = values - values.mean(axis=0)
    size = fft.next_fast_len(2 * n, real=True)
    power = np.abs(fft.rfft(centered, size, axis=0)) ** 2
    covariance: np.ndarray = fft.irfft(power, size, axis=0)[:n].mean(axis=1) / n
    return covariance
