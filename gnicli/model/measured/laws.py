"""The laws of the gradient noise of each layer, measured at weights of a network: what the models take for noise.

A step of training is w − η ∇L̃(w, ε) = w − η ∇f(w) + η U, with the gradient noise U = ∇f(w) − ∇L̃(w, ε) (4.2). A model
takes the coordinates of U for independent draws of the law of their layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gnicli.errors import GniError
from gnicli.stable import StableFit, fit_many
from gnicli.stable.fitting.standardize import FEWEST

# (step, weights (d, n), numbers of their columns) → gradients (d, n), each with fresh draws.
Gradients = Callable[[int, np.ndarray, Sequence[int]], np.ndarray]

_MOST_VALUES = 20_000  # of a layer in one fit: its errors are then below those between draws
_AT_ONCE = 2**21  # numbers in the gradients that are computed together
_CENTERED = {"loc": 0.0}  # U has mean 0, and so has S_α(σ, β, 0) for alpha > 1


class CoordinateLaws(NamedTuple):
    """S_α(scale, beta, 0) (S1) of the noise of one step, by layer and chain: (layers, n) each. Scale 0: no noise."""

    alpha: np.ndarray
    beta: np.ndarray
    scale: np.ndarray

    def epsilon(self, eta: float) -> np.ndarray:
        """ε of dw = −∇f dt + ε dL with steps of `eta`: (layers, n). ε = σ η^{(α−1)/α}, as in (2.7).

        Over a time η a coordinate of ε L moves by S_α(ε η^{1/α}, β, 0). That is the ηU of a step of training, of law
        S_α(ησ, β, 0), where ε η^{1/α} = ησ. At alpha = 2, where σ² is half the variance of U, it is √η σ, and the
        noise √2 ε dB = sqrt(η var U) dB is that of (2.6).
        """
        return self.scale * eta ** ((self.alpha - 1) / self.alpha)


class Measured(NamedTuple):
    """The laws of the three models, measured at one place on the way of each chain.

    `levy` are alpha, beta and scale of each layer (4.3); `symmetric` has one alpha for all layers and beta = 0 (2.7),
    `brownian` the variance of each layer's noise (2.6). `moving` (d, n) says which weights had noise at all.
    `n_boundary` fits lie at alpha = 2 or |beta| = 1, and `n_failed` layers of chains with noise have no fit.
    """

    levy: CoordinateLaws
    symmetric: CoordinateLaws
    brownian: CoordinateLaws
    moving: np.ndarray
    n_boundary: int
    n_failed: int


def measure(gradients: Gradients, layers: np.ndarray, w: np.ndarray, step: int, n_draws: int) -> Measured:
    """Measure at the weights `w` (d, n) of chains over `n_draws` fresh gradients of each, drawn at `step`.

    `layers` (d,) are the numbers of the weights' layers, from 1. The noise of all weights of a layer over all draws is
    one sample, to which the laws are fitted by maximum likelihood. A weight whose noise is 0 in all draws is left out.
    Chains with weights that are not finite have no law (scale 0).
    """
    n_layers, n = int(layers.max()), w.shape[1]
    laws = {name: np.zeros((3, n_layers, n)) for name in ("levy", "symmetric", "brownian")}
    for found in laws.values():
        found[0] = 2.0
    moving = np.zeros(w.shape, bool)
    n_boundary = n_failed = 0
    for chain in np.flatnonzero(np.isfinite(w).all(axis=0)).tolist():
        noise = _noise(gradients, w[:, chain], step, chain * n_draws, n_draws)
        moving[:, chain] = noise.any(axis=1) & np.isfinite(noise).all(axis=1)
        samples = {k: noise[moving[:, chain] & (layers == k)] for k in range(1, n_layers + 1)}
        samples = {k: each for k, each in samples.items() if each.size >= FEWEST}
        fits = {k: _fit(_some(each), _CENTERED) for k, each in samples.items()}
        n_failed += sum(fit is None for fit in fits.values())
        n_boundary += sum(fit is not None and fit.at_boundary for fit in fits.values())
        kept = {k: fit for k, fit in fits.items() if fit is not None}
        for k, fit in kept.items():
            laws["levy"][:, k - 1, chain] = fit.alpha, fit.beta, fit.scale
            laws["brownian"][2, k - 1, chain] = np.sqrt(np.mean(samples[k] ** 2) / 2)
        for k, alpha, scale in _symmetric({k: (samples[k], fit.scale) for k, fit in kept.items()}):
            laws["symmetric"][[0, 2], k - 1, chain] = alpha, scale
    levy, symmetric, brownian = (CoordinateLaws(*laws[name]) for name in ("levy", "symmetric", "brownian"))
    return Measured(levy, symmetric, brownian, moving, n_boundary, n_failed)


def _noise(gradients: Gradients, w: np.ndarray, step: int, first: int, n_draws: int) -> np.ndarray:
    """U of one chain (d, n_draws), about the mean of the draws and with the variance that it has about ∇f."""
    at_once = max(1, _AT_ONCE // w.size)
    parts = []
    for begin in range(0, n_draws, at_once):
        columns = range(first + begin, first + min(begin + at_once, n_draws))
        parts.append(gradients(step, np.repeat(w[:, None], len(columns), axis=1), columns))
    drawn = np.concatenate(parts, axis=1)
    # Draws that are all equal differ from their own mean by its rounding, which is no noise.
    noise: np.ndarray = np.where(
        (drawn == drawn[:, :1]).all(axis=1, keepdims=True), 0.0, drawn.mean(1, keepdims=True) - drawn
    )
    return noise * np.sqrt(n_draws / (n_draws - 1))


def _some(values: np.ndarray) -> np.ndarray:
    """At most some 20,000 of the values of a layer (weights, draws), of all weights alike."""
    n_draws = min(values.shape[1], max(2, _MOST_VALUES // len(values)))
    return values[:: max(1, len(values) // (_MOST_VALUES // 2)), :n_draws].ravel()


def _fit(values: np.ndarray, fixed: dict[str, float]) -> StableFit | None:
    try:
        return fit_many([values], "S1", fixed, exact=False)[0]
    except GniError:
        return None


def _symmetric(samples: dict[int, tuple[np.ndarray, float]]) -> list[tuple[int, float, float]]:
    """Layer, alpha and scale with one alpha for all layers, fitted to their noise in units of the layers' scales."""
    if not samples:
        return []
    least = min(_some(each).size for each, _ in samples.values())
    pooled = [_some(each) / scale for each, scale in samples.values()]
    alike = np.concatenate([each[np.linspace(0, each.size - 1, least).astype(int)] for each in pooled])
    common = _fit(alike, _CENTERED | {"beta": 0.0})
    if common is None:
        return []
    held = _CENTERED | {"beta": 0.0, "alpha": common.alpha}
    own = {k: _fit(_some(each), held) for k, (each, _) in samples.items()}
    return [(k, common.alpha, fit.scale) for k, fit in own.items() if fit is not None]
