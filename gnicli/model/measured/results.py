"""What is reported of the models beside training: values, tables, sentences and arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from gnicli.contracts.number_text import plain, with_error
from gnicli.contracts.results import NamedArray, Results, Table, Value
from gnicli.model.measured import comparison, figures
from gnicli.model.measured.comparison import Comparison, Effect
from gnicli.model.measured.laws import CoordinateLaws, Measured
from gnicli.model.measured.paths import RUNAWAY, Path, Records
from gnicli.model.measured.words import AGAIN, ARMS, BROWNIAN, MODELS, TRAINING

_DEPARTURES = (
    "f, whose gradient the models and gradient descent follow, is the mean loss over a fixed number of draws, where "
    "training has fresh ones.",
    "The models' noise does not depend on the weights beyond the places where it was measured, and it is independent "
    "between weights and steps; the gradient noise of training depends on the weights, and is correlated between them.",
    "The Brownian model (2.6) and the symmetric stable model (2.7) have the scale of each layer here, where the paper "
    "writes one for all weights. Biases have the law of their layer.",
)


def results(
    paths: Mapping[str, Path], measured: Sequence[Measured], records: Records, layers: np.ndarray, eta: float
) -> Results:
    """Of the paths by arm. `measured` are the laws along training, `layers` (d,) those of the weights."""
    traced = layers[records.traced]
    found = {
        name: comparison.compare(path, paths[TRAINING], paths[AGAIN], traced)
        for name, path in paths.items()
        if name != TRAINING
    }
    values = {"n_weights": Value(float(len(layers)))} | _of_laws(measured[0], eta)
    values |= _of_paths(paths) | _of_comparisons(found) | _nearer(found)
    return Results(
        values,
        _arrays(paths, measured, records, traced),
        {"training": figures.figure(paths, records, traced)},
        notes=(*sentences(found), *_rule(paths), *_DEPARTURES),
        tables={
            "laws of the gradient noise by layer, at the start": _law_table(measured[0], eta),
            "beside training": _table(found),
        },
        warnings=tuple(_warnings(paths[TRAINING], measured)),
    )


# ------------------------------------------------------------------------------------------------------------ values


def _mean(values: np.ndarray) -> Value:
    """The mean over chains (n,) with its standard error; NaN are left out."""
    values = values[np.isfinite(values)]
    n = len(values)
    return Value(float(values.mean()), float(values.std(ddof=1) / math.sqrt(n)) if n > 1 else None, n, "")


def _of_laws(measured: Measured, eta: float) -> dict[str, Value]:
    """Alpha, beta, scale and epsilon of each layer, and those of the other two models: means over chains."""
    values = {}
    for k in range(len(measured.levy.scale)):
        has = measured.levy.scale[k] > 0
        if not has.any():
            continue
        for name, rows in zip(("alpha", "beta", "scale"), measured.levy, strict=True):
            values[f"{name}/layer{k + 1}"] = _mean(rows[k, has])
        for model, laws in _by_model(measured).items():
            values[f"epsilon_{model}/layer{k + 1}"] = _mean(laws.epsilon(eta)[k, has])
        values[f"alpha_symmetric/layer{k + 1}"] = _mean(measured.symmetric.alpha[k, has])
    return values


def _by_model(measured: Measured) -> dict[str, CoordinateLaws]:
    return {name: getattr(measured, name) for name in MODELS}


def _of_paths(paths: Mapping[str, Path]) -> dict[str, Value]:
    """The share of chains that diverged in each arm, and the median loss at the end, where they are the largest."""
    values = {}
    for name, path in paths.items():
        n, lost = len(path.diverged_by), int((path.diverged_by >= 0).sum())
        ends = np.where(np.isnan(path.loss[-1]), np.inf, path.loss[-1])
        middle = float(np.quantile(ends, 0.5, method="inverted_cdf"))
        values[f"loss/{name}"] = Value(middle if math.isfinite(middle) else "diverged", n=n, caveat=_lost(lost, n))
        low, high = stats.binomtest(lost, n).proportion_ci(0.95, method="exact")
        values[f"diverged_share/{name}"] = Value(lost / n, n=n, ci95=(float(low), float(high)))
    return values


def _lost(lost: int, n: int) -> str:
    return f"{lost} of {n} diverged" if lost else ""


def _of_comparisons(found: Mapping[str, Comparison]) -> dict[str, Value]:
    """Differences of logarithms of losses and distances, and the excess distances of increments, for each arm.

    Where a chain diverged a mean over the others would hide it: the value says how many in its place.
    """
    values = {}
    for name, each in found.items():
        lost = _lost(len(each.diverged_by), each.n_chains)
        values[f"loss_gap/{name}"] = Value(lost) if lost else _value(each.loss)
        values[f"distance_gap/{name}"] = Value(lost) if lost else _value(each.distance)
        for layer, (over, distance) in enumerate(zip(each.increments, each.distances, strict=True), 1):
            if name != AGAIN:  # whose excess is 0
                values[f"increments_gap/{name}/layer{layer}"] = _value(over)
            values[f"increments_distance/{name}/layer{layer}"] = _value(distance)
    return {name: value for name, value in values.items() if isinstance(value.value, str) or value.n}


def _nearer(compared: Mapping[str, Comparison]) -> dict[str, Value]:
    """By how much increments of the stable models are nearer to those of training than the Brownian model's are."""
    values = {}
    for name in MODELS:
        if name != BROWNIAN:
            found = comparison.nearer(compared[name], compared[BROWNIAN])
            if found.n:
                values[f"nearer_than_brownian/{name}"] = _value(found)
    return values


