"""The noise that is added in a step, made from its gradient noise: fitted draws, a permutation, or the noise itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from gnicli.contracts.results import Value
from gnicli.errors import GniError
from gnicli.laws import Normal
from gnicli.stable import StableFit, StableLaw, fit_many
from gnicli.stable.fitting.standardize import FEWEST

Streams = Callable[[int], np.random.Generator]
AT_BOUND = "at the parameter bound (alpha = 2 or 0.5, |beta| = 1), where a parameter has no standard error"
COUNTS = ("fits", "at_boundary", "without_fit")


class NoiseModel(Protocol):
    """Makes the noise that is added from the gradient noise of a step."""

    fewest: int  # weights that a layer must have

    def begin(self, n_layers: int) -> None:
        """Called once, before the first step."""
        ...

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """The noise that is added to each layer (flat, as given); `streams(i)` is the generator of layer i, from 1."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """The state on which later steps depend, as arrays."""
        ...

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        ...

    def values(self) -> dict[str, Value]:
        """Headline values."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """Sentences for the report."""
        ...


class Recorded:
    """The noise as it is."""

    fewest = 1

    def begin(self, n_layers: int) -> None:
        """Prepare nothing: the noise needs no state."""

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """The noise itself."""
        return noise

    def state(self) -> dict[str, np.ndarray]:
        """No state: an empty mapping."""
        return {}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore nothing."""

    def values(self) -> dict[str, Value]:
        """No values: nothing is fitted."""
        return {}

    def warnings(self) -> tuple[str, ...]:
        """No sentence: nothing is fitted."""
        return ()


class Shuffled(Recorded):
    """The noise of each layer, permuted among its weights."""

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """The same values in another order."""
        return [streams(layer).permutation(values) for layer, values in enumerate(noise, 1)]


class FittedDraws:
    """Fresh draws of a law that is fitted to each layer every so many steps.

    Weights whose noise is exactly 0, those of dead units, are left out of the fit and get no noise. A layer that
    cannot be fitted (too few others, no spread) gets none until the next fit, and is counted.
    """

    fewest = 2
    n_parameters = 2

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._laws = np.empty((0, self.n_parameters))  # NaN where there is none
        self._counts = np.empty((0, len(COUNTS)), np.int64)

    def fit(self, samples: list[np.ndarray]) -> list[tuple[np.ndarray, bool] | None]:
        """For each layer the law's parameters and whether it lies at the boundary of its family; None without one."""
        raise NotImplementedError

    def draw(self, law: np.ndarray, n: int, stream: np.random.Generator) -> np.ndarray:
        """Draws of the law."""
        raise NotImplementedError

    def begin(self, n_layers: int) -> None:
        """Begin without a law for any layer."""
        self._laws = np.full((n_layers, self.n_parameters), np.nan)
        self._counts = np.zeros((n_layers, len(COUNTS)), np.int64)

    def __call__(self, step: int, noise: list[np.ndarray], streams: Streams) -> list[np.ndarray]:
        """Draws for the weights whose noise is not 0."""
        alive = [values != 0 for values in noise]
        if step % self._every == 0:
            self._fit([values[mask] for values, mask in zip(noise, alive, strict=True)])
        drawn = []
        for index, (values, mask) in enumerate(zip(noise, alive, strict=True)):
            out = np.zeros_like(values)
            if not np.isnan(self._laws[index, 0]):
                with np.errstate(
                    over="ignore"
                ):  # a draw beyond float32 becomes infinite: the run diverges, and says so
                    out[mask] = self.draw(self._laws[index], int(mask.sum()), streams(index + 1))
            drawn.append(out)
        return drawn

    def _fit(self, samples: list[np.ndarray]) -> None:
        for index, found in enumerate(self.fit(samples)):
            self._laws[index] = np.nan if found is None else found[0]
            self._counts[index] += (found is not None, found is not None and found[1], found is None)

    def state(self) -> dict[str, np.ndarray]:
        """The last laws and the counts."""
        return {"laws": self._laws, "counts": self._counts}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self._laws, self._counts = arrays["laws"], arrays["counts"]

    def values(self) -> dict[str, Value]:
        """How many fits there were, at the boundary too, over all layers and in each."""
        total = self._counts.sum(axis=0).tolist()
        found = {f"inject_{name}": Value(float(n), unit="fit") for name, n in zip(COUNTS, total, strict=True)}
        for layer, count in enumerate(self._counts[:, 1].tolist(), 1):
            found[f"inject_at_boundary/layer{layer}"] = Value(float(count), unit="fit")
        return found

    def warnings(self) -> tuple[str, ...]:
        """Sentences on fits at the parameter bound and on failed fits."""
        fits, boundary, without = self._counts.sum(axis=0).tolist()
        where = ", ".join(f"layer {n}: {c}" for n, c in enumerate(self._counts[:, 1].tolist(), 1) if c)
        said = []
        if boundary:
            said.append(f"{boundary} of {fits} fits ({where}) are {AT_BOUND}")
        if without:
            said.append(f"{without} fits of a layer's noise failed; no noise was added to the layer there")
        return tuple(said)


class GaussianDraws(FittedDraws):
    """The normal law: mean and standard deviation of the layer's noise."""

    def fit(self, samples: list[np.ndarray]) -> list[tuple[np.ndarray, bool] | None]:
        """Maximum likelihood in closed form; the normal family has no boundary."""
        found: list[tuple[np.ndarray, bool] | None] = []
        for values in samples:
            spread = values.size >= self.fewest and values.min() < values.max()
            law = Normal.fit(values.astype(np.float64)) if spread else None
            found.append(None if law is None else (np.array([law.mean, law.std]), False))
        return found

    def draw(self, law: np.ndarray, n: int, stream: np.random.Generator) -> np.ndarray:
        """Draws of the normal law."""
        return Normal(law[0], law[1]).rvs(n, stream)


class StableDraws(FittedDraws):
    """The stable law by maximum likelihood, kept in S0, which stays regular at alpha = 1."""

    fewest = FEWEST
    n_parameters = 4

    def fit(self, samples: list[np.ndarray]) -> list[tuple[np.ndarray, bool] | None]:
        """All layers at once; one by one where one of them cannot be fitted."""
        try:
            fits: list[StableFit | None] = list(fit_many(samples, "S0", exact=False))
        except GniError:
            fits = [_fit_or_none(values) for values in samples]
        return [
            None if fit is None else (np.array([fit.alpha, fit.beta, fit.loc, fit.scale]), fit.at_boundary)
            for fit in fits
        ]

    def draw(self, law: np.ndarray, n: int, stream: np.random.Generator) -> np.ndarray:
        """Draws of S0(alpha, beta, loc, scale)."""
        alpha, beta, loc, scale = law.tolist()
        return StableLaw(alpha, beta, loc, scale, "S0").rvs(n, stream)


def _fit_or_none(values: np.ndarray) -> StableFit | None:
    try:
        return fit_many([values], "S0", exact=False)[0]
    except GniError:
        return None
