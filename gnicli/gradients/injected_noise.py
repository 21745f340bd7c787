"""The noise that is added in a step, made from its gradient noise: fitted draws, a permutation, or the noise itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from gnicli.contracts.results import Value
from gnicli.gradients.injected_laws import Family, LayerLaws
from gnicli.gradients.remembered import Nothing, Remembers
from gnicli.gradients.truncated import Truncation

Streams = Callable[[int], np.random.Generator]


class NoiseModel(Remembers, Protocol):
    """Makes the noise that is added from the gradient noise of a step."""

    fewest: int  # weights that a layer must have

    def begin(self, n_layers: int) -> None:
        """Called once, before the first step."""
        ...

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """The noise that is added to each layer (flat, as given); `streams(i)` is the generator of layer i, from 1."""
        ...


class Recorded(Nothing):
    """The noise as it is."""

    fewest = 1

    def begin(self, n_layers: int) -> None:
        """Prepare nothing: the noise needs no state."""

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """The noise itself."""
        return noise


class Shuffled(Recorded):
    """The noise of each layer, permuted among its weights."""

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """The same values in another order."""
        return [streams(layer).permutation(values) for layer, values in enumerate(noise, 1)]


class FittedDraws:
    """Fresh draws of a law that is fitted to each layer every so many steps (see `LayerLaws`).

    Weights whose noise is exactly 0 get none, nor does a layer without a law. With `truncate` the draws of a layer are
    limited to the range of the noise that its law was fitted to.
    """

    def __init__(self, family: Family, every: int = 1, truncate: bool = False) -> None:
        self._laws = LayerLaws(family, every)
        self._truncation = Truncation("draws were redrawn, so that they stay in the range of the layer's noise")
        self._truncate = truncate
        self.fewest = family.fewest

    def begin(self, n_layers: int) -> None:
        """Begin without a law for any layer."""
        self._laws.begin(n_layers)

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """Draws for the weights whose noise is not 0."""
        if self._laws.is_due(step):
            self._laws.fit(noise)
        drawn = []
        for index, values in enumerate(noise):
            out, alive = np.zeros_like(values), values != 0
            if self._laws.has_law(index):
                with np.errstate(
                    over="ignore"
                ):  # a draw beyond float32 becomes infinite: the run diverges, and says so
                    out[alive] = self._draws(index, int(alive.sum()), streams(index + 1))
            drawn.append(out)
        return drawn

    def _draws(self, index: int, n: int, stream: np.random.Generator) -> np.ndarray:
        law, family = self._laws.laws[index], self._laws.family
        if not self._truncate:
            return family.draw(law, n, stream)
        low, high = self._laws.ranges[index].tolist()
        return self._truncation(lambda n_more: family.draw(law, n_more, stream), n, low, high)

    def state(self) -> dict[str, np.ndarray]:
        """The last laws and the counts, and where draws are limited, to what and how many were."""
        limits = {"ranges": self._laws.ranges, **self._truncation.state()} if self._truncate else {}
        return self._laws.state() | limits

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self._laws.restore(arrays)
        if self._truncate:
            self._laws.ranges = arrays["ranges"]
            self._truncation.restore(arrays)

    def values(self) -> dict[str, Value]:
        """The counts of the fits, and of the limited draws."""
        return self._laws.values() | (self._truncation.values() if self._truncate else {})

    def warnings(self) -> tuple[str, ...]:
        """Sentences on fits at the parameter bound, on failed fits and on the limit."""
        return (*self._laws.warnings(), *(self._truncation.warnings() if self._truncate else ()))
