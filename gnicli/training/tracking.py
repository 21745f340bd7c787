"""The law of each layer's gradient noise along training: what `track=gradient_noise` measures."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
import torch

from gnicli.contracts import Curve, FigureData, Noise, Observer, Panel, Value
from gnicli.gradients.layer_noise import LayerNoise, statistics

COLUMNS = (
    "alpha", "alpha_stderr", "beta", "beta_stderr", "scale", "scale_stderr", "at_boundary", "skewness", "kurtosis", "n",
)  # fmt: skip


class GradientNoiseTrack:
    """Measures the noise of draw 0 of the step to come about the mean of fresh draws, across the weights of a layer.

    The noise is divided by sqrt(1 + 1/n_mean), for the variance that the mean brings along. Layers are as in
    `gradients.injected`; biases and weights of dead units (noise exactly 0) are left out, and layers with fewer than 50
    others have no fit. `history` has a row per measurement: step, then COLUMNS of each layer; NaN where not defined.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        loss: str,
        noise: Noise,
        M: int,
        seed: int,
        every: int,
        n_mean: int,
        observer: Observer,
    ) -> None:
        self.every = every
        key = "track=gradient_noise"
        self._noise = LayerNoise(module, loss, noise, M, seed, n_averaged=1, n_mean=n_mean, key=key)
        self._observer = observer
        self.history: list[list[float]] = []

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Measure, and write the metrics `alpha/layer1` …."""
        begin = time.perf_counter()
        row = [float(step)]
        metrics: dict[str, float] = {}
        for layer, values in enumerate(self._noise(step, inputs, targets), 1):
            found = statistics(values)
            row += [found.get(name, math.nan) for name in COLUMNS]
            metrics |= {f"{name}/layer{layer}": found[name] for name in COLUMNS if name in found and name != "n"}
        self.history.append(row)
        self._observer.metrics(step, metrics)
        self._observer.cost("track", time.perf_counter() - begin)

    def state(self) -> dict[str, np.ndarray]:
        """The record so far."""
        return {"track/history": np.array(self.history)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self.history = arrays["track/history"].tolist()

    def values(self) -> dict[str, Value]:
        """The last measurement."""
        found = {}
        for layer in range(1, len(self._noise.weights) + 1):
            last = dict(zip(COLUMNS, self._columns(layer)[-1].tolist(), strict=True))
            for name in ("alpha", "beta", "scale", "skewness", "kurtosis"):
                stderr = last.get(f"{name}_stderr", math.nan)
                if not math.isnan(last[name]):
                    error = None if math.isnan(stderr) else stderr
                    found[f"{name}/layer{layer}"] = Value(last[name], error, int(last["n"]))
        return found

    def notes(self) -> tuple[str, ...]:
        """How many of the fits lie at the boundary."""
        flags = np.array([self._columns(layer)[:, COLUMNS.index("at_boundary")] for layer in self._layers()])
        n_fits, n_boundary = int(np.isfinite(flags).sum()), int(np.nansum(flags))
        told = f"{n_boundary} of {n_fits} tracked fits lie at the boundary of the family: no errors there"
        return (told,) if n_boundary else ()

    def figure(self) -> FigureData:
        """alpha and beta of each layer along training, with bands of one standard error."""
        panels = []
        for name, label in (("alpha", "alpha (tail index)"), ("beta", "beta (skewness)")):
            curves = [self._curve(layer, name) for layer in self._layers()]
            panels.append(Panel(tuple(curve for curve in curves if curve is not None), "step", label))
        caption = (
            "Stable laws fitted to one draw's gradient noise across each layer's weights; bands: one standard error."
        )
        return FigureData("Gradient noise along training", tuple(panels), caption)

    def _layers(self) -> range:
        return range(1, len(self._noise.weights) + 1)

    def _columns(self, layer: int) -> np.ndarray:
        first = 1 + (layer - 1) * len(COLUMNS)
        return np.array(self.history)[:, first : first + len(COLUMNS)]

    def _curve(self, layer: int, name: str) -> Curve | None:
        columns, at = self._columns(layer), COLUMNS.index(name)
        known = np.isfinite(columns[:, at])
        if not known.any():
            return None
        y, stderr = columns[known, at], np.nan_to_num(columns[known, at + 1])
        return Curve(f"layer {layer}", np.array(self.history)[known, 0], y, y - stderr, y + stderr)
