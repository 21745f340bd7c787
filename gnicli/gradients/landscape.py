"""The loss of a network as a function of its weights: many sets of weights at once, so that chains run on it.

Weights are columns w (d, n) in float64, d of the module's parameters in their order. All columns go through the network
together (`torch.func.vmap` over the weights), a chunk at a time to bound the memory. `Landscape` is a potential, with
the same draws of the noise for all; `FreshGradients` are those of training, with draws of its own for each column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


class _FlatNetwork:
    """A network with its batch, as a function of one column of weights (d,) and of the noise in each noise layer."""

    def __init__(self, network: NoisyNetwork, inputs: torch.Tensor, targets: torch.Tensor, draws: int) -> None:
        self.stages, self._loss = stages_of(network.module, "potential=network"), losses.get(network.loss)
        self._shapes = [[(name, p.shape) for name, p in stage.named_parameters()] for stage in self.stages]
        self.dimension = sum(parameter.numel() for parameter in learned(network.module))
        self.stds = network.noise.stds(len(self.stages))
        self._multiply = network.noise.operation == "multiply"
        self._inputs = inputs.repeat(draws, *[1] * (inputs.dim() - 1))
        outputs = network.module(inputs[:1]).shape[1]
        self._targets = self._loss.prepare(targets.repeat(draws, *[1] * (targets.dim() - 1)), outputs, inputs.dtype)
        widest = max(self._inputs[0].numel(), *(shape[0] for stage in self._shapes for _, shape in stage))
        self.chunk = max(1, _CHUNK // (len(self._inputs) * widest))

    def layers(self) -> np.ndarray:
        """The number of the layer, from 1, that each weight belongs to (d,); a bias belongs to the layer it is in."""
        sizes = [sum(shape.numel() for _, shape in stage) for stage in self._shapes]
        return np.repeat(np.arange(1, len(sizes) + 1), sizes)

    def loss(self, w: torch.Tensor, noises: Sequence[torch.Tensor | None]) -> torch.Tensor:
        """The loss of one set of weights (d,), with ε of all draws in each noise layer, or None where there is none."""
        values, first = self._inputs, 0
        for stage, shapes, noise in zip(self.stages, self._shapes, noises, strict=True):
            if noise is not None:
                values = values * noise if self._multiply else values + noise
            weights = {}
            for name, shape in shapes:
                weights[name] = w[first : first + shape.numel()].reshape(shape)
                first += shape.numel()
            values = functional_call(stage, weights, (values,))
        return self._loss.mean(values, self._targets)


class Landscape:
    """f(w) = (1/M) Σ_m L̃(D; w, ε_m), a `components.Potential`: the full-batch loss, or its mean over M fixed draws.

    The draws are those of step 0 of `NoisyGradient`: f is the objective of `gni train` at that step. `layers` (d,) are
    the numbers of the layers, from 1, that the weights belong to; a bias belongs to the layer that it is in.
    """

    name = "network"
    coefficients = None

    def __init__(self, network: NoisyNetwork, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        noise = network.noise
        noisy = any(std > 0 for std in noise.stds(len(stages_of(network.module, "potential=network"))))
        draws = network.M if noisy else 1  # without noise all draws are alike
        self._network = _FlatNetwork(network, inputs, targets, draws)
        self.dimension, self.layers = self._network.dimension, self._network.layers()
        stream = NoiseStream(noise, self._network.stds, network.seed, inputs.device)
        self._noise = _draws(stream, self._network.stages, inputs, 0, range(draws))
        self._values = vmap(self._one, in_dims=1, chunk_size=self._network.chunk)
        self._gradients = vmap(grad_and_value(self._one), in_dims=1, out_dims=(1, 0), chunk_size=self._network.chunk)

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
        return self._network.loss(w, self._noise)


class FreshGradients:
    """∇L̃_M(D; w, ε) with fresh draws ε in every step and for every column: the gradients of training (4.5).

    Column c of step k takes the draws c·M', …, c·M' + M − 1 of that step, M' being M made even, so that mirrored pairs
    stay together. So the first column has the gradients of `gni train` with the same seed, M and full batch.
    """

    def __init__(self, network: NoisyNetwork, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        self._network = _FlatNetwork(network, inputs, targets, network.M)
        self._stream = NoiseStream(network.noise, self._network.stds, network.seed, inputs.device)
        self._inputs, self._M = inputs, network.M
        noisy = tuple(1 if std <= 0 else 0 for std in self._network.stds)
        if all(noisy):
            raise UsageError(
                "fresh draws need noise in the activations; take potential.noise=add or potential.noise=mult"
            )
        in_dims = (1, tuple(None if silent else 0 for silent in noisy))
        self._gradients = vmap(
            grad_and_value(self._network.loss), in_dims=in_dims, out_dims=(1, 0), chunk_size=self._network.chunk
        )

    @property
    def stride(self) -> int:
        """M', the draws that stand between the first ones of two columns."""
        return self._M + self._M % 2

    def __call__(self, step: int, w: np.ndarray, columns: Iterable[int]) -> np.ndarray:
        """The gradients (d, n) at weights (d, n), whose numbers (n,) are `columns`."""
        numbers = list(columns)
        draws = [column * self.stride + m for column in numbers for m in range(self._M)]
        noises = _draws(self._stream, self._network.stages, self._inputs, step, draws)
        rows = self._M * len(self._inputs)
        parts = tuple(None if each is None else each.reshape(len(numbers), rows, *each.shape[1:]) for each in noises)
        return self._gradients(torch.from_numpy(np.ascontiguousarray(w)), parts)[0].numpy()


def weights_of(module: torch.nn.Module) -> np.ndarray:
    """The learned weights of a module as one column (d,), float64."""
    return np.concatenate([p.detach().double().numpy().ravel() for p in learned(module)])


@torch.no_grad()
def _draws(
    stream: NoiseStream, stages: list[torch.nn.Module], inputs: torch.Tensor, step: int, draws: Sequence[int]
) -> list[torch.Tensor | None]:
    """ε of each noise layer, one draw after another: (draws · n, *features), or None without noise."""
    stream.open(step, draws)
    found: list[torch.Tensor | None] = []
    values = inputs
    for layer, stage in enumerate(stages):
        if stream.stds[layer] > 0:
            pieces = [Piece(draw, 0, len(inputs)) for draw in draws]
            found.append(stream.fill(pieces, layer, values.new_empty(len(draws) * len(inputs), *values.shape[1:])))
        else:
            found.append(None)
        values = stage(values)
    return found
