"""A gradient to which a random combination of the deviations of several draws is added: noise with their covariance.

With the gradients g_1 … g_M of M draws, their mean ḡ, and random z_m with mean 0 and covariance (I − 11ᵀ/M)/M, the sum
Σ_m z_m (g_m − ḡ) has the covariance (1/M) Σ_m (g_m − ḡ)(g_m − ḡ)ᵀ, whose mean over the draws is that of the real noise
g_1 − ḡ. It is a sum of the draws' gradients, each with a weight, so it takes no further gradient: the objective's own
draws with other weights give objective and noise at once. (The matrix of the M deviations is a square root of their
covariance, and the z_m are coordinates in it.)

Unlike `gradients.injected`, it gives biases their noise from the same weights, so that all covariances are kept.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import torch

from gnicli.contracts.components import GradientFunction, NoisyNetwork, ValueAndGradients
from gnicli.errors import UsageError
from gnicli.gradients.coordinates import Coordinates
from gnicli.gradients.injected import StepNoise, require_wide
from gnicli.gradients.remembered import OfMaker
from gnicli.gradients.stages import learned, weight_tensors
from gnicli.seeding import numpy_stream


class CombinedGradient(OfMaker):
    """A `GradientFunction` that adds Σ_m z_m (g_m − ḡ) to another one's result, z from `coordinates`.

    The draws are the objective's own (mean="own") or as many fresh ones ("fresh"). A sum over own draws has 1 − 1/M of
    the variance of ∇L̃(ε), one over fresh draws 1 + 1/M: those of the real noise in `gradients.injected`.
    """

    def __init__(
        self, gradient: GradientFunction, network: NoisyNetwork, coordinates: Coordinates, *, name: str, mean: str
    ) -> None:
        """`mean` is "own" or "fresh". Raises `UsageError` where there is no such noise, or too few weights for it."""
        super().__init__(coordinates)
        self._noise = StepNoise(gradient, network, name=name, mean=mean)
        self._gradient, self._seed, self._M = gradient, network.seed, network.M
        self._coordinates = coordinates
        parameters = learned(network.module)
        layers = weight_tensors(parameters)
        if not layers:
            raise UsageError(f"inject={name} needs a layer, which is a parameter of two dimensions or more")
        require_wide(layers, coordinates.fewest, name)
        # A parameter that is no weight of a layer, a bias above all, belongs to the layer before it.
        n_before = np.cumsum([parameter.dim() > 1 for parameter in parameters])
        self._layer_of = np.maximum(n_before - 1, 0)
        coordinates.begin(len(layers))

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """The value of the objective without the added noise, and the gradients with it.

        The value is NaN where these are no longer finite.
        """
        noise = None
        if self._coordinates.is_due(step):
            value, gradients = self._gradient(step, inputs, targets)
            real = weight_tensors(self._noise(step, gradients, inputs, targets))
            noise = [each.reshape(-1).cpu().numpy() for each in real]
            if not all(np.isfinite(each).all() for each in noise):
                return value * torch.nan, gradients
        streams = functools.partial(numpy_stream, self._seed, "inject", step)
        rows = self._coordinates(step, self._M, noise, streams)[self._layer_of]
        if self._noise.fresh is None:
            value, gradients = self._noise.draws.over(step, range(self._M), inputs, targets, 1 / self._M + rows)
        else:
            value, gradients = self._gradient(step, inputs, targets)
            # Among M fresh draws the sum has (1 − 1/M) of the variance; the real noise has (1 + 1/M).
            rows = rows * math.sqrt((self._M + 1) / (self._M - 1))
            gradients = [each.clone() for each in gradients]
            _, added = self._noise.draws.over(step, self._noise.fresh, inputs, targets, rows)
            gradients = [each.add_(more) for each, more in zip(gradients, added, strict=True)]
        is_finite = all(bool(torch.isfinite(each).all()) for each in gradients)
        return (value if is_finite else value * torch.nan), gradients
