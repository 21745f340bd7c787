"""A gradient to which noise is added: that of one draw itself, or something made from it (figure 4 of the paper).

The gradient noise of a step is that of the objective's draw 0, ∇E_L = ∇L̃(ε_0) − mean, with the mean over the
objective's own M draws or over M fresh ones (3.2). Over its own draws the noise has 1 − 1/M of the variance of ∇L̃(ε),
just what the mean of M draws lacks of it, so both together have the variance of M = 1; over fresh ones it has 1 + 1/M.

Layers are those of `gradients.stages.weight_tensors`. Biases take their
real noise whatever is injected into the weights: these choices of `inject=` differ in the weight matrices alone.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch

from gnicli.contracts.components import GradientFunction, NoisyNetwork, ValueAndGradients
from gnicli.errors import UsageError
from gnicli.gradients.injected_noise import NoiseModel
from gnicli.gradients.noise_layers import noise_layers
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.remembered import OfMaker
from gnicli.gradients.stages import learned, weight_tensors
from gnicli.seeding import numpy_stream


def gradient_noise_source(network: NoisyNetwork, key: str) -> NoisyGradient:
    """Draws of ∇L̃(ε); `UsageError` naming `key` where there is no noise to look at."""
    if not any(std > 0 for std in network.noise.stds(len(noise_layers(network.module, network.layers)))):
        raise UsageError(f"{key} needs noise in the activations; choose noise=add or noise=mult")
    return NoisyGradient(network)


def first_fresh(M: int) -> int:
    """The first draw that is independent of draws 0 … M − 1, mirrored pairs (`noise.antithetic`) included."""
    return M + M % 2


class StepNoise:
    """The gradient noise of draw 0 of a step, about the mean of the objective's own M draws or of M fresh ones.

    `fresh` are the fresh draws, or None where the mean is over the own ones; `draws` gives the gradient of any draws.
    """

    def __init__(self, gradient: GradientFunction, network: NoisyNetwork, *, name: str, mean: str) -> None:
        """`mean` is "own" or "fresh"; `name` is the injection that an error names where there is no such noise."""
        self.draws = gradient_noise_source(network, f"inject={name}")
        M = network.M
        if M < 2:
            raise UsageError(f"inject={name} needs M >= 2, got M={M}: the noise is that of one draw about a mean")
        if mean == "own" and not (isinstance(gradient, NoisyGradient) and gradient.M == M):
            raise UsageError("inject.mean=own needs objective=noisy; use inject.mean=fresh")
        self.fresh = range(first_fresh(M), first_fresh(M) + M) if mean == "fresh" else None

    def __call__(
        self, step: int, means: list[torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor
    ) -> list[torch.Tensor]:
        """The noise in each parameter; `means` are the gradients over the own draws. Its memory is used again."""
        if self.fresh is not None:
            _, fresh = self.draws.over(step, self.fresh, inputs, targets)
            means = [mean.clone() for mean in fresh]
        _, noises = self.draws.over(step, range(1), inputs, targets)
        return [noise.sub_(mean) for noise, mean in zip(noises, means, strict=True)]


def require_wide(layers: Sequence[torch.Tensor], fewest: int, name: str) -> None:
    """Raise `UsageError` where a layer has fewer weights than a fit needs."""
    for layer, weight in enumerate(layers, 1):
        if weight.numel() < fewest:
            raise UsageError(
                f"inject={name} needs {fewest} weights in each layer, and layer {layer} has {weight.numel()}; "
                "use a wider network"
            )


class InjectedGradient(OfMaker):
    """A `GradientFunction` that adds what `model` makes of the gradient noise to another one's result."""

    def __init__(
        self, gradient: GradientFunction, network: NoisyNetwork, model: NoiseModel, *, name: str, mean: str
    ) -> None:
        """`mean` is "own" or "fresh". Raises `UsageError` where there is no such noise, or too few weights for it."""
        super().__init__(model)
        self._noise = StepNoise(gradient, network, name=name, mean=mean)
        self._gradient, self._seed, self._model = gradient, network.seed, model
        layers = weight_tensors(learned(network.module))
        require_wide(layers, model.fewest, name)
        model.begin(len(layers))

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """The value of the objective without the injected noise, and the gradients with it.

        The value is NaN where the gradient noise is no longer finite.
        """
        value, gradients = self._gradient(step, inputs, targets)
        noises = self._noise(step, gradients, inputs, targets)
        if not all(bool(torch.isfinite(noise).all()) for noise in noises):
            return value * torch.nan, gradients
        of_layers = weight_tensors(noises)
        values = [noise.reshape(-1).cpu().numpy() for noise in of_layers]
        streams = functools.partial(numpy_stream, self._seed, "inject", step)
        for noise, injected in zip(of_layers, self._model(step, values, streams), strict=True):
            noise.copy_(torch.from_numpy(injected).reshape(noise.shape))
        return value, [noise.add_(gradient) for noise, gradient in zip(noises, gradients, strict=True)]
