"""Distances between a simulated law, on a histogram's edges, and an exact one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]


class Law(Protocol):
    """What an exact law can do here: `StationaryLaw`, `GibbsLaw` and `StableLaw` all do."""

    def pdf(self, x: np.ndarray) -> np.ndarray:
        """The density at `x`."""
        ...

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """The distribution function at `x`."""
        ...


def l1(x: np.ndarray, pdf: np.ndarray, law: Law) -> float:
    """∫|p − law| over the equidistant points `x`, plus the difference of the masses outside of them."""
    gap = np.abs(pdf - law.pdf(x))
    step = x[1] - x[0]
    outside = 1 - float(law.cdf(x[-1:])[0] - law.cdf(x[:1])[0])
    inside = float(np.trapezoid(pdf, dx=step))
    return float(np.trapezoid(gap, dx=step)) + abs((1 - inside) - outside)


def l1_between(first: Law, second: Law, low: float, high: float, n: int = 20_001) -> float:
    """∫|p − q| over [low, high] plus the difference of the masses outside."""
    x = np.linspace(low, high, n)
    return l1(x, np.asarray(first.pdf(x)), second)


def wasserstein(edges: np.ndarray, cdf: np.ndarray, law: Law) -> float:
    """∫|F − law's| over [edges[0], edges[-1]]: the Wasserstein distance of order 1, as far as the window shows it."""
    gap = np.abs(cdf - law.cdf(edges))
    return float(np.trapezoid(gap, edges))


def kolmogorov(edges: np.ndarray, cdf: np.ndarray, law: Law) -> float:
    """max |F − law's| over the edges."""
    return float(np.abs(cdf - law.cdf(edges)).max())


def expectation(law: Law, function: Function, low: float = -1e6, high: float = 1e6) -> float:
    """E g(X) by quadrature between `low` and `high`, finely in [−20, 20] and geometrically beyond.

    The rest of a tail beyond 1e6 is not in it: for g = w² and the double well that is 1e6^{−α}.
    """
    t, weights = np.polynomial.legendre.leggauss(12)
    out = np.geomspace(20, max(-low, high, 21), 300)
    edges = np.concatenate([-out[::-1], np.linspace(-20, 20, 2001)[1:-1], out])
    edges = edges[(edges >= low) & (edges <= high)]
    half = np.diff(edges) / 2
    x = edges[:-1, None] + half[:, None] * (1 + t)
    return float((law.pdf(x) * function(x) * weights * half[:, None]).sum())


def basin_masses(edges: np.ndarray, cdf: np.ndarray, saddles: np.ndarray) -> np.ndarray:
    """Mass between the saddles, from F (…, n_edges) at the edges: (…, n_saddles + 1)."""
    at = np.clip(np.searchsorted(edges, saddles) - 1, 0, len(edges) - 2)
    share = (saddles - edges[at]) / (edges[at + 1] - edges[at])
    inner = cdf[..., at] * (1 - share) + cdf[..., at + 1] * share
    padded = np.concatenate([np.zeros((*cdf.shape[:-1], 1)), inner, np.ones((*cdf.shape[:-1], 1))], axis=-1)
    return np.diff(padded, axis=-1)
