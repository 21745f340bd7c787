"""Mirrored pairs of draws against plain draws at equal cost: what `track=antithetic` measures."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import FigureData, Panel, Value
from gnicli.errors import UsageError
from gnicli.gradients.injected import first_fresh, gradient_noise_source
from gnicli.gradients.layer_noise import statistics
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.stages import weight_tensors
from gnicli.training.layer_track import LayerTrack

KINDS = ("plain", "antithetic")


class AntitheticTrack(LayerTrack):
    """Repeats the gradient of M draws at fixed weights, once with plain draws and once with M/2 mirrored pairs.

    A variance is that of the mean of M draws over the repeats (n − 1 below), summed over a layer's weights; the ratio
    is that of the pairs to that of the plain draws. It does not depend on M: both variances fall like 1/M. Skewness
    (absolute, its mean over the repeats) and alpha (the median) are those of each repeat's noise about the mean of the
    repeats, across the layer's weights. Both kinds use the same streams and none of the training's draws.
    """

    columns = (
        "variance_ratio",
        *(f"{kind}_{what}" for what in ("variance", "abs_skewness", "alpha") for kind in KINDS),
    )

    def __init__(self, network: NoisyNetwork, every: int, n_repeats: int, observer: Observer) -> None:
        """Raises `UsageError` where M is odd or there is no noise."""
        M = network.M
        if M % 2:
            raise UsageError(f"track=antithetic compares M draws with M/2 pairs: M must be even, got M={M}")
        self._sources: dict[str, NoisyGradient] = {}
        for kind in KINDS:
            mirrored = copy.copy(network.noise)
            mirrored.antithetic = kind == "antithetic"
            self._sources[kind] = gradient_noise_source(network._replace(noise=mirrored), "track=antithetic")
        first = first_fresh(M)
        self._draws = [range(first + repeat * M, first + (repeat + 1) * M) for repeat in range(n_repeats)]
        super().__init__(network.module, every, observer)

    def measure(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> list[dict[str, float]]:
        """See `LayerTrack.measure`."""
        found: list[dict[str, float]] = [{} for _ in self.weights]
        for kind in KINDS:
            for layer, means in zip(found, self._repeats(kind, step, inputs, targets), strict=True):
                layer |= {f"{kind}_{name}": value for name, value in _describe(means).items()}
        for layer in found:
            if layer["plain_variance"] > 0:
                layer["variance_ratio"] = layer["antithetic_variance"] / layer["plain_variance"]
        return found

    def _repeats(self, kind: str, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> list[np.ndarray]:
        """For each layer the gradients of every repeat, float64 (n_repeats, weights)."""
        rows: list[list[np.ndarray]] = [[] for _ in self.weights]
        for draws in self._draws:
            _, gradients = self._sources[kind].over(step, draws, inputs, targets)
            for layer, gradient in zip(rows, weight_tensors(gradients), strict=True):
                # A copy: the next repeat overwrites the gradients, and in float64 nothing else makes one.
                layer.append(np.array(gradient.reshape(-1).cpu().numpy(), np.float64))
        return [np.array(layer) for layer in rows]

    def values(self) -> dict[str, Value]:
        """The last measurement by layer; the ratio over all layers: its mean over the measurements, and the last."""
        found = {}
        ratios = self.ratios()
        if ratios.size:
            found["variance_ratio"] = Value(float(ratios.mean()), n=ratios.size)
            found["variance_ratio_last"] = Value(float(ratios[-1]))
        for layer in self.layers():
            found |= {
                f"{name}/layer{layer}": Value(value, n=self.weights[layer - 1].numel())
                for name, value in self.last(layer).items()
                if math.isfinite(value) and not name.endswith("_variance")
            }
        return found

    def ratios(self) -> np.ndarray:
        """The ratio of the variances summed over all layers, for each measurement where it is defined."""
        plain, mirrored = (
            np.sum([self.of_layer(layer)[:, self.columns.index(f"{kind}_variance")] for layer in self.layers()], axis=0)
            for kind in KINDS
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = mirrored / plain
        return ratios[np.isfinite(ratios)]

    def figure(self) -> FigureData:
        """The ratio of each layer along training, and the tail index under both kinds of draws."""
        panels = [self._panel("variance_ratio", "variance of pairs / plain draws")._replace(y_scale="log")]
        panels += [
            self._panel(f"{kind}_alpha", "alpha (tail index)")._replace(heading=words, y_range=(0.0, 2.0))
            for kind, words in zip(KINDS, ("plain draws", "mirrored pairs"), strict=True)
        ]
        caption = (
            "Gradients of M plain draws and of M/2 mirrored pairs at the same weights: the ratio of their variances "
            "over repeats, and the median of the tail indices of their noise across each layer's weights."
        )
        return FigureData("Mirrored pairs against plain draws", tuple(panels), caption, share="y")

    def _panel(self, column: str, label: str) -> Panel:
        curves = [self.curve(layer, column) for layer in self.layers()]
        return Panel(tuple(curve for curve in curves if curve is not None), "step", label)


def _describe(means: np.ndarray) -> dict[str, float]:
    """Variance, absolute skewness and alpha of repeats (n, weights); what is not defined is left out."""
    n = len(means)
    # About the mean of n the noise has 1 − 1/n of its variance.
    noise = (means - means.mean(axis=0)) * math.sqrt(n / (n - 1))
    found = {"variance": float(np.square(noise).mean(axis=0).sum())}
    each = [statistics(row) for row in noise]
    skewness = [abs(one["skewness"]) for one in each if "skewness" in one]
    alpha = [one["alpha"] for one in each if "alpha" in one]
    if skewness:
        found["abs_skewness"] = float(np.mean(skewness))
    if alpha:
        found["alpha"] = float(np.median(alpha))
    return found
