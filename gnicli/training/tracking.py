"""The law of each layer's gradient noise along training: what `track=gradient_noise` measures."""

from __future__ import annotations

import math

import numpy as np
import torch

from gnicli.contracts import FigureData, Noise, Observer, Panel, Value
from gnicli.errors import GniError
from gnicli.gradients.injected import first_fresh, gradient_noise_source
from gnicli.stable import fit
from gnicli.training.layer_track import LayerTrack

COLUMNS = (
    "alpha", "alpha_stderr", "beta", "beta_stderr", "scale", "scale_stderr", "at_boundary", "skewness", "kurtosis", "n",
)  # fmt: skip


class GradientNoiseTrack(LayerTrack):
    """Measures the noise of draw 0 of the step to come about the mean of fresh draws, across the weights of a layer.

    The noise is divided by sqrt(1 + 1/n_mean), for the variance that the mean brings along. Layers are as in
    `gradients.injected`; biases and weights of dead units (noise exactly 0) are left out, and layers with fewer than 50
    others have no fit.
    """

    columns = COLUMNS

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
        self._draws = gradient_noise_source(module, loss, noise, M, seed, "track=gradient_noise")
        self._fresh = range(first_fresh(M), first_fresh(M) + n_mean)
        super().__init__(module, every, observer)

    def measure(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> list[dict[str, float]]:
        """See `LayerTrack.measure`."""
        self._draws.over(step, self._fresh, inputs, targets)
        means = [weight.grad.clone() for weight in self.weights if weight.grad is not None]
        self._draws.over(step, range(1), inputs, targets)
        factor = 1 / math.sqrt(1 + 1 / len(self._fresh))
        noises = [weight.grad for weight in self.weights if weight.grad is not None]
        pairs = zip(noises, means, strict=True)
        return [statistics(((noise - mean) * factor).reshape(-1).double().cpu().numpy()) for noise, mean in pairs]

    def values(self) -> dict[str, Value]:
        """The last measurement."""
        found = {}
        for layer in self.layers():
            last = self.last(layer)
            for name in ("alpha", "beta", "scale", "skewness", "kurtosis"):
                stderr = last.get(f"{name}_stderr", math.nan)
                if not math.isnan(last[name]):
                    error = None if math.isnan(stderr) else stderr
                    found[f"{name}/layer{layer}"] = Value(last[name], error, int(last["n"]))
        return found

    def notes(self) -> tuple[str, ...]:
        """How many of the fits lie at the boundary."""
        flags = np.array([self.of_layer(layer)[:, COLUMNS.index("at_boundary")] for layer in self.layers()])
        n_fits, n_boundary = int(np.isfinite(flags).sum()), int(np.nansum(flags))
        told = f"{n_boundary} of {n_fits} tracked fits lie at the boundary of the family: no errors there"
        return (told,) if n_boundary else ()

    def figure(self) -> FigureData:
        """alpha and beta of each layer along training, with bands of one standard error."""
        panels = []
        for name, label in (("alpha", "alpha (tail index)"), ("beta", "beta (skewness)")):
            curves = [self.curve(layer, name, f"{name}_stderr") for layer in self.layers()]
            panels.append(Panel(tuple(curve for curve in curves if curve is not None), "step", label))
        caption = (
            "Stable laws fitted to one draw's gradient noise across each layer's weights; bands: one standard error."
        )
        return FigureData("Gradient noise along training", tuple(panels), caption)


def statistics(values: np.ndarray) -> dict[str, float]:
    """COLUMNS by name for the entries that are not 0, those that are defined; empty where anything is not finite."""
    values = values[values != 0]
    found = {"n": float(values.size)}
    if not np.isfinite(values).all() or values.size < 2 or values.min() == values.max():
        return found
    centered = values - values.mean()
    centered /= math.sqrt(float(np.square(centered).mean()))
    found |= {"skewness": float((centered**3).mean()), "kurtosis": float((centered**4).mean()) - 3.0}
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
