"""Simulated chains as both commands of the model use them: run, kept in arrays, and read back from a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.observer import Observer
from gnicli.contracts.results import NamedArray, Value
from gnicli.errors import DataError
from gnicli.model import explosions
from gnicli.model.build import Model
from gnicli.model.coordinates import coordinate_names
from gnicli.model.keys import ModelConfig
from gnicli.potential import members
from gnicli.sde import expression, loop, means, mixing, sinks
from gnicli.sde.simulation import Chains, Kept, judged, sinks_for


def simulate_chains(config: ModelConfig, model: Model, observer: Observer, others: Sequence[sinks.Sink] = ()) -> Chains:
    """Run the chains of `model`; `others` are fed as well."""
    own = _sinks(config, model)
    run = loop.run(model.scheme, model.increments, model.plan, model.start, [*own, *others], observer)
    return _judged(own, run, config, model)


def _sinks(config: ModelConfig, model: Model) -> Kept:
    functions = {text: expression.parse(text) for text in config.functions}
    return sinks_for(
        model.plan, model.potential.dimension, functions, model.low, model.high, config.n_bins, config.n_traced
    )


def _judged(own: Kept, run: loop.Run, config: ModelConfig, model: Model) -> Chains:
    laws = [
        means.tails(member, noise, config.scheme, config.drift)
        for member, noise in zip(members(model.potential), model.increments.coordinates, strict=True)
    ]
    return judged(own, run, model.plan, laws)


# -------------------------------------------------------------------------------------------------------------- results


def values_of(chains: Chains) -> dict[str, Value]:
    """The values that both commands report of chains: explosions, mixing, means of the functions."""
    values = {
        "ess": Value(chains.mixing.ess, n=chains.n_chains, unit="positions"),
        "ess_tail": Value(chains.mixing.ess_tail, n=chains.n_chains, unit="positions"),
        "split_rhat": Value(chains.mixing.rhat, n=chains.trace.positions.shape[2]),
        **explosions.seen(chains.run),
    }
    for name, mean in _named(chains):
        caveat = "" if isinstance(mean.value, str) else caveat_of(chains)
        values[f"mean/{name}"] = Value(mean.value, mean.stderr, mean.n, ci95=mean.ci95, caveat=caveat)
    return values


def caveat_of(chains: Chains) -> str:
    """What is said beside the values that are estimated from chains: nothing where they have mixed."""
    return "" if chains.mixing.mixed else "not mixed"


def _named(chains: Chains) -> list[tuple[str, means.Mean]]:
    """The means by their names: function, and coordinate where there are several."""
    return [
        (f"{text}{suffix}", mean)
        for text, found in chains.means.items()
        for suffix, mean in zip(coordinate_names(len(found)), found, strict=True)
    ]


def warnings(chains: Chains) -> list[str]:
    """Sentences on how well the chains have mixed; none where they have."""
    return mixing.sentences(chains.mixing, means.consequence(chains.mixing))


def notes(chains: Chains) -> list[str]:
    """Notes on means and their standard errors: which moments do not exist."""
    sentences = []
    for name, mean in _named(chains):
        index = mean.tail.exponent
        if not mean.tail.known:
            sentences.append(f"mean/{name} has no standard error: it is not known whether its variance is finite")
        elif not mean.tail.mean_is_finite:
            sentences.append(
                f"mean/{name} is {mean.value}: P(|{name}| > x) falls like x^-{index:.3g}, too slowly for a mean"
            )
        elif not mean.tail.variance_is_finite:
            sentences.append(
                f"mean/{name} has no standard error: its variance is infinite, for P(|{name}| > x) falls like "
                f"x^-{index:.3g}" + _interval_text(mean)
            )
    return sentences


def _interval_text(mean: means.Mean) -> str:
    if mean.ci95 is None:
        return ""
    low, high = mean.ci95
    return f"; its 95 % interval, from order statistics of batches of chains, is {low:.5g} to {high:.5g}"


def arrays_of(chains: Chains) -> dict[str, NamedArray]:
    """The arrays of a simulation: all that `load` needs, the final positions and the explosions."""
    histogram, run = chains.histogram, chains.run
    return {
        "edges": NamedArray(histogram.edges, "bin edges of the histogram (n_bins + 1)"),
        "counts": NamedArray(histogram.counts, "weight in each bin: coordinate × group of chains × bin"),
        "below": NamedArray(histogram.below, "weight below the first edge: coordinate × group of chains"),
        "totals": NamedArray(histogram.totals, "weight of all positions, outside ones included: group of chains"),
        "sums": NamedArray(chains.moments.sums, "weighted sums of the functions: function × coordinate × chain"),
        "weight": NamedArray(chains.moments.weight, "weight of all positions of each chain"),
        "trace": NamedArray(chains.trace.positions, "positions of the first chains: time × coordinate × chain"),
        "trace_times": NamedArray(chains.times, "time of each row of the trace"),
        "trace_weights": NamedArray(chains.weights, "length of the step that ended at each row of the trace"),
        "positions": NamedArray(run.positions, "where each chain ended, NaN for the exploded: (coordinate ×) chain"),
        "exploded_by": NamedArray(run.exploded_by, "step by which each chain had exploded, else −1"),
    }


def load(config: ModelConfig, model: Model, arrays: Mapping[str, np.ndarray]) -> Chains:
    """Chains from what `arrays_of` kept. `config` and `model` are those they were made with.

    Raises `DataError` for arrays that are absent, of another kind or shape, not finite where they have to be, or no
    sums of a simulation.
    """
    own = _sinks(config, model)
    _check_arrays(own, model, arrays)
    own.histogram.load(arrays)
    own.moments.load(arrays)
    own.trace.load({"positions": arrays["trace"]})
    return _judged(own, loop.Run(arrays["positions"], arrays["exploded_by"]), config, model)


def _check_arrays(own: Kept, model: Model, arrays: Mapping[str, np.ndarray]) -> None:
    plan, d = model.plan, model.potential.dimension
    expected = {
        "edges": own.histogram.edges,
        "counts": own.histogram.counts,
        "below": own.histogram.below,
        "totals": own.histogram.totals,
        "sums": own.moments.sums,
        "weight": own.moments.weight,
        "trace": own.trace.positions,
        "positions": np.empty(plan.n_chains if d == 1 else (d, plan.n_chains)),
        "exploded_by": np.empty(plan.n_chains, int),
    }
    for name, like in expected.items():
        if name not in arrays:
            raise DataError(f"the source lacks the array {name}; simulate it anew")
        found = arrays[name]
        if found.shape != like.shape or found.dtype != like.dtype:
            raise DataError(
                f"the array {name} of the source does not fit its configuration: {found.dtype} {found.shape} for "
                f"{like.dtype} {like.shape}; simulate it anew"
            )
    if not np.array_equal(arrays["edges"], expected["edges"]):
        raise DataError("the array edges of the source is not that of its configuration; simulate it anew")
    for name in ("counts", "below", "totals", "weight"):
        if not (np.isfinite(arrays[name]) & (arrays[name] >= 0)).all():
            raise DataError(f"the array {name} of the source holds values that are negative or not finite: damaged")
    lost = arrays["exploded_by"] >= 0
    if (arrays["exploded_by"] < -1).any() or (arrays["exploded_by"] > plan.n_steps).any():
        raise DataError("the array exploded_by of the source holds numbers that are no steps: damaged")
    alive = np.isfinite(arrays["positions"]) if d == 1 else np.isfinite(arrays["positions"]).all(axis=0)
    if (alive == lost).any():
        raise DataError("the arrays positions and exploded_by of the source contradict each other: damaged")
    if np.isnan(arrays["trace"][:, :, ~lost[: arrays["trace"].shape[2]]]).any():
        raise DataError("the array trace of the source holds NaN of chains that have not exploded: damaged")
    _check_sums(own, arrays)


def _check_sums(own: Kept, arrays: Mapping[str, np.ndarray]) -> None:
    """What is counted is part of the whole, twice counted alike; the functions of living chains may be infinite."""
    inside = arrays["counts"].sum(axis=2) + arrays["below"]
    if (inside > arrays["totals"] * (1 + 1e-9) + 1e-300).any():
        raise DataError("the arrays counts and totals of the source contradict each other: damaged")
    total, weight = float(arrays["totals"].sum()), float(arrays["weight"].sum())
    if not total > 0 or abs(total - weight) > 1e-9 * total:
        raise DataError("the arrays totals and weight of the source contradict each other: damaged")
    for (text, function), sums in zip(own.moments.functions.items(), arrays["sums"], strict=True):
        # A function such as log(w) is NaN where the chains are; one that is a number there has no sum that is NaN.
        if np.isnan(sums).any() and not np.isnan(function(arrays["trace"][np.isfinite(arrays["trace"])])).any():
            raise DataError(f"the array sums of the source holds NaN for {text}: damaged")
