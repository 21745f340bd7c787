"""The coordinates in which noise is drawn that has the covariance of several draws: normal ones, or stable ones.

For M draws they are M numbers z with Σ z = 0, where each z would have variance 1/M and any two of them covariance
−1/M² if they were normal; see `gradients.combined`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from gnicli.contracts.results import Value
from gnicli.gradients.injected_laws import LayerLaws, StableFamily
from gnicli.gradients.remembered import Nothing, Remembers
from gnicli.gradients.truncated import Truncation
from gnicli.stable import StableLaw

Streams = Callable[[int], np.random.Generator]
_JOINT = 0  # the stream that all layers share; those of single layers begin at 1


class Coordinates(Remembers, Protocol):
    """Draws the coordinates of a step."""

    fewest: int  # weights that a layer must have

    def begin(self, n_layers: int) -> None:
        """Called once, before the first step."""
        ...

    def is_due(self, step: int) -> bool:
        """Whether this step needs the real noise of the layers."""
        ...

    def __call__(self, step: int, M: int, noise: list[np.ndarray] | None, streams: Streams) -> np.ndarray:
        """The coordinates (layers, M); `noise` is flat, and None where it is not due."""
        ...


class NormalCoordinates(Nothing):
    """Centered normal draws of fixed length sqrt(1 − 1/M), the same for all layers.

    With the mean of M draws they make Σ c_m g_m with Σ c = 1 and Σ c² = 1, as the gradient of one draw is
    (c = 1, 0, 0, …). So where the g_m are normal the sum has exactly their law, for every M; a length that varies
    would make a mixture of scales of it, with an excess kurtosis of 6/(M − 1). Where they are not, the sum is closer to
    normal than they are: its fourth cumulant is about 3/M of theirs.
    """

    fewest = 1

    def __init__(self) -> None:
        self._n_layers = 0

    def begin(self, n_layers: int) -> None:
        """Keep the number of layers."""
        self._n_layers = n_layers

    def is_due(self, step: int) -> bool:
        """Never: nothing is fitted."""
        return False

    def __call__(self, step: int, M: int, noise: list[np.ndarray] | None, streams: Streams) -> np.ndarray:
        """See `Coordinates.__call__`."""
        z = streams(_JOINT).standard_normal(M)
        z -= z.mean()
        z *= math.sqrt((1 - 1 / M) / float(z @ z))
        return np.tile(z, (self._n_layers, 1))


class StableCoordinates:
    """Stable draws in place of the normal ones: alpha and beta are those fitted to the noise of the layer.

    A sum of stable draws is stable with the same alpha, so each weight's noise is, and the scales of the weights and
    how they depend on one another come from the deviations. The scale is that which makes the draws normal of variance
    1/M at alpha = 2; a location would cancel. All layers use the same random numbers, so what is extreme in one is
    extreme in the others too. With `truncate` no z is beyond ±1 before it is centered, the coordinate that a draw has
    in its own deviation: no deviation is added more than once.
    """

    def __init__(self, every: int = 1, truncate: bool = False) -> None:
        self._laws = LayerLaws(StableFamily(), every)
        self._truncation = Truncation("coordinates were redrawn, so that no deviation is added more than once")
        self._truncate = truncate
        self.fewest = StableFamily.fewest

    def begin(self, n_layers: int) -> None:
        """Begin without a law for any layer."""
        self._laws.begin(n_layers)

    def is_due(self, step: int) -> bool:
        """Where laws are fitted."""
        return self._laws.is_due(step)

    def __call__(self, step: int, M: int, noise: list[np.ndarray] | None, streams: Streams) -> np.ndarray:
        """See `Coordinates.__call__`; 0 in a layer without a law."""
        if noise is not None:
            self._laws.fit(noise)
        found = np.zeros((len(self._laws.laws), M))
        for index, (alpha, beta, *_) in enumerate(self._laws.laws.tolist()):
            if self._laws.has_law(index):
                found[index] = self._draws(StableLaw(alpha, beta, 0.0, math.sqrt(0.5 / M), "S0"), M, streams(_JOINT))
                found[index] -= found[index].mean()
        return found

    def _draws(self, law: StableLaw, M: int, stream: np.random.Generator) -> np.ndarray:
        if not self._truncate:
            return law.rvs(M, stream)
        return self._truncation(lambda n: law.rvs(n, stream), M, -1.0, 1.0)

    def state(self) -> dict[str, np.ndarray]:
        """The last laws and the counts."""
        return self._laws.state() | (self._truncation.state() if self._truncate else {})

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self._laws.restore(arrays)
        if self._truncate:
            self._truncation.restore(arrays)

    def values(self) -> dict[str, Value]:
        """The counts of the fits, and of the limited coordinates."""
        return self._laws.values() | (self._truncation.values() if self._truncate else {})

    def warnings(self) -> tuple[str, ...]:
        """Sentences on fits at the parameter bound, on failed fits and on the limit."""
        return (*self._laws.warnings(), *(self._truncation.warnings() if self._truncate else ()))
