"""Whether a law fits: Kolmogorov–Smirnov and Anderson–Darling, p-values by parametric bootstrap.

The parameters are fitted to the very samples that are tested, so the textbook p-values are far too large; here each
bootstrap sample is drawn from the fitted law and fitted again before its statistics are taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gnicli.evidence.blocks import tested_drift
from gnicli.evidence.laws import Family
from gnicli.seeding import numpy_stream

ENOUGH = 20  # exceedances after which a p-value is known well enough


class Goodness(NamedTuple):
    """Statistics and p-values by name (`ks`, `ad`, and `drift` where block sums were looked at).

    `stderr` has the bootstrap's standard error of each parameter, for samples of the tested size `n`.
    """

    n: int
    n_bootstrap: int
    statistics: dict[str, float]
    p_values: dict[str, float]
    stderr: dict[str, float]


def ks(log_cdf: np.ndarray) -> float:
    """Kolmogorov–Smirnov: the largest distance between the two distribution functions. Sorted samples."""
    n = log_cdf.size
    cdf = np.exp(log_cdf)
    steps = np.arange(n)
    return float(max((cdf - steps / n).max(), ((steps + 1) / n - cdf).max()))


def ad(log_cdf: np.ndarray, log_sf: np.ndarray) -> float:
    """Anderson–Darling: squared distance weighted by 1 / (F (1 − F)), so that the tails count. Sorted samples."""
    n = log_cdf.size
    odd = 2.0 * np.arange(1, n + 1) - 1.0
    return float(-n - (odd * (log_cdf + log_sf[::-1])).sum() / n)


def statistics(x: np.ndarray, family: Family, law: Any) -> dict[str, float]:
    """Both statistics of unsorted samples."""
    log_cdf, log_sf = family.log_tails(law, np.sort(x))
    return {"ks": ks(log_cdf), "ad": ad(log_cdf, log_sf)}


def assess(
    x: np.ndarray,
    family: Family,
    *,
    seed: int,
    n_bootstrap: int,
    with_blocks: bool,
    is_short: bool,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Goodness:
    """Fit `family` to `x` and test it, with `n_bootstrap` samples drawn from the fit.

    With `is_short` the bootstrap stops as soon as every p-value is settled: after 20 exceedances in b draws it is 20/b
    (Besag & Clifford 1991, exact under the null); a statistic that exceeds g < 20 times in B draws has p =
    (g + 1) / (B + 1). p counts how often chance gives as large a statistic: a distance for `ks` and `ad`, an upward
    slope for `drift`, which is left out where the samples are too few for sums (below 400). Draws depend on the seed
    and their number in the row only.
    """
    law = family.fit(x)
    observed = statistics(x, family, law)
    slope = tested_drift(x, law.alpha, numpy_stream(seed, "bootstrap", 0)) if with_blocks else math.nan
    if math.isfinite(slope):
        observed["drift"] = slope
    counts = dict.fromkeys(observed, 0)
    settled: dict[str, float] = {}
    drawn: list[dict[str, float]] = []
    done = 0
    while done < n_bootstrap and not (is_short and len(settled) == len(observed)):
        rng = numpy_stream(seed, "bootstrap", 1 + done)
        sample = law.rvs(x.size, rng)
        again = family.fit(sample)
        found = statistics(sample, family, again)
        if "drift" in observed:
            found["drift"] = tested_drift(sample, again.alpha, rng)
        drawn.append(family.parameters(again))
        done += 1
        for name, value in found.items():
            counts[name] += not value < observed[name]
            if counts[name] == ENOUGH and name not in settled:
                settled[name] = ENOUGH / done
        tell(done, n_bootstrap)
    p_values = {
        name: settled[name] if is_short and name in settled else (counts[name] + 1) / (done + 1) for name in observed
    }
    return Goodness(x.size, done, observed, p_values if done else {}, _spread(drawn))


def _spread(drawn: list[dict[str, float]]) -> dict[str, float]:
    if len(drawn) < 20:
        return {}
    spread = {name: float(np.std([each[name] for each in drawn], ddof=1)) for name in drawn[0]}
    return {name: value for name, value in spread.items() if math.isfinite(value)}
