"""What was measured of each layer as pandas frames: the one module of the domain that imports pandas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gnicli.gradients.layer_noise import statistics
from gnicli.measure.layers import sentences
from gnicli.measure.layers.figures import half_width_over_draws
from gnicli.measure.layers.populations import STABLE_ENDS, Found

if TYPE_CHECKING:
    import pandas as pd

# Of a population; each may have a standard error.
STATISTICS = (
    "alpha", "beta", "scale", "at_boundary", "std", "skewness", "kurtosis", "alpha_scaled", "alpha_each", "alpha_sum16",
    "alpha_mohammadi", "kurtosis_95", "kurtosis_scaled", "cauchy_gain", "exceedance", "effective_rank",
)  # fmt: skip
# Of one step.
FITTED = (
    "alpha",
    "alpha_stderr",
    "beta",
    "beta_stderr",
    "scale",
    "scale_stderr",
    "at_boundary",
    "skewness",
    "kurtosis",
)


def of_populations(found: Found, weights: Sequence[str], noised: Sequence[str]) -> pd.DataFrame:
    """A row for each population and layer; `weights` and `noised` name the weight tensors and the noise layers."""
    import pandas as pd

    said = sentences.verdicts(found.statistics, found.controls)
    rows = []
    for population, layers in found.statistics.items():
        is_forward = population.startswith("forward")
        for layer, each in layers.items():
            row: dict[str, object] = {"population": population, "layer": layer}
            row["name"] = noised[layer] if is_forward else weights[layer - 1]
            if layer in found.samples.get(population, {}):
                row["std"] = spread(found.samples[population][layer])
            row["verdict"] = said.get((population, layer), "")
            rows.append(row | each | _interval(population, each) | _joint(found, population, layer))
    columns = [
        "population",
        "layer",
        "name",
        "verdict",
        "n",
        "n_moving",
        "alpha",
        "alpha_stderr",
        "alpha_low",
        "alpha_high",
    ]
    columns += [each for name in STATISTICS[1:] for each in (name, f"{name}_stderr")]
    columns += ["elliptical_p", "independent_p", "joint"]
    return pd.DataFrame(rows, columns=columns)


def of_step(step: int, noises: Sequence[np.ndarray], weights: Sequence[str]) -> pd.DataFrame:
    """A row for each layer of one step: a stable law and the moments of its noise across the layer's weights."""
    import pandas as pd

    rows = [
        {"step": step, "layer": layer, "name": name, "std": spread(noise), **statistics(noise)}
        for layer, (name, noise) in enumerate(zip(weights, noises, strict=True), 1)
    ]
    return pd.DataFrame(rows, columns=["step", "layer", "name", "n", *FITTED[:7], "std", *FITTED[7:]])


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One below the other."""
    import pandas as pd

    return pd.concat(frames, ignore_index=True)


def spread(values: np.ndarray) -> float:
    """The standard deviation of the entries that are not 0; NaN where there are none."""
    values = values[values != 0]
    return float(values.std()) if values.size else math.nan


def _joint(found: Found, population: str, layer: int) -> dict[str, object]:
    """Whether the weights are elliptical or independent of one another, and in words; "" where it was not asked."""
    each = found.joint.get(population, {}).get(layer)
    if each is None:
        return {"joint": ""}
    return {"elliptical_p": each.elliptical_p, "independent_p": each.independent_p, "joint": each.verdict}


def _interval(population: str, found: Mapping[str, float]) -> dict[str, float]:
    """The 95 % interval of alpha, by Student's t over draws; nothing where there is no standard error."""
    if "alpha_stderr" not in found:
        return {}
    half = half_width_over_draws(population, found["alpha_stderr"], int(found["n"]))
    low, high = STABLE_ENDS
    return {"alpha_low": max(found["alpha"] - half, low), "alpha_high": min(found["alpha"] + half, high)}