def _value(found: Effect) -> Value:
    if found.n < 2:
        return Value(found.mean, n=found.n)
    return Value(found.mean, found.stderr, found.n, ci95=found.interval)


# --------------------------------------------------------------------------------------------------- tables, sentences


def _law_table(measured: Measured, eta: float) -> Table:
    rows = []
    values = _of_laws(measured, eta)
    for k in range(1, len(measured.levy.scale) + 1):
        names = [f"alpha/layer{k}", f"beta/layer{k}", f"scale/layer{k}"]
        names += [f"epsilon_{model}/layer{k}" for model in MODELS]
        cells = [with_error(v.number, v.stderr) if (v := values.get(name)) is not None else "–" for name in names]
        rows.append((f"layer {k}", *cells))
    return Table(("layer", "alpha", "beta", "scale", *(f"ε, {words}" for words in MODELS.values())), tuple(rows))


def _table(found: Mapping[str, Comparison]) -> Table:
    rows = []
    for name, each in found.items():
        lost = f"{len(each.diverged_by)} of {each.n_chains}"
        apart = "–" if name == AGAIN else _layers(comparison.told_apart(each.increments)) or "none"
        rows.append((ARMS[name], _ratio(each, each.loss), _interval(each), _ratio(each, each.distance), lost, apart))
    header = ("arm", "loss, of training's", "95 %", "distance, of training's", "diverged", "increments apart in")
    return Table(header, tuple(rows))


def _ratio(each: Comparison, found: Effect) -> str:
    if each.diverged:
        return "diverged"
    return "–" if not found.n else f"{plain(math.exp(found.mean), 4)}"


def _interval(each: Comparison) -> str:
    if each.diverged or each.loss.n < 2:
        return "–"
    return " to ".join(plain(math.exp(end), 4) for end in each.loss.interval)


def _layers(numbers: Sequence[int]) -> str:
    words = [str(number) for number in numbers]
    if len(words) < 2:
        return f"layer {words[0]}" if words else ""
    return f"layers {', '.join(words[:-1])} and {words[-1]}"


