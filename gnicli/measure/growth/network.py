"""The growth of moments on a network: samples of one unit and one weight of each layer, for one data point.

A sample of n carries information about moments up to m ≈ 2 ln n / (number of Gaussian factors) only; the effective
sample size says so, and slopes without enough of it are marked. Importance sampling, which reaches any order on a
one-neuron network, tilts a noise of hundreds of dimensions here (`inflation`): its effective sample size falls with
each of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Curve, FigureData, NamedArray, Panel, Results, Table, Value
from gnicli.gradients.stages import stages_of
from gnicli.measure.growth.inflated_noise import Inflated
from gnicli.measure.moments import Moment, estimate, log_abs
from gnicli.measure.weight_draws import network_means
from gnicli.seeding import numpy_stream, torch_stream

_CHUNK = 1000  # rows that go through the network at once
_NEEDS_STAGES = "measure=exponents of a network"
_UNIT_STREAM = 1 << 20  # apart from the streams that choose weights


def measure(
    bench: Bench, orders: Sequence[float], n_draws: int, inflation: float, least_ess: float, observer: Observer
) -> Results:
    """Slopes for h̃ of one unit of each noise layer and the gradient noise of one weight of each layer."""
    stages_of(bench.network.module, _NEEDS_STAGES)  # refused before the draws are made, not after
    noise = Inflated(bench.network.noise, inflation)
    bench = bench._replace(network=bench.network._replace(noise=noise))
    taken: list[float] = []
    gradients, weights = network_means(bench, [1], n_draws, observer, lambda index: taken.append(noise.taken()))
    logs = np.array(taken[1:])  # the first draw chose the weights
    samples = {f"noised/layer{layer}": pair for layer, pair in enumerate(noised_units(bench, noise, n_draws))}
    shares = np.exp(logs - logs.max())
    shares /= shares.sum()
    for layer, draws in enumerate(gradients[0], 1):
        samples[f"gradient/layer{layer}"] = (logs, draws - shares @ draws)
    found = {name: [estimate(logs, log_abs(x), order) for order in orders] for name, (logs, x) in samples.items()}
    note = _note(found, weights, n_draws, inflation, least_ess)
    table = np.array([list(each) for moments in found.values() for each in moments])
    meaning = "a row per quantity (in the order of the tables) and order: m, log norm, stderr, slope, stderr, ess, n"
    return Results(
        _values(found, least_ess),
        {"moments": NamedArray(table, meaning)},
        _figures(found, least_ess, note),
        notes=(note,),
        tables={"slope of log‖X‖_m on log m, one data point": _table(found, least_ess)},
    )


def _note(found: dict[str, list[Moment]], weights: list[int], n_draws: int, inflation: float, least_ess: float) -> str:
    enough = sum(each.ess >= least_ess for moments in found.values() for each in moments)
    total = sum(map(len, found.values()))
    drawn = f"{n_draws} draws" if inflation == 1 else f"{n_draws} draws, noise inflated by {inflation:g}"
    return (
        f"One data point, one unit and one weight (numbers {', '.join(map(str, weights))}) of each layer, {drawn}. "
        f"Plain draws determine moments of orders m up to about {2 * math.log(n_draws):.0f} / (number of Gaussian "
        f"factors). {enough} of {total} slopes have an effective sample size of at least {least_ess:g}; the others are "
        "marked and are no evidence."
    )


@torch.no_grad()
def noised_units(bench: Bench, noise: Inflated, n_draws: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Log-weights and values (n_draws,) of h̃ of one random unit of each noise layer, for one example."""
    stages = stages_of(bench.network.module, _NEEDS_STAGES)
    stds = noise.stds(len(stages))
    first = int(numpy_stream(bench.network.seed, "sample", bench.step).permutation(len(bench.inputs))[0])
    generators = {
        layer: torch_stream(
            bench.network.seed,
            "sample",
            bench.step,
            _UNIT_STREAM + layer,
            generator=torch.Generator(bench.inputs.device),
        )
        for layer in range(len(stages))
    }
    found: list[list[np.ndarray]] = [[] for _ in stages]
    weights: list[list[np.ndarray]] = [[] for _ in stages]
    for start in range(0, n_draws, _CHUNK):
        n_rows = min(_CHUNK, n_draws - start)
        h = bench.inputs[first : first + 1].expand(n_rows, *bench.inputs.shape[1:])
        logs = np.zeros(n_rows)
        for layer, stage in enumerate(stages):
            if stds[layer] > 0:
                epsilon = noise.fill(torch.empty_like(h).contiguous(), stds[layer], generators[layer])
                h = h + epsilon if noise.operation == "add" else h * epsilon
                logs = logs + noise.row_log_weights(epsilon, stds[layer])
            weights[layer].append(logs)
            flat = h.reshape(n_rows, -1)
            unit = int(
                numpy_stream(bench.network.seed, "sample", bench.step, _UNIT_STREAM, layer).integers(flat.shape[1])
            )
            found[layer].append(flat[:, unit].double().cpu().numpy().copy())
            h = stage(h)
    return [(np.concatenate(logs), np.concatenate(parts)) for logs, parts in zip(weights, found, strict=True)]


_TITLE = "Slope of log ‖X‖ₘ against log m, sampled"


def _values(found: dict[str, list[Moment]], least_ess: float) -> dict[str, Value]:
    """For each quantity the slope of the highest order whose effective sample size is large enough, if there is one."""
    values = {}
    for name, moments in found.items():
        enough = [each for each in moments if each.ess >= least_ess]
        if enough:
            values[f"slope/{name}"] = Value(enough[-1].slope, enough[-1].slope_stderr, enough[-1].n)
            values[f"order/{name}"] = Value(enough[-1].order)
    return values


def _table(found: dict[str, list[Moment]], least_ess: float) -> Table:
    rows = []
    for name, moments in found.items():
        for each in moments:
            enough = each.ess >= least_ess
            mark = "" if enough else " (not enough)"
            rows.append(
                (name, f"{each.order:g}", f"{each.slope:.3f}{mark}", f"{each.slope_stderr:.3f}", f"{each.ess:.0f}")
            )
            if not enough:
                break  # higher orders have a still smaller effective sample size
    return Table(("quantity", "m", "slope", "standard error", "effective sample size"), tuple(rows))


def _figures(found: dict[str, list[Moment]], least_ess: float, note: str) -> dict[str, FigureData]:
    """One figure of the slopes whose effective sample size is large enough; none where there are none."""
    panels = []
    for kind, title in (("noised", "noised activation"), ("gradient", "gradient noise")):
        curves = []
        for name, moments in found.items():
            if name.startswith(kind):
                order = np.array([each.order for each in moments])
                y = np.array([each.slope if each.ess >= least_ess else math.nan for each in moments])
                half = 2 * np.array([each.slope_stderr for each in moments])
                if not np.isfinite(y).any():
                    continue
                curves.append(
                    Curve(name.split("/layer")[1].join(("layer ", "")), order, y, y - half, y + half, "points")
                )
        if curves:
            panels.append(Panel(tuple(curves), "m", "d log ‖X‖ₘ / d log m", title))
    return {"slopes": FigureData(_TITLE, tuple(panels), note, "2 standard errors", "y")} if panels else {}
