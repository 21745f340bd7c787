"""Whether a law fits: distances, drift and rivals' leads, with p-values by parametric bootstrap.

The parameters are fitted to the very samples that are tested, so the textbook p-values are far too large; here each
bootstrap sample is drawn from the fitted law and fitted again before its statistics are taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypedDict

import numpy as np

from gnicli.errors import GniError
from gnicli.evidence.blocks import fits_with_drift
from gnicli.evidence.families import Family, FittedLaw
from gnicli.laws.base import IN_UNITS, Law
from gnicli.seeding import numpy_stream

_TOGETHER = 8  # bootstrap samples that are fitted at once
_MOST_TOGETHER = 50_000  # values of each of them
ENOUGH = 10  # exceedances after which a p-value is known well enough
_FLOOR = (
    -700.0
)  # of log densities and log tails: a sample outside the support of a rough fit counts, but not without end


class Goodness(NamedTuple):
    """Statistics and p-values by name: `ks`, `ad`, and where they were looked at `drift` and `rival`.

    `together` is the p-value of all of them at once, `n_bootstrap` the number of samples drawn of the `n_planned` that
    were allowed. `stderr` has the
    bootstrap's standard error of each parameter, for samples of the tested size `n`.
    """

    n: int
    n_bootstrap: int
    statistics: dict[str, float]
    p_values: dict[str, float]
    stderr: dict[str, float]
    together: float
    n_planned: int


def in_units(tested: Goodness, unit: float) -> Goodness:
    """Of samples `unit` times as large: only standard errors of what has a unit change."""
    stderr = {name: value * (unit if name in IN_UNITS else 1.0) for name, value in tested.stderr.items()}
    return tested._replace(stderr=stderr)


class PlainGoodness(TypedDict):
    """A `Goodness` as JSON can hold it: numbers as texts, because JSON has none that are not finite."""

    n: str
    n_bootstrap: str
    statistics: dict[str, str]
    p_values: dict[str, str]
    stderr: dict[str, str]
    together: str
    n_planned: str


def to_plain(tested: Goodness) -> PlainGoodness:
    """Turn tests into texts with every digit; `from_plain` is the inverse."""
    statistics, p_values, stderr = (
        {name: repr(number) for name, number in each.items()}
        for each in (tested.statistics, tested.p_values, tested.stderr)
    )
    return {
        "n": repr(tested.n),
        "n_bootstrap": repr(tested.n_bootstrap),
        "statistics": statistics,
        "p_values": p_values,
        "stderr": stderr,
        "together": repr(tested.together),
        "n_planned": repr(tested.n_planned),
    }


def from_plain(plain: PlainGoodness) -> Goodness:
    """Read what `to_plain` made. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
    statistics, p_values, stderr = (
        {name: float(number) for name, number in each.items()}
        for each in (plain["statistics"], plain["p_values"], plain["stderr"])
    )
    return Goodness(
        int(plain["n"]),
        int(plain["n_bootstrap"]),
        statistics,
        p_values,
        stderr,
        float(plain["together"]),
        int(plain["n_planned"]),
    )


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


