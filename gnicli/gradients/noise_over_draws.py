"""The gradient noise of each weight over draws at fixed weights of the network: its own scale and its own shape."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from gnicli.gradients.layer_noise import scaled, standardized_shape, statistics
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.stages import weight_tensors

TRACED = 256  # weights of a layer whose draws are kept, evenly spaced


class OverDraws(NamedTuple):
    """Of one layer: the standard deviation of each weight over draws (d,), and the draws (n, k) of traced weights."""

    std: np.ndarray
    traces: np.ndarray


def over_draws(
    gradient: NoisyGradient, step: int, draws: range, inputs: torch.Tensor, targets: torch.Tensor
) -> list[OverDraws]:
    """The gradients of single draws, layer by layer; `draws` are two or more."""
    sums: list[np.ndarray] = []
    traces: list[list[np.ndarray]] = []
    pilots: list[np.ndarray] = []
    for draw in draws:
        _, found = gradient.over(step, range(draw, draw + 1), inputs, targets)
        flat = [each.reshape(-1).double().cpu().numpy() for each in weight_tensors(found)]
        if not pilots:  # about the first draw, so that squares do not cancel
            pilots = [each.copy() for each in flat]
            sums = [np.zeros((2, each.size)) for each in flat]
            traces = [[] for _ in flat]
        for values, pilot, total, trace in zip(flat, pilots, sums, traces, strict=True):
            moved = values - pilot
            total[0] += moved
            total[1] += moved * moved
            trace.append(values[_places(values.size)])
    n = len(draws)
    return [
        OverDraws(np.sqrt(np.maximum(total[1] - total[0] ** 2 / n, 0) / (n - 1)), np.array(trace))
        for total, trace in zip(sums, traces, strict=True)
    ]


def _places(n_weights: int) -> np.ndarray:
    return np.unique(np.linspace(0, n_weights - 1, min(n_weights, TRACED)).astype(int))


def shapes(noise: np.ndarray, found: OverDraws) -> dict[str, float]:
    """What tells a mixture of scales from tails, of those that are defined.

    `alpha_scaled` and `kurtosis_scaled` are those of `noise` (d,), one draw of the layer, with each weight in units of
    its own standard deviation over draws: 2 and 0 for normal weights of any scales. `alpha_over_draws` is fitted to the
    draws of the traced weights, each about its median in robust standard deviations. `skewness_over_draws` and
    `kurtosis_over_draws` are medians over these weights of |skewness| and excess kurtosis over draws.
    """
    moving = (found.std > 0) & np.isfinite(found.std)
    own = statistics(noise[moving] / found.std[moving])
    told = {f"{name}_scaled": own[name] for name in ("alpha", "kurtosis") if name in own}
    if not np.isfinite(found.traces).all():
        return told
    columns = found.traces - found.traces.mean(axis=0)
    columns = columns[:, columns.std(axis=0) > 0]
    if not columns.size:
        return told
    pooled = statistics(scaled(columns).reshape(-1))
    if "alpha" in pooled:
        told["alpha_over_draws"] = pooled["alpha"]
    skewness, kurtosis = standardized_shape(columns / columns.std(axis=0))
    return told | {
        "skewness_over_draws": float(np.median(np.abs(skewness))),
        "kurtosis_over_draws": float(np.median(kurtosis)),
    }
