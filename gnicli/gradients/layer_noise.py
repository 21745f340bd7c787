"""The gradient noise of each layer in one draw, and what its values across a layer's weights look like."""

from __future__ import annotations

import math

import numpy as np
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import GniError
from gnicli.gradients.injected import first_fresh, gradient_noise_source
from gnicli.gradients.stages import weight_tensors
from gnicli.stable import fit

IQR = 1.3489795  # interquartile range of a standard Gaussian


class LayerNoise:
    """∇L̃ of the first `n_averaged` draws about the mean of `n_mean` fresh ones (3.2), layer by layer.

    The noise is divided by sqrt(1 + n_averaged/n_mean), for the variance that the mean brings along. (Its excess
    kurtosis remains diluted: of a single draw by the factor (1 + 1/n³)/(1 + 1/n)², n = `n_mean`.) Layers are
    those of `gradients.stages.weight_tensors`. `key` is what an error names where there is no noise.
    """

    def __init__(self, network: NoisyNetwork, *, n_averaged: int, n_mean: int, key: str) -> None:
        self.draws = gradient_noise_source(network, key)
        first = first_fresh(network.M)
        self._averaged, self.fresh = range(n_averaged), range(first, first + n_mean)

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> list[np.ndarray]:
        """The noise of step `step`, flat float64 arrays."""
        means = [mean.clone() for mean in weight_tensors(self.draws.over(step, self.fresh, inputs, targets)[1])]
        _, gradients = self.draws.over(step, self._averaged, inputs, targets)
        factor = 1 / math.sqrt(1 + len(self._averaged) / len(self.fresh))
        pairs = zip(weight_tensors(gradients), means, strict=True)
        return [((noise - mean) * factor).reshape(-1).double().cpu().numpy() for noise, mean in pairs]


def standardized_shape(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Skewness and excess kurtosis along the first axis of `z`, whose mean there is 0 and whose variance is 1."""
    return (z**3).mean(axis=0), (z**4).mean(axis=0) - 3.0


def scaled(columns: np.ndarray) -> np.ndarray:
    """Columns (n, k) about their medians in robust standard deviations (interquartile range / 1.349), float64 (n, k').

    Columns without spread in the middle half are left out.
    """
    low, middle, high = np.quantile(columns.astype(np.float64), (0.25, 0.5, 0.75), axis=0)
    kept = high > low
    return (columns[:, kept] - middle[kept]) * (IQR / (high - low)[kept])


def statistics(values: np.ndarray) -> dict[str, float]:
    """Of the entries that are not 0: n, skewness, excess kurtosis and a stable law, those that are defined.

    Only `n` where anything is not finite or there is no spread; no law for fewer than 50 or with an atom.
    """
    values = values[values != 0]
    found = {"n": float(values.size)}
    if not np.isfinite(values).all() or values.size < 2 or values.min() == values.max():
        return found
    centered = values - values.mean()
    centered /= math.sqrt(float(np.square(centered).mean()))
    skewness, kurtosis = standardized_shape(centered)
    found |= {"skewness": float(skewness), "kurtosis": float(kurtosis)}
    try:
        law = fit(values, exact=False)  # a layer of 1e6 weights would take seconds otherwise
    except GniError:  # fewer than 50, or an atom
        return found
    for name in ("alpha", "beta", "scale"):
        found[name] = getattr(law, name)
        stderr = getattr(law, f"{name}_stderr")
        if stderr is not None:
            found[f"{name}_stderr"] = stderr
    return found | {"at_boundary": float(law.at_boundary)}
