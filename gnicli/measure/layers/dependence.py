"""Is the noise of a layer's weights elliptical, independent by weight as in model (4.3), or neither?

Both questions are asked of the draws of the traced weights, whatever their scales and tails: ellipticity by the
directions of the draws, independence by permuting the draws of each weight. Independent Gaussian noise is both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.contracts.number_text import plain
from gnicli.contracts.results import Table, Value
from gnicli.errors import GniError
from gnicli.evidence.p_values import LEVEL
from gnicli.measure.layers.sentences import layer_list
from gnicli.seeding import numpy_stream
from gnicli.stable.elliptical import ellipticity_null, ellipticity_test, free_coordinates
from gnicli.stable.independence import independence_test

_TEST, _NULL = 2_000_005, 2_000_006  # streams of purpose "sample"
N_NULL = 199  # simulated samples, and permutations: p is at least 0.005
MOST_WEIGHTS = 16
DRAWS_A_WEIGHT, FEWEST_DRAWS = 10, 100
_DISTINCT = 0.95  # share of a weight's draws that must be distinct: dead units have few
NEITHER = "neither elliptical nor independent by weight"
ELLIPTICAL = "dependent by weight; an elliptical law is not rejected"
INDEPENDENT = "not elliptical; independence by weight is not rejected"
OPEN = "neither an elliptical law nor independence by weight is rejected"
POPULATIONS = ("over_draws", "over_draws_point", "over_batches")


class Dependence(NamedTuple):
    """p-values of an elliptical law and of independence, of `n` draws of `d` weights; NaN, and why, where none are."""

    n: int
    d: int
    elliptical_p: float = math.nan
    independent_p: float = math.nan
    why_not: str = ""

    @property
    def verdict(self) -> str:
        """In words."""
        if self.why_not:
            return f"not tested: {self.why_not}"
        if self.independent_p <= LEVEL:
            return NEITHER if self.elliptical_p <= LEVEL else ELLIPTICAL
        return INDEPENDENT if self.elliptical_p <= LEVEL else OPEN


def of_trace(trace: np.ndarray, seed: int, population: int, layer: int) -> Dependence:
    """Of the draws (n, k) of a layer's traced weights: of at most 16 of them, and one for every 10 draws.

    Weights whose draws repeat a value, as those of dead units do, are left out: no law with a density does that.
    """
    n = len(trace)
    distinct = np.array([np.unique(column).size for column in trace.T])
    columns = np.flatnonzero(distinct >= _DISTINCT * n)[: min(MOST_WEIGHTS, n // DRAWS_A_WEIGHT)]
    if n < FEWEST_DRAWS:
        return Dependence(n, columns.size, why_not=f"fewer than {FEWEST_DRAWS} draws (measure.n_draws)")
    if columns.size < 2:
        return Dependence(n, columns.size, why_not="fewer than two traced weights whose draws are distinct")
    x = trace[:, columns].astype(np.float64)
    rng = numpy_stream(seed, "sample", _TEST, population, layer)
    try:
        free = x[:, free_coordinates(x)]
        if free.shape[1] < 2:  # as of the first layer and one data point of one dimension
            return Dependence(n, columns.size, why_not="the draws of all traced weights are functions of one of them")
        independent = independence_test(x, rng, N_NULL)
        elliptical = ellipticity_test(free, rng, null=_null(n, free.shape[1], seed))
    except GniError as error:
        return Dependence(n, columns.size, why_not=str(error))
    return Dependence(n, columns.size, elliptical, independent)


@lru_cache(maxsize=32)
def _null(n: int, d: int, seed: int) -> np.ndarray:
    return ellipticity_null(n, d, numpy_stream(seed, "sample", _NULL, n, d), N_NULL)


def values(found: Mapping[str, Mapping[int, Dependence]]) -> dict[str, Value]:
    """`elliptical_p` and `independent_p` by population and layer."""
    return {
        f"{name}/{population}/layer{layer}": Value(getattr(each, name), n=each.n)
        for population, layers in found.items()
        for layer, each in layers.items()
        for name in ("elliptical_p", "independent_p")
        if not each.why_not
    }


def table(found: Mapping[str, Mapping[int, Dependence]]) -> Table:
    """A row for each population and layer."""
    rows = [
        (
            population,
            str(layer),
            plain(each.n),
            str(each.d),
            _p(each.elliptical_p),
            _p(each.independent_p),
            each.verdict,
        )
        for population, layers in found.items()
        for layer, each in layers.items()
    ]
    return Table(("population", "layer", "draws", "weights", "p elliptical", "p independent", "verdict"), tuple(rows))


def _p(p: float) -> str:
    if math.isnan(p):
        return ""
    least = 1.0 / (1 + N_NULL)
    return f"≤ {least:.2g}" if p <= least * (1.0 + 1e-9) else plain(p, 2)


def sentences(found: Mapping[str, Mapping[int, Dependence]]) -> list[str]:
    """One for each population that was tested: its layers by verdict, and what that says of model (4.3)."""
    said = []
    for population, layers in found.items():
        kinds: dict[str, list[int]] = {}
        for layer, each in layers.items():
            if not each.why_not:
                kinds.setdefault(each.verdict, []).append(layer)
        if kinds:
            parts = [f"{layer_list(numbers)}: {kind}" for kind, numbers in kinds.items()]
            dependent = [layer for kind in (NEITHER, ELLIPTICAL) for layer in kinds.get(kind, [])]
            model = (
                "model (4.3), whose noise is independent by coordinate, does not describe "
                f"{layer_list(sorted(dependent))}"
                if dependent
                else "the independent noise of model (4.3) is not rejected, which does not show it"
            )
            said.append(f"Joint law of the traced weights, {population}: {'; '.join(parts)}. So {model}.")
    return said
