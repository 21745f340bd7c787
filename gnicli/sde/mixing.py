"""How far chains have mixed: rank-normalized split-R̂ and effective sample size (Vehtari et al. 2021).

Ranks, because the positions may have no variance.
"""

from __future__ import annotations

import numpy as np
from scipy import fft, special, stats

from gnicli.errors import NumericalError

MIXED = 1.05  # the largest split-R̂ of chains that have mixed
STUCK = 1.2  # from this split-R̂ on the spread of the chains says nothing about the error of their means
ENOUGH = 100  # the smallest effective sample size from which a standard error is reliable


def split_rhat(traces: np.ndarray) -> float:
    """The larger of bulk and folded split-R̂ of `traces` (n_steps, n_chains); 1 when all have mixed.

    Chains with NaN (exploded) are left out. Raises `NumericalError` for fewer than 4 steps.
    """
    halves = _halves(traces)
    folded = np.abs(halves - np.median(halves))
    return max(_rhat(_normal_scores(halves)), _rhat(_normal_scores(folded)))


def effective_sample_size(traces: np.ndarray) -> float:
    """Bulk effective sample size of `traces` (n_steps, n_chains): the independent draws that they are worth."""
    return _ess(_normal_scores(_halves(traces)))


def of_trace(positions: np.ndarray, every: int, n_recorded: int) -> tuple[float, float]:
    """ESS of all recorded positions and split-R̂, from the trace (n_rows, d, n_chains): its worst coordinate.

    The trace has one in `every` of the records of its chains; `n_recorded` are those of all chains. Where chains
    explode, the part of the trace that holds the most positions of living chains is judged; NaN where none can be.
    """
    alive = np.isfinite(positions).all(axis=1)
    alive = np.logical_and.accumulate(alive, axis=0)
    n_alive = alive.sum(axis=1)
    rows = int(np.argmax((np.arange(len(n_alive)) + 1) * n_alive)) + 1
    if rows < 4 or not n_alive[rows - 1]:
        return float("nan"), float("nan")
    kept = positions[:rows][:, :, alive[rows - 1]]
    share = kept.shape[0] * kept.shape[2] * every / n_recorded
    ess = min(effective_sample_size(kept[:, i]) for i in range(kept.shape[1]))
    rhat = max(split_rhat(kept[:, i]) for i in range(kept.shape[1]))
    return ess / share, rhat


def _halves(traces: np.ndarray) -> np.ndarray:
    kept = traces[:, np.isfinite(traces).all(axis=0)]
    n = len(kept) // 2
    if n < 2 or not kept.shape[1]:
        raise NumericalError(
            f"mixing is judged from at least 4 recorded steps of a chain that has not exploded, got {len(traces)} "
            f"steps and {kept.shape[1]} such chains"
        )
    return np.concatenate([kept[:n], kept[-n:]], axis=1)


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
    n, m = values.shape
    within = values.var(axis=0, ddof=1).mean()
    total = within * (n - 1) / n + (values.mean(axis=0).var(ddof=1) if m > 1 else 0.0)
    if total == 0:
        return float(n * m)
    centered = values - values.mean(axis=0)
    size = fft.next_fast_len(2 * n, real=True)
    power = np.abs(fft.rfft(centered, size, axis=0)) ** 2
    covariance = fft.irfft(power, size, axis=0)[:n].mean(axis=1) / n
    # Geyer: sums of neighboring pairs are positive and fall.
    correlation = 1 - (within * (n - 1) / n - covariance) / total
    correlation[0] = 1
    pairs = correlation[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: ends[0]] if len(ends) else pairs)
    time = max(-1 + 2 * pairs.sum(), 1 / np.log10(n * m))
    return float(n * m / time)
