"""The law of each layer's gradient noise along training: what `track=gradient_noise` measures."""

from __future__ import annotations

import math

import numpy as np
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import FigureData, Panel, Value
from gnicli.gradients.injected_laws import AT_BOUND
from gnicli.gradients.layer_noise import LayerNoise, statistics
from gnicli.gradients.noise_over_draws import over_draws, shapes
from gnicli.training.layer_track import LayerTrack

COLUMNS = (
    "alpha", "alpha_stderr", "beta", "beta_stderr", "scale", "scale_stderr", "at_boundary", "skewness", "kurtosis", "n",
)  # fmt: skip
OVER_DRAWS = ("alpha_scaled", "kurtosis_scaled", "alpha_over_draws", "skewness_over_draws", "kurtosis_over_draws")
_ALPHA, _ALPHAS = "alpha (tail index)", (0.0, 2.0)
_PANELS: tuple[tuple[str, str, str, tuple[float, float] | None], ...] = (
    ("alpha_scaled", _ALPHA, "each weight in its own scale", _ALPHAS),
    ("alpha_over_draws", _ALPHA, "over draws", _ALPHAS),
    ("kurtosis_over_draws", "excess kurtosis", "over draws", None),
)


class GradientNoiseTrack(LayerTrack):
    """Measures the noise of draw 0 of the step to come about the mean of fresh draws, across the weights of a layer.

    The noise is divided by sqrt(1 + 1/n_mean), for the variance that the mean brings along. Layers are those of
    `gradients.stages.weight_tensors`. Weights of dead units (noise exactly 0) are left out, and layers with fewer than
    50 others have no fit. With `n_draws` (0, or 2 and more) as many further draws are taken at the same weights, which
    tell each weight's own scale and its law over draws (`gradients.noise_over_draws`).
    """

    def __init__(self, network: NoisyNetwork, every: int, n_mean: int, n_draws: int, observer: Observer) -> None:
        self.columns = COLUMNS + (OVER_DRAWS if n_draws else ())
        self._n_draws = n_draws
        self._noise = LayerNoise(network, n_averaged=1, n_mean=n_mean, key="track=gradient_noise")
        super().__init__(network.module, every, observer)

    def measure(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> list[dict[str, float]]:
        """See `LayerTrack.measure`."""
        noise = self._noise(step, inputs, targets)
        found = [statistics(values) for values in noise]
        if not self._n_draws:
            return found
        first = self._noise.fresh.stop
        each = over_draws(self._noise.draws, step, range(first, first + self._n_draws), inputs, targets)
        return [one | shapes(values, own) for one, values, own in zip(found, noise, each, strict=True)]

    def values(self) -> dict[str, Value]:
        """Headline values: the last measurement, with its standard errors."""
        found = {}
        for layer in self.layers():
            last = self.last(layer)
            for name in ("alpha", "beta", "scale", "skewness", "kurtosis"):
                stderr = last.get(f"{name}_stderr", math.nan)
                if not math.isnan(last[name]):
                    error = None if math.isnan(stderr) else stderr
                    found[f"{name}/layer{layer}"] = Value(last[name], error, int(last["n"]))
            for name in OVER_DRAWS if self._n_draws else ():
                if not math.isnan(last[name]):
                    found[f"{name}/layer{layer}"] = Value(last[name], n=self._n_draws)
        return found

    def warnings(self) -> tuple[str, ...]:
        """How many of the fits are at the parameter bound."""
        flags = np.array([self.of_layer(layer)[:, COLUMNS.index("at_boundary")] for layer in self.layers()])
        n_fits, n_boundary = int(np.isfinite(flags).sum()), int(np.nansum(flags))
        warning = f"{n_boundary} of {n_fits} tracked fits are {AT_BOUND}"
        return (warning,) if n_boundary else ()

    def figure(self) -> FigureData:
        """alpha and beta of each layer along training, with bands of one standard error."""
        panels = []
        for name, label, ends in (
            ("alpha", _ALPHA, _ALPHAS),
            ("beta", "beta (skewness)", (-1.0, 1.0)),
        ):
            curves = [self.curve(layer, name, f"{name}_stderr") for layer in self.layers()]
            panels.append(Panel(tuple(curve for curve in curves if curve is not None), "step", label, y_range=ends))
        panels += [self._panel(*each) for each in _PANELS] if self._n_draws else []
        caption = (
            "Stable laws fitted to one draw's gradient noise across each layer's weights; bands: one standard error, "
            "as if the weights were independent (they are not: it is too small)."
        )
        if self._n_draws:
            caption += (
                f" Then one draw with each weight in units of its own standard deviation over {self._n_draws:,} draws, "
                "which leaves no mixture of scales; the draws of single weights, scaled and pooled; and the median "
                "over weights of the excess kurtosis over draws."
            )
        title = "Stable laws of the gradient noise along training"
        return FigureData(title, tuple(panels), caption, "one standard error (too small)", "y")

    def _panel(self, name: str, label: str, heading: str, ends: tuple[float, float] | None) -> Panel:
        curves = [self.curve(layer, name) for layer in self.layers()]
        kept = tuple(curve for curve in curves if curve is not None)
        return Panel(kept, "step", label, name, heading=heading, y_range=ends)
