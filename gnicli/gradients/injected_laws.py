"""The laws that are fitted to each layer's gradient noise in training: their families, and what is kept of the fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from gnicli.contracts.results import Value
from gnicli.errors import GniError
from gnicli.laws import Normal
from gnicli.stable import StableFit, StableLaw, fit_many
from gnicli.stable.fitting.search_problem import ALPHA_RANGE
from gnicli.stable.fitting.standardize import FEWEST

AT_BOUND = (
    f"at the parameter bound (alpha = 2 or {ALPHA_RANGE[0]:g}, |beta| = 1), where a parameter has no standard error"
)
COUNTS = ("fits", "at_boundary", "without_fit")
Found = tuple[np.ndarray, bool]  # a law's parameters, and whether it lies at the boundary of its family


class Family(Protocol):
    """A family of laws: how one is fitted to the noise of a layer, and how it is drawn from."""

    fewest: int  # weights that a layer must have
    n_parameters: int

    def fit(self, samples: Sequence[np.ndarray]) -> list[Found | None]:
        """The law of each layer; None for a layer that has none."""
        ...

    def draw(self, law: np.ndarray, n: int, stream: np.random.Generator) -> np.ndarray:
        """Draws of a law (parameters,), float64 (n,)."""
        ...


class NormalFamily:
    """The normal law: mean and standard deviation of the layer's noise."""

    fewest = 2
    n_parameters = 2

    def fit(self, samples: Sequence[np.ndarray]) -> list[Found | None]:
        """Maximum likelihood in closed form; the normal family has no boundary."""
        found: list[Found | None] = []
        for values in samples:
            spread = values.size >= self.fewest and values.min() < values.max()
            law = Normal.fit(values.astype(np.float64)) if spread else None
            found.append(None if law is None else (np.array([law.mean, law.std]), False))
        return found

    def draw(self, law: np.ndarray, n: int, stream: np.random.Generator) -> np.ndarray:
        """See `Family.draw`."""
        return Normal(law[0], law[1]).rvs(n, stream)


class StableFamily:
    """The stable law by maximum likelihood, kept in S0, which stays regular at alpha = 1."""

    fewest = FEWEST
    n_parameters = 4  # alpha, beta, loc, scale

    def fit(self, samples: Sequence[np.ndarray]) -> list[Found | None]:
        """All layers at once; one by one where one of them cannot be fitted."""
        try:
            fits: list[StableFit | None] = list(fit_many(list(samples), "S0", exact=False))
        except GniError:
            fits = [_fit_or_none(values) for values in samples]
        return [
            None if fit is None else (np.array([fit.alpha, fit.beta, fit.loc, fit.scale]), fit.at_boundary)
            for fit in fits
        ]

    def draw(self, law: np.ndarray, n: int, stream: np.random.Generator) -> np.ndarray:
        """See `Family.draw`."""
        alpha, beta, loc, scale = law.tolist()
        return StableLaw(alpha, beta, loc, scale, "S0").rvs(n, stream)


def _fit_or_none(values: np.ndarray) -> StableFit | None:
    try:
        return fit_many([values], "S0", exact=False)[0]
    except GniError:
        return None


class LayerLaws:
    """A law for each layer, fitted every so many steps, and the counts of the fits.

    Weights whose noise is exactly 0, those of dead units, are left out of the fit. A layer that cannot be fitted (too
    few others, no spread) has no law until the next fit, and is counted. `laws` has a row for each layer, NaN where
    there is no law; `ranges` the smallest and the largest value that each law was fitted to.
    """

    def __init__(self, family: Family, every: int) -> None:
        self.family = family
        self._every = every
        self.laws = np.empty((0, family.n_parameters))
        self.ranges = np.empty((0, 2))
        self._counts = np.empty((0, len(COUNTS)), np.int64)

    def begin(self, n_layers: int) -> None:
        """Begin without a law for any layer."""
        self.laws = np.full((n_layers, self.family.n_parameters), np.nan)
        self.ranges = np.full((n_layers, 2), np.nan)
        self._counts = np.zeros((n_layers, len(COUNTS)), np.int64)

    def is_due(self, step: int) -> bool:
        """Whether laws are fitted at this step."""
        return step % self._every == 0

    def has_law(self, index: int) -> bool:
        """Whether layer `index` (from 0) has a law."""
        return not np.isnan(self.laws[index, 0])

    def fit(self, noise: Sequence[np.ndarray]) -> None:
        """Fit the law of each layer to those of its values that are not 0."""
        samples = [values[values != 0] for values in noise]
        for index, found in enumerate(self.family.fit(samples)):
            self.laws[index] = np.nan if found is None else found[0]
            self.ranges[index] = np.nan if found is None else (samples[index].min(), samples[index].max())
            self._counts[index] += (found is not None, found is not None and found[1], found is None)

    def state(self) -> dict[str, np.ndarray]:
        """The last laws and the counts."""
        return {"laws": self.laws, "counts": self._counts}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self.laws, self._counts = arrays["laws"], arrays["counts"]

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
