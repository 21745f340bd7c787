"""From chains to densities and the numbers that compare them with the exact law and with Gibbs's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gnicli import intervals
from gnicli.contracts.components import Potential
from gnicli.contracts.results import NamedArray, Value
from gnicli.errors import UsageError
from gnicli.kde import estimation
from gnicli.kde.binned import Window
from gnicli.kde.estimation import Density
from gnicli.model import chains, wells
from gnicli.model.build import Model
from gnicli.model.coordinates import coordinate_names
from gnicli.model.keys import MOST_BINS
from gnicli.model.stationary_laws import Caveats, Laws
from gnicli.potential import members
from gnicli.sde import distances
from gnicli.sde.simulation import MARGIN, Chains
from gnicli.sde.sinks.histogram import Histogram

Estimate = Density
_TREE_SAMPLES = 100_000  # scikit-learn takes seconds for these


class Smoothing(NamedTuple):
    """How a density is estimated: the width of the kernel or the rule for it, the estimator, the number of points."""

    bandwidth: Any
    estimator: str
    points: int


def estimate(smoothing: Smoothing, model: Model, found: Chains) -> list[Estimate]:
    """The density of each coordinate."""
    window = Window(model.low, model.high, smoothing.points)
    known, ess = found.mixing.known, found.mixing.ess
    n_effective = ess if known else float(found.n_chains - found.run.n_exploded)
    histogram, seen = found.histogram, found.histogram.totals > 0
    results = []
    for axis in range(len(histogram.counts)):
        if smoothing.estimator == "sklearn":
            results.append(_by_tree(smoothing.bandwidth, model, found, axis, window, n_effective))
            continue
        counts, totals = histogram.counts[axis][seen], histogram.totals[seen]
        own = estimation.of_counts(
            counts, histogram.low, histogram.high, totals, window, smoothing.bandwidth, max(n_effective, 2.0)
        )
        results.append(own.without_errors() if found.mixing.stuck else own)
    return results


def check(smoothing: Smoothing, model: Model, n_bins: int) -> None:
    """Refuse, before anything is simulated, a bandwidth that a histogram of `n_bins` cannot carry."""
    bandwidth = smoothing.bandwidth
    if isinstance(bandwidth, str):
        return
    if bandwidth > model.high - model.low:
        raise UsageError(
            f"bandwidth={bandwidth:g} is wider than the window from {model.low:g} to {model.high:g}; take a "
            "smaller one, or low and high farther apart"
        )
    if smoothing.estimator == "sklearn":
        return
    least = math.ceil(2 * (1 + 2 * MARGIN) * (model.high - model.low) / bandwidth)
    if n_bins < least:
        more = f"take n_bins={least} or a larger bandwidth" if least < MOST_BINS else "take a larger bandwidth"
        raise UsageError(f"bandwidth={bandwidth:g} is too small for n_bins={n_bins}; {more}")


def _by_tree(bandwidth: Any, model: Model, found: Chains, axis: int, window: Window, n_effective: float) -> Density:
    """scikit-learn's estimate, from the trajectories of the chains that have not exploded."""
    positions = found.trace.positions[:, axis]
    positions = positions[:, np.isfinite(positions).all(axis=0)]
    thin = -(-positions.size // _TREE_SAMPLES)
    weights = found.weights if model.plan.eta_power else None
    share = min(1.0, positions.shape[1] / found.n_chains)
    return estimation.of_samples(positions, window, bandwidth, "sklearn", weights, thin, max(2.0, n_effective * share))


def notes(estimator: str, found: Chains) -> list[str]:
    """Notes on the chains and on the estimator."""
    sentences = chains.notes(found)
    if estimator == "sklearn":
        sentences.append(
            f"estimator=sklearn used the trajectories of n_traced={found.trace.positions.shape[2]} chains, at most "
            f"{_TREE_SAMPLES} positions, and gives no standard error"
        )
    return sentences


# -------------------------------------------------------------------------------------------------------------- results


def values(
    potential: Potential, found: Chains, estimates: Sequence[Estimate], laws: Sequence[Laws], caveats: Caveats
) -> dict[str, Value]:
    """Modes, distances and masses of every coordinate.

    Marked are the values of a law that has a caveat, and what chains give that have not mixed, which has no standard
    error where they are stuck.
    """
    each = _values(potential, found, estimates, laws)
    return {name: _marked(name, value, found, caveats) for name, value in each.items()}


def _marked(name: str, value: Value, found: Chains, caveats: Caveats) -> Value:
    for law, caveat in caveats._asdict().items():
        if name.startswith(f"{law}_"):
            return value._replace(caveat=caveat)
    if found.mixing.stuck:
        value = value._replace(stderr=None, ci95=None)
    return value._replace(caveat=chains.caveat_of(found))


def _values(
    potential: Potential, found: Chains, estimates: Sequence[Estimate], laws: Sequence[Laws]
) -> dict[str, Value]:
    result: dict[str, Value] = {}
    parts = members(potential)
    for axis, (own, law, suffix) in enumerate(zip(estimates, laws, coordinate_names(len(laws)), strict=True)):
        edges, (cdf, _) = found.histogram.edges, found.histogram.cdf(axis)
        minima, saddles = parts[axis].minima(), parts[axis].saddles()
        modes = estimation.modes(own.x, own.pdf)
        result[f"modes{suffix}"] = _several(modes)
        if law.exact is not None:
            result[f"exact_modes{suffix}"] = _several(law.exact.modes)
        result[f"gibbs_modes{suffix}"] = _several(law.gibbs.modes)
        result[f"mode_shifts{suffix}"] = _several(_shifts(modes, minima))
        if law.exact is not None:
            result[f"exact_mode_shifts{suffix}"] = _several(_shifts(law.exact.modes, minima))
            # Outside of its reach the Gibbs density is 0, so what the exact law has there is all difference.
            apart = distances.l1_between(law.exact, law.gibbs, *law.gibbs.reach)
            result[f"exact_l1_to_gibbs{suffix}"] = Value(apart)
        result |= _modes(own, modes, minima, saddles, law, suffix)
        for name, one in (("exact", law.exact), ("gibbs", law.gibbs)):
            if one is not None:
                result[f"l1_to_{name}{suffix}"] = Value(distances.l1(own.x, own.pdf, one))
                result[f"wasserstein_to_{name}{suffix}"] = Value(distances.wasserstein(edges, cdf, one))
        result |= _masses(found.histogram, axis, saddles, suffix) | wells.law_masses(parts[axis], law, suffix)
        result[f"bandwidth{suffix}"] = Value(own.bandwidth)
    return result


def _several(points: np.ndarray) -> Value:
    return Value(tuple(float(point) for point in points), n=len(points))


def _shifts(modes: np.ndarray, minima: np.ndarray) -> np.ndarray:
    """How far each mode is from the minimizer nearest to it."""
    return np.array([mode - minima[np.abs(minima - mode).argmin()] for mode in modes])


def _modes(
    own: Estimate, modes: np.ndarray, minima: np.ndarray, saddles: np.ndarray, law: Laws, suffix: str
) -> dict[str, Value]:
    """The highest mode of each basin with its error by jackknife over groups of chains, and how far it has shifted.

    Numbered as the minima are, so that a sweep can compare them; a basin without a mode has none.
    """
    result: dict[str, Value] = {}
    heights, errors = np.interp(modes, own.x, own.pdf), estimation.mode_stderrs(own, modes)
    basins = np.searchsorted(saddles, modes)
    for i, minimum in enumerate(minima.tolist()):
        here = np.flatnonzero(basins == i)
        if len(here):
            best = here[np.argmax(heights[here])]
            mode, n = float(modes[best]), 0 if own.each is None else len(own.each)
            for name, place in ((f"mode/{i + 1}{suffix}", mode), (f"mode_shift/{i + 1}{suffix}", mode - minimum)):
                result[name] = _over_groups(place, float(errors[best]), n)
        if law.exact is not None:
            exact = law.exact.modes[np.searchsorted(saddles, law.exact.modes) == i]
            if len(exact):
                highest = float(exact[np.argmax(law.exact.pdf(exact))])
                result[f"exact_mode/{i + 1}{suffix}"] = Value(highest)
    return result


def _over_groups(value: float, stderr: float, n: int) -> Value:
    """A value with its standard error over `n` groups of chains and its interval by Student's t."""
    if not np.isfinite(stderr):
        return Value(value, n=max(n, 1))
    half = float(intervals.half_width(stderr, n))
    return Value(value, stderr, n, ci95=(value - half, value + half))


def _masses(histogram: Histogram, axis: int, saddles: np.ndarray, suffix: str) -> dict[str, Value]:
    """Mass between the saddles, with its error over groups of chains."""
    if not len(saddles):
        return {}
    seen = histogram.totals > 0
    counts = np.concatenate([histogram.below[axis][:, None], histogram.counts[axis]], axis=1)[seen]
    totals = histogram.totals[seen]
    each = distances.basin_masses(histogram.edges, counts.cumsum(axis=1) / totals[:, None], saddles)
    mean, stderr = estimation.over_chains(each, totals)
    result = {}
    for i, (mass, error) in enumerate(zip(mean.tolist(), stderr.tolist(), strict=True)):
        found = _over_groups(mass, error, len(each))
        if found.ci95 is not None:
            found = found._replace(ci95=(max(found.ci95[0], 0.0), min(found.ci95[1], 1.0)))
        result[f"basin_mass/{i + 1}{suffix}"] = found
    return result


def arrays(estimates: Sequence[Estimate], laws: Sequence[Laws]) -> dict[str, NamedArray]:
    """The densities as they are drawn."""
    result = {}
    for i, (own, suffix) in enumerate(zip(estimates, coordinate_names(len(estimates)), strict=True)):
        result[f"x{suffix}"] = NamedArray(own.x, "points of the densities")
        result[f"pdf{suffix}"] = NamedArray(own.pdf, "estimated density at x")
        if own.stderr is not None:
            result[f"pdf_stderr{suffix}"] = NamedArray(own.stderr, "its standard error over groups of chains")
        if own.band is not None:
            for end, values in zip(("low", "high"), own.band, strict=True):
                meaning = f"{end} end of the pointwise 95 % band of the smoothed density, over groups of chains"
                result[f"pdf_{end}{suffix}"] = NamedArray(values, meaning)
        if i < len(laws):
            exact = laws[i].exact
            if exact is not None:
                result[f"exact_pdf{suffix}"] = NamedArray(exact.pdf(own.x), "exact stationary density of (4.3) at x")
            result[f"gibbs_pdf{suffix}"] = NamedArray(laws[i].gibbs.pdf(own.x), "Gibbs density at x")
    return result
