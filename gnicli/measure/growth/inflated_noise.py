"""Importance sampling on a network: all its injected noise drawn with a larger standard deviation, and weighted back.

With the factor s the weight of a draw of d numbers is s^d exp(−(s² − 1)|z|²/2), z standard normal: the larger d, the
more unequal the weights are, and the fewer draws are effective.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch

from gnicli.contracts.components import Noise


class Inflated:
    """A `Noise` whose deviations from the mean are `factor` times as large; remembers the weight of all it filled."""

    antithetic = False  # pairs are not independent, and errors take independent draws for granted

    def __init__(self, noise: Noise, factor: float) -> None:
        self.name, self._noise, self._factor = noise.name, noise, factor
        self._mean = 1.0 if noise.operation == "multiply" else 0.0
        self._filled: list[float] = []

    @property
    def operation(self) -> Literal["none", "add", "multiply"]:
        """That of the noise it inflates."""
        return self._noise.operation

    def stds(self, n_layers: int) -> tuple[float, ...]:
        """Larger by the factor."""
        return tuple(self._factor * std for std in self._noise.stds(n_layers))

    def fill(self, out: torch.Tensor, std: float, generator: torch.Generator) -> torch.Tensor:
        """See `contracts.components.Noise.fill`."""
        self._noise.fill(out, std, generator)
        self._filled.append(float(self.row_log_weights(out.reshape(1, -1), std)[0]))
        return out

    def row_log_weights(self, epsilon: torch.Tensor, std: float) -> np.ndarray:
        """log-weights (n,) of rows of noise (n, …) that were drawn with the (inflated) standard deviation `std`."""
        z = (epsilon.double().flatten(1) - self._mean) / std
        square = z.square().sum(dim=1).cpu().numpy()
        found: np.ndarray = z.shape[1] * math.log(self._factor) - 0.5 * (self._factor**2 - 1) * square
        return found

    def taken(self) -> float:
        """The log-weight of everything filled since the last call."""
        total = math.fsum(self._filled)
        self._filled.clear()
        return total