class Rivals:
    """The laws that the tested one competes with. The first fit of each is from scratch; later ones begin at that."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families = families
        self._first: dict[str, FittedLaw] = {}

    def best(self, x: np.ndarray) -> float:
        """The largest log-likelihood of a rival, less one nat for each fitted parameter; −inf without a rival."""
        best = -math.inf
        for family in self.families:
            try:
                law = self._fit(family, x)
            except GniError:  # these samples do not lie where the rival lives
                continue
            best = max(best, float(np.maximum(law.logpdf(x), _FLOOR).sum()) - family.n_free)
        return best

    def _fit(self, family: Family, x: np.ndarray) -> FittedLaw:
        first = self._first.get(family.name)
        if isinstance(first, Law):
            return first.refit(x)
        return self._first.setdefault(family.name, family.fit(x))


def statistics(x: np.ndarray, family: Family, law: FittedLaw, rivals: Rivals | None = None) -> dict[str, float]:
    """Distances of unsorted samples from a law, and by how many nats the best rival leads if there are rivals."""
    at = family.at_sorted(law, np.sort(x))
    log_cdf, log_sf = np.maximum(at.log_cdf, _FLOOR), np.maximum(at.log_sf, _FLOOR)
    found = {"ks": ks(log_cdf), "ad": ad(log_cdf, log_sf)}
    if rivals is not None and rivals.families:
        found["rival"] = rivals.best(x) - (float(np.maximum(at.log_pdf, _FLOOR).sum()) - family.n_free)
    return found


def together(rows: Sequence[dict[str, float]]) -> float:
    """One p-value of all statistics; the first row is the observed one.

    The lead of rivals has half of the level, because it has most power; the others share the other half. p is twice the
    smaller of the two p-values.
    """
    others = [name for name in rows[0] if name != "rival"]
    halves = [_of_largest(rows, names) for names in (others, ["rival"]) if names[0] in rows[0]]
    return min(1.0, len(halves) * min(halves))


def _of_largest(rows: Sequence[dict[str, float]], names: Sequence[str]) -> float:
    """The p-value of the largest standardized statistic.

    The rows are exchangeable where the law is true, and all are treated alike, so P(p ≤ c) ≤ c whatever the
    dependence of the statistics. Distances are taken by their logarithms, which are nearer to symmetric.
    """
    columns = []
    for name in names:
        values = np.array([row[name] for row in rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log(values) if name in ("ks", "ad") else values
        finite = values[np.isfinite(values)]
        if finite.size:
            values = np.clip(np.nan_to_num(values, nan=finite.max()), finite.min(), finite.max())
            spread = float(values.std())
            columns.append((values - values.mean()) / spread if spread > 0.0 else np.zeros_like(values))
    if not columns:
        return 1.0
    largest = np.max(columns, axis=0)
    return float((largest >= largest[0]).mean())


def assess(
    x: np.ndarray,
    family: Family,
    *,
    seed: int,
    n_bootstrap: int,
    with_blocks: bool,
    is_short: bool,
    rivals: Sequence[Family] = (),
    drawn_from: FittedLaw | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Goodness:
    """Fit `family` to `x` and test it, with `n_bootstrap` samples drawn from the fit.

    Where the family's fit is a rough one, `drawn_from` is the exact fit: the rough one is then part of the statistics,
    and treats the samples and the bootstrap alike.

    With `is_short` the bootstrap stops as soon as every p-value is settled: after 10 exceedances in b draws it is 10/b
    (Besag & Clifford 1991, exact under the null); a statistic that exceeds g < 10 times in B draws has p =
    (g + 1) / (B + 1). p counts how often chance gives as large a statistic: a distance for `ks` and `ad`, an upward
    slope for `drift`, which is left out where the samples are too few for sums (below 400), the lead of the best of
    `rivals` for `rival` (Cox 1961). Draws depend on the seed and their number in the row only.
    """
    draws = _Draws(family, seed, with_blocks)
    others = Rivals(rivals)
    ((law, slope),) = draws.fitted([x], [numpy_stream(seed, "bootstrap", 0)])
    observed = statistics(x, family, law, others)
    # The bootstrap begins at fits of its own, because its samples may be far from the observed ones.
    others = Rivals(rivals)
    if math.isfinite(slope):
        observed["drift"] = slope
    draws.with_blocks = "drift" in observed
    counts = dict.fromkeys(observed, 0)
    settled: dict[str, float] = {}
    rows = [observed]
    drawn: list[dict[str, float]] = []
    for done, (sample, again, slope) in enumerate(draws.all(drawn_from or law, x.size, n_bootstrap), 1):
        found = statistics(sample, family, again, others)
        if "drift" in observed:
            found["drift"] = slope
        rows.append(found)
        drawn.append(family.parameters(again))
        for name, value in found.items():
            counts[name] += not value < observed[name]
            if counts[name] == ENOUGH and name not in settled:
                settled[name] = ENOUGH / done
        tell(done, n_bootstrap)
        if is_short and len(settled) == len(observed):
            break
    done = len(drawn)
    p_values = {
        name: settled[name] if is_short and name in settled else (counts[name] + 1) / (done + 1) for name in observed
    }
    return Goodness(x.size, done, observed, p_values if done else {}, _spread(drawn), together(rows), n_bootstrap)


class _Draws:
    """Bootstrap samples with the laws fitted to them; with `with_blocks`, all of stable families, also the drift."""

    def __init__(self, family: Family, seed: int, with_blocks: bool) -> None:
        self.family, self.seed, self.with_blocks = family, seed, with_blocks

    def all(self, law: FittedLaw, n: int, most: int) -> Iterator[tuple[np.ndarray, FittedLaw, float]]:
        """Sample, fitted law and drift (NaN without) of each draw in turn; a few at a time are drawn and fitted."""
        together = _TOGETHER if self.with_blocks and n <= _MOST_TOGETHER else 1
        for start in range(1, most + 1, together):
            rngs = [numpy_stream(self.seed, "bootstrap", k) for k in range(start, min(start + together, most + 1))]
            samples = [law.rvs(n, rng) for rng in rngs]
            for sample, (again, slope) in zip(samples, self.fitted(samples, rngs), strict=True):
                yield sample, again, slope

    def fitted(
        self, samples: Sequence[np.ndarray], rngs: Sequence[np.random.Generator]
    ) -> list[tuple[FittedLaw, float]]:
        """The law and the drift of each sample."""
        if self.with_blocks:
            return list(fits_with_drift(samples, self.family.parameterization, rngs))
        return [(self.family.fit(sample), math.nan) for sample in samples]


def _spread(drawn: list[dict[str, float]]) -> dict[str, float]:
    if len(drawn) < 20:
        return {}
    with np.errstate(over="ignore", invalid="ignore"):
        spread = {name: float(np.std([each[name] for each in drawn], ddof=1)) for name in drawn[0]}
    return {name: value for name, value in spread.items() if math.isfinite(value)}