def sentences(found: Mapping[str, Comparison]) -> list[str]:
    """Which models follow the loss of training within 5 %, and whose increments are told apart from its own."""
    others = {name: each for name, each in found.items() if name != AGAIN}
    said: dict[str, list[str]] = {"within": [], "outside": [], "open": [], "diverged": []}
    for name, each in others.items():
        standing = comparison.standing(each)
        words = ARMS[name]
        if standing == "diverged":
            words += f" ({len(each.diverged_by)} of {each.n_chains} chains, the first by step {each.diverged_by[0]:,})"
        elif each.loss.n > 1:
            words += f" ({_percent(each.loss)})"
        said[standing].append(words)
    margin = f"{comparison.WITHIN:.0%}".replace("%", " %")
    parts = [f"Within {margin} of the clean loss of training at the end: {', '.join(said['within']) or 'none'}"]
    heads = {"outside": "not within", "open": "undecided", "diverged": "diverged"}
    parts += [f"{head}: {', '.join(said[key])}" for key, head in heads.items() if said[key]]
    made = [f"{'; '.join(parts)}."]
    apart = {name: comparison.told_apart(each.increments) for name, each in others.items()}
    told = [f"{ARMS[name]} in {_layers(layers)}" for name, layers in apart.items() if layers]
    if told:
        made.append(f"One-step increments are told apart from those of training: {', '.join(told)}.")
    same = [ARMS[name] for name, layers in apart.items() if not layers and others[name].increments[0].n > 1]
    if same:
        made.append(
            f"In no layer are one-step increments told apart from those of training: {', '.join(same)}. "
            "That does not show that they have one law."
        )
    return made


def _rule(paths: Mapping[str, Path]) -> list[str]:
    """When a chain counts as diverged, if one does."""
    if not any((path.diverged_by >= 0).any() for path in paths.values()):
        return []
    return [
        f"A chain has diverged where a weight or its loss is not finite, or its loss exceeds {RUNAWAY:g} times that at "
        "its start. An arm of which a chain diverged has no mean: one over its other chains would hide that."
    ]


def _percent(found: Effect) -> str:
    mean, low, high = (f"{100 * math.expm1(each):+.3g}" for each in (found.mean, *found.interval))
    return f"{mean} %, 95 % interval {low} to {high} %".replace("-", "−")


def _warnings(training: Path, measured: Sequence[Measured]) -> list[str]:
    said = []
    lost, n = int((training.diverged_by >= 0).sum()), len(training.diverged_by)
    if lost:
        said.append(f"{lost} of {n} chains of training diverged; nothing is compared with them; take a smaller eta")
    boundary, failed = (sum(getattr(each, name) for each in measured) for name in ("n_boundary", "n_failed"))
    if boundary:
        said.append(f"{boundary} fits of a layer's noise are at the parameter bound (alpha = 2 or 0.2, or |beta| = 1)")
    if failed:
        said.append(f"{failed} fits of a layer's noise failed; the models have no noise in the layer there")
    return said


def _arrays(
    paths: Mapping[str, Path], measured: Sequence[Measured], records: Records, traced: np.ndarray
) -> dict[str, NamedArray]:
    arrays = {
        "steps": NamedArray(records.steps, "the step after which each row was taken; the first is the start"),
        "layers": NamedArray(traced, "the layer, from 1, of each weight whose increments are kept"),
    }
    for name, path in paths.items():
        arrays[f"loss/{name}"] = NamedArray(
            path.loss, f"clean loss of {ARMS[name]}: row × chain, NaN where it diverged"
        )
        arrays[f"distance/{name}"] = NamedArray(path.distance, "distance from the start: row × chain")
        arrays[f"increments/{name}"] = NamedArray(
            path.increments, "increments of the last step before each row but the first: row × weight × chain"
        )
        arrays[f"positions/{name}"] = NamedArray(path.ends, "weights at the end: weight × chain, NaN where it diverged")
        arrays[f"diverged_by/{name}"] = NamedArray(path.diverged_by, "step by which each chain diverged, else −1")
    for model in MODELS:
        for key in CoordinateLaws._fields:
            stacked = np.stack([getattr(getattr(each, model), key) for each in measured])
            arrays[f"{key}/{model}"] = NamedArray(stacked, "measurement × layer × chain; a scale of 0 is no noise")
    return arrays
