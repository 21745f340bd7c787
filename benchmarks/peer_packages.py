"""What `benchmarks/peers.py` compares: each package by its own interface, with one law and its parameterization.

A law is (alpha, beta); locations are 0 and scales 1. A function that a package does not have is None. Where a package
reaches the smaller tail best by the mirrored law, that is what is asked, so that its figures are the best it can have.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np
from scipy.stats import levy_stable

from gnicli import __version__
from gnicli.stable import StableLaw, fit

Parameterization = Literal["S0", "S1"]
Law = tuple[float, float]
OfPoints = Callable[[Law, np.ndarray, Parameterization], np.ndarray]


@dataclass(frozen=True)
class Package:
    """One package: its functions at points, draws in S0, and a fit that gives (alpha, beta, loc, scale) in S0."""

    name: str
    version: str
    least_alpha: float
    pdf: OfPoints
    cdf: OfPoints
    tail: OfPoints
    ppf: OfPoints | None
    rvs: Callable[[Law, int, int], np.ndarray]
    fit: Callable[[np.ndarray], tuple[float, float, float, float]]
    is_slow: bool = False


def _smaller_tail(cdf: OfPoints) -> OfPoints:
    """P(X < x) of x below 0 and P(X > x) of others, the second as the distribution function of the mirrored law."""

    def tail(law: Law, x: np.ndarray, parameterization: Parameterization) -> np.ndarray:
        found = np.empty(x.size)
        for side, sign in ((x < 0.0, 1.0), (x >= 0.0, -1.0)):
            if side.any():
                found[side] = cdf((law[0], sign * law[1]), sign * x[side], parameterization)
        return found

    return tail


def _gni() -> Package:
    def law_of(law: Law, parameterization: Parameterization) -> StableLaw:
        return StableLaw(*law, parameterization=parameterization)

    def best(x: np.ndarray) -> tuple[float, float, float, float]:
        found = fit(x, "S0")
        return found.alpha, found.beta, found.loc, found.scale

    def tail(law: Law, x: np.ndarray, parameterization: Parameterization) -> np.ndarray:
        ours = law_of(law, parameterization)
        return np.where(x < 0.0, ours.cdf(x), ours.sf(x))

    return Package(
        "gni", __version__, 0.1,
        lambda law, x, par: np.asarray(law_of(law, par).pdf(x)),
        lambda law, x, par: np.asarray(law_of(law, par).cdf(x)),
        tail,
        lambda law, q, par: np.asarray(law_of(law, par).ppf(q)),
        lambda law, n, seed: np.asarray(law_of(law, "S0").rvs(n, np.random.default_rng(seed))),
        best,
    )  # fmt: skip


def _scipy() -> Package:
    def by(name: str) -> OfPoints:
        def of_points(law: Law, x: np.ndarray, parameterization: Parameterization) -> np.ndarray:
            levy_stable.parameterization = parameterization
            return np.asarray(getattr(levy_stable, name)(x, *law))

        return of_points

    def draws(law: Law, n: int, seed: int) -> np.ndarray:
        levy_stable.parameterization = "S0"
        return np.asarray(levy_stable.rvs(*law, size=n, random_state=np.random.default_rng(seed)))

    def best(x: np.ndarray) -> tuple[float, float, float, float]:
        levy_stable.parameterization = "S0"
        alpha, beta, loc, scale = (float(each) for each in levy_stable.fit(x))
        return alpha, beta, loc, scale

    cdf = by("cdf")
    return Package(
        "SciPy", version("scipy"), 0.0, by("pdf"), cdf, _smaller_tail(cdf), by("ppf"), draws, best
    )  # fmt: skip


def _pylevy() -> Package:
    import levy

    def by(name: str) -> OfPoints:
        def of_points(law: Law, x: np.ndarray, parameterization: Parameterization) -> np.ndarray:
            return np.asarray(getattr(levy, name)(x, alpha=law[0], beta=law[1], par=parameterization[1]))

        return of_points

    def draws(law: Law, n: int, seed: int) -> np.ndarray:
        return np.asarray(levy.rvs(alpha=law[0], beta=law[1], size=n, random_state=seed))

    def best(x: np.ndarray) -> tuple[float, float, float, float]:
        alpha, beta, loc, scale = levy.fit(x).params.as_tuple()
        return alpha, beta, loc, scale

    cdf = by("cdf")
    return Package("PyLevy", version("levy-stable"), 0.5, by("pdf"), cdf, _smaller_tail(cdf), None, draws, best)


def _aub_htp() -> Package:
    from aub_htp import alpha_stable

    def density(law: Law, x: np.ndarray, parameterization: Parameterization) -> np.ndarray:
        return np.asarray(alpha_stable.with_parametrization(parameterization).pdf(x, *law))

    def shift(law: Law, parameterization: Parameterization) -> float:
        """From S1, in which alone it has what it inherits from SciPy's generic law, to the parameterization asked."""
        return 0.0 if parameterization == "S1" or law[0] == 1.0 else law[1] * math.tan(0.5 * math.pi * law[0])

    def cdf(law: Law, x: np.ndarray, parameterization: Parameterization) -> np.ndarray:
        return np.asarray(alpha_stable.with_parametrization("S1").cdf(x + shift(law, parameterization), *law))

    def ppf(law: Law, q: np.ndarray, parameterization: Parameterization) -> np.ndarray:
        return np.asarray(alpha_stable.with_parametrization("S1").ppf(q, *law)) - shift(law, parameterization)

    def draws(law: Law, n: int, seed: int) -> np.ndarray:
        return np.asarray(alpha_stable.with_parametrization("S0").rvs(*law, size=n, random_state=seed))

    def best(x: np.ndarray) -> tuple[float, float, float, float]:
        alpha, beta, loc, scale = (float(each) for each in alpha_stable.with_parametrization("S0").fit(x))
        return alpha, beta, loc, scale

    return Package("AUB-HTP", version("aub-htp"), 0.0, density, cdf, _smaller_tail(cdf), ppf, draws, best, True)


def packages() -> list[Package]:
    """gni and its peers; an `ImportError` says which is not installed."""
    return [_gni(), _scipy(), _pylevy(), _aub_htp()]
