"""A gradient to which noise is added: that of one draw itself, or something made from it (figure 4 of the paper).

The gradient noise of a step is that of the objective's draw 0, ∇E_L = ∇L̃(ε_0) − mean, with the mean over the
objective's own M draws or over M fresh ones (3.2). Over its own draws the noise has 1 − 1/M of the variance of ∇L̃(ε),
just what the mean of M draws lacks of it, so both together have the variance of M = 1; over fresh ones it has 1 + 1/M.

A layer is a weight tensor (two dimensions or more), in the order of the module's parameters, from 1. Biases take their
real noise whatever is injected into the weights: the choices of `inject=` differ in the weight matrices alone.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import torch

from gnicli.contracts.components import GradientFunction, NoisyNetwork
from gnicli.contracts.results import Value
from gnicli.errors import UsageError
from gnicli.gradients.injected_noise import NoiseModel
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.stages import learned, stages_of
from gnicli.seeding import numpy_stream


def gradient_noise_source(network: NoisyNetwork, key: str) -> NoisyGradient:
    """Draws of ∇L̃(ε); `UsageError` naming `key` where there is no noise to look at."""
    if not any(std > 0 for std in network.noise.stds(len(stages_of(network.module)))):
        raise UsageError(f"{key} needs noise in the activations; choose noise=add or noise=mult")
    return NoisyGradient(network)


def first_fresh(M: int) -> int:
    """The first draw that is independent of draws 0 … M − 1, mirrored pairs (`noise.antithetic`) included."""
    return M + M % 2


class InjectedGradient:
    """A `GradientFunction` that adds what `model` makes of the gradient noise to another one's result."""

    def __init__(
        self, gradient: GradientFunction, network: NoisyNetwork, model: NoiseModel, *, name: str, mean: str
    ) -> None:
        """`mean` is "own" or "fresh". Raises `UsageError` where there is no such noise, or too few weights for it."""
        self._draws = gradient_noise_source(network, f"inject={name}")
        M = network.M
        if M < 2:
            raise UsageError(f"inject={name} needs M >= 2, got M={M}: the noise is that of one draw about a mean")
        if mean == "own" and not (isinstance(gradient, NoisyGradient) and gradient.M == M):
            raise UsageError("inject.mean=own needs objective=noisy; use inject.mean=fresh")
        self._gradient, self._seed, self._model = gradient, network.seed, model
        self._fresh = range(first_fresh(M), first_fresh(M) + M) if mean == "fresh" else None
        self._parameters = learned(network.module)
        self._kept = [torch.empty_like(parameter) for parameter in self._parameters]
        self.layers = [index for index, parameter in enumerate(self._parameters) if parameter.dim() > 1]
        for layer, index in enumerate(self.layers, 1):
            size = self._parameters[index].numel()
            if size < model.fewest:
                raise UsageError(
                    f"inject={name} needs {model.fewest} weights in each layer, and layer {layer} has {size}; "
                    "use a wider network"
                )
        model.begin(len(self.layers))

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Overwrite every `.grad`; return the value of the objective without the injected noise.

        The value is NaN where the gradient noise is no longer finite.
        """
        value = self._gradient(step, inputs, targets)
        for kept, gradient in zip(self._kept, self._gradients(), strict=True):
            kept.copy_(gradient)
        if not self._measure(step, inputs, targets):
            return value * torch.nan
        noises = [self._gradients()[index] for index in self.layers]
        values = [noise.reshape(-1).cpu().numpy() for noise in noises]
        streams = functools.partial(numpy_stream, self._seed, "inject", step)
        for noise, injected in zip(noises, self._model(step, values, streams), strict=True):
            noise.copy_(torch.from_numpy(injected).reshape(noise.shape))
        for kept, gradient in zip(self._kept, self._gradients(), strict=True):
            gradient.add_(kept)
        return value

    def _gradients(self) -> list[torch.Tensor]:
        return [parameter.grad for parameter in self._parameters if parameter.grad is not None]

    def _measure(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> bool:
        """Leave the gradient noise in every `.grad`; returns whether all of it is finite."""
        means = self._kept
        if self._fresh is not None:
            self._draws.over(step, self._fresh, inputs, targets)
            means = [gradient.clone() for gradient in self._gradients()]
        self._draws.over(step, range(1), inputs, targets)
        for gradient, mean in zip(self._gradients(), means, strict=True):
            gradient.sub_(mean)
        return all(bool(torch.isfinite(gradient).all()) for gradient in self._gradients())

    def state(self) -> dict[str, np.ndarray]:
        """What a run that goes on needs besides the weights."""
        return {f"inject/{name}": array for name, array in self._model.state().items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self._model.restore({name: np.array(arrays[f"inject/{name}"]) for name in self._model.state()})

    def values(self) -> dict[str, Value]:
        """What became of the fits, for the results."""
        return self._model.values()

    def notes(self) -> tuple[str, ...]:
        """Sentences for the report."""
        return self._model.notes()
