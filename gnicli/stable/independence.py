"""Whether the coordinates of samples are independent: an exact permutation test by ranks."""

from __future__ import annotations

import numpy as np

from gnicli.errors import DataError, UsageError


def independence_test(samples: np.typing.ArrayLike, rng: np.random.Generator, n_permutations: int = 199) -> float:
    """p-value of the null that the coordinates of independent samples (n, d) are independent of one another.

    The samples of each coordinate are permuted, which under the null changes no law: the test keeps its level for
    every n >= 10, d >= 2 and every law of each coordinate. Two statistics are taken together. The first is the sum
    of squared correlations of all pairs of coordinates, of their ranks and of their distances from the middle rank, as
    scores −log(1 − distance) that weigh the tails. The second is the sum of the correlations of the distances, which
    grows where all coordinates are large together, as those of an elliptical law with heavy tails are. Ranks need no
    moments. p is at least 1/(n_permutations + 1). A p-value above 0.05 does not show independence.
    n_permutations: >= 1.
    Raises `UsageError` for another shape or fewer permutations, `DataError` for values that are not finite and for a
    coordinate with one value alone.

    >>> rng = np.random.default_rng(0)
    >>> independence_test(rng.standard_normal((300, 1)) * rng.standard_normal((300, 3)), rng)  # one scale for all
    0.005
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2 or x.shape[0] < 10:
        raise UsageError(f"samples must be (n, d), n >= 10 and d >= 2, got {x.shape}")
    if n_permutations < 1:
        raise UsageError(f"n_permutations must be >= 1, got {n_permutations!r}")
    if not np.isfinite(x).all():
        raise DataError(f"samples have {int((~np.isfinite(x)).sum())} values that are not finite: leave these rows out")
    if (same := np.flatnonzero(x.min(axis=0) == x.max(axis=0))).size:
        raise DataError(f"coordinate {same[0]} (from 0) has one value alone: leave it out")
    ranks, tails = _scores(x)
    order = np.tile(np.arange(len(x))[:, None], x.shape[1])
    found = [_statistics(ranks, tails)]
    for _ in range(n_permutations):
        mixed = rng.permuted(order, axis=0)
        found.append(_statistics(*(np.take_along_axis(each, mixed, axis=0) for each in (ranks, tails))))
    values = np.array(found)
    spread = values.std(axis=0)
    # in units of all of them, the samples' among these: their order is exchangeable under the null
    largest = ((values - values.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)).max(axis=1)
    beyond = largest[1:] >= largest[0] * (1.0 - 1e-12)
    return float((1 + beyond.sum()) / (1 + n_permutations))


def _scores(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranks in (−1, 1), and −log(1 − |rank|), each coordinate about its mean and of norm 1."""
    from scipy.stats import rankdata

    ranks = 2.0 * rankdata(x, axis=0) / (len(x) + 1.0) - 1.0
    tails = -np.log1p(-np.abs(ranks))
    centered = [each - each.mean(axis=0) for each in (ranks, tails)]
    norms = [np.sqrt(np.square(each).sum(axis=0)) for each in centered]
    first, second = (each / np.where(norm > 0.0, norm, 1.0) for each, norm in zip(centered, norms, strict=True))
    return first, second


def _statistics(ranks: np.ndarray, tails: np.ndarray) -> tuple[float, float]:
    d = ranks.shape[1]
    both = np.concatenate([ranks, tails], axis=1)
    correlation = both.T @ both
    of_tails = correlation[d:, d:]
    same = np.arange(d)
    apart = np.square(correlation)
    own = apart[same, same] + apart[same + d, same + d] + 2.0 * apart[same, same + d]
    return 0.5 * float(apart.sum() - own.sum()), 0.5 * float(of_tails.sum() - np.trace(of_tails))
