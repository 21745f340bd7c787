"""The loss of a network as a potential: many sets of weights at once, so that chains of the model (4.3) run on it.

Weights are columns w (d, n) in float64, d of the module's parameters in their order. All columns go through the network
together (`torch.func.vmap` over the weights), a chunk at a time to bound the memory.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.func import functional_call, grad_and_value, vmap

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients import losses
from gnicli.gradients.stages import learned, stages_of
from gnicli.gradients.streams import NoiseStream, Piece
from gnicli.potential import runge_kutta

_CHUNK = 2**22  # numbers in the activations of a layer, for all columns of a chunk


class Landscape:
    """f(w) = (1/M) Σ_m L̃(D; w, ε_m), a `components.Potential`: the full-batch loss, or its mean over M fixed draws.

    The draws are those of step 0 of `NoisyGradient`: f is the objective of `gni train` at that step.
    """

    name = "network"
    coefficients = None

    def __init__(self, network: NoisyNetwork, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        module, noise = network.module, network.noise
        self._stages, self._loss = stages_of(module, "potential=network"), losses.get(network.loss)
        self._shapes = [[(name, p.shape) for name, p in stage.named_parameters()] for stage in self._stages]
        self.dimension = sum(parameter.numel() for parameter in learned(module))
        stds = noise.stds(len(self._stages))
        draws = network.M if any(std > 0 for std in stds) else 1  # without noise all draws are alike
        self._multiply = noise.operation == "multiply"
        self._noise = _draws(NoiseStream(noise, stds, network.seed, inputs.device), self._stages, inputs, draws)
        self._inputs = inputs.repeat(draws, *[1] * (inputs.dim() - 1))
        outputs = module(inputs[:1]).shape[1]
        self._targets = self._loss.prepare(targets.repeat(draws, *[1] * (targets.dim() - 1)), outputs, inputs.dtype)
        widest = max(self._inputs[0].numel(), *(shape[0] for stage in self._shapes for _, shape in stage))
        chunk = max(1, _CHUNK // (len(self._inputs) * widest))
        self._values = vmap(self._one, in_dims=1, chunk_size=chunk)
        self._gradients = vmap(grad_and_value(self._one), in_dims=1, out_dims=(1, 0), chunk_size=chunk)

    def value(self, w: np.ndarray) -> np.ndarray:
        """f of weights (d, n): (n,)."""
        with torch.no_grad():
            return self._values(torch.from_numpy(np.ascontiguousarray(w))).numpy()

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """∇f of weights (d, n): (d, n)."""
        return self._gradients(torch.from_numpy(np.ascontiguousarray(w)))[0].numpy()

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Runge-Kutta sub-steps of order 4, for each column as many as it needs."""
        return runge_kutta.flow(self.gradient, w, time)

    def minima(self) -> np.ndarray:
        """Raise `UsageError`: the minima are not known."""
        raise UsageError("the minima of potential=network are not known; leave start out, or give another one")

    def saddles(self) -> np.ndarray:
        """Raise `UsageError`: the saddles are not known."""
        return self.minima()

    def _one(self, w: torch.Tensor) -> torch.Tensor:
        """f of one set of weights (d,)."""
        values, first = self._inputs, 0
        for stage, shapes, noise in zip(self._stages, self._shapes, self._noise, strict=True):
            if noise is not None:
                values = values * noise if self._multiply else values + noise
            weights = {}
            for name, shape in shapes:
                weights[name] = w[first : first + shape.numel()].reshape(shape)
                first += shape.numel()
            values = functional_call(stage, weights, (values,))
        return self._loss.mean(values, self._targets)


def weights_of(module: torch.nn.Module) -> np.ndarray:
    """The learned weights of a module as one column (d,), float64."""
    return np.concatenate([p.detach().double().numpy().ravel() for p in learned(module)])


@torch.no_grad()
def _draws(
    stream: NoiseStream, stages: list[torch.nn.Module], inputs: torch.Tensor, draws: int
) -> list[torch.Tensor | None]:
    """ε of each noise layer, one draw after another: (draws · n, *features), or None without noise."""
    stream.open(0, range(draws))
    found: list[torch.Tensor | None] = []
    values = inputs
    for layer, stage in enumerate(stages):
        if stream.stds[layer] > 0:
            pieces = [Piece(draw, 0, len(inputs)) for draw in range(draws)]
            found.append(stream.fill(pieces, layer, values.new_empty(draws * len(inputs), *values.shape[1:])))
        else:
            found.append(None)
        values = stage(values)
    return found
